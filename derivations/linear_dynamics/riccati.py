"""The matrix Riccati equation of the wide limit and its linear fractional solution."""

import mpmath as mp
import sympy as sp

from derivations import claim

_K, _M = sp.symbols("K M", commutative=False)
_X, _Y = sp.symbols("X Y", commutative=False)
_C = sp.Symbol("c", positive=True)


@claim(
    "With K J K = c^2 J the Gram flow of |A - T|^2/2 is K' = K M + M K - K^2 + c^2, M = [[0, T^T], [T, 0]]"
)
def riccati() -> bool:
    # G = A - T: the off-diagonal part of K minus M, (K - J K J)/2 - M; J^2 = 1.
    j = sp.Symbol("J", commutative=False)
    force = (_K - j * _K * j) / 2 - _M
    flow = sp.expand(-(_K * force + force * _K))
    flow = sp.expand(flow.subs(_K * j * _K, _C**2 * j)).subs(j * _K * j * _K, _C**2).subs(j**2, 1)
    flow = sp.expand(flow).subs(_K * j * _K * j, _C**2)
    return sp.expand(flow - (_K * _M + _M * _K - _K**2 + _C**2)) == 0


@claim(
    "X' = Y - M X, Y' = M Y + c^2 X make K = Y X^-1 a solution, and X'' = (M^2 + c^2) X, Y'' = (M^2 + c^2) Y"
)
def linear_fractional() -> bool:
    x_rate, y_rate = _Y - _M * _X, _M * _Y + _C**2 * _X
    inverse = _X**-1
    k = _Y * inverse
    rate = y_rate * inverse - k * x_rate * inverse
    wanted = k * _M + _M * k - k * k + _C**2
    solves = sp.expand(sp.expand(rate) - sp.expand(wanted)) == 0
    second_x = sp.expand(y_rate - _M * x_rate - (_M**2 + _C**2) * _X)
    second_y = sp.expand(_M * y_rate + _C**2 * x_rate - (_M**2 + _C**2) * _Y)
    return solves and second_x == 0 and second_y == 0


@claim(
    "D = K - M + L, L^2 = M^2 + c^2, obeys D' = D L + L D - D^2, and S = 1/D the linear S' = 1 - L S - S L, solved by "
    "S = exp(-L t) (S(0) - 1/(2 L)) exp(-L t) + 1/(2 L)"
)
def distance_from_the_unstable_fixed_point() -> bool:
    m, rate = sp.Symbol("M", commutative=False), sp.Symbol("L", commutative=False)
    d = sp.Symbol("D", commutative=False)
    k = d + m - rate
    # L and M commute: written in one order.
    flow = sp.expand(k * m + m * k - k * k + _C**2).subs(rate * m, m * rate)
    flow = sp.expand(flow).subs(rate**2, m**2 + _C**2)
    distance = sp.expand(flow - (d * rate + rate * d - d * d)) == 0
    s = sp.Symbol("S", commutative=False)
    # S' = -S D' S with D S = S D = 1.
    change = sp.expand(-s * (d * rate + rate * d - d * d) * s).subs(s * d, 1).subs(d * s, 1)
    linear = sp.expand(sp.expand(change).subs(s * d, 1) - (1 - rate * s - s * rate)) == 0
    t, one, two, start = sp.symbols("t l_1 l_2 S_0", positive=True)
    # An element between eigenvectors of L with rates l_1 and l_2; the inhomogeneous part is diagonal.
    free = sp.exp(-one * t) * start * sp.exp(-two * t)
    same = sp.exp(-one * t) * (start - 1 / (2 * one)) * sp.exp(-one * t) + 1 / (2 * one)
    solves = sp.simplify(sp.diff(free, t) + (one + two) * free) == 0
    return distance and linear and solves and sp.simplify(sp.diff(same, t) - 1 + 2 * one * same) == 0


@claim(
    "The solution keeps K J K = c^2 J, and follows the differential equation of A alone (2 x 3, Taylor series)"
)
def follows_the_flow() -> bool:
    mp.mp.dps = 30
    c = mp.mpf("0.6")
    target = mp.matrix(
        [[mp.mpf(1), mp.mpf("0.3"), mp.mpf("-0.5")], [mp.mpf("0.2"), mp.mpf("-0.7"), mp.mpf("0.4")]]
    )
    start = mp.matrix(
        [[mp.mpf("0.1"), mp.mpf("-0.2"), mp.mpf("0.3")], [mp.mpf("0.25"), mp.mpf("0.05"), mp.mpf("-0.1")]]
    )

    def root(square: mp.matrix) -> mp.matrix:
        values, vectors = mp.eigsy(square + c**2 * mp.eye(square.rows))
        return vectors * mp.diag([mp.sqrt(v) for v in values]) * vectors.T

    def block(one: mp.matrix, a: mp.matrix, two: mp.matrix) -> mp.matrix:
        whole = mp.zeros(5)
        whole[:3, :3], whole[3:, 3:], whole[3:, :3], whole[:3, 3:] = one, two, a, a.T
        return whole

    matrix = block(mp.zeros(3), target, mp.zeros(2))
    gram = block(root(start.T * start), start, root(start * start.T))
    values, vectors = mp.eigsy(matrix * matrix + c**2 * mp.eye(5))
    lengths = [mp.sqrt(v) for v in values]

    def at(t: mp.mpf) -> mp.matrix:
        even = vectors * mp.diag([mp.cosh(v * t) for v in lengths]) * vectors.T
        odd = vectors * mp.diag([mp.sinh(v * t) / v for v in lengths]) * vectors.T
        x = even + odd * (gram - matrix)
        y = even * gram + odd * (c**2 * mp.eye(5) + matrix * gram)
        return y * mp.inverse(x)

    sign = mp.diag([1, 1, 1, -1, -1])
    step = mp.mpf("1e-8")
    for t in (mp.mpf("0.4"), mp.mpf("1.3")):
        k = at(t)
        a = k[3:, :3]
        force = a - target
        slope = (at(t + step)[3:, :3] - at(t - step)[3:, :3]) / (2 * step)
        flow = -root(a * a.T) * force - force * root(a.T * a)
        if mp.mnorm(k * sign * k - c**2 * sign) > 1e-22 or mp.mnorm(slope - flow) > 1e-12:
            return False
    return True
