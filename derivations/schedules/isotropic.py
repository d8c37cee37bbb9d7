"""Two isotropic classes: denoiser, velocity, and Euler on a linear interpolant as ddim."""

import sympy as sp

from derivations import claim

_A, _B, _S, _X, _M, _P = sp.symbols("A B sigma x m p", positive=True)


def _posterior_mean() -> sp.Expr:
    """E[a | x] on the line by Bayes' rule: x = A z + B a, a = +-m + sigma g."""
    spread = _A**2 + _S**2 * _B**2
    logs = {s: sp.log(_P if s > 0 else 1 - _P) - (_X - s * _B * _M) ** 2 / (2 * spread) for s in (1, -1)}
    weights = {s: sp.exp(entry) for s, entry in logs.items()}
    guess = {s: s * _M + _B * _S**2 / spread * (_X - s * _B * _M) for s in (1, -1)}
    return sum(weights[s] * guess[s] for s in (1, -1)) / sum(weights.values())


@claim("E[a|x] = (B sigma^2/Delta) x + (A^2/Delta) m tanh(h + B m x/Delta), Delta = A^2 + sigma^2 B^2")
def denoiser() -> bool:
    spread = _A**2 + _S**2 * _B**2
    h = sp.log(_P / (1 - _P)) / 2
    formula = _B * _S**2 / spread * _X + _A**2 / spread * _M * sp.tanh(h + _B * _M * _X / spread)
    place = {_A: sp.Rational(3, 5), _B: sp.Rational(7, 9), _S: sp.Rational(4, 7), _X: sp.Rational(2, 3)}
    place |= {_M: sp.Rational(5, 4), _P: sp.Rational(7, 10)}
    return abs(sp.N((formula - _posterior_mean()).subs(place), 40)) < sp.Float("1e-35")


@claim("A' E[z|x] + B' E[a|x] = l x + f m tanh, l = (A A' + sigma^2 B B')/Delta, f = (B' A^2 - A A' B)/Delta")
def velocity() -> bool:
    rate_a, rate_b, bent = sp.symbols("A' B' t")
    spread = _A**2 + _S**2 * _B**2
    guess = _B * _S**2 / spread * _X + _A**2 / spread * _M * bent
    flow = rate_a * (_X - _B * guess) / _A + rate_b * guess
    linear = (_A * rate_a + _S**2 * _B * rate_b) / spread
    drive = (rate_b * _A**2 - _A * rate_a * _B) / spread
    return sp.simplify(flow - linear * _X - drive * _M * bent) == 0


@claim(
    "Euler in t on A = c (1 - B), B linear within the step, is y' = e y + (1 - e) D with S = A/B, e = S'/S"
)
def euler_is_ddim() -> bool:
    c, b, after, x, guess = sp.symbols("c b b' x D", positive=True)
    a, later = c * (1 - b), c * (1 - after)
    # The increments of A and B are those of their rates for a step of B.
    moved = x + (after - b) * (-c * (x - b * guess) / a + guess)
    ratio = (later / after) / (a / b)
    ddim = ratio * x / b + (1 - ratio) * guess
    return sp.simplify(moved / after - ddim) == 0
