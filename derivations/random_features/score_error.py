"""The score error is the excess of the denoising loss: E |s - grad log P_t|^2 = (L - 1)/D + I, for any law."""

import sympy as sp

from derivations import claim

y, x, a, b, c, D = sp.symbols("y x a b c D", real=True)


def _gaussian_mean(expression: sp.Expr, variable: sp.Symbol, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
    """E of a polynomial of a Gaussian variable."""
    u = sp.Dummy()
    poly = sp.Poly(sp.expand(expression.subs(variable, mean + u)), u)
    total = sp.Integer(0)
    for (k,), coefficient in poly.terms():
        if k % 2 == 0:
            total += coefficient * variance ** (k // 2) * sp.factorial2(max(k - 1, 1) if k else 1)
    return sp.expand(total)


@claim("Gaussian data and a cubic model: (L - 1)/D + I is the score error, as an identity in all parameters")
def gaussian_data() -> bool:
    signal = sp.Symbol("signal", positive=True)
    noise = sp.Symbol("D", positive=True)
    total = signal + noise
    model = a * y + b * y**2 + c * y**3
    # xi given y is Gaussian with mean sqrt(D) y / total and variance signal / total.
    root = sp.sqrt(noise)
    mean, spread = root * y / total, signal / total
    loss = _gaussian_mean(
        sp.expand(noise * model**2 + 2 * root * model * mean + mean**2 + spread), y, sp.Integer(0), total
    )
    error = _gaussian_mean(sp.expand((model + y / total) ** 2), y, sp.Integer(0), total)
    information = 1 / total
    return bool(sp.simplify((loss - 1) / noise + information - error) == 0)


@claim(
    "Any data: D p' = -sqrt(D) E[xi | y] p (Tweedie) for the noised density p, and the cross term integrates by parts"
)
def any_data() -> bool:
    # One data point x is enough: both sides are linear in the law of x.
    noise = sp.Symbol("D", positive=True)
    scale = sp.Symbol("e", positive=True)
    density = sp.exp(-((y - scale * x) ** 2) / (2 * noise)) / sp.sqrt(2 * sp.pi * noise)
    xi = (y - scale * x) / sp.sqrt(noise)
    tweedie = sp.simplify(noise * sp.diff(density, y) + sp.sqrt(noise) * xi * density) == 0
    # L - 1 = D E s^2 + 2 sqrt(D) E[s xi] = D (E s^2 - 2 int s p') = D (E |s - p'/p|^2 - I).
    s, p, dp = sp.symbols("s p dp")
    cross = sp.simplify((s**2 * p - 2 * s * dp) - ((s - dp / p) ** 2 * p - dp**2 / p)) == 0
    return bool(tweedie and cross)
