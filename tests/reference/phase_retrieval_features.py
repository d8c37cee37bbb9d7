"""Spectra, transitions and states at places where cancellation, isolated features or scales hide them.

Nothing of the package is used. Averages over the Gaussian plane are sums over panels of Gauss and Legendre that are
laid for each case by hand, dense where its curvature is lowest; roots are bracketed in the logarithm of S. The one-step
states are solved in the field z, with the response h(z) from Newton's method on its cubic equation, not in h. Run it to
write the file beside it.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import sympy
from scipy.integrate import quad
from scipy.optimize import brentq, fsolve

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
FINE_NODES, FINE_WEIGHTS = np.polynomial.legendre.leggauss(20)


def panels(edges: np.ndarray, nodes: np.ndarray = NODES, weights: np.ndarray = WEIGHTS) -> tuple:
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()


def joined(*parts: tuple[float, float, int]) -> np.ndarray:
    return np.unique(np.round(np.concatenate([np.linspace(a, b, n + 1) for a, b, n in parts]), 12))


def transition_of_an_isolated_dip() -> dict[str, float]:
    """(y^2-t^2)^2/(2(1+t^2)) - exp(-100 ((y^2-2)^2 + (t^2-1)^2))/100: its curvature dips beside y^2 = 2, t^2 = 1."""
    y, t = sympy.symbols("y t")
    bump = sympy.exp(-((y**2 - 2) ** 2 + (t**2 - 1) ** 2) * 100) / 100
    g = sympy.lambdify((y, t), sympy.diff((y**2 - t**2) ** 2 / (2 * (1 + t**2)) - bump, y, 2), "numpy")
    ys, wy = panels(joined((0, 1.1, 44), (1.1, 1.32, 22), (1.32, 1.5, 360), (1.5, 1.7, 20), (1.7, 8, 126)))
    ts, wt = panels(
        joined((0, 0.75, 30), (0.75, 0.95, 20), (0.95, 1.05, 200), (1.05, 1.25, 20), (1.25, 8, 135))
    )
    curvature = g(ys[:, None], ts).ravel()
    gaussian = np.sqrt(2 / np.pi)
    wy, wt = wy * gaussian * np.exp(-(ys**2) / 2), wt * gaussian * np.exp(-(ts**2) / 2)
    weight = (wy[:, None] * wt).ravel()
    rest = np.broadcast_to(1 - ts**2, (len(ys), len(ts))).ravel()

    def moments(s: float) -> tuple[float, float]:
        r = s * curvature / (1 + s * curvature)
        return float(weight @ (rest * r)), float(weight @ r**2)

    s = brentq(lambda x: np.subtract(*moments(x)), 0.457, 0.4571, xtol=1e-14)
    return {"samples_per_dimension": 1 / moments(s)[1], "stieltjes": s}


def transition_of_a_preprocessing(
    function: Callable[[float], float], bound: float, points: list[float]
) -> dict[str, float]:
    def mean(s: float, what: Callable[[float, float], float]) -> float:
        def integrand(t: float) -> float:
            r = -function(t) * s / (1 - function(t) * s)
            return 2 * np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * what(t, r)

        pieces = pairwise(points)
        return sum(quad(integrand, a, b, epsabs=1e-14, epsrel=1e-12, limit=400)[0] for a, b in pieces)

    def excess(s: float) -> float:
        return mean(s, lambda t, r: (1 - t * t) * r - r * r)

    grid = np.linspace(0.02, 0.9999, 80) / bound
    values = [excess(s) for s in grid]
    k = max(k for k in range(len(grid) - 1) if values[k] > 0 >= values[k + 1])
    s = brentq(excess, grid[k], grid[k + 1], xtol=1e-15)
    return {"samples_per_dimension": 1 / mean(s, lambda t, r: r * r), "stieltjes": s}


def graded(low: float, high: float, scale: float) -> np.ndarray:
    steps = scale * 1.7 ** np.arange(200)
    steps = np.concatenate([[0.0], steps[steps < max(high, -low)]])
    edges = np.unique(np.concatenate([-steps, steps, [low, high]]))
    edges = edges[(edges >= low) & (edges <= high)]
    return np.concatenate(
        [
            [edges[0]],
            *(np.linspace(a, b, int(np.ceil((b - a) / 0.5)) + 1)[1:] for a, b in pairwise(edges)),
        ]
    )


def warm_start(a: float, overlap: float, alpha: float) -> dict[str, float]:
    """Edge, outlier and squared overlap of the normalised loss; y = m t + sigma x, u = sigma t - m x."""
    m, sigma = overlap, np.sqrt(1 - overlap**2)
    labels, label_weights = panels(graded(0.0, 11.0, 0.25 * min(1.0, np.sqrt(a))), FINE_NODES, FINE_WEIGHTS)

    def moments(s: float) -> np.ndarray:
        total = np.zeros(4)
        for t, weight in zip(labels, label_weights, strict=True):
            scale = 0.25 * min(1.0, np.sqrt(a + t * t), np.sqrt((a + (1 - 2 * s) * t * t) / (6 * s)))
            y, w = panels(graded(m * t - 11 * sigma, m * t + 11 * sigma, scale), FINE_NODES, FINE_WEIGHTS)
            x = (y - m * t) / sigma
            w = w * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) / sigma
            g = (6 * y * y - 2 * t * t) / (a + t * t)
            r, u = g * s / (1 + g * s), sigma * t - m * x
            rows = np.array([w @ r, w @ r**2, w @ (u**2 * r), w @ (u**2 * r**2)])
            total += 2 * weight * np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * rows
        return total

    def root(function: Callable[[float], float], top: float) -> float:
        low = top - 1.0
        while function(low) > 0:
            low -= 2.0
        return float(np.exp(brentq(function, low, top, xtol=1e-12, rtol=1e-12)))

    edge = root(lambda x: alpha * moments(np.exp(x))[1] - 1, np.log(0.5 * (1 - 1e-9)))
    outlier = root(lambda x: alpha * np.subtract(*moments(np.exp(x))[[0, 2]]) - 1, np.log(edge))
    # The multiplier is alpha E[F y], F y = 2 y^2 (y^2 - t^2)/(a + t^2), its mean over y given t in closed form.
    square = (m * labels) ** 2 + sigma**2
    fourth = (m * labels) ** 4 + 6 * (m * labels) ** 2 * sigma**2 + 3 * sigma**4
    density = 2 * label_weights * np.exp(-(labels**2) / 2) / np.sqrt(2 * np.pi)
    mu = alpha * float(density @ (2 * (fourth - labels**2 * square) / (a + labels**2)))
    here = moments(outlier)
    rest = 1 - alpha * here[1]
    return {
        "bulk_edge": (alpha * moments(edge)[0] - 1) / edge - mu,
        "outlier": (alpha * here[0] - 1) / outlier - mu,
        "overlap_squared": (1 - m * m) * rest / (rest + alpha * here[3]),
    }


def marginal_state(alpha: float, guess: tuple[float, float]) -> dict[str, float]:
    """(A) and (B) of the one-step state for (y^2-t^2)^2/(2(1+t^2)), averages over the field z."""
    z, wz = panels(graded(0.0, 9.0, 0.05), FINE_NODES, FINE_WEIGHTS)
    t, wt = panels(graded(0.0, 9.0, 0.05), FINE_NODES, FINE_WEIGHTS)
    gaussian = np.sqrt(2 / np.pi)
    wz, wt = wz * gaussian * np.exp(-z * z / 2), wt * gaussian * np.exp(-t * t / 2)
    grid, label = np.meshgrid(z, t)

    def averages(chi: float, s: float) -> dict[str, float]:
        h = grid.copy()
        for _ in range(60):
            force = 2 * h * (h * h - label**2) / (1 + label**2)
            g = (6 * h * h - 2 * label**2) / (1 + label**2)
            h = h - (h + chi * force - grid) / (1 + chi * g)
        loss = (h * h - label**2) ** 2 / (2 * (1 + label**2))
        weight = wz * np.exp(-s * (chi * force**2 / 2 + loss))
        weight *= (wt / weight.sum(axis=1))[:, None]
        r = chi * g / (1 + chi * g)
        names = {"force": force**2, "response": r**2, "energy": loss, "multiplier": force * h}
        return {name: float((weight * values).sum()) for name, values in names.items()}

    def conditions(x: np.ndarray) -> list[float]:
        chi, s = np.exp(x)
        here = averages(chi, s)
        return [np.log(alpha * here["force"] * chi * (chi + s)), np.log(alpha * here["response"])]

    chi, s = np.exp(fsolve(conditions, np.log(guess), xtol=1e-13))
    here = averages(chi, s)
    return {
        "susceptibility": float(chi),
        "parisi_parameter": float(s),
        "energy": alpha * here["energy"],
        "lagrange_multiplier": alpha * here["multiplier"],
    }


def main() -> None:
    preprocessings = {
        "capped": transition_of_a_preprocessing(lambda t: min(t * t, 3.0), 3.0, [0, 3**0.5, 12]),
        "step": transition_of_a_preprocessing(lambda t: 1.0 if t > 1.1 else 0.0, 1.0, [0, 1.1, 12]),
        "steep": transition_of_a_preprocessing(
            lambda t: np.tanh(20 * (t - 1)), 1.0, [0, 0.7, 0.9, 1, 1.1, 1.3, 2, 12]
        ),
        "bump": transition_of_a_preprocessing(
            lambda t: np.exp(-(((t - 1.234) / 0.02) ** 2)), 1.0, [0, 1.1, 1.2, 1.234, 1.27, 1.4, 12]
        ),
    }
    starts = [(1.0, 0.4, 300.0), (1.0, -0.7, 500.0), (30.0, 0.2, 200.0), (1e-3, 0.3, 25.0), (4.0, 0.6, 1e4)]
    reference = {
        "dip": transition_of_an_isolated_dip(),
        "preprocessings": preprocessings,
        "warm_starts": [
            {"offset": a, "overlap": m, "samples_per_dimension": alpha} | warm_start(a, m, alpha)
            for a, m, alpha in starts
        ],
        "marginal_states": [
            {"samples_per_dimension": alpha} | marginal_state(alpha, guess)
            for alpha, guess in ((7.0, (0.31, 0.56)), (700.0, (0.0067, 0.006)), (1e4, (0.0015, 0.0013)))
        ],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
