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
