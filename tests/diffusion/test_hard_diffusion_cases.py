"""Diffusion where features are narrow, times late or classes many: right values by other routes, and exact bounds."""

import math
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.dataset import load_dataset
from statphys_gen.data.laws import DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.analysis.data_set import analyse
from statphys_gen.diffusion.theory.clones import clone_agreement
from statphys_gen.diffusion.theory.discrete_channel import channel
from statphys_gen.diffusion.theory.excess_entropy import gaussian_window
from statphys_gen.diffusion.theory.finite_size_collapse import isotropic_collapse
from statphys_gen.diffusion.theory.speciation_time import bayes_time, pair_bayes_time


def exact_disagreement(
    weights: list[float], means: list[float], variances: list[float], time: float
) -> float:
    """1 - phi = int p (1 - sum_k p(k|x)^2) dx in one dimension, with break points at every class's own widths."""
    mp.mp.dps = 25
    decay = mp.exp(-mp.mpf(time))
    places = [decay * mp.mpf(m) for m in means]
    widths = [mp.sqrt(1 + decay**2 * (mp.mpf(v) - 1)) for v in variances]

    def integrand(x: mp.mpf) -> mp.mpf:
        parts = [w * mp.npdf(x, m, s) for w, m, s in zip(weights, places, widths, strict=True)]
        total = sum(parts)
        return total - sum(q * q for q in parts) / total if total > 0 else mp.mpf(0)

    grades = [0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 40]
    points = {m + s * k * g for m, s in zip(places, widths, strict=True) for k in grades for g in (-1, 1)}
    return float(mp.quad(integrand, sorted(points)))


@pytest.mark.parametrize(
    ("weights", "means", "variances", "time"),
    [
        ([0.95, 0.05], [0.0, 370.0], [1e6, 1.0], 0.1),
        ([0.95, 0.05], [0.0, 3.7], [1e2, 1.0], 0.1),
        ([0.5, 0.5], [0.0, 0.0], [1e8, 1e-4], 0.01),
        ([0.3, 0.3, 0.4], [0.0, 50.0, -1000.0], [1e6, 1.0, 0.01], 0.05),
        ([0.2, 0.8], [0.0, 1e4], [1e12, 4.0], 0.2),
    ],
)
def test_a_narrow_class_inside_a_broad_one(
    weights: list[float], means: list[float], variances: list[float], time: float
) -> None:
    found = clone_agreement(GaussianMixture(weights, [[m] for m in means], variances), [time])
    exact = exact_disagreement(weights, means, variances, time)
    assert 1.0 - found.value[0] == pytest.approx(exact, abs=1e-12)
    assert abs(1.0 - found.value[0] - exact) <= found.error[0]


@pytest.mark.parametrize(("dimension", "broad", "shift"), [(3, 1e4, 40.0), (2, 30.0, 4.0)])
def test_a_narrow_class_off_the_centre_in_more_dimensions(dimension: int, broad: float, shift: float) -> None:
    """By a trapezoidal sum around the narrow class: sinh along the line of the means, exp in the distance from it."""
    weights, time = (0.7, 0.3), 0.1
    means = np.zeros((2, dimension))
    means[1, 0] = shift
    found = clone_agreement(GaussianMixture(weights, means, [broad, 1.0]), [time])
    decay = math.exp(-time)
    v = 1.0 + decay**2 * (np.array([broad, 1.0]) - 1.0)
    # In two dimensions what lies closer to the line than exp(-26) is left out, 1e-11 of all.
    a, b = np.linspace(-8.0, 8.0, 2001), np.linspace(-26.0, 6.5, 1901)
    along, radius = np.sinh(a)[:, None], np.exp(b)[None, :]
    # Surface of a sphere in the dimensions off the line times the two changes of variable.
    surface = 2.0 * math.pi ** ((dimension - 1) / 2) / math.gamma((dimension - 1) / 2)
    volume = surface * radius ** (dimension - 1) * np.cosh(a)[:, None] * (a[1] - a[0]) * (b[1] - b[0])
    squares = [radius**2 + (along + decay * shift) ** 2, radius**2 + along**2]
    parts = [
        w * np.exp(-square / (2.0 * s)) / (2.0 * math.pi * s) ** (dimension / 2)
        for w, square, s in zip(weights, squares, v, strict=True)
    ]
    both = np.divide(
        parts[0] * parts[1], parts[0] + parts[1], out=np.zeros_like(parts[0]), where=parts[1] > 0.0
    )
    assert 1.0 - found.value[0] == pytest.approx(2.0 * float((volume * both).sum()), rel=1e-8)


