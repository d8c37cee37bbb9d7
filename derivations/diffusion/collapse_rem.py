"""Collapse as condensation of a random energy model: excess entropy, its slope, traps, basins."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.data.laws import DiscreteProduct
from statphys_gen.diffusion.theory.discrete_channel import channel

r, rho, alpha, m = sp.symbols("r rho alpha m", positive=True)
u, w = sp.symbols("u w", real=True)


def _gaussian_integral(exponent: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """int exp(exponent) d(variable)/sqrt(2 pi) for a quadratic exponent with negative curvature."""
    a, b, c = (sp.expand(exponent).coeff(variable, power) for power in (2, 1, 0))
    return sp.exp(c - b**2 / (4 * a)) / sp.sqrt(-2 * a)


@claim(
    "Competitors' mean weight over the own one: its logarithm is -log(1+r)/2 per component, f = alpha - <log(1+r)>/2"
)
def annealed_competitors() -> bool:
    # Units of sqrt(D): u = exp(-t) a/sqrt(D) ~ N(0, r), w = x/sqrt(D); the weight of a competitor is exp(-(w-u)^2/2).
    average = _gaussian_integral(-((w - u) ** 2) / 2 - u**2 / (2 * r), u) / sp.sqrt(r)
    logarithm = sp.expand(sp.expand_log(sp.log(average), force=True))
    typical = logarithm.coeff(w, 2) * (1 + r) + logarithm.coeff(w, 0)  # E w^2 = 1 + r
    own = -sp.Rational(1, 2)  # E log exp(-z^2/2)
    return sp.simplify(typical - own + sp.log(1 + r) / 2) == 0


@claim("The isotropic collapse time log(1 + s2/(n^(2/d) - 1))/2 is the zero of f")
def closed_form() -> bool:
    s2, a = sp.symbols("s2 a", positive=True)
    excess = s2 / (sp.exp(2 * a) - 1)  # exp(2t) - 1 at the closed form
    f = a - sp.log(1 + s2 / excess) / 2
    return sp.simplify(sp.expand_log(sp.simplify(f), force=True)) == 0


@claim("I-MMSE, Gaussian: d/dt log(1+r)/2 = -(r/(1+r))/D")
def slope_of_gaussian() -> bool:
    t, variance = sp.symbols("t lambda", positive=True)
    ratio = variance / (sp.exp(2 * t) - 1)
    slope = sp.diff(sp.log(1 + ratio) / 2, t) + ratio / (1 + ratio) / (1 - sp.exp(-2 * t))
    return sp.simplify(slope) == 0


@claim("I-MMSE, binary component of mean 1/2: dI/ds = M/2, and I, M by integration over y to 1e-12")
def slope_of_binary() -> bool:
    law = DiscreteProduct.binary(1, 0.5)
    with mp.workdps(25):
        s = mp.mpf("0.7")

        def joint(y: mp.mpf, ratio: mp.mpf) -> list[mp.mpf]:
            root = mp.sqrt(ratio)
            return [mp.mpf(3) / 4 * mp.npdf(y, root, 1), mp.mpf(1) / 4 * mp.npdf(y, -root, 1)]

        def information(ratio: mp.mpf) -> mp.mpf:
            def integrand(y: mp.mpf) -> mp.mpf:
                up, down = joint(y, ratio)
                total = up + down
                return up * mp.log(up / total * 4 / 3) + down * mp.log(down / total * 4)

            return mp.quad(integrand, [-11, -4, 0, 4, 11])

        def variance(y: mp.mpf) -> mp.mpf:
            up, down = joint(y, s)
            return 4 * up * down / (up + down)

        spread = mp.quad(variance, [-11, -4, 0, 4, 11])
        slope = (information(s + mp.mpf("1e-7")) - information(s - mp.mpf("1e-7"))) / mp.mpf("2e-7")
        parts = channel(law, np.array([0.7]))
        return bool(
            abs(slope - spread / 2) < 1e-11
            and abs(float(information(s)) - parts.information[0]) < 1e-12
            and abs(float(spread) - parts.posterior_variance[0]) < 1e-12
        )


@claim("The information density of a Gaussian component has the variance r/(1+r)")
def variance_of_density() -> bool:
    z, y, c = sp.symbols("z y c")
    # i = log(1+r)/2 + y^2/2 - z^2/2 up to sign, with unit Gaussians z, y of correlation c = 1/sqrt(1+r).
    second = (2 - 2 * 2 * c**2 + 2) / sp.Integer(4)  # Var z^2 = Var y^2 = 2, Cov(z^2, y^2) = 2 c^2
    square = sp.expand((c * z + sp.sqrt(1 - c**2) * y) ** 2 * z**2)
    moment = {0: 1, 2: 1, 4: 3}
    terms = sp.Poly(square, z, y).terms()
    covariance = sum(k * moment.get(i, 0) * moment.get(j, 0) for (i, j), k in terms) - 1
    return bool(
        sp.simplify(covariance - 2 * c**2) == 0
        and sp.simplify(second.subs(c, 1 / sp.sqrt(1 + r)) - r / (1 + r)) == 0
    )


def _log_others(power: sp.Expr, square: sp.Expr) -> sp.Expr:
    """log E_u exp(-power (w-u)^2/2) per component at w^2 = square."""
    average = _gaussian_integral(-power * (w - u) ** 2 / 2 - u**2 / (2 * r), u) / sp.sqrt(r)
    logarithm = sp.expand(sp.expand_log(sp.log(average), force=True))
    return logarithm.coeff(w, 2) * square + logarithm.coeff(w, 0)


@claim(
    "Z_self = Z_others at radius rho: rho^2 = [log(1+r) + r/(1+r) - 2 alpha]/(r/(1+r)); 0 at the trap onset"
)
def basin() -> bool:
    balance = alpha + _log_others(sp.Integer(1), r + rho**2) + rho**2 / 2
    square = sp.solve(sp.Eq(sp.simplify(balance), 0), rho**2)
    found = square[0] if square else sp.solve(sp.simplify(balance).subs(rho, sp.sqrt(m)), m)[0]
    formula = (sp.log(1 + r) + r / (1 + r) - 2 * alpha) / (r / (1 + r))
    onset = formula.subs(alpha, (sp.log(1 + r) + r / (1 + r)) / 2)
    collapse = formula.subs(alpha, sp.log(1 + r) / 2)
    return sp.simplify(found - formula) == 0 and sp.simplify(onset) == 0 and sp.simplify(collapse - 1) == 0


@claim(
    "Between t_C and t_O the others at the basin's edge have the entropy (1-rho^2) r(2+r)/(1+r)^2/2 >= 0: not condensed"
)
def basin_is_annealed() -> bool:
    edge = (sp.log(1 + r) + r / (1 + r) * (1 - rho**2)) / 2  # alpha at which the radius is rho
    logarithm = _log_others(m, r + rho**2)
    entropy = edge + (logarithm - sp.diff(logarithm, m)).subs(m, 1)
    return sp.simplify(entropy - (1 - rho**2) * r * (2 + r) / (1 + r) ** 2 / 2) == 0


@claim(
    "Below t_C: rho^2 = max_m [log(1+mr) + mr/(1+mr) - 2 alpha]/(m mr/(1+mr)), from min_m (alpha + log E y^m)/m"
)
def condensed_basin() -> bool:
    balance = (alpha + _log_others(m, r + rho**2)) / m + rho**2 / 2
    formula = (sp.log(1 + m * r) + m * r / (1 + m * r) - 2 * alpha) / (m * m * r / (1 + m * r))
    return sp.simplify(balance.subs(rho, sp.sqrt(formula))) == 0


@claim(
    "The Gaussian has the largest information at given variance: +-1 components of any mean stay below log(1 + s var)/2"
)
def gaussian_bound() -> bool:
    for mean in (0.0, 0.5, 0.9):
        ratio = np.array([0.01, 0.3, 2.0, 30.0])
        gap = (
            0.5 * np.log1p(ratio * (1 - mean**2))
            - channel(DiscreteProduct.binary(1, mean), ratio).information
        )
        if not (gap > 0).all():
            return False
    return True


@claim("For log n << d the collapse time is log(Tr C/(2 log n))/2: the ratio of exp(2t) tends to 1")
def sparse_limit() -> bool:
    s2 = sp.symbols("s2", positive=True)
    exact = 1 + s2 / (sp.exp(2 * alpha) - 1)
    return sp.limit(exact / (s2 / (2 * alpha)), alpha, 0, "+") == 1
