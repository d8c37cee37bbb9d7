"""What the commands of schedules must print: command lines with the functions that make the expected records."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from statphys_gen import schedules
from statphys_gen.data import CurieWeiss, GaussianMixture, load_dataset

Record = dict[str, Any]
CLASSES = schedules.TwoClasses(300, 0.8, 0.36, 0.72)
WORDS = "-d 300 --separation 0.8 --variance 0.36 --weight 0.72"
NET = "--positive-samples 3 --negative-samples 1 --variance 0.64 --output-ridge 0.2 --input-ridge 0.05"
MODEL = schedules.Autoencoder((3, 1), 0.64, 0.2, 0.05)


def evaluated() -> Iterator[Record]:
    grid = schedules.noise_grid("karras", 6, (0.1, 50.0), scheme="heun", start="mean")
    found = schedules.generated_weight(CLASSES, grid)
    yield {
        "weight": found.weight,
        "weight_error": found.weight - 0.72,
        "start_error": schedules.start_error(CLASSES, 50.0, "mean"),
        "detail_std": float(schedules.detail_std(0.36, grid)),
        "detail_ratio": float(schedules.detail_std(0.36, grid)) / 0.6,
        "separatrix": found.separatrix,
        "monotone": found.monotone,
        "log_weight": math.log(found.weight),
        "log_complement": math.log1p(-found.weight),
    }


def limited() -> Iterator[Record]:
    found = schedules.limit("dilated-vp-linear", 0.7, 0.3, 7, 2.2)
    yield {"weight": found.weight, "detail_std": found.detail_std, "detail_std_over_sqrt_dimension": None}


def crossed() -> Iterator[Record]:
    for ratio in (0.6, 1.7):
        yield {"steps_ratio": ratio, "weight": float(schedules.vp_crossover(ratio, 0.72))}


def modes() -> Iterator[Record]:
    found = schedules.curie_weiss_modes(CurieWeiss(60, 1.6, 0.9))
    star = found.spontaneous_magnetisation
    assert math.isclose(star, math.tanh(1.6 * star))
    yield {
        "weight": found.weight,
        "mode_magnetisation": found.mode_magnetisation,
        "mode_fluctuation": found.mode_fluctuation,
        "spontaneous_magnetisation": star,
        "asymptotic_weight": 1.0 / (1.0 + math.exp(-1.8 * star)),
    }


def spins() -> Iterator[Record]:
    found = schedules.curie_weiss_limit(1.6, 0.9, 1.1, 6, "dilated-vp-trigonometric")
    names = ("weight", "magnetisation", "saturated_magnetisation", "saturated_mean")
    yield {name: getattr(found, name) for name in names}


def turned() -> Iterator[Record]:
    for q in (0.3, 2.5):
        found = schedules.u_turn(q, 0.28)
        yield {
            "signal": q,
            "stochastic": float(found.stochastic),
            "deterministic": float(found.deterministic),
        }


def seen() -> Iterator[Record]:
    for window in schedules.windows(CLASSES):
        record = {name: getattr(window, name) for name in ("feature", "lower", "median", "upper")}
        area = None if window.feature == "u-turn" else schedules.feature_area(CLASSES, window.feature)
        yield record | {"area": area}


def learned() -> Iterator[Record]:
    found = schedules.autoencoder_details(schedules.Autoencoder((4, 0), 0.64, 0.3, noise_draws=3), 0.7, 0.6)
    names = (
        "skip",
        "output_overlap",
        "output_data_overlap",
        "output_noise_overlap",
        "output_norm_squared",
        "loss",
    )
    yield {name: getattr(found, name) for name in names}


def made() -> Iterator[Record]:
    found = schedules.autoencoder_generation(schedules.Autoencoder((4, 0), 0.64, 0.3, noise_draws=3))
    names = ("mean_overlap", "data_overlap", "noise_overlap", "detail_std")
    total = (1 - found.mean_overlap) ** 2 + 4 * found.data_overlap**2 + 12 * found.noise_overlap**2
    yield {name: getattr(found, name) for name in names} | {"mean_error": total}


def decided() -> Iterator[Record]:
    found = schedules.autoencoder_speciation(MODEL, 0.8)
    names = ("input_overlap", "input_data_overlap_positive", "input_data_overlap_negative", "bias")
    names += ("output_overlap", "output_norm_squared", "input_norm_squared", "loss", "scaled_skip")
    yield {name: getattr(found, name) for name in names}


def trained() -> Iterator[Record]:
    found = schedules.autoencoder_weight(MODEL, 2.2, 4, seed=3)
    yield {"weight": float(found.mean), "standard_error": float(found.standard_error)}


def designed() -> Iterator[Record]:
    data = load_dataset("data/points.npy", "data/labels.npy")
    fitted = schedules.fit_modes(data, seed=2)
    found = schedules.design_schedule(fitted.spectrum, 4, seed=2)
    errors = found.errors
    measured = schedules.validate(found.grid, data, walkers=300, seed=2)
    yield {
        "noise_levels": list(found.grid.levels),
        "schedule": np.float32(found.grid.levels).tolist(),
        "target": "k-diffusion",
        "steps": 4,
        "chosen": found.chosen,
        "weight": errors.weight,
        "weight_error": errors.weight_error,
        "start_error": errors.start_error,
        "detail_error": errors.detail_error,
        "objective": errors.objective,
        "start_mean": float(np.linalg.norm(data.points.mean(axis=0))),
        **{
            f"alternatives.{name}": [getattr(e, name) for e in found.alternatives]
            for name in found.alternatives[0]._fields
        },
        "weight_standard_error": errors.weight_standard_error,
        "measured_weight": measured.measured_weight,
        "measured_weight_standard_error": measured.measured_weight_standard_error,
        "measured_detail_error": measured.measured_detail_error,
    }


def drawn() -> Iterator[Record]:
    mixture = GaussianMixture.from_json("data/mixture_common.json")
    grid = schedules.noise_grid("log-uniform", 4, (0.3, 9.0))
    found = schedules.compare(mixture, grid, 300, seed=3)
    simulated = schedules.simulate_mixture(mixture, grid, 300, seed=3)["weights"]
    theory = schedules.generated_weights(mixture, grid, seed=3)
    for k, row in enumerate(found):
        value, error, wanted = (float(x[k]) for x in (simulated.mean, simulated.standard_error, theory.mean))
        yield {
            "class": k,
            "observable": "weight",
            "value": value,
            "standard_error": error,
            "theory": wanted,
            "z": (value - wanted) / math.hypot(error, float(theory.standard_error[k])),
        }
        assert row.name == "weight"


CASES: list[tuple[str, Callable[[], Iterator[Record]], tuple[str, ...]]] = [
    (
        f"schedules evaluate {WORDS} --schedule karras --steps 6 --noise-level-range 0.1 50 --scheme heun "
        "--start mean",
        evaluated,
        (),
    ),
    (
        "schedules limit --schedule dilated-vp-linear --weight 0.7 --variance 0.3 --dilation 2.2 --steps 7",
        limited,
        (),
    ),
    ("schedules crossover --schedule vp-linear --steps-ratio 0.6 1.7 --weight 0.72", crossed, ()),
    ("schedules curie-weiss -d 60 -J 1.6 --tilt 0.9", modes, ()),
    (
        "schedules curie-weiss-limit -J 1.6 --tilt 0.9 --dilation 1.1 --steps 6 --schedule dilated-vp-trigonometric",
        spins,
        (),
    ),
    ("schedules u-turn --signal 0.3 2.5 --weight 0.28", turned, ()),
    (f"schedules windows {WORDS}", seen, ()),
    (
        "schedules autoencoder-details -n 4 -m 3 --ridge 0.3 --variance 0.64 --noise-scale 0.7 --data-scale 0.6",
        learned,
        (),
    ),
    ("schedules autoencoder-generated -n 4 -m 3 --ridge 0.3 --variance 0.64", made, ()),
    (f"schedules autoencoder-speciation {NET} --dilated-time 0.8", decided, ()),
    (f"schedules autoencoder-weight {NET} --dilation 2.2 --steps 4 --seed 3", trained, ()),
    (
        "schedules design data/points.npy --labels data/labels.npy --steps 4 --validate --walkers 300 --seed 2",
        designed,
        (),
    ),
    (
        "schedules simulate --mixture data/mixture_common.json --schedule log-uniform --steps 4 "
        "--noise-level-range 0.3 9 --walkers 300 --seed 3",
        drawn,
        ("standard_error",),
    ),
]
