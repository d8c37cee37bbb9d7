r"""The lazy phase at any width, also below the dimension.

For the centred network A(t) - A(0) and a target that is small against the threshold c, the kernels W1^T W1 and W2 W2^T
do not move, and the residual is R(t) = exp(-C2 t) R(0) exp(-C1 t). Both kernels are c times a Marchenko-Pastur matrix
of ratio g = d/w, mean 1, with an atom 1 - 1/g at 0 for g > 1. For an isotropic R(0)

    |R(t)|^2/|R(0)|^2 = phi(2 c t)^2,    phi(z) = E exp(-z mu).

Without centring A(0) has the size 2 c sqrt(d/w), which is not small, and the formula fails by several percent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...numerics.quadrature import integrate

_SOURCE = "derivations/linear_dynamics/lazy.py"
_VALID = "for d -> infinity at fixed w/d, a centred network, and a target small against the threshold"


def _decay(ratio: float, z: FloatArray) -> FloatArray:
    """E exp(-z mu) over the law of Marchenko and Pastur, for z of shape (m,)."""
    root = np.sqrt(ratio)
    gap = abs(1.0 - ratio) / (1.0 + root)  # |1 - sqrt(g)|

    def integrand(theta: FloatArray) -> FloatArray:
        # mu = 1 + g + 2 sqrt(g) cos(2 theta), written so that it does not cancel at theta = pi/2.
        mu = gap**2 + 4.0 * root * np.cos(theta) ** 2
        density = np.sin(2.0 * theta) ** 2 / mu
        return np.asarray(density * np.exp(-np.multiply.outer(z, mu)))

    scales = np.concatenate([[gap], z[z > 0.0] ** -0.5])
    near = np.pi / 2.0 - np.outer(scales / np.sqrt(4.0 * root), [0.1, 1.0, 10.0]).ravel()
    points = np.unique(near[(near > 0.0) & (near < np.pi / 2.0)])
    found = integrate(integrand, 0.0, np.pi / 2.0, width=0.5, tolerance=1e-12, breakpoints=points).value
    return np.asarray(max(0.0, 1.0 - 1.0 / ratio) + 4.0 / np.pi * found)


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def lazy_relative_loss(width_ratio: float, scaled_time: ArrayLike) -> FloatArray:
    """|R(t)|^2/|R(0)|^2 of the residual: how much of the train loss is left.

    Parameters
    ----------
    width_ratio : w/d, above 0.
    scaled_time : c t, at least 0, of any shape.
    """
    ratio = 1.0 / validation.positive("width_ratio", width_ratio)
    time = validation.array("scaled_time", scaled_time, at_least=0.0)
    return np.asarray(_decay(ratio, 2.0 * time.ravel()).reshape(time.shape) ** 2)


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def lazy_noise_error(width_ratio: float, scaled_time: ArrayLike) -> FloatArray:
    """|A(t) - A(0)|^2/|T|^2 of a target that is noise alone: 1 - 2 phi(c t)^2 + phi(2 c t)^2, its test error.

    Arguments as for :func:`lazy_relative_loss`.
    """
    ratio = 1.0 / validation.positive("width_ratio", width_ratio)
    time = validation.array("scaled_time", scaled_time, at_least=0.0)
    once, twice = (_decay(ratio, factor * time.ravel()).reshape(time.shape) for factor in (1.0, 2.0))
    return np.asarray(1.0 - 2.0 * once**2 + twice**2)
