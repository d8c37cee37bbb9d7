"""The drift and density potentials along the line through two classes, and the times at which they get two minima."""

import sympy as sp

from derivations import claim

u, y = sp.symbols("u y", real=True)
a, gamma, m, w = sp.symbols("a Gamma m w", positive=True)
h, variance = sp.symbols("h s", real=True)


def _log_density() -> sp.Expr:
    """log P_t along the line up to a constant, classes at +-a of variance Gamma with half log-odds h."""
    return sp.log(
        sp.exp(h) * sp.exp(-((u - a) ** 2) / (2 * gamma)) + sp.exp(-h) * sp.exp(-((u + a) ** 2) / (2 * gamma))
    )


def _drift_potential() -> sp.Expr:
    return -(1 - 2 / gamma) * u**2 / 2 - 2 * sp.log(sp.cosh(a * u / gamma + h))


def _density_potential() -> sp.Expr:
    return u**2 / (2 * gamma) - sp.log(sp.cosh(a * u / gamma + h))


def _zero(expression: sp.Expr) -> bool:
    return sp.simplify(sp.expand(sp.simplify(expression.rewrite(sp.exp)))) == 0


@claim("The backward drift u + 2 d/du log P_t is -V'(u), and -log P_t is U(u) up to a constant")
def potentials() -> bool:
    drift = u + 2 * sp.diff(_log_density(), u)
    slope_of_density = sp.diff(_log_density(), u) + sp.diff(_density_potential(), u)
    return _zero(drift + sp.diff(_drift_potential(), u)) and _zero(slope_of_density)


@claim(
    "Critical points of V and U solve tanh(y) = kappa (y - h), kappa = Gamma (2 - Gamma)/(2 a^2) and Gamma/a^2"
)
def mean_field_form() -> bool:
    place = {u: (y - h) * gamma / a}
    kappas = [
        (_drift_potential(), 2, gamma * (2 - gamma) / (2 * a**2)),
        (_density_potential(), 1, gamma / a**2),
    ]
    # -dV/du = 2 (a/Gamma) [tanh(y) - kappa (y - h)], and the same for U without the factor 2.
    return all(
        _zero(-sp.diff(function, u).subs(place) * gamma / (factor * a) - sp.tanh(y) + kappa * (y - h))
        for function, factor, kappa in kappas
    )


@claim("Two critical points merge where kappa = 1/cosh(z/2)^2 with sinh(z) - z = 2|h| = |log odds|")
def merging() -> bool:
    z = sp.symbols("z", positive=True)
    # At the merging point of the branch on the far side, y = -z/2, both the force and its slope vanish.
    kappa = 1 / sp.cosh(z / 2) ** 2
    field = (sp.sinh(z) - z) / 2
    force = sp.tanh(-z / 2) - kappa * (-z / 2 - field)
    slope = sp.diff(sp.tanh(y), y).subs(y, -z / 2) - kappa
    return _zero(force) and _zero(slope)


@claim(
    "Drift time: exp(-2t) = 1/(k m^2 + sqrt(k^2 m^4 + (s2-1)^2)); two point masses at +-1: exp(-2t) = sqrt(2) - 1"
)
def drift_time() -> bool:
    q, k = sp.symbols("q kappa", positive=True)
    width = 1 + q * (variance - 1)
    condition = width * (2 - width) - 2 * k * m**2 * q
    root = 1 / (k * m**2 + sp.sqrt(k**2 * m**4 + (variance - 1) ** 2))
    general = sp.simplify(condition.subs(q, root)) == 0
    points = {variance: 0, m: 1, k: 1}
    # From the definition: curvature of the drift of two point masses, at the midpoint.
    curvature = sp.diff(u + 2 * sp.diff(_log_density().subs(h, 0), u), u).subs(u, 0)
    at_root = sp.simplify(curvature.subs({a: sp.sqrt(q), gamma: 1 - q}).subs(q, sp.sqrt(2) - 1))
    return general and sp.simplify(root.subs(points) - (sp.sqrt(2) - 1)) == 0 and at_root == 0


@claim("Balanced classes: P_t turns bimodal where x(t) = 1, at t = log(m^2 + 1 - s2)/2")
def bimodality_is_signal_one() -> bool:
    q = sp.symbols("q", positive=True)
    width = 1 + q * (variance - 1)
    curvature = sp.diff(_log_density().subs(h, 0), u, 2).subs(u, 0)
    signal = a**2 / gamma
    bimodal = sp.simplify(curvature - (signal - 1) / gamma) == 0
    time = sp.solve(sp.Eq(q * m**2, width), q)
    return bimodal and len(time) == 1 and sp.simplify(1 / time[0] - (m**2 + 1 - variance)) == 0


@claim(
    "Taylor coefficients of V: c2 = 2/Gamma - 1 - 2a^2/Gamma^2, c4 = 2a^4/(3 Gamma^4), c6 = -4a^6/(15 Gamma^6)"
)
def landau() -> bool:
    series = sp.series(_drift_potential().subs(h, 0), u, 0, 8).removeO()
    ratio = a**2 / gamma**2
    expected = [2 / gamma - 1 - 2 * ratio, sp.Rational(2, 3) * ratio**2, -sp.Rational(4, 15) * ratio**3]
    found = [sp.expand(series).coeff(u, n) * n for n in (2, 4, 6)]
    return all(sp.simplify(f - e) == 0 for f, e in zip(found, expected, strict=True))


@claim(
    "In q = m.x/sqrt(d), variance 1: V = (1 - 2 d mt^2 exp(-2t)) q^2/2 + mt^-2 (mt^4 d^2 exp(-4t)) q^4/6 + ..."
)
def large_dimension_form() -> bool:
    d, mt, decay, q = sp.symbols("d mt q_t q", positive=True)
    # q = mt u; drift and noise of q are mt times those of u, so that its potential is mt^2 V.
    function = mt**2 * _drift_potential().subs({h: 0, gamma: 1, a: decay * mt * sp.sqrt(d)}).subs(u, q / mt)
    literature = q**2 / 2 - 2 * mt**2 * sp.log(sp.cosh(q * decay * sp.sqrt(d)))
    series = sp.series(literature, q, 0, 6).removeO()
    expected = (1 - 2 * d * mt**2 * decay**2) * q**2 / 2 + mt**2 * d**2 * decay**4 * q**4 / 6
    return sp.simplify(function - literature) == 0 and sp.simplify(sp.expand(series - expected)) == 0
