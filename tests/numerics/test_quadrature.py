import math
from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest
import references
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf, erfc, expit

from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.numerics import kronrod, quadrature
from statphys_gen.numerics.quadrature import gaussian_average, gaussian_rule, integrate, legendre_rule
from statphys_gen.numerics.special import log_two_cosh

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "tanh_squared": lambda y: np.tanh(y) ** 2,
    "logistic_complement": lambda y: expit(-2.0 * y),
    "log_two_cosh": log_two_cosh,
    "positive_tanh": lambda y: np.maximum(np.tanh(y), 0.0),
}
ANALYTIC = [name for name in FUNCTIONS if name != "positive_tanh"]


def load() -> list[tuple[str, float, float, float]]:
    return [
        (row["function"], float.fromhex(row["slope"]), float.fromhex(row["shift"]), float(row["value"]))
        for row in references.rows("numerics_quadrature.csv")
    ]


TABLE = load()
# Averages that live where the Gaussian density is small, and want relative accuracy.
RARE = [
    row
    for row in TABLE
    if row[0] == "logistic_complement" and row[2] == pytest.approx(row[1] ** 2, rel=1e-12)
]


def table_of(name: str) -> np.ndarray:
    """Columns slope, shift, value."""
    return np.array([row[1:] for row in TABLE if row[0] == name and row not in RARE]).T


def assert_honest(result: quadrature.Integral, exact: np.ndarray, allowed: np.ndarray | float) -> None:
    true = np.abs(result.value - exact)
    assert np.shape(result.value) == np.shape(result.error) == np.shape(exact)
    # The reference is itself a rounded float64.
    assert (true <= result.error + np.spacing(np.abs(exact))).all(), (true / result.error).max()
    assert (result.error <= allowed).all()


# ------------------------------------------------------------------------------------------------- trapezoidal rule


@pytest.mark.parametrize("name", ANALYTIC)
@pytest.mark.parametrize("tolerance", [1e-4, 1e-8, 1e-12])
def test_error_is_honest_over_seven_decades_of_slope(name: str, tolerance: float) -> None:
    for slope, shift, exact in table_of(name).T:
        if slope == 1e4 and (name != "tanh_squared" or tolerance > 1e-12):
            continue  # a million nodes each
        result = gaussian_average(
            lambda z, s=slope, b=shift: FUNCTIONS[name](s * z + b), slope=slope, tolerance=tolerance
        )
        assert_honest(result, exact, tolerance * max(1.0, abs(exact)))


@pytest.mark.parametrize("name", ANALYTIC)
def test_batch_that_mixes_slopes(name: str) -> None:
    slope, shift, exact = table_of(name)
    keep = slope <= 100.0
    slope, shift, exact = slope[keep], shift[keep], exact[keep]
    result = gaussian_average(lambda z: FUNCTIONS[name](slope[:, None] * z + shift[:, None]), slope=slope)
    assert_honest(result, exact, 1e-12 * np.maximum(1.0, np.abs(exact)))


def test_wrong_slope_costs_nodes_but_no_accuracy() -> None:
    for name in ANALYTIC:
        for slope, shift, exact in table_of(name).T:
            if 0.1 <= slope <= 100.0:
                result = gaussian_average(
                    lambda z, s=slope, b=shift, n=name: FUNCTIONS[n](s * z + b), slope=1.0
                )
                assert_honest(result, exact, 1e-12 * max(1.0, abs(exact)))


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_scaled_integrand(scale: float) -> None:
    slope, shift, exact = (column[:24] for column in table_of("tanh_squared"))
    steep = slope <= 31.0
    slope, shift, exact = slope[steep], shift[steep], exact[steep]
    result = gaussian_average(
        lambda z: scale * np.tanh(slope[:, None] * z + shift[:, None]) ** 2, slope=slope, relative=True
    )
    assert_honest(result, scale * exact, 1e-12 * scale * exact)
    absolute = gaussian_average(lambda z: scale * np.tanh(3.5 * z) ** 2, slope=3.5)
    exact_35 = exact[(slope == 3.5) & (shift == 0.0)][0]
    assert_honest(absolute, scale * exact_35, 1e-12 * max(1.0, scale * exact_35))


