"""The autoencoder: its minimum at small noise by least squares, and the flow that it generates."""

import sympy as sp

from derivations import claim

_N, _K, _L, _V, _A, _B, _C = sp.symbols("n k L v A B c", positive=True)


def _loss(c: sp.Expr, mo: sp.Expr, qe: sp.Expr, qx: sp.Expr) -> sp.Expr:
    """Per dimension, with m, g and z orthonormal (times sqrt(d)) and sigma = sqrt(v)."""
    sigma = sp.sqrt(_V)
    norm = mo**2 + _N * qe**2 + _N * _K * qx**2
    # Residual of one noised point times its class: along m, its own g, its own z; minus u elsewhere.
    own = (1 - c * _B - mo) ** 2 + (sigma * (1 - c * _B) - qe) ** 2 + (-c * _A - qx) ** 2
    rest = (_N - 1) * qe**2 + (_N * _K - 1) * qx**2
    return _N * (own + rest) + _L * norm


@claim(
    "c = B B_c/(B^2 B_c + A^2 A_c) and the overlaps of u minimise the loss, which is n [(1-cB)^2 B_c + c^2 A^2 A_c]"
)
def details() -> bool:
    share = _N + _L
    data, noise = 1 + _V - (_N + _V) / share, 1 - 1 / (_K * share)
    c = _B * data / (_B**2 * data + _A**2 * noise)
    values = (c, _N * (1 - c * _B) / share, (1 - c * _B) * sp.sqrt(_V) / share, -c * _A / (_K * share))
    unknowns = sp.symbols("c0 m0 e0 x0")
    loss = _loss(*unknowns)
    at = dict(zip(unknowns, values, strict=True))
    place = {
        _N: 4,
        _K: 3,
        _L: sp.Rational(2, 7),
        _V: sp.Rational(3, 5),
        _A: sp.Rational(5, 7),
        _B: sp.Rational(3, 4),
    }
    slopes = [sp.diff(loss, name).subs(at).subs(place) for name in unknowns]
    best = _N * ((1 - c * _B) ** 2 * data + c**2 * _A**2 * noise)
    return all(sp.nsimplify(s) == 0 for s in slopes) and sp.simplify((loss.subs(at) - best).subs(place)) == 0


@claim(
    "the flow in S of c and u gives M = n/(n+L) and the factor sqrt(B_c/A_c) for the start, whatever the schedule"
)
def generated() -> bool:
    s, data, noise, share = sp.symbols("S D N h", positive=True)
    c = data / (data + s**2 * noise)  # B = 1, A = S
    perp = sp.sqrt(data / noise + s**2)  # of the start, up to its scale: dy/dS = (y - c y)/S
    if sp.simplify(sp.diff(perp, s) - (1 - c) * perp / s) != 0:
        return False
    # Along m: dy/dS = (y - c y - n (1-c)/h)/S, solved by n/h and any multiple of the factor of the start.
    n, multiple = sp.symbols("n k", positive=True)
    y = n / share + multiple * perp
    return sp.simplify(sp.diff(y, s) - ((1 - c) * y - n * (1 - c) / share) / s) == 0


@claim(
    "at given unit the best u is (1/D) sum_mu a^mu f_mu, D = lam + sum f2, of loss sum |a|^2 - |sum a f|^2/D"
)
def output_weights() -> bool:
    a1, a2, f1, f2, g1, g2, lam, u = sp.symbols("a1 a2 f1 f2 g1 g2 lam u")
    # Averages over fresh noise: E t = f, E t^2 = g for two points; one coordinate of a and u.
    loss = a1**2 - 2 * a1 * u * f1 + u**2 * g1 + a2**2 - 2 * a2 * u * f2 + u**2 * g2 + lam * u**2
    best = (a1 * f1 + a2 * f2) / (lam + g1 + g2)
    value = a1**2 + a2**2 - (a1 * f1 + a2 * f2) ** 2 / (lam + g1 + g2)
    return sp.simplify(sp.diff(loss, u).subs(u, best)) == 0 and sp.simplify(loss.subs(u, best) - value) == 0
