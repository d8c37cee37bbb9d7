"""Retrieval with sparse patterns by plain damped iteration of the definition; writes rbm_sparse.json.

Machines in which every hidden unit carries a pattern xi of +-1 with probability p/2 each and else 0, with the couplings
g xi / sqrt(N); L patterns have the same overlap m = E xi s with the state. A visible unit is in the field
g^2 Omega m Xi + F + sqrt(S) z with Xi the sum of its L condensed entries (all 3^L cases are enumerated; in the diluted
limit, p -> 0 at fixed p L = l and g^2 p, a difference of two Poisson numbers of mean l/2), S = load g^2 p r, at the
quadratic tilt load g^2 p (R - r). A hidden unit is in the field g sqrt(p q) z at the tilt g^2 p (Q - q). Gaussian
averages are trapezoidal sums; averages over a hidden unit are integrals over h of its weight
exp(-power (h^2/2 + threshold h) + tilt h^2/2 + field h) on Gauss-Legendre nodes. The iteration starts from units that
follow their condensed entries. Double precision; nothing of the package is imported.
"""

import itertools
import json
import math
from pathlib import Path

import numpy as np

POINTS = {
    "gaussian, L = 1": {
        "hidden": "gaussian", "threshold": 0.0, "visible": "binary", "visible_field": 0.0,
        "convention": "sqrt-beta", "law": "sparse", "density": 0.8, "condensed": 1,
        "temperature": 0.3, "load": 0.02,
    },
    "gaussian, L = 1, next to the pole": {
        "hidden": "gaussian", "threshold": 0.0, "visible": "binary", "visible_field": 0.0,
        "convention": "sqrt-beta", "law": "sparse", "density": 0.5, "condensed": 1,
        "temperature": 0.15, "load": 0.001,
    },
    "relu, L = 1": {
        "hidden": "relu", "threshold": 0.5, "visible": "zero-one", "visible_field": -0.12,
        "convention": "beta", "law": "sparse", "density": 0.5, "condensed": 1,
        "temperature": 0.05, "load": 0.03,
    },
    "relu, L = 3": {
        "hidden": "relu", "threshold": 0.5, "visible": "zero-one", "visible_field": -0.065,
        "convention": "beta", "law": "sparse", "density": 0.3, "condensed": 3,
        "temperature": 0.015, "load": 0.02,
    },
    "gaussian, L = 3": {
        "hidden": "gaussian", "threshold": 0.0, "visible": "binary", "visible_field": 0.0,
        "convention": "sqrt-beta", "law": "sparse", "density": 0.9, "condensed": 3,
        "temperature": 0.15, "load": 0.003,
    },
    "relu, diluted, l = 2": {
        "hidden": "relu", "threshold": 3.0, "visible": "zero-one", "visible_field": -5.0,
        "convention": "sqrt-beta", "law": "diluted", "density": 1.0, "condensed": 2,
        "temperature": 0.025, "load": 0.007,
    },
}  # fmt: skip
Z = np.linspace(-9.0, 9.0, 1401)
WEIGHTS = np.exp(-0.5 * Z * Z) / np.exp(-0.5 * Z * Z).sum()


def sums(law, p, number):
    """Values and probabilities of the sum of the condensed entries."""
    table = {}
    if law == "diluted":
        half = [math.exp(-number / 2) * (number / 2) ** n / math.factorial(n) for n in range(28)]
        for (a, u), (b, w) in itertools.product(enumerate(half), repeat=2):
            table[a - b] = table.get(a - b, 0.0) + u * w
    else:
        for entries in itertools.product((-1, 0, 1), repeat=number):
            weight = math.prod(1 - p if e == 0 else p / 2 for e in entries)
            table[sum(entries)] = table.get(sum(entries), 0.0) + weight
    values = sorted(table)
    return np.array(values, dtype=float), np.array([table[v] for v in values])


