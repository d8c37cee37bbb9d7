"""The best density of steps for a sum of squared errors."""

import sympy as sp

from derivations import claim


@claim(
    "sum_i c_i eps_i^2, eps_i = (1/2) sum_k f_ik/r_k, at fixed sum_k r_k is stationary at r_k^2 ~ sum c_i eps_i f_ik"
)
def density_of_steps() -> bool:
    r1, r2, mu = sp.symbols("r1 r2 mu", positive=True)
    f, g, c, e = (2, 5), (3, 1), sp.Rational(7, 3), sp.Rational(4, 9)
    first = (f[0] / r1 + f[1] / r2) / 2
    second = (g[0] / r1 + g[1] / r2) / 2
    total = c * first**2 + e * second**2 + mu * (r1 + r2)
    for k, r in enumerate((r1, r2)):
        condition = sp.solve(sp.diff(total, r), mu)[0]
        if sp.simplify(condition - (c * first * f[k] + e * second * g[k]) / r**2) != 0:
            return False
    return True


@claim("one error (1/2) int e/r with int r = K is least at r = K sqrt(e)/area, and then area^2/(2K)")
def one_error() -> bool:
    a, b, k, r = sp.symbols("a b K r", positive=True)
    # Two places of unit width with e = a^2 and b^2.
    value = (a**2 / r + b**2 / (k - r)) / 2
    best = k * a / (a + b)
    return (
        sp.simplify(sp.diff(value, r).subs(r, best)) == 0
        and sp.simplify(value.subs(r, best) - (a + b) ** 2 / (2 * k)) == 0
    )
