r"""Principal directions of a data set: eigenvalues of its covariance, with what a finite sample does to them.

The covariance is C = sum_mu w_mu (a_mu - abar)(a_mu - abar)^T with the weights of the empirical law (1/n for each
sample, not 1/(n - 1)): it is the covariance that the empirical score sees.

Standard errors: to first order the eigenvalue lambda_k is the mean of the squared projections u_k^2 on its own
direction, so that the delete-one jackknife is std(u_k^2) / sqrt(n - 1). The largest sample eigenvalue is biased
upwards; with the whole sample spectrum lambda_j the population value of an eigenvalue that stands clear of the others
is, to leading order also when d is not small against n,

    lambda_k / (1 + (1/n) sum_{j != k} lambda_j / (lambda_k - lambda_j)).

Source: for the last equation, spiked covariance models as n, d -> infinity (Baik and Silverstein, J. Multivar. Anal. 97
(2006) 1382): 1 / ell = -m(lambda), with m the Stieltjes transform of the companion (n x n) matrix, evaluated on the
sample spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..arrays import FloatArray
from ..glossary import dataset
from ..numerics.blocks import map_blocks
from ..presentation import Tabular
from ..statistics.streams import generator
from .dataset import DataSet

if TYPE_CHECKING:
    import xarray

DENSE = 5000  # largest matrix that is diagonalised in full
_CHUNK = 2048
_PROBES = 64


@dataclass(frozen=True, repr=False)
class PrincipalDirections(Tabular):
    """Leading eigenvalues and directions of the covariance of a data set.

    Attributes
    ----------
    eigenvalues : decreasing; all min(n, d) of them if ``complete``, else the leading ones.
    complete : whether the whole spectrum is known.
    vectors : (k, d) the leading directions, the largest entry of each positive.
    projections : (k, m) centred data points projected on them.
    total_variance : trace of the covariance.
    relative_squared_trace : tr C^2 of the covariance over (tr C)^2 (with 64 random probes if not ``complete``).
    """

    eigenvalues: FloatArray
    complete: bool
    vectors: FloatArray
    projections: FloatArray
    total_variance: float
    relative_squared_trace: float

    def records(self) -> list[dict[str, Any]]:
        """Rank, eigenvalue and its share of the variance."""
        return [
            {"rank": k, "eigenvalue": value, "share": value / self.total_variance}
            for k, value in enumerate(self.eigenvalues.tolist(), 1)
        ]

    def to_dataset(self) -> xarray.Dataset:
        """The eigenvalues by rank, and the leading directions with the projections of the points on them."""
        return dataset(
            {
                "eigenvalue": (("rank",), self.eigenvalues),
                "vector": (("direction", "coordinate"), self.vectors),
                "projection": (("direction", "point"), self.projections),
                "total_variance": ((), self.total_variance),
            },
            {"rank": (("rank",), np.arange(1, len(self.eigenvalues) + 1))},
        )

    @property
    def effective_rank(self) -> float:
        """(tr C)^2 / tr C^2, the participation ratio of the spectrum."""
        return 1.0 / self.relative_squared_trace

    def inflation(self, k: int, count: int) -> float:
        """Sample over population value of eigenvalue k, from the equation above; infinite inside a bulk."""
        value = self.eigenvalues[k]
        others = np.delete(self.eigenvalues, k)
        others = others[others > 0.0]
        if (others == value).any():
            return float("inf")
        sum_over_others = (others / (value - others)).sum()
        if not self.complete:
            # The unseen part of the spectrum, to second order in its eigenvalues.
            rest = max(self.total_variance - self.eigenvalues.sum(), 0.0)
            shares = self.eigenvalues / self.total_variance
            squared = max(self.relative_squared_trace - (shares**2).sum(), 0.0)
            sum_over_others += rest / value + squared / shares[k] ** 2
        ratio = 1.0 + sum_over_others / count
        return float(ratio) if ratio > 0.0 else float("inf")


def principal_directions(
    dataset: DataSet, count: int, *, seed: int = 0, threads: int = 1
) -> PrincipalDirections:
    """Spectrum of the covariance and its ``count`` leading directions.

    The smaller of the d x d covariance and the n x n Gram matrix is diagonalised; if both are larger than 5000, Lanczos
    iterations find the leading eigenvalues only. The data are centred in blocks, never copied as a whole.
    """
    points, dimension = dataset.points.shape
    mean = dataset.weights @ dataset.points
    blocks = [slice(start, start + _CHUNK) for start in range(0, points, _CHUNK)]

    def centred(block: slice) -> FloatArray:
        return dataset.points[block] - mean

    variances = [dataset.weights[b] @ np.einsum("ij,ij->i", c, c) for b in blocks for c in [centred(b)]]
    total = float(np.sum(variances))
    wanted = min(count, points - 1, dimension)
    with threadpool_limits(limits=1):
        if dimension <= min(points, DENSE):
            eigenvalues, vectors = _leading(_covariance(dataset, mean, threads), wanted)
            complete = True
        elif points <= DENSE:
            eigenvalues, left = _leading(_gram(dataset, mean, threads), wanted)
            vectors = (left * np.sqrt(dataset.weights)) @ (dataset.points - mean)
            complete = True
        else:
            eigenvalues, vectors = _lanczos(dataset, mean, blocks, max(wanted, 20), seed)
            vectors, complete = vectors[:wanted], False
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        largest = vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)]
        vectors = vectors * np.sign(largest)[:, None]
        projections = np.concatenate([vectors @ centred(b).T for b in blocks], axis=1)
        squared = (
            float(((eigenvalues / total) ** 2).sum())
            if complete
            else _relative_squared_trace(dataset, mean, blocks, total, seed)
        )
    return PrincipalDirections(eigenvalues, complete, vectors, projections, total, squared)


def _leading(matrix: FloatArray, wanted: int) -> tuple[FloatArray, FloatArray]:
    from scipy.linalg import eigh, eigvalsh

    size = len(matrix)
    _, vectors = eigh(matrix, subset_by_index=(size - wanted, size - 1))
    # One routine for all eigenvalues, so that their number does not depend on how many directions are wanted.
    return np.maximum(eigvalsh(matrix)[::-1], 0.0), vectors[:, ::-1].T


def _covariance(dataset: DataSet, mean: FloatArray, threads: int) -> FloatArray:
    """d x d, summed in fixed order over at most eight parts."""
    points = len(dataset.points)
    bounds = np.linspace(0, points, min(8, -(-points // _CHUNK)) + 1).astype(int)

    def part(block: int) -> FloatArray:
        result = np.zeros((dataset.dimension, dataset.dimension))
        for start in range(bounds[block], bounds[block + 1], _CHUNK):
            chunk = slice(start, min(start + _CHUNK, bounds[block + 1]))
            scaled = (dataset.points[chunk] - mean) * np.sqrt(dataset.weights[chunk])[:, None]
            result += scaled.T @ scaled
        return result

    return np.sum(map_blocks(part, len(bounds) - 1, threads=threads), axis=0)


def _gram(dataset: DataSet, mean: FloatArray, threads: int) -> FloatArray:
    """n x n, summed in fixed order over at most eight parts of the coordinates."""
    bounds = np.linspace(0, dataset.dimension, min(8, -(-dataset.dimension // _CHUNK)) + 1).astype(int)
    scale = np.sqrt(dataset.weights)[:, None]

    def part(block: int) -> FloatArray:
        result = np.zeros((len(scale), len(scale)))
        for start in range(bounds[block], bounds[block + 1], _CHUNK):
            chunk = slice(start, min(start + _CHUNK, bounds[block + 1]))
            scaled = (dataset.points[:, chunk] - mean[chunk]) * scale
            result += scaled @ scaled.T
        return result

    return np.sum(map_blocks(part, len(bounds) - 1, threads=threads), axis=0)


def _apply(dataset: DataSet, mean: FloatArray, blocks: list[slice], vectors: FloatArray) -> FloatArray:
    """C times the columns of ``vectors``."""
    result = np.zeros_like(vectors)
    for block in blocks:
        centred = dataset.points[block] - mean
        result += centred.T @ ((centred @ vectors) * dataset.weights[block][:, None])
    return result


def _lanczos(
    dataset: DataSet, mean: FloatArray, blocks: list[slice], wanted: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    from scipy.sparse.linalg import LinearOperator, eigsh

    size = dataset.dimension
    operator = LinearOperator(
        (size, size),
        matvec=lambda x: _apply(dataset, mean, blocks, np.reshape(x, (size, 1)))[:, 0],
        dtype=np.float64,
    )
    start = generator(seed, _key("start of Lanczos' method", dataset)).standard_normal(size)
    values, vectors = eigsh(operator, k=wanted, which="LA", v0=start)
    order = np.argsort(values)[::-1]
    return values[order], vectors[:, order].T


def _key(purpose: str, dataset: DataSet) -> dict[str, object]:
    return {"purpose": purpose, "points": dataset.samples, "multiplicities": dataset.multiplicities}


def _relative_squared_trace(
    dataset: DataSet, mean: FloatArray, blocks: list[slice], total: float, seed: int
) -> float:
    """tr C^2/(tr C)^2, with tr C^2 = E |C g|^2 for random signs g."""
    random = generator(seed, _key("squared trace", dataset))
    probes = random.choice([-1.0, 1.0], size=(dataset.dimension, _PROBES))
    return float(((_apply(dataset, mean, blocks, probes) / total) ** 2).sum() / _PROBES)
