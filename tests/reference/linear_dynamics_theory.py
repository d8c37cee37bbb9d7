"""Predictions for linear networks by other routes, in 30 digits; writes linear_dynamics_theory.json.

- one mode: the Taylor series of da/dt = 2 sqrt(a^2 + c^2)(s - a), integrated step by step (mpmath's ``odefun``);
- weak signals: the moments of pairings cannot give a general f, so the overlap is the contour integral of f against the
  resolvent of the spiked matrix, by the trapezoidal rule on an ellipse around the spectrum;
- best errors: modes from the series, and the minimum by golden sections;
- small widths: phi from the exact Laplace transform series of the Marchenko-Pastur moments (Narayana numbers).
"""

import json
from math import comb
from pathlib import Path

from mpmath import cosh, exp, findroot, mp, mpc, mpf, odefun, pi, sinh, sqrt

mp.dps = 30


def mode(s, c, t, start=0):
    s, c, t = mpf(s), mpf(c), mpf(t)
    return odefun(lambda _, a: 2 * sqrt(a * a + c * c) * (s - a), 0, mpf(start), tol=mpf("1e-24"))(t)


def closed(s, c, t):
    """Through cosh and sinh of the linear system of the Riccati equation, another form than the package's."""
    length = sqrt(s * s + c * c)
    # y' = s - 2 c y - s y^2, y = v/w with (v, w)' = [[-c, s], [s, c]] (v, w).
    v = s * sinh(length * t) / length
    w = cosh(length * t) + c * sinh(length * t) / length
    return 2 * c * v * w / (w * w - v * v)


def resolvent(z):
    """m(z) = lim (1/d) tr (z^2 - E E^T)^-1 z of the quarter circle, symmetrised: the semicircle's transform."""
    root = sqrt(z - 2) * sqrt(z + 2)
    return (z - root) / 2


def overlap(tau, c, t):
    """u^T f(T) v = (1/2 pi i) int f(z) h(z) dz, h the off-diagonal resolvent of [[0, T], [T^T, 0]] along (u, v).

    G(z) = z - S(z) with S the semicircle's transform gives [[1/m, -tau], [-tau, 1/m]]^-1 off the diagonal:
    tau m^2/(1 - tau^2 m^2). f is odd, hence the matrix function of the symmetric dilation has f(T) as its block.
    """
    tau, c, t = mpf(tau), mpf(c), mpf(t)
    edge = max(mpf(2), tau + 1 / tau)

    def f(z):
        length = sqrt(z * z + c * c)
        h = mp.tanh(length * t)
        y = z * h / (length + c * h)
        return 2 * c * y / (1 - y * y)

    # f has branch points at z = +-i c; the ellipse of foci +-edge must stay below them.
    height = c * mpf("0.5")
    width = sqrt(edge**2 + height**2) + mpf("0.05")
    count, total = 6000, mpf(0)
    for k in range(count):
        angle = 2 * pi * (k + mpf("0.5")) / count
        z = mpc(width * mp.cos(angle), height * mp.sin(angle))
        dz = mpc(-width * mp.sin(angle), height * mp.cos(angle)) * 2 * pi / count
        m = resolvent(z)
        total += (f(z) * tau * m * m / (1 - tau**2 * m * m) * dz / mpc(0, 2 * pi)).real
    return total


def best(strengths, kappa, omega, guess):
    kappa, omega = mpf(kappa), mpf(omega)

    def test(time):
        q = exp(-2 * kappa * time)
        return (
            sum((mpf(x) - closed(mpf(x), kappa, time)) ** 2 for x in strengths) + (1 - q) ** 2 + omega * q * q
        )

    time = findroot(lambda u: mp.diff(test, u), mpf(guess), tol=mpf("1e-30"))
    return test(time), time


def decay(ratio, z):
    """E exp(-z mu): sum of (-z)^k/k! times the Narayana polynomials, the moments of mean 1 and ratio g."""
    ratio, z = mpf(ratio), mpf(z)
    total = mpf(1)
    for k in range(1, 120):
        moment = sum(comb(k, r) * comb(k, r + 1) * ratio**r for r in range(k)) / mpf(k)
        total += (-z) ** k / mp.factorial(k) * moment
    return total


MODES = [("3", ".5", ".4"), ("3", "5", ".1"), ("1", "1e-4", "6"), (".3", "2", "1"), ("1.3", "2.4", ".05")]
STARTS = [("1.2", ".7", ".6", ".4"), ("1.2", ".7", ".6", "2.5"), ("0.8", "1.4", ".3", "-.9")]
OVERLAPS = [
    (".6", ".5", ".8"),
    ("1.5", ".5", ".8"),
    ("3", ".5", ".8"),
    (".98", "1.3", ".5"),
    ("1.03", "1.3", ".5"),
]
BEST = [
    (["1"], ".02", "0", "3.76"),
    (["1"], ".1", "0", "2.25"),
    (["1"], ".3", "0", "1.2"),
    (["1"], "3", "0", ".116"),
    (["1"], ".3", ".2", "1.27"),
    (["1"], ".3", ".5", "1.39"),
    (["1"], ".001", "0", "6.6"),
    (["1"], ".001", ".5", "202"),
    ([".8", ".6"], ".2", ".1", "2.2"),
]
DECAYS = [("0.25", ".7"), ("2", "1.3"), ("1", "2.2")]


def main():
    document = {
        "mode": [[*map(float, p), float(mode(*p))] for p in MODES],
        "start": [[*map(float, p), float(mode(*p))] for p in STARTS],
        "overlap": [[*map(float, p), float(overlap(*p))] for p in OVERLAPS],
        "best": [[list(map(float, p[0])), float(p[1]), float(p[2]), *map(float, best(*p))] for p in BEST],
        "decay": [[*map(float, p), float(decay(*p))] for p in DECAYS],
        "ratio_of_a_quarter": {
            "one": float(
                findroot(
                    lambda k: best(["1"], k, 0, "1.76")[0] - mpf(1) / 4,
                    (mpf("0.166"), mpf("0.168")),
                    solver="anderson",
                    tol=mpf("1e-28"),
                )
            ),
            "five": float(
                findroot(
                    lambda k: best([1 / sqrt(5)] * 5, k, 0, "3.93")[0] - mpf(1) / 4,
                    (mpf("0.0745"), mpf("0.0750")),
                    solver="anderson",
                    tol=mpf("1e-28"),
                )
            ),
        },
    }
    assert abs(closed(mpf(3), mpf(".5"), mpf(".4")) - mode("3", ".5", ".4")) < mpf("1e-20")
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
