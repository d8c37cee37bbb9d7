"""Two hundred roots certified by ball arithmetic: each lies within the error that the float64 solver states.

A root of a continuous function lies in an interval at whose ends the balls of the function exclude zero with opposite
signs; where the derivative's ball excludes zero on the interval as well, it is the only one there.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

flint = pytest.importorskip("flint", reason="the extra 'certify' is not installed")

from statphys_gen.data.covariance import Covariance  # noqa: E402
from statphys_gen.diffusion.theory.collapse_time import collapse_time, trap_onset_time  # noqa: E402
from statphys_gen.numerics.continuation import fold  # noqa: E402
from statphys_gen.numerics.roots import newton  # noqa: E402
from statphys_gen.statistics.streams import generator  # noqa: E402

arb = flint.arb
Ball = Callable[[object], object]


@pytest.fixture(autouse=True)
def precision() -> object:
    before = flint.ctx.prec
    flint.ctx.prec = 200
    yield
    flint.ctx.prec = before


def certified(function: Ball, value: float, error: float) -> bool:
    """True when a root is proven to lie within ``error`` of ``value``."""
    below, above = function(arb(value) - arb(error)), function(arb(value) + arb(error))
    return bool((below < 0 and above > 0) or (below > 0 and above < 0))


def test_the_certificate_can_fail() -> None:
    assert certified(lambda x: x * x - 2, 1.4142135623730951, 1e-15)
    assert not certified(lambda x: x * x - 2, 1.41421356, 1e-10)
    assert not certified(lambda x: x * x + 2, 1.0, 5.0)


def test_magnetisations() -> None:
    rng = generator(0, {"certified": "magnetisation"})
    temperature, field = rng.uniform(0.1, 0.95, 70), 10.0 ** rng.uniform(-4, 0, 70)

    def residual(x: np.ndarray, t: np.ndarray, h: np.ndarray) -> np.ndarray:
        return x - np.tanh((x + h[:, None]) / t[:, None])

    found = newton(residual, [0.999], parameters=[temperature, field], names=["m"]).require()
    for m, error, t, h in zip(found["m"], found.error, temperature, field, strict=True):
        assert error < 1e-11
        assert certified(lambda x, t=t, h=h: x - ((x + arb(h)) / arb(t)).tanh(), float(m), float(error))


def test_coercive_fields() -> None:
    temperature = np.linspace(0.2, 0.9, 30)

    def residual(x: np.ndarray, h: np.ndarray, t: np.ndarray) -> np.ndarray:
        return x - np.tanh((x - h[:, None]) / t[:, None])

    start = np.sqrt(1.0 - temperature)
    guess = start - temperature * np.arctanh(start)
    found = fold(residual, start[:, None], guess, parameters=[temperature]).require()
    for h, error, t in zip(found["parameter"], found.error, temperature, strict=True):
        # h = m - T artanh m at m = sqrt(1 - T), as the only root of a linear function of h.
        m = (1 - arb(t)).sqrt()
        exact = m - arb(t) * m.atanh()
        assert error < 1e-8
        assert certified(lambda x, exact=exact: x - exact, float(h), float(error))


def excess_of_points(
    kind: str, eigenvalues: list[float], counts: list[int], log_n: float, time: object
) -> object:
    """d <log(1 + r)>/2 - log n at r = lambda/(exp(2t) - 1), for traps with d <r/(1 + r)>/2 added."""
    excess = (2 * time).exp() - 1
    total = -arb(log_n)
    for eigenvalue, count in zip(eigenvalues, counts, strict=True):
        r = arb(eigenvalue) / excess
        total += count * ((1 + r).log() + (r / (1 + r) if kind == "traps" else 0)) / 2
    return total


@pytest.mark.parametrize("kind", ["collapse", "traps"])
def test_collapse_times(kind: str) -> None:
    rng = generator(0, {"certified": kind})
    for _ in range(5):
        levels = int(rng.integers(1, 5))
        eigenvalues = np.exp(rng.uniform(-3, 3, levels))
        counts = rng.integers(1, 60, levels)
        law = Covariance.from_eigenvalues(eigenvalues, counts)
        log_samples = law.dimension * np.exp(rng.uniform(np.log(0.05), np.log(2.0), 10))
        solver = collapse_time if kind == "collapse" else trap_onset_time
        found = solver(law, log_samples).require()
        for value, error, log_n in zip(found["time"], found.error, log_samples, strict=True):
            balance = partial(excess_of_points, kind, eigenvalues.tolist(), counts.tolist(), log_n)
            assert error < 1e-11 * max(1.0, value)
            assert certified(balance, float(value), float(error)), (kind, value, error)
