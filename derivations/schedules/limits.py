"""Limits of large dimension: products of factors, and the steps that decide the class."""

from typing import Any

import mpmath as mp

from derivations import claim


def _euler(name: str, p: Any, variance: Any, kappa: Any, steps: int, xi: Any, d: Any) -> Any:
    """M at the end of a dilated variance-preserving schedule, from sqrt(d) M = xi, with velocities of b, a^2 alone."""
    h, k = mp.log(p / (1 - p)) / 2, kappa / mp.sqrt(d)
    m = xi / mp.sqrt(d)
    for j in range(steps):
        t = mp.mpf(j) / steps
        b, rate = (2 * k * t, 2 * k) if 2 * j < steps else (k + (1 - k) * (2 * t - 1), 2 * (1 - k))
        a2, slope = ((1 - b) ** 2, -(1 - b) * rate) if name == "linear" else (1 - b * b, -b * rate)
        delta = a2 + variance * b * b
        drive = (rate * a2 - slope * b) / delta * mp.tanh(h + d * b * m / delta)
        m += ((slope + variance * b * rate) / delta * m + drive) / steps
    return m


@claim("dilated, even K: the sign at the end is that of h + kappa mu after the first half; odd K: that of mu")
def even_and_odd_steps() -> bool:
    with mp.workdps(60):
        p, kappa, d = mp.mpf("0.72"), mp.mpf("2.2"), mp.mpf(10) ** 40
        h = mp.log(p / (1 - p)) / 2
        for name in ("linear", "trigonometric"):
            for steps in (8, 9):

                def first(xi: Any, steps: int = steps) -> Any:
                    mu = xi
                    for j in range((steps + 1) // 2):
                        mu += 2 * kappa / steps * mp.tanh(h + 2 * kappa * j / steps * mu)
                    return mu if steps % 2 else h + kappa * mu

                edge = mp.findroot(first, (mp.mpf(-4), mp.mpf(2)), solver="anderson", tol=1e-30, maxsteps=200)
                for shift, sign in ((mp.mpf("1e-8"), 1), (mp.mpf("-1e-8"), -1)):
                    if mp.sign(_euler(name, p, mp.mpf("0.36"), kappa, steps, edge + shift, d)) != sign:
                        return False
    return True


@claim("the details of ve-linear at K = a sqrt(d)/sigma are cosh(pi sqrt(a^2 - 1/4))/sinh(pi a)")
def exploding_crossover() -> bool:
    with mp.workdps(30):
        # c prod_{j=1}^K (j^2 - j + a^2)/(j^2 + a^2), counted from the data, by reflection of Gamma functions.
        for a in (mp.mpf("0.3"), mp.mpf("1.7")):
            root = mp.sqrt(mp.mpf(1) / 4 - a * a)
            product = mp.gamma(1 + 1j * a) * mp.gamma(1 - 1j * a)
            product /= mp.gamma(mp.mpf(1) / 2 + root) * mp.gamma(mp.mpf(1) / 2 - root)
            # The product falls as this over K, and begins at c = sigma K/a.
            ratio = mp.re(product) / a
            closed = mp.re(mp.cosh(mp.pi * mp.sqrt(a * a - mp.mpf(1) / 4)) / mp.sinh(mp.pi * a))
            if abs(ratio - closed) > mp.mpf("1e-25"):
                return False
    return True


@claim(
    "ve-linear: the factor of a step, counted from the data with a = sigma K/sqrt(d), is (j^2 - j + a^2)/(j^2 + a^2)"
)
def exploding_factor() -> bool:
    import sympy as sp

    j, k, sigma, d = sp.symbols("j K sigma d", positive=True)
    tau, a = 1 - j / k, sigma * k / sp.sqrt(d)
    delta = d * (1 - tau) ** 2 + sigma**2 * tau**2
    factor = 1 + (-d * (1 - tau) + sigma**2 * tau) / delta / k
    wanted = (j**2 - j + a**2) / (j**2 + a**2)
    # Up to terms that vanish with K -> infinity at fixed a.
    place = {j: 3, sigma: sp.Rational(3, 5)}
    scaled = (factor - wanted).subs(place).subs(d, (sp.Rational(3, 5) * k / sp.Rational(6, 5)) ** 2)
    return sp.limit(scaled, k, sp.oo) == 0
