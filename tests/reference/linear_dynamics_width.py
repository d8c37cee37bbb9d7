"""Finite networks without the package: errors in excess of infinite width; writes linear_dynamics_width.json.

Gaussian weights (Wishart kernels) and the exact start K = c I on the same targets, one signal in unit noise; the flow
of K in scipy. What is left of the difference after omega q^2 (1 - 1/d)^2, over d/w, extrapolates linearly in 1/d to the
coefficient of d/w. Also the errors of K = c I themselves, for the leading orders in 1/d.
"""

import json
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

POINTS = [(0.3, 0.2, 1.0, 1.27392), (0.6, 0.5, 0.8, 0.9)]  # lazy ratio, initial noise, strength, scaled time
SIZES = [(16, 500), (32, 250), (64, 80)]  # dimension, instances


def unit(rng, d):
    vector = rng.standard_normal(d)
    return vector / np.linalg.norm(vector)


def flow(gram, target, time):
    d = len(target)

    def slope(_, flat):
        one, a, two = flat.reshape(3, d, d)
        g = a - target
        p, q = a.T @ g, a @ g.T
        return np.stack([-(p + p.T), -(two @ g + g @ one), -(q + q.T)]).ravel()

    start = np.stack([gram[:d, :d], gram[d:, :d], gram[d:, d:]]).ravel()
    found = solve_ivp(slope, (0, time), start, method="DOP853", rtol=1e-7, atol=1e-7 * gram[0, 0])
    return found.y[:, -1].reshape(3, d, d)[1]


def instances(rng, d, count, kappa, omega, x, time):
    width = round(kappa**2 * d**2 / omega)
    rows = []
    for _ in range(count):
        signal = d * x * np.outer(unit(rng, d), unit(rng, d))
        target = signal + rng.standard_normal((d, d))
        factor = np.tril(rng.standard_normal((2 * d, 2 * d)), -1)
        np.fill_diagonal(factor, np.sqrt(rng.chisquare(width - np.arange(2 * d))))
        gaussian = kappa * d / width * factor @ factor.T
        products = [flow(gram, target, time / d) for gram in (gaussian, kappa * d * np.eye(2 * d))]
        rows.append([((a - goal) ** 2).sum() / d**2 for a in products for goal in (target, signal)])
    return width, np.array(rows)


def main():
    rng = np.random.default_rng(20240517)
    document = []
    for kappa, omega, x, time in POINTS:
        entry = {
            "lazy_ratio": kappa,
            "initial_noise": omega,
            "strength": x,
            "training_time": time,
            "sizes": [],
        }
        for d, count in SIZES:
            width, rows = instances(rng, d, count, kappa, omega, x, time)
            start = omega * np.exp(-4 * kappa * time) * (1 - 1 / d) ** 2
            excess = (rows[:, :2] - rows[:, 2:] - start) * width / d
            entry["sizes"].append(
                {
                    "dimension": d,
                    "width": width,
                    "excess": excess.mean(axis=0).tolist(),
                    "excess_standard_error": (excess.std(axis=0, ddof=1) / count**0.5).tolist(),
                    "orthogonal": rows[:, 2:].mean(axis=0).tolist(),
                    "orthogonal_standard_error": (rows[:, 2:].std(axis=0, ddof=1) / count**0.5).tolist(),
                }
            )
        document.append(entry)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
