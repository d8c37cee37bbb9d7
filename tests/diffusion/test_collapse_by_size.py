"""The first terms that bound the deviations of n points, which the checks of three sizes state as numbers."""

import numpy as np
import pytest
from scipy.special import log_ndtr

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.checks import checks
from statphys_gen.diffusion.checks.collapse_by_size import points, three_levels
from statphys_gen.diffusion.theory.collapse_time import (
    basin_radius,
    class_collapse,
    collapse_time,
    isotropic_collapse_time,
    leading_collapse_time,
    trap_onset_time,
)
from statphys_gen.diffusion.theory.condensed_phase import (
    condensed_phase,
    finite_size_condensed_phase,
    parisi_parameter_slope,
)

NODES = np.linspace(-8.0, 8.0, 801)
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
BOUND = {check.id: check.bound for check in checks() if not check.judged}
SIZES, ALPHA = (24, 36, 54), 0.15


def shortfall(eigenvalues, log_samples, time, radius=1.0):
    """-E log Phi(s/sqrt(d g)) in nats for a point exp(-t) a + radius sqrt(D) z, and d v.

    Of the other points those count that the posterior of the whole law holds: exp(s) of n, s less than log n by the
    divergence of that posterior from the law. Per direction, b = x^2/(D (1 + r)):
    2 divergence = log(1 + r) - r/(1 + r) + b r/(1 + r), variance of the log-weight (r/(1 + r))^2/2 + b r/(1 + r)^2.
    """
    r = np.asarray(eigenvalues) / np.expm1(2.0 * time)
    b = (r + radius**2) / (1.0 + r)
    mean = log_samples - 0.5 * (np.log1p(r) - r / (1.0 + r) + b * r / (1.0 + r)).sum()
    width = np.sqrt(0.5 * ((r / (1.0 + r) * b) ** 2).sum())
    variance = (0.5 * (r / (1.0 + r)) ** 2 + b * r / (1.0 + r) ** 2).sum()
    return -WEIGHTS @ log_ndtr((mean + width * NODES) / np.sqrt(variance)), (r / (1.0 + r)).sum()


def later(eigenvalues, log_samples, time):
    """By how much the others balance later: the logarithm of their weight grows with d v/D in time."""
    nats, fluctuation = shortfall(eigenvalues, log_samples, time)
    return nats * -np.expm1(-2.0 * time) / fluctuation


def assert_bounded_by(what, terms):
    """The bound is the largest term, which is that of the smallest size, plus the resolution of the check."""
    assert max(terms) == terms[0]
    assert BOUND[f"diffusion-by-size-{what}"] == pytest.approx(terms[0] + 0.02, abs=6e-4)


def test_weight_of_gaussian_competitors_falls_short_of_its_mean_by_the_normal_factor():
    """n Gaussian log-weights of variance v, around the edge of condensation log n = v/2, by direct draws."""
    rng = np.random.default_rng(11)
    for variance, s in ((8.0, 0.0), (8.0, 1.0), (12.0, 0.0)):
        n = round(np.exp(0.5 * variance + s))
        logs = np.sqrt(variance) * rng.standard_normal((4000, n)) - 0.5 * variance
        found = np.log(np.exp(logs).mean(axis=1))
        error = found.std() / np.sqrt(len(found))
        edge = float(log_ndtr((np.log(n) - 0.5 * variance) / np.sqrt(variance)))
        # Terms of the order of one over the width, of either sign, are left.
        assert abs(found.mean() - edge) < 5 * error + 0.05 * abs(edge)


def test_bounds_of_collapse_times():
    w = 0.35
    label = -(w * np.log(w) + (1 - w) * np.log1p(-w))
    both, published, flat, classes = [], [], [], []
    for d in SIZES:
        logarithm = np.log(points(ALPHA, d))
        two = GaussianMixture.two_classes(d, 1.0, 0.8, w)
        time = float(collapse_time(two, logarithm).require()["time"])
        shift = later(np.full(d, 0.8), logarithm - label, time)
        both.append(shift / time)
        leading = float(leading_collapse_time(two, logarithm).require()["time"])
        published.append((time + shift) / leading - 1.0)
        time = float(isotropic_collapse_time(d, 0.6, logarithm))
        flat.append(later(np.full(d, 0.6), logarithm, time) / time)
        means = np.stack([np.full(d, 1.5), np.full(d, -1.5)])
        of_class = class_collapse(GaussianMixture([0.4, 0.6], means, [0.3, 1.5]), logarithm)
        classes.append(
            [
                later(np.full(d, v), logarithm + np.log(share), t) / t
                for v, share, t in zip((0.3, 1.5), (0.4, 0.6), of_class.classes["time"], strict=True)
            ]
        )
    assert_bounded_by("collapse-time-of-two-classes", both)
    assert_bounded_by("published-collapse-time-and-line-of-the-phase-diagram", published)
    assert_bounded_by("collapse-time-of-isotropic-data", flat)
    assert_bounded_by("collapse-times-of-classes-with-different-variances", [max(pair) for pair in classes])


def test_bounds_of_traps_and_basins():
    traps, basins = [], []
    for d in (12, 18, 30):
        law, logarithm = three_levels(d), np.log(points(0.3, d))
        each = np.repeat(law.eigenvalues, law.multiplicities.astype(int))
        time = float(trap_onset_time(law, logarithm).require()["time"])
        nats, _ = shortfall(each, logarithm, time, radius=0.0)
        r = each / np.expm1(2.0 * time)
        traps.append(nats * -np.expm1(-2.0 * time) / (r / (1.0 + r) + r / (1.0 + r) ** 2).sum() / time)
        radius = float(basin_radius(law, 0.5, logarithm))
        nats, fluctuation = shortfall(each, logarithm, 0.5, radius)
        basins.append(nats / fluctuation / radius**2)
    assert_bounded_by("onset-of-traps", traps)
    assert_bounded_by("radius-of-a-basin", basins)


def test_bounds_in_the_condensed_phase():
    """Of the Parisi parameter with the correction of order log(d)/d against the one without, at the smallest size."""
    flat, two_level = Covariance.isotropic(1.4, 12), Covariance.from_eigenvalues([4.0, 0.25], [3, 9])
    logarithm = np.log(points(0.3, 12))
    ratio = "test_participation_ratio"
    with_it, without = (
        float(solve(flat, 0.1, logarithm).require()[ratio])
        for solve in (finite_size_condensed_phase, condensed_phase)
    )
    assert_bounded_by("condensed-participation", [with_it / without - 1.0])
    m, limit = (
        float(solve(two_level, 0.08, logarithm).require()["parisi_parameter"])
        for solve in (finite_size_condensed_phase, condensed_phase)
    )
    r = 0.25 / np.expm1(0.16)
    lost = 1.0 - m * (1.0 + limit * r) / (limit * (1.0 + m * r))
    # The corrected parameter is itself known up to a relative term of order 1/d.
    assert_bounded_by(
        "posterior-variances-in-the-condensed-phase-200-data-sets", [lost + (1.0 - lost) / 12.0]
    )
    law = Covariance.from_eigenvalues([1.6, 0.9], [5, 10])
    logarithm = np.log(points(0.24165, 15))
    start = float(collapse_time(law, logarithm).require()["time"])
    first_order = parisi_parameter_slope(law, start) * (start - 0.08)
    found = float(finite_size_condensed_phase(law, 0.08, logarithm).require()[ratio])
    assert_bounded_by("participation-from-the-slope-at-the-collapse-time", [found / first_order - 1.0])
