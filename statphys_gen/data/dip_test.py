r"""Modes of a noised one-dimensional sample, and whether the sample has more than one.

The empirical law of numbers u_1 ... u_n, noised for a time t and divided by exp(-t), has the density

    (1/n) sum_i N(u; u_i, h^2),    h^2 = exp(2t) - 1,

a kernel density estimate whose bandwidth is the EDM noise level of the time t. For a Gaussian kernel the number of
modes never increases with h, so there is one critical bandwidth above which the density has a single mode: the critical
time log(1 + h^2) / 2 is where the noised sample turns bimodal on the way back from noise to data. For two balanced
Gaussian classes at +-m of variance s^2 it tends to log(m^2 + 1 - s^2) / 2 as n -> infinity.

Any finite sample has a positive critical time. Whether there is more than one mode is decided by the dip: the smallest
largest distance between the empirical distribution function and one that is convex up to a mode and concave after it.
Among laws with one mode the uniform one has the largest dip as n -> infinity, so that its quantiles bound the level of
the test for every such law: skewed, heavy-tailed or bounded. For a Gaussian the test is conservative.
Source: J. A. Hartigan and P. M. Hartigan, Ann. Statist. 13 (1985) 70; B. W. Silverman, J. R. Statist. Soc. B 43 (1981)
97. Quantiles: ``tests/reference/dip_quantiles.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..presentation import Scalars
from ..statistics.streams import generator

LEVEL = 0.01
TAIL_PROBABILITIES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
# Quantiles of sqrt(n) dip for n uniform numbers, exceeded with the probabilities above.
_DIP_QUANTILES: dict[int, tuple[float, ...]] = {
    10: (0.3088, 0.3760, 0.4122, 0.4413, 0.4752, 0.5027, 0.5299, 0.5590, 0.5731),
    20: (0.3281, 0.3953, 0.4342, 0.4725, 0.5124, 0.5409, 0.5660, 0.5984, 0.6234),
    50: (0.3455, 0.4167, 0.4587, 0.4953, 0.5391, 0.5717, 0.5996, 0.6302, 0.6486),
    100: (0.3541, 0.4280, 0.4709, 0.5107, 0.5575, 0.5894, 0.6174, 0.6538, 0.6890),
    200: (0.3628, 0.4361, 0.4822, 0.5228, 0.5761, 0.6086, 0.6399, 0.6725, 0.7053),
    500: (0.3669, 0.4424, 0.4896, 0.5284, 0.5755, 0.6097, 0.6515, 0.6974, 0.7371),
    2000: (0.3746, 0.4524, 0.4986, 0.5399, 0.5965, 0.6319, 0.6579, 0.6907, 0.7501),
}

_CELLS = 256
_BISECTIONS = 30
_BOOTSTRAPS = 50
_SMALLEST_BANDWIDTH = 2.0  # in cells: below, the histogram itself would show
_TRIMMED = 0.01


@dataclass(frozen=True, repr=False)
class Modality(Scalars):
    """One mode or more in a one-dimensional sample.

    Attributes
    ----------
    dip : Hartigan's dip of the sample.
    p_value : probability of a dip at least as large under the uniform law, an upper bound for every law with one mode;
        never below 0.001, where the table of quantiles ends.
    critical_time : the latest time at which the noised sample has more than one mode; the outer 1 % of the sample on
        each side are left out, so that single outliers do not count as modes. It means something where ``bimodal``.
    critical_time_standard_error : its standard error (bootstrap over the sample); None unless ``bimodal``.
    """

    dip: float
    p_value: float
    critical_time: float
    critical_time_standard_error: float | None

    @property
    def bimodal(self) -> bool:
        """More than one mode, at a level of at most 1 %."""
        return self.p_value <= LEVEL


def modality(values: ArrayLike, multiplicities: ArrayLike | None = None, *, seed: int = 0) -> Modality:
    """The dip of a sample with its p-value, and the critical time of the noised sample.

    Parameters
    ----------
    values : (n,) the sample, at least two different numbers.
    multiplicities : (n,) how often each value occurs; default once.
    seed : seed of the bootstrap for the error of the critical time; its stream does not depend on the order of values.

    Raises
    ------
    InvalidArgument : for an argument out of its domain.
    """
    sample, copies = _checked(values, multiplicities)
    total = int(copies.sum())
    distance = dip(sample, copies)
    counts, width = _histogram(*_trimmed(sample, copies))
    critical = _critical_bandwidth(counts)
    p_value = dip_p_value(distance, total)
    error = None
    if p_value <= LEVEL:
        resampled = generator(
            seed, {"purpose": "bootstrap of the critical time", "counts": counts}
        ).multinomial(int(counts.sum()), counts / counts.sum(), size=_BOOTSTRAPS)
        times = _time(_resampled_bandwidths(resampled.astype(np.float64), critical) * width)
        error = float(times.std(ddof=1))
    return Modality(distance, p_value, float(_time(critical * width)), error)


def noised_modes(
    values: ArrayLike, times: ArrayLike, multiplicities: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Number of modes of the noised sample at each time, the outer 1 % on each side left out.

    0 stands for "not resolved": the noise is finer than 1/128 of the range of the sample.
    """
    counts, width = _histogram(*_trimmed(*_checked(values, multiplicities)))
    bandwidths = np.sqrt(np.expm1(2.0 * validation.array("times", times, ndim=1, at_least=0.0))) / width
    resolved = bandwidths >= _SMALLEST_BANDWIDTH
    return np.array(
        [
            int(_modes(counts @ _kernel(h))) if fine else 0
            for h, fine in zip(bandwidths, resolved, strict=True)
        ],
        dtype=np.int64,
    )


