"""Random models at random parameters: every solver either answers within its tolerance or says that it does not.

    python tests/statistical/random_points.py --points 10000 --output validation/random_points.json

Counted for each family of solvers: values that are NaN or infinite under a good status, good statuses with a residual
above ``TOLERANCE``, points that did not converge (flagged, but more than half a per cent would be a defect), and points
without a solution, which is an answer. An exception of the package other than a refusal counts as not converged.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from cpu_time import bounded, slowest
from random_systems import quantiles, scores_of_samples, smoothed_sets, tied_weights, trees

from statphys_gen import __version__
from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.collapse_time import collapse_time, trap_onset_time
from statphys_gen.diffusion.theory.condensed_phase import condensed_phase
from statphys_gen.diffusion.theory.speciation_time import (
    asymptotic_time,
    bayes_time,
    drift_time,
    spectral_time,
)
from statphys_gen.errors import InvalidArgument, StatphysError
from statphys_gen.linear_dynamics.theory.best import best_error, lazy_ratio_for
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.theory.dmft import descent_dynamics
from statphys_gen.phase_retrieval.theory.full_rsb import full_rsb_state
from statphys_gen.phase_retrieval.theory.spectrum import left_edge, signal_outlier
from statphys_gen.phase_retrieval.theory.transition import initial_transition
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.learning_curves import learning_curves
from statphys_gen.random_features.theory.spectrum import spectrum
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.lines import glass_line
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.solution import Solution, Status
from statphys_gen.statistics.streams import generator
from statphys_gen.units import prior

TOLERANCE = 1e-9
Family = Callable[[np.random.Generator, int], Iterator[Solution | dict[str, float]]]
BATCH = 20


def _between(rng: np.random.Generator, low: float, high: float, count: int | None = None) -> Any:
    """Uniform in the logarithm."""
    return np.exp(rng.uniform(np.log(low), np.log(high), count))


def _spectrum(rng: np.random.Generator) -> Covariance:
    levels = int(rng.integers(1, 5))
    return Covariance.from_eigenvalues(_between(rng, 0.01, 100.0, levels), rng.integers(1, 200, levels))


def collapse(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    for _ in range(0, points, 3 * BATCH):
        law = _spectrum(rng)
        log_samples = law.dimension * _between(rng, 0.02, 3.0, BATCH)
        yield collapse_time(law, log_samples)
        yield trap_onset_time(law, log_samples)
        yield condensed_phase(law, _between(rng, 1e-3, 5.0, BATCH), log_samples)


def speciation(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    for _ in range(0, points, 4):
        dimension = int(rng.integers(2, 400))
        weight = float(rng.uniform(0.05, 0.95))
        mean = rng.standard_normal(dimension) * _between(rng, 0.1, 3.0)
        mixture = GaussianMixture(
            [weight, 1 - weight], np.stack([mean, -mean]), [float(_between(rng, 0.05, 5.0))]
        )
        for solver in (spectral_time, asymptotic_time, bayes_time, drift_time):
            yield solver(mixture)


PRIORS: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
    "gaussian": lambda rng: {"variance": float(_between(rng, 0.3, 3.0))},
    "binary": lambda rng: {},
    "zero-one": lambda rng: {"threshold": float(rng.uniform(-1, 2))},
    "ternary": lambda rng: {"inactive_cost": float(rng.uniform(-1, 2))},
    "relu": lambda rng: {"threshold": float(rng.uniform(-1, 2))},
    "soft-threshold": lambda rng: {"threshold": float(rng.uniform(0, 2))},
    "mixture": lambda rng: {"gaussian_weight": float(rng.uniform(0.1, 0.95))},
}


def machines(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    names = list(PRIORS)
    for k in range(0, points, 3 * BATCH):
        name = names[(k // (3 * BATCH)) % len(names)]
        convention = "sqrt-beta" if name == "mixture" or rng.random() < 0.5 else "beta"
        model = Model(prior(name, **PRIORS[name](rng)), 1.0, 0.1, convention=convention)
        load, temperature = _between(rng, 1e-3, 1.0, BATCH), rng.uniform(0.05, 3.0, BATCH)
        starts = ["paramagnet", "glass", "retrieval"] if model.hidden.symmetric else ["glass", "retrieval"]
        for start in starts:
            yield solve(model, start, load=load, temperature=temperature)


def glass_lines(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    names = ["gaussian", "binary", "ternary", "soft-threshold", "mixture"]
    for k in range(0, points, BATCH):
        name = names[(k // BATCH) % len(names)]
        model = Model(prior(name, **PRIORS[name](rng)), 1.0, 0.1, convention="sqrt-beta")
        yield glass_line(model, load=_between(rng, 1e-3, 1.0, BATCH))


def hessians(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    for _ in range(0, points, 2 * BATCH + 1):
        loss = Loss.normalised(float(_between(rng, 0.01, 50.0)))
        model = PhaseRetrieval(loss, 1.0, float(rng.choice([0.0, 0.3])))
        ratios = _between(rng, 0.05, 100.0, BATCH)
        yield left_edge(model, samples_per_dimension=ratios)
        yield signal_outlier(model, samples_per_dimension=ratios)
        yield initial_transition(loss, overlap=model.overlap).solution


def features(rng: np.random.Generator, points: int) -> Iterator[dict[str, float]]:
    """Spectra (their own assertions are the residual: mass and moments) and curves."""
    for _ in range(0, points, 2):
        covariance = (
            Covariance([float(_between(rng, 0.2, 5.0)), 1.0], [0.3, 0.7]) if rng.random() < 0.5 else None
        )
        draws = float(rng.choice([1.0, 2.0, 4.0, np.inf]))
        model = RandomFeatures(
            str(rng.choice(["tanh", "erf", "sin", "relu", "sign"])),
            features_per_dimension=float(_between(rng, 0.3, 100.0)),
            samples_per_dimension=float(_between(rng, 0.3, 30.0)),
            time=float(_between(rng, 0.01, 5.0)),
            noise_draws=draws,
            **({} if covariance is None else {"covariance": covariance}),
        )
        found = spectrum(model)
        yield {"weight": sum(b.weight for b in found.bulks) + sum(a.weight for a in found.atoms) - 1.0}
        curves = learning_curves(model, _between(rng, 0.1, 1e4, 3))
        yield {"curve": float(np.sum(curves.score_error)) * 0.0}


def full_breaking(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    """Ground states with full breaking of replica symmetry: a second each."""
    for _ in range(points):
        loss = Loss.normalised(float(_between(rng, 0.5, 3.0)))
        yield full_rsb_state(PhaseRetrieval(loss, float(_between(rng, 4.5, 20.0))), steps=4)


def descents(rng: np.random.Generator, points: int) -> Iterator[Solution]:
    """Dynamical mean-field theory, twelve steps; each counts as one point, good if every step is."""
    for k in range(points):
        offset = float(_between(rng, 0.1, 10.0))
        model = PhaseRetrieval(Loss.normalised(offset), float(_between(rng, 0.5, 10.0)))
        sizes = geometric_steps(12, 0.01 * min(offset, 1.0), 1.1)
        found = descent_dynamics(
            model, sizes, temperature=float(rng.choice([0.0, 0.5])), paths=4096, replicas=2, seed=k
        ).solution
        worst = int(found.status.argmax())
        yield Solution(
            {name: values[worst] for name, values in found.value.items()},
            found.status[worst],
            np.zeros(()),  # its residual is a statistical defect, judged by the status
            found.error[worst],
            found.iterations[worst],
        )


def _lowest_error(strengths: np.ndarray, kappa: float, omega: float, noise: float) -> float:
    """Best test error by brute force: a = c sinh u with tanh(u/2) = x tanh(l T)/(l + c tanh(l T)), on a dense
    grid in log T, and the lowest stretch of it again, until the grid is fine enough for ten digits."""

    def curve(time: np.ndarray) -> np.ndarray:
        rates = np.hypot(strengths, kappa)[:, None]
        tangent = np.tanh(rates * time)
        y = strengths[:, None] * tangent / (rates + kappa * tangent)
        left = strengths[:, None] - 2 * kappa * y / ((1 - y) * (1 + y))
        q = np.exp(-2 * kappa * time)
        return (left**2).sum(axis=0) + noise**2 * (1 - q) ** 2 + omega * q**2

    low, high = np.log(1e-4 / (kappa + strengths.max())), np.log(1e4 / min(kappa, strengths.min()))
    for _ in range(4):
        grid = np.linspace(low, high, 20_000)
        values = curve(np.exp(grid))
        k = int(values.argmin())
        low, high = grid[max(0, k - 2)], grid[min(k + 2, len(grid) - 1)]
    return float(values.min())


def best_stopping(rng: np.random.Generator, points: int) -> Iterator[Solution | dict[str, float]]:
    """Best test errors of linear networks and the inverse, each also by brute force."""
    for _ in range(0, points, 5):
        strengths = np.exp(rng.uniform(np.log(0.05), np.log(3.0), int(rng.integers(1, 4))))
        kappa, noise = float(_between(rng, 1e-3, 30.0)), float(_between(rng, 0.3, 3.0))
        omega = float(rng.choice([0.0, _between(rng, 1e-3, 3.0)]))
        found = best_error(strengths, kappa, omega, noise=noise)
        yield found.solution
        slow = _lowest_error(strengths, kappa, omega, noise)
        yield {"best error": float(found.test_error) / slow - 1.0}
        inverse = lazy_ratio_for(slow, strengths, omega, noise=noise)
        yield inverse
        # There may be several ratios with one best error; each of them has it.
        ratio = float(inverse["lazy_ratio"])
        again = _lowest_error(strengths, ratio, omega, noise) if np.isfinite(ratio) else slow
        yield {"error at the ratio": again / slow - 1.0}
        limit = best_error(strengths / noise, kappa / noise, omega / noise**2)
        yield {"units": float(limit.test_error) * noise**2 / slow - 1.0}


# Share of the points; above 1, a number of points.
FAMILIES: dict[str, tuple[Family, float]] = {
    "collapse of Gaussian data": (collapse, 0.2),
    "speciation of two classes": (speciation, 0.15),
    "states of Boltzmann machines": (machines, 0.4),
    "glass lines": (glass_lines, 0.1),
    "Hessians of phase retrieval": (hessians, 0.12),
    "random features": (features, 0.03),
    "best stopping of linear networks": (best_stopping, 0.02),
    "copies of smoothed sets": (smoothed_sets, 0.06),
    "linear networks of one weight": (tied_weights, 0.06),
    "scores of samples": (scores_of_samples, 0.06),
    "sums over spanning trees": (trees, 0.06),
    "quantiles of two classes": (quantiles, 0.06),
    "full breaking of replica symmetry": (full_breaking, 50),
    "dynamical mean-field theory": (descents, 50),
}


def count(name: str, points: int, seed: int = 0) -> dict[str, int]:
    """The outcomes of one family."""
    import warnings

    family, _ = FAMILIES[name]
    found: Counter[str] = Counter()
    rng = generator(seed, {"random points": name})
    stream = family(rng, points)
    while True:
        try:
            with warnings.catch_warnings(), bounded("random points", name):
                warnings.simplefilter("ignore", UserWarning)
                outcome = next(stream)
        except StopIteration:
            stream = family(rng, points - found["points"])
            continue
        except InvalidArgument:
            found["refused"] += 1
            stream = family(rng, points - found["points"])
            continue
        except StatphysError:
            found["points"] += 1
            found["not converged"] += 1
            stream = family(rng, points - found["points"])
            continue
        if isinstance(outcome, Solution):
            good = outcome.good.ravel()
            values = np.stack([entry.reshape(good.size, -1).sum(axis=1) for entry in outcome.value.values()])
            found["points"] += good.size
            found["good"] += int(good.sum())
            found["no solution"] += int((outcome.status == Status.NO_SOLUTION).sum())
            found["not converged"] += int((~good).sum() - (outcome.status == Status.NO_SOLUTION).sum())
            found["NaN under a good status"] += int((~np.isfinite(values[:, good])).any(axis=0).sum())
            found["residual above tolerance"] += int((outcome.residual.ravel()[good] > TOLERANCE).sum())
            found["number under a bad status"] += int(np.isfinite(values[:, ~good]).any(axis=0).sum())
        else:
            numbers = np.array(list(outcome.values()))
            found["points"] += 1
            found["good"] += 1
            found["NaN under a good status"] += int(not np.isfinite(numbers).all())
            found["residual above tolerance"] += int(np.abs(numbers).max() > TOLERANCE)
        if found["points"] >= points:
            return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--output", type=Path)
    parser.add_argument(
        "--family",
        action="append",
        choices=tuple(FAMILIES),
        help="only these; others stay as the output has them",
    )
    options = parser.parse_args()
    report: dict[str, Any] = {"version": __version__, "tolerance": TOLERANCE, "families": {}}
    if options.family and options.output:
        report = json.loads(options.output.read_text(encoding="utf-8"))
    for name in options.family or FAMILIES:
        share = FAMILIES[name][1]
        start = time.process_time()
        outcome = count(name, round(share if share > 1 else share * options.points))
        report["families"][name] = outcome
        print(f"{name}: {outcome} ({time.process_time() - start:.0f} s)", flush=True)
    print(f"slowest step: {slowest['random points']}")
    if options.output:
        options.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
