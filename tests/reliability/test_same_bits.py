"""One simulation of every system, and a sweep: the same bits for any number of threads and of workers."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import same_bits_functions

from statphys_gen import sweep
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.simulation.backward_kernel import block_size, simulate_clones
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.simulation.descent import simulate_descent
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.simulation.instances import simulate_losses
from statphys_gen.random_features.simulation.training import GradientFlow
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.simulation.measurement import simulate
from statphys_gen.units import Gaussian

SIMULATIONS: dict[str, Callable[..., Any]] = {
    "diffusion": lambda **options: simulate_clones(
        GaussianMixture.two_classes(300, 0.2), [0.5, 1.5], 2 * block_size(300, 10**9) + 7, 3, **options
    ),
    "random_features": lambda **options: simulate_losses(
        RandomFeatures("sin", 2.0, 3.0, 0.2), 12, 8, 3, GradientFlow([1.0, 5.0]), **options
    ),
    "rbm": lambda **options: simulate(
        Model(Gaussian(), 0.3, 0.1, convention="sqrt-beta"),
        80,
        5,
        chains=4,
        sweeps=20,
        start="pattern",
        seed=3,
        **options,
    ),
    "phase_retrieval": lambda **options: simulate_descent(
        PhaseRetrieval(Loss.normalised(1.0), 3.0),
        60,
        instances=6,
        seed=3,
        step_sizes=[0.02] * 5,
        temperature=0.1,
        **options,
    ),
}


def numbers(result: Any) -> Iterator[np.ndarray]:
    """All arrays of numbers in a result, in a fixed order."""
    if isinstance(result, np.ndarray | float | int):
        yield np.asarray(result)
    elif isinstance(result, dict):
        for name in sorted(result):
            yield from numbers(result[name])
    elif hasattr(result, "__dict__") or hasattr(result, "__dataclass_fields__"):
        yield from numbers(vars(result))


@pytest.mark.parametrize("system", SIMULATIONS)
def test_threads(system: str) -> None:
    one, two, four = (list(numbers(SIMULATIONS[system](threads=k))) for k in (1, 2, 4))
    assert sum(array.size for array in one) > 3
    assert any(np.unique(array).size > 1 for array in one)
    for other in (two, four):
        assert [array.tobytes() for array in other] == [array.tobytes() for array in one]


def test_workers() -> None:
    grid = {"time": [0.3, 0.6, 1.0, 1.5]}
    serial = sweep.run(same_bits_functions.measured, grid, seed=5, progress=False)
    assert len(np.unique(serial["eigenvalues"])) == serial["eigenvalues"].size
    for workers in (1, 2, 4):
        found = sweep.run(same_bits_functions.measured, grid, workers=workers, seed=5, progress=False)
        assert found.identical(serial)
