r"""The self-consistent equations of isotropic data, eliminated to one polynomial: a second route to the spectrum."""

from __future__ import annotations

import math

import numpy as np

from statphys_gen.arrays import FloatArray
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.resolvent import dyson


def identity_polynomial(model: RandomFeatures) -> FloatArray:
    """Coefficients c[j, k] of z^j q^k in the polynomial P(q, z) = 0 for an isotropic covariance and m = infinity.

    The self-consistent equations are two quadratic equations in gamma; P is their resultant without its
    spurious factors. It has degree 2 in z and 5 in q, and is a route to the density that is independent of
    Newton's iteration.
    """
    assert len(model.covariance.eigenvalues) == 1
    assert math.isinf(model.noise_draws)
    system = dyson(model)
    psi, f = system.features, system.ratio
    b2, v2, s2 = system.b2, system.v2, system.s2
    a = system.linear * system.variance

    def poly(*terms: tuple[int, int, float]) -> FloatArray:
        table = np.zeros((3, 9))
        for j, k, value in terms:
            table[j, k] += value
        return table

    def times(x: FloatArray, y: FloatArray) -> FloatArray:
        table = np.zeros((3, 9))
        for j, k in zip(*np.nonzero(x), strict=True):
            for l, n in zip(*np.nonzero(y), strict=True):  # noqa: E741
                table[j + l, k + n] += x[j, k] * y[l, n]
        return table

    # Quadratics a2 g^2 + a1 g + a0 (gamma equation) and b2_ g^2 + b1 g + b0 (trace equation), both multiplied
    # out; their resultant is made of their minors.
    p1 = poly((0, 0, 1.0), (0, 1, psi * b2))
    x = poly((0, 0, 1.0), (0, 1, -s2), (1, 1, 1.0))
    big = psi * a
    a2 = poly((0, 1, -big), (0, 2, -big * f * v2))
    a1 = poly((0, 1, big - f * a), (0, 0, -1.0), (0, 1, -psi * b2)) - times(poly((0, 1, f * v2)), p1)
    a0 = p1
    b2_ = poly((0, 2, -v2 * big))
    b1 = times(x, poly((0, 1, big))) - times(poly((0, 1, v2)), p1) - poly((0, 1, a))
    b0 = times(x, p1) - poly((0, 1, b2))

    def minor(u: FloatArray, v: FloatArray, w: FloatArray, y: FloatArray) -> FloatArray:
        return times(u, y) - times(v, w)

    m02 = minor(a2, a0, b2_, b0)
    result = times(m02, m02) - times(minor(a2, a1, b2_, b1), minor(a1, a0, b1, b0))
    # The factor q^2 is spurious.
    return result[:, 2:8]
