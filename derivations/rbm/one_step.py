"""One step of replica-symmetry breaking: the noise and its fields, for Hopfield networks and memories."""

from itertools import product

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


@claim(
    "Memory: s_0 = load a (r_0 + a Y_2^2 q_0)/e_2^2 and s_1 - s_0 = load a (Y_2/e_2 - Y_1/e_1)/p are its derivatives "
    "by the overlaps, and so for the hidden layer without the factor a before the bracket"
)
def fields_of_a_bidirectional_memory() -> bool:
    own, other = _eigenvalues(q1, q0), _eigenvalues(r1, r0)
    within, between, uniform = (1 - a * beta**2 * s * h for s, h in zip(own, other, strict=True))
    noise = load * _per_replica(uniform, between, within)
    e1, e2 = 1 - a * X1 * Y1, 1 - a * _X2 * _Y2
    s0, t0 = load * a * (r0 + a * _Y2**2 * q0) / e2**2, load * (q0 + a * _X2**2 * r0) / e2**2
    s1, t1 = s0 + load * a * (_Y2 / e2 - Y1 / e1) / p, t0 + load * (_X2 / e2 - X1 / e1) / p
    pairs = ((q1, q0, s1, s0, 1), (r1, r0, t1, t0, a))
    return all(
        _same(_at_inverse_temperature(2 * sp.diff(noise, first) / (beta**2 * (x - 1)) / ratio), high)
        and _same(_at_inverse_temperature(-2 * sp.diff(noise, second) / (beta**2 * x) / ratio), low)
        for first, second, high, low, ratio in pairs
    )


@claim(
    "The conjugates c_k = s_k/T^2 enter T times the free entropy with -[s_1 X_1 + p (s_1 q_1 - s_0 q_0)]/2"
)
def conjugate_terms() -> bool:
    c0, c1 = sp.symbols("c_0 c_1", positive=True)
    # sum_ab of overlaps times conjugates over n (diagonals 1 and c_1), n -> 0.
    pairs = c1 + (x - 1) * c1 * q1 - x * c0 * q0
    scaled = _at_inverse_temperature(-pairs / 2) * T
    claimed = -(c1 * X1 + p * (c1 * (1 - T * X1) - c0 * q0)) / 2
    return sp.expand(scaled.subs({c0: c0 / T**2, c1: c1 / T**2}) - claimed) == 0


