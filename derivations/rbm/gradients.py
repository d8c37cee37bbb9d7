"""The equations of every ensemble as the gradient of its free entropy, for every prior.

Any prior has a log-partition K(a, b) = log of the integral of rho(h) exp(a h^2/2 + b h), so that K_b = <h>,
K_bb = var h and K_a = <h^2>/2 = (K_bb + K_b^2)/2. With F(t, v, s) = E K(t, s xi + sqrt(v) z) for a layer, integration
by parts over z turns these into the derivatives used below; what the ensembles add is algebra.
"""

from collections.abc import Callable

import sympy as sp

from derivations import claim

a, b, z = sp.symbols("a b z", real=True)
theta, delta, v, cost = sp.symbols("theta delta v Delta", positive=True)
alpha, g, load, omega, w, sigma = sp.symbols("alpha g load Omega w sigma", positive=True)
Q, q, R, r, m, n = sp.symbols("Q q R r m n", positive=True)
Qs, qs, Rh, rh, ms, nh = sp.symbols("Q_s q_s R_h r_h m_s n_h", positive=True)


def _normal(u: sp.Expr) -> sp.Expr:
    return (1 + sp.erf(u / sp.sqrt(2))) / 2


def _density(u: sp.Expr) -> sp.Expr:
    return sp.exp(-(u**2) / 2) / sp.sqrt(2 * sp.pi)


