"""The spectral density of the Hessian point by point, as scripts do it: a damped fixed point in a Python loop.

S = 1/(alpha E[g/(1 + g S)] - z), the average over y and t by a product of two Gauss-Legendre rules, at each position
from the solution at the one before, or from the same start. Iterated until |z(S) - z| is below the tolerance.
"""

import numpy as np


def rule(edges, order):
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    nodes = (middle[:, None] + half[:, None] * x).ravel()
    return nodes, 2 * (half[:, None] * w).ravel() * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)


def weights(offset, order):
    """Curvatures of the normalised loss and their probabilities."""
    y, py = rule(np.array([0.0, 1.0, 3.0, 8.5]), order)
    t, pt = rule(np.array([0.0, 1.0, 3.0, 8.5]), order)
    g = (6 * y[:, None] ** 2 - 2 * t**2) / (offset + t**2)
    return g.ravel(), np.outer(py, pt).ravel()


def density(positions, alpha, offset, multiplier, order=32, damping=0.5, tolerance=1e-10, neighbour=True):
    """The density, the largest residual and the number of iterations of all positions together."""
    g, p = weights(offset, order)
    start = s = 0.01 + 0.1j
    found, worst, iterations = [], 0.0, 0
    for position in positions:
        z = position + multiplier
        s = s if neighbour else start
        for _ in range(100_000):
            average = alpha * np.sum(p * g / (1 + g * s))
            residual = abs(-1 / s + average - z)
            if residual <= tolerance:
                break
            iterations += 1
            s = damping * s + (1 - damping) / (average - z)
        worst = max(worst, residual)
        found.append(s.imag / np.pi)
    return np.array(found), worst, iterations
