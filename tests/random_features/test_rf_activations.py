"""Coefficients of a user's activations whose dual kernels are closed: oscillating, steep, growing, kinked, with jumps.

With kappa(rho) = E sigma(Gamma u) sigma(Gamma v), v^2 = kappa(rho) - kappa(0) - kappa'(0) rho and s^2 = kappa(1) -
kappa(0) - kappa'(0) - v^2, in 60 digits.
"""

import math
import warnings
from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest
from scipy.special import erf

from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.random_features.model import Activation
from statphys_gen.random_features.theory.coefficients import OutlierWarning, coefficients

TIMES = (1e-5, 0.1, 3.0)


def split(kernel: Callable, rho: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """v^2 and s^2 of the kernel's nonlinear part, given as a function of rho that vanishes like rho^2."""
    return kernel(rho), kernel(mp.mpf(1)) - kernel(rho)


def sine(frequency: float, amplitude: float = 1.0) -> Callable:
    def nonlinear(gamma2: mp.mpf, rho: mp.mpf) -> mp.mpf:
        a = mp.mpf(frequency) ** 2 * gamma2
        return mp.mpf(amplitude) ** 2 * mp.exp(-a) * (mp.sinh(a * rho) - a * rho)

    return nonlinear


def cosine(frequency: float, amplitude: float) -> Callable:
    def nonlinear(gamma2: mp.mpf, rho: mp.mpf) -> mp.mpf:
        a = mp.mpf(frequency) ** 2 * gamma2
        return mp.mpf(amplitude) ** 2 * mp.exp(-a) * (mp.cosh(a * rho) - 1)

    return nonlinear


def steep(slope: float) -> Callable:
    def nonlinear(gamma2: mp.mpf, rho: mp.mpf) -> mp.mpf:
        x = 2 * mp.mpf(slope) ** 2 * gamma2
        x = x / (1 + x)
        return 2 / mp.pi * (mp.asin(x * rho) - x * rho)

    return nonlinear


def exponential(rate: float) -> Callable:
    def nonlinear(gamma2: mp.mpf, rho: mp.mpf) -> mp.mpf:
        b = mp.mpf(rate) ** 2 * gamma2
        return mp.exp(b) * (mp.exp(b * rho) - 1 - b * rho)

    return nonlinear


def modulus(gamma2: mp.mpf, rho: mp.mpf) -> mp.mpf:
    """Of |x|, which has no linear part: 2/pi (sqrt(1 - rho^2) + rho asin rho) Gamma^2."""
    return gamma2 * 2 / mp.pi * (mp.sqrt(1 - rho * rho) + rho * mp.asin(rho) - 1)


def jump(gamma2: mp.mpf, rho: mp.mpf) -> mp.mpf:
    return 2 / mp.pi * (mp.asin(rho) - rho)


# The activation, its breakpoints, and the nonlinear part of its kernel.
CASES: dict[str, tuple[Callable, tuple[float, ...], Callable]] = {
    **{
        f"x + sin {w:g} x": (lambda x, w=w: x + np.sin(w * x), (), sine(w))
        for w in (3.0, 14.0, 14.5, 15.0, 20.0, 30.0, 100.0)
    },
    "0.1 x + sin 5 x": (lambda x: 0.1 * x + np.sin(5 * x), (), sine(5.0)),
    **{
        f"x + sin^2({a:g} x)/{a:g}": (lambda x, a=a: x + np.sin(a * x) ** 2 / a, (), cosine(2 * a, 0.5 / a))
        for a in (15.0, 30.0)
    },
    "x + 1e-4 sin 40 x": (lambda x: x + 1e-4 * np.sin(40 * x), (), sine(40.0, 1e-4)),
    **{f"erf {a:g} x": (lambda x, a=a: erf(a * x), (), steep(a)) for a in (0.1, 3.0, 30.0)},
    "exp x/2": (lambda x: np.exp(0.5 * x), (), exponential(0.5)),
    "x + |x|": (lambda x: x + np.abs(x), (0.0,), modulus),
    "x + sign x": (lambda x: x + np.sign(x), (0.0,), jump),
}


@pytest.mark.parametrize("variance", [1.0, 25.0])
@pytest.mark.parametrize("name", CASES)
def test_closed_kernels(name: str, variance: float) -> None:
    """Relative accuracy 1e-12 or that of the rounding of sigma, 1e-14 in v and s in units of the root of E sigma^2."""
    function, breakpoints, nonlinear = CASES[name]
    activation = Activation(function, name, breakpoints)
    for time in TIMES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutlierWarning)
            found = coefficients(activation, time, variance)
        with mp.workdps(60):
            t = mp.mpf(time)
            signal = mp.exp(-2 * t) * variance
            gamma2 = signal - mp.expm1(-2 * t)
            exact = split(lambda r, g=gamma2: nonlinear(g, r), signal / gamma2)
        for value, right in zip((found.v_t_squared, found.s_t_squared), exact, strict=True):
            rounding = 1e-14 * math.sqrt(float(found.second_moment))
            allowed = 1e-12 * float(right) + 2 * rounding * math.sqrt(float(right)) + rounding**2
            assert abs(float(value) - float(right)) <= allowed, (time, float(value), float(right))
        assert float(found.nonlinear) == pytest.approx(float(sum(exact)), rel=1e-10)


