"""One step of replica-symmetry breaking: the noise and its fields, for Hopfield networks and memories."""

import sympy as sp

from derivations import claim

n, x, beta, load, a = sp.symbols("n x beta gamma a", positive=True)
q0, q1, r0, r1 = sp.symbols("q_0 q_1 r_0 r_1", positive=True)
X1, Y1, T, p = sp.symbols("X_1 Y_1 T p", positive=True)


def _eigenvalues(inner: sp.Expr, outer: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Of a matrix 1 on the diagonal, ``inner`` in blocks of size x, ``outer`` elsewhere: within a block, between the
    blocks, uniform."""
    return 1 - inner, 1 - inner + x * (inner - outer), 1 - inner + x * (inner - outer) + n * outer


def _per_replica(uniform: sp.Expr, between: sp.Expr, within: sp.Expr) -> sp.Expr:
    """n -> 0 of -(1/2n) log of the determinant with multiplicities 1, n/x - 1 and n (1 - 1/x)."""
    log_det = sp.log(uniform) + (n / x - 1) * sp.log(between) + n * (1 - 1 / x) * sp.log(within)
    return -sp.diff(log_det, n).subs(n, 0) / 2


def _at_inverse_temperature(expression: sp.Expr) -> sp.Expr:
    """In the scaled unknowns: q_1 = 1 - T X_1 (and r_1), Parisi parameter x = T p, beta = 1/T."""
    return expression.subs({q1: 1 - T * X1, r1: 1 - T * Y1, x: T * p, beta: 1 / T})


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    """To 40 digits at two points where every logarithm is real."""
    for k in range(2):
        values = (sp.Rational(3 + k, 10), sp.Rational(2 + k, 10), sp.Rational(3, 7), sp.Rational(5 + k, 12))
        point = dict(zip((X1, Y1, T, p), values, strict=True))
        point |= {
            q0: sp.Rational(1, 3),
            r0: sp.Rational(1 + k, 4),
            load: sp.Rational(1, 5),
            a: sp.Rational(4, 5),
        }
        if abs(sp.N((left - right).subs(point), 40)) > sp.Float(10) ** -35:
            return False
    return True


_X2 = X1 + p * (1 - T * X1 - q0)
_Y2 = Y1 + p * (1 - T * Y1 - r0)


@claim("Hopfield: the noise is (load/2)(q_0/c_2 - T log c_1 - log(c_2/c_1)/p), with c_k = 1 - X_k")
def noise_of_the_hopfield_network() -> bool:
    within, between, uniform = _eigenvalues(q1, q0)
    replicated = _per_replica(1 - beta * uniform, 1 - beta * between, 1 - beta * within)
    c1, c2 = 1 - X1, 1 - _X2
    claimed = load / 2 * (q0 / c2 - T * sp.log(c1) - sp.log(c2 / c1) / p)
    return _same(load * T * _at_inverse_temperature(replicated), claimed)


@claim(
    "Hopfield: s_0 = load q_0/c_2^2 and s_1 - s_0 = load (1/c_2 - 1/c_1)/p are its derivatives by the overlaps"
)
def fields_of_the_hopfield_network() -> bool:
    within, between, uniform = _eigenvalues(q1, q0)
    noise = load * _per_replica(1 - beta * uniform, 1 - beta * between, 1 - beta * within)
    # Conjugate of q_k: sum_ab gives n (x - 1) q_1 + n (n - x) q_0 over 2.
    s1 = 2 * sp.diff(noise, q1) / (beta**2 * (x - 1))
    s0 = 2 * sp.diff(noise, q0) / (beta**2 * (-x))
    c1, c2 = 1 - X1, 1 - _X2
    first = load * q0 / c2**2
    return _same(_at_inverse_temperature(s0), first) and _same(
        _at_inverse_temperature(s1), first + load * (1 / c2 - 1 / c1) / p
    )


@claim(
    "Memory: the pairs give (load/2)(a (X_2 r_0 + Y_2 q_0)/e_2 - T log e_1 - log(e_2/e_1)/p), e_k = 1 - a X_k Y_k"
)
def noise_of_a_bidirectional_memory() -> bool:
    own, other = _eigenvalues(q1, q0), _eigenvalues(r1, r0)
    within, between, uniform = (1 - a * beta**2 * s * h for s, h in zip(own, other, strict=True))
    e1, e2 = 1 - a * X1 * Y1, 1 - a * _X2 * _Y2
    claimed = load / 2 * (a * (_X2 * r0 + _Y2 * q0) / e2 - T * sp.log(e1) - sp.log(e2 / e1) / p)
    return _same(load * T * _at_inverse_temperature(_per_replica(uniform, between, within)), claimed)
