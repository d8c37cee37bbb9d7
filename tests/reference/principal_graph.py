"""Cooled mixtures by other routes; writes principal_graph.json.

- second splits: averages by adaptive quadrature of the densities themselves, centroid and temperature by Brent's
  method;
- nucleation: the largest 2 K(nu)/nu^2 on a grid and by the zero of its derivative, in 25 digits;
- sums over trees: every spanning tree listed (Pruefer's sequences), weights summed.
"""

import itertools
import json
from pathlib import Path

import numpy as np
from mpmath import exp, findroot, log, mp, mpf
from scipy.integrate import quad
from scipy.optimize import brentq

mp.dps = 25


def density(weights, means, variance):
    """Density of a mixture on the line."""

    def at(x):
        parts = np.exp(-((x - np.array(means)) ** 2) / (2.0 * variance)) / np.sqrt(2.0 * np.pi * variance)
        return float(np.array(weights) @ parts)

    return at


def second_split(p, ends, low, high):
    """T at which the variance about the upper of two centroids +-mu, under its posterior, equals T."""

    def average(f, mu, T):
        def part(x):
            return p(x) * f(x) / (1.0 + np.exp(-2.0 * mu * x / T))

        return sum(
            quad(part, a, b, epsabs=1e-14, epsrel=1e-13, limit=200)[0] for a, b in itertools.pairwise(ends)
        )

    def centroid(T):
        def away(mu):
            return average(lambda x: x, mu, T) / average(lambda x: 1.0, mu, T) - mu

        return brentq(away, 0.2 * ends[-1], ends[-1], xtol=1e-14, rtol=1e-14)

    def excess(T):
        mu = centroid(T)
        return average(lambda x: (x - mu) ** 2, mu, T) / average(lambda x: 1.0, mu, T) - T

    return brentq(excess, low, high, xtol=1e-13, rtol=1e-13)


def nucleation(weights, means, variance):
    """sup over nu of 2 K(nu)/nu^2, K the log of the law's exponential moment about its mean."""
    mean = sum(w * m for w, m in zip(weights, means, strict=True))

    def quotient(nu):
        moment = sum(
            w * exp(nu * (m - mean) + nu**2 * variance / 2) for w, m in zip(weights, means, strict=True)
        )
        return 2 * log(moment) / nu**2

    grid = [mpf(k) / 50 for k in range(10, 400)]
    best = max(grid, key=quotient)
    nu = findroot(lambda v: mp.diff(quotient, v), best)
    return quotient(nu)


def trees(points, stiffness):
    """Sum over all trees and the probability of the edge (0, 1), by Pruefer's sequences."""
    n = len(points)
    total, holding = mpf(0), mpf(0)
    for sequence in itertools.product(range(n), repeat=n - 2):
        degree = [1 + sequence.count(k) for k in range(n)]
        edges = []
        for node in sequence:
            leaf = next(k for k in range(n) if degree[k] == 1)
            edges.append((leaf, node))
            degree[leaf] -= 1
            degree[node] -= 1
        edges.append(tuple(k for k in range(n) if degree[k] == 1))
        cost = sum(
            sum((mpf(a) - mpf(b)) ** 2 for a, b in zip(points[i], points[j], strict=True)) for i, j in edges
        )
        weight = exp(-mpf(stiffness) * cost / 2)
        total += weight
        holding += weight * any(set(edge) == {0, 1} for edge in edges)
    return log(total), holding / total


NODES = ((0.0, 0.0), (0.9, 0.2), (0.3, 1.1), (-0.8, 0.5), (1.4, -0.7), (0.2, -1.0))


def main() -> None:
    four = density([0.25] * 4, [-2.5, -0.7, 0.7, 2.5], 0.2)
    wide, interval = [-6.0, -2.5, -0.7, 0.0, 0.7, 2.5, 6.0], [-1.0, 0.0, 1.0]
    log_partition, probability = trees(NODES, 3)
    found = {
        "four classes, second split": second_split(four, wide, 0.8, 1.9),
        "interval, second split": second_split(lambda x: 0.5, interval, 0.06, 0.16),
        "nucleation, variance 1": nucleation([mpf("0.85"), mpf("0.15")], [0, 3], 1),
        "nucleation, variance 0.9": nucleation([mpf("0.85"), mpf("0.15")], [0, 3], mpf("0.9")),
        "trees, log sum": log_partition,
        "trees, edge 0-1": probability,
    }
    document = {name: mp.nstr(mpf(value), 16) for name, value in found.items()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