def test_relative_accuracy_of_vanishing_averages() -> None:
    """E 1/(1 + exp(2(x + sqrt(x) z))) from 0.4999995 at x = 1e-6 to 8e-198 at x = 900."""
    x, exact = np.array([(row[2], row[3]) for row in RARE]).T
    assert x.min() <= 1e-6
    assert exact.min() < 1e-197
    result = gaussian_average(
        lambda z: expit(-2.0 * (x[:, None] + np.sqrt(x)[:, None] * z)), slope=np.sqrt(x), relative=True
    )
    assert_honest(result, exact, 1e-12 * exact)
    # Without ``relative`` they are 0 within an error that admits what may lie beyond the range.
    absolute = gaussian_average(
        lambda z: expit(-2.0 * (x[:, None] + np.sqrt(x)[:, None] * z)), slope=np.sqrt(x)
    )
    assert_honest(absolute, exact, 1e-12)
    # The law for large x: sqrt(pi/(8x)) exp(-x/2), with a correction of relative order pi^2/(8x).
    ratio = result.value[-1] / (math.sqrt(math.pi / (8.0 * x[-1])) * math.exp(-x[-1] / 2.0))
    assert ratio == pytest.approx(1.0 - math.pi**2 / (8.0 * x[-1]), abs=1e-5)


def test_closed_forms() -> None:
    z_power = gaussian_average(lambda z: np.stack([z**k for k in range(13)]), slope=0.0)
    moments = np.array([math.prod(range(1, k, 2)) if k % 2 == 0 else 0.0 for k in range(13)])
    assert_honest(z_power, moments, 1e-12 * np.maximum(1.0, 1e5))
    a = np.array([0.1, 1.0, 3.0, 10.0])
    growing = gaussian_average(lambda z: np.exp(a[:, None] * z), slope=a, limits=(-30, 30))
    assert_honest(growing, np.exp(a * a / 2.0), 1e-12 * np.exp(a * a / 2.0))
    oscillating = gaussian_average(lambda z: np.exp(1j * a[:, None] * z), slope=a)
    assert_honest(oscillating, np.exp(-a * a / 2.0) + 0j, 1e-12)
    assert_honest(gaussian_average(lambda z: np.ones((3, 2, z.size)), slope=0.0), np.ones((3, 2)), 1e-14)
    assert_honest(gaussian_average(lambda z: 0.0 * z, slope=0.0, relative=True), np.float64(0.0), 0.0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(-3.0, 2.5), st.floats(-6.0, 6.0), st.floats(-200.0, 200.0))
def test_two_routes_agree_within_their_errors(decade: float, place: float, log_scale: float) -> None:
    """Trapezoid and graded panels share neither nodes nor estimate."""
    slope, scale = 10.0**decade, 10.0**log_scale
    shift = -slope * place

    def integrand(z: np.ndarray) -> np.ndarray:
        y = slope * z + shift
        return scale * np.stack([np.tanh(y) ** 2, expit(-2.0 * y), log_two_cosh(y), 1.0 - np.tanh(y)])

    first = gaussian_average(integrand, slope=slope, relative=True)
    second = gaussian_average(integrand, slope=1.0, steepness=slope, relative=True, breakpoints=[place])
    assert (np.abs(first.value - second.value) <= first.error + second.error).all()


# ----------------------------------------------------------------------------------------------- jumps and kinks


@pytest.mark.parametrize("place", [-7.3, -2.0, 0.0, 1e-9, 0.3125, 1.3, 4.0])
@pytest.mark.parametrize("relative", [False, True])
def test_jumps_and_kinks_at_breakpoints(place: float, relative: bool) -> None:
    with mp.workdps(40):  # the closed forms cancel in float64
        b = mp.mpf(place)
        density, above = mp.npdf(b), mp.erfc(b / mp.sqrt(2)) / 2
        exact = np.array([above, density - b * above, (1 + b * b) * above - b * density], dtype=float)

    def integrand(z: np.ndarray) -> np.ndarray:
        excess = np.maximum(z - place, 0.0)
        return np.stack([(z > place).astype(float), excess, excess**2])

    result = gaussian_average(integrand, slope=1.0, breakpoints=[place], relative=relative)
    assert_honest(result, exact, 1e-12 * (exact if relative else np.maximum(exact, 1.0)))