def test_finite_collapse_at_late_times_and_its_bounds() -> None:
    """H = log n - (n - 1)/(2 n) d r^2 ... at late times: all points alike; Y and the nearest point likewise."""
    for dimension, samples in (
        (10, 100.0),
        (2, 100.0),
        (3, 7.5),
        (1, 7.0),
        (1000, 1e9),
        (10, 1.0),
        (5, 1e300),
    ):
        found = isotropic_collapse(dimension, 1.0, samples, [6.0, 9.0, 20.0, 30.0, 40.0, 300.0, 360.0])
        assert (found.entropy <= math.log(samples)).all()
        assert (found.entropy >= 0.0).all()
        for share in (found.participation, found.own_nearest):
            assert (share >= 1.0 / samples).all()
            assert (share <= 1.0).all()
        assert found.entropy[2:] == pytest.approx(math.log(samples), abs=1e-10)
        assert found.participation[-1] == 1.0 / samples
        assert (np.diff(found.entropy) >= -1e-12).all()


def test_finite_collapse_of_two_points_by_quadrature() -> None:
    """n = 2: H and Y are averages over one log-ratio, by drawing points at a late time where it is nearly Gaussian.

    log y = (|x - e a|^2 - |x - e b|^2)/(2 D) with x = e a + sqrt(D) z has the variance of e z (a - b)/sqrt(D) given the
    points, plus their own; at d = 2 its moments to second order in e^2/D give log 2 - H = E (log y)^2/8.
    """
    time, dimension = 6.0, 2
    ratio = 1.0 / math.expm1(2.0 * time)
    found = isotropic_collapse(dimension, 1.0, 2, [time])
    # log y = -(e^2 |a - b|^2 + 2 e sqrt(D) z (a - b))/(2 D): E (log y)^2 = r E |a - b|^2 = 2 d r to first order.
    second = 2.0 * dimension * ratio
    assert math.log(2.0) - found.entropy[0] == pytest.approx(second / 8.0, rel=1e-4)
    assert found.participation[0] - 0.5 == pytest.approx(second / 8.0, rel=1e-4)


@pytest.mark.parametrize("classes", [2, 12])
def test_the_bayes_time_is_that_of_the_last_pair(classes: int) -> None:
    rng = np.random.default_rng(4)
    mixture = GaussianMixture(
        np.full(classes, 1.0 / classes), 2.0 * rng.standard_normal((classes, 3)), 0.5 + rng.random(classes)
    )
    times = [
        float(pair_bayes_time(mixture, k, m)["time"]) for k in range(classes) for m in range(k + 1, classes)
    ]
    assert float(bayes_time(mixture)["time"]) == pytest.approx(np.nanmax(times), rel=1e-14)


def test_the_bayes_time_of_many_classes_takes_a_moment() -> None:
    rng = np.random.default_rng(5)
    mixture = GaussianMixture(np.full(100, 0.01), 3.0 * rng.standard_normal((100, 2)), [1.0])
    distance = max(float(((a - b) ** 2).sum()) for a in mixture.means for b in mixture.means)
    # x = |m_1 - m_2|^2/(4 (e^(2t) - 1 + 1)) = 1.
    assert float(bayes_time(mixture)["time"]) == pytest.approx(0.5 * math.log(distance / 4.0), rel=1e-12)


