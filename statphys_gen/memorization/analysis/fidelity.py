"""Distances between samples: fidelity, which says nothing on copies.

The distances of generated points to the training set and to the held-out set differ by at most that of these two
(triangle inequality): a generator that copies and one that invents are equally near.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import validation
from ...arrays import FloatArray, IntArray
from ...errors import InvalidArgument
from ...presentation import Scalars
from ...statistics.streams import generator
from ..theory.gaussian_distances import root
from .generator_data import Points, as_data, samples_of

_RESAMPLES = 100
_BLOCK = 2048  # rows that are centred at once
_MOST_SORTED = 100_000  # samples in all bootstraps; with more samples there are fewer, down to 10
_MOST_KERNEL = 2000  # points of a set in a kernel's matrix
_MOST_WORK = 2e11  # operations of all bootstraps of a Frechet distance


@dataclass(frozen=True, repr=False)
class SampleDistances(Scalars):
    """Three distances of two samples.

    Attributes
    ----------
    frechet : |m - m'|^2 + tr(A + B - 2 (A^{1/2} B A^{1/2})^{1/2}) of means and covariances (over n - 1).
    sliced_wasserstein_squared : mean over directions of the squared 2-Wasserstein distance of the projections.
    mmd_squared : unbiased squared maximum mean discrepancy of the kernel exp(-|x - y|^2/(2 b^2)).
    bandwidth : b.
    standard_error : of the three, by the bootstrap over the samples (for the kernel's distance, over the resamples with
        two different points of each); NaN for a Frechet distance whose bootstrap would
        take too long.
    notes : what limits them.
    """

    frechet: float
    sliced_wasserstein_squared: float
    mmd_squared: float
    bandwidth: float
    standard_error: dict[str, float]
    notes: tuple[str, ...]


def sample_distances(
    first: Points,
    second: Points,
    *,
    directions: int = 256,
    bandwidth: float | None = None,
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> SampleDistances:
    """How far two samples are from one another; all three are biased upwards or noisy at few samples, so compare.

    Parameters
    ----------
    first, second : (n, d) and (m, d) samples, at least 2 each, repetitions counted.
    directions : random ones, the same for all samples of one dimension and seed.
    bandwidth : of the kernel; by default the median distance of two points of both samples together.
    resamples : of the bootstrap, at least 2; fewer, down to 10, where both have more than 1000 samples together.
    seed : of directions, bootstrap, and of the 2000 points of each sample that enter the kernel where there are more.

    Raises
    ------
    InvalidArgument : samples of different dimension.
    """
    one, two = as_data("first", first), as_data("second", second)
    if one.dimension != two.dimension:
        allowed = f"of the dimension {one.dimension} of {one.source}"
        raise InvalidArgument("second", f"{two.source}, of dimension {two.dimension}", allowed)
    count = validation.integer("directions", directions, minimum=1)
    validation.integer("seed", seed, minimum=0)
    x, y = (samples_of(entry) for entry in (one, two))
    d = one.dimension
    axes = generator(seed, {"purpose": "directions", "dimension": d}).standard_normal((count, d))
    axes /= np.linalg.norm(axes, axis=1)[:, None]
    rng = generator(seed, {"purpose": "bootstrap of distances", "sizes": [len(x), len(y), d]})
    repeats = min(
        validation.integer("resamples", resamples, minimum=2), max(10, _MOST_SORTED // (len(x) + len(y)))
    )
    draws = [(rng.integers(len(x), size=len(x)), rng.integers(len(y), size=len(y))) for _ in range(repeats)]
    notes = [f"{len(e)} samples in dimension {d}: covariances are singular" for e in (x, y) if len(e) <= d]

    found, error = {"frechet": frechet_of_samples(x, y)}, {}
    work = repeats * (2.0 * (len(x) + len(y)) * d**2 + 30.0 * d**3)
    error["frechet"] = np.nan
    if work <= _MOST_WORK:
        error["frechet"] = _spread(draws, lambda i, j: frechet_of_samples(x[i], y[j]))
    else:
        notes.append("the bootstrap of the Frechet distance was left out: it would take too long")

    u, v = x @ axes.T, y @ axes.T
    found["sliced_wasserstein_squared"] = sliced_distance(u, v)
    error["sliced_wasserstein_squared"] = _spread(draws, lambda i, j: sliced_distance(u[i], v[j]))
    kernel = _Kernel(_few(x, rng), _few(y, rng), bandwidth)
    if max(len(x), len(y)) > _MOST_KERNEL:
        notes.append(f"the kernel's distance is that of at most {_MOST_KERNEL} points of each sample")
    found["mmd_squared"], error["mmd_squared"] = kernel.distance(), kernel.standard_error(rng, repeats)
    return SampleDistances(**found, bandwidth=kernel.bandwidth, standard_error=error, notes=tuple(notes))


def _spread(
    draws: list[tuple[IntArray, IntArray]], statistic: Callable[[IntArray, IntArray], float]
) -> float:
    found = np.array([statistic(i, j) for i, j in draws])
    # Squared distances of points of any unit: their squares would overflow, or vanish.
    scale = float(np.abs(found).max()) or 1.0
    return float(scale * np.std(found / scale, ddof=1))


def frechet_of_samples(x: FloatArray, y: FloatArray) -> float:
    """Of two samples (n, d) and (m, d), with covariances over n - 1 and m - 1."""
    d = x.shape[1]
    if min(len(x), len(y)) <= d and len(x) * len(y) <= 4 * d**2:
        a, b = ((entry - entry.mean(axis=0)) / np.sqrt(len(entry) - 1.0) for entry in (x, y))
        cross, traces = a @ b.T, (a**2).sum() + (b**2).sum()
    else:
        first, second = _covariance(x), _covariance(y)
        cross, traces = root(first) @ root(second), np.trace(first) + np.trace(second)
    nuclear = np.linalg.svd(cross, compute_uv=False).sum()
    shift = x.mean(axis=0) - y.mean(axis=0)
    return float(shift @ shift + traces - 2.0 * nuclear)


def _covariance(x: FloatArray) -> FloatArray:
    """(d, d) over n - 1; rows are centred by blocks, so that no copy of a large sample is held."""
    mean, total = x.mean(axis=0), np.zeros(2 * x.shape[1:])
    for start in range(0, len(x), _BLOCK):
        part = x[start : start + _BLOCK] - mean
        total += part.T @ part
    return np.asarray(total / (len(x) - 1.0))


def _coupled(n: int, m: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Order statistics that the quantile coupling of n and m points joins, and the weight of each pair."""
    cuts = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    left = np.concatenate([[0], cuts[:-1]])
    return left // m, left // n, np.diff(np.concatenate([[0], cuts])) / (n * m)


