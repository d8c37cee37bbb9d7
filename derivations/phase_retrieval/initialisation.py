"""Averages over Gaussian weights of phase-retrieval Hessians at initialisation, and the limit of small offset."""

from collections.abc import Callable

import mpmath as mp
import sympy as sp

from derivations import claim


def _gaussian(f: Callable[..., mp.mpc], mean: float = 0.0, sigma: float = 1.0, points: int = 900) -> mp.mpc:
    """Trapezoidal rule over 14 standard deviations, exponentially convergent for poles at distance of order 1."""
    total = mp.mpf(0)
    step = mp.mpf(28) / points
    for k in range(points + 1):
        x = -14 + k * step
        total += mp.exp(-x * x / 2) * f(mean + sigma * x)
    return total * step / mp.sqrt(2 * mp.pi)


@claim("1/(1 + g S) = (a + t^2)/(A + B y^2) with A = a + (1 - 2 S) t^2 and B = 6 S")
def response() -> bool:
    y, t, a, S = sp.symbols("y t a S", positive=True)
    loss = (y**2 - t**2) ** 2 / (2 * (a + t**2))
    g = sp.diff(loss, y, 2)
    return sp.simplify(1 / (1 + g * S) - (a + t**2) / (a + (1 - 2 * S) * t**2 + 6 * S * y**2)) == 0


@claim("E 1/(c^2 + y^2) = sqrt(pi/2) erfcx(c/sqrt 2)/c, and of its square (J1 (1 - c^2) + 1)/(2 c^2)")
def centred_averages() -> bool:
    for c in (mp.mpf(1), mp.mpf("2.5")):
        j1 = mp.sqrt(mp.pi / 2) * mp.exp(c * c / 2) * mp.erfc(c / mp.sqrt(2)) / c
        j2 = (j1 * (1 - c * c) + 1) / (2 * c * c)
        if abs(_gaussian(lambda y, c=c: 1 / (c * c + y * y)) - j1) > 1e-13:
            return False
        if abs(_gaussian(lambda y, c=c: 1 / (c * c + y * y) ** 2) - j2) > 1e-13:
            return False
    return True


@claim("For y ~ N(mu, sigma^2): E 1/(y - i c) = i sqrt(pi/2)/sigma w((i c - mu)/(sigma sqrt 2))")
def faddeeva() -> bool:
    mu, sigma, c = mp.mpf("0.7"), mp.mpf("0.8"), mp.mpc(1.3, -0.4)
    z = (1j * c - mu) / (sigma * mp.sqrt(2))
    w = mp.exp(-z * z) * mp.erfc(-1j * z)
    formula = 1j * mp.sqrt(mp.pi / 2) / sigma * w
    return bool(abs(_gaussian(lambda y: 1 / (y - 1j * c), mu, sigma) - formula) < 1e-13)


@claim("w' = -2 z w + 2 i/sqrt(pi), which gives the averages of squares by differentiation in c")
def faddeeva_derivative() -> bool:
    z = mp.mpc(0.3, 1.1)
    w = lambda x: mp.exp(-x * x) * mp.erfc(-1j * x)  # noqa: E731
    return bool(abs(mp.diff(w, z) + 2 * z * w(z) - 2j / mp.sqrt(mp.pi)) < 1e-12)


@claim(
    "Offset 0: the transition is at exactly 3 samples per dimension with S = 1/8, and the edge of H0 is then at 0"
)
def small_offset() -> bool:
    theta = sp.symbols("theta", real=True)
    # y = rho sin, t = rho cos: R = 1/(1 + g S) depends on the angle, and E t^2 at a given angle is 2 cos^2.
    S, tangent = sp.Rational(1, 8), sp.tan(theta)
    R = sp.simplify(1 / ((1 - 2 * S) + 6 * S * tangent**2))
    if sp.simplify(R - sp.Rational(4, 3) * sp.cos(theta) ** 2) != 0:
        return False
    r = 1 - sp.Rational(4, 3) * sp.cos(theta) ** 2

    def mean(f: sp.Expr) -> sp.Expr:
        return sp.integrate(sp.expand(f), (theta, 0, 2 * sp.pi)) / (2 * sp.pi)

    second = mean(r**2)
    criterion = mean((1 - 2 * sp.cos(theta) ** 2) * r)
    position = (3 * mean(r) - 1) / S
    return second == criterion == sp.Rational(1, 3) and position == 0


@claim("Offset 0: E 1/(1 + g S) = 1/(sqrt(A) (sqrt(A) + sqrt(B))) with A = 1 - 2 S and B = 6 S")
def angular_average() -> bool:
    A, B = mp.mpf("0.4"), mp.mpf("1.8")
    numerical = mp.quad(
        lambda x: mp.cos(x) ** 2 / (A * mp.cos(x) ** 2 + B * mp.sin(x) ** 2), [0, mp.pi / 2, mp.pi]
    )
    return bool(abs(numerical / mp.pi - 1 / (mp.sqrt(A) * (mp.sqrt(A) + mp.sqrt(B)))) < 1e-14)


@claim("E F y = 2 E (3 - t^2)/(a + t^2) for independent y and t")
def mean_force() -> bool:
    y, t, a = sp.symbols("y t a", positive=True)
    F = sp.diff((y**2 - t**2) ** 2 / (2 * (a + t**2)), y)
    numerator = sp.Poly(sp.cancel(F * y * (a + t**2)), y)
    moments = {0: 1, 2: 1, 4: 3}
    mean = sum(c * moments[power] for (power,), c in numerator.terms()) / (a + t**2)
    return sp.simplify(mean - 2 * (3 - t**2) / (a + t**2)) == 0


@claim(
    "Conditioned on y, the label's rest u = (t - m y)/sqrt(1 - m^2) is a standard Gaussian independent of y"
)
def warm_start() -> bool:
    m = sp.symbols("m", positive=True)
    covariance = sp.Matrix([[1, m], [m, 1]])
    change = sp.Matrix([[1, 0], [-m / sp.sqrt(1 - m**2), 1 / sp.sqrt(1 - m**2)]])
    return sp.simplify(change * covariance * change.T) == sp.eye(2)
