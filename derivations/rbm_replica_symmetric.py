"""Replica-symmetric theory of bipartite networks, from the replicated partition function.

Averaging over normal couplings of variance g^2/N couples the replicas by g^2 N alpha/2 sum_ab Q_ab R_ab, with Q_ab and
R_ab the overlaps of the two layers. Everything below is symbolic in the replica-symmetric entries.
"""

import sympy as sp

from derivations import claim

n, alpha, g, load = sp.symbols("n alpha g gamma", positive=True)
Q, q, R, r = sp.symbols("Q q R r", positive=True)


def _per_replica(total: sp.Expr) -> sp.Expr:
    """Coefficient of n as n -> 0."""
    return sp.simplify(sp.diff(sp.expand(total), n).subs(n, 0))


@claim("The noise term of the free entropy is -alpha g^2 (QR - qr)/2 after the conjugates are eliminated")
def noise_term() -> bool:
    pairs = n * Q * R + n * (n - 1) * q * r
    # Exponent of the average over the couplings, minus sum_ab of the conjugates alpha g^2 R_ab / 2 and g^2 Q_ab / 2.
    averaged = alpha * g**2 / 2 * pairs
    conjugates = alpha * g**2 / 2 * pairs + alpha * g**2 / 2 * pairs
    return sp.simplify(_per_replica(averaged - conjugates) + alpha * g**2 * (Q * R - q * r) / 2) == 0


@claim(
    "In a bidirectional memory the pairs give -(load/2)[log(1-D) - a(xr + qy)/(1-D)], and the noise its derivatives"
)
def pairs_of_a_bidirectional_memory() -> bool:
    a = alpha * g**2
    x, y = Q - q, R - r
    # Eigenvalues of 1 - a Q R: once with the uniform vector, n - 1 times orthogonal to it.
    uniform = 1 - a * (x + n * q) * (y + n * r)
    other = 1 - a * x * y
    log_det = sp.log(uniform) + (n - 1) * sp.log(other)
    pairs = -load / 2 * sp.diff(log_det, n).subs(n, 0)
    d = a * x * y
    claimed = -load / 2 * (sp.log(1 - d) - a * (x * r + q * y) / (1 - d))
    tilt = load * a * y / (1 - d)
    variance = load * a * (r + a * q * y**2) / (1 - d) ** 2
    stationary = (
        sp.simplify(sp.diff(claimed, Q) - (tilt + variance) / 2),
        sp.simplify(sp.diff(claimed, q) + variance / 2),
    )
    return sp.simplify(pairs - claimed) == 0 and stationary == (0, 0)


@claim("Gaussian hidden units give the r = q/(1 - beta(1-q))^2 of Amit, Gutfreund and Sompolinsky")
def hopfield_limit() -> bool:
    beta, z = sp.symbols("beta z", positive=True)
    curvature = 1 - beta * (1 - q)
    log_z = beta * q * z**2 / (2 * curvature) - sp.log(curvature) / 2
    mean_square = log_z.coeff(z, 2) * 2 / curvature
    value = sp.simplify(mean_square / beta - q / curvature**2)
    return value == 0


@claim("Replicon matrix of a bidirectional memory: the determinant of its de Almeida-Thouless condition")
def replicon_of_a_bidirectional_memory() -> bool:
    x, y, dx, dy, eps = sp.symbols("x y dx dy epsilon", positive=True)
    vs, vh = sp.symbols("V_s V_h", positive=True)
    a = alpha * g**2
    # Orthogonal to the uniform vector the conjugates are load a y/(1 - a x y) and load g^2 x/(1 - a x y).
    visible = load * a * (y + eps * dy) / (1 - a * (x + eps * dx) * (y + eps * dy))
    hidden = load * g**2 * (x + eps * dx) / (1 - a * (x + eps * dx) * (y + eps * dy))
    first, second = (sp.expand(sp.diff(f, eps).subs(eps, 0)) for f in (visible, hidden))
    matrix = sp.Matrix(
        [[vs * sp.diff(f, variable) for variable in (dx, dy)] for f in (first,)]
        + [[vh * sp.diff(f, variable) for variable in (dx, dy)] for f in (second,)]
    )
    d = a * x * y
    left = (1 - load * a**2 * y**2 * vs / (1 - d) ** 2) * (1 - load * g**2 * a * x**2 * vh / (1 - d) ** 2)
    condition = left - load**2 * a * g**2 * vs * vh / (1 - d) ** 4
    return sp.simplify((sp.eye(2) - matrix).det() - condition) == 0
