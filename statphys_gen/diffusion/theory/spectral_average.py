r"""Averages over the eigenvalues of a covariance: <g(r)>, r_i = lambda_i / E, E = exp(2t) - 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.laws import DataLaw, GaussianMixture
from ...errors import InvalidArgument
from .class_information import require_one_spectrum
from .class_signal import covariance_spectra

_ENTRIES = 2_000_000


def class_spectrum(mixture: GaussianMixture, k: int) -> Covariance:
    """The spectrum of the covariance of class k; refused for a class that is a point mass."""
    if not 0 <= k < mixture.classes:
        raise InvalidArgument("k", k, f"a class, from 0 to {mixture.classes - 1}")
    values, _ = covariance_spectra(mixture)[k if len(mixture.covariances) > 1 else 0]
    if not values.any():
        raise InvalidArgument("covariances", 0.0, "not all 0: a class of point masses has no spectrum")
    return Covariance.from_eigenvalues(
        values, [mixture.dimension] if len(values) < mixture.dimension else None
    )


def one_spectrum(law: DataLaw) -> Covariance:
    """The spectrum of a law with one covariance within all its classes."""
    require_one_spectrum(law)
    if isinstance(law, Covariance):
        return law
    if isinstance(law, GaussianMixture):
        return class_spectrum(law, 0)
    raise InvalidArgument(
        "law", type(law).__name__, "a Covariance, or a GaussianMixture with a common covariance"
    )


def spectral_average(
    spectrum: Covariance,
    excess: FloatArray,
    function: Callable[..., FloatArray],
    *parameters: FloatArray,
) -> FloatArray:
    """<function(r, ...)> at each point, shape (points,).

    ``function(r, *parameters)`` gets r of shape (points, k) and the parameters of shape (points, 1).
    """
    shares = spectrum.weights
    rows = max(1, _ENTRIES // len(shares))
    parts = []
    for start in range(0, len(excess), rows):
        part = slice(start, start + rows)
        r = spectrum.eigenvalues / excess[part, None]
        # einsum and not BLAS: the same bits for any number of threads.
        parts.append(np.einsum("pk,k->p", function(r, *(p[part, None] for p in parameters)), shares))
    return np.concatenate(parts) if parts else np.zeros(0)