def hidden_averages(point, power, tilt, spread):
    """E <h>^2, E var and E var^2 from the weight on a grid of h; None where the weight does not decay."""
    c = power - tilt
    if c <= 0:
        return None
    fields = spread * Z
    shift = power * point["threshold"] if point["hidden"] == "relu" else 0.0
    unit = np.linspace(-13.0, 13.0, 801) / math.sqrt(c)
    centres = (fields - shift) / c
    if point["hidden"] == "relu":
        # Gauss-Legendre nodes on the part of the half-line that matters.
        x, w = np.polynomial.legendre.leggauss(96)
        low = np.maximum(0.0, centres - 13.0 / math.sqrt(c))
        high = np.where(
            centres < 0,
            np.minimum(13.0 / math.sqrt(c), 45.0 / np.maximum(-c * centres, 1e-9)),
            centres + 13.0 / math.sqrt(c),
        )
        h = 0.5 * (high + low)[:, None] + 0.5 * (high - low)[:, None] * x
        w = w * np.ones_like(h)
    else:
        h = centres[:, None] + unit
        w = np.ones_like(h)
    exponent = -0.5 * c * h * h + (fields - shift)[:, None] * h
    mass = w * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    mean = (mass * h).sum(axis=1)
    variance = (mass * (h - mean[:, None]) ** 2).sum(axis=1)
    return (mean**2 @ WEIGHTS, variance @ WEIGHTS, variance**2 @ WEIGHTS)


def solve(point, damping=0.5, steps=1500):
    beta = 1 / point["temperature"]
    square, power = (beta, 1.0) if point["convention"] == "sqrt-beta" else (beta**2, beta)
    noise = square * point["density"]
    values, weights = sums(point["law"], point["density"], point["condensed"])
    number, load = point["condensed"], point["load"]
    binary = point["visible"] == "binary"
    m = float(weights @ np.abs(values)) / number * (1.0 if binary else 0.5)
    Q = 1.0 if binary else 0.5
    q = 0.999 * Q
    for _ in range(steps):
        averages = hidden_averages(point, power, noise * (Q - q), math.sqrt(noise * q))
        while averages is None:
            q = 0.5 * (q + Q)
            averages = hidden_averages(point, power, noise * (Q - q), math.sqrt(noise * q))
        r, spread, spread_squared = averages
        field = square / power * m * values[:, None] + power * point["visible_field"]
        field = field + math.sqrt(load * noise * r) * Z
        if binary:
            mean = np.tanh(field)
            variance = 1 - mean * mean
        else:
            mean = 1 / (1 + np.exp(-np.clip(field + 0.5 * load * noise * spread, -700, 700)))
            variance = mean * (1 - mean)
        new_m = float((weights * values) @ (mean @ WEIGHTS)) / number
        new_q = float(weights @ (mean**2 @ WEIGHTS))
        new_Q = new_q + float(weights @ (variance @ WEIGHTS))
        change = max(abs(new_m - m), abs(new_q - q), abs(new_Q - Q))
        m, q, Q = (old + (1 - damping) * (new - old) for old, new in ((m, new_m), (q, new_q), (Q, new_Q)))
        if change < 1e-14:
            break
    replicon = 1 - load * noise**2 * float(weights @ (variance**2 @ WEIGHTS)) * spread_squared
    return {
        "overlap": m,
        "edwards_anderson_overlap": q,
        "self_overlap": Q,
        "hidden_edwards_anderson_overlap": r,
        "hidden_self_overlap": r + spread,
        "replicon": replicon,
        "change": change,
    }


def end(point):
    """Largest load of the branch: at fixed S the overlap follows from the visible units alone, and the load is
    S / (g^2 p r). For +-1 visible units."""
    from scipy.optimize import minimize_scalar

    beta = 1 / point["temperature"]
    square, power = (beta, 1.0) if point["convention"] == "sqrt-beta" else (beta**2, beta)
    noise = square * point["density"]
    values, weights = sums(point["law"], point["density"], point["condensed"])

    def state(S):
        m = float(weights @ np.abs(values)) / point["condensed"]
        for _ in range(20000):
            mean = np.tanh(square / power * m * values[:, None] + math.sqrt(S) * Z)
            new = float((weights * values) @ (mean @ WEIGHTS)) / point["condensed"]
            if abs(new - m) < 1e-14:
                break
            m = new
        q = float(weights @ (mean**2 @ WEIGHTS))
        averages = hidden_averages(point, power, noise * (1 - q), math.sqrt(noise * q))
        return m, 0.0 if averages is None else S / (noise * averages[0])

    found = minimize_scalar(
        lambda x: -state(math.exp(x))[1], bounds=point["between"], method="bounded", options={"xatol": 1e-6}
    )
    m, load = state(math.exp(found.x))
    return {"load": load, "overlap": m}


END = POINTS["gaussian, L = 1, next to the pole"] | {"between": [0.5, 1.6]}


def main():
    rows = {}
    for name, point in POINTS.items():
        rows[name] = {"point": point, "state": solve(point, damping=0.9 if "pole" in name else 0.5)}
        print(name, rows[name]["state"])
    document = {"states": rows, "end": {"point": END, "state": end(END)}}
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
