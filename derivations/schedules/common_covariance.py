"""Any number of classes with a common covariance: denoiser and logits."""

import sympy as sp

from derivations import claim


@claim(
    "D = u y + (1-u) sum P mu and l_c = log w_c + (mu_c y - mu_c^2/2)/(S^2 + lambda), by Bayes' rule, for three classes"
)
def denoiser_and_logits() -> bool:
    y, s, v = sp.Rational(2, 3), sp.Rational(5, 7), sp.Rational(3, 8)
    weights = [sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 6)]
    means = [sp.Rational(4, 3), sp.Rational(-2, 5), sp.Rational(-9, 8)]
    t = s**2 + v
    joint = [w * sp.exp(-((y - mu) ** 2) / (2 * t)) for w, mu in zip(weights, means, strict=True)]
    exact = sum(j * (mu + v / t * (y - mu)) for j, mu in zip(joint, means, strict=True)) / sum(joint)
    logits = [sp.log(w) + (mu * y - mu**2 / 2) / t for w, mu in zip(weights, means, strict=True)]
    shares = [sp.exp(entry) for entry in logits]
    u = v / t
    found = u * y + (1 - u) * sum(p * mu for p, mu in zip(shares, means, strict=True)) / sum(shares)
    return abs(sp.N(found - exact, 40)) < sp.Float("1e-35")


@claim("a ddim step multiplies the start by e + (1-e) u, which is the factor of a detail")
def factor_of_a_detail() -> bool:
    e, u, y, drive = sp.symbols("e u y P")
    step = e * y + (1 - e) * (u * y + (1 - u) * drive)
    return sp.simplify(sp.diff(step, y) - (e + (1 - e) * u)) == 0
