"""Errors of functions of estimates, against closed forms and against the scatter of drawn ones."""

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.propagation import propagated


def estimate(mean: float, error: float, freedom: float, fit: float = 1.0) -> Estimate:
    return Estimate(np.asarray(mean), np.asarray(error), np.asarray(freedom), np.asarray(fit))


def test_a_linear_function_is_exact() -> None:
    """Errors in squares, degrees of freedom by Welch and Satterthwaite, the worse fit."""
    found = propagated(
        lambda x: 2.0 * x[0] - 3.0 * x[1], [estimate(1.0, 0.3, 7.0, 0.4), estimate(2.0, 0.1, 20.0)]
    )
    parts = np.array([0.6, 0.3]) ** 2
    assert float(found.mean) == -4.0
    assert float(found.standard_error) == pytest.approx(np.sqrt(parts.sum()), rel=1e-12)
    freedom = parts.sum() ** 2 / (parts**2 / [7.0, 20.0]).sum()
    assert float(found.degrees_of_freedom) == pytest.approx(freedom, rel=1e-12)
    assert float(found.fit_p_value) == 0.4


def test_a_root_scatters_as_stated() -> None:
    """The place where a line through two drawn values vanishes."""

    def root(y: np.ndarray) -> float:
        return 1.0 + 0.5 * y[0] / (y[0] - y[1])

    means, errors = np.array([0.4, -0.3]), np.array([0.01, 0.02])
    drawn = np.random.default_rng(2).standard_normal((4000, 2)) * errors + means
    scatter = np.std([root(row) for row in drawn], ddof=1)
    parts = [estimate(m, e, 50.0) for m, e in zip(means, errors, strict=True)]
    assert float(propagated(root, parts).standard_error) == pytest.approx(scatter, rel=0.05)


def test_what_is_refused() -> None:
    for inputs in ([], [Estimate(np.zeros(2), np.ones(2), np.ones(2))]):
        with pytest.raises(InvalidArgument, match="inputs"):
            propagated(lambda x: float(x.sum()), inputs)
    with pytest.raises(InvalidArgument, match="function"), np.errstate(invalid="ignore"):
        propagated(lambda x: float(np.sqrt(x[0])), [estimate(0.1, 0.2, 9.0)])
