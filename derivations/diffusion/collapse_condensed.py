"""The condensed phase of the empirical score from one-step replica symmetry breaking."""

import mpmath as mp
import sympy as sp

from derivations import claim

r, m, s, alpha = sp.symbols("r m s alpha", positive=True)
u, w = sp.symbols("u w", real=True)


def _moment() -> sp.Expr:
    """phi(m) = E log E_a y^m per component: y = exp(-(w-u)^2/2), competitor u ~ N(0, r), fresh w ~ N(0, 1+r)."""
    curvature, slope, constant = m / 2 + 1 / (2 * r), m * w, -m * w**2 / 2
    logarithm = constant + slope**2 / (4 * curvature) - sp.log(2 * curvature * r) / 2
    return sp.simplify(sp.expand(logarithm).coeff(w, 2) * (1 + r) + sp.expand(logarithm).coeff(w, 0))


PHI = -(sp.log(1 + m * r) + m * (1 + r) / (1 + m * r)) / 2
COMPLEXITY = (sp.log(1 + m * r) - m * (1 - m) * r / (1 + m * r) ** 2) / 2


@claim("The moments of one weight: phi(m) = -[log(1+mr) + m(1+r)/(1+mr)]/2")
def moments() -> bool:
    return sp.simplify(sp.expand_log(_moment() - PHI, force=True)) == 0


@claim(
    "N/m groups of replicas on one point each: (alpha + phi)/m is extremal at alpha = [log(1+mr) - m(1-m)r/(1+mr)^2]/2"
)
def one_step() -> bool:
    root = sp.solve(sp.Eq(sp.diff((alpha + PHI) / m, m), 0), alpha)[0]
    return sp.simplify(root - COMPLEXITY) == 0


@claim(
    "The complexity increases, dh/dm = m r (2 + 3r + m r^2)/(1+mr)^3/2 > 0: one root, and m = 1 is the collapse time"
)
def unique_root() -> bool:
    slope = sp.simplify(sp.diff(COMPLEXITY, m) - m * r * (2 + 3 * r + m * r**2) / (1 + m * r) ** 3 / 2)
    return slope == 0 and sp.simplify(COMPLEXITY.subs(m, 1) - sp.log(1 + r) / 2) == 0


@claim("phi''(m) = [r^2/(1+mr)^2 + 2r(1+r)/(1+mr)^3]/2, the width of the weights near the edge")
def width() -> bool:
    return (
        sp.simplify(sp.diff(PHI, m, 2) - (r**2 / (1 + m * r) ** 2 + 2 * r * (1 + r) / (1 + m * r) ** 3) / 2)
        == 0
    )


@claim(
    "Weights of a Poisson process of density m y^(-1-m) have E sum w^2 = 1 - m (by its Laplace functional, 20 digits)"
)
def participation() -> bool:
    with mp.workdps(25):
        for value in ("0.3", "0.6"):
            q = mp.mpf(value)
            # E sum w^2 = int ds s E sum y^2 exp(-s sum y), both factors integrated from their definitions with y = e^x.
            ends = [-200, -30, -5, 0, 5, 30, 200]
            second = mp.quad(lambda x, q=q: q * mp.exp((2 - q) * x - mp.exp(x)), [*ends[:-2], 6])
            first = mp.quad(lambda x, q=q: -q * mp.expm1(-mp.exp(x)) * mp.exp(-q * x), ends)
            # With the powers of s restored and v = s^q: int dv second/q exp(-first v).
            total = mp.quad(lambda v, a=second, b=first, q=q: a / q * mp.exp(-b * v), [0, 5, 20, 80])
            if abs(total - (1 - q)) > mp.mpf("1e-15"):
                return False
        return True


@claim(
    "A point drawn by y^m has variance lambda/(1+mr) given x, two draws coincide with probability 1-m: m lambda/(1+mr)"
)
def variance() -> bool:
    tilted = 1 / (m + 1 / r)  # of u, in units of D
    posterior = (1 - (1 - m)) * tilted  # half the mean square difference of two draws
    return sp.simplify(posterior - m * r / (1 + m * r)) == 0


@claim("Score Jacobian -1/D + exp(-2t) Var/D^2 = -1/[D(1+mr)]")
def jacobian() -> bool:
    noise, decay, eigenvalue = sp.symbols("D q lambda", positive=True)
    ratio = eigenvalue * decay**2 / noise
    spread = m * eigenvalue / (1 + m * ratio)
    return sp.simplify(-1 / noise + decay**2 * spread / noise**2 + 1 / (noise * (1 + m * ratio))) == 0


@claim("Near the collapse time 1-m = (t_C - t) (v/D)/(r(2+r)/(1+r)^2/2)")
def slope_at_collapse() -> bool:
    t, eigenvalue = sp.symbols("t lambda", positive=True)
    ratio = eigenvalue / (sp.exp(2 * t) - 1)
    balance = COMPLEXITY.subs(r, ratio)
    slope = (-sp.diff(balance, t) / sp.diff(balance, m)).subs(m, 1)  # dm/dt
    formula = ratio / (1 + ratio) / (1 - sp.exp(-2 * t)) / (ratio * (2 + ratio) / (1 + ratio) ** 2 / 2)
    return sp.simplify(slope - formula) == 0
