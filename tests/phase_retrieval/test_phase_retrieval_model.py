"""Losses: their derivatives, lower bounds, truncation, and bad input to the definitions."""

import math
import pickle

import numpy as np
import pytest

from statphys_gen.phase_retrieval.model import LOSSES, Loss

GRID_Y, GRID_T = (g.ravel() for g in np.meshgrid(np.linspace(-3, 3, 41), np.linspace(-2.5, 2.5, 31)))


def all_losses() -> list[Loss]:
    return [
        Loss.normalised(1.0),
        Loss.normalised(0.01, prefactor=3.0),
        Loss.intensity(0.5),
        Loss.amplitude(0.3),
        Loss.normalised(0.5).truncated(1.7),
    ]


@pytest.mark.parametrize("loss", all_losses(), ids=lambda loss: loss.name)
def test_derivatives_by_complex_steps(loss: Loss) -> None:
    step = 1e-30
    y = GRID_Y + 1j * step
    with np.errstate(all="ignore"):
        by_value = np.asarray(loss.value(y, GRID_T)).imag / step
        by_slope = np.asarray(loss.slope(y, GRID_T)).imag / step
    assert by_value == pytest.approx(loss.slope(GRID_Y, GRID_T), rel=1e-12, abs=1e-12)
    assert by_slope == pytest.approx(loss.curvature(GRID_Y, GRID_T), rel=1e-12, abs=1e-12)


def test_expression_is_the_named_loss() -> None:
    named, typed = Loss.normalised(0.7, 2.0), Loss.from_expression("2*(y**2 - t**2)**2/(2*(0.7 + t**2))")
    for one, other in (
        (named.value, typed.value),
        (named.slope, typed.slope),
        (named.curvature, typed.curvature),
    ):
        assert other(GRID_Y, GRID_T) == pytest.approx(one(GRID_Y, GRID_T), rel=1e-12, abs=1e-12)
    assert typed.lower_bound == pytest.approx(-4.0, abs=1e-9)


def test_infinite_offset_is_the_limit() -> None:
    large = Loss.normalised(1e9, prefactor=1e9)
    limit = Loss.normalised(math.inf)
    assert limit.name == "intensity"
    assert limit.curvature(GRID_Y, GRID_T) == pytest.approx(large.curvature(GRID_Y, GRID_T), rel=1e-8)


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        ("(y**2 - t**2)**2/2", -math.inf),
        ("(y**2 - t**2)**2/(2*(1 + t**2))", -2.0),
        # 1/sqrt(1 + t^2) - 1/(1 + y^2)^(3/2), approached at y = 0 as t grows.
        ("(sqrt(1 + y**2) - sqrt(1 + t**2))**2/(2*sqrt(1 + t**2))", -1.0),
        # g at y = 0 is -2 t^2/(1 + t^2)^2, lowest at t = 1.
        ("(y**2 - t**2)**2/(2*(1 + t**2)**2)", -0.5),
        ("y**2/2 + y**4/4", 1.0),
    ],
)
def test_lower_bound_is_found(expression: str, bound: float) -> None:
    assert Loss.from_expression(expression).lower_bound == pytest.approx(bound, abs=1e-9)


def test_truncation() -> None:
    loss = Loss.intensity().truncated(2.0)
    assert loss.lower_bound == pytest.approx(-8.0, abs=1e-9)
    assert loss.value(np.array([1.0, 1.0]), np.array([1.9, 2.1])).tolist() == pytest.approx(
        [0.5 * 2.61**2, 0.0]
    )
    assert loss.truncated(3.0).label_breakpoints == (2.0, 3.0)


def test_named_losses_can_be_sent_to_workers() -> None:
    for name in LOSSES:
        loss = pickle.loads(pickle.dumps(Loss.named(name, 0.5)))
        assert np.isfinite(loss.curvature(GRID_Y, GRID_T)).all()


def slope(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 2 * y * (y * y - t * t)


def curvature(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 6 * y * y - 2 * t * t
