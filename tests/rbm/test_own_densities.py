"""Densities of a user's own: narrow features, singular ends, tails. References: closed forms, and mpmath here."""

import math

import mpmath
import numpy as np
import pytest
from scipy.stats import norm

from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.rbm import Model, solve
from statphys_gen.units import Gaussian, Mixture, ReLU, tables
from statphys_gen.units.custom import FromLogDensity

B = np.array([-3.0, -0.4, 0.0, 0.7, 5.0])


def mixture_moments(weights, centres, variances, a, b):
    """log Z, mean and variance of a tilted mixture of normal laws, in closed form."""
    logs, means, widths = [], [], []
    for w, m, v in zip(weights, centres, variances, strict=True):
        c = 1.0 / v - a
        # Around the centre, where nothing cancels.
        logs.append(math.log(w) + m * (0.5 * a * m + b) + 0.5 * (b + a * m) ** 2 / c - 0.5 * math.log(c * v))
        means.append(m + (b + a * m) / c)
        widths.append(1.0 / c)
    share = np.exp(np.array(logs) - max(logs))
    total = share.sum()
    share /= total
    mean = float(share @ means)
    return (
        max(logs) + math.log(total),
        mean,
        float(share @ (np.array(widths) + (np.array(means) - mean) ** 2)),
    )


