"""What a command prints under a name is the quantity of that name: every field of every record of every command.

For each command a call, and from the functions of the package, attribute by attribute, what each of its records must
say. The points lie where the numbers of a record all differ, so that no two can be exchanged unseen, nor two rows.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import labels_schedules
import numpy as np
import pytest
from command_line import run, run_json
from scipy.integrate import solve_ivp
from scipy.sparse import csgraph
from theory_commands import workplace

from statphys_gen import (
    diffusion,
    memorization,
    phase_retrieval,
    principal_graph,
    random_features,
    rbm,
    residual_networks,
    score_matching,
)
from statphys_gen import linear_dynamics as linear
from statphys_gen.cli import build_parser
from statphys_gen.data import Covariance, GaussianMixture, load_dataset, two_class_agreement
from statphys_gen.random_features import RandomFeatures
from statphys_gen.statistics import clopper_pearson, fisher_p_value, label_assignment, newcombe
from statphys_gen.units import Gaussian

Record = dict[str, Any]
# They list or make figures, or run every simulation.
OTHERS = ("cite", "figures gallery", "figures list", "figures make", "verify")
# What is not a quantity of the model: the solver's own words, and texts.
SOLVER = ("status", "residual", "error", "approximation", "reason")
TWO_VALUES = Covariance([0.4, 2.3], [0.7, 0.3])
FEATURES = (
    "--activation tanh --features-per-dimension 6 --time 0.2 --covariance 0.4:0.7,2.3:0.3 --noise-draws 2 "
    "--samples-per-dimension"
)
HOPFIELD = "--hidden gaussian --hidden-parameter variance=1.3 --convention sqrt-beta"


def features(samples: float) -> RandomFeatures:
    return RandomFeatures("tanh", 6.0, samples, 0.2, TWO_VALUES, 2)


def hopfield(**changes: Any) -> rbm.Model:
    given = {"temperature": 0.35, "load": 0.03, "convention": "sqrt-beta"} | changes
    return rbm.Model(Gaussian(1.3), given.pop("temperature"), given.pop("load"), **given)


def classes() -> GaussianMixture:
    return GaussianMixture.two_classes(dimension=7, separation=0.8, variance=0.6, weight=0.35)


# ------------------------------------------------------------------------------------------------- what is expected


def clone_agreement() -> Iterator[Record]:
    for t in (0.4, 1.1):
        signal = math.exp(-2 * t) * 7 * 0.8**2 / (1 + math.exp(-2 * t) * (0.6 - 1))
        yield {"time": t, "signal": signal, "clone_agreement": float(two_class_agreement(signal, 0.35))}


def agreement_of_signal() -> Iterator[Record]:
    for x in (0.3, 1.7):
        yield {"signal": x, "time": None, "clone_agreement": float(two_class_agreement(x, 0.35))}


def speciation_time() -> Iterator[Record]:
    functions: dict[str, Callable[..., Any]] = {
        "spectral": diffusion.spectral_time,
        "asymptotic": diffusion.asymptotic_time,
        "bayes": diffusion.bayes_time,
        "drift": diffusion.drift_time,
    }
    for name, function in functions.items():
        t = float(function(classes())["time"])
        signal = math.exp(-2 * t) * 7 * 0.8**2 / (1 + math.exp(-2 * t) * (0.6 - 1))
        yield {"criterion": name, "time": t, "signal": signal}


def collapse_time() -> Iterator[Record]:
    law, logarithm = Covariance.isotropic(0.7, 12), math.log(5000)
    path = diffusion.trajectory_collapse(law, logarithm)
    yield {
        "collapse_time": float(diffusion.isotropic_collapse_time(12, 0.7, logarithm)),
        "trap_onset_time": float(diffusion.trap_onset_time(law, logarithm)["time"]),
        "width": float(path.width),
        "mean_shift": float(path.mean_shift),
    }


def excess_entropy() -> Iterator[Record]:
    law, logarithm, times = Covariance.isotropic(0.7, 12), math.log(5000), np.array([0.05, 0.08])
    condensed = diffusion.condensed_phase(law, times, logarithm)
    for k, t in enumerate(times):
        yield {
            "time": t,
            "excess_entropy": logarithm / 12 - 0.5 * math.log1p(0.7 / math.expm1(2 * t)),
            "parisi_parameter": float(condensed["parisi_parameter"][k]),
            "test_participation_ratio": 1.0 - float(condensed["parisi_parameter"][k]),
        }


def analyse() -> Iterator[Record]:
    points, labels = np.load("data/points.npy"), np.load("data/labels.npy")
    spectrum = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1]
    report = diffusion.analyse(load_dataset("data/points.npy", "data/labels.npy"), time=[0.4, 1.3], seed=3)
    agreement, collapse = report.agreement, report.collapse
    assert agreement is not None
    assert collapse is not None
    yield {
        "samples": 60,
        "distinct_samples": 60,
        "dimension": 6,
        "classes": {str(k): float((labels == k).mean()) for k in (0, 1)},
        "total_variance": float(spectrum.sum()),
        "variance_per_coordinate": float(spectrum.sum() / 6),
        "effective_rank": float(spectrum.sum() ** 2 / (spectrum**2).sum()),
        "unbiased_top_eigenvalue": float(spectrum[0] * 60 / 59),
        "eigenvalues": spectrum.tolist(),
        "agreement_level": report.agreement_level,
        "seed": 3,
        **{
            f"times.{name}": [getattr(entry, name) for entry in report.times]
            for name in ("criterion", "time", "standard_error", "upward_bias")
        },
        **{
            f"collapse.times.{name}": [getattr(entry, name) for entry in collapse.times]
            for name in ("criterion", "time", "standard_error")
        },
        "directions.eigenvalue": spectrum[:5].tolist(),
        "directions.spectral_time": [0.5 * math.log(x) if x > 1.0 else None for x in spectrum[:5]],
        **{
            f"directions.{name}": [getattr(entry, name) for entry in report.directions]
            for name in (
                *("eigenvalue_standard_error", "corrected_eigenvalue", "dip", "dip_p_value", "class_time"),
                *("between_class_fraction", "between_class_fraction_standard_error"),
            )
        },
        "curves.time": [0.4, 1.3],
        "curves.edm_sigma": [math.sqrt(math.expm1(2 * t)) for t in (0.4, 1.3)],
        "curves.vp_sigma": [math.sqrt(-math.expm1(-2 * t)) for t in (0.4, 1.3)],
        "curves.signal_to_noise": [1.0 / math.expm1(2 * t) for t in (0.4, 1.3)],
        **{
            f"curves.{name}": getattr(agreement, name).tolist()
            for name in (
                *("in_sample", "in_sample_standard_error", "confidence", "concentration"),
                *("leave_one_out", "leave_one_out_standard_error"),
            )
        },
        **{
            f"collapse.curves.{name}": getattr(collapse.curves, name).tolist()
            for name in ("time", "entropy", "participation", "top_one", "log_ratio", "condensation")
        },
    }


def clones() -> Iterator[Record]:
    mixture = GaussianMixture.two_classes(dimension=6, separation=0.9, variance=0.7)
    times = [0.5, 1.4]
    found = {
        "clone_agreement": diffusion.simulate_clones(mixture, times, walkers=500, seed=3),
        "u_turn": diffusion.simulate_u_turn(mixture, times, walkers=500, seed=3),
    }
    for k, t in enumerate(times):
        signal = math.exp(-2 * t) * 6 * 0.9**2 / (1 + math.exp(-2 * t) * (0.7 - 1))
        theory = float(two_class_agreement(signal))
        for name, estimate in found.items():
            value, error = float(estimate.mean[k]), float(estimate.standard_error[k])
            yield {
                "time": t,
                "observable": name,
                "value": value,
                "standard_error": error,
                "theory": theory,
                "z": (value - theory) / error,
            }


def coefficients() -> Iterator[Record]:
    found = random_features.coefficients("tanh", [0.15, 0.9], 1.7)
    for k, t in enumerate((0.15, 0.9)):
        yield {"time": t} | {
            name: float(getattr(found, name)[k])
            for name in ("a_t", "b_t_squared", "v_t_squared", "s_t_squared")
        }


def spectrum() -> Iterator[Record]:
    model = features(2.2)
    edges = random_features.bulk_edges(model)
    moments = random_features.spectrum(model).moments
    # Of 6 d modes d carry the data, and 2.2 d m = 4.4 d are not 0: the shares of atom and bulks.
    yield {
        "atoms": [{"position": 0.0, "weight": (6 - 4.4) / 6}],
        "bulks": [
            {"lower": low, "upper": high, "weight": modes / 6, "modes_per_dimension": modes, "groups": [name]}
            for (low, high), modes, name in zip(
                edges.tolist(), (3.4, 1.0), ("overfitting", "generalisation"), strict=True
            )
        ],
        "moments": list(moments),
    }


def learning_curves() -> Iterator[Record]:
    found = random_features.learning_curves(features(2.2), [3.0, 200.0])
    for k, time in enumerate((3.0, 200.0)):
        yield {"training_time": time} | {
            name: float(getattr(found, name)[k]) for name in ("train_loss", "test_loss", "score_error")
        }


def early_stopping() -> Iterator[Record]:
    for samples in (1.5, 7.0):
        found = random_features.early_stopping(features(samples))
        curves = random_features.learning_curves(features(samples), [found.training_time, math.inf])
        yield {
            "samples_per_dimension": samples,
            "training_time": found.training_time,
            "score_error": float(curves.score_error[0]),
            "train_loss": float(curves.train_loss[0]),
            "test_loss": float(curves.test_loss[0]),
            "final_score_error": float(curves.score_error[1]),
        }


def timescales() -> Iterator[Record]:
    for samples in (2.0, 12.0):
        found = random_features.timescales(features(samples), unit="rate-exact", at="lower")
        yield {
            "samples_per_dimension": samples,
            "generalisation_time": found.generalisation,
            "overfitting_time": found.overfitting,
            "interpolation_time": found.interpolation,
            "merged": found.merged,
            "unit": "rate-exact",
            "at": "lower",
        }


def loss_plane() -> Iterator[Record]:
    times, pairs = (4.0, 90.0), list(itertools.product((2.0, 5.0), (1.5, 6.0)))
    planes = [
        random_features.learning_curves(RandomFeatures("tanh", p, n, 0.2, TWO_VALUES), times)
        for p, n in pairs
    ]
    for k, time in enumerate(times):
        for (p, n), found in zip(pairs, planes, strict=True):
            yield {"training_time": time, "features_per_dimension": p, "samples_per_dimension": n} | {
                name: float(getattr(found, name)[k]) for name in ("train_loss", "test_loss", "score_error")
            }


def merging_line() -> Iterator[Record]:
    model = RandomFeatures("tanh", 64.0, 30.2, 0.1)
    line = random_features.merging_line(
        model, "features_per_dimension", 63.0, 65.0, "samples_per_dimension", 30.1, 30.4, step=0.2
    )
    for k in range(len(line.status)):
        yield {
            name: float(line[name][k])
            for name in ("features_per_dimension", "samples_per_dimension", "position")
        }


def norm_outliers() -> Iterator[Record]:
    for samples in (0.5,):
        activation = random_features.Activation.from_polynomial([-0.6372029090235066, 0.3, 0.5])
        model = RandomFeatures(activation, 8.0, samples, 0.3, Covariance([0.6, 2.4], [0.5, 0.5]))
        found = random_features.norm_outliers(model)
        yield {
            "samples_per_dimension": samples,
            "row_norms": found.row_norms,
            "sample_norms": found.sample_norms,
            "upper_edge": float(random_features.bulk_edges(model).max()),
        }


def simulated_losses() -> Iterator[Record]:
    model, times = features(2.0), np.array([3.0, 40.0])
    found = random_features.simulate_losses(model, times, 12, instances=3, seed=3)
    theory = random_features.learning_curves(model, times)
    for k, time in enumerate(times.tolist()):
        for name in ("train_loss", "test_loss", "score_error"):
            estimate, predicted = getattr(found, name), float(getattr(theory, name)[k])
            value, error = float(estimate.mean[k]), float(estimate.standard_error[k])
            yield {
                "training_time": time,
                "observable": name,
                "value": value,
                "standard_error": error,
                "theory": predicted,
                "z": (value - predicted) / error,
            }


STATE = (
    "overlap",
    "hidden_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
    "hidden_self_overlap",
    "free_entropy",
    "free_energy",
    "energy",
    "entropy",
    "replicon",
    "inverse_spin_glass_susceptibility",
    "pattern_stability",
)


def states() -> Iterator[Record]:
    """Two loads at two temperatures: rows by temperature, then load."""
    for temperature, load in itertools.product((0.35, 0.5), (0.02, 0.03)):
        found = rbm.solve(hopfield(temperature=temperature, load=load, pattern_field=0.05), "retrieval")
        yield {"temperature": temperature, "load": load, "dominant": "retrieval"} | {
            name: float(found[name]) for name in STATE
        }


def line() -> Iterator[Record]:
    for temperature in (0.2, 0.5):
        found = rbm.spinodal(hopfield(temperature=temperature), solve_for="load", between=(0.005, 0.3))
        load = float(found["load"])
        # The state just before its end, as far as it is from there: as the square root.
        before = rbm.solve(hopfield(temperature=temperature, load=load * (1.0 - 1e-8)), "retrieval")
        for name in STATE:
            assert float(found[name]) == pytest.approx(float(before[name]), rel=2e-3, abs=2e-3), name
        yield {"temperature": temperature, "load": load} | {name: float(found[name]) for name in STATE}


def capacity() -> Iterator[Record]:
    model = hopfield(convention="beta")
    found = rbm.capacity(model)
    yield {
        "temperature": 0.0,
        "load": found.load,
        "overlap": found.overlap,
        "energy": found.energy,
        "first_order_load": rbm.first_order_load(model).load,
        "at_temperature": found.at_temperature,
    }


def phase_diagram() -> Iterator[Record]:
    for temperature in (0.3, 0.45):
        model, between = hopfield(temperature=temperature), (1e-4, 0.8)
        yield {
            "temperature": temperature,
            "glass_load": None,
            "spinodal_load": float(rbm.spinodal(model, solve_for="load", between=between)["load"]),
            "first_order_load": float(rbm.first_order_line(model, solve_for="load", between=between)["load"]),
            "at_load": None,
        }


def place() -> Iterator[Record]:
    machine = np.load("data/weights.npz")
    values = np.linalg.svd(machine["W"], compute_uv=False)
    found = rbm.place(rbm.read_machine("data/weights.npz"))
    compared = rbm.phases(found)
    noise, ratio = found.noise, machine["W"].shape[1] / machine["W"].shape[0]
    theta = found.spikes[0] ** 2 * ratio / noise**2
    # The singular value of a spike, by Benaych-Georges and Nadakuditi.
    assert values[0] ** 2 == pytest.approx(noise**2 * (theta + 1) * (theta + ratio) / theta, rel=1e-12)
    yield {
        "layer_ratio": ratio,
        "noise": noise,
        "bulk_edge": noise * (1 + math.sqrt(ratio)),
        "visible_field": float(machine["visible_bias"].mean()),
        "hidden_field": float(machine["hidden_bias"].mean()),
        "visible_field_spread": float(machine["visible_bias"].std()),
        "hidden_field_spread": float(machine["hidden_bias"].std()),
        "field_along_spikes": found.field_along_spikes,
        "fields_are_uniform": True,
        "bulk_distance": found.bulk_distance,
        "bulk_limit": found.bulk_limit,
        "bulk_is_noise": True,
        "number_of_spikes": 1,
        "largest_spike": found.spikes[0],
        "spikes": [
            {
                "strength": found.spikes[0],
                "visible_overlap_squared": 1 - (ratio + theta) / (theta * (theta + 1)),
                "hidden_overlap_squared": 1 - ratio * (1 + theta) / (theta * (theta + ratio)),
            }
        ],
        "dominant": "retrieval",
        **{
            f"states.{state}.{name}": float(compared.solutions[state][name].ravel()[0])
            for state in ("glass", "retrieval")
            for name in STATE
        },
    }


def simulated_networks() -> Iterator[Record]:
    model = hopfield(load=0.05, temperature=0.5)
    found = rbm.simulate(model, 40, 3, chains=4, sweeps=10, start="pattern", seed=3)
    theory = rbm.solve_sizes(model, "retrieval", 40.0)
    predicted: dict[str, float] = {name: float(theory[name]) for name in STATE[:6]}
    predicted["spin_glass_susceptibility"] = 1.0 / float(theory["inverse_spin_glass_susceptibility"])
    predicted["interaction"] = -2.0 / 0.5 * float(theory["energy"])
    for name in (*STATE[:6], "interaction", "spin_glass_susceptibility"):
        values = found.values[name]
        error = float(values.std(ddof=1) / math.sqrt(3))
        fixed = not error > 1e-12
        yield {
            "temperature": 0.5,
            "load": 0.05,
            "observable": name,
            "value": float(values.mean()),
            "standard_error": error,
            "theory": predicted[name],
            "z": None if fixed else (float(values.mean()) - predicted[name]) / error,
        }


def retrieval(samples: float = 5.0, overlap: float = 0.0) -> phase_retrieval.PhaseRetrieval:
    return phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(0.7), samples, overlap)


def hessian() -> Iterator[Record]:
    for samples in (1.6, 5.5):
        model = retrieval(samples, 0.35)
        edge, outlier = phase_retrieval.left_edge(model), phase_retrieval.signal_outlier(model)
        yield {
            "samples_per_dimension": samples,
            "bulk_edge": float(edge["position"]),
            "edge_kind": "soft",
            "outlier": float(outlier["position"]),
            "outlier_status": "converged" if bool(outlier.good) else "no solution in the domain",
            "outlier_overlap_squared": float(outlier["overlap_squared"]),
            "lagrange_multiplier": float(phase_retrieval.lagrange_multiplier(model)),
        }


def threshold() -> Iterator[Record]:
    for offset in (0.6, 2.5):
        loss = phase_retrieval.Loss.normalised(offset)
        found = phase_retrieval.initial_transition(loss, overlap=0.3)
        ratio = float(found.solution["samples_per_dimension"])
        yield {
            "offset": offset,
            "samples_per_dimension": ratio,
            "kind": found.kind.item() if isinstance(found.kind, np.ndarray) else found.kind,
            "stieltjes": float(found.solution["stieltjes"]),
        }


def threshold_state() -> Iterator[Record]:
    for samples in (5.0, 8.0):
        found = phase_retrieval.one_step_state(retrieval(samples))
        yield {"samples_per_dimension": samples} | {
            name: float(found[name])
            for name in (
                *("susceptibility", "parisi_parameter", "energy", "lagrange_multiplier"),
                *("outlier_criterion", "replicon", "complexity", "edge", "jump_fraction"),
            )
        }


def dmft() -> Iterator[Record]:
    model = phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.amplitude(0.4), 4.5, 0.2)
    sizes = phase_retrieval.geometric_steps(8, 0.004, 1.04, 0.04)
    found = phase_retrieval.descent_dynamics(model, sizes, temperature=0.1, paths=512, replicas=3, seed=3)
    names = ("correlation", "energy", "lagrange_multiplier", "overlap")
    for k in range(9):
        values = {name: found.values[name][:, k] for name in names}
        yield {
            "step": k,
            "training_time": float(sizes[:k].sum()),
            "outlier_criterion": None,
            **{name: float(entry.mean()) for name, entry in values.items()},
            "standard_error": {
                name: float(entry.std(ddof=1) / math.sqrt(3)) for name, entry in values.items()
            },
        }


def simulated_descents() -> Iterator[Record]:
    model = retrieval(4.5, 0.2)
    found = phase_retrieval.simulate_hessian(model, 24, instances=4, seed=3)
    spectrum = phase_retrieval.hessian_spectrum(model)
    law = phase_retrieval.initial_curvature_law(model.loss, overlap=0.2)
    theory = {
        "energy": 4.5 * law.energy_per_sample,
        "lagrange_multiplier": float(phase_retrieval.lagrange_multiplier(model)),
        "outlier": float(spectrum.outlier["position"]),
        "outlier_overlap_squared": float(spectrum.outlier["overlap_squared"]),
        "next_eigenvalue": float(spectrum.bulk_edge["position"]),
    }
    own = {"outlier_overlap_squared": "overlap_squared"}
    for name, predicted in theory.items():
        values = np.asarray(getattr(found, own.get(name, name)))
        mean, error = float(values.mean()), float(values.std(ddof=1) / 2.0)
        yield {
            "observable": name,
            "value": mean,
            "standard_error": error,
            "theory": None if math.isnan(predicted) else predicted,
            "z": None if math.isnan(predicted) else (mean - predicted) / error,
        }


def mode() -> Iterator[Record]:
    for s, t in itertools.product((2.3, 0.4), (0.35, 2.2)):
        # da/dt = 2 sqrt(a^2 + c^2) (s - a), integrated from 0.
        def slope(_: float, a: Any, s: float = s) -> Any:
            return 2.0 * np.hypot(a, 0.6) * (s - a)

        end = solve_ivp(slope, (0.0, t), [0.0], rtol=1e-12, atol=1e-14).y[0, -1]
        yield {
            "singular_value": s,
            "training_time": t,
            "amplitude": float(end),
            "rate": 2.0 * math.hypot(s, 0.6),
            "phase": "active" if s > 0.6 else "lazy",
        }


def weak_signal() -> Iterator[Record]:
    for tau, t in itertools.product((1.04, 2.6), (0.3, 1.9)):
        yield {
            "spike": tau,
            "training_time": t,
            "overlap": float(linear.overlap(tau, 0.7, t)),
            "bulk_second_moment": float(linear.bulk_second_moment(0.7, t)),
            "outlier": tau + 1.0 / tau,
        }


def lazy_width() -> Iterator[Record]:
    for ratio, time in itertools.product((3.5, 0.3), (0.2, 0.9)):
        yield {
            "width_ratio": ratio,
            "scaled_time": time,
            "relative_loss": float(linear.lazy_relative_loss(ratio, time)),
            "noise_error": float(linear.lazy_noise_error(ratio, time)),
        }


def flow() -> Iterator[Record]:
    first, target = np.load("data/first_layer.npy"), np.load("data/target.npy")
    second = np.loadtxt("data/second_layer.csv", delimiter=",")
    found = linear.flow_of_weights(first, second, target, [0.15, 1.2])
    for k, t in enumerate((0.15, 1.2)):
        product = found.product[k]
        values = np.linalg.svd(product, compute_uv=False)
        yield {
            "training_time": t,
            "loss": 0.5 * float(((product - target) ** 2).sum()),
            "product_norm": float(np.sqrt((product**2).sum())),
            "largest_singular_value": float(values[0]),
            "stable_rank": float((values**2).sum() / values[0] ** 2),
            "wide_distance": float(found.wide_distance[k]),
            "status": "converged",
            "product": product.tolist(),
        }


def errors() -> Iterator[Record]:
    times, width = [0.4, 1.3], 70 * 0.35**2 * 70 / 0.3
    curves = linear.finite_dimension_errors([0.8], 70, 0.35, 0.3, times, noise=0.7)
    train, test = linear.width_correction([0.8], 0.35, 0.3, times, noise=0.7)
    for k, t in enumerate(times):
        yield {
            "training_time": t,
            "train_error": float(curves.train_error[k] + 70 / width * train[k]),
            "test_error": float(curves.test_error[k] + 70 / width * test[k]),
        }


def best_error() -> Iterator[Record]:
    for kappa, omega in itertools.product((0.07, 0.8), (0.1, 0.3)):
        found = linear.best_error([0.9, 0.6], kappa, omega)
        time = float(found.training_time)
        lowest = float(linear.error_curves([0.9, 0.6], kappa, omega, [time]).test_error[0])
        yield {
            "lazy_ratio": kappa,
            "initial_noise": omega,
            "test_error": lowest,
            "training_time": time,
            "dips": [{"training_time": time, "test_error": lowest}],
        }


def lazy_ratio() -> Iterator[Record]:
    for wanted in (0.02, 0.3):
        found = linear.lazy_ratio_for([wanted], [0.9])
        kappa = float(found["lazy_ratio"][0])
        best = linear.best_error([0.9], kappa, 0.0)
        assert float(best.test_error) == pytest.approx(wanted, rel=1e-9)
        yield {"test_error": wanted, "lazy_ratio": kappa, "training_time": float(best.training_time)}


def linear_plane() -> Iterator[Record]:
    for gs, gw in itertools.product((-1.4, -0.8), (1.6, 2.3)):
        kappa, omega = 150.0 ** (gs + gw - 1.0), 150.0 ** (2.0 * gs + gw)
        found = linear.best_error(linear.Task.equal(4).signal_strengths, kappa, omega)
        yield {
            "variance_exponent": gs,
            "width_exponent": gw,
            "regime": str(linear.regime(gs, gw)),
            "lazy_ratio": kappa,
            "initial_noise": omega,
            "test_error": float(found.test_error),
            "training_time": float(found.training_time),
            # The bulk of unit noise ends at 2 sqrt(d).
            "threshold_over_bulk_edge": kappa * math.sqrt(150.0) / 2.0,
        }


def simulated_training() -> Iterator[Record]:
    network = linear.LinearNetwork(10, 10, 60, 0.04, 0.04)
    task, scaled = linear.Task([1.1]), np.array([0.6, 1.4])
    found = linear.simulate_training(network, scaled / 10.0, task, instances=3, seed=3)
    kappa, omega = 60 * 0.04 / 10.0, 0.04**2 * 60
    curves = linear.finite_dimension_errors([1.1], 10, kappa, omega, scaled)
    extra = linear.width_correction([1.1], kappa, omega, scaled)
    theory = {
        "train_error": curves.train_error + 10 / 60 * extra[0],
        "test_error": curves.test_error + 10 / 60 * extra[1],
    }
    squares = found.singular_values**2
    observed = {
        "train_error": found.train_error,
        "test_error": found.test_error,
        "largest_singular_value": np.sqrt(squares.max(axis=-1)),
        "stable_rank": squares.sum(axis=-1) / squares.max(axis=-1),
    }
    for name in observed:
        values = observed[name]
        for k, time in enumerate(scaled.tolist()):
            mean, error = float(values[:, k].mean()), float(values[:, k].std(ddof=1) / math.sqrt(3))
            predicted = float(theory[name][k]) if name in theory else None
            yield {
                "training_time": time,
                "observable": name,
                "value": mean,
                "standard_error": error,
                "theory": predicted,
                "z": None if predicted is None else (mean - predicted) / error,
            }


LINE = score_matching.NoisedSample((-1.1, -0.3, 0.4, 0.4, 1.2), 0.9, 0.45)
LINE_WORDS = "--points -1.1 -0.3 0.4 0.4 1.2 --mu 0.9 --sigma 0.45"


def line_score() -> Iterator[Record]:
    found = score_matching.empirical_score(LINE, [0.1, 0.7])
    names = (
        "score",
        "derivative",
        "second_derivative",
        "posterior_mean",
        "posterior_variance",
        "effective_samples",
    )
    for k, y in enumerate((0.1, 0.7)):
        yield {"position": y} | {name: float(getattr(found, name)[k]) for name in names}


def line_weight() -> Iterator[Record]:
    found = score_matching.variation_weights(LINE, [0.1, 0.7])
    for k, y in enumerate((0.1, 0.7)):
        names = ("variation_weight", "noised_variation_weight")
        yield {"position": y} | {name: float(getattr(found, name)[k]) for name in names}


def line_irregularity() -> Iterator[Record]:
    for sigma in (0.3, 0.06):
        sample = score_matching.NoisedSample((-1.1, -0.3, 0.4, 1.2), 0.9, sigma)
        variation, bounds = score_matching.total_variation(sample), score_matching.bounds(sample)
        ratio = 0.9 * 0.7 / sigma  # of the least distance
        yield {
            "noise_scale": sigma,
            "total_variation": variation,
            "small_noise_total_variation": score_matching.small_noise_total_variation(sample),
            "risk": score_matching.optimal_risk(sample),
            "largest_learning_rate": 0.5 / variation,
            "lower_bound": ratio**3 * 4 / 4096 / sigma,
            "lower_bound_applies": 16 * 64 * math.exp(-(ratio**2) / 4) <= 1,
            "risk_bound": 4 * (0.9 * 2.3 / sigma) ** 2 / sigma**2 * math.exp(-(ratio**2) / 32),
            "risk_bound_applies": bounds.risk_bound_applies,
            "theorem_learning_rate": 4096 * sigma / (16 * ratio),
        }


SCORE_NETWORK = score_matching.ScoreNetwork((1.0, -1.0, 1.0), (0.7, -1.3, 0.4), (0.2, 0.5, -0.4))


def line_sharpness() -> Iterator[Record]:
    risk = score_matching.network_risk(LINE, SCORE_NETWORK)
    largest = float(np.linalg.eigvalsh(score_matching.risk_hessian(LINE, SCORE_NETWORK))[-1])
    weights = score_matching.variation_weights(LINE, [-0.2, 0.5, 0.4])
    size = np.array([0.7, 1.3, 0.4]) / 3
    yield {
        "risk": risk,
        "excess_risk": risk - score_matching.optimal_risk(LINE),
        "gradient_norm": float(np.linalg.norm(score_matching.risk_gradient(LINE, SCORE_NETWORK))),
        "largest_eigenvalue": largest,
        "critical_learning_rate": 2 / (3 * largest),
        "total_variation": float(size @ weights.variation_weight),
        "noised_total_variation": float(size @ weights.noised_variation_weight),
        "dead_neurons": 0,
    }


def line_descent() -> Iterator[Record]:
    for eta in (0.03, 0.1):
        theta = np.array([*SCORE_NETWORK.outer, *SCORE_NETWORK.bias])
        for _ in range(4):
            network = SCORE_NETWORK.replace(outer=tuple(theta[:3]), bias=tuple(theta[3:]))
            theta = theta - 3 * eta * score_matching.risk_gradient(LINE, network)
        network = SCORE_NETWORK.replace(outer=tuple(theta[:3]), bias=tuple(theta[3:]))
        found = score_matching.sharpness(LINE, network)
        yield {
            "learning_rate": eta,
            "steps": 4,
            "risk": found.risk,
            "excess_risk": found.excess_risk,
            "gradient_norm": found.gradient_norm,
            "sharpness_ratio": 1.5 * eta * found.largest_eigenvalue,
            "total_variation": found.total_variation,
            "dead_neurons": 0,
            "outer": list(network.outer),
            "bias": list(network.bias),
        }


def line_simulation() -> Iterator[Record]:
    starts = [score_matching.draw_network(5, seed=2, replica=k) for k in range(3)]
    trained = score_matching.simulate_descent(LINE, starts, 0.05, 6, seed=2)
    for name in ("risk", "excess_risk", "gradient_norm", "total_variation"):
        exact = [
            getattr(score_matching.population_descent(LINE, start, 0.05, 6), name)[-1] for start in starts
        ]
        apart = getattr(trained, name)[:, -1] - exact
        error = float(apart.std(ddof=1) / math.sqrt(3))
        value, theory = float(getattr(trained, name)[:, -1].mean()), float(np.mean(exact))
        yield {
            "observable": name,
            "value": value,
            "standard_error": error,
            "theory": theory,
            "z": (value - theory) / error,
        }


def line_distances() -> Iterator[Record]:
    found = score_matching.score_distances(LINE, population_mean=0.3, population_variance=1.7)
    yield {
        "empirical_to_gaussian": found.empirical_to_gaussian,
        "empirical_to_population": found.empirical_to_population,
        "gaussian_to_population": found.gaussian_to_population,
        "entropy": found.entropy,
        "risk": score_matching.optimal_risk(LINE),
    }


def depths() -> Iterator[Record]:
    task, inner = residual_networks.load_task("--data", "data/residual_task.json")
    network, last = residual_networks.ResidualNetwork(1, "tanh", inner), {}
    for depth in (3, 6):
        outer, moved = residual_networks.train(network.replace(depth=depth), task, 0.1, 15)
        jumps = [np.diff(entry, axis=0) for entry in (outer, moved)]
        largest = float(sum(np.linalg.norm(entry, axis=(1, 2)) for entry in jumps).max())
        found = residual_networks.depth_scaling(network, task, [depth], 0.1, 15)
        last[depth] = {
            "depth": depth,
            "initial_loss": float(((task.inputs - task.targets) ** 2).sum() / 4),
            "loss": float(found.loss[0]),
            "largest_jump": largest,
            "depth_times_jump": depth * largest,
            "all_layers_jump": math.sqrt(sum(float((entry**2).sum()) for entry in jumps)),
            "gradient_ratio": float(found.gradient_ratio[0]),
        }
    limit = 2 * last[6]["loss"] - last[3]["loss"]
    for record in last.values():
        yield record | {"distance": abs(record["loss"] - limit)}


def first_rate() -> Iterator[Record]:
    task, inner = residual_networks.load_task("--data", "data/residual_task.json")
    rate, bound = residual_networks.initial_rate(residual_networks.ResidualNetwork(1, "tanh", inner), task)
    loss = float(((task.inputs - task.targets) ** 2).sum() / 4)
    yield {"rate": rate, "gradient_ratio": rate / loss, "bound": bound}


def tied() -> Iterator[Record]:
    for depth in (2, 9):
        yield {
            "depth": depth,
            "training_time": 0.3,
            "layer_weight": float(residual_networks.tied_linear(2.6, 1.3, depth, 0.3)),
            "limit_layer_weight": float(residual_networks.tied_linear(2.6, 1.3, math.inf, 0.3)),
        }


def alternating() -> Iterator[Record]:
    for half in (3, 8):
        weight = 2 * half * (2.6 ** (1 / half) - 1)
        yield {
            "target": 2.6,
            "half_depth": half,
            "layer_weight": weight,
            "limit_layer_weight": 2 * math.log(2.6),
            "jump": weight + 0.5 / half,
        }


def compared() -> Iterator[Record]:
    with open("data/clones.csv", encoding="utf-8") as stream:
        names, *rows = [row.strip().split(",") for row in stream]
    for row in rows:
        given = dict(zip(names, map(float, row), strict=True))
        t = given["time"]
        signal = math.exp(-2 * t) * 7 * 0.8**2 / (1 + math.exp(-2 * t) * (0.6 - 1))
        theory = float(two_class_agreement(signal, 0.35))
        yield {
            "time": t,
            "value": given["clone_agreement"],
            "standard_error": given["standard_error"],
            "theory": theory,
            "z": (given["clone_agreement"] - theory) / given["standard_error"],
        }


MADE, SEEN, FRESH = ("data/made.npy", "data/seen.npy", "data/fresh.npy")
SAMPLE_DISTANCES = ("frechet", "sliced_wasserstein_squared", "mmd_squared")


def copying_report() -> Iterator[Record]:
    made, seen, fresh = (np.load(name) for name in (MADE, SEEN, FRESH))
    k, level, rate = 0.4, 0.02, 0.3
    pairs = ((made, seen), (fresh, seen), (made, fresh))
    apart = [np.sqrt(((x[:, None] - points) ** 2).sum(axis=2)) for x, points in pairs]
    near, null, to_fresh = (np.sort(each) for each in apart)
    copies, alone = near[:, 0] < k * near[:, 1], null[:, 0] < k * null[:, 1]
    joint = np.sort(np.concatenate([near, to_fresh], axis=1))
    suspicious, on_seen = joint[:, 0] < k * joint[:, 1], near[:, 0] < to_fresh[:, 0]
    places = np.where(on_seen, apart[0].argmin(axis=1), 60 + apart[2].argmin(axis=1))
    votes, labelled = np.bincount(places[suspicious], minlength=100), np.arange(100) < 60
    own = clopper_pearson(int(copies.sum()), 90, level=1 - level)
    excess = newcombe(int(copies.sum()), 90, int(alone.sum()), 40, level=1 - level)
    p_values = (1 + (null[:, :1] / null[:, 1:2] <= near[:, 0] / near[:, 1]).sum(axis=0)) / 41
    limit = max(p for j, p in enumerate(np.sort(p_values)) if p <= rate * (j + 1) / 90)
    larger = sum((a > b) + 0.5 * (a == b) for a in near[:, 0] for b in null[:, 0])
    _, equal = np.unique(np.concatenate([near[:, 0], null[:, 0]]), return_counts=True)
    first = memorization.sample_distances(made, seen, seed=3)
    width = first.bandwidth
    distances = {
        "": first,
        "_held_out": memorization.sample_distances(made, fresh, bandwidth=width, seed=3),
        "_baseline": memorization.sample_distances(fresh, seen, bandwidth=width, seed=3),
    }
    dimension, rest = -1 / np.log(null[:, 0] / null[:, 1]).mean(), 1 - alone.mean()
    spread = 60 * votes[:60].var(ddof=1) + 90 * votes[60:].var(ddof=1)
    yield {
        "verdict": "memorizes",
        "generated": 90,
        "training": 60,
        "held_out": 40,
        "dimension": 3,
        "copied_fraction": float(copies.mean()),
        "copied_lower": own.lower,
        "copied_upper": own.upper,
        "null_fraction": float(alone.mean()),
        "null_kind": "held-out",
        "corrected_fraction": float(excess.fraction / rest),
        "corrected_lower": float(excess.lower / rest),
        "corrected_upper": float(excess.upper / rest),
        "fisher_p_value": fisher_p_value(int(copies.sum()), 90, int(alone.sum()), 40),
        "suspicious": int(suspicious.sum()),
        "suspicious_on_training": int((suspicious & on_seen).sum()),
        "membership_p_value": label_assignment(votes, labelled).p_value,
        "excess_fraction": float(votes[:60].sum() - 1.5 * votes[60:].sum()) / 90,
        "excess_fraction_standard_error": math.sqrt(spread) / 90,
        "vote_fraction": float(on_seen.mean()),
        "vote_p_value": label_assignment(np.bincount(places, minlength=100), labelled).p_value,
        "distance_z": (larger - 1800)
        / math.sqrt(300 * (131 - float((equal**3 - equal).sum()) / (130 * 129))),
        "named_copies.generated": np.flatnonzero(p_values <= limit).tolist(),
        "smallest_nameable": math.ceil(90 / (rate * 41)),
        "smallest_p_value": 1 / 41,
        "distinct_copies_needed": math.ceil(math.log(level) / math.log(0.6)),
        "intrinsic_dimension": float(dimension),
        "intrinsic_dimension_standard_error": float(dimension / math.sqrt(40)),
        **{name + end: getattr(d, name) for end, d in distances.items() for name in SAMPLE_DISTANCES},
        "standard_error": {
            name + end: d.standard_error[name] for end, d in distances.items() for name in SAMPLE_DISTANCES
        },
    }


def chance_and_smoothed() -> Iterator[Record]:
    for d in (1.5, 4.0):
        value = float(memorization.smoothed_fraction(d, 0.4, 70.0, 0.06))
        yield {"dimension": d, "ratio": 0.4, "fraction": value}


def distances_of_samples() -> Iterator[Record]:
    found = memorization.sample_distances(np.load(MADE), np.load(FRESH), directions=20, bandwidth=1.3, seed=2)
    row = {name: getattr(found, name) for name in SAMPLE_DISTANCES}
    yield row | {"bandwidth": 1.3, "standard_error": found.standard_error}


def onset_of_copies() -> Iterator[Record]:
    excess = (np.array([3, 9, 30, 160, 350]) / 400 - 0.02) / 0.98
    share = (0.2 - excess[2]) / (excess[3] - excess[2])
    found = memorization.copying_onset(
        memorization.load_looks("TABLE", "data/looks.csv"), level=0.2, z=3.0, seed=2
    )
    yield {
        "onset": 300 * (2000 / 300) ** float(share),
        "lower": found.lower,
        "upper": found.upper,
        "loss_onset": 300.0,
    }


def denoiser_distances() -> Iterator[Record]:
    y, clean, other = (np.load(f"data/{name}.npy") for name in ("noised", "denoised", "denoised_otherwise"))
    seen, scales = np.load(SEEN), {"data_scale": 0.8, "noise_scale": 0.5}
    own, second = ((0.8 * guess - y) / 0.25 for guess in (clean, other))
    empirical, effective = memorization.empirical_denoiser(y, seen, **scales)
    first, others = (memorization.gaussian_denoiser(y, points, **scales) for points in (seen, np.load(FRESH)))
    relative = [float(((own - s) ** 2).sum() / (s**2).sum()) for s in (empirical, first)]

    def pair(a: np.ndarray, b: np.ndarray) -> list[float]:
        cosine = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        return [float(2 * ((a - b) ** 2).sum() / ((a**2).sum() + (b**2).sum())), float(cosine.mean())]

    both, fits = pair(own, second), pair(first, others)
    yield {
        "noise_scale": 0.5,
        "to_empirical": relative[0],
        "to_gaussian": relative[1],
        "to_population": None,
        "excess": float(((own - empirical) ** 2).sum(axis=1).mean()),
        "effective_samples": float(effective.mean()),
        "nearer": "gaussian" if relative[1] < relative[0] else "empirical",
        "difference": both[0],
        "cosine": both[1],
        "gaussian_difference": fits[0],
        "gaussian_cosine": fits[1],
    }


def bumps() -> Any:
    return load_dataset("data/bumps.csv")


def cooled_moments() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the file with their repetitions, centred; eigenvalues; coordinate along the top direction."""
    x = np.loadtxt("data/bumps.csv", delimiter=",", skiprows=1)
    x = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    top = vectors[:, -1] * np.sign(vectors[np.abs(vectors[:, -1]).argmax(), -1])
    return x, values, x @ top