def _normal_density(h: sp.Expr, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
    return sp.exp(-((h - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


def _half(c: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """Integral of exp(-c h^2/2 + shift h) over h > 0."""
    return sp.sqrt(2 * sp.pi / c) * sp.exp(shift**2 / (2 * c)) * _normal(shift / sp.sqrt(c))


def _partitions() -> dict[str, sp.Expr]:
    """Z(a, b) of the priors, as they are written in closed form."""
    d, jump = 1 - delta * a, sp.sqrt(1 - delta)
    levels = -3 / sp.sqrt(5), -1 / sp.sqrt(5), 1 / sp.sqrt(5), 3 / sp.sqrt(5)
    return {
        "gaussian": sp.exp(b**2 / (2 * (1 / v - a))) / sp.sqrt(v * (1 / v - a)),
        "binary": sp.exp(a / 2) * sp.cosh(b),
        "zero-one": 1 + sp.exp(a / 2 + b - theta),
        "ternary": 1 + 2 * sp.exp(a / 2 - cost) * sp.cosh(b),
        "q-state": sum(sp.exp(a * h**2 / 2 + b * h) for h in levels) / 4,
        "relu": sp.sqrt(2 / sp.pi) * _half(1 - a, b - theta),
        "soft-threshold": (_half(1 - a, b - theta) + _half(1 - a, -b - theta)) / sp.sqrt(2 * sp.pi),
        "mixture": sp.exp((a * jump**2 + delta * b**2) / (2 * d)) * sp.cosh(jump * b / d) / sp.sqrt(d),
    }


def _vanishes(expression: sp.Expr) -> bool:
    """To 40 digits at two points of no symmetry; the expressions are analytic."""
    for k in range(2):
        point = {
            a: sp.Rational(3 + k, 17),
            b: sp.Rational(-5 + 4 * k, 7),
            theta: sp.Rational(2 + k, 5),
            delta: sp.Rational(3 + k, 11),
            v: sp.Rational(9 + k, 10),
            cost: sp.Rational(4 + k, 9),
        }
        if abs(sp.N(expression.subs(point), 40)) > sp.Float(10) ** -35:
            return False
    return True


@claim(
    "Every prior in closed form obeys the heat equation dZ/da = Z''/2, so that dlog Z/da = <h^2>/2 and dlog Z/db = <h>"
)
def heat_equation_of_the_priors() -> bool:
    return all(_vanishes(sp.diff(Z, a) - sp.diff(Z, b, 2) / 2) for Z in _partitions().values())


@claim(
    "At b = 0 and a = 0 their first two derivatives are the moments of the definitions, integrated or summed"
)
def moments_of_the_definitions() -> bool:
    h, share = sp.Symbol("h", real=True), sp.Symbol("share", positive=True)
    laws: dict[str, Callable[[int], sp.Expr]] = {
        "relu": lambda k: sp.integrate(
            h**k * sp.sqrt(2 / sp.pi) * sp.exp(-(h**2) / 2 - theta * h), (h, 0, sp.oo)
        ),
        "soft-threshold": lambda k: (
            (1 + (-1) ** k)
            * sp.integrate(h**k * sp.exp(-(h**2) / 2 - theta * h) / sp.sqrt(2 * sp.pi), (h, 0, sp.oo))
        ),
        "ternary": lambda k: sp.Integer(1) * (k == 0) + (1 + (-1) ** k) * sp.exp(-cost),
        "zero-one": lambda k: sp.Integer(1) * (k == 0) + sp.exp(-theta),
        # Half of the normal laws around +-sqrt(1 - delta) with variance delta, and one of variance v around 0.
        "mixture": lambda k: sum(
            sp.integrate(h**k * _normal_density(h, sign * sp.sqrt(1 - share), share), (h, -sp.oo, sp.oo)) / 2
            for sign in (1, -1)
        ).subs(share, delta),
        "gaussian": lambda k: sp.integrate(h**k * _normal_density(h, sp.Integer(0), v), (h, -sp.oo, sp.oo)),
    }
    partitions = _partitions()
    return all(
        _vanishes(sp.diff(partitions[name], b, k).subs({a: 0, b: 0}) - law(k))
        for name, law in laws.items()
        for k in range(3)
    )


@claim("Integration by parts: dF/dt = <x^2>/2, dF/dv = (<x^2> - <x>^2)/2 and dF/ds = E xi <x> for a layer")
def derivatives_of_a_layer() -> bool:
    K = sp.Function("K")
    t, s, variance = sp.symbols("t s V", positive=True)
    field = s + sp.sqrt(variance) * z
    # The density of z is even; parts: E z f(z) = E f'(z), applied to dK/dv = z K_b / (2 sqrt V).
    by_variance = sp.diff(K(t, field), variance)
    inner = sp.simplify(by_variance * 2 * sp.sqrt(variance) / z)
    by_parts = sp.diff(inner, z) / (2 * sp.sqrt(variance))
    curvature = sp.diff(K(t, b), b, 2).subs(b, field).doit()
    # Compared for three functions that are not special.
    trials = (
        sp.Lambda((a, b), sp.sin(b) * (1 + a)),
        sp.Lambda((a, b), b**4 - a * b),
        sp.Lambda((a, b), sp.exp(b)),
    )
    for trial in trials:
        left, right = (e.subs(K, trial).doit() for e in (by_parts, curvature / 2))
        if sp.simplify(left - right) != 0:
            return False
    return True


class _Layer:
    """A layer with unknown F(t, v, s), whose derivatives are replaced by its averages."""

    def __init__(self, name: str, square: sp.Symbol, glass: sp.Symbol, overlap: sp.Symbol) -> None:
        self.name = name
        self.averages = (square / 2, (square - glass) / 2, overlap)

    def differential(self, fields: tuple[sp.Expr, ...], variable: sp.Symbol) -> sp.Expr:
        return sum(f * sp.diff(x, variable) for f, x in zip(self.averages, fields, strict=True))


VISIBLE, HIDDEN = _Layer("s", Qs, qs, ms), _Layer("h", Rh, rh, nh)


def _gradient(
    terms: sp.Expr,
    visible: tuple[sp.Expr, ...],
    hidden: tuple[sp.Expr, ...],
    variables: tuple[sp.Symbol, ...],
) -> list[sp.Expr]:
    """Of terms + F_s(visible) + alpha F_h(hidden), with t, v and s of the layers as given."""
    return [
        sp.diff(terms, x) + VISIBLE.differential(visible, x) + alpha * HIDDEN.differential(hidden, x)
        for x in variables
    ]


def _is_the_system(
    gradient: list[sp.Expr], variables: tuple[sp.Symbol, ...], images: tuple[sp.Symbol, ...]
) -> bool:
    """The gradient is a regular matrix times (image - variable): stationarity and the equations are the same."""
    solved = dict(zip(images, variables, strict=True))
    if any(sp.cancel(entry.subs(solved)) != 0 for entry in gradient):
        return False
    matrix = sp.Matrix(gradient).jacobian(images)
    values = (0.7, 0.6, 0.11, 0.9, 1.3, 0.8, 0.9, 0.4, 0.8, 0.3, 0.5, 0.2)
    point = dict(zip((alpha, g, load, omega, w, sigma, Q, q, R, r, m, n), values, strict=True))
    return bool(abs(matrix.subs(point).det()) > 1e-12)


@claim(
    "patterns: the gradient by m, q, Q, r, R vanishes exactly where these equal E xi<s>, E<s>^2, E<s^2>, E<h>^2, E<h^2>"
)
def gradient_of_patterns() -> bool:
    terms = -alpha * g**2 * (Q * R - q * r) / 2 - g**2 * omega * m**2 / 2
    visible = (alpha * g**2 * (R - r), alpha * g**2 * r, g**2 * omega * m)
    hidden = (g**2 * (Q - q), g**2 * q, sp.Integer(0))
    variables, images = (m, q, Q, r, R), (ms, qs, Qs, rh, Rh)
    return _is_the_system(_gradient(terms, visible, hidden, variables), variables, images)


@claim("low-rank: the same with noise sigma and a spike w that couples the overlaps of both layers")
def gradient_of_low_rank() -> bool:
    square = (g * sigma) ** 2
    terms = -alpha * square * (Q * R - q * r) / 2 - alpha * g * w * m * n
    visible = (alpha * square * (R - r), alpha * square * r, alpha * g * w * n)
    hidden = (square * (Q - q), square * q, g * w * m)
    variables, images = (m, n, q, Q, r, R), (ms, nh, qs, Qs, rh, Rh)
    return _is_the_system(_gradient(terms, visible, hidden, variables), variables, images)


@claim("bidirectional: the same, with the conjugate noise of both layers expressed by the order parameters")
def gradient_of_bidirectional() -> bool:
    big = alpha * g**2
    x, y = Q - q, R - r
    d = big * x * y
    t_s, v_s = load * big * y / (1 - d), load * big * (r + big * q * y**2) / (1 - d) ** 2
    t_h, v_h = load * g**2 * x / (1 - d), load * g**2 * (q + big * r * x**2) / (1 - d) ** 2
    terms = (
        -load / 2 * (sp.log(1 - d) - big * (x * r + q * y) / (1 - d))
        - (t_s * Q + v_s * x + alpha * (t_h * R + v_h * y)) / 2
        - alpha * g * m * n
    )
    variables, images = (m, n, q, Q, r, R), (ms, nh, qs, Qs, rh, Rh)
    gradient = _gradient(terms, (t_s, v_s, alpha * g * n), (t_h, v_h, g * m), variables)
    return _is_the_system(gradient, variables, images)


@claim("repeated: finitely many pairs leave only the overlaps, m = E xi<s> and mbar = E eta<h>")
def gradient_of_repeated() -> bool:
    zero = sp.Integer(0)
    gradient = _gradient(-alpha * g * m * n, (zero, zero, alpha * g * n), (zero, zero, g * m), (m, n))
    return _is_the_system(gradient, (m, n), (ms, nh))


@claim(
    "In the replicon sector a layer answers with E(var x)^2 = <abab> - 2<abac> + <abcd>, whatever is condensed"
)
def replicon_of_a_layer() -> bool:
    mean, variance = sp.symbols("M V", real=True)
    square = variance + mean**2
    same, sharing, apart = square**2, square * mean**2, mean**4
    return sp.expand(same - 2 * sharing + apart - variance**2) == 0


class _Replicas:
    """Averages of products of units in 4 replicas that share a field and are independent given it.

    The field has any law, here one of 3 values with a mean M and a variance V of the unit at each."""

    count = 4
    pairs = tuple((i, j) for i in range(4) for j in range(i + 1, 4))

    def __init__(self, name: str) -> None:
        self.weights = (sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 6))
        self.means = sp.symbols(f"M_{name}:3")
        self.variances = sp.symbols(f"V_{name}:3")

    def average(self, replicas: tuple[int, ...]) -> sp.Expr:
        total = sp.Integer(0)
        for w, mean, variance in zip(self.weights, self.means, self.variances, strict=True):
            product = w
            for k in set(replicas):
                product *= {1: mean, 2: variance + mean**2}[replicas.count(k)]
            total += product
        return total

    def correlation(self, first: tuple[int, ...], second: tuple[int, ...]) -> sp.Expr:
        return self.average((*first, *second)) - self.average(first) * self.average(second)

    @property
    def squared_variance(self) -> sp.Expr:
        return sum(w * variance**2 for w, variance in zip(self.weights, self.variances, strict=True))


@claim(
    "patterns and low-rank: the replicon is 1 - alpha g^4 E(var s)^2 E(var h)^2; condensed overlaps drop out"
)
def replicon_of_patterns_and_low_rank() -> bool:
    """From the whole matrix of second derivatives by the 6 Q_ab, the 6 R_ab and the 4 overlaps m_a of 4 replicas.

    The exponent is -alpha g^2 sum_{a<b} Q_ab R_ab - coupling sum_a m_a^2/2 + log Tr of either layer, in which R_ab
    stands with alpha g^2 s_a s_b, Q_ab with g^2 h_a h_b (alpha times), and m_a with the coupling times s_a. The
    replicon is the direction 12 + 34 - 13 - 24 of both.
    """
    s, h = _Replicas("s"), _Replicas("h")
    coupling = sp.Symbol("J")
    pairs, single = _Replicas.pairs, tuple((k,) for k in range(_Replicas.count))
    hessian = sp.zeros(16, 16)
    for i, one in enumerate(pairs):
        for j, other in enumerate(pairs):
            hessian[i, j] = alpha * g**4 * h.correlation(one, other)
            hessian[6 + i, 6 + j] = (alpha * g**2) ** 2 * s.correlation(one, other)
        hessian[i, 6 + i] = hessian[6 + i, i] = -alpha * g**2
        for k, overlap in enumerate(single):
            mixed = alpha * g**2 * coupling * s.correlation(one, overlap)
            hessian[6 + i, 12 + k] = hessian[12 + k, 6 + i] = mixed
    for k, first in enumerate(single):
        for m_, second in enumerate(single):
            hessian[12 + k, 12 + m_] = coupling**2 * s.correlation(first, second) - coupling * int(k == m_)
    direction = sp.Matrix([{(0, 1): 1, (2, 3): 1, (0, 2): -1, (1, 3): -1}.get(pair, 0) for pair in pairs])
    nothing, rest = sp.zeros(6, 1), sp.zeros(4, 1)
    frame = sp.Matrix.hstack(
        sp.Matrix.vstack(direction, nothing, rest), sp.Matrix.vstack(nothing, direction, rest)
    )
    image = (hessian * frame).applyfunc(sp.expand)
    # The two directions are mapped into themselves.
    reduced = (frame.T * image / 4).applyfunc(sp.expand)
    if (image - frame * reduced).applyfunc(sp.expand) != sp.zeros(16, 2):
        return False
    product = alpha * g**4 * s.squared_variance * h.squared_variance
    return sp.expand(reduced.det() + (alpha * g**2) ** 2 * (1 - product)) == 0