def test_several_breakpoints() -> None:
    places = np.array([-1.0, 0.25, 0.25, 60.0])
    result = gaussian_average(lambda z: (z > -1.0) * 2.0 + (z > 0.25) * 1.0, slope=0.0, breakpoints=places)
    assert_honest(result, np.float64(erfc(-1.0 / math.sqrt(2.0)) + 0.5 * erfc(0.25 / math.sqrt(2.0))), 1e-12)


def test_steep_kink_at_a_breakpoint() -> None:
    for slope, shift, exact in table_of("positive_tanh").T:
        result = gaussian_average(
            lambda z, s=slope, b=shift: np.maximum(np.tanh(s * z + b), 0.0),
            slope=1.0,
            steepness=slope,
            breakpoints=[-shift / slope],
        )
        assert_honest(result, exact, 1e-12)
        assert result.nodes < 3000


def test_steep_features_at_a_breakpoint_need_few_nodes() -> None:
    for slope, shift, exact in table_of("tanh_squared").T:
        result = gaussian_average(
            lambda z, s=slope, b=shift: np.tanh(s * z + b) ** 2,
            slope=1.0,
            steepness=slope,
            breakpoints=[-shift / slope],
        )
        assert_honest(result, exact, 1e-12)
        assert result.nodes < 3000


def test_jump_without_breakpoint_is_refused() -> None:
    with pytest.raises(AccuracyNotReached, match="allowed are 1e-12"):
        gaussian_average(lambda z: (z > 0.3).astype(float), slope=1.0, max_nodes=2**14)
    with pytest.raises(AccuracyNotReached, match=r"at index \(1,\)"):
        gaussian_average(lambda z: np.stack([z, 1e3 * np.abs(z - 0.1)]), slope=1.0, max_nodes=2**14)


# ------------------------------------------------------------------------------------------------------ refusals


def test_integrand_that_is_not_finite_is_refused() -> None:
    def pole(z: np.ndarray) -> np.ndarray:
        return np.divide(1.0, z, out=np.full_like(z, np.inf), where=z != 0.0)

    with pytest.raises(InvalidArgument, match=r"function\(0\) = inf: must be finite"):
        gaussian_average(pole, slope=1.0)
    with pytest.raises(InvalidArgument, match="finite"):
        integrate(lambda x: np.where(x > 0.5, np.nan, x), 0.0, 1.0, width=1.0)


def test_mass_beyond_the_limits_is_refused() -> None:
    with pytest.raises(AccuracyNotReached):
        gaussian_average(np.cosh, slope=1.0, limits=(-3, 3))


def test_impossible_accuracy_is_refused() -> None:
    """The mass sits at |z| = 20, where rounding z changes the density by 400 ulp."""
    with pytest.raises(AccuracyNotReached):
        gaussian_average(lambda z: np.cosh(20.0 * z), slope=20.0, limits=(-32, 32), tolerance=1e-14)
    result = gaussian_average(lambda z: np.cosh(20.0 * z), slope=20.0, limits=(-32, 32), tolerance=1e-12)
    assert_honest(result, np.asarray(math.exp(200.0)), 1e-12 * math.exp(200.0))
    with pytest.raises(AccuracyNotReached):
        gaussian_average(lambda z: np.tanh(1e4 * z) ** 2, slope=1e4, max_nodes=1000)


# --------------------------------------------------------------------------------------------------- fixed rules


@pytest.mark.parametrize("name", ANALYTIC)
def test_gaussian_rule_reaches_its_tolerance(name: str) -> None:
    for tolerance in (1e-4, 1e-8, 1e-12, 1e-13, 1e-14):
        for slope, shift, exact in table_of(name).T:
            if slope == 1e4:
                continue
            rule = gaussian_rule(slope, tolerance)
            error = abs(rule.average(FUNCTIONS[name](slope * rule.nodes + shift)) - exact)
            assert error <= tolerance * max(1.0, abs(exact))


def test_gaussian_rule_is_small_and_symmetric() -> None:
    for slope in (0.0, 1.0, 10.0, 1e3):
        rule = gaussian_rule(slope)
        assert rule.nodes.size <= 61 * slope + 25
        assert (rule.nodes == -rule.nodes[::-1]).all()
        assert rule.weights.sum() == pytest.approx(1.0, abs=4e-16)
        assert rule.average(rule.nodes**3) == pytest.approx(0.0, abs=5e-15)


