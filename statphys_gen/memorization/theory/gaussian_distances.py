"""Distances between two Gaussian laws: what the fidelity of samples tends to."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from .nulls import SOURCE


def _law(name: str, mean: ArrayLike, covariance: ArrayLike) -> tuple[FloatArray, FloatArray]:
    centre = validation.array(f"{name}_mean", mean, ndim=1)
    return centre, validation.covariance_matrix(f"{name}_covariance", covariance, len(centre))


def root(matrix: FloatArray) -> FloatArray:
    """Symmetric square root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


@states("exact", source=SOURCE, verification="derived and simulated")
def gaussian_frechet(
    first_mean: ArrayLike, first_covariance: ArrayLike, second_mean: ArrayLike, second_covariance: ArrayLike
) -> float:
    """|m - m'|^2 + tr(A + B - 2 (A^{1/2} B A^{1/2})^{1/2}), the squared 2-Wasserstein distance of two Gaussians.

    Parameters
    ----------
    first_mean, second_mean : m and m', (D,).
    first_covariance, second_covariance : A and B, (D, D), positive semi-definite.
    """
    m, a = _law("first", first_mean, first_covariance)
    other, b = _law("second", second_mean, second_covariance)
    if m.shape != other.shape:
        validation.array("second_mean", second_mean, shape=m.shape)
    # Singular values of A^{1/2} B^{1/2} keep the digits that square roots of small eigenvalues lose.
    cross = np.linalg.svd(root(a) @ root(b), compute_uv=False).sum()
    return float((m - other) @ (m - other) + np.trace(a) + np.trace(b) - 2.0 * cross)


@states("exact", source=SOURCE, verification="derived and simulated")
def gaussian_sliced_wasserstein(
    first_mean: ArrayLike,
    first_covariance: ArrayLike,
    second_mean: ArrayLike,
    second_covariance: ArrayLike,
    directions: ArrayLike,
) -> float:
    """Mean over directions u of (u.(m - m'))^2 + ((u.A u)^{1/2} - (u.B u)^{1/2})^2.

    Parameters
    ----------
    directions : (count, D), which are normalised; the others as for :func:`gaussian_frechet`.
    """
    m, a = _law("first", first_mean, first_covariance)
    other, b = _law("second", second_mean, second_covariance)
    u = validation.array("directions", directions, shape=(None, len(m)))
    u = u / np.linalg.norm(u, axis=1)[:, None]
    widths = [np.sqrt(np.einsum("ki,ij,kj->k", u, matrix, u)) for matrix in (a, b)]
    return float((((m - other) @ u.T) ** 2 + (widths[0] - widths[1]) ** 2).mean())