def sliced_distance(x: FloatArray, y: FloatArray) -> float:
    """Mean over columns of the squared 2-Wasserstein distance of projections (n, directions) and (m, directions)."""
    i, j, weights = _coupled(len(x), len(y))
    return float((weights @ (np.sort(x, axis=0)[i] - np.sort(y, axis=0)[j]) ** 2).mean())


class _Kernel:
    """Gaussian kernel between all points of two samples."""

    def __init__(self, x: FloatArray, y: FloatArray, bandwidth: float | None) -> None:
        points = np.concatenate([x, y])
        # About the median, which one point far away does not carry off.
        points = points - np.median(points, axis=0)
        norms = (points**2).sum(axis=1)
        squares = np.maximum(norms[:, None] + norms - 2.0 * points @ points.T, 0.0)
        apart = np.sqrt(squares[np.triu_indices(len(points), 1)])
        median = float(np.median(apart)) or float(apart.mean())
        self.bandwidth = median if bandwidth is None else validation.positive("bandwidth", bandwidth)
        with np.errstate(over="ignore"):
            self.values = np.exp(-0.5 * (np.sqrt(squares) / self.bandwidth) ** 2)
        self.values[np.diag_indices(len(points))] = 1.0
        self.sizes = len(x), len(y)

    def distance(self, first: FloatArray | None = None, second: FloatArray | None = None) -> float:
        """E k(x, x') + E k(y, y') - 2 E k(x, y) over pairs of different points, which may count several times."""
        n, m = self.sizes
        u = np.ones(n) if first is None else first
        v = np.ones(m) if second is None else second
        own = 0.0
        for weight, kernel in ((u, self.values[:n, :n]), (v, self.values[n:, n:])):
            pairs = weight.sum() ** 2 - (weight**2).sum()
            own += (weight @ kernel @ weight - (weight**2).sum()) / pairs
        return float(own - 2.0 * (u @ self.values[:n, n:] @ v) / (u.sum() * v.sum()))

    def standard_error(self, rng: np.random.Generator, resamples: int) -> float:
        """Over bootstrap samples; the pairs of a point with itself do not count."""
        n, m = self.sizes
        found = []
        for _ in range(resamples):
            u, v = (rng.multinomial(size, np.full(size, 1.0 / size)).astype(np.float64) for size in (n, m))
            # A resample of one point alone has no pairs.
            if u.max() == n or v.max() == m:
                continue
            found.append(self.distance(u, v))
        return float(np.std(found, ddof=1)) if len(found) > 1 else float("nan")


def _few(x: FloatArray, rng: np.random.Generator) -> FloatArray:
    return x if len(x) <= _MOST_KERNEL else x[np.sort(rng.choice(len(x), _MOST_KERNEL, False))]