def test_a_steep_smooth_activation_is_not_told_to_declare_kinks() -> None:
    """tanh(30 x) at data variance 25 lies between erf(30 x) and sign, and E tanh^2 follows by quadrature."""
    found = coefficients(Activation(lambda x: np.tanh(30 * x), "s"), [0.01, 0.3], 25.0)
    for k, time in enumerate((0.01, 0.3)):
        with mp.workdps(30):
            t = mp.mpf(time)
            gamma = mp.sqrt(25 * mp.exp(-2 * t) - mp.expm1(-2 * t))
            grid = [0, *(mp.mpf(2) ** -j for j in range(12, -1, -1)), 2, 4, 8, 14]
            moment = 2 * mp.quad(lambda z, g=gamma: mp.npdf(z) * mp.tanh(30 * g * z) ** 2, grid)
            slope = 2 * mp.quad(lambda z, g=gamma: mp.npdf(z) * z * mp.tanh(30 * g * z), grid)
        assert float(found.second_moment[k]) == pytest.approx(float(moment), rel=1e-12)
        assert float(found.nonlinear[k]) == pytest.approx(float(moment - slope**2), rel=1e-11)


def test_features_that_cannot_be_seen_are_refused() -> None:
    for name, function in {
        "a kink": lambda x: np.maximum(x - 0.3, 0.0),
        "a jump": lambda x: x + (x > 0.3),
        "frequency 1e6": lambda x: x + np.sin(1e6 * x),
        "square root": lambda x: np.sign(x) * np.sqrt(np.abs(x)),
    }.items():
        with pytest.raises(AccuracyNotReached, match="breakpoints"):
            coefficients(Activation(function, name), 0.1)
    with pytest.raises(InvalidArgument, match="finite E sigma"), np.errstate(over="ignore"):
        coefficients(Activation(lambda x: np.exp(0.3 * x * x), "growing"), 0.1)


@pytest.mark.filterwarnings("ignore::statphys_gen.random_features.theory.coefficients.OutlierWarning")
def test_narrow_features_of_a_smooth_activation_are_seen() -> None:
    """A spike of width w and height 1 at 0.4 adds w sqrt(pi) phi(0.4) to E sigma^2, less what is linear in it."""
    for width in (1e-1, 1e-2, 1e-3):
        found = coefficients(
            Activation(lambda x, w=width: x + np.exp(-0.5 * ((x - 0.4) / w) ** 2), "spike"), 0.1
        )
        with mp.workdps(30):
            w, c = mp.mpf(width), mp.mpf(0.4)

            def mean(power: int, w: mp.mpf = w, c: mp.mpf = c) -> mp.mpf:
                """E of the spike's power: a Gaussian of variance w^2/power."""
                q = w * w / power
                return mp.sqrt(q / (1 + q)) * mp.exp(-c * c / 2 / (1 + q))

            first = mean(1) * c / (1 + w * w)
            expected = mean(2) - mean(1) ** 2 - first**2
        assert float(found.nonlinear) == pytest.approx(float(expected), rel=1e-11)


def bumps(gamma2: mp.mpf, rho: mp.mpf, place: mp.mpf, width: mp.mpf) -> mp.mpf:
    """E g(Gamma u) g(Gamma v) of g(x) = exp(-(x - c)^2/(2 w^2)): a Gaussian integral over the plane."""
    whole = width**2 + gamma2
    return width**2 / mp.sqrt(whole**2 - (gamma2 * rho) ** 2) * mp.exp(-(place**2) / (whole + gamma2 * rho))


