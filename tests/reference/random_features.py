"""Reference values for random features, by routes that share nothing with the package; run by hand (four minutes).

Writes random_features.json:

- coefficients: Hermite coefficients of the activation by the trapezoidal rule at 45 digits (tanh, erf, sin), or the
  arc-cosine and arc-sine kernels at 45 digits (relu, sign), subtracted there without care for cancellation;
- edges for the identity: the self-consistent equations are eliminated to one polynomial P(q, z) over the rationals; the
  edges are those real roots of its discriminant that separate a complex physical root from a real one;
- resolvent values: the physical root of the same polynomial, followed from far above.
"""

import json
from itertools import pairwise
from pathlib import Path

import mpmath as mp
import sympy as sp

mp.mp.dps = 45
TIMES = ["0.000001", "0.01", "0.1", "1", "6"]


def hermite_series(function, gamma, count=140):
    step, reach = mp.mpf(1) / 16, 15
    total = [mp.mpf(0)] * count
    for j in range(-reach * 16, reach * 16 + 1):
        z = j * step
        value = function(gamma * z) * mp.npdf(z) * step
        previous, current = mp.mpf(0), mp.mpf(1)
        for k in range(count):
            total[k] += value * current
            previous, current = current, (z * current - mp.sqrt(k) * previous) / mp.sqrt(k + 1)
    return total


def coefficients(name, time):
    t = mp.mpf(time)
    noise = -mp.expm1(-2 * t)
    rho = mp.e ** (-2 * t)  # data of variance 1: Gamma = 1
    if name in SMOOTH:
        c = SERIES[name]
        shared = mp.fsum(x**2 * rho**k for k, x in enumerate(c) if k >= 2)
        fresh = mp.fsum(x**2 * (1 - rho**k) for k, x in enumerate(c) if k >= 2)
        c1 = c[1]
    else:
        kernel = {
            "relu": lambda r: (mp.sqrt(1 - r * r) + r * (mp.pi - mp.acos(r))) / (2 * mp.pi),
            "sign": lambda r: 2 / mp.pi * mp.asin(r),
        }[name]
        c0 = kernel(mp.mpf(0))
        c1 = {"relu": mp.mpf(1) / 2, "sign": mp.sqrt(2 / mp.pi)}[name]
        shared = kernel(rho) - c0 - c1**2 * rho
        fresh = kernel(mp.mpf(1)) - kernel(rho) - c1**2 * (1 - rho)
    return [mp.nstr(x, 20) for x in (c1, c1**2 * noise, shared, fresh)]


SMOOTH = {"tanh": mp.tanh, "erf": mp.erf, "sin": mp.sin}
SERIES = {name: hermite_series(function, mp.mpf(1)) for name, function in SMOOTH.items()}


def polynomial(name, features, samples, time):
    """P(q, z) with rational coefficients (of the coefficients rounded to 30 digits)."""
    a, b2, v2, s2 = (sp.Rational(x) for x in coefficients(name, time))
    linear = sp.Rational(mp.nstr(mp.e ** (-2 * mp.mpf(time)), 30)) * a**2
    psi, f = sp.Rational(features), sp.Rational(features) / sp.Rational(samples)
    q, z, g = sp.symbols("q z g")
    h = b2 + linear * g
    first = (1 - g) * (1 + psi * q * h) - f * g * q * (linear + v2 * (1 + psi * q * h))
    second = ((z - s2 - v2 * g) * q + 1) * (1 + psi * q * h) - q * h
    result = sp.Poly(sp.resultant(sp.expand(first), sp.expand(second), g), q, z)
    return sp.Poly(sp.expand(sp.cancel(result.as_expr() / q**2)), q), q, z


def physical(poly, q, z, point):
    """The root that continues q = -1/z from far above."""
    table = [sp.Poly(c, z) for c in poly.all_coeffs()]
    target = mp.mpc(point)
    height = mp.mpf(1000)
    root = None
    while True:
        at = mp.mpc(target.real, target.imag + height)
        numbers = [
            mp.polyval([mp.mpf(sp.Rational(c).p) / sp.Rational(c).q for c in t.all_coeffs()], at)
            for t in table
        ]
        roots = mp.polyroots(numbers, maxsteps=500, extraprec=400)
        near = -1 / at if root is None else root
        root = min(roots, key=lambda r: abs(r - near))
        if height == 0:
            return root
        height = mp.mpf(0) if height < mp.mpf("1e-12") else height * mp.mpf("0.8")


def edges(name, features, samples, time):
    poly, q, z = polynomial(name, features, samples, time)
    discriminant = sp.Poly(poly.discriminant(), z)
    roots = sp.real_roots(sp.Poly(sp.sqf_part(discriminant.as_expr()), z))
    places = sorted({sp.N(root, 25) for root in roots if root > 0})
    values = [mp.mpf(str(p)) for p in places]
    ends = [values[0] / 2, *(mp.sqrt(a * b) for a, b in pairwise(values)), values[-1] * 2]
    inside = [abs(physical(poly, q, z, mp.mpc(x, 0)).imag) > mp.mpf("1e-9") for x in ends]
    return [mp.nstr(v, 18) for v, (a, b) in zip(values, pairwise(inside), strict=True) if a != b]


def main():
    table = {
        "coefficients": {
            name: {t: coefficients(name, t) for t in TIMES} for name in (*SMOOTH, "relu", "sign")
        },
        "edges": [],
        "resolvent": [],
    }
    for case in (
        ("tanh", "64", "8", "0.01"),
        ("tanh", "64", "32", "0.01"),
        ("tanh", "8", "4", "0.01"),
        ("tanh", "2", "4", "0.01"),
        ("sin", "3/2", "4", "0.3"),
    ):
        table["edges"].append({"case": case, "edges": edges(*case)})
    for case, point in ((("tanh", "8", "4", "0.01"), "0.1+0.05j"), (("sin", "4", "2", "0.1"), "0.5+0.001j")):
        poly, q, z = polynomial(*case)
        root = physical(poly, q, z, complex(point))
        table["resolvent"].append(
            {"case": case, "z": point, "q": [mp.nstr(root.real, 18), mp.nstr(root.imag, 18)]}
        )
    Path(__file__).with_name("random_features.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
