r"""Isolated eigenvalues of U that the fluctuating norms of samples and of rows of W pull out of the bulks.

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

import numpy as np

from ...approximation import states
from ..model import RandomFeatures
from .coefficients import model_coefficients
from .edges import bulk_edges
from .resolvent import dyson

_NEGLIGIBLE = 1e-12
_FARTHEST = 1e3


@states(
    "exact as N -> infinity",
    "where the two do not coincide; otherwise their mean, since they repel each other by d^(-1/2)",
    source="equations of the module",
    verification="derived and simulated",
)
def norm_outliers(model: RandomFeatures) -> dict[str, float | None]:
    """The eigenvalues that the norms of the ``rows`` of W and of the ``samples`` pull out; None where there is none."""
    c = model_coefficients(model)
    scale = math.sqrt(float(c.second_moment))
    if abs(float(c.hermite_two)) <= _NEGLIGIBLE * scale or abs(float(c.mean)) > _NEGLIGIBLE * scale:
        return {"rows": None, "samples": None}
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
    return {name: _beyond(condition, near) for name, condition in (("rows", rows), ("samples", samples))}


def _beyond(condition: Callable[[float], float], near: float) -> float | None:
    """The zero beyond the bulks; the condition tends to 1 far away, and is negative next to them if there is one."""
    from scipy.optimize import brentq

    return float(brentq(condition, near, _FARTHEST * near, rtol=1e-12)) if condition(near) < 0.0 else None
