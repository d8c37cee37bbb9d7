r"""Isolated eigenvalues of U: of the common mean of all features, and of fluctuating norms of samples and rows of W.

The Hermite component of order two of a feature is c_2 (w_i.x_v)^2/(sqrt(2) Gamma^2) up to a constant, so that all
features of a sample move together with |x_v|^2, and a feature moves for all samples with |w_i|^2. Both are of rank
one in U, with the weight theta = psi_p c_2^2 Tr Sigma_t^2/(d Gamma^4), and each pulls out one eigenvalue x with

    1 + theta gamma_1(x) q(x) = 0                                    (rows of W),
    1 + (theta_s gamma_1(x) + (theta - theta_s) gbar(x)) q(x) = 0    (samples),

where theta_s is the part of theta that the draws of one sample share, with exp(-2t) Sigma for Sigma_t. If the
activation has a mean, c_0 != 0, a much larger eigenvalue p c_0^2 takes the common direction of both, and neither
remains: the product of the two is then of order 1/d.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import validation
from ...approximation import approximation_of, states
from ...glossary import dataset
from ...presentation import Tabular
from ..model import RandomFeatures
from .coefficients import Coefficients, model_coefficients
from .edges import bulk_edges
from .resolvent import dyson

if TYPE_CHECKING:
    import xarray

_NEGLIGIBLE = 1e-12
_FARTHEST = 1e3


@dataclass(frozen=True, repr=False)
class Outliers(Tabular):
    """Eigenvalues beyond the bulks to leading order, 0 where there is none.

    Attributes
    ----------
    mean : p c_0^2, because all features share the mean c_0.
    norm : psi_p c_2^2 (Tr Sigma_t^2 / d) / Gamma^4, of the fluctuating norms of samples and of rows of W.
    """

    mean: float
    norm: float

    def records(self) -> list[dict[str, Any]]:
        return [dict(vars(self))]

    def to_dataset(self) -> xarray.Dataset:
        """Two scalars."""
        arrays = {"mean_outlier": ((), self.mean), "norm_outlier": ((), self.norm)}
        return dataset(arrays, {}, approximation_of(outliers))


@dataclass(frozen=True, repr=False)
class NormOutliers(Tabular):
    """Eigenvalues that fluctuating norms pull out of the bulks; None where there is none.

    Attributes
    ----------
    row_norms : that of the norms of the rows of W.
    sample_norms : that of the norms of the samples.
    """

    row_norms: float | None
    sample_norms: float | None

    def records(self) -> list[dict[str, Any]]:
        return [dict(vars(self))]

    def to_dataset(self) -> xarray.Dataset:
        """Two scalars, NaN where there is none."""
        arrays = {name: ((), math.nan if x is None else x) for name, x in vars(self).items()}
        return dataset(arrays, {}, approximation_of(norm_outliers))


@states(
    "leading order",
    "in 1/d; each rank-one part alone, without its interaction with the bulks, which shifts it by a number of order 1",
    source="rank-one argument of the docstring",
    verification="derived and simulated",
)
def outliers(model: RandomFeatures, dimension: int) -> Outliers:
    """Eigenvalues of U beyond the bulks, for an activation that is not odd, in dimension d.

    The fluctuating norm of a noised sample moves all features together, and that of a row of W moves the feature's
    mean by the same amount; they are outliers only where they exceed the bulks (:func:`norm_outliers` has their
    positions), and only without a mean, which takes their direction.
    """
    d = validation.integer("dimension", dimension, minimum=1)
    c = model_coefficients(model)
    signal, noise = math.exp(-2.0 * model.time), float(c.noise_variance)
    noised = signal * model.covariance.eigenvalues + noise
    total = float(model.covariance.weights @ noised)
    psi = model.features_per_dimension
    c0, c2 = _clean(float(c.mean), c), _clean(float(c.hermite_two), c)
    second = float(model.covariance.weights @ noised**2) / total**2
    return Outliers(psi * d * c0**2, 0.0 if c0 else psi * c2**2 * second)


def _clean(value: float, c: Coefficients) -> float:
    return 0.0 if abs(value) <= 1e-12 * math.sqrt(float(c.second_moment)) else value


@states(
    "exact as N -> infinity",
    "where the two do not coincide; otherwise their mean, since they repel each other by d^(-1/2)",
    source="equations of the module",
    verification="derived and simulated",
)
def norm_outliers(model: RandomFeatures) -> NormOutliers:
    """The eigenvalues that the norms of the rows of W and of the samples pull out of the bulks."""
    c = model_coefficients(model)
    scale = math.sqrt(float(c.second_moment))
    if abs(float(c.hermite_two)) <= _NEGLIGIBLE * scale or abs(float(c.mean)) > _NEGLIGIBLE * scale:
        return NormOutliers(None, None)
    system, covariance = dyson(model), model.covariance
    signal = float(c.signal_variance) / covariance.variance * covariance.eigenvalues
    noised = signal + float(c.noise_variance)
    strength = (
        model.features_per_dimension * float(c.hermite_two) ** 2 / float(covariance.weights @ noised) ** 2
    )
    whole = strength * float(covariance.weights @ noised**2)
    shared = strength * float(covariance.weights @ signal**2)

    def rows(x: float) -> float:
        g = system.resolvent(np.array([complex(x)]))
        return 1.0 + whole * float((g.gamma_1 * g.q)[0].real)

    def samples(x: float) -> float:
        g = system.resolvent(np.array([complex(x)]))
        weight = shared * g.gamma_1 + (whole - shared) * g.gamma_bar
        return 1.0 + float((weight * g.q)[0].real)

    bottom, top = bulk_edges(model)[-1].tolist()
    # An outlier closer than this to the bulk is not told apart from it.
    near = top + 1e-2 * (top - bottom)
    return NormOutliers(_beyond(rows, near), _beyond(samples, near))


def _beyond(condition: Callable[[float], float], near: float) -> float | None:
    """The zero beyond the bulks; the condition tends to 1 far away, and is negative next to them if there is one."""
    from scipy.optimize import brentq

    return float(brentq(condition, near, _FARTHEST * near, rtol=1e-12)) if condition(near) < 0.0 else None
