"""Clone agreement of two classes: reference values, limits, published simulations."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from statphys_gen.data.binary_channel import (
    signal_at_agreement,
    two_class_agreement,
    two_class_disagreement,
    two_class_excess,
)
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.class_signal import signal
from statphys_gen.diffusion.theory.clones import clone_agreement
from statphys_gen.diffusion.theory.two_class_special import sign_agreement, two_variance_agreement
from statphys_gen.errors import InvalidArgument

REFERENCE = Path(__file__).parents[1] / "reference"
with (REFERENCE / "diffusion_clone_agreement.csv").open() as file:
    ROWS = [
        (row["quantity"], row["arguments"].split(" | "), float(row["value"])) for row in csv.DictReader(file)
    ]


def rows(quantity: str) -> list[tuple[list[float], float]]:
    found = [([float(a) for a in arguments], value) for name, arguments, value in ROWS if name == quantity]
    assert found
    return found


@pytest.mark.parametrize(("arguments", "expected"), rows("two_class"))
def test_agreement(arguments: list[float], expected: float) -> None:
    assert float(two_class_agreement(*arguments)) == pytest.approx(expected, rel=1e-15, abs=2e-16)


@pytest.mark.parametrize(("arguments", "expected"), rows("two_class_complement"))
def test_disagreement_keeps_relative_accuracy(arguments: list[float], expected: float) -> None:
    # At x = 1000 the exponent exp(-500) itself leaves 500 roundings.
    assert float(two_class_disagreement(*arguments)) == pytest.approx(
        expected, rel=2e-15 + 3e-16 * arguments[0]
    )


@pytest.mark.parametrize(("arguments", "expected"), rows("two_class_excess"))
def test_excess_keeps_relative_accuracy(arguments: list[float], expected: float) -> None:
    assert float(two_class_excess(*arguments)) == pytest.approx(expected, rel=3e-15)


@pytest.mark.parametrize(("arguments", "expected"), rows("inverse"))
def test_inverse(arguments: list[float], expected: float) -> None:
    assert float(signal_at_agreement(*arguments)) == pytest.approx(expected, rel=5e-15)


@pytest.mark.parametrize("weight", [0.5, 0.3, 0.01])
def test_inverse_returns_the_signal(weight: float) -> None:
    signals = np.array([[0.01, 0.3, 1.0], [2.0, 8.0, 20.0]])
    agreement = two_class_agreement(signals, weight)
    # The agreement is rounded to 1e-16: what that leaves of the signal is its slope there.
    slope = (two_class_agreement(signals * 1.001, weight) - agreement) / (0.001 * signals)
    error = np.abs(signal_at_agreement(agreement, weight) - signals)
    assert (error <= 4e-16 / slope + 1e-14 * signals).all()


def test_series_at_small_signal() -> None:
    x = np.array([1e-12, 1e-8, 1e-4])
    assert two_class_excess(x) == pytest.approx((x - x**2 + 5 * x**3 / 3) / 2, rel=3e-15)


def test_tail_at_large_signal() -> None:
    x = np.array([200.0, 800.0, 1300.0])
    tail = np.sqrt(np.pi / (8 * x)) * np.exp(-x / 2) * (1 - np.pi**2 / (8 * x))
    assert (np.abs(two_class_disagreement(x) / tail - 1) < 5 / x**2).all()


def test_grid_equals_points_and_extremes_are_finite() -> None:
    x = np.concatenate([[0.0, 1e-300], np.geomspace(1e-6, 1e5, 400)])
    for weight in (0.5, 0.2, 1e-12):
        grid = two_class_agreement(x, weight)
        assert grid[0] == weight**2 + (1 - weight) ** 2
        assert grid[-1] == 1.0
        assert (np.diff(grid) >= -3e-16).all()
        single = [float(two_class_agreement(value, weight)) for value in x[::50]]
        assert grid[::50] == pytest.approx(single, rel=2e-15)


def test_weights_may_be_exchanged() -> None:
    x = np.geomspace(0.01, 50, 7)
    assert two_class_disagreement(x, 0.2) == pytest.approx(two_class_disagreement(x, 0.8), rel=2e-15)


def test_variance_matters_only_through_the_signal() -> None:
    target = np.array([0.3, 1.0, 4.0])
    values = []
    for variance, dimension in ((0.0, 7), (0.4, 300), (3.0, 40)):
        mixture = GaussianMixture.two_classes(dimension, 1.1, variance)
        squared = dimension * 1.1**2
        times = 0.5 * np.log1p(squared / target - variance)  # x = |m|^2 / (exp(2t) - 1 + variance)
        assert signal(mixture, times) == pytest.approx(target, rel=1e-13)
        values.append(clone_agreement(mixture, times).value)
    assert values[0] == pytest.approx(values[1], rel=1e-13)
    assert values[0] == pytest.approx(values[2], rel=1e-13)


def published_deviations(signal_error: float) -> np.ndarray:
    """Published minus theory in units of the standard error, where 0.51 < phi < 0.999; the signal off by a factor."""
    published = json.loads((REFERENCE / "diffusion_published_clones.json").read_text())
    deviations = []
    for dimension, points in published["agreement"].items():
        times, measured = np.array(points).T
        mixture = GaussianMixture.two_classes(int(dimension), published["separation"], published["variance"])
        theory = two_class_agreement((1.0 + signal_error) * signal(mixture, times))
        used = (theory > 0.51) & (theory < 0.999)
        error = np.sqrt(theory[used] * (1 - theory[used]) / published["pairs"])
        deviations.append((measured[used] - theory[used]) / error)
    return np.concatenate(deviations)


def test_published_simulations() -> None:
    """Simulated clones of the paper's authors: mean squared deviation over their standard errors, 1 +- 0.28."""
    deviations = published_deviations(0.0)
    assert len(deviations) == 25
    assert np.mean(deviations**2) < 1.5
    # A signal off by 5 % fails the same test.
    assert np.mean(published_deviations(0.05) ** 2) > 1.5
    assert np.mean(published_deviations(-0.05) ** 2) > 1.5