def cooled_transition() -> Iterator[Record]:
    x, values, u = cooled_moments()
    lam = float(values[-1])
    third, fourth = float((u**3).mean()), float((u**4).mean())
    quartic = (6.0 - (fourth / lam**2 - 3.0) * (1.5 - 3.0)) / (24.0 * lam)
    cubic = abs(third) / np.sqrt(2.0) / (6.0 * lam**2)
    found = principal_graph.nucleation(bumps())
    nu = found.nucleation_position / found.nucleation_temperature
    a = np.exp(x @ nu)
    noise = principal_graph.significance(principal_graph.weighted_points(bumps()))
    assert noise is not None
    yield {
        "linear_temperature": lam,
        "nucleation_temperature": float(2.0 * np.log(a.mean()) / (nu @ nu)),
        "nucleation_position": (a @ x / a.sum()).tolist(),
        "nucleation_effective_points": float(a.sum() ** 2 / (a * a).sum()),
        "order": "first-order",
        "spinodal_temperature": lam / (1.0 - 9.0 / 16.0 * cubic**2 / quartic),
        "coexistence_temperature": lam / (1.0 - 0.5 * cubic**2 / quartic),
        "skewness": third / lam**1.5,
        "excess_kurtosis": fourth / lam**2 - 3.0,
        "diffusion_time": 0.5 * math.log1p(lam),
        "bulk_edge": noise.bulk_edge,
        "significant": noise.significant,
    }


