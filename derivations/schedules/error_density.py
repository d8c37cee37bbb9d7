"""The local error of a first-order step, the tangent law, and the density of the weight's error."""

from typing import Any

import mpmath as mp
import sympy as sp

from derivations import claim


@claim(
    "a ddim step of log-size L errs by (L^2/2) dD/dlog S along the flow, which is -(1/2) L^2 u(1-u) in log std"
)
def local_error() -> bool:
    step, u0 = sp.symbols("L u", positive=True)
    # Gaussian direction with lambda = 1 at S^2 = (1-u)/u; std of the flow is sqrt(S^2 + 1).
    square = (1 - u0) / u0
    exact = sp.log((square * sp.exp(-2 * step) + 1) / (square + 1)) / 2
    numeric = sp.log(sp.exp(-step) + (1 - sp.exp(-step)) * u0)
    series = sp.series(numeric - exact, step, 0, 3).removeO()
    return sp.simplify(series + step**2 * u0 * (1 - u0) / 2) == 0


@claim("u(1-u) has the step density of the tangent law, of area pi/2: K log ratio -> -pi^2/8")
def tangent_law() -> bool:
    theta = sp.symbols("theta", positive=True)
    u = sp.cos(theta) ** 2
    # dlog S = dtheta/(sin cos), so that sqrt(u (1-u)) dlog S = dtheta.
    density = sp.sqrt(u * (1 - u)) / (sp.sin(theta) * sp.cos(theta))
    place = {theta: sp.Rational(2, 5)}
    if abs(sp.N(density.subs(place) - 1, 30)) > sp.Float("1e-25"):
        return False
    with mp.workdps(25):
        steps = 4000
        total = mp.mpf(0)
        for k in range(steps - 1):
            here, there = (mp.tan(mp.pi / 2 * (1 - mp.mpf(j + mp.mpf("0.5")) / steps)) for j in (k, k + 1))
            total += (
                mp.log(there / here + (1 - there / here) / (1 + here * here))
                - mp.log((there**2 + 1) / (here**2 + 1)) / 2
            )
        return abs(total * steps + mp.pi**2 / 8) < mp.mpf("2e-3")


@claim(
    "e_w is rho times dD/dlog S on the separatrix, in units in which v = q m.y/|m|^2, for isotropic classes"
)
def weight_error() -> bool:
    with mp.workdps(30):
        p, m2, var = mp.mpf("0.7"), mp.mpf(40), mp.mpf("0.36")
        h = mp.log(p / (1 - p)) / 2

        def guess(log_level: Any, m: Any) -> Any:
            square = mp.exp(2 * log_level)
            return (var * m + square * mp.tanh(h + m2 * m / (square + var))) / (square + var)

        for level in (mp.mpf("3"), mp.mpf("9")):
            x = mp.log(level)
            q = m2 / (level**2 + var)
            s, u = mp.sqrt(q), var / (level**2 + var)
            w = mp.findroot(lambda w, s=s: p * mp.ncdf(w - s) - (1 - p) * mp.ncdf(-w - s), mp.mpf("-0.3"))
            v = s * w
            m = v / q
            # Along the flow dM/dlog S = M - D.
            total = mp.diff(lambda y, m=m: guess(y, m), x) + mp.diff(lambda n, x=x: guess(x, n), m) * (
                m - guess(x, m)
            )
            rho = (p * mp.npdf(w - s) + (1 - p) * mp.npdf(w + s)) / s
            t = mp.tanh(h + v)
            first, second = q * (1 - u), q * u * (1 - u)
            formula = rho * (-(v / q - t) * second - (1 - t * t) * (v / q + t) * first**2)
            # rho is a density of v = q M; a higher M at the separatrix raises the weight.
            if abs(formula - rho * q * total) > mp.mpf("1e-18"):
                return False
    return True
