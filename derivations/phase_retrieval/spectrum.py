"""Spectrum and signal outlier of H0 = (1/N) sum_i g_i x_i x_i^T, and where the outlier appears."""

from collections.abc import Callable

import sympy as sp

from derivations import claim

S, alpha = sp.symbols("S alpha", positive=True)
g1, g2, u1, u2 = sp.symbols("g1 g2 u1 u2", real=True)
p = sp.symbols("p", positive=True)


def _mean(f: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> sp.Expr:
    """Average over a law of two atoms (g, u^2), which is general enough for identities between averages."""
    return p * f(g1, u1) + (1 - p) * f(g2, u2)


def _position() -> sp.Expr:
    return -1 / S + alpha * _mean(lambda g, u: g / (1 + g * S))


def _moments() -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    def response(g: sp.Expr) -> sp.Expr:
        return g * S / (1 + g * S)

    return (
        _mean(lambda g, u: response(g)),
        _mean(lambda g, u: response(g) ** 2),
        _mean(lambda g, u: u * response(g)),
        _mean(lambda g, u: u * response(g) ** 2),
    )


@claim("Leave one out: x^T (A + c x x^T)^-1 x = T/(1 + c T) with T = x^T A^-1 x (Sherman-Morrison)")
def leave_one_out() -> bool:
    a, b, d, c, x1, x2 = sp.symbols("a b d c x1 x2")
    A, x = sp.Matrix([[a, b], [b, d]]), sp.Matrix([x1, x2])
    full = (x.T * (A + c * x * x.T).inv() * x)[0]
    T = (x.T * A.inv() * x)[0]
    return sp.simplify(full - T / (1 + c * T)) == 0


@claim("Tr (H0 - z)(H0 - z)^-1 = N with x^T G x/N = S/(1 + g S) is z = -1/S + alpha E g/(1 + g S)")
def inverse_map() -> bool:
    z = sp.symbols("z")
    # (1/N) sum_i g_i x_i^T G x_i / N - z S = 1, with M = alpha N terms.
    trace = alpha * _mean(lambda g, u: g * S / (1 + g * S)) - z * S - 1
    return sp.simplify(sp.solve(trace, z)[0] - _position()) == 0


@claim("g = 1 is the law of Marchenko and Pastur, with left edge (1 - sqrt(alpha))^2 where alpha E r^2 = 1")
def marchenko_pastur() -> bool:
    z = -1 / S + alpha / (1 + S)
    root = sp.sqrt(alpha)
    edge = z.subs(S, 1 / (root - 1))
    condition = (alpha * (S / (1 + S)) ** 2).subs(S, 1 / (root - 1))
    return sp.simplify(edge - (1 - root) ** 2) == 0 and sp.simplify(condition - 1) == 0


@claim("Schur: the entry of (H0 - z)^-1 along w* is 1/(h - z - b^T (B - z)^-1 b)")
def schur_complement() -> bool:
    h, b1, b2, c11, c12, c22, z = sp.symbols("h b1 b2 c11 c12 c22 z")
    H = sp.Matrix([[h, b1, b2], [b1, c11, c12], [b2, c12, c22]])
    entry = (H - z * sp.eye(3)).inv()[0, 0]
    b, B = sp.Matrix([b1, b2]), sp.Matrix([[c11, c12], [c12, c22]])
    return sp.simplify(entry - 1 / (h - z - (b.T * (B - z * sp.eye(2)).inv() * b)[0])) == 0


@claim("Along w*: E u^2 g - E u^2 g^2 S/(1 + g S) = E u^2 g/(1 + g S), the self-energy of the signal")
def self_energy() -> bool:
    # b_j = (1/N) sum_i g_i u_i x_ij: only equal i survive, with x^T G x/N = S/(1 + g S).
    g, u = sp.symbols("g u")
    return sp.simplify(u * g - u * g**2 * S / (1 + g * S) - u * g / (1 + g * S)) == 0


@claim("z = self-energy is alpha E (1 - u^2) r = 1; z'(S) = (1 - alpha E r^2)/S^2, zero at a soft edge")
def outlier_and_edge() -> bool:
    first, second, signal, _ = _moments()
    self_energy = alpha * _mean(lambda g, u: u * g / (1 + g * S))
    outlier = sp.simplify((_position() - self_energy) * S - (alpha * (first - signal) - 1))
    slope = sp.simplify(sp.diff(_position(), S) - (1 - alpha * second) / S**2)
    return outlier == 0 and slope == 0


@claim("Residue 1/(1 - d self-energy/dz) = (1 - alpha E r^2)/(1 - alpha E r^2 + alpha E u^2 r^2)")
def residue() -> bool:
    _, second, _, signal_second = _moments()
    self_energy = alpha * _mean(lambda g, u: u * g / (1 + g * S))
    per_z = sp.diff(self_energy, S) / sp.diff(_position(), S)
    formula = (1 - alpha * second) / (1 - alpha * second + alpha * signal_second)
    values = {g1: sp.Rational(-3, 7), g2: sp.Rational(5, 3), u1: sp.Rational(2, 9), u2: sp.Rational(7, 4)}
    difference = (1 / (1 - per_z) - formula).subs(values).subs(p, sp.Rational(2, 5))
    return sp.simplify(difference) == 0


@claim(
    "(z - self-energy) grows with z, and E r^2 with S: an edge and an outlier each exist once or not at all"
)
def uniqueness() -> bool:
    g = sp.symbols("g", real=True)
    r = g * S / (1 + g * S)
    grows = sp.simplify(sp.diff(r**2, S) - 2 * g**2 * S / (1 + g * S) ** 3)
    falls = sp.simplify(sp.diff(g / (1 + g * S), S) + g**2 / (1 + g * S) ** 2)
    # Both derivatives have one sign where 1 + g S > 0: squares over positive numbers.
    return grows == 0 and falls == 0


@claim("E (1 - u^2)^2 = 2, so alpha = 1/E r^2 with E (1 - u^2) r = E r^2 is at least 1/2")
def lower_bound() -> bool:
    u = sp.symbols("u", real=True)
    density = sp.exp(-(u**2) / 2) / sp.sqrt(2 * sp.pi)
    norm = sp.integrate((1 - u**2) ** 2 * density, (u, -sp.oo, sp.oo))
    # Cauchy-Schwarz: E[r^2]^2 = E[(1 - u^2) r]^2 <= 2 E[r^2], hence E r^2 <= 2. Reached by r = 1 - u^2 alone, which is
    # the response of g = 1/u^2 - 1 at S = 1.
    g = 1 / u**2 - 1
    return norm == 2 and sp.simplify(g / (1 + g) - (1 - u**2)) == 0


@claim("At a hard edge the same bound holds: alpha = 1/E (1 - u^2) r > 1/2 if E (1 - u^2) r exceeds E r^2")
def lower_bound_at_a_hard_edge() -> bool:
    # x = E (1 - u^2) r and y = E r^2 with x >= y and x^2 <= 2 y give x^2 <= 2 x: x <= 2.
    x, y = sp.symbols("x y", positive=True)
    region = sp.solve(sp.Eq(x**2, 2 * x), x)
    return region == [2] and bool(sp.simplify((2 * y - x**2).subs(y, x) - x * (2 - x)) == 0)
