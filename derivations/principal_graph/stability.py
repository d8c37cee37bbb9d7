"""Small splits grow by the local covariance over T, whatever the weights of the replicas."""

import mpmath as mp
import sympy as sp

from derivations import claim

_POINTS = [mp.mpf(s) for s in ("-2.1", "-1.4", "-0.6", "0.2", "1.3", "1.9", "2.6")]
_T = mp.mpf("0.8")


def _step(centres: list[mp.mpf], weights: list[mp.mpf]) -> list[mp.mpf]:
    """One EM step with fixed weights."""
    sums = [[mp.mpf(0), mp.mpf(0)] for _ in centres]
    for x in _POINTS:
        terms = [w * mp.exp(-((x - m) ** 2) / (2 * _T)) for m, w in zip(centres, weights, strict=True)]
        total = mp.fsum(terms)
        for entry, term in zip(sums, terms, strict=True):
            entry[0] += term / total
            entry[1] += term / total * x
    return [b / a for a, b in sums]


@claim(
    "two replicas at a centroid that are moved apart grow by C/T per EM step, for equal and unequal weights"
)
def growth_of_a_split() -> bool:
    with mp.workdps(40):
        centres, half = [mp.mpf(-1), mp.mpf(2)], mp.mpf("0.5")
        for _ in range(4000):
            centres = _step(centres, [half, half])
        p = []
        for x in _POINTS:
            a, b = (mp.exp(-((x - m) ** 2) / (2 * _T)) for m in centres)
            p.append(b / (a + b))
        local = mp.fsum(q * (x - centres[1]) ** 2 for q, x in zip(p, _POINTS, strict=True)) / mp.fsum(p)
        for share in (half, mp.mpf("0.2")):
            small = mp.mpf(10) ** -12
            apart = [centres[0], centres[1] + (1 - share) * small, centres[1] - share * small]
            moved = _step(apart, [half, half * share, half * (1 - share)])
            if abs((moved[1] - moved[2]) / small - local / _T) > 1e-9:
                return False
        return True


@claim("two bumps at +-m of variance v: the first split is at m^2 + v, and at T = v the centroids are +-m")
def two_bumps() -> bool:
    m, v, y = sp.symbols("m v y", positive=True)
    variance = sp.integrate(
        y**2
        * (sp.exp(-((y - m) ** 2) / (2 * v)) + sp.exp(-((y + m) ** 2) / (2 * v)))
        / (2 * sp.sqrt(2 * sp.pi * v)),
        (y, -sp.oo, sp.oo),
    )
    # E[y tanh(m y/v)] with the weight (1 + tanh(m y/v))/2 of the upper bump: y tanh p(y) is odd part of the density.
    upper, lower = sp.exp(-((y - m) ** 2) / (2 * v)), sp.exp(-((y + m) ** 2) / (2 * v))
    odd = sp.simplify((upper - lower) / (upper + lower) - sp.tanh(m * y / v))
    mean = sp.integrate(y * (upper - lower) / (2 * sp.sqrt(2 * sp.pi * v)), (y, -sp.oo, sp.oo))
    return bool(
        sp.simplify(variance - m**2 - v) == 0
        and sp.simplify(odd.rewrite(sp.exp)) == 0
        and sp.simplify(mean - m) == 0
    )


@claim(
    "two classes at +-sqrt(theta) in noise: the outlier (1+theta)(1+gamma/theta) meets the edge at theta^2 = gamma"
)
def outlier_and_edge() -> bool:
    g = sp.symbols("gamma", positive=True)
    theta = sp.sqrt(g)
    outlier = (1 + theta) * (1 + g / theta)
    return bool(sp.simplify(outlier - (1 + sp.sqrt(g)) ** 2) == 0)
