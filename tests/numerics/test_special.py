import runpy
from collections import defaultdict

import numpy as np
import pytest
import references
from scipy.special import log_ndtr

from statphys_gen.numerics import special


def load() -> dict[str, np.ndarray]:
    """Per function: columns first argument, second argument, value."""
    table = defaultdict(list)
    for row in references.rows("numerics_special.csv"):
        second = float.fromhex(row["second"]) if row["second"] else np.nan
        table[row["function"]].append((float.fromhex(row["first"]), second, float(row["value"])))
    return {name: np.array(rows).T for name, rows in table.items()}


TABLE = load()

# The accuracies stated in the docstrings.
STATED = {
    "log_two_cosh": 4e-16,
    "binary_entropy": 5e-16,
    "log_erfc": 1e-15,
    "normal_density": 6e-16,
    "normal_hazard": 2e-15,
}


@pytest.mark.parametrize("name", STATED)
def test_relative_error_is_the_stated_one(name: str) -> None:
    argument, _, value = TABLE[name]
    assert len(argument) > 30
    relative = np.abs(getattr(special, name)(argument) - value) / np.abs(value)
    assert relative.max() <= STATED[name], argument[relative.argmax()]


@pytest.mark.parametrize("moment", ["mean", "variance", "second_moment"])
def test_truncated_normal_moments(moment: str) -> None:
    a, b, value = TABLE[f"truncated_normal.{moment}"]
    relative = np.abs(getattr(special.truncated_normal(a, b), moment) - value) / value
    assert relative.max() <= 2e-15, (a[relative.argmax()], b[relative.argmax()])


def test_truncated_normal_log_normaliser() -> None:
    a, b, value = TABLE["truncated_normal.log_normaliser"]
    scale = np.maximum(np.maximum(1.0, np.abs(value)), b * b / (2 * a))
    error = np.abs(special.truncated_normal(a, b).log_normaliser - value) / scale
    assert error.max() <= 1e-15, (a[error.argmax()], b[error.argmax()])


def test_truncated_normal_is_consistent_across_its_formulas() -> None:
    """The mean is the derivative of the log-normaliser, the variance that of the mean, also across the seams."""
    u = np.array([-3.0, 0.0])[:, None] + np.array([-1e-12, 0.0, 1e-12])
    result = special.truncated_normal(1.0, u)
    assert np.abs(np.diff(result.mean) - 1e-12 * result.variance[:, :2]).max() < 1e-15
    assert np.abs(np.diff(result.log_normaliser) - 1e-12 * result.mean[:, :2]).max() < 2e-15
    assert np.abs(np.diff(result.variance)).max() < 2e-12


def test_coefficients_are_those_of_the_definition() -> None:
    exact = runpy.run_path(str(references.FOLDER / "numerics_special.py"))["middle_table"]()
    np.testing.assert_allclose(special._MIDDLE_TABLE, np.array(exact, dtype=float), rtol=3e-16, atol=0.0)


def test_the_logarithm_of_the_normal_distribution_of_scipy_is_good_enough_to_recommend() -> None:
    u, _, value = TABLE["log_normal_distribution"]
    relative = np.abs(log_ndtr(u) - value) / np.abs(value)
    assert relative[u < 1.0].max() < 2e-15
    assert relative.max() < 2e-13  # upper tail: the rounding of u^2/2


def test_limits_and_shapes() -> None:
    infinity = np.inf
    assert special.log_two_cosh([-infinity, infinity]).tolist() == [infinity, infinity]
    assert special.binary_entropy([-infinity, infinity]).tolist() == [0.0, 0.0]
    assert special.log_erfc([-infinity, infinity, 1e200]).tolist() == [np.log(2.0), -infinity, -infinity]
    assert special.normal_density([-infinity, infinity]).tolist() == [0.0, 0.0]
    assert special.normal_hazard([-infinity, infinity]).tolist() == [infinity, 0.0]
    assert special.log_two_cosh(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert special.truncated_normal(np.ones((2, 1)), np.arange(3.0)).mean.shape == (2, 3)
    assert special.truncated_normal(2.0, -1.0).variance.shape == ()
    for name in STATED:
        assert np.isnan(getattr(special, name)(np.nan))
