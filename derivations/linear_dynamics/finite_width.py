"""Finite width: the terms of order g = d/w in the errors.

Units c = 1, time tau. Kernels 1 + delta, entries of A(0) = alpha of variance g/d, noise -epsilon in R(0) of variance
h/d; R = A - epsilon obeys R' = -(C2 R + R C1) with the kernels moving as C1' = -(A^T R + R^T A).
"""

import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.linear_dynamics import width_correction

_TAU = sp.Symbol("tau", positive=True)
_G, _H = sp.symbols("g h", positive=True)
_OMEGA = sp.Symbol("omega", positive=True)
_Q = sp.exp(-2 * _TAU)


def _primitive(expression: sp.Expr) -> sp.Expr:
    u = sp.Symbol("u", positive=True)
    return sp.integrate(sp.expand(expression.subs(_TAU, u)), (u, 0, _TAU))


def _moved() -> tuple[sp.Expr, sp.Expr]:
    """J1 and J2: C1 - 1 - delta1 integrated over time is -(2 R0^T R0 J2 + (eps^T R0 + R0^T eps) J1)."""
    return _primitive(_primitive(_Q)), _primitive(_primitive(_Q**2))


@claim("J1 = tau/2 - (1 - q)/4, J2 = tau/4 - (1 - q^2)/16")
def kernels_move() -> bool:
    one, two = _moved()
    return (
        sp.simplify(one - (_TAU / 2 - (1 - _Q) / 4)) == 0
        and sp.simplify(two - (_TAU / 4 - (1 - _Q**2) / 16)) == 0
    )


def train_bulk_to_order_g() -> sp.Expr:
    """The bulk of the train error at order g over g, in units of h; what remains at w = infinity taken off."""
    one, two = _moved()
    # Means over square Gaussian matrices: tr(R0^T R0)^2 = 2 d (g + h)^2, tr R0^T R0 eps^T R0 = -2 d h (g + h).
    third = 16 * (two * (_G + _H) ** 2 - one * _H * (_G + _H))
    # E exp(-2 tau delta) on both sides: 1 + 4 tau^2 g on the noise, and 4 tau g less on alpha = W2 W1 itself.
    spread = _G * (1 + 4 * _TAU**2 * _G - 4 * _TAU * _G) + _H * (1 + 4 * _TAU**2 * _G)
    total = sp.expand(_Q**2 * (spread + third) / _H).subs(_H, _G / _OMEGA)
    # What remains at w = infinity is of order h = g/omega, and is part of the curves of finite dimension.
    return sp.expand(total).coeff(_G, 1) - _Q**2 * 16 * (two - one) / _OMEGA


def test_bulk_to_order_g() -> sp.Expr:
    """What the bulk of the test error has beyond that of the train error."""
    one, two = _moved()
    # 2 q tr(eps^T S)/d with -h (1 + tau^2 g) + 2 (-4 J2 h (g + h) + J1 (4 h^2 + h g)).
    cross = -_H * (1 + _TAU**2 * _G) + 2 * (-4 * two * _H * (_G + _H) + one * (4 * _H**2 + _H * _G))
    return sp.expand(2 * _Q * cross / _H).coeff(_G, 1)


@claim(
    "Bulk of the train error to order g: q^2 [4 tau^2 + 2 (1 - q)^2 + omega (4 tau^2 - 1 + q^2)], omega = g/h"
)
def train_bulk() -> bool:
    wanted = _Q**2 * (4 * _TAU**2 + 2 * (1 - _Q) ** 2 + _OMEGA * (4 * _TAU**2 - 1 + _Q**2))
    return sp.simplify(train_bulk_to_order_g() - wanted) == 0


@claim("Bulk of the test error: the same - 2 q tau^2 - 2 q tau + q^2 (1 - q)")
def test_bulk() -> bool:
    wanted = -2 * _Q * _TAU**2 - 2 * _Q * _TAU + _Q**2 * (1 - _Q)
    return sp.simplify(test_bulk_to_order_g() - wanted) == 0


@claim("What the package's correction has beyond its signals is this bulk, in units of the noise's variance")
def package_has_the_bulk() -> bool:
    kappa, omega, unit, times = 0.35, 0.3, 0.7, np.array([0.4, 1.3, 4.0])
    once, twice = (width_correction(x, kappa, omega, times, noise=unit) for x in ([0.8], [0.8, 0.8]))
    train, test = (2 * one - two for one, two in zip(once, twice, strict=True))
    for k, time in enumerate(times):
        point = {_TAU: kappa * time, _OMEGA: omega / unit**2}
        first = float(train_bulk_to_order_g().subs(point)) * unit**2
        second = first + float(test_bulk_to_order_g().subs(point)) * unit**2
        if abs(train[k] - first) > 1e-12 or abs(test[k] - second) > 1e-12:
            return False
    return True


@claim(
    "The first derivative of the start's error is exact: E tr W1^T (W2^T W2)^2 W1 = n p w (p + w + 1) in unit variances"
)
def first_derivative() -> bool:
    # By the pairings of (W2^T W2)^2: E tr (X^T X)^2 = p w (p + w + 1) for X (p, w) of unit variance.
    p, w = 2, 3
    symbols = sp.symbols(f"x0:{p * w}")
    x = sp.Matrix(p, w, symbols)
    trace = sp.Poly(((x.T * x) ** 2).trace(), *symbols)
    double = {0: 1, 2: 1, 4: 3}
    mean = sum(
        coefficient * sp.prod([double.get(power, 0) for power in powers])
        for powers, coefficient in trace.terms()
    )
    return bool(mean == p * w * (p + w + 1))


def _gram_flow(gram: np.ndarray, target: np.ndarray, time: float) -> np.ndarray:
    """A(t) of the 2 x 2 Gram flow by the rule of Runge and Kutta."""

    def slope(k: np.ndarray) -> np.ndarray:
        m = np.zeros((4, 4))
        m[2:, :2] = k[2:, :2] - target
        m[:2, 2:] = m[2:, :2].T
        return -(k @ m + m @ k)

    steps = 4000
    h = time / steps
    for _ in range(steps):
        one = slope(gram)
        two = slope(gram + h / 2 * one)
        three = slope(gram + h / 2 * two)
        gram = gram + h / 6 * (one + 2 * two + 2 * three + slope(gram + h * three))
    return gram[2:, :2]


@claim(
    "Row, column and shift of a signal: second order of a 2 x 2 Gram flow with perturbed start and kernels"
)
def signal() -> bool:
    from statphys_gen.linear_dynamics.theory.finite_width import _signal

    x, kappa, time, size = 1.1, 0.4, 0.9, 2e-3
    target = np.diag([x, 0.0])
    clean = _gram_flow(kappa * np.eye(4), target, time)[0, 0]
    shift = rows = 0.0
    for i, j in ((2, 1), (3, 0), (0, 1), (2, 3)):  # row and column of A, rows of the kernels
        gram = kappa * np.eye(4)
        gram[i, j] = gram[j, i] = size * kappa
        moved = _gram_flow(gram, target, time)
        shift += (moved[0, 0] - clean) / size**2
        rows += (moved[0, 1] ** 2 + moved[1, 0] ** 2) / size**2
    gap, (wanted, squares) = _signal(x, kappa, np.array([time]))
    agree = abs(clean - x - gap[0]) < 1e-9 and abs(shift - wanted[0]) < 1e-4
    return bool(agree and abs(rows / (2 * kappa**2) - squares[0]) < 1e-4)
