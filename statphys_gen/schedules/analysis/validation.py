"""A designed grid run with the data's own denoiser, or with a user's network: what the fitted mixture mispredicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...data.dataset import DataSet
from ...errors import InvalidArgument
from ...numerics.posterior import EmpiricalPosterior
from ...presentation import Scalars
from ...statistics.streams import generator
from ..model import NoiseGrid
from ..simulation.solvers import generate
from .modes import FittedModes, fit_modes

_BLOCK = 1024
_FEWEST = 10


@dataclass(frozen=True, repr=False)
class Validation(Scalars):
    """Measured errors of a grid.

    Attributes
    ----------
    measured_weight : share of the samples whose nearest data point is of the first class; None without classes.
    measured_weight_standard_error : of it.
    measured_detail_error : root mean square, weighted by variance, of the logarithm of the standard deviation of
    samples
        within their classes over that of the data; what chance alone gives is taken off.
    """

    measured_weight: float | None
    measured_weight_standard_error: float | None
    measured_detail_error: float


def validate(
    grid: NoiseGrid,
    dataset: DataSet,
    *,
    denoiser: Callable[[FloatArray, float], FloatArray] | None = None,
    modes: FittedModes | None = None,
    walkers: int = 2000,
    seed: int = 0,
) -> Validation:
    """Run a grid and measure it.

    Parameters
    ----------
    grid : to be run from N(mean, S_0^2 I), whatever its own start.
    dataset : its points.
    denoiser : E[a | y] for points y = a + S z, (n, d), and the noise level S: a user's network. By default the data's
        own, softmax(-|y - a|^2/(2 S^2)) a over its points.
    modes : of the data set; fitted if left out.
    walkers : number of samples, at least 10.
    seed : of the start.

    Raises
    ------
    InvalidArgument : a denoiser that returns other than finite points.
    """
    count = validation.integer("walkers", walkers, minimum=_FEWEST)
    if not isinstance(grid, NoiseGrid):
        raise InvalidArgument("grid", grid, "a NoiseGrid")
    fitted = fit_modes(dataset, seed=seed) if modes is None else modes
    posterior = EmpiricalPosterior(dataset.points, dataset.multiplicities)

    def own(y: FloatArray, level: float) -> FloatArray:
        return posterior.means(y, level**2)

    started = grid.replace(start="mean")
    key = {"purpose": "validation of a schedule", "grid": started, "points": dataset.points}
    # Far from the origin squared norms would leave no digits to distances.
    centred = dataset.points - fitted.mean
    samples, classes = [], []
    for block, start in enumerate(range(0, count, _BLOCK)):
        size = min(_BLOCK, count - start)
        rng = generator(seed, key, block)
        found = generate(started, denoiser or own, fitted.mean, size, rng)
        samples.append(found)
        classes.append(fitted.classes[_nearest(centred, found - fitted.mean)])
    points, codes = np.concatenate(samples), np.concatenate(classes)
    detail = _detail_error(dataset, fitted, points, codes)
    if len(fitted.names) == 1:
        return Validation(None, None, detail)
    share = float((codes == 0).mean())
    return Validation(share, math.sqrt(max(share * (1.0 - share), 1.0 / count) / (count - 1)), detail)


def _nearest(points: FloatArray, found: FloatArray) -> FloatArray:
    return np.argmin(np.einsum("ij,ij->i", points, points) - 2.0 * found @ points.T, axis=1)


def _detail_error(dataset: DataSet, fitted: FittedModes, points: FloatArray, codes: FloatArray) -> float:
    counts = dataset.multiplicities / dataset.samples
    true = counts @ ((dataset.points - fitted.means[fitted.classes]) @ fitted.vectors.T) ** 2
    centred = points.copy()
    freedom = 0
    for code in range(len(fitted.names)):
        rows = codes == code
        if rows.any():
            centred[rows] -= points[rows].mean(axis=0)
            freedom += int(rows.sum()) - 1
    found = ((centred @ fitted.vectors.T) ** 2).sum(axis=0) / max(freedom, 1)
    kept = true > 1e-9 * true.max()
    shares = true[kept] / true[kept].sum()
    squares = (0.5 * np.log(np.maximum(found[kept], 1e-300) / true[kept])) ** 2
    return math.sqrt(max(float(shares @ squares) - 0.5 / max(freedom, 1), 0.0))
