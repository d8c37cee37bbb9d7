"""Bidirectional memories W = (g/N) sum_k xi^k eta^k, from the average of Z^n over the pairs of patterns to n -> 0.

A pair that is not condensed meets the replicas through u_a = sum_i xi_i s_i^a / sqrt(N) and v_a = sum_j eta_j h_j^a /
sqrt(N), normal with the covariances Q_ab and alpha R_ab, and contributes E exp(g sum_a u_a v_a). With conjugates of the
overlaps the replicated free entropy of the network is

    -(load/2) log det(1 - a Q R) - sum_ab (Qc_ab Q_ab + alpha Rc_ab R_ab)/2 - alpha g sum_a m_a mbar_a
        + log Tr exp(sum_ab Qc_ab s_a s_b/2 + alpha g mbar xi sum_a s_a) + alpha log Tr exp(...),    a = alpha g^2.

Everything below starts from there: matrices of n replicas are written out, and the limit n -> 0 is taken of what they
give. Only the last claims compare with the package.
"""

from itertools import product

import sympy as sp

from derivations import claim

n, alpha, g, load = sp.symbols("n alpha g gamma", positive=True)
Q, q, R, r = sp.symbols("Q q R r", positive=True)
# Conjugates of the self-overlaps and of the Edwards-Anderson overlaps.
Qc, qc, Rc, rc = sp.symbols("Qc qc Rc rc", positive=True)
a = alpha * g**2
x, y = Q - q, R - r
D = a * x * y


def _symmetric(size: int, diagonal: sp.Expr, other: sp.Expr) -> sp.Matrix:
    """Replica-symmetric matrix."""
    return sp.Matrix(size, size, lambda i, j: diagonal if i == j else other)


def _per_replica(total: sp.Expr) -> sp.Expr:
    """Coefficient of n as n -> 0."""
    return sp.diff(total, n).subs(n, 0)


def _log_det_of_replicas() -> sp.Expr:
    """log det(1 - a Q R) for any n; the determinants of two to four replicas are compared with it below."""
    return sp.log(1 - a * (x + n * q) * (y + n * r)) + (n - 1) * sp.log(1 - D)


@claim(
    "A pair of patterns couples the replicas by g^2 alpha sum_ab Q_ab R_ab/2 to leading order in g, for any units"
)
def coupling_of_the_replicas() -> bool:
    # Two replicas of three visible and two hidden units, both patterns enumerated.
    s = ((1, -1, 1), (1, 1, sp.Rational(1, 3)))
    h = ((1, -1), (sp.Rational(2, 5), 1))
    size, hidden = 3, 2
    second = 0
    for xi in product((1, -1), repeat=size):
        for eta in product((1, -1), repeat=hidden):
            exponent = sum(
                sum(map(lambda p, t: p * t, xi, s[k])) * sum(map(lambda p, t: p * t, eta, h[k]))
                for k in range(2)
            )
            second += (g * exponent / size) ** 2
    average = second / 2 ** (size + hidden)

    def matrix(units: tuple, count: int) -> sp.Matrix:
        return sp.Matrix(
            2, 2, lambda i, j: sum(map(lambda p, t: p * t, units[i], units[j])) / sp.Integer(count)
        )

    ratio = sp.Rational(hidden, size)
    return sp.simplify(average / 2 - g**2 * ratio * (matrix(s, size) * matrix(h, hidden)).trace() / 2) == 0


@claim("The Gaussian integral over u and v of a pair is det(1 - a Q R)^(-1/2) for any overlap matrices")
def integral_over_a_pair() -> bool:
    for size in (1, 2):
        own = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"Q{min(i, j)}{max(i, j)}"))
        other = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"R{min(i, j)}{max(i, j)}"))
        # Precision matrix of (u, v) with the coupling g u v, over those without it, each by its determinant.
        point = {
            e: sp.Rational(7 + 3 * k, 5 + 2 * k * k)
            for k, e in enumerate(own.free_symbols | other.free_symbols)
        }
        own, other = own.subs(point) + 2 * sp.eye(size), alpha * (other.subs(point) + sp.eye(size))
        coupling = -g * sp.eye(size)
        precision = sp.Matrix(sp.BlockMatrix([[own.inv(), coupling], [coupling, other.inv()]]))
        integral = own.det() * other.det() * precision.det()
        if sp.expand(integral - (sp.eye(size) - g**2 * own * other).det()) != 0:
            return False
    return True


@claim("Of n replica-symmetric replicas its determinant is (1 - a (x + nq)(y + nr)) (1 - a x y)^(n-1)")
def determinant_of_replicas() -> bool:
    for size in (2, 3, 4):
        matrix = sp.eye(size) - a * _symmetric(size, Q, q) * _symmetric(size, R, r)
        claimed = (1 - a * (x + size * q) * (y + size * r)) * (1 - D) ** (size - 1)
        if sp.expand(matrix.det(method="berkowitz") - claimed) != 0:
            return False
    return True


