"""Points about curves that are known, with outliers, and how far a graph is from the curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...statistics.streams import generator

RidgeName = Literal["spiral", "tree", "loop", "width"]
RIDGE_NAMES: tuple[RidgeName, ...] = ("spiral", "tree", "loop", "width")
_RESOLUTION = 4000  # places of the truth
_MARGIN = 0.3
_INNER = 12  # places of each edge
# Ends of the straight parts of the tree.
_PARTS = (
    ((0.0, 0.0), (1.0, 0.1)),
    ((0.0, 0.0), (-0.6, 0.8)),
    ((0.0, 0.0), (-0.7, -0.7)),
    ((-0.6, 0.8), (-0.1, 1.2)),
    ((-0.6, 0.8), (-1.2, 0.9)),
)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Points about a curve.

    Attributes
    ----------
    points : (N, D).
    outlier : (N,) whether a point belongs to no ridge.
    position : (N,) share of the length at which a point of the ridge was drawn; NaN of outliers.
    truth : (m, D) places on the curve, evenly spread along it.
    widths : (m,) standard deviation of the points about each place.
    """

    points: FloatArray
    outlier: FloatArray
    position: FloatArray
    truth: FloatArray
    widths: FloatArray


def ridge_truth(name: RidgeName) -> FloatArray:
    """(m, 2) places on the curve, evenly spread along it: a spiral of one and a half turns, a tree of five straight
    parts, an ellipse, or an arc."""
    validation.choice("name", name, RIDGE_NAMES)
    u = np.linspace(0.0, 1.0, 8 * _RESOLUTION)
    if name == "tree":
        lengths = [np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in _PARTS]
        counts = [round(_RESOLUTION * length / sum(lengths)) for length in lengths]
        return np.concatenate([np.linspace(a, b, n) for (a, b), n in zip(_PARTS, counts, strict=True)])
    if name == "spiral":
        angle, radius = 3.0 * np.pi * u, 0.1 + 0.9 * u
        fine = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    elif name == "loop":
        fine = np.stack([np.cos(2.0 * np.pi * u), 0.8 * np.sin(2.0 * np.pi * u)], 1)
    else:
        t = 2.0 * u - 1.0
        fine = np.stack([t, 0.5 * np.sin(2.5 * t)], 1)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    even = np.linspace(0.0, length[-1], _RESOLUTION)
    return np.stack([np.interp(even, length, fine[:, k]) for k in range(2)], 1)


def draw_ridge(
    name: RidgeName,
    samples: int = 3000,
    *,
    noise: float = 0.05,
    outliers: float = 0.2,
    dimension: int = 2,
    seed: int = 0,
    replica: int = 0,
) -> Ridge:
    """Points about a named curve, with a share of them uniform in a box around it.

    Parameters
    ----------
    name : "spiral", "tree", "loop", or "width", an arc along which the noise grows from 0.4 to 1.6 times ``noise``.
    samples : N.
    noise : standard deviation about the curve, in every direction.
    outliers : share of the points that are uniform in the box of the curve, 0.3 wider on every side.
    dimension : D, at least 2; the curve lies in the first two coordinates.
    """
    truth = ridge_truth(name)
    N = validation.integer("samples", samples, 10, 10_000_000)
    sigma = validation.positive("noise", noise)
    share = validation.inside("outliers", outliers, 0.0, 0.95, closed=True)
    D = validation.integer("dimension", dimension, 2, 1000)
    key = {"purpose": "points about a ridge", "curve": name, "samples": N, "noise": sigma}
    random = generator(seed, key | {"outliers": share, "dimension": D}, replica)
    truth = np.hstack([truth, np.zeros((len(truth), D - 2))])
    place = random.integers(len(truth), size=N)
    widths = np.full(len(truth), sigma)
    if name == "width":
        widths = sigma * (0.4 + 1.2 * np.arange(len(truth)) / (len(truth) - 1))
    points = truth[place] + widths[place, None] * random.standard_normal((N, D))
    outside = np.zeros(N, dtype=bool)
    outside[: round(share * N)] = True
    low, high = truth.min(0) - _MARGIN, truth.max(0) + _MARGIN
    points[outside] = low + (high - low) * random.random((int(outside.sum()), D))
    position = np.where(outside, np.nan, place / (len(truth) - 1))
    return Ridge(points, outside.astype(np.float64), position, truth, widths)


@dataclass(frozen=True)
class RidgeScores:
    """How far a graph is from the truth.

    Attributes
    ----------
    ridge_error : mean distance of the graph, along its length, to the curve.
    completeness : mean distance of the curve to the graph.
    farthest : largest distance of the curve to the graph.
    """

    ridge_error: float
    completeness: float
    farthest: float


def ridge_scores(ridge: Ridge, nodes: ArrayLike, edges: ArrayLike) -> RidgeScores:
    """Distances between a graph and the curve of a ridge, both ways."""
    from scipy.spatial import cKDTree

    places = validation.array("nodes", nodes, shape=(None, ridge.truth.shape[1]))
    pairs = np.asarray(edges, dtype=np.int64)
    start, step = places[pairs[:, 0]], places[pairs[:, 1]] - places[pairs[:, 0]]
    inner = (np.arange(_INNER) + 0.5) / _INNER
    on_graph = (start[:, None] + inner[:, None] * step[:, None]).reshape(-1, places.shape[1])
    weights = np.repeat(np.linalg.norm(step, axis=1), _INNER)
    away = cKDTree(ridge.truth).query(on_graph)[0]
    missed = np.full(len(ridge.truth), np.inf)
    for a, s in zip(start, step, strict=True):
        t = np.clip((ridge.truth - a) @ s / max(s @ s, 1e-300), 0.0, 1.0)
        missed = np.minimum(missed, np.linalg.norm(ridge.truth - a - t[:, None] * s, axis=1))
    return RidgeScores(float(away @ weights / weights.sum()), float(missed.mean()), float(missed.max()))


def zeldovich_points(
    side: int = 128, *, growth: float = 1.0, slope: float = -1.5, cut: float = 12.0, seed: int = 0
) -> FloatArray:
    """(side^2, 2) particles x = q + growth psi(q) in a periodic unit square: a stand-in for a cosmic web.

    psi is the gradient of a Gaussian field whose density contrast has power k^slope exp(-(k/cut)^2), k in units of
    2 pi, normalised to a standard deviation 1 of div psi; particles start on a grid.
    """
    n = validation.integer("side", side, 4, 4096)
    D = validation.non_negative("growth", growth)
    exponent, scale = validation.finite("slope", slope), validation.positive("cut", cut)
    random = generator(
        seed, {"purpose": "displacements of particles", "side": n, "slope": exponent, "cut": scale}
    )
    k = np.fft.fftfreq(n, 1.0 / n)
    kx, ky = np.meshgrid(k, k, indexing="ij")
    size = np.hypot(kx, ky)
    size[0, 0] = 1.0
    amplitude = np.sqrt(size**exponent * np.exp(-((size / scale) ** 2)))
    amplitude[0, 0] = 0.0
    contrast = np.fft.fft2(random.standard_normal((n, n))) * amplitude
    contrast /= np.fft.ifft2(contrast).real.std()
    psi = [np.fft.ifft2(1j * component / (2.0 * np.pi * size**2) * contrast).real for component in (kx, ky)]
    q = np.stack(np.meshgrid(np.arange(n) / n, np.arange(n) / n, indexing="ij"), -1)
    return np.asarray(((q + D * np.stack(psi, -1)) % 1.0).reshape(-1, 2))
