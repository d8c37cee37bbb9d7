"""The step form of the zero-temperature Parisi equation, its derivatives, and one known model with one step."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim


@claim(
    "log E exp(s Psi(x + sqrt(w) z))/s solves d Psi/dq = -(Psi'' + s Psi'^2)/2 while s is constant (Hopf-Cole)"
)
def hopf_cole() -> bool:
    x, q, s = sp.symbols("x q s", positive=True)
    # With f = exp(s Psi) the equation is the heat equation: for any f.
    f = sp.Function("f")(x, q)
    psi = sp.log(f) / s
    left = sp.diff(psi, q) + (sp.diff(psi, x, 2) + s * sp.diff(psi, x) ** 2) / 2
    heat = (sp.diff(f, q) + sp.diff(f, x, 2) / 2) / (s * f)
    return sp.simplify(left - heat) == 0


def _quadratic(c: sp.Expr, s: sp.Expr, width: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """log E exp(-s c (x + sqrt(width) z)^2/2)/s = -c' x^2/2 + constant."""
    return c / (1 + s * c * width), -sp.log(1 + s * c * width) / (2 * s)


@claim("d Psi(0, 0)/d s_i is half the integral of E Psi'^2 over its step (two steps, quadratic boundary)")
def derivative_by_the_function() -> bool:
    c, q, s1, s2 = sp.symbols("c q s1 s2", positive=True)
    edge = sp.Rational(2, 5)
    inner, constant2 = _quadratic(c, s2, 1 - edge)
    _, constant1 = _quadratic(inner, s1, edge)
    total = constant1 + constant2
    # The law of x: drift s Psi', Psi' = -k(q) x, so that v = E x^2 has v' = 1 - 2 s k v.
    k1 = _quadratic(inner, s1, edge - q)[0]
    k2 = _quadratic(c, s2, 1 - q)[0]
    v1 = q * (1 + s1 * inner * (edge - q)) / (1 + s1 * inner * edge)
    good = sp.simplify(sp.diff(v1, q) - (1 - 2 * s1 * k1 * v1)) == 0
    at = {c: sp.Rational(13, 10), s1: sp.Rational(1, 3), s2: sp.Rational(4, 5)}
    by_integral = sp.integrate(sp.together((k1**2 * v1).subs(at)), (q, 0, edge)) / 2
    good &= abs(sp.N(by_integral - sp.diff(total, s1).subs(at), 30)) < 1e-25
    start = v1.subs(q, edge)
    ratio = (1 + s2 * c * (1 - q)) / (1 + s2 * c * (1 - edge))
    v2 = ratio**2 * start + ratio * (q - edge)
    good &= sp.simplify(sp.diff(v2, q) - (1 - 2 * s2 * k2 * v2)) == 0
    second = sp.integrate(sp.together((k2**2 * v2).subs(at)), (q, edge, 1)) / 2
    return bool(good and abs(sp.N(second - sp.diff(total, s2).subs(at), 30)) < 1e-25)


@claim(
    "E Psi'^2 grows with q at the rate E Psi''^2: the replicon is the derivative of the condition of stationarity"
)
def rate_of_the_slope() -> bool:
    q, s, x = sp.symbols("q s x")
    psi = sp.Function("psi")(q, x)
    equation = -(sp.diff(psi, x, 2) + s * sp.diff(psi, x) ** 2) / 2
    slope = sp.diff(psi, x)

    def generator(f: sp.Expr, rate: sp.Expr) -> sp.Expr:
        """d E f/dq along dx = s Psi' dq + dB, with the q-derivative of f given."""
        return rate + s * slope * sp.diff(f, x) + sp.diff(f, x, 2) / 2

    rate = 2 * slope * sp.diff(equation, x)
    return sp.simplify(generator(slope**2, rate) - sp.diff(psi, x, 2) ** 2) == 0


@claim(
    "Sherrington-Kirkpatrick with one step and overlap 0: min over s of log(2 Phi(s))/s + s/4 is 0.7688280256"
)
def one_step_sherrington_kirkpatrick() -> bool:
    with mp.workdps(30):

        def functional(s: mp.mpf) -> mp.mpf:
            """log E exp(s |z|)/s - s/4, with E exp(s|z|) = 2 exp(s^2/2) Phi(s)."""
            return (s * s / 2 + mp.log(2 * mp.ncdf(s))) / s - s / 4

        s = mp.findroot(lambda u: mp.diff(functional, u), mp.mpf("0.8"))
        return bool(abs(functional(s) - mp.mpf("0.7688280256")) < 1e-10 and mp.diff(functional, s, 2) > 0)


@claim(
    "The coupling int dq/lambda/2 of a spherical model has the functional derivative -(1/2) int_0^q dq'/lambda^2"
)
def spherical_coupling() -> bool:
    q, a, b, chi, eps = sp.symbols("q a b chi epsilon", positive=True)
    values = {a: sp.Rational(1, 4), b: sp.Rational(3, 5), chi: sp.Rational(1, 3)}
    # lambda of s = a + b q, and its change by a bump of weight epsilon at q = u.
    stiffness = (chi + a * (1 - q) + b * (1 - q**2) / 2).subs(values)
    place = sp.Rational(2, 3)
    before = sp.integrate(1 / (stiffness + eps), (q, 0, place))
    change = sp.diff(before, eps).subs(eps, 0) / 2
    expected = -sp.integrate(1 / stiffness**2, (q, 0, place)) / 2
    return bool(abs(sp.N(change - expected, 20)) < 1e-15)


@claim("The package's spherical coupling and its gradient are those of the integral, for three uneven steps")
def spherical_coupling_of_steps() -> bool:
    from statphys_gen.phase_retrieval.theory.full_rsb import spherical_coupling as coupling

    edges, s, chi = np.array([0.0, 0.3, 0.8, 1.0]), np.array([0.2, 0.5, 0.9]), 0.4

    def integral(s: list[float], chi: float) -> mp.mpf:
        def stiffness(q: mp.mpf) -> mp.mpf:
            pairs = zip(s, edges[:-1], edges[1:], strict=True)
            return chi + sum(value * max(0, min(1, hi) - max(q, lo)) for value, lo, hi in pairs)

        return mp.quad(lambda q: 1 / stiffness(q), [0, mp.mpf("0.3"), mp.mpf("0.8"), 1]) / 2

    found = coupling(edges, s, np.array([chi]))
    good = abs(found.value - integral(s.tolist(), chi)) < 1e-12
    for k in range(4):
        point = [*s.tolist(), chi]

        def along(v: mp.mpf, k: int = k, point: list[float] = point) -> mp.mpf:
            changed = [*point[:k], v, *point[k + 1 :]]
            return integral(changed[:3], changed[3])

        step = mp.mpf("1e-5")
        slope = (along(point[k] + step) - along(point[k] - step)) / (2 * step)
        analytic = found.by_function[k] if k < 3 else found.by_parameters[0]
        good &= abs(slope - analytic) < 1e-9
    return bool(good)