@claim(
    "+-1 units in two blocks of two replicas: the trace is E prod_blocks E (2 cosh(b + sqrt(c_0) z_0 + "
    "sqrt(c_1 - c_0) z_1))^2"
)
def trace_of_a_unit() -> bool:
    b, c0, c1 = sp.symbols("b c_0 c_1", positive=True)
    trace, average = sp.Integer(0), sp.Integer(0)
    for signs in product((1, -1), repeat=4):
        s = sp.Matrix(signs)
        conjugate = sp.Matrix(4, 4, lambda i, j: c1 if i // 2 == j // 2 else c0)
        trace += sp.exp(sp.expand((s.T * conjugate * s)[0] / 2) + b * sum(signs))
    for first, second in product(range(3), repeat=2):
        # Each block has total 2, 0, -2; E exp(k z) = exp(k^2/2) over z_1 of each block and the common z_0.
        left, right = 2 - 2 * first, 2 - 2 * second
        exponent = b * (left + right) + (c1 - c0) * (left**2 + right**2) / 2 + c0 * (left + right) ** 2 / 2
        average += sp.binomial(2, first) * sp.binomial(2, second) * sp.exp(sp.expand(exponent))
    return sp.expand(trace) - sp.expand(average) == 0


def _blocks(size: int, inner: sp.Rational, outer: sp.Rational) -> sp.Matrix:
    """Eight replicas in blocks of this size."""
    return sp.Matrix(8, 8, lambda i, j: 1 if i == j else inner if i // size == j // size else outer)


# A replicon fluctuation of four replicas or blocks: rows that sum to zero.
_ROWS = sp.Matrix([[0, 1, -1, 0], [1, 0, 0, -1], [-1, 0, 0, 1], [0, -1, 1, 0]])


def _curvatures(size: int, change: sp.Matrix, ratio: sp.Rational) -> tuple[sp.Rational, ...]:
    """Second derivatives by (dq, dr) of -(1/2) log det(1 - a b^2 (Q + dq V)(R + dr V)) over tr V^2, b = beta = 1."""
    own, other = _blocks(size, *_OWN), _blocks(size, *_OTHER)
    inverse = (sp.eye(8) - ratio * own * other).inv()
    by_q, by_r = inverse * (-ratio * change * other), inverse * (-ratio * own * change)
    mixed = inverse * (-ratio * change * change)
    norm = (change * change).trace()
    return (
        (by_q * by_q).trace() / 2 / norm,
        -(mixed.trace() - (by_q * by_r).trace()) / 2 / norm,
        (by_r * by_r).trace() / 2 / norm,
    )


_OWN = sp.Rational(3, 5), sp.Rational(1, 4)
_OTHER = sp.Rational(2, 3), sp.Rational(1, 5)


@claim(
    "Replicons: fluctuations within a block see X_1, Y_1 in load/(1 - a X Y)^2, those between blocks X_2, Y_2: the "
    "matrix of the symmetric theory at these responses"
)
def replicons_of_the_pairs() -> bool:
    ratio = sp.Rational(1, 3)
    kinds = (
        # Within one block of four; between four blocks of two.
        (4, sp.diag(_ROWS, sp.zeros(4)), 0),
        (2, sp.Matrix(sp.kronecker_product(_ROWS, sp.ones(2))), 1),
    )
    for size, change, kind in kinds:
        responses = []
        for inner, outer in (_OWN, _OTHER):
            responses.append((1 - inner, 1 - inner + size * (inner - outer))[kind])
        own, other = responses
        rest = (1 - ratio * own * other) ** 2
        claimed = (ratio**2 * other**2 / rest / 2, ratio / rest / 2, ratio**2 * own**2 / rest / 2)
        if any(
            sp.simplify(u - v) != 0 for u, v in zip(_curvatures(size, change, ratio), claimed, strict=True)
        ):
            return False
    return True


@claim(
    "A block of x replicas answers between blocks as one unit of variance x [1 - <t^2> + x (<t^2> - <t>^2)], which is "
    "x T times the derivative of <t> by the field outside the block"
)
def answer_of_a_block() -> bool:
    mean, square = sp.symbols("M S")
    for size in (2, 3, 4):
        # Replicas of a block share z_1: <s_a s_b> = <t^2> for a != b.
        total = sum(1 if i == j else square for i in range(size) for j in range(size))
        if sp.expand(total - (size * mean) ** 2 - size * (1 - square + size * (square - mean**2))) != 0:
            return False
    # d<t>/db at weight exp(p l), with dl/db = t and dt/db = (1 - t^2)/T, for any average: on three fields.
    b = sp.symbols("b", real=True)
    shifts, weights = (-sp.Rational(1, 2), sp.Rational(1, 3), sp.Integer(1)), (2, 3, 1)
    tanh = [sp.tanh((b + h) / T) for h in shifts]
    mass = [w * sp.cosh((b + h) / T) ** (p * T) for w, h in zip(weights, shifts, strict=True)]

    def average(values: list[sp.Expr]) -> sp.Expr:
        return sum(m * v for m, v in zip(mass, values, strict=True)) / sum(mass)

    first, second = average(tanh), average([t**2 for t in tanh])
    claimed = ((1 - second) + p * T * (second - first**2)) / T
    point = {b: sp.Rational(1, 5), T: sp.Rational(3, 4), p: sp.Rational(6, 7)}
    return bool(abs(sp.N((sp.diff(first, b) - claimed).subs(point), 30)) < sp.Float(10) ** -25)