@pytest.mark.parametrize(
    ("weights", "centres", "variances"),
    [
        ([0.5, 0.5], [-1.0, 1.0], [1e-6, 1e-6]),
        ([0.5, 0.5], [0.0, 1.0], [1.0, 1e-4]),
        ([0.9, 0.1], [0.0, -2.5], [1.0, 1e-7]),
        ([0.2, 0.8], [3.0, 40.0], [4.0, 0.01]),
    ],
)
def test_narrow_features_are_seen(weights, centres, variances):
    def log_density(h):
        parts = [
            math.log(w) - 0.5 * (h - m) ** 2 / v - 0.5 * math.log(2 * math.pi * v)
            for w, m, v in zip(weights, centres, variances, strict=True)
        ]
        return np.logaddexp.reduce(parts)

    own = FromLogDensity(log_density)
    a = 0.2
    right = np.array([mixture_moments(weights, centres, variances, a, b) for b in B]).T
    log, mean, variance = own.log_partition_and_moments(a, B)
    np.testing.assert_allclose(log, right[0], rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(mean, right[1], rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(variance, right[2], rtol=1e-10)
    assert own.tail_coefficient() == pytest.approx(max(variances), rel=1e-9)


def test_two_spikes_are_a_binary_unit():
    own = FromLogDensity(lambda h: np.logaddexp(-((h - 1) ** 2) / 2e-6, -((h + 1) ** 2) / 2e-6))
    assert own.symmetric
    # Of width 1e-3 they respond as tanh(0.7) + 1e-6 * 0.7 (a normal law of variance 1e-6 at either side).
    assert float(own.mean(0.0, 0.7)) == pytest.approx(math.tanh(0.7) + 0.7e-6, abs=1e-12)


@pytest.mark.parametrize("power", [-0.5, -0.9, 0.5])
@pytest.mark.parametrize("edge", [0.0, 3.0])
def test_powers_at_an_end(power, edge):
    """h^power on (0, 1), and mirrored at another end."""
    b = 0.7
    # Term by term in the series of exp(b h).
    moments = [sum(b**k / math.factorial(k) / (power + n + k + 1) for k in range(30)) for n in (0, 1)]
    right = moments[1] / moments[0]
    if edge == 0.0:
        own = FromLogDensity(lambda h: power * np.log(h), support=(0.0, 1.0))
        assert float(own.mean(0.0, b)) == pytest.approx(right, abs=1e-10)
        return
    own = None
    try:
        own = FromLogDensity(lambda h: power * np.log(edge - h), support=(edge - 1.0, edge))
    except AccuracyNotReached:
        assert power == -0.9  # the distance to an end that is not 0 has too few digits
    if own is not None:
        assert edge - float(own.mean(0.0, -b)) == pytest.approx(right, abs=1e-10)


def test_kinks_and_jumps_that_were_not_declared():
    own = FromLogDensity(lambda h: -0.5 * h**2 + np.where(h > 0.123, 1.0, 0.0))
    right = 0.5 * math.e * norm.sf(0.123 - 0.7) / 0.5
    left = norm.cdf(0.123 - 0.7)
    mean = 0.7 + norm.pdf(0.123 - 0.7) * (math.e - 1.0) / (right + left)
    assert float(own.mean(0.0, 0.7)) == pytest.approx(mean, abs=1e-10)


def test_a_singularity_inside_is_asked_for():
    def log_density(h):
        return -0.5 * h * h - 0.5 * np.log(np.abs(h - 0.123))

    with pytest.raises(AccuracyNotReached, match="breakpoints="):
        FromLogDensity(log_density).mean(0.0, 0.7)
    own = FromLogDensity(log_density, breakpoints=(0.123,))
    with mpmath.workdps(30):
        moments = [
            mpmath.quad(
                lambda h, k=k: h**k * mpmath.exp(-h * h / 2 + 0.7 * h) / mpmath.sqrt(abs(h - 0.123)),
                [-12, -1, 0.1229, 0.123, 0.1231, 1, 12],
            )
            for k in (0, 1)
        ]
    assert float(own.mean(0.0, 0.7)) == pytest.approx(float(moments[1] / moments[0]), abs=2e-8)


@pytest.mark.parametrize(
    "log_density",
    [
        lambda h: np.log(norm.pdf(h)),
        lambda h: -np.log(np.cosh(h)),
        lambda h: -0.5 * h * h + 0.1 * np.abs(h) ** 1.9,
        lambda h: -0.5 * h * h + 0.5 * np.abs(h) ** 1.9,
        lambda h: -0.5 * h * h - 0.3 * np.abs(h) ** 1.95,
    ],
)
def test_tails_that_cannot_be_told_are_asked_for(log_density):
    with pytest.raises(InvalidArgument, match="tail_coefficient=") as refusal:
        FromLogDensity(log_density)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "log_density",
    [
        lambda h: -np.logaddexp(h, -h),
        lambda h: -2.0 * np.log1p(h * h),
        lambda h: -(np.abs(h) ** 1.9),
        lambda h: -np.abs(h),
        lambda h: -np.sqrt(1.0 + h * h),
    ],
)
def test_tails_thicker_than_gaussian_are_refused(log_density):
    with pytest.raises(InvalidArgument, match="at least as thin as Gaussian"):
        FromLogDensity(log_density)


@pytest.mark.parametrize(
    ("log_density", "omega"),
    [
        (lambda h: -0.5 * h * h - np.log1p(h * h), 1.0),
        (lambda h: -0.5 * h * h / 3.0 + 2.0 * h, 3.0),
        (lambda h: -0.5 * (h / 1e-9) ** 2, 1e-18),
        (lambda h: -0.5 * (h - 1e5) ** 2, 1.0),
        (norm.logpdf, 1.0),
        (lambda h: -(h**4), 0.0),
        (lambda h: -(np.abs(h) ** 2.5), 0.0),
        (lambda h: -(np.abs(h) ** 2.1), 0.0),
        (lambda h: -np.cosh(h), 0.0),
    ],
)
def test_tails_that_can_be_told(log_density, omega):
    assert FromLogDensity(log_density).tail_coefficient() == pytest.approx(omega, rel=1e-9)


def test_a_declared_tail():
    own = FromLogDensity(lambda h: -0.5 * h * h + 0.1 * np.abs(h) ** 1.9, tail_coefficient=1.0)
    assert own.tail_coefficient() == own.tail_coefficient(-1) == 1.0
    with mpmath.workdps(25):
        moments = [
            mpmath.quad(
                lambda h, k=k: h**k * mpmath.exp(-0.3 * h * h + 0.1 * abs(h) ** 1.9 + h),
                [-40, -1, 0, 1, 10, 40],
            )
            for k in (0, 1)
        ]
    assert float(own.mean(0.4, 1.0)) == pytest.approx(float(moments[1] / moments[0]), rel=1e-10)


def test_states_of_ones_own_density_are_those_of_the_built_in_one():
    own = FromLogDensity(
        lambda h: (
            np.logaddexp(-((h - math.sqrt(0.5)) ** 2), -((h + math.sqrt(0.5)) ** 2))
            - 0.5 * math.log(4 * math.pi)
        )
    )
    for start in ("glass", "retrieval"):
        loads = np.array([0.01, 0.03, 0.4])
        found, right = (
            solve(Model(law, 0.25, 0.1, convention="sqrt-beta"), start, load=loads)
            for law in (own, Mixture(0.5))
        )
        np.testing.assert_array_equal(found.status, right.status)
        for name in ("edwards_anderson_overlap", "free_entropy", "replicon"):
            np.testing.assert_allclose(found[name], right[name], rtol=1e-10, atol=1e-11)
    assert own.table_error < 1e-6


@pytest.mark.parametrize("a", [-3.0, 0.0, 0.9, 0.9999])
def test_tables_next_to_the_pole(a):
    # The exponents that cancel are of order b^2 / (2 (1 - a)^2), times the rounding of a number: kept of order 1e6.
    b = np.array([-30.0, -1.0, -1e-4, 0.0, 0.02, 1.0, 20.0]) * (1.0 if a < 0.99 else 0.005)
    half = FromLogDensity(lambda h: 0.5 * np.log(2 / np.pi) - 0.5 * h * h - 0.4 * h, support=(0.0, math.inf))
    both = FromLogDensity(lambda h: -0.5 * h * h - 0.5 * math.log(2 * math.pi))
    for own, right in ((half, ReLU(0.4)), (both, Gaussian())):
        mean, variance = right.mean_and_variance(a, b)
        np.testing.assert_allclose(own.mean(a, b), mean, rtol=2e-11, atol=0.0)
        np.testing.assert_allclose(own.variance(a, b), variance, rtol=2e-11)


def test_where_polynomials_are_too_many_the_moments_are_summed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ripple of short waves with a spike, from its definition: the first cell alone is tried."""
    monkeypatch.setattr(tables, "_MOST_TERMS", 0)

    def log_density(h: np.ndarray) -> np.ndarray:
        return np.logaddexp(
            -0.5 * h**2 + np.log1p(0.8 * np.cos(40.0 * h)), 2.0 - 0.5 * ((h - 0.7) / 0.01) ** 2
        )

    prior = FromLogDensity(log_density)
    tilt, field = np.array([0.0, 0.3, 0.3]), np.array([0.4, -1.7, 6.0])
    found = np.stack(prior.log_partition_and_moments(tilt, field))
    h = np.linspace(-60.0, 60.0, 2_400_001)
    for k in range(len(tilt)):
        exponent = log_density(h) + h * (0.5 * tilt[k] * h + field[k])
        mass = np.exp(exponent - exponent.max())
        mean = float(mass @ h / mass.sum())
        wanted = (
            math.log(float(mass.sum()) * 120.0 / 2_400_000) + float(exponent.max()),
            mean,
            float(mass @ (h - mean) ** 2 / mass.sum()),
        )
        assert found[:, k] == pytest.approx(wanted, rel=1e-11)
    assert not prior._table(1.0)._coefficients


@pytest.mark.parametrize("end", [1e3, 1e5, 1e6, 1e7, 3.9e7])
def test_far_ends_do_not_matter(end: float) -> None:
    """Of a Gaussian cut that far out nothing is missing, though beyond the tilt 1 all weight is at the ends."""
    prior = FromLogDensity(lambda h: -0.5 * h * h, support=(-end, end))
    tilt, field = np.array([0.0, 0.3, -0.5, 0.9]), np.array([0.0, 0.2, 1.0, 0.1])
    log, mean, variance = prior.log_partition_and_moments(tilt, field)
    exact = 0.5 * np.log(2.0 * np.pi / (1.0 - tilt)) + 0.5 * field**2 / (1.0 - tilt)
    np.testing.assert_allclose(log, exact, rtol=1e-12)
    np.testing.assert_allclose(mean, field / (1.0 - tilt), rtol=1e-12)
    np.testing.assert_allclose(variance, 1.0 / (1.0 - tilt), rtol=1e-12)


@pytest.mark.parametrize(("distance", "barrier"), [(1.0, 7.17), (0.349, 31.43), (7.55, 22.08)])
@pytest.mark.parametrize("power", [1.0, 2.5])
def test_double_well(distance: float, barrier: float, power: float) -> None:
    """Between its maximum and the barrier such a density departs little from an exponential, but falls far."""

    def well(h: np.ndarray) -> np.ndarray:
        return -barrier * ((h / distance) ** 2 - 1.0) ** 2

    field = 0.7 / distance

    def integral(order: int) -> mpmath.mpf:
        def integrand(h):
            return h**order * mpmath.exp(-power * barrier * ((h / distance) ** 2 - 1) ** 2 + field * h)

        return mpmath.quad(integrand, [k * distance / 10 for k in range(-30, 31)])

    with mpmath.workdps(25):
        norm = integral(0)
        wanted = mpmath.log(norm), integral(1) / norm, integral(2) / norm - (integral(1) / norm) ** 2
    found = FromLogDensity(well).log_partition_and_moments(0.0, field, power)
    assert float(found[0]) == pytest.approx(float(wanted[0]), abs=1e-12)
    np.testing.assert_allclose(found[1:], [float(x) for x in wanted[1:]], rtol=3e-12)


@pytest.mark.parametrize(
    ("density", "options"),
    [
        (lambda h: -np.abs(h), {"breakpoints": (0.0,), "tail_coefficient": 0.0}),
        (lambda h: -0.5 * h * h, {"support": (-1e12, 1e12)}),
    ],
)
def test_weight_that_cannot_be_summed(density, options) -> None:
    """Tails that are thicker than declared, and an end whose exponent is all rounding beyond the tilt 1."""
    prior = FromLogDensity(density, **options)
    with pytest.raises(AccuracyNotReached, match="thicker than tail_coefficient= says, or its support ends"):
        prior.log_partition(0.0, 1.5)


def test_bump_far_from_the_middle_of_its_support() -> None:
    """Cells whose variance is 0 to rounding are no reason for a warning."""
    place, variance = 151969.25489596566, 0.2821073361044683**2
    prior = FromLogDensity(
        lambda h: -0.5 * ((h - place) / 0.2821073361044683) ** 2, (-306244.99862870196, 306244.99862870196)
    )
    tilt, field = np.array([0.0, 0.187, -2.8]), np.array([-47.9, -28452.0, -0.125])
    _, mean, width = prior.log_partition_and_moments(tilt, field)
    np.testing.assert_allclose(mean, (place + field * variance) / (1.0 - tilt * variance), rtol=1e-12)
    # Exponents of 3e10 are rounded to 4e-6.
    np.testing.assert_allclose(width, variance / (1.0 - tilt * variance), rtol=4e-6)
