"""Replica-symmetric theory of bipartite networks, from the replicated partition function.

Averaging over normal couplings of variance g^2/N couples the replicas by g^2 N alpha/2 sum_ab Q_ab R_ab, with Q_ab and
R_ab the overlaps of the two layers. Everything below is symbolic in the replica-symmetric entries.
"""

import itertools

import sympy as sp

from derivations import claim

n, alpha, g = sp.symbols("n alpha g", positive=True)
Q, q, R, r = sp.symbols("Q q R r", positive=True)


@claim("Averaging exp(sum_ia W_ia s_i h_a) over the couplings gives (g^2 N alpha/2) sum_ab Q_ab R_ab")
def average_over_the_couplings() -> bool:
    """Of one coupling by the integral over it; of 3 visible, 2 hidden units and 2 replicas by expanding the squares."""
    W, x, scale = sp.symbols("W x c", positive=True)
    density = sp.exp(-(W**2) / (2 * scale)) / sp.sqrt(2 * sp.pi * scale)
    single = sp.integrate(sp.expand(sp.powsimp(density * sp.exp(W * x))), (W, -sp.oo, sp.oo))
    if sp.simplify(single - sp.exp(scale * x**2 / 2)) != 0:
        return False
    visible, hidden, replicas = 3, 2, 2
    s = [[sp.Symbol(f"s_{i}{a}") for a in range(replicas)] for i in range(visible)]
    h = [[sp.Symbol(f"h_{j}{a}") for a in range(replicas)] for j in range(hidden)]
    exponent = sum(
        (g**2 / visible) * sum(s[i][a] * h[j][a] for a in range(replicas)) ** 2 / 2
        for i in range(visible)
        for j in range(hidden)
    )
    pairs = sum(
        sum(s[i][a] * s[i][b] for i in range(visible))
        / visible
        * (sum(h[j][a] * h[j][b] for j in range(hidden)) / hidden)
        for a in range(replicas)
        for b in range(replicas)
    )
    ratio = sp.Rational(hidden, visible)
    return sp.expand(exponent - g**2 * visible * ratio / 2 * pairs) == 0


def _stationary_part(replicas: int) -> sp.Expr:
    """What the conjugates leave of the exponent for so many replicas: they are solved for, not put in."""
    first = sp.symbols(f"Q_:{replicas}(:{replicas})")
    second = sp.symbols(f"R_:{replicas}(:{replicas})")
    of_first, of_second = sp.symbols(f"A_:{replicas**2}"), sp.symbols(f"B_:{replicas**2}")
    averaged = alpha * g**2 / 2 * sum(x * y for x, y in zip(first, second, strict=True))
    # Fourier integrals of the constraints on both layers; alpha N hidden units share the second.
    constraints = sum(c * x for c, x in zip(of_first, first, strict=True))
    constraints += alpha * sum(c * y for c, y in zip(of_second, second, strict=True))
    total = averaged - constraints
    found = sp.solve([sp.diff(total, x) for x in (*first, *second)], (*of_first, *of_second), dict=True)
    symmetric: dict[sp.Symbol, sp.Symbol] = {}
    for k in range(replicas**2):
        same = k // replicas == k % replicas
        symmetric |= {first[k]: Q if same else q, second[k]: R if same else r}
    return sp.expand(total.subs(found[0]).subs(symmetric))


@claim("The noise term of the free entropy is -alpha g^2 (QR - qr)/2: the conjugates eliminated, n -> 0")
def noise_term() -> bool:
    """For 1 to 4 replicas; a polynomial of second degree in n goes through them, and its slope at 0 is the term."""
    values = [_stationary_part(k) for k in (1, 2, 3, 4)]
    through = sp.interpolate([(k, value) for k, value in enumerate(values[:3], 1)], n)
    if sp.expand(through.subs(n, 4) - values[3]) != 0:
        return False
    slope = sp.diff(sp.expand(through), n).subs(n, 0)
    return sp.expand(slope + alpha * g**2 * (Q * R - q * r) / 2) == 0


@claim(
    "With the terms of +-1 layers without overlaps it is the annealed log E Z: alpha g^2/2 beyond free units"
)
def paramagnet_is_annealed() -> bool:
    """E Z of 2 visible and 1 hidden unit, by enumeration: every state has exp(g^2/(2N) sum (s h)^2)."""
    visible, hidden = 2, 1
    states = list(itertools.product((1, -1), repeat=visible + hidden))
    exponent = [
        (g**2 / visible) / 2 * sum((s * h) ** 2 for s in state[:visible] for h in state[visible:])
        for state in states
    ]
    annealed = sp.log(sum(sp.exp(e) for e in exponent) / len(states)) / visible
    # Q = R = 1, q = r = 0: the layers give exp(t/2) with t_s = alpha g^2 and t_h = g^2, alpha hidden per visible unit.
    total = -alpha * g**2 / 2 + alpha * g**2 / 2 + alpha * g**2 / 2
    return sp.simplify(annealed - total.subs(alpha, sp.Rational(hidden, visible))) == 0


@claim("Gaussian hidden units give the r = q/(1 - beta(1-q))^2 of Amit, Gutfreund and Sompolinsky")
def hopfield_limit() -> bool:
    beta, z = sp.symbols("beta z", positive=True)
    curvature = 1 - beta * (1 - q)
    log_z = beta * q * z**2 / (2 * curvature) - sp.log(curvature) / 2
    mean_square = log_z.coeff(z, 2) * 2 / curvature
    value = sp.simplify(mean_square / beta - q / curvature**2)
    return value == 0