@claim(
    "+-1 units: Tr exp(sum_ab Qc_ab s_a s_b/2 + b sum_a s_a) = E Z(z)^n, Z at the tilt Qc - qc in the field "
    "b + sqrt(qc) z"
)
def trace_of_a_unit() -> bool:
    b = sp.symbols("b", real=True)
    for size in (1, 2, 3):
        conjugate = _symmetric(size, Qc, qc)
        trace = 0
        for signs in product((1, -1), repeat=size):
            s = sp.Matrix(signs)
            trace += sp.exp(sp.expand((s.T * conjugate * s)[0] / 2 + b * sum(signs)))
        # Z^n expanded in exponentials of the field, E exp(k sqrt(qc) z) = exp(k^2 qc / 2).
        average = 0
        for k in range(size + 1):
            total = size - 2 * k
            average += sp.binomial(size, k) * sp.exp(total * b + total**2 * qc / 2 + size * (Qc - qc) / 2)
        if sp.simplify(sp.expand(trace) - sp.expand(average)) != 0:
            return False
    return True


def _overlap_terms() -> sp.Expr:
    """n -> 0 of what holds the overlaps and their conjugates, per replica."""
    pairs = n * (Qc * Q + alpha * Rc * R) + n * (n - 1) * (qc * q + alpha * rc * r)
    return _per_replica(-load / 2 * _log_det_of_replicas() - pairs / 2)


@claim(
    "n -> 0: tilt load a y/(1-D) and variance load a (r + a q y^2)/(1-D)^2 of a visible unit, load g^2 x/(1-D) and "
    "load g^2 (q + a r x^2)/(1-D)^2 of a hidden one"
)
def noise_of_the_units() -> bool:
    ts, vs = load * a * y / (1 - D), load * a * (r + a * q * y**2) / (1 - D) ** 2
    th, vh = load * g**2 * x / (1 - D), load * g**2 * (q + a * r * x**2) / (1 - D) ** 2
    conjugates = {Qc: ts + vs, qc: vs, Rc: th + vh, rc: vh}
    slopes = [sp.diff(_overlap_terms(), variable).subs(conjugates) for variable in (Q, q, R, r)]
    return all(sp.cancel(slope) == 0 for slope in slopes)


@claim(
    "n -> 0: free entropy -(load/2)[log(1-D) - a(xr + qy)/(1-D)] - [t_s Q + v_s x + alpha (t_h R + v_h y)]/2 + layers"
)
def free_entropy() -> bool:
    ts, vs, th, vh = Qc - qc, qc, Rc - rc, rc
    claimed = -load / 2 * (sp.log(1 - D) - a * (x * r + q * y) / (1 - D))
    claimed -= (ts * Q + vs * x + alpha * (th * R + vh * y)) / 2
    return sp.simplify(_overlap_terms() - claimed) == 0


# A fluctuation of the replicon sector of four replicas: no diagonal, rows that sum to zero.
_REPLICON = sp.Matrix([[0, 1, -1, 0], [1, 0, 0, -1], [-1, 0, 0, 1], [0, -1, 1, 0]])


def _second_variation_of_a_unit(mean: sp.Symbol, square: sp.Symbol) -> sp.Expr:
    """Second order in e of log Tr exp(sum_ab (Qc + e V)_ab s_a s_b/2): moments of independent replicas in a field of
    which the average is taken last, with <s> = mean, <s^2> = square. V has no diagonal: higher powers do not occur."""

    def moment(indices: tuple[int, ...]) -> sp.Expr:
        value: sp.Expr = sp.Integer(1)
        for k in set(indices):
            value *= {1: mean, 2: square}[indices.count(k)]
        return value

    pairs = [(i, j, _REPLICON[i, j]) for i in range(4) for j in range(4) if _REPLICON[i, j] != 0]
    total = sum(w * u * moment((i, j, k, m)) for i, j, w in pairs for k, m, u in pairs)
    # <sum V s s> vanishes: the rows of V sum to zero. So nothing is subtracted.
    return sp.expand(total / 8)


@claim("A unit answers to a replicon fluctuation V of its conjugates with tr V^2 E(<s^2> - <s>^2)^2/4")
def replicon_of_a_unit() -> bool:
    mean, square = sp.symbols("M S")
    claimed = (_REPLICON**2).trace() * (square - mean**2) ** 2 / 4
    return sp.expand(_second_variation_of_a_unit(mean, square) - claimed) == 0


def _replicon_of_the_pairs(point: dict[sp.Symbol, sp.Rational]) -> sp.Matrix:
    """Hessian by (dq, dr) of -(load/2) log det(1 - a (Q + dq V)(R + dr V)) at four replicas, over tr V^2."""
    dq, dr = sp.symbols("dq dr")
    strength = a.subs(point)
    own, other = (_symmetric(4, *entries).subs(point) for entries in ((Q, q), (R, r)))
    inverse = (sp.eye(4) - strength * own * other).inv()
    first = -strength * (dq * _REPLICON * other + dr * own * _REPLICON)
    second = -strength * dq * dr * _REPLICON * _REPLICON
    # log det(M + A) = log det M + tr(M^-1 A) - tr(M^-1 A M^-1 A)/2.
    change = (inverse * second).trace() - (inverse * first * inverse * first).trace() / 2
    return sp.hessian(sp.expand(-load / 2 * change), (dq, dr)) / (_REPLICON**2).trace()


