"""One-step states of phase retrieval by another quadrature; writes phase_retrieval_threshold_states.json.

The package integrates over the pre-activation h. Here the integral runs over the Gaussian field z itself, and the inner
minimum of (h - z)^2/(2 chi) + (y^2 - t^2)^2/(2 (a + t^2)) is the global root of the cubic p h^3 + q h = z,
p = 2 chi/(a + t^2), q = 1 - p t^2 (a = infinity: p = 2 chi), by Cardano's formulas. Panels are graded geometrically
towards z = 0, and nodes laid in the square root of the distance to the label at which q = 0. The marginal and
ground-state equations are solved by MINPACK.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy.optimize import fsolve

THRESHOLDS = {  # offset: guess of (samples per dimension, chi, s)
    "1e-4": (4.23, 0.15, 0.36),
    "0.01": (4.4, 0.16, 0.38),
    "0.1": (5.1, 0.19, 0.42),
    "0.3": (5.8, 0.23, 0.46),
    "0.5": (6.3, 0.25, 0.49),
    "0.7": (6.7, 0.28, 0.52),
    "1": (7.1, 0.31, 0.55),
    "2": (8.0, 0.4, 0.65),
    "5": (9.5, 0.61, 0.9),
    "20": (12.0, 1.5, 2.0),
    "100": (13.4, 6.2, 7.8),
    "inf": (13.8, 0.058, 0.071),
}
STATES = [("marginal", 5.0, (0.42, 0.9)), ("marginal", 7.0, (0.31, 0.56))]
STATES += [("ground", 5.0, (0.45, 0.72)), ("ground", 6.55, (0.36, 0.5))]


def panels(edges, order):
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def graded(start, end, ratio=0.3, levels=30):
    """From start (fine) to end (coarse)."""
    return start + (end - start) * np.concatenate([[0.0], ratio ** np.arange(levels, -1, -1)])


def averages(a, chi, s, order=14):
    scale = 1.0 if math.isinf(a) else math.sqrt(a)
    denominator = (lambda t: np.ones_like(t)) if math.isinf(a) else (lambda t: a + t * t)
    # q = 0 at t_c.
    gap = 2 * chi if math.isinf(a) else (2 * chi - 1) / a
    end = 10.0
    base = scale * np.sinh(np.linspace(0, np.arcsinh(end / scale), 14))
    if gap > 0 and 1 / math.sqrt(gap) < end:
        tc = 1 / math.sqrt(gap)
        # The averages go like |t - tc|^(-1/2): smooth in the square root of the distance.
        x, wx = panels(np.linspace(0.0, 1.0, 10), order)
        t = np.concatenate([tc - tc * x**2, tc + (end - tc) * x**2])
        wt = np.concatenate([2 * tc * x * wx, 2 * (end - tc) * x * wx])
    else:
        t, wt = panels(base, order)
    z, wz = panels(np.concatenate([graded(0.0, 0.25, levels=32), np.linspace(0.25, 9.5, 38)[1:]]), order)
    t, z = t[:, None], z[None, :]
    d = denominator(t)
    p = 2 * chi / d
    q = 1 - p * t * t
    with np.errstate(all="ignore"):
        r = np.sqrt(np.abs(q) / (3 * p))
        w = z / (2 * p * r**3)
        positive = 2 * r * np.sinh(np.arcsinh(w) / 3)
        negative = (
            2
            * r
            * np.where(
                w > 1, np.cosh(np.arccosh(np.maximum(w, 1)) / 3), np.cos(np.arccos(np.minimum(w, 1)) / 3)
            )
        )
    h = np.where(q > 0, positive, negative)
    h = np.where(r > 1e-9, h, np.cbrt(z / p))
    # One Newton step removes the rounding of Cardano's formulas near z = 0.
    h = h - (p * h**3 + q * h - z) / (3 * p * h * h + q)
    force = 2 * h * (h * h - t * t) / d
    g = (6 * h * h - 2 * t * t) / d
    loss = (h * h - t * t) ** 2 / (2 * d)
    v = chi * force**2 / 2 + loss
    joint = np.exp(-z * z / 2 - s * v) * wz * 2 / math.sqrt(2 * math.pi)
    partition = joint.sum(axis=1, keepdims=True)
    label = np.exp(-t * t / 2) * wt[:, None] * 2 / math.sqrt(2 * math.pi)
    joint = joint / partition * label
    response = chi * g / (1 + chi * g)
    mean = lambda x: float((joint * x).sum())  # noqa: E731
    return {
        "F2": mean(force**2),
        "r2": mean(response**2),
        "B": mean((1 - t * t) * response),
        "loss": mean(loss),
        "Fy": mean(force * h),
        "logZ": float((label * np.log(partition)).sum()),
    }


def conditions(a, alpha, chi, s, state, order):
    e = averages(a, chi, s, order)
    first = math.log(alpha * chi * (chi + s) * e["F2"])
    complexity = math.log1p(s / chi) / 2 + alpha * (e["logZ"] + s * e["loss"])
    return first, (math.log(alpha * e["r2"]) if state == "marginal" else complexity / s**2), e


def solve(function, start):
    x, info, _, message = fsolve(function, start, xtol=1e-13, full_output=True)
    assert np.abs(info["fvec"]).max() < 1e-10, (x, info["fvec"], message)
    return x


def main():
    table = {"thresholds": {}, "states": []}
    for name, guess in THRESHOLDS.items():
        results = []
        for order in (9, 12):

            def equations(x, a=float(name), order=order):
                alpha, chi, s = np.exp(x)
                one, two, e = conditions(a, alpha, chi, s, "marginal", order)
                return [one, two, alpha * e["B"] - 1]

            results.append(np.exp(solve(equations, np.log(guess))))
        print(name, results[1], np.abs(results[1] / results[0] - 1).max())
        assert np.abs(results[1] / results[0] - 1).max() < 2e-9, name
        table["thresholds"][name] = results[1].tolist()
    for state, alpha, guess in STATES:
        x = solve(lambda x: conditions(1.0, alpha, *np.exp(x), state, 12)[:2], np.log(guess))  # noqa: B023
        chi, s = np.exp(x)
        e = averages(1.0, chi, s, 12)
        table["states"].append(
            {
                "state": state,
                "samples_per_dimension": alpha,
                "susceptibility": chi,
                "parisi_parameter": s,
                "energy": alpha * e["loss"],
                "lagrange_multiplier": alpha * e["Fy"],
                "outlier_criterion": alpha * e["B"],
                "replicon": 1 - alpha * e["r2"],
                "complexity": math.log1p(s / chi) / 2 + alpha * (e["logZ"] + s * e["loss"]),
            }
        )
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
