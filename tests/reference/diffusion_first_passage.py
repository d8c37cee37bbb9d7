"""The first-passage number E log A, and exit times of Brownian motion from Voronoi cells, without statphys_gen.

Run ``python tests/reference/diffusion_first_passage.py`` (about a minute) to write ``diffusion_first_passage.json``.

E log A: a path b(-s), s > 0, is Brownian of variance 2 per time, b(0) = 0. Particles at l at time -s, of density
exp(-s - l), are Brownian of variance 2 too. A = lim int dl exp(-s - l) q(l, s), q the probability of being above b at
some time of [-s, 0]. With y = b - l, q is carried from s to s + ds on a grid in y; the passage between the
two times is that of a
Brownian bridge of the relative motion (variance 4), exp(-y y'/(2 ds)).

Exit times: X = a + W(E) leaves the Voronoi cell of a, E = exp(2t) - 1; between two times the passage through each half
space is that of a bridge, exp(-2 h h'/dE).
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import ndtr

TABLE = Path(__file__).with_suffix(".json")


def first_passage_number(step, horizon, paths, seed, depth=45.0):
    rng = np.random.default_rng(seed)
    sigma = np.sqrt(2 * step)
    dy = sigma / 2.5
    y = dy * (np.arange(int(depth / dy)) + 0.5)
    size = len(y)
    q, b = np.zeros((paths, size)), np.zeros(paths)
    for _ in range(int(round(horizon / step))):
        db = sigma * rng.standard_normal(paths)
        new = ndtr(-(y - db[:, None]) / sigma)
        drift = np.minimum((-(y**2) / 2 + y * db[:, None]) / sigma**2, 50.0)
        new += np.exp(drift) * ndtr(-db / sigma)[:, None]
        reach = int(6.5 * sigma / dy)
        for o in range(-reach, reach + 1):
            p = np.exp(-((o * dy + db) ** 2) / (4 * step)) / np.sqrt(4 * np.pi * step) * dy
            low, high = max(0, -o), min(size, size - o)
            bridge = 1 - np.exp(-y[low:high] * y[low + o : high + o] / (2 * step))
            new[:, low:high] += p[:, None] * bridge * q[:, low + o : high + o]
        q, b = new, b + db
    values = np.log(np.exp(-horizon - b) * (1 + (np.exp(y) * q).sum(axis=1) * dy))
    return {
        "step": step,
        "horizon": horizon,
        "paths": paths,
        "mean": float(values.mean()),
        "standard_error": float(values.std(ddof=1) / np.sqrt(paths)),
        "standard_deviation": float(values.std(ddof=1)),
    }


def exit_times(samples, dimension, variance, times, sets, paths, seed):
    rng = np.random.default_rng(seed)
    excess = np.expm1(2 * times)
    means, all_times = [], []
    for _ in range(sets):
        points = rng.standard_normal((samples, dimension)) * np.sqrt(variance)
        source = rng.integers(samples, size=paths)
        own = points[source]
        rows = np.arange(paths)
        squares = (own**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * own @ points.T
        squares[rows, source] = 1.0
        length = np.sqrt(np.maximum(squares, 1e-12))

        def depth(walk, own=own, points=points, length=length, rows=rows, source=source):
            inside = length / 2 - (walk @ points.T - (walk * own).sum(axis=1)[:, None]) / length
            inside[rows, source] = np.inf
            return inside

        walk = rng.standard_normal((paths, dimension)) * np.sqrt(excess[0])
        before = depth(walk)
        left = np.where((before < 0).any(axis=1), times[0], np.nan)
        for k in range(1, len(times)):
            change = excess[k] - excess[k - 1]
            walk = walk + rng.standard_normal((paths, dimension)) * np.sqrt(change)
            after = depth(walk)
            product = np.maximum(before, 0) * np.maximum(after, 0)
            log_stay = np.log1p(-np.minimum(np.exp(-2 * np.minimum(product / change, 300)), 1 - 1e-12)).sum(
                axis=1
            )
            passes = (after < 0).any(axis=1) | (rng.random(paths) > np.exp(log_stay))
            hit = np.isnan(left) & passes
            left[hit] = times[k] - (times[k] - times[k - 1]) * rng.random(hit.sum())
            before = after
        left[np.isnan(left)] = times[-1]
        means.append(left.mean())
        all_times.append(left)
    return {
        "samples": samples,
        "dimension": dimension,
        "variance": variance,
        "mean": float(np.mean(means)),
        "standard_error": float(np.std(means, ddof=1) / np.sqrt(sets)),
        "width": float(np.concatenate(all_times).std(ddof=1)),
    }


if __name__ == "__main__":
    content = {
        "first_passage": [first_passage_number(0.4, 16.0, 6000, 1), first_passage_number(0.2, 12.0, 2000, 2)],
        "exit_times": [
            exit_times(500, 48, 1.7, np.arange(0.1, 2.4, 0.02), 12, 60, 3),
            exit_times(500, 48, 1.0, np.arange(0.05, 2.2, 0.02), 12, 60, 4),
            exit_times(2000, 48, 1.7, np.arange(0.1, 2.4, 0.02), 10, 40, 5),
            exit_times(2000, 192, 1.7, np.arange(0.7, 2.9, 0.02), 10, 40, 6),
        ],
    }
    TABLE.write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(content, indent=1))