# Overlaps and couplings of no symmetry, with 1 - D and 1 - a (x + 4q)(y + 4r) not 0.
_POINTS = [
    dict(zip((Q, q, R, r, alpha, g), map(sp.Rational, values), strict=True))
    for values in (
        ("9/10", "2/5", "7/8", "1/3", "1/2", "4/5"),
        ("1", "3/4", "5/4", "1/5", "3", "1/3"),
        ("2/3", "1/9", "1", "5/6", "7/4", "5/4"),
    )
]


@claim(
    "The replicon Hessian of (q, r) and their conjugates is singular on "
    "(1 - c a^2 y^2 V_s)(1 - c g^2 a x^2 V_h) = c^2 a g^2 V_s V_h, c = load/(1-D)^2"
)
def de_almeida_thouless_condition() -> bool:
    vs, vh = sp.symbols("V_s V_h", positive=True)
    for point in _POINTS:
        ratio = point[alpha]
        hessian = sp.zeros(4)
        hessian[:2, :2] = _replicon_of_the_pairs(point)
        # -(dqc dq + alpha drc dr) tr V^2/2, and the answers of the units.
        hessian[0, 2] = hessian[2, 0] = -sp.Rational(1, 2)
        hessian[1, 3] = hessian[3, 1] = -ratio / 2
        hessian[2, 2], hessian[3, 3] = vs / 2, ratio * vh / 2
        c = load / (1 - D) ** 2
        left = (1 - c * a**2 * y**2 * vs) * (1 - c * g**2 * a * x**2 * vh)
        condition = (left - c**2 * a * g**2 * vs * vh).subs(point)
        # Without any answer of the units the determinant is that of the coupling to the conjugates.
        if sp.expand(hessian.det() - ratio**2 / 16 * condition) != 0:
            return False
    return True


@claim(
    "The paramagnet loses its stability to q and r (n -> 0) where its replicon vanishes; for +-1 units and equal "
    "layers at load g^2 (1 + g^2) = (1 - g^2)^2"
)
def glass_line() -> bool:
    # Small overlaps: a unit with the curvature K_bb = <s^2> = Q of its log-partition in the field sqrt(v) z has
    # E <s>^2 = Q^2 v, with the variances of noise_of_the_units.
    scale = sp.symbols("epsilon", positive=True)
    small = {q: scale * q, r: scale * r}
    vs, vh = (
        sp.diff(value.subs(small), scale).subs(scale, 0)
        for value in (
            load * a * (r + a * q * y**2) / (1 - D) ** 2,
            load * g**2 * (q + a * r * x**2) / (1 - D) ** 2,
        )
    )
    linear = sp.Matrix([q - Q**2 * vs, r - R**2 * vh]).jacobian([q, r])
    D0 = a * Q * R
    c = load / (1 - D0) ** 2
    left = (1 - c * a**2 * R**2 * Q**2) * (1 - c * g**2 * a * Q**2 * R**2)
    replicon = left - c**2 * a * g**2 * Q**2 * R**2
    equal = replicon.subs({Q: 1, R: 1, alpha: 1})
    printed = load * g**2 * (1 + g**2) - (1 - g**2) ** 2
    # The other factor of the difference of two squares has no positive root.
    other = load * g**2 * (g**2 - 1) - (1 - g**2) ** 2
    factors = sp.cancel(equal * (1 - g**2) ** 4 - printed * other)
    return sp.simplify(linear.det() - replicon) == 0 and factors == 0


@claim(
    "At low load retrieval and glass both set in at a Q R = 1 (for +-1 units and g = beta at T^2 = alpha): the glass "
    "line starts as load = (1 - a Q R)^2 alpha/(1 + alpha)"
)
def low_load() -> bool:
    # m = E xi <s> in the small signal alpha g mbar xi, without noise, is Q alpha g mbar; and mbar = R g m.
    overlaps = sp.Matrix([[1, -Q * alpha * g], [-R * g, 1]])
    d, strength, temperature = sp.symbols("d kappa T", positive=True)
    c = strength
    replicon = (1 - c * a**2 * R**2 * Q**2) * (1 - c * g**2 * a * Q**2 * R**2) - c**2 * a * g**2 * Q**2 * R**2
    # load = kappa d^2 with d = 1 - a Q R, so that load/(1-D)^2 = kappa.
    start = sp.cancel(replicon.subs(R, (1 - d) / (a * Q))).subs(d, 0)
    critical = sp.solve((a * Q * R).subs({Q: 1, R: 1, g: 1 / temperature}) - 1, temperature)
    vanishes = sp.expand(overlaps.det() - (1 - a * Q * R)) == 0
    slopes = [sp.simplify(root - alpha / (1 + alpha)) for root in sp.solve(start, strength)]
    return vanishes and slopes == [0] and critical == [sp.sqrt(alpha)]
