"""The Gram flow, what it conserves, and what unequal variances and learning rates amount to."""

import mpmath as mp
import sympy as sp

from derivations import claim

_N, _P, _W = 2, 1, 3


def _symbols(name: str, rows: int, columns: int) -> sp.Matrix:
    return sp.Matrix(rows, columns, lambda i, j: sp.Symbol(f"{name}{i}{j}"))


_W1, _W2, _G = _symbols("a", _W, _N), _symbols("b", _P, _W), _symbols("g", _P, _N)
_J = sp.diag(sp.eye(_N), -sp.eye(_P))
_ALL = _W1.row_join(_W2.T)
_K = _ALL.T * _ALL
_M = sp.zeros(_N).row_join(_G.T).col_join(_G.row_join(sp.zeros(_P)))


def _rate(expression: sp.Matrix, first: sp.Expr = sp.S.One, second: sp.Expr = sp.S.One) -> sp.Matrix:
    """Time derivative of a function of the weights under gradient flow with these rates."""
    moved = dict(zip(_W1, -first * _W2.T * _G, strict=True)) | dict(
        zip(_W2, -second * _G * _W1.T, strict=True)
    )
    return expression.applyfunc(lambda e: sum(sp.diff(e, x) * v for x, v in moved.items()))


@claim("K = W^T W obeys dK/dt = -(K M + M K), M = [[0, G^T], [G, 0]]")
def gram_flow() -> bool:
    return (_rate(_K) + _K * _M + _M * _K).expand() == sp.zeros(_N + _P)


@claim("The weights conserve W J W^T, J = diag(I, -I)")
def conserved() -> bool:
    return _rate(_ALL * _J * _ALL.T).expand() == sp.zeros(_W)


@claim(
    "With rates eta1, eta2: A' = -(eta1 C2 G + eta2 G C1), C1' = -eta1 (A^T G + G^T A), C2' = -eta2 (A G^T + G A^T)"
)
def unequal_rates() -> bool:
    e1, e2 = sp.symbols("eta1 eta2", positive=True)
    product, first, second = _W2 * _W1, _W1.T * _W1, _W2 * _W2.T
    claims = (
        _rate(product, e1, e2) + e1 * second * _G + e2 * _G * first,
        _rate(first, e1, e2) + e1 * (product.T * _G + _G.T * product),
        _rate(second, e1, e2) + e2 * (product * _G.T + _G * product.T),
    )
    return all(entry.expand().is_zero_matrix for entry in claims)


@claim("W1 (eta2/eta1)^(1/4) and W2 (eta1/eta2)^(1/4) with equal rates sqrt(eta1 eta2) have the same A(t)")
def rates_are_a_rescaling() -> bool:
    e1, e2 = sp.symbols("eta1 eta2", positive=True)
    ratio, rate = (e2 / e1) ** sp.Rational(1, 4), sp.sqrt(e1 * e2)
    first, second = ratio * _W1, _W2 / ratio
    # Velocities of the rescaled weights at equal rates, against the rescaled velocities.
    one = -rate * second.T * _G - ratio * (-e1 * _W2.T * _G)
    two = -rate * _G * first.T - (-e2 * _G * _W1.T) / ratio
    return sp.simplify(one).is_zero_matrix and sp.simplify(two).is_zero_matrix


@claim("K J K = c^2 J is kept by the flow for every G, and K + delta J obeys the same flow")
def wide_relation() -> bool:
    # Non-commutative K, M, J with J^2 = 1 and M J = -J M.
    k, m, j = sp.symbols("K M J", commutative=False)
    c, delta = sp.symbols("c delta", real=True)
    rate = -(k * m + m * k)
    # d(K J K)/dt = rate J K + K J rate; use K J K = c^2 J, hence K J K M = c^2 J M.
    change = sp.expand(rate * j * k + k * j * rate)
    change = change.subs(k * j * k, c**2 * j).subs(k * m * j * k, -k * j * m * k)
    flipped = sp.expand(change).subs(m * j, -j * m)
    shifted = sp.expand(-((k + delta * j) * m + m * (k + delta * j)) - rate).subs(m * j, -j * m)
    return sp.expand(flipped) == 0 and sp.expand(shifted) == 0


@claim(
    "tr D = c (n - p) + delta (n + p) and tr D^2 = c^2 (n + p) + 2 delta c (n - p) + delta^2 (n + p) for D = W J W^T"
)
def threshold_from_conserved_numbers() -> bool:
    mp.mp.dps = 30
    n, p, c, delta = 3, 2, mp.mpf("0.7"), mp.mpf("0.2")
    a = mp.matrix(
        [[mp.mpf(1) / 3, mp.mpf(-2) / 5, mp.mpf(1) / 7], [mp.mpf(3) / 4, mp.mpf(1) / 6, mp.mpf(-1) / 2]]
    )

    def root(square: mp.matrix) -> mp.matrix:
        values, vectors = mp.eigsy(square + c**2 * mp.eye(square.rows))
        return vectors * mp.diag([mp.sqrt(v) for v in values]) * vectors.T

    first, second = root(a.T * a) + delta * mp.eye(n), root(a * a.T) - delta * mp.eye(p)

    def square(x: mp.matrix) -> mp.mpf:
        return mp.fsum(entry**2 for entry in x)

    trace = mp.fsum(first[i, i] for i in range(n)) - mp.fsum(second[i, i] for i in range(p))
    total = square(first) + square(second) - 2 * square(a)
    found = ((n + p) * total - trace**2) / (4 * n * p)
    return abs(found - c**2) < 1e-25 and abs(trace - c * (n - p) - delta * (n + p)) < 1e-25