def mixture_at(centroids: Any, weights: Any, temperature: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the file, posterior, and log of the sum of the components' terms."""
    x = np.loadtxt("data/bumps.csv", delimiter=",", skiprows=1)
    mu, pi = np.array(centroids), np.array(weights)
    terms = pi * np.exp(-((x[:, None] - mu) ** 2).sum(axis=2) / (2.0 * temperature))
    return x, terms / terms.sum(axis=1, keepdims=True), np.log(terms.sum(axis=1))


def cooled_state() -> Iterator[Record]:
    for T in (1.6, 0.6):
        mu = principal_graph.stationary_state(bumps(), T)["centroids"][0]
        x, p, log_sum = mixture_at(mu, [0.5, 0.5], T)
        eigenvalues = []
        for k in range(2):
            r = x - (p[:, k] @ x) / p[:, k].sum()
            eigenvalues.append(float(np.linalg.eigvalsh((r * p[:, [k]]).T @ r / p[:, k].sum())[-1]))
        yield {
            "temperature": T,
            "centroids": (p.T @ x / p.sum(axis=0)[:, None]).tolist(),
            "weights": [0.5, 0.5],
            "free_energy": float(-T * log_sum.mean()),
            "local_eigenvalues": eigenvalues,
            "stable": max(eigenvalues) < T,
            "weight_kind": "equal",
        }


def cooled_splits() -> Iterator[Record]:
    for entry in principal_graph.split_temperatures(bumps(), lower=0.2, upper=2.0).crossings:
        x, p, _ = mixture_at(entry.centroids, [0.5, 0.5], entry.temperature)
        k = entry.group
        r = x - (p[:, k] @ x) / p[:, k].sum()
        yield {
            "temperature": float(np.linalg.eigvalsh((r * p[:, [k]]).T @ r / p[:, k].sum())[-1]),
            "group": k,
            "unstable": entry.unstable,
            "centroids": (p.T @ x / p.sum(axis=0)[:, None]).tolist(),
            "quartic": entry.quartic,
            "order": "continuous" if (entry.quartic or 0.0) > 0.0 else "first-order",
            "weight_kind": "equal",
        }


def cooled_clusters() -> Iterator[Record]:
    for T in (3.0, 0.6):
        state = principal_graph.cluster_state(bumps(), T)
        x, p, log_sum = mixture_at(state.centroids, state.weights, T)
        yield {
            "temperature": T,
            "clusters": len(state.weights),
            "centroids": (p.T @ x / p.sum(axis=0)[:, None]).tolist(),
            "weights": sorted(p.mean(axis=0).tolist(), reverse=True),
            "log_likelihood": float(log_sum.mean()),
            "diffusion_time": 0.5 * math.log1p(T),
            "weight_kind": "learned",
        }


def cooled_cascade() -> Iterator[Record]:
    found = principal_graph.cascade(bumps(), 0.5)
    for number, entry in enumerate(found.events):
        yield {
            "temperature": entry.temperature,
            "event": "nucleation",
            "position": entry.position.tolist(),
            "clusters": number + 2,
            "weight": entry.weight,
            "effective_points": entry.effective_points,
            "diffusion_time": 0.5 * math.log1p(entry.temperature),
            "weight_kind": "learned",
        }


def random_tree() -> Iterator[Record]:
    nodes = np.loadtxt("data/nodes.csv", delimiter=",")
    squares = ((nodes[:, None] - nodes) ** 2).sum(axis=2)
    weights = np.exp(-0.5 * 1.7 * squares) - np.eye(len(nodes))
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(laplacian)
    chance = weights * (np.add.outer(np.diag(inverse), np.diag(inverse)) - 2.0 * inverse)
    rows, columns = np.triu_indices(len(nodes), 1)
    shortest = csgraph.minimum_spanning_tree(squares).sum()
    yield {
        "log_partition": float(np.linalg.slogdet(laplacian[1:, 1:])[1]),
        "edges.first": rows.tolist(),
        "edges.second": columns.tolist(),
        "edges.probability": [float(p) for p in chance[rows, columns]],
        "minimum_tree_cost": float(shortest),
    }


def cluster_times() -> Iterator[Record]:
    size = 12 * 0.8**2
    for name, time in (
        ("cluster", 0.5 * math.log1p(size + 0.6)),
        ("curvature", 0.5 * math.log1p(size - 0.6)),
        ("spectral", 0.5 * math.log(size + 0.6)),
    ):
        yield {"criterion": name, "time": time}


def principal_fit() -> Iterator[Record]:
    points = np.loadtxt("data/ring.csv", delimiter=",")
    options = principal_graph.FitOptions(
        nodes=20, stiffness=30.0, cycles=principal_graph.Cycles(shortest=5), seed=3
    )
    found = principal_graph.fit_principal_graph(points, options.replace(error_bars=True))
    mu, s, pi = found.nodes, found.variances, found.weights
    squares = ((points[:, None] - mu) ** 2).sum(axis=2)
    alpha, box = found.background_fraction, float(np.prod(np.ptp(points, axis=0)))
    pattern = (1.0 - alpha) * pi * np.exp(-squares / (2.0 * s)) / (2.0 * np.pi * s)
    total = pattern.sum(axis=1) + alpha / box
    step = mu[found.edges[:, 0]] - mu[found.edges[:, 1]]
    widths = np.log(s[found.edges[:, 0]]) - np.log(s[found.edges[:, 1]])
    objective = np.log(total).sum() - 15.0 * (step**2).sum() - 5.0 * (widths**2).sum() + np.log(pi).sum()
    mass = (pattern / total[:, None]).sum(axis=0)
    laplacian = np.zeros((len(mu), len(mu)))
    for a, b in found.edges:
        laplacian[[a, b], [a, b]] += 1.0
        laplacian[[a, b], [b, a]] -= 1.0
    spread = np.sqrt(np.diag(np.linalg.inv(np.diag(mass / s) + 30.0 * laplacian)))
    yield {
        "nodes": mu.tolist(),
        "edges": found.edges.tolist(),
        "variances": s.tolist(),
        "weights": pi.tolist(),
        "background_fraction": alpha,
        "stiffness": 30.0,
        "smoothing": float(30.0 * np.exp(np.log(s).mean()) * len(mu) / ((1.0 - alpha) * len(points))),
        "log_posterior": float(objective),
        "smallest_increment": float(np.diff(found.objective).min()),
        "iterations": len(found.objective) - 1,
        "cycles.first": [c.first for c in found.cycles],
        "cycles.second": [c.second for c in found.cycles],
        "cycles.frequency": [c.frequency for c in found.cycles],
        "branches.nodes": [list(b.nodes) for b in found.branches],
        "branches.length": [
            float(np.linalg.norm(np.diff(mu[list(b.nodes)], axis=0), axis=1).sum()) for b in found.branches
        ],
        "branches.kind": [b.kind for b in found.branches],
        "samples": 280,
        "outliers": int((pattern.sum(axis=1) / total < 0.5).sum()),
        "node_standard_errors": spread.tolist(),
        "weight_kind": "learned",
    }


def cooled_samples() -> Iterator[Record]:
    law = GaussianMixture.from_json("data/skewed.json")
    found = principal_graph.simulate_states(law, 1.3, 500, instances=3, seed=2)
    theory = principal_graph.stationary_state(law, 1.3)
    along = theory["centroids"][0, :, 0] - 0.45
    for k in range(2):
        yield compared_record("centroid", found["centroid"][0, k], float(along[k])) | {"component": float(k)}
    yield compared_record("free_energy", found["free_energy"][0], float(theory["free_energy"][0]))


def compared_record(name: str, estimate: Any, theory: float) -> Record:
    mean, error = float(estimate.mean), float(estimate.standard_error)
    return {
        "temperature": 1.3,
        "observable": name,
        "value": mean,
        "standard_error": error,
        "theory": theory,
        "z": (mean - theory) / error,
        "weight_kind": "equal",
    }


@dataclass(frozen=True)
class Case:
    """A call, what it must print, and fields that may equal others of the record by the theory itself."""

    line: str
    expected: Callable[[], Iterator[Record]]
    equal: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


TWO_CLASSES = "--dimension 7 --separation 0.8 --variance 0.6 --weight 0.35"
CASES = [
    Case(f"diffusion clone-agreement {TWO_CLASSES} --time 0.4 1.1", clone_agreement),
    Case("diffusion clone-agreement --signal 0.3 1.7 --weight 0.35", agreement_of_signal),
    Case(f"diffusion speciation-time {TWO_CLASSES}", speciation_time),
    Case("diffusion collapse-time --samples 5000 --dimension 12 --variance 0.7", collapse_time),
    Case(
        "diffusion excess-entropy --samples 5000 --dimension 12 --variance 0.7 --time 0.05 0.08",
        excess_entropy,
    ),
    Case(
        "diffusion analyse data/points.npy --labels data/labels.npy --time 0.4 1.3 --seed 3",
        analyse,
        not_looked_at=("source", "spectrum_complete", "warnings", "notes"),
    ),
    Case(
        "diffusion simulate clones --dimension 6 --separation 0.9 --variance 0.7 --time 0.5 1.4 --walkers 500 --seed 3",
        clones,
    ),
    Case("random-features coefficients --activation tanh --time 0.15 0.9 --data-variance 1.7", coefficients),
    Case(f"random-features spectrum {FEATURES} 2.2", spectrum),
    Case(f"random-features learning-curves {FEATURES} 2.2 --training-time 3 200", learning_curves),
    Case(f"random-features early-stopping {FEATURES} 1.5 7", early_stopping),
    Case(f"random-features timescales {FEATURES} 2 12", timescales),
    Case(
        "random-features phase-diagram --activation tanh --time 0.2 --covariance 0.4:0.7,2.3:0.3 --training-time 4 90 "
        "--features-per-dimension 2 5 --samples-per-dimension 1.5 6 --output plane",
        loss_plane,
    ),
    Case(
        "random-features merging-line --activation tanh --features-per-dimension 64 --time 0.1 --solve-for "
        "samples-per-dimension --between 30.1 30.4 --along features-per-dimension --from 63 --to 65 --step 0.2",
        merging_line,
    ),
    Case(
        "random-features norm-outliers --polynomial -0.6372029090235066 0.3 0.5 --features-per-dimension 8 --time 0.3 "
        "--covariance 0.6:0.5,2.4:0.5 --samples-per-dimension 0.5",
        norm_outliers,
    ),
    Case(
        f"random-features simulate {FEATURES} 2 --dimension 12 --instances 3 --training-time 3 40 --seed 3",
        simulated_losses,
    ),
    Case(
        f"rbm solve {HOPFIELD} --start retrieval --load 0.02 0.03 --temperature 0.35 0.5 --pattern-field 0.05",
        states,
    ),
    Case(f"rbm line spinodal {HOPFIELD} --temperature 0.2 0.5 --between 0.005 0.3", line),
    Case("rbm capacity --hidden gaussian --hidden-parameter variance=1.3", capacity),
    Case(
        f"rbm phase-diagram {HOPFIELD} --temperature 0.3 0.45 --load 0.01 0.4 --points 2 2 --output plane",
        phase_diagram,
    ),
    Case("rbm place data/weights.npz", place),
    Case(
        f"rbm simulate {HOPFIELD} --load 0.05 --temperature 0.5 --start retrieval --visible-units 40 --instances 3 "
        "--chains 4 --sweeps 10 --seed 3",
        simulated_networks,
        # The self-overlap of spins is 1.
        equal=("value", "theory"),
    ),
    Case("phase-retrieval spectrum --offset 0.7 --samples-per-dimension 1.6 5.5 --overlap 0.35", hessian),
    Case("phase-retrieval threshold --offset 0.6 2.5 --overlap 0.3", threshold),
    Case("phase-retrieval threshold-state --offset 0.7 --samples-per-dimension 5 8", threshold_state),
    Case(
        "phase-retrieval dmft --loss amplitude --offset 0.4 --overlap 0.2 --samples-per-dimension 4.5 --steps 8 "
        "--paths 512 --replicas 3 --temperature 0.1 --seed 3 --step-size 0.004 --step-max 0.04",
        dmft,
    ),
    Case(
        "phase-retrieval simulate --offset 0.7 --samples-per-dimension 4.5 --overlap 0.2 --dimension 24 --instances 4 "
        "--seed 3",
        simulated_descents,
    ),
    Case("linear-dynamics mode -s 2.3 0.4 --threshold 0.6 --training-time 0.35 2.2", mode),
    Case("linear-dynamics weak-signal --tau 1.04 2.6 --threshold 0.7 --training-time 0.3 1.9", weak_signal),
    Case("linear-dynamics lazy-width --width-ratio 3.5 0.3 --scaled-time 0.2 0.9", lazy_width),
    Case(
        "linear-dynamics flow --first-layer data/first_layer.npy --second-layer data/second_layer.csv --target "
        "data/target.npy --training-time 0.15 1.2",
        flow,
    ),
    Case(
        "linear-dynamics errors -x 0.8 --kappa 0.35 --omega 0.3 --noise 0.7 --training-time 0.4 1.3 --dimension 70 "
        "--finite-width",
        errors,
    ),
    Case("linear-dynamics best-error -x 0.9 0.6 --kappa 0.07 0.8 --omega 0.1 0.3", best_error),
    Case("linear-dynamics lazy-ratio -x 0.9 --test-error 0.02 0.3", lazy_ratio),
    Case(
        "linear-dynamics phase-diagram -d 150 --rank 4 --variance-exponent -1.4 -0.8 --width-exponent 1.6 2.3",
        linear_plane,
    ),
    Case(
        "linear-dynamics simulate -d 10 --width 60 --variance 0.04 -x 1.1 --training-time 0.6 1.4 --instances 3 "
        "--seed 3",
        simulated_training,
    ),
    Case(f"score-matching score {LINE_WORDS} -y 0.1 0.7", line_score),
    Case(f"score-matching variation-weight {LINE_WORDS} -y 0.1 0.7", line_weight),
    Case(
        "score-matching irregularity --points -1.1 -0.3 0.4 1.2 --mu 0.9 --sigma 0.3 0.06", line_irregularity
    ),
    Case(f"score-matching sharpness {LINE_WORDS} --network data/score_network.json", line_sharpness),
    Case(
        f"score-matching descent {LINE_WORDS} --network data/score_network.json --learning-rate 0.03 0.1 --steps 4",
        line_descent,
    ),
    Case(
        f"score-matching simulate {LINE_WORDS} --neurons 5 --learning-rate 0.05 --steps 6 --starts 3 --seed 2",
        line_simulation,
    ),
    Case(
        f"score-matching distances {LINE_WORDS} --population-mean 0.3 --population-variance 1.7",
        line_distances,
    ),
    Case(
        "residual-networks train --data data/residual_task.json --depth 3 6 --learning-rate 0.1 --steps 15",
        depths,
    ),
    Case("residual-networks initial-rate --data data/residual_task.json", first_rate),
    Case("residual-networks tied-linear --target 2.6 --input 1.3 --depth 2 9 --training-time 0.3", tied),
    Case("residual-networks alternating --target 2.6 --half-depth 3 8", alternating),
    Case(
        f"memorization report {MADE} {SEEN} --held-out {FRESH} --ratio 0.4 --level 0.02 --false-discovery-rate 0.3 "
        "--seed 3",
        copying_report,
        not_looked_at=("exchangeability_p_value",),
    ),
    Case(
        "memorization null --dimension 1.5 4 --ratio 0.4 --point-density 70 --smoothing-width 0.06",
        chance_and_smoothed,
    ),
    Case(
        f"memorization distance {MADE} {FRESH} --directions 20 --bandwidth 1.3 --seed 2", distances_of_samples
    ),
    Case("memorization onset data/looks.csv --level 0.2 --z 3 --seed 2", onset_of_copies),
    Case(
        f"memorization denoiser data/noised.npy data/denoised.npy --training {SEEN} --mu 0.8 --sigma 0.5 --predicts "
        f"clean --other data/denoised_otherwise.npy --other-training {FRESH}",
        denoiser_distances,
    ),
    *(Case(line, expected, equal=equal) for line, expected, equal in labels_schedules.CASES),
    Case("principal-graph transition data/bumps.csv --components 3", cooled_transition),
    Case("principal-graph state data/bumps.csv --temperature 1.6 0.6", cooled_state),
    Case("principal-graph split-temperature data/bumps.csv --lower 0.2 --upper 2", cooled_splits),
    Case(
        "principal-graph clusters data/bumps.csv --temperature 3 0.6", cooled_clusters, (), ("certificate",)
    ),
    Case("principal-graph cascade data/bumps.csv --lowest 0.5", cooled_cascade, (), ("certificate",)),
    Case("principal-graph tree-marginals data/nodes.csv --stiffness 1.7", random_tree),
    Case("principal-graph speciation-time -d 12 --separation 0.8 --variance 0.6", cluster_times),
    Case(
        "principal-graph fit data/ring.csv --nodes 20 --stiffness 30 --cycles resampled --shortest-cycle 5 "
        "--error-bars --seed 3",
        principal_fit,
    ),
    Case(
        "principal-graph simulate --mixture data/skewed.json --samples 500 --temperature 1.3 --instances 3 --seed 2",
        cooled_samples,
    ),
]


@pytest.fixture(autouse=True)
def folder() -> Iterator[None]:
    with workplace():
        yield


@pytest.mark.parametrize("case", CASES, ids=[" ".join(case.line.split()[:2]) for case in CASES])
def test_a_name_stands_for_its_quantity(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    printed = run_json(case.line, capsys)["results"]
    expected = list(case.expected())
    assert len(printed) == len(expected)
    for found, wanted in zip(printed, expected, strict=True):
        for name, value in wanted.items():
            assert_equal(name, at(found, name), value)
        looked_at = {name.split(".")[0] for name in wanted}
        assert set(found) - looked_at - set(SOLVER) - set(case.not_looked_at) == set()
        assert_all_differ(wanted, case.equal)
    assert len({str(wanted) for wanted in expected}) == len(expected)


def at(record: Record, name: str) -> Any:
    """A field inside of a field, "times.criterion"; of a list, those of its entries."""
    value: Any = record
    for part in name.split("."):
        value = [entry.get(part) for entry in value] if isinstance(value, list) else value[part]
    return value


def assert_equal(name: str, found: Any, wanted: Any) -> None:
    if isinstance(wanted, Mapping):
        assert set(found) == set(wanted), name
        for key, value in wanted.items():
            assert_equal(f"{name}.{key}", found[key], value)
    elif isinstance(wanted, list | tuple):
        assert len(found) == len(wanted), name
        for k, value in enumerate(wanted):
            assert_equal(f"{name}[{k}]", found[k], value)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-8, abs=1e-14), name
    else:
        assert found == wanted, name


def assert_all_differ(record: Record, equal: Sequence[str]) -> None:
    """Two numbers of a record could be exchanged unseen where they agree; 0 stands for what is absent."""
    numbers = {
        name: x for name, x in record.items() if isinstance(x, float) and x != 0.0 and name not in equal
    }
    for (one, x), (other, y) in itertools.combinations(numbers.items(), 2):
        if not (one.startswith("states.") or other.startswith("states.")):
            assert abs(x - y) > 1e-6 * max(abs(x), abs(y)), (one, other)


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[str]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield " ".join(words)
    for action in below:
        for name, child in action.choices.items():
            yield from commands(child, (*words, name))


def test_every_command_is_looked_at() -> None:
    looked_at = {" ".join(case.line.split()[:2]) for case in CASES}
    assert looked_at | {"compare", "phase-retrieval success"} | set(OTHERS) == set(commands(build_parser()))


def test_a_comparison_by_the_user(capsys: pytest.CaptureFixture[str]) -> None:
    """``compare``, whose arguments hold a command line."""
    prediction = f"diffusion clone-agreement {TWO_CLASSES}"
    status, out, _ = run(["compare", "data/clones.csv", "--prediction", prediction, "--json"], capsys)
    assert status == 0
    for found, wanted in zip(json.loads(out)["results"], compared(), strict=True):
        for name, value in wanted.items():
            assert_equal(name, found[name], value)
        assert_all_differ(wanted, ())
