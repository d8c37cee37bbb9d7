"""Simulations of different models with one seed share no random stream; equal models share all of them.

A stream is known by its seed sequence. Each family of simulations is run for a model, for the same model made in
another way, and for models that differ in one parameter; the streams that a run opens are written down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.dataset import DataSet
from statphys_gen.data.dip_test import modality
from statphys_gen.data.laws import CurieWeiss, DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.analysis.collapse import analyse_collapse
from statphys_gen.diffusion.analysis.label_agreement import label_agreement
from statphys_gen.diffusion.simulation.backward_kernel import (
    posterior_agreement,
    simulate_clones,
    simulate_u_turn,
)
from statphys_gen.diffusion.simulation.beyond_gaussian import (
    simulate_curie_weiss_clones,
    simulate_curie_weiss_u_turn,
    simulate_product_clones,
)
from statphys_gen.diffusion.simulation.collapse import (
    simulate_collapse,
    simulate_condensation,
    simulate_posterior_variance,
)
from statphys_gen.diffusion.simulation.collapse_trajectories import (
    simulate_empirical_clones,
    simulate_empirical_clones_langevin,
    simulate_last_change,
)
from statphys_gen.diffusion.simulation.first_passage import simulate_first_passage
from statphys_gen.diffusion.simulation.information import (
    simulate_basin_radius,
    simulate_information_slope,
    simulate_information_time,
)
from statphys_gen.diffusion.simulation.langevin import simulate_clones_langevin
from statphys_gen.diffusion.simulation.times import (
    simulate_bimodality_time,
    simulate_drift,
    simulate_drift_time,
)
from statphys_gen.diffusion.theory.class_information import class_information
from statphys_gen.diffusion.theory.many_class import common_covariance_agreement
from statphys_gen.errors import InsufficientSamples
from statphys_gen.linear_dynamics.comparison import compare as compare_linear
from statphys_gen.linear_dynamics.model import LinearNetwork, Task
from statphys_gen.linear_dynamics.simulation.descent import simulate_descent as simulate_linear_descent
from statphys_gen.linear_dynamics.simulation.gram_flow import simulate_training
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.simulation.descent import simulate_descent as simulate_retrieval
from statphys_gen.phase_retrieval.simulation.hessians import (
    simulate_hessian,
    simulate_smoothed_density,
    simulate_spectral_overlap,
)
from statphys_gen.phase_retrieval.simulation.success import simulate_success
from statphys_gen.phase_retrieval.theory.dmft import descent_dynamics
from statphys_gen.random_features.model import Activation, RandomFeatures
from statphys_gen.random_features.simulation.gaussian_equivalent import FeatureMoments
from statphys_gen.random_features.simulation.instances import simulate_eigenvalues, simulate_losses
from statphys_gen.random_features.simulation.memorization import memorized_fraction, simulate_memorization
from statphys_gen.random_features.simulation.network import Architecture, NetworkTraining
from statphys_gen.rbm.couplings.low_rank import LowRank
from statphys_gen.rbm.couplings.pairs import Bidirectional, Repeated
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.simulation.free_entropy import simulate_free_entropy
from statphys_gen.rbm.simulation.hysteresis import simulate_hysteresis
from statphys_gen.rbm.simulation.langevin import simulate_langevin
from statphys_gen.rbm.simulation.measurement import simulate
from statphys_gen.rbm.simulation.single_spin import simulate_collapsed, simulate_descent
from statphys_gen.rbm.simulation.tempering import simulate_tempering
from statphys_gen.statistics import streams
from statphys_gen.units import Binary, Gaussian, QState, ReLU, SoftThreshold, Ternary, ZeroOne
from statphys_gen.units import Mixture as MixturePrior
from statphys_gen.units.custom import FromLogDensity

Stream = tuple[int, ...]
Run = Callable[[], Any]


@pytest.fixture
def streams_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], set[Stream]]:
    """The streams that a run opens."""
    opened: set[Stream] = set()
    original = streams.seed_sequence

    def recording(*arguments: Any) -> np.random.SeedSequence:
        sequence = original(*arguments)
        opened.add((int(sequence.entropy), *sequence.spawn_key))  # type: ignore[arg-type]
        return sequence

    monkeypatch.setattr(streams, "seed_sequence", recording)

    def of(run: Run) -> set[Stream]:
        opened.clear()
        run()
        assert opened, "the run opens no stream"
        return set(opened)

    return of


def require_independent(streams_of: Callable[[Run], set[Stream]], runs: dict[str, Run]) -> None:
    found = {name: streams_of(run) for name, run in runs.items()}
    for one, other in combinations(found, 2):
        assert not found[one] & found[other], f"{one} and {other} share streams"


def require_equal(streams_of: Callable[[Run], set[Stream]], runs: list[Run]) -> None:
    first, *others = map(streams_of, runs)
    assert all(other == first for other in others)


# --------------------------------------------------------------------------------------------------- diffusion: laws

MIXTURE = GaussianMixture.two_classes(4, 0.8, 0.6, 0.3)
MIXTURES = {
    "as it is": MIXTURE,
    "separation": GaussianMixture.two_classes(4, 0.9, 0.6, 0.3),
    "variance": GaussianMixture.two_classes(4, 0.8, 0.7, 0.3),
    "weight": GaussianMixture.two_classes(4, 0.8, 0.6, 0.4),
    "dimension": GaussianMixture.two_classes(5, 0.8, 0.6, 0.3),
    "one mean": GaussianMixture(MIXTURE.weights, MIXTURE.means + np.diag([0.1, 0.0, 0.0, 0.0])[:2], 0.6),
    "one variance": GaussianMixture(MIXTURE.weights, MIXTURE.means, [0.6, 0.7]),
    "diagonal": GaussianMixture(MIXTURE.weights, MIXTURE.means, [[0.6, 0.6, 0.6, 0.5]]),
    "full": GaussianMixture(MIXTURE.weights, MIXTURE.means, [0.6 * np.eye(4) + 0.01]),
}
OF_MIXTURE = {
    "clones": lambda law: simulate_clones(law, 0.5, walkers=10, seed=0),
    "clones by the sign": lambda law: simulate_clones(law, 0.5, walkers=10, seed=0, label="sign"),
    "u-turn": lambda law: simulate_u_turn(law, 0.5, walkers=10, seed=0),
    "posterior": lambda law: posterior_agreement(law, 0.5, walkers=10, seed=0),
    "Euler": lambda law: simulate_clones_langevin(law, 0.5, walkers=10, seed=0, steps=4, horizon=2.0),
    "drift": lambda law: simulate_drift(
        law, 0.5, np.zeros((2, law.dimension)), law.means[0], walkers=10, seed=0
    ),
}


@pytest.mark.parametrize("family", OF_MIXTURE)
def test_mixtures(family: str, streams_of: Any) -> None:
    run = OF_MIXTURE[family]
    require_independent(streams_of, {name: partial(run, law) for name, law in MIXTURES.items()})
    means = np.asfortranarray(np.stack([np.full(4, 0.8), np.full(4, -0.8)]))
    again = [
        GaussianMixture([0.3, 1.0 - 0.3], means.tolist(), 0.6),
        GaussianMixture(MIXTURE.weights, means, np.array([0.6])),
    ]
    require_equal(streams_of, [partial(run, law) for law in (MIXTURE, *again)])


def test_experiments_on_one_mixture(streams_of: Any) -> None:
    require_independent(streams_of, {name: partial(run, MIXTURE) for name, run in OF_MIXTURE.items()})


@pytest.mark.parametrize("simulate_time", [simulate_drift_time, simulate_bimodality_time])
def test_speciation_times(simulate_time: Callable[..., Any], streams_of: Any) -> None:
    laws = {
        "as it is": GaussianMixture.two_classes(4, 1.0, 0.6),
        "separation": GaussianMixture.two_classes(4, 1.1, 0.6),
        "variance": GaussianMixture.two_classes(4, 1.0, 0.7),
    }
    runs = {name: partial(simulate_time, law, walkers=200, blocks=2) for name, law in laws.items()}
    require_independent(streams_of, runs)


LAWS = MIXTURES | {
    "spectrum": Covariance.from_eigenvalues([1.0, 2.0], [2, 3]),
    "eigenvalue": Covariance.from_eigenvalues([1.0, 2.1], [2, 3]),
    "multiplicity": Covariance.from_eigenvalues([1.0, 2.0], [3, 2]),
    "twice the dimension": Covariance.from_eigenvalues([1.0, 2.0], [4, 6]),
    "product": DiscreteProduct(6, [1.0, 0.0, -1.0], [0.2, 0.3, 0.5]),
    "values": DiscreteProduct(6, [1.0, 0.1, -1.0], [0.2, 0.3, 0.5]),
    "probabilities": DiscreteProduct(6, [1.0, 0.0, -1.0], [0.2, 0.4, 0.4]),
    "number of components": DiscreteProduct(7, [1.0, 0.0, -1.0], [0.2, 0.3, 0.5]),
    "Curie-Weiss": CurieWeiss(6, 1.2),
    "inverse temperature": CurieWeiss(6, 1.3),
    "number of spins": CurieWeiss(7, 1.2),
    "tilt": CurieWeiss(6, 1.2, 0.3),
}
SETS = {"instances": 2, "walkers": 4}
OF_LAW = {
    "collapse": lambda law: simulate_collapse(law, 0.5, 8, seed=0, **SETS),
    "condensation": lambda law: simulate_condensation(law, 0.5, 8, seed=0, **SETS),
    "posterior variance": lambda law: simulate_posterior_variance(law, 0.5, 8, seed=0, **SETS),
    "empirical clones": lambda law: simulate_empirical_clones(law, 0.5, 8, seed=0, **SETS),
    "empirical clones, Euler": lambda law: simulate_empirical_clones_langevin(
        law, 0.5, 8, seed=0, steps=3, **SETS
    ),
    "last change": lambda law: simulate_last_change(law, 8, seed=0, steps=3, walkers=4, instances=2),
    "first passage": lambda law: _whatever(simulate_first_passage, law, 8, **SETS),
    "information time": lambda law: _whatever(simulate_information_time, law, 8, 0.5, **SETS),
    "basin radius": lambda law: _whatever(simulate_basin_radius, law, 0.3, 8, 0.5, **SETS),
    "information slope": lambda law: simulate_information_slope(law, 0.5, 8, seed=0, **SETS),
}


def _whatever(run: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """The streams are opened, also where the few points of this test have no result."""
    with suppress(InsufficientSamples):
        run(*arguments, **options)


@pytest.mark.parametrize("family", OF_LAW)
def test_laws_of_data(family: str, streams_of: Any) -> None:
    require_independent(streams_of, {name: partial(OF_LAW[family], law) for name, law in LAWS.items()})
    require_equal(
        streams_of,
        [partial(OF_LAW[family], law) for law in (CurieWeiss(6, 2), CurieWeiss(6, np.float64(2.0)))],
    )


def test_parameters_of_the_collapse(streams_of: Any) -> None:
    law = Covariance.from_eigenvalues([1.0, 2.0], [2, 3])
    require_independent(
        streams_of,
        {
            "as it is": lambda: simulate_collapse(law, 0.5, 8, seed=0, **SETS),
            "samples": lambda: simulate_collapse(law, 0.5, 9, seed=0, **SETS),
            "radius": lambda: simulate_collapse(law, 0.5, 8, seed=0, radius=0.5, **SETS),
            "clones": lambda: simulate_empirical_clones(law, 0.5, 8, seed=0, **SETS),
            "end": lambda: simulate_empirical_clones(law, 0.5, 8, seed=0, end=0.1, **SETS),
        },
    )


def test_classes_that_are_not_gaussian(streams_of: Any) -> None:
    models = {"as it is": CurieWeiss(6, 1.2), "inverse": CurieWeiss(6, 1.3), "spins": CurieWeiss(8, 1.2)}
    for run in (simulate_curie_weiss_clones, simulate_curie_weiss_u_turn):
        require_independent(
            streams_of, {name: partial(run, law, 0.5, walkers=10) for name, law in models.items()}
        )
    atoms = GaussianMixture([0.5, 0.5], [[-1.0], [1.0]], 0.0)
    normal, wider = GaussianMixture([1.0], [[0.0]], 1.0), GaussianMixture([1.0], [[0.0]], 1.1)
    runs = {
        "as it is": partial(simulate_product_clones, [atoms, normal], 0.5, 5, walkers=10),
        "marginal": partial(simulate_product_clones, [atoms, wider], 0.5, 5, walkers=10),
        "dimension": partial(simulate_product_clones, [atoms, normal], 0.5, 6, walkers=10),
        "weights": partial(simulate_product_clones, [atoms, normal], 0.5, 5, walkers=10, weights=[0.4, 0.6]),
    }
    require_independent(streams_of, runs)
    weights = [0.5, 0.5]
    same = partial(simulate_product_clones, (atoms, normal), 0.5, 5, walkers=10, weights=weights)
    require_equal(streams_of, [runs["as it is"], same])


@pytest.mark.parametrize("rule", [class_information, common_covariance_agreement])
def test_scrambled_rules_for_many_classes(rule: Callable[..., Any], streams_of: Any) -> None:
    means = 1.5 * np.random.default_rng(0).standard_normal((6, 6))
    laws = {
        "as it is": GaussianMixture(np.full(6, 1 / 6), means, 1.0),
        "means": GaussianMixture(np.full(6, 1 / 6), 1.01 * means, 1.0),
        "variance": GaussianMixture(np.full(6, 1 / 6), means, 1.1),
        "weights": GaussianMixture([0.1, 0.2, 0.2, 0.2, 0.2, 0.1], means, 1.0),
    }
    require_independent(streams_of, {name: partial(rule, law, 0.5) for name, law in laws.items()})
    # At all times the same.
    require_equal(streams_of, [partial(rule, laws["as it is"], time) for time in (0.5, 0.6)])


POINTS = np.random.default_rng(1).standard_normal((40, 3))
LABELS = np.arange(40) % 2
MOVED = POINTS + 0.1 * (np.arange(3) == 0) * (np.arange(40) == 7)[:, None]


def test_data_sets(streams_of: Any) -> None:
    def collapse(points: np.ndarray) -> Run:
        return partial(analyse_collapse, DataSet.from_arrays(points), None, 1.0, sources=20)

    def agreement(points: np.ndarray, labels: np.ndarray) -> Run:
        return partial(label_agreement, DataSet.from_arrays(points, labels), np.array([0.5]), sources=20)

    require_independent(streams_of, {"as it is": collapse(POINTS), "one point": collapse(MOVED)})
    require_equal(streams_of, [collapse(POINTS), collapse(np.asfortranarray(POINTS))])
    runs = {
        "as it is": agreement(POINTS, LABELS),
        "one point": agreement(MOVED, LABELS),
        "labels": agreement(POINTS, np.roll(LABELS, 1)),
    }
    require_independent(streams_of, runs)


def test_bootstraps(streams_of: Any) -> None:
    two = np.concatenate([np.linspace(-3.0, -2.0, 60), np.linspace(2.0, 3.0, 60)])
    other = np.append(two[:-1], 2.0)
    require_independent(streams_of, {"one": partial(modality, two), "other": partial(modality, other)})
    ratios = np.linspace(0.0, 1.0, 20)
    runs = {"one": partial(memorized_fraction, ratios), "other": partial(memorized_fraction, ratios**2)}
    require_independent(streams_of, runs)


# ------------------------------------------------------------------------------------------------- random features

FEATURES = RandomFeatures("tanh", 2.0, 3.0, 0.3)
MOMENTS = FeatureMoments(0.5, 0.1, 0.2)
FEATURE_MODELS = {
    "as it is": FEATURES,
    "activation": FEATURES.replace(activation=Activation.named("erf")),
    "polynomial": FEATURES.replace(activation=Activation.from_polynomial([0.0, 1.0, 0.1])),
    "coefficient": FEATURES.replace(activation=Activation.from_polynomial([0.0, 1.0, 0.2])),
    "own activation": FEATURES.replace(activation=Activation(lambda x: np.tanh(x) + 0.1 * x)),
    "another of one's own": FEATURES.replace(activation=Activation(lambda x: np.tanh(x) + 0.2 * x)),
    "features": FEATURES.replace(features_per_dimension=3.0),
    "samples": FEATURES.replace(samples_per_dimension=2.0),
    "time": FEATURES.replace(time=0.4),
    "noise draws": FEATURES.replace(noise_draws=2),
    "variance": FEATURES.replace(covariance=Covariance.isotropic(1.1)),
    "covariance": FEATURES.replace(covariance=Covariance([0.5, 1.5], [0.5, 0.5])),
    "weights": FEATURES.replace(covariance=Covariance([0.5, 1.5], [0.4, 0.6])),
    "power law": FEATURES.replace(covariance=Covariance.power_law(1.0)),
    "exponent": FEATURES.replace(covariance=Covariance.power_law(1.1)),
}


@pytest.mark.parametrize("moments", [None, MOMENTS])
def test_random_features(moments: FeatureMoments | None, streams_of: Any) -> None:
    def losses(model: RandomFeatures, dimension: int = 4, moments: FeatureMoments | None = moments) -> Any:
        return simulate_losses(model, [1.0], dimension, instances=2, moments=moments)

    runs: dict[str, Run] = {name: partial(losses, model) for name, model in FEATURE_MODELS.items()}
    runs["dimension"] = partial(losses, FEATURES, 5)
    runs["moments"] = partial(losses, FEATURES, moments=FeatureMoments(0.6, 0.1, 0.2))
    require_independent(streams_of, runs)
    again = [
        RandomFeatures(
            Activation(np.tanh, "by hand"), np.float64(2.0), 3, 0.3, Covariance.parse("1"), math.inf
        ),
        RandomFeatures("tanh", 2, 3, 0.3, Covariance.from_eigenvalues(np.ones(4)), math.inf),
    ]
    require_equal(streams_of, [partial(losses, model) for model in (FEATURES, *again)])
    # An instance is one draw, whatever is done with it.
    require_equal(
        streams_of,
        [runs["as it is"], partial(simulate_eigenvalues, FEATURES, 4, instances=2, moments=moments)],
    )


def test_polynomials_are_one_however_they_are_made(streams_of: Any) -> None:
    def eigenvalues(activation: Activation) -> Run:
        return partial(simulate_eigenvalues, FEATURES.replace(activation=activation), 4, instances=2)

    linear = [Activation.named("linear"), Activation.from_polynomial([0, 1])]
    require_equal(streams_of, [eigenvalues(activation) for activation in linear])


def test_memorization(streams_of: Any) -> None:
    base: dict[str, Any] = {
        "mixture": GaussianMixture.two_classes(2, 1.0, 0.5),
        "samples": 5,
        "architecture": Architecture(4, 1),
        "training": NetworkTraining((1, 2)),
    }
    changed: dict[str, dict[str, Any]] = {
        "as it is": {},
        "separation": {"mixture": GaussianMixture.two_classes(2, 1.1, 0.5)},
        "variance": {"mixture": GaussianMixture.two_classes(2, 1.0, 0.6)},
        "samples": {"samples": 6},
        "width": {"architecture": Architecture(5, 1)},
        "layers": {"architecture": Architecture(4, 2)},
        "activation": {"architecture": Architecture(4, 1, "tanh")},
        "batch": {"training": NetworkTraining((1, 2), batch=2)},
        "algorithm": {"training": NetworkTraining((1, 2), algorithm="descent")},
        "learning rate": {"training": NetworkTraining((1, 2), learning_rate=2e-3)},
        "momentum": {"training": NetworkTraining((1, 2), momentum=0.8)},
        "shortest time": {"training": NetworkTraining((1, 2), shortest_time=0.02)},
        "longest time": {"training": NetworkTraining((1, 2), longest_time=2.0)},
    }

    def run(**changes: Any) -> Run:
        small = {"instances": 1, "walkers": 2, "backward_steps": 2, "loss_draws": 2}
        return partial(simulate_memorization, **(base | changes | small))

    require_independent(streams_of, {name: run(**changes) for name, changes in changed.items()})


# ------------------------------------------------------------------------------------------------ phase retrieval

RETRIEVAL = PhaseRetrieval(Loss.normalised(1.0), 3.0)
RETRIEVALS = {
    "as it is": RETRIEVAL,
    "offset": replace(RETRIEVAL, loss=Loss.normalised(0.9)),
    "prefactor": replace(RETRIEVAL, loss=Loss.normalised(1.0, 2.0)),
    "intensity": replace(RETRIEVAL, loss=Loss.intensity()),
    "amplitude": replace(RETRIEVAL, loss=Loss.amplitude(1.0)),
    "truncated": replace(RETRIEVAL, loss=Loss.normalised(1.0).truncated(2.0)),
    "cut": replace(RETRIEVAL, loss=Loss.normalised(1.0).truncated(2.1)),
    "formula": replace(RETRIEVAL, loss=Loss.from_expression("(y**2 - t**2)**2 / (2*(1 + t**2))")),
    "another formula": replace(RETRIEVAL, loss=Loss.from_expression("(y**2 - t**2)**2 / (2*(2 + t**2))")),
    "samples": replace(RETRIEVAL, samples_per_dimension=4.0),
    "overlap": replace(RETRIEVAL, overlap=0.1),
}
OF_RETRIEVAL = {
    "descent": lambda case: simulate_retrieval(case, 6, step_sizes=[1e-4], instances=2, temperature=0.1),
    "success": lambda case: simulate_success(case, 6, step_sizes=[1e-4], instances=2, temperature=0.1),
    "Hessian": lambda case: simulate_hessian(case, 6, instances=2, count=2),
    "density": lambda case: simulate_smoothed_density(case, 6, positions=[0.0], smoothing=0.1, instances=2),
    "spectral": lambda case: simulate_spectral_overlap(case, 6, instances=2),
    "dmft": lambda case: descent_dynamics(case, [1e-4], paths=128, replicas=2),
}


@pytest.mark.parametrize("family", OF_RETRIEVAL)
def test_phase_retrieval(family: str, streams_of: Any) -> None:
    run = OF_RETRIEVAL[family]
    require_independent(streams_of, {name: partial(run, case) for name, case in RETRIEVALS.items()})
    again = PhaseRetrieval(Loss.named("normalised", np.float64(1.0)), 3)
    require_equal(streams_of, [partial(run, case) for case in (RETRIEVAL, again)])


def test_conditions_of_a_descent(streams_of: Any) -> None:
    def descent(dimension: int = 6, temperature: float = 0.1, **options: Any) -> Run:
        return partial(
            simulate_retrieval,
            RETRIEVAL,
            dimension,
            step_sizes=[1e-4],
            instances=2,
            temperature=temperature,
            **options,
        )

    runs = {
        "as it is": descent(),
        "temperature": descent(temperature=0.2),
        "no temperature": descent(temperature=0.0),
        "dimension": descent(7),
        "labels": descent(label_law="null"),
    }
    require_independent(streams_of, runs)
    theory = partial(descent_dynamics, RETRIEVAL, [1e-4], paths=128, replicas=2)
    require_independent(streams_of, {"cold": theory, "hot": partial(theory, temperature=0.1)})


# -------------------------------------------------------------------------------------------------------------- rbm


def machine(**changes: Any) -> Model:
    options: dict[str, Any] = {
        "hidden": Gaussian(),
        "temperature": 0.5,
        "load": 0.5,
        "convention": "sqrt-beta",
    }
    return Model(**(options | changes))


def low_rank(**changes: Any) -> Model:
    return machine(couplings=LowRank(**({"spikes": (2.0, 1.0), "noise": 0.5} | changes)))


MACHINES = {
    "as it is": machine(),
    "temperature": machine(temperature=0.6),
    "load": machine(load=1.0),
    "convention": machine(convention="beta"),
    "variance": machine(hidden=Gaussian(1.1)),
    "binary": machine(hidden=Binary()),
    "zero-one": machine(hidden=ZeroOne()),
    "its threshold": machine(hidden=ZeroOne(0.1)),
    "ternary": machine(hidden=Ternary()),
    "cost": machine(hidden=Ternary(0.1)),
    "states": machine(hidden=QState(3)),
    "number of states": machine(hidden=QState(4)),
    "other states": machine(hidden=QState([-1.0, 0.0, 1.0])),
    "weights": machine(hidden=QState(3, [0.3, 0.4, 0.3])),
    "relu": machine(hidden=ReLU()),
    "threshold of relu": machine(hidden=ReLU(0.1)),
    "soft threshold": machine(hidden=SoftThreshold(0.1)),
    "threshold": machine(hidden=SoftThreshold(0.2)),
    "mixture": machine(hidden=MixturePrior(0.5)),
    "gaussian weight": machine(hidden=MixturePrior(0.6)),
    "own prior": machine(hidden=FromLogDensity(lambda h: -(h**4))),
    "own prior, other density": machine(hidden=FromLogDensity(lambda h: -2 * h**4)),
    "own prior, other support": machine(hidden=FromLogDensity(lambda h: -(h**4), (-1.0, 1.0))),
    "visible": machine(visible=visible_prior("zero-one")),
    "sparse": machine(couplings=Patterns("sparse", 0.5)),
    "density": machine(couplings=Patterns("sparse", 0.6)),
    "gaussian patterns": machine(couplings=Patterns("gaussian")),
    "visible field": machine(visible_field=0.1),
    "pattern field": machine(pattern_field=0.1),
    "condensed": machine(condensed=2),
    "bidirectional": machine(hidden=Binary(), couplings=Bidirectional()),
    "layer ratio": machine(hidden=Binary(), couplings=Bidirectional(0.5)),
    "repeated": machine(hidden=Binary(), load=0.0, couplings=Repeated()),
    "low-rank": low_rank(),
    "noise": low_rank(noise=0.6),
    "spikes": low_rank(spikes=(2.0, 1.1)),
}
SMALL: dict[str, Any] = {"sweeps": 1, "burn_in": 0, "chains": 2}


def test_machines(streams_of: Any) -> None:
    runs = {name: partial(simulate, model, 4, 2, **SMALL) for name, model in MACHINES.items()}
    require_independent(streams_of, runs)
    again = [
        machine(temperature=np.float64(0.5), hidden=Gaussian(1)),
        machine(visible=Binary(1), couplings=Patterns(density=1)),
        machine(couplings=Patterns(size=100)),
    ]
    require_equal(streams_of, [partial(simulate, model, 4, 2, **SMALL) for model in (machine(), *again)])
    require_equal(
        streams_of,
        [
            partial(simulate, low_rank(spikes=spikes), 4, 2, **SMALL)
            for spikes in ([2, 1], np.array([2.0, 1.0]))
        ],
    )


OF_MACHINE: dict[str, Callable[[Model], Any]] = {
    "free entropy": lambda model: simulate_free_entropy(model, 4, 2, nodes=2, **SMALL),
    "Langevin": lambda model: simulate_langevin(model, 4, 2, step_sizes=(0.1, 0.2), **SMALL),
    "collapsed": lambda model: simulate_collapsed(model, 4, 2, **SMALL),
    "descent": lambda model: simulate_descent(model.replace(convention="beta"), 4, 2),
    "hysteresis": lambda model: simulate_hysteresis(model, [0.2, 0.4], 4, 2, **SMALL),
    "tempering": lambda model: simulate_tempering(model, [0.2, 0.4], 4, 2, ladders=2, sweeps=1),
}


@pytest.mark.parametrize("family", OF_MACHINE)
def test_simulations_of_machines(family: str, streams_of: Any) -> None:
    run = OF_MACHINE[family]
    names = [
        "as it is",
        "load",
        "variance",
        "sparse",
        "visible field",
        "pattern field",
        "condensed",
        "low-rank",
    ]
    if family in ("hysteresis", "tempering"):
        # These replace the temperature of the model.
        require_equal(streams_of, [partial(run, MACHINES[name]) for name in ("as it is", "temperature")])
    else:
        names.append("temperature")
    require_independent(streams_of, {name: partial(run, MACHINES[name]) for name in names})


# -------------------------------------------------------------------------------------------------- linear networks

NETWORK = LinearNetwork(4, 3, 12, 0.2, 0.1)
TASK = Task((0.8, 0.5), 0.7)
LINEAR: dict[str, tuple[LinearNetwork, Task]] = {
    "as it is": (NETWORK, TASK),
    "inputs": (NETWORK.replace(inputs=5), TASK),
    "outputs": (NETWORK.replace(outputs=4), TASK),
    "width": (NETWORK.replace(width=13), TASK),
    "first variance": (NETWORK.replace(first_variance=0.21), TASK),
    "second variance": (NETWORK.replace(second_variance=0.11), TASK),
    "first rate": (NETWORK.replace(first_rate=1.1), TASK),
    "second rate": (NETWORK.replace(second_rate=1.1), TASK),
    "strength": (NETWORK, Task((0.8, 0.6), 0.7)),
    "signals": (NETWORK, Task((0.8,), 0.7)),
    "noise": (NETWORK, Task((0.8, 0.5), 0.8)),
}
OF_LINEAR: dict[str, Callable[..., Any]] = {
    "flow": lambda network, task, **options: simulate_training(network, [0.1], task, instances=2, **options),
    "descent": lambda network, task, **options: simulate_linear_descent(
        network, [0.1], task, instances=2, learning_rate=0.05, **options
    ),
    "comparison": lambda network, task, **options: compare_linear(
        network, task, [0.3], instances=2, **options
    ),
}


@pytest.mark.parametrize("family", OF_LINEAR)
def test_linear_networks(family: str, streams_of: Any) -> None:
    run = OF_LINEAR[family]
    runs: dict[str, Run] = {name: partial(run, *case) for name, case in LINEAR.items()}
    runs["initialisation"] = partial(run, NETWORK, TASK, initialisation="orthogonal")
    require_independent(streams_of, runs)
    again = LinearNetwork(4, np.int64(3), 12, np.float64(0.2), 0.1, 1), Task([0.8, np.float64(0.5)], 0.7)
    require_equal(streams_of, [runs["as it is"], partial(run, *again)])


def test_an_instance_of_a_linear_network_is_one_draw_whatever_is_done_with_it(streams_of: Any) -> None:
    flow = partial(simulate_training, NETWORK, [0.1], TASK, instances=2)
    centred = partial(simulate_training, NETWORK, [0.2, 0.3], TASK, instances=2, centred=True, tolerance=1e-9)
    require_equal(streams_of, [flow, centred])


# --------------------------------------------------------------------------------- what the streams are good for


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Of independent pairs, in standard errors: Student's t of the correlation coefficient."""
    r = float(np.corrcoef(one, other)[0, 1])
    return r * math.sqrt((len(one) - 2) / (1.0 - r * r))