def dip(values: ArrayLike, multiplicities: ArrayLike | None = None) -> float:
    """Hartigan's dip: min over unimodal F of sup |F_n - F|, at least (largest multiplicity) / (2n).

    The modal interval shrinks to where the greatest convex minorant and the least concave majorant are furthest apart;
    twice the dip is the largest distance of the distribution function from either of them outside of it.
    """
    sample, copies = _checked(values, multiplicities)
    points, inverse = np.unique(sample, return_inverse=True)
    right = np.cumsum(np.bincount(inverse, weights=copies), dtype=np.float64)
    left = np.concatenate([[0.0], right[:-1]])
    largest = float((right - left).max())
    first, last = 0, len(points) - 1
    while last > first:
        x, below, above = points[first : last + 1], left[first : last + 1], right[first : last + 1]
        lower, upper = _lower_hull(x, below), _lower_hull(x, -above)
        minorant = np.interp(x, x[lower], below[lower])
        majorant = np.interp(x, x[upper], above[upper])
        lower_gap, upper_gap = majorant[lower] - below[lower], above[upper] - minorant[upper]
        if max(lower_gap.max(), upper_gap.max()) <= largest:
            break
        if lower_gap.max() >= upper_gap.max():
            start = int(lower[lower_gap.argmax()])
            end = int(upper[upper >= start][0])
        else:
            end = int(upper[upper_gap.argmax()])
            start = int(lower[lower <= end][-1])
        largest = max(
            largest, float((above - minorant)[: start + 1].max()), float((majorant - below)[end:].max())
        )
        if start == 0 and end == len(x) - 1:
            break
        first, last = first + start, first + end
    return largest / (2.0 * float(right[-1]))


def dip_p_value(distance: float, count: int) -> float:
    """Probability of at least this dip for ``count`` uniform numbers, interpolated in the table; in [0.001, 1]."""
    sizes = np.array(sorted(_DIP_QUANTILES))
    # Quantiles of sqrt(n) dip are smooth in 1 / sqrt(n); beyond the table its last entry stands.
    place = 1.0 / np.sqrt(np.clip(count, sizes[0], sizes[-1]))
    table = np.array([_DIP_QUANTILES[int(size)] for size in sizes])
    quantiles = [np.interp(place, 1.0 / np.sqrt(sizes[::-1]), column[::-1]) for column in table.T]
    logarithm = np.interp(math.sqrt(count) * distance, [0.0, *quantiles], [0.0, *np.log(TAIL_PROBABILITIES)])
    return float(np.exp(logarithm))


