"""Reduced simulation of the Hessian's edge and of its signal outlier, from the pairs (y, t) that a descent has reached.

The Hessian of N-dimensional data is replaced by the law of large numbers for matrices with these curvatures: with
g_i = l''(y_i, t_i) at n pairs, alpha = samples_per_dimension, r_i(S) = g_i S / (1 + g_i S), and E t^2 = 1,

    z(S) = (alpha mean r - 1)/S,    edge = max z over 0 < S < 1/|inf l''|,    criterion = alpha mean (1 - t^2) r there,

minus the multiplier alpha mean l' y for the edge. A signal outlier lies left of the edge where the criterion exceeds 1.
The maximum is searched for as such. Matrices of finite dimension fluctuate around it by their own law; the microscopic
counterpart is :mod:`.hessians`.
"""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from ..model import PhaseRetrieval


def reduced_edge(model: PhaseRetrieval, y: FloatArray, t: FloatArray) -> tuple[float, float]:
    """Left edge of the bulk, and the outlier criterion at overlap 0, of the pairs (y_i, t_i).

    Parameters
    ----------
    model : its loss and its samples_per_dimension; the loss has curvatures bounded below.
    y, t : pre-activations of student and signal, of one length.
    """
    from scipy.optimize import minimize_scalar

    curvature, alpha = model.loss.curvature(y, t), model.samples_per_dimension
    end = 1.0 / abs(model.loss.curvature_bound)

    def response(s: float) -> FloatArray:
        return np.asarray(curvature * s / (1.0 + curvature * s))

    def below_edge(log_s: float) -> float:
        s = float(np.exp(log_s))
        return -(alpha * float(response(s).mean()) - 1.0) / s

    # The maximum is single: alpha mean r^2 increases up to the first pole, and is 1 there.
    top = np.log(end)
    found = minimize_scalar(below_edge, bounds=(top - 40.0, top), method="bounded", options={"xatol": 1e-9})
    # The search stays inside: a hard edge lies at the end itself, just below the pole.
    best = min(float(found.x), top - 1e-13, key=below_edge)
    s = float(np.exp(best))
    edge = -below_edge(best) - alpha * float((model.loss.slope(y, t) * y).mean())
    return edge, alpha * float(((1.0 - t * t) * response(s)).mean())
