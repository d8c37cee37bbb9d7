"""The free energy of a small split, to fourth order, and where the split of one replica of K ends."""

import sympy as sp

from derivations import claim


def _expanded(replicas: int) -> bool:
    """f of K equal replicas at delta_k on the line, from its definition, against the formula; moments as symbols."""
    e, T, x = sp.symbols("epsilon T x", positive=True)
    lam, third, fourth = sp.symbols("lambda s3 q4")
    free = sp.symbols(f"d1:{replicas}")
    delta = [*free, -sum(free)]
    # log < exp(-(x - e d)^2/2T) >_k up to exp(-x^2/2T), whose mean is the energy of the lone centroid.
    inner = sum(sp.exp(-(e**2 * d**2 - 2 * e * d * x) / (2 * T)) for d in delta) / replicas
    series = sp.expand(sp.series(sp.log(inner), e, 0, 5).removeO())
    moments = {0: 1, 1: 0, 2: lam, 3: third, 4: fourth}
    polynomial = sp.Poly(series, x)
    mean = sum(coefficient * moments[power] for (power,), coefficient in polynomial.terms())
    m2, m3, m4 = (sum((e * d) ** n for d in delta) / replicas for n in (2, 3, 4))
    formula = (
        m2 / 2 * (1 - lam / T)
        - m3 * third / (6 * T**2)
        - (m4 - m2**2) / (8 * T)
        + lam * (m4 - m2**2) / (4 * T**2)
        - fourth * (m4 - 3 * m2**2) / (24 * T**3)
    )
    return bool(sp.expand(-T * mean - formula) == 0)


@claim("the free energy of two and of three equal replicas displaced by delta_k, to fourth order")
def two_and_three_replicas() -> bool:
    return _expanded(2) and _expanded(3)


@claim("moments of the split of one of K replicas: m3/m2^(3/2) = (K-2)/sqrt(K-1), m4/m2^2 = (K^2-3K+3)/(K-1)")
def one_against_the_rest() -> bool:
    for K in range(2, 9):
        delta = [sp.Integer(1)] + [-sp.Rational(1, K - 1)] * (K - 1)
        m2, m3, m4 = (sum(d**n for d in delta) / K for n in (2, 3, 4))
        if sp.simplify(m3 / m2 ** sp.Rational(3, 2) - (K - 2) / sp.sqrt(K - 1)) != 0:
            return False
        if sp.simplify(m4 / m2**2 - sp.Rational(K**2 - 3 * K + 3, K - 1)) != 0:
            return False
    return True


@claim("f = a m/2 - c m^(3/2) + q m^2 loses its minimum at a = 9c^2/16q, where f = 0 there at a = c^2/2q")
def spinodal_and_coexistence() -> bool:
    r, a, c, q = sp.symbols("r a c q", positive=True)
    f = a * r**2 / 2 - c * r**3 + q * r**4
    slope = sp.cancel(sp.diff(f, r) / r)
    spinodal = sp.solve(sp.discriminant(slope, r), a)
    coexistence = sp.solve(sp.discriminant(sp.cancel(f / r**2), r), a)
    return bool(
        sp.simplify(spinodal[0] - 9 * c**2 / (16 * q)) == 0
        and sp.simplify(coexistence[0] - c**2 / (2 * q)) == 0
    )
