"""The score of noised points, its derivatives and risk, and its variation at small noise."""

from collections.abc import Callable

import mpmath as mp
import sympy as sp

from derivations import claim

_Y, _MU, _SIGMA = sp.symbols("y mu sigma", positive=True)
_X = (-sp.Rational(11, 10), sp.Rational(1, 5), sp.Rational(9, 10))


def _density() -> sp.Expr:
    """The noised law of three points, without its constant."""
    return sum(sp.exp(-((_Y - _MU * x) ** 2) / (2 * _SIGMA**2)) for x in _X)


def _moment(power: int) -> sp.Expr:
    """E W^power under the posterior weights."""
    kernels = [sp.exp(-((_Y - _MU * x) ** 2) / (2 * _SIGMA**2)) for x in _X]
    return sum(x**power * kernel for x, kernel in zip(_X, kernels, strict=True)) / sum(kernels)


def _vanishes(expression: sp.Expr) -> bool:
    """At a point chosen without regard to anything, to 40 digits."""
    place = {_Y: sp.Rational(3, 7), _MU: sp.Rational(8, 9), _SIGMA: sp.Rational(2, 5)}
    return abs(sp.N(expression.subs(place), 60)) < sp.Float("1e-40")


@claim(
    "(log p)' = (mu E W - y)/sigma^2, and its derivatives are (mu^2 Var W/sigma^2 - 1)/sigma^2 and mu^3 kappa_3/sigma^6"
)
def score_and_derivatives() -> bool:
    score = sp.diff(sp.log(_density()), _Y)
    first, second, third = (_moment(power) for power in (1, 2, 3))
    variance = second - first**2
    cumulant = third - 3 * second * first + 2 * first**3
    return all(
        _vanishes(difference)
        for difference in (
            score - (_MU * first - _Y) / _SIGMA**2,
            sp.diff(score, _Y) - (_MU**2 * variance / _SIGMA**2 - 1) / _SIGMA**2,
            sp.diff(score, _Y, 2) - _MU**3 * cumulant / _SIGMA**6,
        )
    )


def _average(function: Callable[[mp.mpf, mp.mpf], mp.mpf], mu: float = 0.9, sigma: float = 0.5) -> mp.mpf:
    """E over a point and its noise of function(y, xi)."""
    points = [mp.mpf(str(sp.N(x, 30))) for x in _X]

    def inner(xi: mp.mpf) -> mp.mpf:
        values = [function(mu * x + sigma * xi, xi) for x in points]
        return mp.fsum(values) / len(points) * mp.npdf(xi)

    return mp.quad(inner, [-12, -6, -3, -1, 0, 1, 3, 6, 12])


def _empirical(y: mp.mpf, mu: float = 0.9, sigma: float = 0.5) -> tuple[mp.mpf, mp.mpf]:
    """s* and Var W at a position."""
    points = [mp.mpf(str(sp.N(x, 30))) for x in _X]
    weights = [mp.exp(-((y - mu * x) ** 2) / (2 * mp.mpf(sigma) ** 2)) for x in points]
    total = mp.fsum(weights)
    mean = mp.fsum(w * x for w, x in zip(weights, points, strict=True)) / total
    square = mp.fsum(w * x * x for w, x in zip(weights, points, strict=True)) / total
    return (mu * mean - y) / mp.mpf(sigma) ** 2, square - mean**2


@claim("E (s + xi/sigma)^2 = E s^2 + 2 E s' + 1/sigma^2, here for s(y) = sin(y) + y^2/3")
def risk_by_parts() -> bool:
    with mp.workdps(25):
        direct = _average(lambda y, xi: (mp.sin(y) + y**2 / 3 + xi / mp.mpf(0.5)) ** 2)
        parts = _average(lambda y, xi: (mp.sin(y) + y**2 / 3) ** 2 + 2 * (mp.cos(y) + 2 * y / 3)) + 4
        return bool(abs(direct - parts) < mp.mpf("1e-18"))


@claim("The risk of s* is (mu^2/sigma^4) E Var W, and with E s*^2 it adds up to 1/sigma^2")
def floor() -> bool:
    with mp.workdps(25):
        risk = _average(lambda y, xi: (_empirical(y)[0] + xi / mp.mpf(0.5)) ** 2)
        variance = _average(lambda y, xi: _empirical(y)[1]) * mp.mpf(0.9) ** 2 / mp.mpf(0.5) ** 4
        square = _average(lambda y, xi: _empirical(y)[0] ** 2)
        return bool(abs(risk - variance) < mp.mpf("1e-18") and abs(risk + square - 4) < mp.mpf("1e-18"))


@claim(
    "Between two points s*' = (-1 + (mu delta)^2/(4 sigma^2) sech^2(mu delta (y - m)/(2 sigma^2)))/sigma^2"
)
def two_neighbours() -> bool:
    left, delta = sp.symbols("x delta", positive=True)
    kernels = [sp.exp(-((_Y - _MU * x) ** 2) / (2 * _SIGMA**2)) for x in (left, left + delta)]
    slope = sp.diff(sp.log(sum(kernels)), _Y, 2)
    middle = _MU * (left + delta / 2)
    hyperbolic = sp.sech(_MU * delta * (_Y - middle) / (2 * _SIGMA**2)) ** 2
    wanted = (-1 + (_MU * delta) ** 2 / (4 * _SIGMA**2) * hyperbolic) / _SIGMA**2
    place = {
        _Y: sp.Rational(3, 7),
        _MU: sp.Rational(8, 9),
        _SIGMA: sp.Rational(2, 5),
        left: sp.Rational(1, 9),
    }
    difference = (slope - wanted).subs(place | {delta: sp.Rational(5, 6)})
    return bool(abs(sp.N(difference, 60)) < sp.Float("1e-40"))


@claim("The slope rises and falls by (mu delta)^2/(4 sigma^4) there: a variation of (mu delta)^2/(2 sigma^4)")
def small_noise_variation() -> bool:
    z, height = sp.symbols("z h", positive=True)
    # int |d/dy (h sech^2 z)| over the line, by monotone halves.
    rise = sp.limit(height * sp.sech(z) ** 2, z, 0) - sp.limit(height * sp.sech(z) ** 2, z, sp.oo)
    variation = 2 * rise.subs(height, (_MU * _Y) ** 2 / (4 * _SIGMA**4))
    return sp.simplify(variation - (_MU * _Y) ** 2 / (2 * _SIGMA**4)) == 0
