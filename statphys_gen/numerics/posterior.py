r"""The posterior over a finite set of points given a noised one: matrix products in blocks, and one fused pass.

Points a_mu with multiplicities c_mu; a noised point x = exp(-t) b + sqrt(D_t) z, with b one of the points (its
*source*) or not (a *fresh* one). The posterior weights are w_mu ~ c_mu exp(-|x - exp(-t) a_mu|^2 / (2 D_t)).
Relative to a copy of b, with sigma^2 = exp(2t) - 1,

    log weight = log c_mu - |b - a_mu|^2 / (2 sigma^2) - z.(b - a_mu) / sigma,

so that the two products b.a_mu and z.a_mu serve all times, and a source has the logarithm log c exactly. The source is
left out of the pass and put back by formulas that lose no digits where it has almost all of the weight, or almost none;
without it, a source is a fresh point of the other points.

Memory: a block of noised points times a block of points, and a copy of at most 256 MB of the points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import FloatArray, IntArray

# Noised points in a block, and points that meet them at a time: two products of 4 MB. The bits depend on both.
ROWS = 256
COLUMNS = 2048
# Points of at most so many bytes are centred once. Larger sets, of which no copy is wanted, are centred block by block,
# which costs a fifth of a pass in high dimension.
_CENTRED_AT_ONCE = 2**28


@dataclass(frozen=True)
class PosteriorSums:
    """Sums over the weights exp(l) of the points other than the source; every array has shape (times, rows).

    Attributes
    ----------
    largest, place : the largest l, relative to a copy of the source, and the index of its point; -inf if there is none.
    total, squares, product : sums of e, e^2 and e log e with e = exp(l - largest).
    log_source : (rows,) log-multiplicity of the source; -inf where the noised point has none (fresh).
    """

    largest: FloatArray
    place: IntArray
    total: FloatArray
    squares: FloatArray
    product: FloatArray
    log_source: FloatArray

    @property
    def log_ratio(self) -> FloatArray:
        """log(Z_others / Z_source); +inf for a fresh point."""
        with np.errstate(divide="ignore"):
            return self.largest + np.log(self.total) - self.log_source

    @property
    def source_weight(self) -> FloatArray:
        """w of the source."""
        from scipy.special import expit

        return expit(-self.log_ratio)

    @property
    def source_surprise(self) -> FloatArray:
        """-log w of the source."""
        return np.logaddexp(0.0, self.log_ratio)

    @property
    def participation(self) -> FloatArray:
        """sum_mu w_mu^2."""
        from scipy.special import expit

        others = expit(self.log_ratio)
        return self.source_weight**2 + others**2 * self.participation_of_others

    @property
    def entropy(self) -> FloatArray:
        """-sum_mu w_mu log w_mu, in nats."""
        from scipy.special import expit

        ratio = self.log_ratio
        others = expit(ratio)
        mixing = np.zeros_like(ratio)
        finite = np.isfinite(ratio)
        r = ratio[finite]
        mixing[finite] = expit(-r) * np.logaddexp(0.0, r) + expit(r) * np.logaddexp(0.0, -r)
        return mixing + others * self.entropy_of_others

    @property
    def participation_of_others(self) -> FloatArray:
        """sum w^2 of the posterior without the source; 0 if there is no other point."""
        return self.squares / np.maximum(self.total, 1.0) ** 2

    @property
    def entropy_of_others(self) -> FloatArray:
        """Entropy of the posterior without the source."""
        total = np.maximum(self.total, 1.0)
        return np.log(total) - self.product / total

    @property
    def source_first(self) -> NDArray[np.bool_]:
        """Whether the source has the largest weight of all."""
        return np.asarray(self.log_source >= self.largest)

    @property
    def top_weight(self) -> FloatArray:
        """The largest weight of all."""
        others = (1.0 - self.source_weight) / np.maximum(self.total, 1.0)
        return np.maximum(self.source_weight, others)


class EmpiricalPosterior:
    """The posterior over n points.

    Parameters
    ----------
    points : (n, d); kept as they are.
    multiplicities : (n,) how often each point counts, default once.
    """

    def __init__(self, points: FloatArray, multiplicities: IntArray | None = None) -> None:
        self.points = points
        self.log_multiplicities = (
            np.zeros(len(points)) if multiplicities is None else np.log(multiplicities.astype(np.float64))
        )
        self.mean = (
            points.mean(axis=0) if multiplicities is None else multiplicities @ points / multiplicities.sum()
        )
        self._all_centred = points - self.mean if points.nbytes <= _CENTRED_AT_ONCE else None
        self.squares = np.concatenate(
            [np.einsum("ij,ij->i", block, block) for block in map(self._centred, self._starts())]
        )

    def _starts(self) -> range:
        return range(0, len(self.points), COLUMNS)

    def _centred(self, start: int) -> FloatArray:
        stop = start + COLUMNS
        if self._all_centred is not None:
            return self._all_centred[start:stop]
        return self.points[start:stop] - self.mean

    def sums(
        self,
        times: FloatArray,
        noise: FloatArray,
        *,
        sources: IntArray | None = None,
        data: FloatArray | None = None,
    ) -> PosteriorSums:
        """Sums over the posterior of a block of noised points, at every time with the same noise.

        Parameters
        ----------
        times : (T,) above 0.
        noise : (B, d) standard normal z. A block of :data:`ROWS` rows is a good size.
        sources : (B,) index of the point behind each noised point, or
        data : (B, d) b of fresh points.
        """
        from .kernels_posterior import accumulate

        if sources is None:
            assert data is not None
            excluded, log_source = np.full(len(noise), -1), np.full(len(noise), -np.inf)
        else:
            data, excluded = self.points[sources], sources
            log_source = self.log_multiplicities[sources]
        own = data - self.mean
        variances = np.expm1(2.0 * times)
        # One time needs one product, several need two.
        factors = [own / variances + noise / np.sqrt(variances)] if len(times) == 1 else [own, noise]
        slopes = [np.ones(1), np.zeros(1)] if len(times) == 1 else [1.0 / variances, variances**-0.5]
        state = _start(len(times), len(noise))
        for start in self._starts():
            block = self._centred(start).T
            products = [factor @ block for factor in factors]
            columns = slice(start, start + COLUMNS)
            bias = self.log_multiplicities[columns] - 0.5 * np.multiply.outer(
                1.0 / variances, self.squares[columns]
            )
            accumulate(products[0], products[-1], *slopes, bias, excluded, start, *state)
        square, projection = np.einsum("ij,ij->i", own, own), np.einsum("ij,ij->i", own, noise)
        state[0][:] -= np.multiply.outer(0.5 / variances, square) + np.multiply.outer(
            variances**-0.5, projection
        )
        return PosteriorSums(*state, log_source=log_source)

    def means(self, noised: FloatArray, variance: float) -> FloatArray:
        """sum_mu w_mu a_mu for every row of ``noised``, the points plus noise of the given variance; (B, d).

        The weights are w_mu ~ c_mu exp(-|noised - a_mu|^2 / (2 variance)): for x = exp(-t) a + sqrt(D_t) z this is
        E[a | x] with ``noised`` = exp(t) x and ``variance`` = exp(2t) - 1. Memory: a block of rows times a block of
        points.
        """
        parts = [
            self._block_means(noised[start : start + ROWS], variance) for start in range(0, len(noised), ROWS)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.points.shape[1]))

    def _block_means(self, noised: FloatArray, variance: float) -> FloatArray:
        own = noised - self.mean
        largest, total = np.full(len(own), -np.inf), np.zeros(len(own))
        sums = np.zeros(own.shape)
        for start in self._starts():
            block, columns = self._centred(start), slice(start, start + COLUMNS)
            logs = self.log_multiplicities[columns] + (own @ block.T - 0.5 * self.squares[columns]) / variance
            higher = np.maximum(largest, logs.max(axis=1))
            shrink = np.exp(largest - higher)
            weights = np.exp(logs - higher[:, None])
            total = shrink * total + weights.sum(axis=1)
            sums = shrink[:, None] * sums + weights @ block
            largest = higher
        return self.mean + sums / total[:, None]


def _start(times: int, rows: int) -> tuple[FloatArray, IntArray, FloatArray, FloatArray, FloatArray]:
    shape = (times, rows)
    return (
        np.full(shape, -np.inf),
        np.zeros(shape, dtype=np.int64),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
    )
