"""Retrieval in bidirectional memories: the saddle point by SciPy's quadrature, and networks; writes rbm_memory.json.

The equations of state of W = (g/N) sum_k xi^k eta^k, +-1 visible units and hidden units with the values 0 and +-1 of
weights 1 and exp(-cost) each (or +-1 alone), averaged with adaptive quadrature. Then block Gibbs sampling
of the networks themselves, from the first pattern, with its overlap per disorder sample.
"""

import json
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.optimize import root


def average(function):
    def integrand(z):
        return np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) * function(z)

    return quad(integrand, -10, 10, epsabs=1e-13, epsrel=1e-13, limit=400, points=(-3, -1, 0, 1, 3))[0]


def hidden_unit(cost, tilt, b):
    """<h> and <h^2>."""
    if cost is None:
        return np.tanh(b), 1.0
    exponents = np.array([0.0, tilt / 2 + b - cost, tilt / 2 - b - cost])
    weights = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    return weights[1] - weights[2], weights[1] + weights[2]


def image(x, alpha, g, load, cost):
    """The averages at the order parameters m, mbar, q, r, R."""
    m, n, q, r, R = x
    a, u, v = alpha * g * g, 1 - q, R - r
    rest = 1 - a * u * v
    own = np.sqrt(load * a * (r + a * q * v * v)) / rest
    other, tilt = np.sqrt(load * g * g * (q + a * r * u * u)) / rest, load * g * g * u / rest
    signal, field = alpha * g * n, g * m
    return np.array(
        [
            average(lambda z: np.tanh(signal + own * z)),
            average(lambda z: hidden_unit(cost, tilt, field + other * z)[0]),
            average(lambda z: np.tanh(signal + own * z) ** 2),
            average(lambda z: hidden_unit(cost, tilt, field + other * z)[0] ** 2),
            average(lambda z: hidden_unit(cost, tilt, field + other * z)[1]),
        ]
    )


def saddle_point(alpha, g, load, cost):
    """From a saturated state, by Powell's method on image - x."""
    found = root(lambda x: image(x, alpha, g, load, cost) - x, (0.9, 0.9, 0.85, 0.85, 0.95), tol=1e-13)
    assert np.abs(found.fun).max() < 1e-11, found.message
    return found.x


def network(alpha, g, load, cost, size, samples, seed, sweeps=150, chains=8):
    """Overlap of the visible units with the first pattern, mean and standard error over disorder samples."""
    rng = np.random.default_rng(seed)
    hidden, pairs = round(alpha * size), round(load * size)
    values = []
    for _ in range(samples):
        xi, eta = (rng.choice([-1.0, 1.0], (pairs, units)) for units in (size, hidden))
        w = g / size * xi.T @ eta
        s = np.tile(xi[0], (chains, 1))
        total = 0.0
        for sweep in range(sweeps):
            b = s @ w
            plus, minus = np.exp(b - (cost or 0.0)), np.exp(-b - (cost or 0.0))
            norm = plus + minus + (0.0 if cost is None else 1.0)
            draw = rng.random(b.shape) * norm
            h = np.where(draw < plus, 1.0, np.where(draw < plus + minus, -1.0, 0.0))
            s = np.where(rng.random(s.shape) < 1 / (1 + np.exp(-2 * h @ w.T)), 1.0, -1.0)
            if sweep >= sweeps // 3:
                total += float((s @ xi[0]).mean()) / size
        values.append(total / (sweeps - sweeps // 3))
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(samples))


CASES = {
    "binary": (1.0, 2.0, 0.05, None),
    "binary, half as many hidden units": (0.5, 2.5, 0.03, None),
    "ternary, cost 0": (0.5, 3.0, 0.02, 0.0),
    "ternary, cost 1": (0.5, 3.0, 0.02, 1.0),
}
SIZES = ((400, 32), (800, 16), (1600, 12))


def main():
    rows = []
    for k, (name, (alpha, g, load, cost)) in enumerate(CASES.items()):
        m, n, q, r, R = (float(value) for value in saddle_point(alpha, g, load, cost))
        row = {"name": name, "layer_ratio": alpha, "g": g, "load": load, "cost": cost}
        row |= {"overlap": m, "hidden_overlap": n, "q": q, "r": r, "R": R, "networks": []}
        if cost is not None:
            for size, samples in SIZES:
                mean, error = network(alpha, g, load, cost, size, samples, seed=100 * k + size)
                row["networks"].append({"size": size, "samples": samples, "overlap": mean, "error": error})
        rows.append(row)
        print(row, flush=True)
    Path(__file__).with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
