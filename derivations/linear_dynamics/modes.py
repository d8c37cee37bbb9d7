"""One singular direction: the closed form, what is left, its limits, and any start."""

import mpmath as mp
import sympy as sp

from derivations import claim

_S, _C, _T = sp.symbols("s c t", positive=True)


def _amplitude(s: mp.mpf, c: mp.mpf, t: mp.mpf) -> mp.mpf:
    """Through y = tanh(u/2), a = c sinh u, in as many digits as are set."""
    length = mp.sqrt(s * s + c * c)
    y = s * mp.tanh(length * t) / (length + c * mp.tanh(length * t))
    return 2 * c * y / (1 - y * y)


@claim("a = c sinh u, y = tanh(u/2) turns a' = -2 sqrt(a^2 + c^2) (a - s) into y' = s - 2 c y - s y^2")
def substitution() -> bool:
    y = sp.Symbol("y", positive=True)
    a = 2 * _C * y / (1 - y**2)
    length = _C * (1 + y**2) / (1 - y**2)
    square = sp.simplify(length**2 - a**2 - _C**2) == 0
    rate = -2 * length * (a - _S) / sp.diff(a, y)
    return square and sp.simplify(rate - (_S - 2 * _C * y - _S * y**2)) == 0


@claim("y = s tanh(l t)/(l + c tanh(l t)), l^2 = s^2 + c^2, solves it from y(0) = 0")
def solution() -> bool:
    length, h = sp.symbols("l h", positive=True)
    y = _S * h / (length + _C * h)
    # dh/dt = l (1 - h^2) for h = tanh(l t).
    difference = sp.diff(y, h) * length * (1 - h**2) - (_S - 2 * _C * y - _S * y**2)
    return sp.simplify(sp.together(difference).subs(length, sp.sqrt(_S**2 + _C**2))) == 0


@claim("From y(0) = y0: y = ((l - c h) y0 + s h)/(l + c h + s h y0)")
def any_start() -> bool:
    length, h, y0 = sp.symbols("l h y0", positive=True)
    y = ((length - _C * h) * y0 + _S * h) / (length + _C * h + _S * h * y0)
    difference = sp.diff(y, h) * length * (1 - h**2) - (_S - 2 * _C * y - _S * y**2)
    zero = sp.simplify(sp.together(difference).subs(length, sp.sqrt(_S**2 + _C**2)))
    return zero == 0 and y.subs(h, 0).equals(y0)


@claim(
    "a = 2 c s N (l (1 + E) + c N)/(P Q) and s - a = 4 s l^2 E/(P Q), E = exp(-2 l t), N = 1 - E, without cancellation"
)
def stable_form() -> bool:
    mp.mp.dps = 60
    for s, c, t in ((3, "0.5", "0.4"), (1, "1e-4", 6), ("0.3", 2, 1), ("1e-6", 7, "0.01"), (5, "1e-7", 2)):
        s, c, t = mp.mpf(s), mp.mpf(c), mp.mpf(t)
        length = mp.sqrt(s * s + c * c)
        e, n = mp.exp(-2 * length * t), -mp.expm1(-2 * length * t)
        f, up = length - s, length + s
        both = (f + up * e + c * n) * (up + f * e + c * n)
        a = 2 * c * s * n * (length * (1 + e) + c * n) / both
        if abs(a / _amplitude(s, c, t) - 1) > mp.mpf("1e-45"):
            return False
        if abs(4 * s * length**2 * e / both / (s - _amplitude(s, c, t)) - 1) > mp.mpf("1e-40"):
            return False
    return True


@claim("c -> infinity: s (1 - exp(-2 c t)); c -> 0: the logistic s/(1 + (2 s/c) exp(-2 s t))")
def limits() -> bool:
    mp.mp.dps = 40
    s, c = mp.mpf("0.7"), mp.mpf("1e9")
    lazy = _amplitude(s, c, mp.mpf("0.4") / c) / (s * -mp.expm1(-mp.mpf("0.8")))
    small = mp.mpf("1e-12")
    t = mp.log(2 * s / small) / (2 * s) + mp.mpf("0.3")
    active = _amplitude(s, small, t) * (1 + 2 * s / small * mp.exp(-2 * s * t)) / s
    return abs(lazy - 1) < 1e-15 and abs(active - 1) < 1e-10
