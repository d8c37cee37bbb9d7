"""The risk of a score network by parts, the delta functions of its Hessian, and the noise of stochastic descent."""

from collections.abc import Callable
from functools import partial

import mpmath as mp
import sympy as sp

from derivations import claim

_Function = Callable[[mp.mpf], mp.mpf]
_POINTS = [mp.mpf("-1.1"), mp.mpf("0.2"), mp.mpf("0.9")]
_MU, _SIGMA = mp.mpf("0.9"), mp.mpf("0.5")


def _density(y: mp.mpf) -> mp.mpf:
    return mp.fsum(mp.npdf(y, _MU * x, _SIGMA) for x in _POINTS) / len(_POINTS)


def _expectation(function: _Function, edges: list[mp.mpf]) -> mp.mpf:
    def integrand(y: mp.mpf) -> mp.mpf:
        return function(y) * _density(y)

    inner = [mp.mpf(k) / 2 for k in range(-12, 13)]
    return mp.quad(integrand, sorted({*inner, *edges}))


@claim(
    "E[s* 1(w y + b > 0)] = -w p(k) and E[s* relu(w y + b)] = -w P(active) for w = +1, -1, with the knot k = -b/w"
)
def by_parts() -> bool:
    with mp.workdps(25):
        return all(_moments_by_parts(_score, w, b) for w, b in ((1, mp.mpf("0.3")), (-1, mp.mpf("0.45"))))


def _score(y: mp.mpf) -> mp.mpf:
    return mp.diff(lambda z: mp.log(_density(z)), y)


def _moments_by_parts(score: _Function, w: int, b: mp.mpf) -> bool:
    knot = -b / w
    step = _expectation(lambda y: score(y) * (w * y + b > 0), [knot])
    ramp = _expectation(lambda y: score(y) * max(w * y + b, mp.mpf(0)), [knot])
    mass = _expectation(partial(_active, w, b), [knot])
    return bool(abs(step + w * _density(knot)) < 1e-11 and abs(ramp + w * mass) < 1e-11)


def _network(y: mp.mpf, theta: list[mp.mpf]) -> mp.mpf:
    """Neurons w = +1 and -1, theta = (v_1, v_2, b_1, b_2)."""
    v, b = theta[:2], theta[2:]
    return mp.fsum(v[k] * mp.mpf(max((1 - 2 * k) * y + b[k], 0)) for k in range(2)) / 2


def _active(sign: int, b: mp.mpf, y: mp.mpf) -> mp.mpf:
    return mp.mpf(sign * y + b > 0)


def _risk(theta: list[mp.mpf]) -> mp.mpf:
    """R by quadrature of its definition, E s^2 + 2 E s' + 1/sigma^2, knots as edges."""
    knots = [-theta[2], theta[3]]
    square = _expectation(lambda y: _network(y, theta) ** 2, knots)
    slope = mp.fsum(
        sign * v * _expectation(partial(_active, sign, b), knots)
        for sign, v, b in zip((1, -1), theta[:2], theta[2:], strict=True)
    )
    return square + slope + 1 / _SIGMA**2


@claim(
    "The gradient and Hessian of R have the stated form, the Hessian with (2 v/m) p(k)(s - s*)(k) for the moving knot"
)
def gradient_and_hessian() -> bool:
    import numpy as np

    from statphys_gen.score_matching import NoisedSample, ScoreNetwork, risk_gradient, risk_hessian

    theta = [mp.mpf("0.8"), mp.mpf("-1.7"), mp.mpf("0.3"), mp.mpf("0.45")]
    sample = NoisedSample(tuple(map(float, _POINTS)), float(_MU), float(_SIGMA))
    network = ScoreNetwork((1.0, -1.0), tuple(map(float, theta[:2])), tuple(map(float, theta[2:])))
    gradient, hessian = risk_gradient(sample, network), risk_hessian(sample, network)
    step = mp.mpf("1e-4")
    with mp.workdps(22):

        def shifted(changes: dict[int, int]) -> mp.mpf:
            return _risk([entry + changes.get(k, 0) * step for k, entry in enumerate(theta)])

        centre = _risk(theta)
        for k in range(4):
            up, down = shifted({k: 1}), shifted({k: -1})
            if abs((up - down) / (2 * step) - gradient[k]) > 1e-7:
                return False
            if abs((up - 2 * centre + down) / step**2 - hessian[k, k]) > 1e-6:
                return False
        corners = (
            shifted({0: 1, 2: 1}) - shifted({0: 1, 2: -1}) - shifted({0: -1, 2: 1}) + shifted({0: -1, 2: -1})
        )
        crossed = abs(corners / (4 * step**2) - hessian[0, 2]) < 1e-6
    return bool(crossed and np.allclose(hessian, hessian.T))


@claim("x' = x - eta (lambda x + noise/sqrt(B)) settles at a risk of eta C/(2 B (2 - eta lambda))")
def stationary_variance() -> bool:
    eta, curvature, noise, batch, variance = sp.symbols("eta lambda C B s", positive=True)
    after = (1 - eta * curvature) ** 2 * variance + eta**2 * noise / batch
    (settled,) = sp.solve(sp.Eq(after, variance), variance)
    risk = curvature * settled / 2
    return sp.simplify(risk - eta * noise / (2 * batch * (2 - eta * curvature))) == 0


@claim("pi_- = (j/n^2)(j z - mu S_j) and pi_+ alike between neighbours, here after 3 of 7 points")
def pieces_of_the_weight() -> bool:
    z, mu = sp.symbols("z mu", positive=True)
    points = [sp.Rational(k, 5) for k in (-9, -4, -1, 2, 3, 8, 11)]
    n, j = len(points), 3
    below = sp.Rational(j, n) * sum(z - mu * x for x in points[:j]) / n
    above = sp.Rational(n - j, n) * sum(mu * x - z for x in points[j:]) / n
    first = sp.Rational(j, n**2) * (j * z - mu * sum(points[:j]))
    second = sp.Rational(n - j, n**2) * (mu * sum(points[j:]) - (n - j) * z)
    return sp.expand(below - first) == 0 and sp.expand(above - second) == 0
