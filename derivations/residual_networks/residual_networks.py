"""Solvable residual networks and the rate at the start."""

import sympy as sp

from derivations import claim

_C, _X, _L, _W = sp.symbols("C x L w", positive=True)


@claim(
    "With V = 0 every layer has the same gradient, (2/(n L sqrt(m))) sum_i (x_i - y_i) act(W x_i/sqrt(q))^T"
)
def first_step() -> bool:
    layers, m, act, y = 3, 1, sp.Function("act"), sp.Symbol("y")
    outer = sp.symbols("V1:4")
    h = _X
    for v in outer:
        h = h + v * act(_W * h) / (layers * sp.sqrt(m))
    loss = (h - y) ** 2
    at_zero = {v: 0 for v in outer}
    gradients = [sp.diff(loss, v).subs(at_zero).doit() for v in outer]
    wanted = 2 * (_X - y) * act(_W * _X) / layers
    return all(sp.simplify(gradient - wanted) == 0 for gradient in gradients)


@claim("-dl/dt = L sum_k |dl/dV_k|^2 at the start is (4/n^2) sum_ij r_i.r_j K_ij, K_ij = act_i.act_j/m")
def rate_at_the_start() -> bool:
    import numpy as np

    rng = np.random.default_rng(1)
    n, q, m, layers = 4, 3, 6, 5
    features, residual = rng.normal(size=(n, m)), rng.normal(size=(n, q))
    gradient = 2.0 / (n * layers * np.sqrt(m)) * residual.T @ features
    # Of the square, both sums over samples are written out.
    double = sum(
        (residual[i] @ residual[j]) * (features[i] @ features[j]) / m for i in range(n) for j in range(n)
    )
    return bool(abs(layers * layers * np.sum(gradient**2) - 4.0 / n**2 * double) < 1e-12)


@claim("u = (1 + w/L)^L turns dw/dt = -2 x^2 (u - C)(1 + w/L)^(L-1) into du/dt = -2 x^2 (u - C) u^(2 - 2/L)")
def tied_weight() -> bool:
    u = (1 + _W / _L) ** _L
    rate = -2 * _X**2 * (u - _C) * (1 + _W / _L) ** (_L - 1)
    difference = sp.diff(u, _W) * rate + 2 * _X**2 * (u - _C) * u ** (2 - 2 / _L)
    return all(
        abs(sp.N(difference.subs({_W: w, _L: size, _C: 3, _X: sp.Rational(4, 3)}), 40)) < sp.Float("1e-30")
        for w in (sp.Rational(1, 3), sp.Rational(7, 5))
        for size in (1, 4, 11)
    )


@claim("w(infinity) = L (C^(1/L) - 1) = ln C + (ln C)^2/(2 L) + O(1/L^2)")
def tied_limit() -> bool:
    e = sp.Symbol("e", positive=True)
    series = sp.series((_C**e - 1) / e, e, 0, 2).removeO()
    return sp.simplify(series - (sp.log(_C) + e * sp.log(_C) ** 2 / 2)) == 0


@claim(
    "Layers h + relu(w h)/(2 L) with w < 0 never move; the L others obey (1 + w/(2 L))^L = C, and w -> 2 ln C"
)
def alternating_layers() -> bool:
    size = 2
    weights = sp.symbols("w1:5", real=True)
    h, active = sp.Integer(1), []
    for k, w in enumerate(weights):
        # relu(w h) with h > 0: w h for the even layers, which start positive, 0 for the odd ones.
        factor = w / (2 * size) if k % 2 else sp.Integer(0)
        h = h * (1 + factor)
        active.append(k % 2 == 1)
    loss = (h - _C) ** 2
    stuck = all(sp.diff(loss, w) == 0 for w, on in zip(weights, active, strict=True) if not on)
    solved = h.subs(dict.fromkeys(weights, 2 * size * (_C ** sp.Rational(1, size) - 1)))
    limit = sp.limit(2 * _L * (_C ** (1 / _L) - 1), _L, sp.oo)
    return stuck and sp.simplify(solved - _C) == 0 and sp.simplify(limit - 2 * sp.log(_C)) == 0


@claim(
    "E erf(u) erf(v) = (2/pi) arcsin(2 k_12/sqrt((1 + 2 k_11)(1 + 2 k_22))): both have the same slope in k_12"
)
def arcsine_kernel() -> bool:
    import mpmath as mp

    # d/dk_12 E f(u) g(v) = E f'(u) g'(v), a Gaussian integral; here at one covariance to 20 digits.
    with mp.workdps(25):
        a, b, k = mp.mpf("0.7"), mp.mpf("1.3"), mp.mpf("-0.4")
        formula = lambda c: 2 / mp.pi * mp.asin(2 * c / mp.sqrt((1 + 2 * a) * (1 + 2 * b)))  # noqa: E731
        slope = mp.diff(formula, k)
        # E exp(-u^2 - v^2) = 1/sqrt(det(1 + 2 K)), times (2/sqrt(pi))^2.
        determinant = (1 + 2 * a) * (1 + 2 * b) - 4 * k * k
        return bool(
            abs(slope - 4 / mp.pi / mp.sqrt(determinant)) < mp.mpf("1e-15") and formula(mp.mpf(0)) == 0
        )
