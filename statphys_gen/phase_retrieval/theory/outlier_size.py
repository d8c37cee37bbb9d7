r"""How much the signal outlier fluctuates at finite dimension, and from which dimension on it stands clear of the bulk.

The Schur complement along the signal's component u is z = lambda + mu = (1/N) u^T Q u, with
Q = (D^-1 - Z Z^T/(N z))^-1, D = diag(g) and the other components Z of the sensing vectors, which are independent of u
and g. Q is close to diag(q), q = g/(1 + g S). Two independent parts make lambda fluctuate at order N^(-1/2):

* the measurements (g_i, u_i): (1/N) sum_i (u_i^2 q_i + c q_i), c = k S'(z), k = alpha E u^2 q^2, of which c q_i is the
  change of S at fixed lambda;
* Z at fixed measurements: variance 2 k^2 S'(z)/N.

Both are divided by 1 + k S'(z), the reaction of the self-energy to lambda, with 1/S'(z) = 1/S^2 - alpha E q^2:

    N Var(lambda + mu) -> [alpha Var(u^2 q + c q) + 2 k^2 S'] / (1 + k S')^2.

Where this standard deviation exceeds the distance from a soft edge, outlier and edge share the signal, and an expansion
in 1/N has not begun.

Source: derivations/phase_retrieval/outlier_size.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import states
from ...arrays import FloatArray
from ..model import PhaseRetrieval, check_model
from .plane import plane_rules
from .spectrum import hessian_spectrum, ratios

_SOURCE = "derivations/phase_retrieval/outlier_size.py"
_NEGLIGIBLE = 1e-20


def outlier_variance(
    curvature: FloatArray,
    signal_squared: FloatArray,
    probability: FloatArray,
    samples_per_dimension: float,
    stieltjes: float,
) -> float:
    """N Var(lambda + mu) for a discrete law of curvatures g and u^2, at S of the outlier."""
    alpha, s = samples_per_dimension, stieltjes

    def mean(values: FloatArray) -> float:
        return float(np.einsum("n,n->", probability, values))

    q = curvature / (1.0 + curvature * s)
    slope = 1.0 / (1.0 / s**2 - alpha * mean(q * q))
    k = alpha * mean(signal_squared * q * q)
    part = (signal_squared + k * slope) * q
    measurements = alpha * (mean(part * part) - mean(part) ** 2)
    return (measurements + 2.0 * k * k * slope) / (1.0 + k * slope) ** 2


def _variances(model: PhaseRetrieval, alphas: FloatArray, stieltjes: FloatArray) -> FloatArray:
    rule, m = plane_rules(model.loss, model.overlap)[0], model.overlap
    keep = rule.probability > _NEGLIGIBLE
    y, t, probability = rule.y[keep], rule.t[keep], rule.probability[keep]
    curvature, signal = model.loss.curvature(y, t), (t - m * y) ** 2 / (1.0 - m * m)
    pairs = zip(alphas.ravel().tolist(), stieltjes.ravel().tolist(), strict=True)
    found = [outlier_variance(curvature, signal, probability, *pair) for pair in pairs]
    return np.array(found).reshape(alphas.shape)


@states(
    "leading order",
    "as N -> infinity, at the start of the descent; the dimension must exceed outlier_dimension",
    source=_SOURCE,
    verification="derived and simulated",
)
def outlier_fluctuation(
    model: PhaseRetrieval, *, samples_per_dimension: ArrayLike | None = None
) -> FloatArray:
    """N^(1/2) times the standard deviation over instances of the signal outlier of H + mu I, at the start.

    Parameters
    ----------
    model : its loss has curvatures bounded below and an offset above 0.
    samples_per_dimension : alpha above 0, any shape; by default that of the model, a scalar.

    Returns
    -------
    Of the shape of ``samples_per_dimension``; NaN where there is no outlier.
    """
    check_model(model)
    alphas = ratios(model, samples_per_dimension)
    outlier = hessian_spectrum(model, samples_per_dimension=alphas).outlier
    return np.sqrt(_variances(model, alphas, outlier["stieltjes"]))


@states(
    "leading order",
    "as N -> infinity, at the start of the descent, below a soft edge; an order of magnitude",
    source=_SOURCE,
    verification="derived",
)
def outlier_dimension(model: PhaseRetrieval, *, samples_per_dimension: ArrayLike | None = None) -> FloatArray:
    """The dimension at which the outlier's standard deviation is its distance from the edge.

    Means over instances approach :func:`~statphys_gen.phase_retrieval.signal_outlier` as 1/N above it; below it the
    outlier and the edge share the signal, and the approach follows no power of N.

    Parameters
    ----------
    model, samples_per_dimension : as for :func:`outlier_fluctuation`.

    Returns
    -------
    Of the shape of ``samples_per_dimension``; NaN where there is no outlier.
    """
    check_model(model)
    alphas = ratios(model, samples_per_dimension)
    spectrum = hessian_spectrum(model, samples_per_dimension=alphas)
    gap = spectrum.bulk_edge["position"] - spectrum.outlier["position"]
    return np.asarray(_variances(model, alphas, spectrum.outlier["stieltjes"]) / gap**2)