def test_legendre_rule() -> None:
    rule = legendre_rule([-1.0, 0.5, 2.0], order=8)
    powers = rule.nodes[:, None] ** np.arange(16)
    exact = (2.0 ** np.arange(1, 17) - (-1.0) ** np.arange(1, 17)) / np.arange(1, 17)
    np.testing.assert_allclose(rule.average(powers, axis=0), exact, rtol=3e-15)
    for order in (1, 2, 3, 20, 400):
        one = legendre_rule([-1.0, 1.0], order)
        degree = np.arange(min(2 * order, 40))
        exact = (1.0 + (-1.0) ** degree) / (degree + 1.0)
        np.testing.assert_allclose(
            one.average(one.nodes[:, None] ** degree, axis=0), exact, rtol=0.0, atol=1e-15
        )
    edges = np.array([[0.0, 1.0, 2.0], [0.0, 0.5, 3.0]])
    batch = legendre_rule(edges, order=20)
    assert batch.nodes.shape == (2, 40)
    np.testing.assert_allclose(batch.average(np.exp(batch.nodes)), np.expm1([2.0, 3.0]), rtol=2e-15)
    assert not quadrature._legendre(8)[0].flags.writeable
    with pytest.raises(InvalidArgument, match="values"):
        rule.average(np.ones(3))


def test_kronrod_rule_is_exact_for_polynomials() -> None:
    """21 nodes that contain 10 Gauss nodes: exact up to degree 3 * 10 + 1, and the embedded rule up to 19."""
    degree = np.arange(0, 32, 2)
    powers = kronrod._POINTS[:, None] ** degree
    np.testing.assert_allclose(kronrod._KRONROD_WEIGHTS @ powers, 2.0 / (degree + 1), rtol=2e-15)
    np.testing.assert_allclose(kronrod._GAUSS_WEIGHTS @ powers[:, :10], 2.0 / (degree[:10] + 1), rtol=2e-15)
    assert abs(kronrod._KRONROD_WEIGHTS @ kronrod._POINTS**34 - 2.0 / 35.0) > 1e-13
    assert abs(kronrod._GAUSS_WEIGHTS @ kronrod._POINTS**20 - 2.0 / 21.0) > 1e-8


# ----------------------------------------------------------------------------------------------------- intervals


INTEGRALS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float, float, dict, float]] = {
    "exponential": (lambda x: np.exp(-x), 0.0, math.inf, {"scale": 1.0}, 1.0),
    "slow exponential": (lambda x: np.exp(-1e-3 * x), 0.0, math.inf, {"scale": 1e3}, 1e3),
    "gamma of one half": (
        lambda x: np.exp(-x) / np.sqrt(x),
        0.0,
        math.inf,
        {"scale": 1.0},
        math.sqrt(math.pi),
    ),
    "lorentzian": (lambda x: 1.0 / (1.0 + x * x), -math.inf, math.inf, {"scale": 1.0}, math.pi),
    "lorentzian elsewhere": (
        lambda x: 1.0 / (1.0 + (x - 30.0) ** 2),
        -math.inf,
        math.inf,
        {"scale": 30.0},
        math.pi,
    ),
    "narrow lorentzian": (lambda x: 1e-4 / (1e-8 + x * x), -1.0, 1.0, {"width": 1e-4}, 2.0 * math.atan(1e4)),
    "heavy tail": (lambda x: (1.0 + x) ** -1.5, 0.0, math.inf, {"scale": 1.0}, 2.0),
    "lower half-line": (lambda x: np.exp(x - 7.0), -math.inf, 7.0, {"scale": 1.0}, 1.0),
    "logarithm": (np.log, 0.0, 1.0, {}, -1.0),
    "inverse root": (lambda x: 1.0 / np.sqrt(x), 0.0, 1.0, {}, 2.0),
    "semicircle": (lambda x: np.sqrt(4.0 - x * x) / (2.0 * math.pi), -2.0, 2.0, {}, 1.0),
    "jump": (lambda x: (x > 0.3) * 1.0, 0.0, 1.0, {"breakpoints": [0.3]}, 0.7),
    "jump far out": (
        lambda x: (x > 5.0) * np.exp(-x),
        0.0,
        math.inf,
        {"breakpoints": [5.0], "scale": 1.0},
        math.exp(-5.0),
    ),
    "oscillation": (
        lambda x: np.exp(-x) * np.cos(50.0 * x),
        0.0,
        math.inf,
        {"width": 0.02, "scale": 4.0},
        1.0 / 2501.0,
    ),
    "narrow bump": (
        lambda x: np.exp(-((x - 12.34567) ** 2) * 1e8 / 2.0),
        0.0,
        100.0,
        {"breakpoints": [12.34567], "finest": 1e-4},
        1e-4 * math.sqrt(2.0 * math.pi),
    ),
    "complex": (lambda x: np.exp(1j * x), 0.0, math.pi, {}, 2.0j),
    "huge": (
        lambda x: 1e200 * np.exp(-x * x),
        -math.inf,
        math.inf,
        {"scale": 1.0},
        1e200 * math.sqrt(math.pi),
    ),
    "tiny": (lambda x: 1e-200 * x * x, 0.0, 3.0, {"relative": True}, 9e-200),
}


