"""Whatever takes ``threads``, and a sweep: the same bits for any number of them, other bits for other seeds."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import same_bits_functions

from statphys_gen import sweep
from statphys_gen.data import CurieWeiss, DataSet, GaussianMixture
from statphys_gen.data.sampling import block_size
from statphys_gen.linear_dynamics import LinearNetwork, Task
from statphys_gen.phase_retrieval import Loss, PhaseRetrieval
from statphys_gen.random_features import Architecture, NetworkTraining, RandomFeatures
from statphys_gen.rbm import Gaussian, Model
from statphys_gen.systems import SYSTEMS

# Several blocks, so that there is something to share among threads.
WIDE, WALKERS = GaussianMixture.two_classes(300, 0.2), 2 * block_size(300, 10**9) + 7
PAIR, NORMAL = GaussianMixture.two_classes(4, 1.0), GaussianMixture([1.0], np.zeros((1, 5)), 1.0)
FEATURES = RandomFeatures("sin", 2.0, 3.0, 0.2)
HOPFIELD = Model(Gaussian(), 0.3, 0.1, convention="sqrt-beta")
GROUND = Model(Gaussian(), 1.0, 0.05, convention="beta")
PHASES, STEPS = PhaseRetrieval(Loss.normalised(1.0), 3.0), [0.02] * 5
NETWORK, TASK = LinearNetwork(6, 6, 40, 0.1, 0.05), Task((1.1, 0.6))
POINTS = np.random.default_rng(0).standard_normal((300, 3))
DATA = DataSet.from_arrays(POINTS + 3.0 * (np.arange(300) % 2)[:, None], np.arange(300) % 2)


def call(*arguments: Any, **options: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return arguments, options


CALLS = {
    "data.principal_directions": call(
        DataSet.from_arrays(np.random.default_rng(4).standard_normal((9000, 5))), 2
    ),
    "diffusion.analyse": call(DATA, time=[0.1, 1.0], directions=2, sources=200),
    "diffusion.compare": call(PAIR, [0.3, 0.8], 50, walkers=60, instances=4),
    "diffusion.compare_clones": call(WIDE, [0.5, 1.5], walkers=WALKERS),
    "diffusion.compare_collapse": call(NORMAL, [0.1, 1.0], 50, walkers=300, instances=4),
    "diffusion.compare_first_passage": call(NORMAL, 50, walkers=20, instances=4),
    "diffusion.label_agreement": call(DATA, [0.1, 1.0], sources=200),
    "diffusion.posterior_agreement": call(WIDE, [0.5, 1.5], walkers=WALKERS),
    "diffusion.reduced_clones_langevin": call(0.8, 0.5, [0.3, 0.9], walkers=20_000, steps=10, horizon=3.0),
    "diffusion.simulate_basin_radius": call(NORMAL, 0.25, 200, np.log(10.0), walkers=100, instances=4),
    "diffusion.simulate_bimodality_time": call(PAIR, walkers=500, blocks=8),
    "diffusion.simulate_clones": call(WIDE, [0.5, 1.5], walkers=WALKERS),
    "diffusion.simulate_clones_langevin": call(
        GaussianMixture.two_classes(2000, 0.03), [0.2, 0.6], walkers=600, steps=10, horizon=3.0
    ),
    "diffusion.simulate_collapse": call(NORMAL, [0.1, 1.0], 50, walkers=300, instances=4),
    "diffusion.simulate_condensation": call(NORMAL, 0.1, 50, walkers=50, instances=4),
    "diffusion.simulate_curie_weiss_clones": call(CurieWeiss(801, 1.2), [2.0, 3.0], walkers=1_500),
    "diffusion.simulate_curie_weiss_u_turn": call(CurieWeiss(801, 1.2), [2.0, 3.0], walkers=1_500),
    "diffusion.simulate_drift": call(WIDE, 0.6, np.ones((2, 300)), np.ones(300), walkers=WALKERS),
    "diffusion.simulate_drift_time": call(PAIR, walkers=500, blocks=8),
    "diffusion.simulate_empirical_clones": call(NORMAL, [0.3, 0.5], 50, walkers=50, instances=4),
    "diffusion.simulate_empirical_clones_langevin": call(NORMAL, 0.3, 50, steps=10, walkers=50, instances=4),
    "diffusion.simulate_first_passage": call(NORMAL, 50, walkers=20, instances=4),
    "diffusion.simulate_information": call(NORMAL, [0.3, 0.6], 50, walkers=50, instances=4),
    "diffusion.simulate_information_slope": call(NORMAL, 0.3, 50, walkers=50, instances=4),
    "diffusion.simulate_information_time": call(NORMAL, 50, np.log(8.0), walkers=50, instances=4),
    "diffusion.simulate_last_change": call(NORMAL, 20, steps=10, walkers=20, instances=4),
    "diffusion.simulate_posterior_variance": call(NORMAL, 0.3, 50, walkers=50, instances=4),
    "diffusion.simulate_product_clones": call(
        [GaussianMixture([1.0], [[m]], v) for m, v in ((0.3, 0.5), (-0.1, 1.4))], 0.4, 30, walkers=40_000
    ),
    "diffusion.simulate_u_turn": call(WIDE, [0.5, 1.5], walkers=WALKERS),
    "diffusion.step_bias": call(
        GaussianMixture.two_classes(2000, 0.03), 0.4, steps=[5, 10], walkers=600, horizon=3.0
    ),
    "random_features.compare": call(
        FEATURES, [8, 12, 16], training_time=[1.0, 5.0], spectrum=True, instances=8
    ),
    "random_features.simulate_best_stopping": call(FEATURES, np.geomspace(0.1, 100.0, 12), 12, instances=8),
    "random_features.simulate_eigenvalues": call(FEATURES, 12, instances=4),
    "random_features.simulate_limit": call(FEATURES, [1.0, 5.0], [8, 12, 16], instances=[8, 8, 8]),
    "random_features.simulate_losses": call(FEATURES, [1.0, 5.0], 12, instances=8),
    "random_features.simulate_memorization": call(
        GaussianMixture.two_classes(6, 1.0),
        4,
        Architecture(16, 2),
        NetworkTraining((10, 30), 8, learning_rate=5e-3),
        instances=3,
        walkers=50,
        backward_steps=10,
        loss_draws=100,
    ),
    "random_features.simulate_train_parts": call(FEATURES, [1.0, 5.0], 12, [0, 20], instances=8),
    "rbm.compare": call(HOPFIELD, 80, state="retrieval", instances=5, chains=4, sweeps=20),
    "rbm.simulate": call(HOPFIELD, 80, 5, chains=4, sweeps=20, start="pattern"),
    "rbm.simulate_collapsed": call(HOPFIELD, 60, 4, chains=2, sweeps=10, start="pattern"),
    "rbm.simulate_descent": call(GROUND, 100, 4),
    "rbm.simulate_free_entropy": call(HOPFIELD, 30, 3, chains=4, sweeps=10, nodes=3),
    "rbm.simulate_hysteresis": call(HOPFIELD, [0.3, 0.6], 60, 3, chains=2, sweeps=5),
    "rbm.simulate_langevin": call(HOPFIELD, 30, 3, step_sizes=(0.1, 0.2), chains=2, sweeps=4),
    "rbm.simulate_tempering": call(HOPFIELD, [0.5, 0.7], 40, 3, ladders=2, sweeps=10),
    "phase_retrieval.compare": call(PHASES, 40, instances=4, step_sizes=STEPS, paths=128, replicas=3),
    "phase_retrieval.descent_dynamics": call(PHASES, STEPS, temperature=0.1, paths=128, replicas=3),
    "phase_retrieval.gradient_flow_dynamics": call(PHASES, STEPS, paths=128, replicas=3),
    "phase_retrieval.simulate_descent": call(PHASES, 60, instances=6, step_sizes=STEPS, temperature=0.1),
    "phase_retrieval.simulate_hessian": call(PHASES, 40, instances=6),
    "phase_retrieval.simulate_hessian_path": call(PHASES, 40, instances=4, step_sizes=STEPS, record=[0, 5]),
    "phase_retrieval.simulate_smoothed_density": call(
        PHASES, 40, instances=4, positions=np.array([0.5, 1.0]), smoothing=0.2
    ),
    "phase_retrieval.simulate_spectral_overlap": call(PHASES, 40, instances=4),
    "phase_retrieval.simulate_success": call(PHASES, 60, instances=6, step_sizes=STEPS, threshold=0.05),
    "linear_dynamics.compare": call(NETWORK, TASK, [0.5, 1.5], instances=6),
    "linear_dynamics.simulate_descent": call(NETWORK, [0.1, 0.2], TASK, learning_rate=1e-2, instances=6),
    "linear_dynamics.simulate_training": call(NETWORK, [0.1, 0.3], TASK, instances=6, reference=True),
}


def run(name: str, **changes: Any) -> list[np.ndarray]:
    door, _, function = name.partition(".")
    arguments, options = CALLS[name]
    return list(
        numbers(getattr(import_module(f"statphys_gen.{door}"), function)(*arguments, **options, **changes))
    )


def numbers(result: Any) -> Iterator[np.ndarray]:
    """All arrays of numbers in a result, in a fixed order."""
    if isinstance(result, np.ndarray | float | int):
        yield np.asarray(result)
    elif isinstance(result, list | tuple):
        for entry in result:
            yield from numbers(entry)
    elif isinstance(result, dict):
        for name in sorted(result):
            yield from numbers(result[name])
    elif hasattr(result, "__dict__") and not callable(result):
        yield from numbers(vars(result))


def test_everything_that_takes_threads_is_listed() -> None:
    found = set()
    for door in ("data", "units", "statistics", *(system.name for system in SYSTEMS)):
        package = import_module(f"statphys_gen.{door}")
        for name in dir(package):
            value = getattr(package, name)
            own = inspect.isfunction(value) and value.__module__.startswith(package.__name__)
            if own and "threads" in inspect.signature(value).parameters:
                found.add(f"{door}.{name}")
    assert found == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_threads(name: str) -> None:
    one, two, four = (run(name, threads=k, seed=3) for k in (1, 2, 4))
    assert sum(array.size for array in one) > 1
    for other in (two, four):
        assert [array.tobytes() for array in other] == [array.tobytes() for array in one]
    if name != "data.principal_directions":  # which draws nothing in few dimensions
        assert [array.tobytes() for array in run(name, seed=4)] != [array.tobytes() for array in one]


def test_workers() -> None:
    grid = {"time": [0.3, 0.6, 1.0, 1.5]}
    serial = sweep.run(same_bits_functions.measured, grid, seed=5, progress=False)
    assert len(np.unique(serial["eigenvalues"])) == serial["eigenvalues"].size
    for workers in (1, 2, 4):
        found = sweep.run(same_bits_functions.measured, grid, workers=workers, seed=5, progress=False)
        assert found.identical(serial)
