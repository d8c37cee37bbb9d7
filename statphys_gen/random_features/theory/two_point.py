r"""Two-point functions of the feature matrix: (1/d) Tr V^T G(z) P G(z') V for P = alpha w Sigma w^T + beta w w^T + c.

They follow from the self-consistent equations of :mod:`.resolvent` with the spectral parameter replaced by an
upper triangular 2 x 2 matrix with z and z' on the diagonal and -P in the corner: the corner of the resolvent
is G(z) P G(z'). The diagonal of the equations are the equations at z and z'; their corner is a linear system,
for the corners q12, g1, g2 of q, gamma_1, gamma_2 (those of s and r are eliminated).

Source: derivations/random_features/two_point.py.
"""

from __future__ import annotations

import numpy as np

from ...arrays import ComplexArray
from .resolvent import Dyson, Resolvent


def _overlaps(dyson: Dyson, left: Resolvent, right: ComplexArray) -> list[ComplexArray]:
    """J_k = average of x^k S(x) S'(x) over the spectrum of Sigma, k = 0, 1, 2; shape (N, N')."""
    transposed = np.ascontiguousarray(right.T)
    return [(left.propagator * (dyson.weights * dyson.eigenvalues**k)) @ transposed for k in range(3)]


def two_point_table(
    dyson: Dyson,
    left: Resolvent,
    right: Resolvent,
    alpha: float,
    beta: float,
    c: float,
    *,
    conjugate: bool = False,
) -> ComplexArray:
    """T(z_i, z_j') for the points of two resolvents, shape (N, N'); ``conjugate`` takes conj(z_j') instead."""

    def column(values: ComplexArray) -> ComplexArray:
        return values[:, None]

    def row(values: ComplexArray) -> ComplexArray:
        return (values.conj() if conjugate else values)[None, :]

    j0, j1, j2 = _overlaps(dyson, left, right.propagator.conj() if conjugate else right.propagator)
    f, i, psi, a, b2 = dyson.ratio, dyson.inverse_draws, dyson.features, dyson.linear, dyson.b2
    v2, s2 = dyson.v2, dyson.s2
    qq = column(left.q) * row(right.q)
    # s12 = s_q q12 + s_1 g1 + s_2 g2 + s_0, and the same for r12.
    s_q, r_q = j0 / qq, j1 / qq
    s_1, r_1 = -psi * (b2 * i * j0 + a * j1), -psi * (b2 * i * j1 + a * j2)
    s_0, r_0 = psi * (alpha * j1 + beta * j0), psi * (alpha * j2 + beta * j1)
    weight = f * column(left.gamma_1) * row(right.gamma_1)
    # Rows: gamma_1, the trace of the resolvent, and gamma_2; columns: g1, q12, g2; right-hand sides.
    a11 = 1.0 + weight * (a * r_1 + i * b2 * s_1)
    a12 = weight * (a * r_q + v2 + i * (b2 * s_q + s2))
    y1 = -weight * (a * r_0 + i * b2 * s_0)
    a21 = psi * qq * (s2 * i + v2) - s_1
    a22 = -(1.0 - psi) - s_q + column(left.s / left.q) + row(right.s / right.q)
    y2 = psi * qq * c + s_0
    if dyson.unknowns == 2:
        determinant = a11 * a22 - a12 * a21
        g1 = (y1 * a22 - a12 * y2) / determinant
        q12 = (a11 * y2 - a21 * y1) / determinant
        g_bar = i * g1
        s12 = s_q * q12 + s_1 * g1 + s_0
    else:
        s_2, r_2 = -psi * b2 * (1.0 - i) * j0, -psi * b2 * (1.0 - i) * j1
        other = f * i * column(left.gamma_2) * row(right.gamma_2)
        a13 = weight * (a * r_2 + i * b2 * s_2)
        a23 = psi * qq * s2 * (1.0 - i) - s_2
        a31, a32, a33 = other * b2 * s_1, other * (b2 * s_q + s2), 1.0 + other * b2 * s_2
        y3 = -other * b2 * s_0
        m23, m13, m12 = a22 * a33 - a23 * a32, a21 * a33 - a23 * a31, a21 * a32 - a22 * a31
        determinant = a11 * m23 - a12 * m13 + a13 * m12
        g1 = (y1 * m23 - a12 * (y2 * a33 - a23 * y3) + a13 * (y2 * a32 - a22 * y3)) / determinant
        q12 = (a11 * (y2 * a33 - a23 * y3) - y1 * m13 + a13 * (a21 * y3 - y2 * a31)) / determinant
        g2 = (a11 * (a22 * y3 - y2 * a32) - a12 * (a21 * y3 - y2 * a31) + y1 * m12) / determinant
        g_bar = i * g1 + (1.0 - i) * g2
        s12 = s_q * q12 + s_1 * g1 + s_2 * g2 + s_0
    bar, bar_ = column(left.gamma_bar), row(right.gamma_bar)
    mixed = bar * s12 * bar_ + g_bar * row(right.s) * bar_ + bar * column(left.s) * g_bar
    return -g_bar + b2 * psi * mixed


def two_point_mass(dyson: Dyson, alpha: float, beta: float, c: float) -> float:
    """<1 x 1, T> = (1/d) Tr V^T P V, from the moments of the Gaussian factors."""
    psi, weights, x = dyson.features, dyson.weights, dyson.eigenvalues
    m, n = alpha * x + beta, dyson.linear * x + dyson.b2
    mean_m, mean_n, nonlinear = float(weights @ m), float(weights @ n), dyson.v2 + dyson.s2
    mean = dyson.b2 * (psi * psi * mean_m + psi * mean_m + psi * c)
    single = psi * psi * float(weights @ (m * n))
    single += psi * (mean_m * mean_n + nonlinear * mean_m + c * mean_n + c * nonlinear)
    return mean + dyson.inverse_draws / dyson.samples * single


def one_point_mass(dyson: Dyson) -> float:
    """<1, omega> = (1/d) Tr V^T V."""
    return dyson.features * dyson.b2 + dyson.ratio * dyson.inverse_draws * dyson.mean_eigenvalue
