"""The first transition of a graph, from the linear map of an EM step."""

import mpmath as mp
import sympy as sp

from derivations import claim


@claim("the temperature at which a mode neither grows nor shrinks, and its limits of soft and stiff graphs")
def threshold() -> bool:
    T, lam, b = sp.symbols("T lambda b", positive=True)
    roots = sp.solve(sp.Eq(lam / T, 1 + b * T), T)
    found = next(root for root in roots if root.subs({lam: 2, b: 1}) > 0)
    formula = (sp.sqrt(1 + 4 * b * lam) - 1) / (2 * b)
    return bool(
        sp.simplify(found - formula) == 0
        and sp.limit(formula, b, 0) == lam
        and sp.limit(formula / sp.sqrt(lam / b), b, sp.oo) == 1
    )


@claim(
    "a mode of a star with all nodes at the mean grows by (lambda/T)/(1 + stiffness l K T/N) in an EM step"
)
def growth() -> bool:
    with mp.workdps(40):
        points = [mp.mpf(s) for s in ("-1.9", "-0.8", "0.1", "1.1", "1.5")]
        T, stiffness, K = mp.mpf("1.3"), mp.mpf("0.7"), 4
        laplacian = mp.matrix([[3, -1, -1, -1], [-1, 1, 0, 0], [-1, 0, 1, 0], [-1, 0, 0, 1]])
        # Of the eigenvalue 1: leaves against one another.
        mode, small = [0, 1, -1, 0], mp.mpf(10) ** -12
        mass, pull = [mp.mpf(0)] * K, [mp.mpf(0)] * K
        for x in points:
            terms = [mp.exp(-((x - small * c) ** 2) / (2 * T)) for c in mode]
            total = mp.fsum(terms)
            for k in range(K):
                mass[k] += terms[k] / total
                pull[k] += terms[k] / total * x / T
        moved = mp.lu_solve(mp.diag([m / T for m in mass]) + stiffness * laplacian, mp.matrix(pull))
        variance = mp.fsum(x**2 for x in points) / len(points)
        formula = variance / T / (1 + stiffness * K * T / len(points))
        return bool(abs(moved[1] / small - formula) < 1e-9 and abs(moved[2] / small + formula) < 1e-9)
