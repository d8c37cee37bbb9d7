"""Posterior weights of noised and fresh points, simulated from the definition; nothing of statphys_gen is used.

Run ``python tests/reference/diffusion_collapse_sizes.py`` (half a minute) to write ``diffusion_collapse_sizes.json``:
mean and standard error over independent data sets of H, Y and the frequency of the own point being the nearest, of the
same by class, and of Y at fresh points.
"""

import json
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_suffix(".json")


def weights(points, x, time):
    noise = -np.expm1(-2 * time)
    means = np.exp(-time) * points
    squares = (x**2).sum(axis=1)[:, None] - 2 * x @ means.T + (means**2).sum(axis=1)
    logs = -squares / (2 * noise)
    logs -= logs.max(axis=1, keepdims=True)
    w = np.exp(logs)
    return w / w.sum(axis=1, keepdims=True)


def summary(rows):
    rows = np.array(rows)
    return {
        "mean": rows.mean(axis=0).tolist(),
        "standard_error": (rows.std(axis=0, ddof=1) / np.sqrt(len(rows))).tolist(),
    }


def noised(draw, samples, times, sets, count, seed, classes=1):
    """draw(rng, n) -> points, labels. Rows: H, Y, own nearest, then Y by class."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(sets):
        points, labels = draw(rng, samples)
        source = rng.integers(samples, size=count)
        z = rng.standard_normal((count, points.shape[1]))
        row = []
        for time in times:
            w = weights(points, np.exp(-time) * points[source] + np.sqrt(-np.expm1(-2 * time)) * z, time)
            own = w[np.arange(count), source]
            entry = [-np.log(own).mean(), own.mean(), (w.argmax(axis=1) == source).mean()]
            entry += [own[labels[source] == k].mean() for k in range(classes)]
            row.append(entry)
        rows.append(row)
    return {"samples": samples, "times": times, **summary(rows)}


def fresh(dimension, variance, alpha, time, sets, count, seed):
    rng = np.random.default_rng(seed)
    samples = round(np.exp(alpha * dimension))
    rows = []
    for _ in range(sets):
        points = rng.standard_normal((samples, dimension)) * np.sqrt(variance)
        x = np.exp(-time) * rng.standard_normal((count, dimension)) * np.sqrt(variance)
        x = x + np.sqrt(-np.expm1(-2 * time)) * rng.standard_normal((count, dimension))
        rows.append((weights(points, x, time) ** 2).sum(axis=1).mean())
    return {"dimension": dimension, "variance": variance, "alpha": alpha, "time": time, **summary(rows)}


def isotropic(dimension, variance):
    return lambda rng, n: (np.sqrt(variance) * rng.standard_normal((n, dimension)), np.zeros(n, dtype=int))


def two_variances(dimension, variances, shift):
    def draw(rng, n):
        labels = rng.integers(2, size=n)
        spread = np.sqrt(np.array(variances))[labels, None]
        points = spread * rng.standard_normal((n, dimension))
        return points + shift * (2 * labels[:, None] - 1), labels

    return draw


def binary(dimension, up):
    return lambda rng, n: (np.where(rng.random((n, dimension)) < up, 1.0, -1.0), np.zeros(n, dtype=int))


if __name__ == "__main__":
    content = {
        "isotropic": [
            {"dimension": 40, "variance": 0.6, **noised(isotropic(40, 0.6), 1500, [0.3, 0.5], 40, 150, 1)},
            {
                "dimension": 48,
                "variance": 1.7,
                **noised(isotropic(48, 1.7), 2000, [0.8, 1.1, 1.4], 40, 150, 2),
            },
            {"dimension": 3, "variance": 1.0, **noised(isotropic(3, 1.0), 20, [0.1, 0.5], 2000, 20, 3)},
        ],
        "two_classes": {
            "dimension": 64,
            **noised(two_variances(64, (1.0, 1.0), 1.0), 4000, [1.2, 1.6, 2.0, 2.5], 30, 100, 4, 2),
        },
        "class_resolved": {
            "dimension": 40,
            "variances": [0.25, 4.0],
            "shift": 2.0,
            **noised(two_variances(40, (0.25, 4.0), 2.0), 3000, [0.2, 0.6, 1.0, 1.4], 30, 100, 5, 2),
        },
        "binary": {"dimension": 48, "mean": 0.5, **noised(binary(48, 0.75), 2000, [0.8, 1.2], 40, 150, 6)},
        "fresh": [
            fresh(16, 1.0, 0.3, 0.1, 1500, 40, 7),
            fresh(24, 1.0, 0.3, 0.1, 300, 40, 8),
            fresh(32, 1.0, 0.3, 0.1, 30, 60, 9),
        ],
    }
    TABLE.write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(content))
