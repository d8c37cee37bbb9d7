"""Ground states of bidirectional memories of +-1 units: the limit T -> 0 of their replica-symmetric free entropy.

The free entropy is that of derivations/rbm/bidirectional.py; g = beta, q = 1 - T X, r = 1 - T Y, mbar = k.
"""

import sympy as sp

from derivations import claim
from derivations.rbm.bidirectional import D, Q, R, a, alpha, g, load, q, r, x, y

X, Y, s, t, m, k = sp.symbols("X Y s t m k", positive=True)


def _mean_modulus(signal: sp.Expr, width: sp.Symbol) -> sp.Expr:
    """E |signal + width z|."""
    u = signal / (width * sp.sqrt(2))
    return signal * sp.erf(u) + width * sp.sqrt(2 / sp.pi) * sp.exp(-(u**2))


def _ground_state() -> sp.Expr:
    """Minus the energy of +-1 units: T times the free entropy as T -> 0, with q = 1 - T X, r = 1 - T Y, g = 1/T, noise
    variances s^2/T^2 and t^2/T^2, mbar = k."""
    temperature = sp.symbols("T", positive=True)
    scaled = {Q: 1, R: 1, q: 1 - temperature * X, r: 1 - temperature * Y, g: 1 / temperature}
    pairs = -load / 2 * (sp.log(1 - D) - a * (x * r + q * y) / (1 - D))
    # Of a +-1 unit the tilt is a constant and cancels -t_s Q/2; T log 2cosh(b/T) tends to |b|.
    random = -(s**2 * x + alpha * t**2 * y) / temperature**2 / 2
    terms = sp.cancel(sp.expand_log((temperature * (pairs + random)).subs(scaled)))
    limit = sp.limit(terms, temperature, 0)
    layers = _mean_modulus(alpha * k, s) + alpha * _mean_modulus(m, t)
    return limit - alpha * m * k + layers


@claim("E |b + s z| = b erf(b/(s sqrt 2)) + s sqrt(2/pi) exp(-b^2/2 s^2)")
def mean_modulus() -> bool:
    b = sp.symbols("b", real=True)
    value = _mean_modulus(b, s)
    # The second derivative of |b + s z| is twice the density of the field at 0; even in b, and b at large b.
    density = sp.exp(-(b**2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))
    curvature = sp.simplify(sp.diff(value, b, 2) - 2 * density) == 0
    return curvature and value.subs(b, -b) == value and sp.limit(value - b, b, sp.oo) == 0


@claim(
    "T = 0: m = erf(y_s), C_s = sqrt(2/pi) exp(-y_s^2)/s, s^2 = load alpha (1 + alpha C_h^2)/(1-D)^2, and so for the "
    "other layer with t^2 = load (1 + alpha C_s^2)/(1-D)^2"
)
def equations_at_zero_temperature() -> bool:
    energy = _ground_state()
    d = 1 - alpha * X * Y
    s2, t2 = load * alpha * (1 + alpha * Y**2) / d**2, load * (1 + alpha * X**2) / d**2
    own, other = alpha * k / (s * sp.sqrt(2)), m / (t * sp.sqrt(2))
    expected = {
        X: (s2 - s**2) / 2,
        Y: alpha * (t2 - t**2) / 2,
        k: alpha * (sp.erf(own) - m),
        m: alpha * (sp.erf(other) - k),
        s: sp.sqrt(2 / sp.pi) * sp.exp(-(own**2)) - s * X,
        t: alpha * (sp.sqrt(2 / sp.pi) * sp.exp(-(other**2)) - t * Y),
    }
    return all(sp.simplify(sp.diff(energy, name) - value) == 0 for name, value in expected.items())


@claim(
    "Equal layers: load = m^2 (1-C^2)^2/(2 y^2 (1+C^2)) with C = 2 y exp(-y^2)/(sqrt(pi) m), largest at "
    "0.19980154414041"
)
def capacity_of_equal_layers() -> bool:
    from mpmath import diff, erf, exp, findroot, mp, mpf, pi, sqrt

    from statphys_gen.rbm.couplings.pairs import Bidirectional
    from statphys_gen.rbm.model import Model
    from statphys_gen.rbm.theory.zero_temperature import capacity
    from statphys_gen.units import Binary

    u = sp.symbols("y", positive=True)
    overlap = sp.erf(u)
    width = overlap / (u * sp.sqrt(2))
    response = sp.sqrt(2 / sp.pi) * sp.exp(-(u**2)) / width
    printed = overlap**2 * (1 - response**2) ** 2 / (2 * u**2 * (1 + response**2))
    # s^2 = load (1 + C^2)/(1 - C^2)^2.
    solved = width**2 * (1 - response**2) ** 2 / (1 + response**2)
    with mp.workdps(30):

        def load_at(v: mpf) -> mpf:
            c = 2 * v * exp(-v * v) / (sqrt(pi) * erf(v))
            return erf(v) ** 2 * (1 - c * c) ** 2 / (2 * v * v * (1 + c * c))

        top = findroot(lambda v: diff(load_at, v), mpf("1.29"))
        largest = load_at(top)
        ours = capacity(Model(Binary(), 1.0, 0.1, convention="beta", couplings=Bidirectional()))
        numbers = (
            abs(largest - mpf("0.1998015441404102")) < mpf(10) ** -16 and abs(ours.load - largest) < 1e-14
        )
        return sp.simplify(printed - solved) == 0 and numbers and abs(ours.overlap - erf(top)) < 1e-11
