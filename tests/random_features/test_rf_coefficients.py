"""Coefficients of activations against 45-digit references (tests/reference/random_features.py) and each other."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf

from statphys_gen.errors import AccuracyNotReached
from statphys_gen.random_features.model import ACTIVATIONS, Activation, RandomFeatures
from statphys_gen.random_features.theory.coefficients import (
    OutlierWarning,
    coefficients,
    model_coefficients,
)
from statphys_gen.random_features.theory.spikes import Outliers, outliers

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "random_features.json").read_text())[
    "coefficients"
]
FIELDS = ("a_t", "b_t_squared", "v_t_squared", "s_t_squared")


def silent(activation: Activation | str, time: object, variance: float = 1.0) -> object:
    name = activation if isinstance(activation, str) else activation.name
    if name in ("relu", "user-relu"):
        with pytest.warns(OutlierWarning):
            return coefficients(activation, time, variance)
    return coefficients(activation, time, variance)


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("as_user", [False, True])
def test_against_45_digits(name: str, as_user: bool) -> None:
    """Closed forms, and the general route on the same function handed in as a user's."""
    named = Activation.named(name)
    activation = (
        Activation(lambda x: named.function(x), f"user-{name}", named.breakpoints) if as_user else named
    )
    times = list(REFERENCE[name])
    found = silent(activation, [float(t) for t in times])
    for k, time in enumerate(times):
        for field, expected in zip(FIELDS, REFERENCE[name][time], strict=True):
            assert getattr(found, field)[k] == pytest.approx(float(expected), rel=1e-12, abs=0.0), (
                time,
                field,
            )


@pytest.mark.parametrize("name", ["tanh", "erf", "sin", "relu", "sign"])
@pytest.mark.parametrize("variance", [0.04, 9.0])
def test_routes_agree_for_other_variances(name: str, variance: float) -> None:
    named = Activation.named(name)
    user = Activation(lambda x: named.function(x), f"user-{name}", named.breakpoints)
    one, two = silent(named, [1e-4, 0.3, 4.0], variance), silent(user, [1e-4, 0.3, 4.0], variance)
    for field in FIELDS:
        np.testing.assert_allclose(getattr(one, field), getattr(two, field), rtol=1e-12)


def test_nonlinear_variance_does_not_depend_on_time_at_unit_variance() -> None:
    found = coefficients("tanh", np.geomspace(1e-5, 10, 30))
    np.testing.assert_allclose(found.nonlinear, found.second_moment - found.a_t**2, rtol=1e-12)
    np.testing.assert_allclose(found.nonlinear, found.nonlinear[0], rtol=1e-12)


def test_polynomials_have_finite_series() -> None:
    # x^3 = (He_3 + 3 He_1) at Gamma = 1: c_1 = 3, c_3 = sqrt(6).
    found = coefficients(Activation.from_polynomial([0, 0, 0, 1.0]), 0.2)
    rho = math.exp(-0.4)
    assert float(found.a_t) == pytest.approx(3.0)
    assert float(found.v_t_squared) == pytest.approx(6 * rho**3, rel=1e-14)
    assert float(found.s_t_squared) == pytest.approx(-6 * math.expm1(-1.2), rel=1e-14)
    linear = coefficients("linear", [0.1, 1.0])
    assert (linear.nonlinear == 0).all()
    assert (linear.a_t == 1.0).all()


@pytest.mark.parametrize("time", [1e-3, 0.1, 2.0])
def test_steep_activation(time: float) -> None:
    """erf(30 x) at variance 1 is erf at variance 900, whose kernel is closed; a user's function needs the averages."""
    found = coefficients(Activation(lambda x: erf(30 * x), "steep"), time)
    rho = math.exp(-2 * time)
    x = 1800 / 1801
    shared = 2 / math.pi * (math.asin(x * rho) - x * rho)
    fresh = 2 / math.pi * (math.asin(x) - math.asin(x * rho) - x * (1 - rho))
    assert float(found.v_t_squared) == pytest.approx(shared, rel=1e-11)
    assert float(found.s_t_squared) == pytest.approx(fresh, rel=1e-11)


def test_undeclared_kink_is_refused() -> None:
    with pytest.raises(AccuracyNotReached, match="breakpoints"):
        coefficients(Activation(lambda x: np.maximum(x, 0.0) - 0.4, "kink"), 0.1)


def test_activations_that_are_not_odd_warn_and_report_their_outliers() -> None:
    with pytest.warns(OutlierWarning, match="not odd"):
        coefficients("relu", 0.1)
    found = outliers(RandomFeatures("relu", 2.0, 3.0, 0.1), 100)
    assert found.mean == pytest.approx(200 / (2 * math.pi))
    # The mean takes the direction of the norms.
    assert found.norm == 0.0
    quadratic = Activation.from_polynomial([-1.0, 0.3, 1.0])
    found = outliers(RandomFeatures(quadratic, 2.0, 3.0, 0.1), 100)
    assert (found.mean, found.norm) == (0.0, pytest.approx(4.0, rel=1e-12))
    assert outliers(RandomFeatures("tanh", 2.0, 3.0, 0.1), 100) == Outliers(0.0, 0.0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shapes_follow_the_times(name: str) -> None:
    model = RandomFeatures(name, 2.0, 2.0, 0.3)
    assert model_coefficients(model).a_t.shape == ()
    assert silent(name, np.full((2, 3), 0.3)).v_t_squared.shape == (2, 3)
