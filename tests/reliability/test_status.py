"""Every way in which a solver can end is reached by a public call; a good status has numbers, a bad one NaN."""

from collections.abc import Callable

import numpy as np
import pytest

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.speciation_time import spectral_time
from statphys_gen.numerics.roots import bracketed, fixed_point, newton
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.solution import Solution, Status
from statphys_gen.units import Gaussian


def hopfield(temperature: float, load: float) -> Model:
    return Model(Gaussian(), temperature, load, convention="sqrt-beta")


CALLS: dict[str, tuple[Callable[[], Solution], Status]] = {
    "retrieval at low temperature": (lambda: solve(hopfield(0.2, 0.05), "retrieval"), Status.CONVERGED),
    "time of two classes": (
        lambda: spectral_time(GaussianMixture.two_classes(64, 1.0)),
        Status.CONVERGED,
    ),
    "a triple root": (
        lambda: newton(lambda x, t: np.tanh(x / t[:, None]) - x, [1.0], parameters=[1.0]),
        Status.NEAR_CRITICAL,
    ),
    "retrieval just below the critical temperature": (
        lambda: solve(hopfield(1.0 - 1e-6, 0.0), "retrieval"),
        Status.NEAR_CRITICAL,
    ),
    "retrieval beyond its end": (lambda: solve(hopfield(0.5, 0.2), "retrieval"), Status.NO_SOLUTION),
    "classes that coincide": (
        lambda: spectral_time(GaussianMixture([0.5, 0.5], [[0.0], [0.0]], 0.5)),
        Status.NO_SOLUTION,
    ),
    "no change of sign": (lambda: bracketed(lambda x: x**2 + 1.0, -1.0, 1.0), Status.NO_SOLUTION),
    "a root at infinity": (lambda: newton(lambda x: np.exp(-x), [1.0]), Status.NOT_CONVERGED),
    "a map that expands": (
        lambda: fixed_point(lambda x: 2.0 * x, [1.0], memory=0, max_iterations=20),
        Status.NOT_CONVERGED,
    ),
    "a root outside of the bounds": (
        lambda: newton(lambda x: np.log(x), [0.5], lower=0.1, upper=0.8),
        Status.LEFT_DOMAIN,
    ),
    "a map out of its bounds": (
        lambda: fixed_point(lambda x: 2.0 * x, [1.0], memory=0, upper=10.0),
        Status.LEFT_DOMAIN,
    ),
}


def test_every_status_is_reached() -> None:
    assert {status for _, status in CALLS.values()} == set(Status)


@pytest.mark.parametrize("name", CALLS)
def test_a_status_and_its_numbers(name: str) -> None:
    call, expected = CALLS[name]
    found = call()
    assert found.status == expected, str(Status(int(found.status)))
    for value in found.value.values():
        assert np.isfinite(value).all() if expected.good else np.isnan(value).all()
    assert np.isfinite(found.error) == expected.good
    assert not expected.good or np.isfinite(found.residual)


def test_each_status_has_a_sentence_of_its_own() -> None:
    assert len({status.advice for status in Status}) == len({str(status) for status in Status}) == len(Status)