@pytest.mark.parametrize("name", INTEGRALS)
def test_integrals_in_closed_form(name: str) -> None:
    function, lower, upper, options, exact = INTEGRALS[name]
    result = integrate(function, lower, upper, **({"width": 1.0} | options))
    allowed = 1e-12 * (abs(exact) if options.get("relative") else max(1.0, abs(exact)))
    assert_honest(result, np.asarray(exact), allowed)


def test_batched_integral() -> None:
    power = np.array([[-0.5, 0.0, 0.5], [1.0, 2.0, 7.5]])
    result = integrate(lambda x: x ** power[..., None], 0.0, 2.0, width=1.0)
    exact = 2.0 ** (power + 1.0) / (power + 1.0)
    assert_honest(result, exact, 1e-12 * np.maximum(1.0, exact))


def test_singularity_away_from_zero_is_refused_and_its_substitution_is_not() -> None:
    """float64 resolves 1 - x no better than 1e-16, which leaves 1e-8 of the integral of 1/sqrt(1 - x)."""
    with pytest.raises(AccuracyNotReached):
        integrate(lambda x: 1.0 / np.sqrt(1.0 - x), 0.0, 1.0, width=1.0)
    assert_honest(integrate(lambda y: 2.0 * np.ones_like(y), 0.0, 1.0, width=1.0), np.asarray(2.0), 1e-12)


def test_divergent_integral_is_refused() -> None:
    with pytest.raises(AccuracyNotReached):
        integrate(lambda x: x**-1.5, 1e-9, 1.0, width=1.0, max_nodes=300)
    with pytest.raises(AccuracyNotReached):
        integrate(lambda x: 1.0 / (1.0 + x), 0.0, math.inf, width=1.0, scale=1.0)


# ------------------------------------------------------------------------------ features that a rule could have missed


@pytest.mark.parametrize("slope", [1.0, 50.0])
def test_frequency_that_the_first_nodes_alias(slope: float) -> None:
    """E cos(50 z) = exp(-1250), also where too small a slope is declared: the two rules alias different frequencies."""
    result = gaussian_average(lambda z: np.cos(50.0 * z), slope=slope)
    assert_honest(result, np.float64(0.0), 1e-12)


@pytest.mark.parametrize(
    "frequency", [*range(2, 130, 3), 8 * math.pi, 16 * math.pi, 32 * math.pi, 64 * math.pi]
)
@pytest.mark.parametrize("phase", [0.0, 0.4])
def test_no_frequency_is_taken_for_a_constant(frequency: float, phase: float) -> None:
    """Declared smooth or not: right within the error, or refused."""
    exact = np.asarray(math.cos(phase) * math.exp(-(frequency**2) / 2.0))
    for slope in (0.0, 1.0, frequency):
        result = gaussian_average(lambda z: np.cos(frequency * z + phase), slope=slope)
        assert (np.abs(result.value - exact) <= result.error + np.spacing(exact)).all(), slope


def _gaussian(x: np.ndarray, place: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((x - place) / width) ** 2)