def _checked(values: ArrayLike, multiplicities: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    sample = validation.array("values", values, ndim=1)
    if not sample.max() > sample.min():
        raise InvalidArgument("values", sample, "at least two different numbers")
    if multiplicities is None:
        return sample, np.ones(len(sample))
    return sample, validation.array("multiplicities", multiplicities, shape=sample.shape, above=0.0)


def _trimmed(sample: FloatArray, copies: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Without the outer 1 % on each side, if at least two different numbers are left."""
    order = np.argsort(sample, kind="stable")
    share = np.cumsum(copies[order]) / copies.sum()
    inside = order[(share > _TRIMMED) & (share - copies[order] / copies.sum() < 1.0 - _TRIMMED)]
    kept = sample[inside]
    return (kept, copies[inside]) if kept.max() > kept.min() else (sample, copies)


def _lower_hull(x: FloatArray, y: FloatArray) -> NDArray[np.int64]:
    """Indices of the vertices of the greatest convex minorant of points with increasing x."""
    xs, ys = x.tolist(), y.tolist()
    kept: list[int] = []
    for index, (here, height) in enumerate(zip(xs, ys, strict=True)):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            if (ys[b] - ys[a]) * (here - xs[b]) < (height - ys[b]) * (xs[b] - xs[a]):
                break
            kept.pop()
        kept.append(index)
    return np.array(kept, dtype=np.int64)


def _time(bandwidth: ArrayLike) -> FloatArray:
    return 0.5 * np.log1p(np.asarray(bandwidth) ** 2)


def _histogram(sample: FloatArray, copies: FloatArray) -> tuple[FloatArray, float]:
    """Counts in cells that cover the sample, and the width of a cell."""
    lowest = sample.min()
    width = float(sample.max() - lowest) / _CELLS
    cell = np.minimum(((sample - lowest) / width).astype(np.int64), _CELLS - 1)
    return np.bincount(cell, weights=copies, minlength=_CELLS).astype(np.float64), width


def _kernel(bandwidth: float) -> FloatArray:
    """Gaussian kernel from the cells of the histogram to a grid with half the range to spare on each side.

    Only positive numbers are added, so that there are no ripples, as a Fourier transform would make them.
    """
    reach = _CELLS + _CELLS // 2
    offset = np.exp(-0.5 * (np.arange(1 - reach, reach) / bandwidth) ** 2)
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(offset, 2 * _CELLS)[::-1])


def _modes(density: FloatArray) -> NDArray[np.int64]:
    """Number of local maxima along the last axis; a plateau counts once, differences within rounding are flat."""
    slope = np.diff(density, axis=-1)
    slope[np.abs(slope) <= 1e-12 * np.maximum(density[..., 1:], density[..., :-1])] = 0.0
    sign = np.sign(slope).astype(np.int8)
    # The last nonzero sign seen so far, so that plateaus are bridged.
    position = np.where(sign != 0, np.arange(sign.shape[-1]), 0)
    np.maximum.accumulate(position, axis=-1, out=position)
    filled = np.take_along_axis(sign, position, axis=-1)
    turns = (filled[..., :-1] > 0) & (filled[..., 1:] < 0)
    return turns.sum(axis=-1)


def _critical_bandwidth(counts: FloatArray) -> float:
    """Smallest bandwidth (in cells) with one mode, by bisection on a logarithmic scale."""
    lower, upper = _SMALLEST_BANDWIDTH, float(_CELLS)
    if _modes(counts @ _kernel(lower)) <= 1:
        return lower
    for _ in range(_BISECTIONS):
        middle = math.sqrt(lower * upper)
        if _modes(counts @ _kernel(middle)) <= 1:
            upper = middle
        else:
            lower = middle
    return upper


def _resampled_bandwidths(counts: FloatArray, critical: float) -> FloatArray:
    """Critical bandwidths of many histograms, to 9 %, within a factor 4 of a given one."""
    result = np.full(len(counts), 4.0 * critical)
    for bandwidth in critical * np.geomspace(4.0, 0.25, 33)[1:]:
        single = _modes(counts @ _kernel(bandwidth)) <= 1
        result[single] = bandwidth
    return result