def test_the_gaussian_window_keeps_its_bounds() -> None:
    for dimension, samples in ((2, 2.0), (5, 2.0), (3, 10.0), (40, 1e6)):
        law = Covariance([0.7, 2.0], [0.5, 0.5], dimension=2 * dimension)
        found = gaussian_window(law, [0.05, 0.5, 1.0, 3.0, 8.0, 30.0], math.log(samples))
        assert (found.entropy <= math.log(samples)).all()
        assert (found.participation >= (1.0 - 1e-15) / samples).all()
        assert found.entropy[-1] == pytest.approx(math.log(samples), rel=1e-14)


@pytest.mark.parametrize("snr", [0.02, 0.4, 6.0])
def test_many_values_of_a_component_are_as_few(snr: float) -> None:
    """Twenty uneven values, by the definition: densities on a dense grid in y."""
    rng = np.random.default_rng(6)
    values, weights = (
        np.cumsum(rng.uniform(0.3, 2.0, 20))[rng.permutation(20)],
        rng.dirichlet(np.full(20, 0.5)),
    )
    weights = np.maximum(weights, 1e-9) / np.maximum(weights, 1e-9).sum()
    found = channel(DiscreteProduct(3, values, weights), np.array([snr]))
    root = math.sqrt(snr)
    y = np.linspace(root * values.min() - 12.0, root * values.max() + 12.0, 40_001)
    density = np.exp(-0.5 * (y - root * values[:, None]) ** 2) / math.sqrt(2.0 * math.pi)
    joint = weights[:, None] * density
    total = joint.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.where(joint > 0.0, np.log(density / total), 0.0)
    step = y[1] - y[0]
    information = step * float((joint * surprise).sum())
    mean = (joint * values[:, None]).sum(axis=0) / total
    spread = step * float((joint * (values[:, None] - mean) ** 2).sum())
    assert found.information[0] == pytest.approx(information, rel=1e-10)
    assert found.information_variance[0] == pytest.approx(
        step * float((joint * surprise**2).sum()) - information**2, rel=1e-9
    )
    assert found.posterior_variance[0] == pytest.approx(spread, rel=1e-9)


def test_pixels_of_eight_bits() -> None:
    """Between evenly spaced values far apart in noise one hears log(range sqrt(s/(2 pi e))), and the noise is left."""
    found = channel(DiscreteProduct(1, np.arange(256.0), np.full(256, 1.0 / 256.0)), np.array([0.5, 1e3]))
    continuous = math.log(256.0 * math.sqrt(0.5 / (2.0 * math.pi * math.e)))
    assert found.information[0] == pytest.approx(continuous, abs=0.02)
    assert found.posterior_variance[0] == pytest.approx(2.0, rel=0.02)
    assert found.information[1] == pytest.approx(math.log(256.0), rel=1e-13)


@pytest.mark.parametrize("unit", [1e-140, 1e-78, 1e78, 1e149])
def test_a_data_set_in_any_unit(tmp_path: Path, unit: float) -> None:
    """Ranks, shares and the direction do not depend on the unit; variances scale with its square."""
    rng = np.random.default_rng(8)
    points = rng.standard_normal((80, 4)) + 3.0 * rng.choice([-1.0, 1.0], size=80)[:, None] * np.array(
        [1, 0.5, 0, 0]
    )
    reports = []
    for name, scale in (("plain", 1.0), ("scaled", unit)):
        np.save(tmp_path / f"{name}.npy", scale * points)
        reports.append(analyse(load_dataset(tmp_path / f"{name}.npy")))
    plain, scaled = reports
    assert scaled.total_variance == pytest.approx(plain.total_variance * unit**2, rel=1e-12)
    assert scaled.effective_rank == pytest.approx(plain.effective_rank, rel=1e-12)
    assert scaled.eigenvalues == pytest.approx(plain.eigenvalues * unit**2, rel=1e-10)