def test_results_of_similar_models_are_uncorrelated() -> None:
    """Each of the 6 correlations is beyond 5 standard errors in less than one of 75,000 independent pairs."""
    laws = [Covariance.isotropic(variance, 6) for variance in (1.0, 1.01)]
    collapse = [
        simulate_first_passage(law, 10, seed=0, walkers=10, instances=40).times.mean(axis=1) for law in laws
    ]
    features = [FEATURES.replace(time=time) for time in (0.3, 0.301)]
    traces = [simulate_eigenvalues(model, 5, instances=40).mean(axis=1) for model in features]
    losses = [PhaseRetrieval(Loss.normalised(offset), 3.0) for offset in (1.0, 1.01)]
    hessians = [simulate_hessian(case, 8, instances=40, count=2).lagrange_multiplier for case in losses]
    machines = [machine(temperature=temperature) for temperature in (0.5, 0.501)]
    overlaps = [
        simulate(model, 10, 40, start="pattern", sweeps=4, burn_in=0, chains=2).values["interaction"]
        for model in machines
    ]
    paths = [descent_dynamics(case, [1e-3], paths=128, replicas=40).values["energy"][:, 0] for case in losses]
    networks = [NETWORK.replace(first_variance=variance) for variance in (0.2, 0.201)]
    errors = [simulate_training(network, [0.1], TASK, instances=40).test_error[:, 0] for network in networks]
    for pair in (collapse, traces, hessians, overlaps, paths, errors):
        one, other = (np.asarray(entry, dtype=np.float64) for entry in pair)
        assert abs(correlation(one, other)) < 5.0
