"""Errors between lazy and active: limits of the best error, small lazy ratios, and the bulk that a signal leaves."""

import mpmath as mp
import sympy as sp

from derivations import claim


def _amplitude(s: mp.mpf, c: mp.mpf, t: mp.mpf) -> mp.mpf:
    length = mp.sqrt(s * s + c * c)
    y = s * mp.tanh(length * t) / (length + c * mp.tanh(length * t))
    return 2 * c * y / (1 - y * y)


def _test(kappa: mp.mpf, omega: mp.mpf, x: mp.mpf, time: mp.mpf) -> mp.mpf:
    q = mp.exp(-2 * kappa * time)
    return (x - _amplitude(x, kappa, time)) ** 2 + (1 - q) ** 2 + omega * q**2


def _best(kappa: mp.mpf, omega: mp.mpf, x: mp.mpf, guess: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    time = mp.findroot(lambda t: mp.diff(lambda u: _test(kappa, omega, x, u), t), guess)
    return _test(kappa, omega, x, time), time


@claim(
    "kappa -> infinity: the best of (S + omega) q^2 + (1 - q)^2 is (S + omega)/(1 + S + omega); 1/2 at S = 1, omega = 0"
)
def lazy_limit() -> bool:
    q, power, omega = sp.symbols("q S omega", positive=True)
    test = (power + omega) * q**2 + (1 - q) ** 2
    best = sp.solve(sp.diff(test, q), q)[0]
    return sp.simplify(test.subs(q, best) - (power + omega) / (1 + power + omega)) == 0


@claim(
    "kappa -> 0 at omega > 0: the signals are learned, the best is omega/(1 + omega) at 2 kappa T = ln(1 + omega)"
)
def active_limit() -> bool:
    q, omega = sp.symbols("q omega", positive=True)
    test = omega * q**2 + (1 - q) ** 2
    best = sp.solve(sp.diff(test, q), q)[0]
    exact = (
        sp.simplify(test.subs(q, best) - omega / (1 + omega)) == 0 and sp.simplify(1 / best - 1 - omega) == 0
    )
    mp.mp.dps = 30
    kappa, start = mp.mpf("1e-3"), mp.mpf("0.5")
    value, time = _best(kappa, start, mp.mpf(1), mp.log(1.5) / (2 * kappa))
    return exact and abs(value - start / 1.5) < 1e-10 and abs(time * 2 * kappa - mp.log(1.5)) < 1e-10


@claim(
    "kappa -> 0, omega = 0: exp(-4 x T) = kappa^4 T/(2 x^5), best = 4 kappa^2 T^2 + 2 kappa^2 T/x, at leading order"
)
def small_ratio() -> bool:
    x, kappa, t = sp.symbols("x kappa T", positive=True)
    # Late in the logistic rise the gap is (2 x^2/kappa) exp(-2 x T), and the noise learned is 2 kappa T.
    test = 4 * x**4 / kappa**2 * sp.exp(-4 * x * t) + 4 * kappa**2 * t**2
    stationary = sp.solve(sp.diff(test, t), sp.exp(-4 * x * t))
    law = kappa**4 * t / (2 * x**5)
    if not stationary or sp.simplify(stationary[0] - law) != 0:
        return False
    if sp.simplify(4 * x**4 / kappa**2 * law - 2 * kappa**2 * t / x) != 0:
        return False
    mp.mp.dps = 30
    errors = []
    for power in (2, 3, 4):
        k = mp.mpf(10) ** -power
        time = mp.lambertw(8 / k**4).real / 4
        errors.append(2 * k**2 * time * (2 * time + 1) / _best(k, mp.mpf(0), mp.mpf(1), time)[0] - 1)
    return all(abs(e) < bound for e, bound in zip(errors, (0.1, 0.014, 0.0025), strict=True))


@claim("(kappa, omega; x) = (0.3, 0.2; 1): best 0.4080550423 at 1.27392; (1, 1; 1): 0.6456136012 at 0.54767")
def orientation() -> bool:
    mp.mp.dps = 30
    first = _best(mp.mpf("0.3"), mp.mpf("0.2"), mp.mpf(1), mp.mpf("1.3"))
    second = _best(mp.mpf(1), mp.mpf(1), mp.mpf(1), mp.mpf("0.5"))
    return abs(first[0] - mp.mpf("0.4080550423")) < 1e-10 and abs(second[0] - mp.mpf("0.6456136012")) < 1e-10


@claim(
    "E |T|^2 = d^2 (1 + x^2) leaves (d - 1)^2 + O(1) beside the outlier d x + 1/x: a bulk of d - k modes, not d"
)
def bulk_without_the_signal() -> bool:
    d, x = sp.symbols("d x", positive=True)
    # A bulk of n modes of radius 2 sqrt(n) has the sum of squares n^2; the outlier stands for the rest.
    exact = d**2 * x**2 + d**2
    left = sp.expand(exact - (d * x + 1 / x) ** 2)
    # left = d^2 - 2 d - 1/x^2: (d - 1)^2 up to a constant, not d^2.
    return sp.limit((left - (d - 1) ** 2) / d, d, sp.oo) == 0 and sp.limit((left - d**2) / d, d, sp.oo) == -2
