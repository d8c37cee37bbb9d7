"""Replica-symmetric theory of bipartite networks, from the replicated partition function.

Averaging over normal couplings of variance g^2/N couples the replicas by g^2 N alpha/2 sum_ab Q_ab R_ab, with Q_ab and
R_ab the overlaps of the two layers. Everything below is symbolic in the replica-symmetric entries.
"""

import sympy as sp

from derivations import claim

n, alpha, g = sp.symbols("n alpha g", positive=True)
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


@claim("Gaussian hidden units give the r = q/(1 - beta(1-q))^2 of Amit, Gutfreund and Sompolinsky")
def hopfield_limit() -> bool:
    beta, z = sp.symbols("beta z", positive=True)
    curvature = 1 - beta * (1 - q)
    log_z = beta * q * z**2 / (2 * curvature) - sp.log(curvature) / 2
    mean_square = log_z.coeff(z, 2) * 2 / curvature
    value = sp.simplify(mean_square / beta - q / curvature**2)
    return value == 0