@pytest.mark.parametrize(("arguments", "expected"), rows("two_variances"))
def test_two_variances(arguments: list[float], expected: float) -> None:
    dimension, first, second, weight, time = arguments
    value = float(two_variance_agreement(int(dimension), (first, second), weight, time))
    assert value == pytest.approx(expected, rel=1e-12)


def test_two_variances_limits() -> None:
    values = two_variance_agreement(50, (1.0, 1.0), 0.3, [0.1, 2.0])
    assert values == pytest.approx([0.58, 0.58], rel=1e-14)
    late = two_variance_agreement(50, (0.5, 2.0), 0.3, [400.0])
    assert late == pytest.approx([0.58], rel=1e-14)
    with pytest.raises(InvalidArgument, match="time"):
        two_variance_agreement(3, (0.0, 1.0), 0.5, 0.0)


@pytest.mark.parametrize(("arguments", "expected"), rows("sign_label"))
def test_sign_label(arguments: list[float], expected: float) -> None:
    separation, variance, weight, time = arguments
    mixture = GaussianMixture.two_classes(1, separation, variance, weight)
    assert float(sign_agreement(mixture, time)) == pytest.approx(expected, rel=1e-11)


def test_sign_label_limits() -> None:
    overlapping = GaussianMixture.two_classes(4, 0.3, 1.0)
    values = sign_agreement(overlapping, [1e-10, 0.5, 300.0])
    assert values[0] == pytest.approx(1.0, abs=1e-4)
    assert values[2] == pytest.approx(0.5, abs=1e-14)
    # Classes that do not overlap: the side is the class.
    apart = GaussianMixture.two_classes(400, 1.0, 1.0, 0.3)
    times = [2.0, 2.6, 3.2]
    assert sign_agreement(apart, times) == pytest.approx(clone_agreement(apart, times).value, rel=1e-12)
    points = GaussianMixture.two_classes(4, 0.3, 0.0)
    assert sign_agreement(points, 0.5) == pytest.approx(clone_agreement(points, [0.5]).value[0], rel=1e-14)


def test_sign_label_needs_a_line() -> None:
    tilted = GaussianMixture([0.5, 0.5], [[1.0, 1.0], [-1.0, -1.0]], [[1.0, 2.0]])
    with pytest.raises(InvalidArgument, match="eigenvector"):
        sign_agreement(tilted, 0.5)


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf"), "1"])
def test_bad_signal(bad: object) -> None:
    with pytest.raises(InvalidArgument, match="signal"):
        two_class_agreement(bad)


@pytest.mark.parametrize("bad", [0.49, 1.0, 1.2])
def test_bad_agreement(bad: float) -> None:
    with pytest.raises(InvalidArgument, match="agreement"):
        signal_at_agreement([0.7, bad])


@pytest.mark.parametrize("bad", [0.0, 1.0, -1.0])
def test_bad_weight(bad: float) -> None:
    with pytest.raises(InvalidArgument, match="weight"):
        two_class_agreement(1.0, bad)