def peak(gamma2: mp.mpf, delta: mp.mpf, place: mp.mpf, width: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """v^2 and s^2 of a bump at rho = 1 - delta."""
    none = bumps(gamma2, mp.mpf(0), place, width)
    slope = none * gamma2 * place**2 / (width**2 + gamma2) ** 2
    there = bumps(gamma2, 1 - delta, place, width)
    whole = bumps(gamma2, mp.mpf(1), place, width)
    return there - none - slope * (1 - delta), whole - there - slope * delta


def step(gamma2: mp.mpf, delta: mp.mpf, place: mp.mpf, width: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """Of erf((x - c)/(sqrt 2 w)): integrals of kappa' = Gamma^2 E sigma' sigma', a kernel of bumps, less that at 0."""
    none = bumps(gamma2, mp.mpf(0), place, width)

    def excess(distance: mp.mpf) -> mp.mpf:
        return 2 * gamma2 / (mp.pi * width**2) * (bumps(gamma2, 1 - distance, place, width) - none)

    grades = [mp.mpf(4) ** -k for k in range(30)]
    near = [delta * grade for grade in grades]
    return (
        mp.quad(excess, [delta, *(grade for grade in grades[::-1] if grade > delta)]),
        mp.quad(excess, [mp.mpf(0), *near[::-1]]),
    )


def corner(gamma2: mp.mpf, delta: mp.mpf, place: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """Of |x - k|: its second derivative is 2 delta(x - k), kappa'' = 4 Gamma^4 times the density at (k, k)."""

    def bend(distance: mp.mpf) -> mp.mpf:
        """kappa'' at rho = 1 - distance."""
        factor = 2 * gamma2 / (mp.pi * mp.sqrt(distance * (2 - distance)))
        return factor * mp.exp(-(place**2) / (gamma2 * (2 - distance)))

    far = [delta, *(d for d in (mp.mpf(4) ** -k for k in range(20, -1, -1)) if d > delta)]
    shared = mp.quad(lambda d: (d - delta) * bend(d), far)
    # Next to rho = 1 the variable is the root of the distance.
    near = mp.quad(lambda q: 2 * q**3 * bend(q * q), [0, mp.sqrt(delta)])
    return shared, delta * mp.quad(bend, far) + near


def peak_and_corner(
    gamma2: mp.mpf, delta: mp.mpf, place: mp.mpf, width: mp.mpf, other: mp.mpf
) -> tuple[mp.mpf, mp.mpf]:
    """Twice the product of both: given the bump at one copy, the other one is Gaussian, and E|N(m, s^2)| is known."""
    whole = width**2 + gamma2
    mass = width / mp.sqrt(whole) * mp.exp(-(place**2) / (2 * whole))
    mean, variance = place * gamma2 / whole, gamma2 * width**2 / whole
    slope = -mass * mean * mp.erf(other / mp.sqrt(2 * gamma2))

    def product(rho: mp.mpf) -> mp.mpf:
        m, s = rho * mean - other, mp.sqrt(gamma2 * (1 - rho**2) + rho**2 * variance)
        return mass * (
            s * mp.sqrt(2 / mp.pi) * mp.exp(-(m**2) / (2 * s**2)) + m * mp.erf(m / (s * mp.sqrt(2)))
        )

    none, there, one = product(mp.mpf(0)), product(1 - delta), product(mp.mpf(1))
    return 2 * (there - none - slope * (1 - delta)), 2 * (one - there - slope * delta)


@pytest.mark.filterwarnings("ignore::statphys_gen.random_features.theory.coefficients.OutlierWarning")
@pytest.mark.parametrize("width", [1e-2, 1e-4])
@pytest.mark.parametrize("kind", ["peak", "step", "peak and kink"])
def test_narrow_steps_and_peaks_that_are_declared(kind: str, width: float) -> None:
    place, other, variance = -0.83, 0.57, 1.7
    c, w, k = mp.mpf(place), mp.mpf(width), mp.mpf(other)

    def function(x: np.ndarray) -> np.ndarray:
        if kind == "step":
            return 0.3 * x + erf((x - place) / (width * math.sqrt(2.0)))
        bump = np.exp(-0.5 * ((x - place) / width) ** 2)
        return x + bump if kind == "peak" else 0.2 * np.abs(x - other) + bump

    activation = Activation(function, kind, (place, other) if "kink" in kind else (place,))
    for time in (1e-5, 0.03, 0.4, 3.0):
        found = coefficients(activation, time, variance)
        with mp.workdps(50):
            t = mp.mpf(time)
            noise = -mp.expm1(-2 * t)
            gamma2 = mp.exp(-2 * t) * variance + noise
            delta = noise / gamma2
            right = step(gamma2, delta, c, w) if kind == "step" else peak(gamma2, delta, c, w)
            if "kink" in kind:
                parts = (
                    right,
                    corner(gamma2, delta, k),
                    peak_and_corner(gamma2, delta, c, w, k),
                )
                sums = zip(parts, (1, mp.mpf(0.2) ** 2, mp.mpf(0.2)), strict=True)
                right = tuple(sum(x) for x in zip(*((f * v, f * s) for (v, s), f in sums), strict=True))
        for value, exact in zip((found.v_t_squared, found.s_t_squared), right, strict=True):
            rounding = 1e-14 * math.sqrt(float(found.second_moment))
            allowed = 1e-12 * float(exact) + 2 * rounding * math.sqrt(float(exact)) + rounding**2
            assert abs(float(value) - float(exact)) <= allowed, (time, float(value), float(exact))