@pytest.mark.parametrize("width", [1.0, 0.1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("place", [0.0, 0.1234567, -1.75, 3.0])
def test_spikes_of_declared_width_are_seen(width: float, place: float) -> None:
    """At the declared slope without a breakpoint, and at a breakpoint with the declared steepness."""
    total = 1.0 + width * width
    exact = np.asarray(width / math.sqrt(total) * math.exp(-0.5 * place * place / total))
    for tolerance in (1e-6, 1e-12):
        plain = gaussian_average(lambda z: _gaussian(z, place, width), slope=1.0 / width, tolerance=tolerance)
        assert_honest(plain, exact, tolerance)
        marked = gaussian_average(
            lambda z: _gaussian(z, place, width),
            slope=1.0,
            steepness=1.0 / width,
            breakpoints=[place],
            tolerance=tolerance,
        )
        assert_honest(marked, exact, tolerance)
        assert marked.nodes < 6000


def test_spikes_beside_a_smooth_function() -> None:
    """The refinement of one feature is no reason to overlook another."""
    places, widths = np.array([0.3, -2.2, 4.1]), np.array([1e-3, 3e-3, 2e-3])
    exact = sum(
        w / math.sqrt(1.0 + w * w) * math.exp(-0.5 * p * p / (1.0 + w * w))
        for p, w in zip(places, widths, strict=True)
    )

    def integrand(z: np.ndarray) -> np.ndarray:
        return np.tanh(3.0 * z) + sum(_gaussian(z, p, w) for p, w in zip(places, widths, strict=True))

    assert_honest(gaussian_average(integrand, slope=1e3), np.asarray(exact), 1e-12)
    with pytest.raises(AccuracyNotReached, match="smallest scale"):
        gaussian_average(integrand, slope=1e7, breakpoints=[0.0])


@pytest.mark.parametrize("scale", [1.0, 50.0, 60.0])
@pytest.mark.parametrize("place", [50.0, -37.3])
def test_mass_far_from_the_origin_of_the_line(scale: float, place: float) -> None:
    """Also where the mass lies up to 256 declared scales away."""
    exact = np.asarray(math.sqrt(2.0 * math.pi))
    result = integrate(lambda x: _gaussian(x, place, 1.0), -math.inf, math.inf, width=1.0, scale=scale)
    assert_honest(result, exact, 1e-11)


@pytest.mark.parametrize("place", [0.5, 0.3456789, 0.01, 0.99])
@pytest.mark.parametrize("width", [1e-2, 1e-3, 1e-4])
def test_peaks_of_declared_width_are_seen_in_an_interval(place: float, width: float) -> None:
    exact = np.asarray(
        width
        * math.sqrt(math.pi / 2.0)
        * (erf((1.0 - place) / width / math.sqrt(2.0)) + erf(place / width / math.sqrt(2.0)))
    )
    plain = integrate(lambda x: _gaussian(x, place, width), 0.0, 1.0, width=width)
    marked = integrate(
        lambda x: _gaussian(x, place, width), 0.0, 1.0, width=1.0, breakpoints=[place], finest=width
    )
    for result in (plain, marked):
        assert_honest(result, exact, 1e-12)
    assert marked.nodes < 3000


def test_unbounded_functions_are_followed_to_their_mass() -> None:
    """A step of height exp(113) behind 15, where the rule of functions of order 1 does not look."""
    height = math.exp(113.0)

    def step(z: np.ndarray) -> np.ndarray:
        return height * expit(10.0 * (z - 15.0))

    with mp.workdps(40):
        exact = height * float(
            mp.quad(lambda z: mp.npdf(z) / (1 + mp.exp(-10 * (z - 15))), mp.linspace(-8, 40, 193))
        )
    assert_honest(gaussian_average(step, slope=5.0), np.asarray(exact), 1e-12 * max(1.0, exact))


def test_scales_that_are_too_fine_are_refused_at_once() -> None:
    calls = []

    def counted(x: np.ndarray) -> np.ndarray:
        calls.append(x.size)
        return np.ones_like(x)

    for call in (
        lambda: integrate(counted, 0.0, 1.0, width=1e-300),
        lambda: integrate(counted, -1e308, 1e308, width=1e-3),
        lambda: integrate(counted, 0.0, math.inf, width=1e-9, scale=1e3),
        lambda: gaussian_average(counted, slope=1e300),
        lambda: gaussian_average(counted, slope=1e15, breakpoints=[0.0]),
    ):
        with pytest.raises(AccuracyNotReached):
            call()
    assert sum(calls) < 10_000
