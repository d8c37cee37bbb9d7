"""The covariance of a whole mixture (within plus between classes), and its leading eigendirections."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import NotConverged

_DENSE_LIMIT = 1500


def leading_directions(mixture: GaussianMixture, count: int) -> tuple[FloatArray, FloatArray]:
    """The ``count`` largest eigenvalues (n,), descending, and unit eigenvectors (d, n) of the centred data
    covariance.

    Isotropic: n is at most the rank of the means plus one, which stands for all directions without a mean.
    Diagonal: no d x d matrix is formed above dimension 1500.
    """
    weights = mixture.weights
    between = np.sqrt(weights)[:, None] * (mixture.means - weights @ mixture.means)
    shares = weights if len(mixture.covariances) > 1 else np.ones(1)
    within = np.tensordot(shares, mixture.covariances, axes=1)
    if mixture.covariance_kind == "isotropic":
        return _isotropic(between, float(within), count)
    if mixture.dimension <= _DENSE_LIMIT:
        from scipy.linalg import eigh

        total = (np.diag(within) if within.ndim == 1 else within) + between.T @ between
        d = mixture.dimension
        values, vectors = eigh(total, subset_by_index=[max(0, d - count), d - 1])
    else:
        values, vectors = _lanczos(between, within, min(count, mixture.dimension - 2))
    return values[::-1], vectors[:, ::-1]


def _isotropic(between: FloatArray, variance: float, count: int) -> tuple[FloatArray, FloatArray]:
    gram, left = np.linalg.eigh(between @ between.T)
    kept = gram > 1e-14 * max(float(gram[-1]), 1e-300)
    values = variance + gram[kept][::-1]
    vectors = (left[:, kept] / np.sqrt(gram[kept])).T[::-1] @ between
    if len(values) < between.shape[1]:
        vectors = np.vstack([vectors, _orthogonal_direction(vectors, between.shape[1])])
        values = np.append(values, variance)
    return values[:count], vectors[:count].T


def _orthogonal_direction(vectors: FloatArray, dimension: int) -> FloatArray:
    """A unit vector orthogonal to the given rows: the axis that they contain least, made orthogonal to them."""
    axis = np.zeros(dimension)
    axis[int((vectors**2).sum(axis=0).argmin())] = 1.0
    for _ in range(2):
        axis -= vectors.T @ (vectors @ axis)
    return axis / np.linalg.norm(axis)


def _lanczos(between: FloatArray, within: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    d = between.shape[1]

    def apply(vector: FloatArray) -> FloatArray:
        column = vector.ravel()
        image = within @ column if within.ndim == 2 else within * column
        return image + between.T @ (between @ column)

    start = np.cos(np.arange(d, dtype=np.float64))
    try:
        values, vectors = eigsh(
            LinearOperator((d, d), matvec=apply, dtype=np.float64), k=count, which="LA", v0=start
        )
    except ArpackNoConvergence:
        raise NotConverged(
            f"the {count} leading eigenvalues of the {d}-dimensional covariance were not found: ask for fewer"
        ) from None
    order = np.argsort(values)
    return values[order], vectors[:, order]
