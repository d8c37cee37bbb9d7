"""Averages and integrals in closed form: narrow, oscillating, singular, discontinuous, far out, growing, flat."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath as mp
import numpy as np
from bank_problem import Problem
from scipy.special import eval_hermitenorm, expit, ndtr

from statphys_gen.numerics.quadrature import gaussian_average, integrate

INF = math.inf
PROBLEMS: list[Problem] = []


def _exact(value: object) -> complex | float:
    number = mp.mpmathify(value)
    return complex(number) if isinstance(number, mp.mpc) else float(number)


def average(name: str, function: Callable, right: object, hard: bool = False, **options: object) -> None:
    """E function(z)."""
    PROBLEMS.append(
        Problem(f"E {name}", "average", lambda: gaussian_average(function, **options), (_exact(right),), hard)
    )


def integral(
    name: str,
    function: Callable,
    ends: tuple[float, float],
    right: object,
    hard: bool = False,
    **options: object,
) -> None:
    PROBLEMS.append(
        Problem(
            f"int {name}",
            "interval" if math.isfinite(ends[0]) and math.isfinite(ends[1]) else "infinite interval",
            lambda: integrate(function, *ends, **options),
            (_exact(right),),
            hard,
        )
    )


def _gaussian(x: np.ndarray, place: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((x - place) / width) ** 2)


def _density(x: float) -> mp.mpf:
    return mp.npdf(mp.mpf(x))


with mp.workdps(40):
    # ------------------- Gaussian averages
    for a in (1.0, 5.0, 20.0, 50.0, 100.0):
        average(
            f"cos({a:g} z + 0.3)",
            lambda z, a=a: np.cos(a * z + 0.3),
            mp.cos(mp.mpf(0.3)) * mp.exp(-(mp.mpf(a) ** 2) / 2),
            slope=a,
        )
    for a in (0.5, 14.5, 30.0):
        average(
            f"sin({a:g} z)^2",
            lambda z, a=a: np.sin(a * z) ** 2,
            (1 - mp.exp(-2 * mp.mpf(a) ** 2)) / 2,
            slope=2 * a,
        )
        average(
            f"z sin({a:g} z)", lambda z, a=a: z * np.sin(a * z), a * mp.exp(-(mp.mpf(a) ** 2) / 2), slope=a
        )
    for a in (1.0, 5.0, 15.0, 20.0):
        average(f"exp({a:g} z)", lambda z, a=a: np.exp(a * z), mp.exp(mp.mpf(a) ** 2 / 2), slope=a)
    average("exp(0.4 z^2)", lambda z: np.exp(0.4 * z * z), 1 / mp.sqrt(1 - 2 * mp.mpf(0.4)), slope=1.0)
    average(
        "exp(0.49 z^2)",
        lambda z: np.exp(0.49 * z * z),
        1 / mp.sqrt(1 - 2 * mp.mpf(0.49)),
        hard=True,
        slope=1.0,
    )
    average("exp(3i z)", lambda z: np.exp(3j * z), mp.mpc(mp.exp(-mp.mpf(9) / 2)), slope=3.0)
    for width in (1e-1, 1e-2, 1e-3, 1e-4):
        for place in (0.0, -1.7):
            w, c = mp.mpf(width), mp.mpf(place)
            right = w / mp.sqrt(1 + w * w) * mp.exp(-c * c / 2 / (1 + w * w))
            average(
                f"spike of {width:g} at {place:g}",
                lambda z, w=width, c=place: _gaussian(z, c, w),
                right,
                slope=1 / width,
            )
    for width in (1e-3, 1e-6, 1e-9):
        w, c = mp.mpf(width), mp.mpf(0.7)
        average(
            f"spike of {width:g} at a breakpoint",
            lambda z, w=width: _gaussian(z, 0.7, w),
            w / mp.sqrt(1 + w * w) * mp.exp(-c * c / 2 / (1 + w * w)),
            slope=1.0,
            steepness=1 / width,
            breakpoints=[0.7],
        )
    for c in (-3.0, 0.0, 0.3, 6.0):
        above = mp.erfc(mp.mpf(c) / mp.sqrt(2)) / 2
        average(f"step at {c:g}", lambda z, c=c: (z > c) * 1.0, above, slope=0.0, breakpoints=[c])
        average(
            f"ramp at {c:g}",
            lambda z, c=c: np.maximum(z - c, 0.0),
            _density(c) - mp.mpf(c) * above,
            slope=0.0,
            breakpoints=[c],
        )
    for c in (5.0, 20.0, 30.0):
        average(
            f"step at {c:g}, relative",
            lambda z, c=c: (z > c) * 1.0,
            mp.erfc(mp.mpf(c) / mp.sqrt(2)) / 2,
            slope=0.0,
            breakpoints=[c],
            relative=True,
        )
    average(
        "step that is not declared",
        lambda z: (z > 0.3) * 1.0,
        mp.erfc(mp.mpf(0.3) / mp.sqrt(2)) / 2,
        hard=True,
        slope=1.0,
        max_nodes=2**16,
    )
    for order in (5, 10, 15):
        average(
            f"He_{order}^2", lambda z, k=order: eval_hermitenorm(k, z) ** 2, mp.factorial(order), slope=1.0
        )
    for a in (1.0, 0.1, 0.01, 1e-3):
        right = mp.sqrt(mp.pi / 2) / mp.mpf(a) * mp.exp(mp.mpf(a) ** 2 / 2) * mp.erfc(mp.mpf(a) / mp.sqrt(2))
        average(f"1/(z^2 + {a:g}^2)", lambda z, a=a: 1 / (z * z + a * a), right, slope=math.pi / 2 / a)
    for a in (1.0, 10.0, 300.0):
        right = mp.ncdf(mp.mpf(0.4) * a / mp.sqrt(1 + mp.mpf(a) ** 2))
        average(f"Phi({a:g} (z + 0.4))", lambda z, a=a: ndtr(a * (z + 0.4)), right, slope=a)
    for a in (1.0, 1e2, 1e6):
        average(
            f"exp(-{a:g} z^2)",
            lambda z, a=a: np.exp(-a * z * z),
            1 / mp.sqrt(1 + 2 * mp.mpf(a)),
            slope=math.sqrt(2 * a),
        )
    average("log |z|", lambda z: np.log(np.abs(z)), -(mp.euler + mp.log(2)) / 2, slope=0.0, breakpoints=[0.0])
    for p in (-0.5, 0.3, 1.5, 7.0):
        right = 2 ** (mp.mpf(p) / 2) * mp.gamma((mp.mpf(p) + 1) / 2) / mp.sqrt(mp.pi)
        average(f"|z|^{p:g}", lambda z, p=p: np.abs(z) ** p, right, slope=0.0, breakpoints=[0.0])
    for a in (2.0, 10.0):
        edges = [(k + 0.5) * math.pi / a for k in range(-math.ceil(13 * a), math.ceil(13 * a))]
        right = (
            4
            / mp.pi
            * mp.nsum(
                lambda k, a=a: (-1) ** int(k) / (2 * k + 1) * mp.exp(-(((2 * k + 1) * a) ** 2) / 2), [0, 60]
            )
        )
        average(
            f"sign cos({a:g} z)", lambda z, a=a: np.sign(np.cos(a * z)), right, slope=0.0, breakpoints=edges
        )
    average("0", lambda z: 0.0 * z, 0, slope=0.0)
    average("1e-250 z^2", lambda z: 1e-250 * z * z, mp.mpf(1e-250), slope=0.0, relative=True)
    average("1 + 1e-9 z^2", lambda z: 1.0 + 1e-9 * z * z, 1 + mp.mpf(1e-9), slope=0.0)
    average(
        "exp(100) 1{z > 16}",
        lambda z: math.exp(100) * (z > 16.0),
        mp.mpf(math.exp(100)) * mp.erfc(16 / mp.sqrt(2)) / 2,
        slope=0.0,
        breakpoints=[16.0],
    )

    # ------------------- intervals
    for p in (-0.9, -0.5, -0.1, 0.5, 7.0):
        integral(f"x^{p:g}", lambda x, p=p: x**p, (0.0, 1.0), 1 / (mp.mpf(p) + 1), width=1.0)
    integral("log x", np.log, (0.0, 1.0), -1, width=1.0)
    integral("log(x)^2", lambda x: np.log(x) ** 2, (0.0, 1.0), 2, width=1.0)
    integral("x log x", lambda x: x * np.log(x), (0.0, 1.0), mp.mpf(-1) / 4, width=1.0)
    c = mp.mpf(0.3)
    integral(
        "log |x - 0.3|",
        lambda x: np.log(np.abs(x - 0.3)),
        (0.0, 1.0),
        c * mp.log(c) + (1 - c) * mp.log(1 - c) - 1,
        width=1.0,
        breakpoints=[0.3],
    )
    integral("1/sqrt |x|", lambda x: 1 / np.sqrt(np.abs(x)), (-1.0, 1.0), 4, width=1.0, breakpoints=[0.0])
    integral(
        "1/sqrt |x - 0.3|",
        lambda x: 1 / np.sqrt(np.abs(x - 0.3)),
        (0.0, 1.0),
        2 * mp.sqrt(c) + 2 * mp.sqrt(1 - c),
        hard=True,
        width=1.0,
        breakpoints=[0.3],
    )
    integral("sqrt(1 - x^2)", lambda x: np.sqrt(1 - x * x), (-1.0, 1.0), mp.pi / 2, width=1.0)
    integral("1/sqrt(1 - x^2)", lambda x: 1 / np.sqrt(1 - x * x), (0.0, 1.0), mp.pi / 2, hard=True, width=1.0)
    integral(
        "Runge's function", lambda x: 1 / (1 + 25 * x * x), (-1.0, 1.0), mp.mpf(2) / 5 * mp.atan(5), width=0.2
    )
    for e in (1e-2, 1e-4, 1e-6):
        integral(
            f"Lorentzian of {e:g}",
            lambda x, e=e: e / (x * x + e * e),
            (-1.0, 1.0),
            2 * mp.atan(1 / mp.mpf(e)),
            width=1.0,
            breakpoints=[0.0],
            finest=e,
        )
    for width in (1e-2, 1e-3, 1e-4):
        for place in (0.3456789, 0.999):
            w, c = mp.mpf(width), mp.mpf(place)
            right = w * mp.sqrt(mp.pi / 2) * (mp.erf((1 - c) / w / mp.sqrt(2)) + mp.erf(c / w / mp.sqrt(2)))
            integral(
                f"peak of {width:g} at {place:g}",
                lambda x, w=width, c=place: _gaussian(x, c, w),
                (0.0, 1.0),
                right,
                width=width,
            )
    for k in (10, 100, 1000):
        integral(f"cos {k} x", lambda x, k=k: np.cos(k * x), (0.0, 1.0), mp.sin(k) / k, width=1 / k)
        integral(
            f"exp(i {k} x)",
            lambda x, k=k: np.exp(1j * k * x),
            (0.0, 1.0),
            mp.mpc(mp.sin(k) / k, (1 - mp.cos(k)) / k),
            width=1 / k,
        )
    integral(
        "exp cos x", lambda x: np.exp(np.cos(x)), (0.0, 2 * math.pi), 2 * mp.pi * mp.besseli(0, 1), width=1.0
    )
    integral(
        "cos(50 sin x)",
        lambda x: np.cos(50 * np.sin(x)),
        (0.0, math.pi),
        mp.pi * mp.besselj(0, 50),
        width=0.02,
    )
    integral(
        "Dirichlet kernel", lambda x: np.sin(50.5 * x) / np.sin(x / 2), (0.0, math.pi), mp.pi, width=0.02
    )
    integral("floor", np.floor, (0.0, 10.0), 45, width=1.0, breakpoints=np.arange(1.0, 10.0))
    end = 10 * mp.pi
    integral(
        "|sin x|",
        lambda x: np.abs(np.sin(x)),
        (0.0, 10 * math.pi),
        20,
        width=1.0,
        breakpoints=math.pi * np.arange(1, 10),
    )
    integral(
        "jump that is not declared",
        lambda x: (x > 1 / 3) * 1.0,
        (0.0, 1.0),
        1 - mp.mpf(1 / 3),
        hard=True,
        width=1.0,
    )
    integral(
        "bump exp(-1/(1 - x^2))",
        lambda x: np.exp(-1 / (1 - x * x)),
        (-1.0, 1.0),
        mp.quad(lambda x: mp.exp(-1 / (1 - x * x)), [-1, -0.5, 0, 0.5, 1]),
        width=0.2,
    )
    integral("exp(-1/x)/x^2", lambda x: np.exp(-1 / x) / (x * x), (0.0, 1.0), mp.exp(-1), width=0.2)
    integral(
        "two peaks",
        lambda x: _gaussian(x, 0.2, 1e-3) + 1e-6 * _gaussian(x, 0.8, 1e-3),
        (0.0, 1.0),
        mp.mpf(1e-3) * mp.sqrt(2 * mp.pi) * (1 + mp.mpf(1e-6)),
        width=1e-3,
    )
    integral("steep tanh", lambda x: np.tanh(1e4 * (x - 0.25)), (0.0, 1.0), mp.mpf(0.5), width=1e-4)
    integral("0", lambda x: 0.0 * x, (0.0, 1.0), 0, width=1.0)
    integral("1e-200 x^2", lambda x: 1e-200 * x * x, (0.0, 3.0), mp.mpf(1e-200) * 9, width=1.0, relative=True)
    integral("1/x", lambda x: 1 / x, (1e-12, 1.0), -mp.log(mp.mpf(1e-12)), width=1.0)

    # ------------------- infinite intervals
    for n in (0, 5, 20):
        integral(
            f"x^{n} exp(-x)",
            lambda x, n=n: x**n * np.exp(-x),
            (0.0, INF),
            mp.factorial(n),
            width=1.0,
            scale=1.0 + n,
        )
    integral("exp(-1e-4 x)", lambda x: np.exp(-1e-4 * x), (0.0, INF), 1 / mp.mpf(1e-4), width=1e4, scale=1e4)
    integral(
        "exp(-x)/sqrt x", lambda x: np.exp(-x) / np.sqrt(x), (0.0, INF), mp.sqrt(mp.pi), width=1.0, scale=1.0
    )
    integral("log(x) exp(-x)", lambda x: np.log(x) * np.exp(-x), (0.0, INF), -mp.euler, width=1.0, scale=1.0)
    integral("Gaussian", lambda x: np.exp(-x * x), (-INF, INF), mp.sqrt(mp.pi), width=0.5, scale=1.0)
    for place, scale in ((50.0, 1.0), (50.0, 60.0), (-400.0, 400.0)):
        integral(
            f"Gaussian at {place:g}, scale {scale:g}",
            lambda x, c=place: _gaussian(x, c, 1.0),
            (-INF, INF),
            mp.sqrt(2 * mp.pi),
            width=1.0,
            scale=scale,
        )
    integral(
        "Gaussians at -1000 and 1000",
        lambda x: _gaussian(x, -1e3, 1.0) + _gaussian(x, 1e3, 1.0),
        (-INF, INF),
        2 * mp.sqrt(2 * mp.pi),
        width=1.0,
        scale=1e3,
    )
    integral("Lorentzian", lambda x: 1 / (1 + x * x), (-INF, INF), mp.pi, width=1.0, scale=1.0)
    integral(
        "Lorentzian at 1000", lambda x: 1 / (1 + (x - 1e3) ** 2), (-INF, INF), mp.pi, width=1.0, scale=1e3
    )
    integral("(1 + x)^-1.5", lambda x: (1 + x) ** -1.5, (0.0, INF), 2, width=1.0, scale=1.0)
    integral(
        "(1 + x)^-1.1", lambda x: (1 + x) ** -1.1, (0.0, INF), 1 / (mp.mpf(1.1) - 1), width=1.0, scale=1.0
    )
    integral(
        "1/(x log(x)^2)",
        lambda x: 1 / (x * np.log(x) ** 2),
        (2.0, INF),
        1 / mp.log(2),
        hard=True,
        width=1.0,
        scale=1.0,
    )
    integral("sin(x)/x", lambda x: np.sin(x) / x, (0.0, INF), mp.pi / 2, hard=True, width=1.0, scale=1.0)
    integral(
        "exp(-x) sin(x)/x", lambda x: np.exp(-x) * np.sin(x) / x, (0.0, INF), mp.pi / 4, width=1.0, scale=1.0
    )
    integral(
        "exp(-x) cos 50 x",
        lambda x: np.exp(-x) * np.cos(50 * x),
        (0.0, INF),
        1 / mp.mpf(2501),
        width=0.02,
        scale=4.0,
    )
    integral(
        "exp(-x^2/2) cos 200 x",
        lambda x: np.exp(-x * x / 2) * np.cos(200 * x),
        (-INF, INF),
        0,
        width=5e-3,
        scale=6.0,
    )
    integral(
        "x/(exp(x) - 1)",
        lambda x: x / np.expm1(np.minimum(x, 700.0)),
        (0.0, INF),
        mp.pi**2 / 6,
        width=1.0,
        scale=1.0,
    )
    integral("1/cosh", lambda x: 1 / np.cosh(np.clip(x, -700, 700)), (-INF, INF), mp.pi, width=1.0, scale=1.0)
    integral(
        "exp(-sqrt |x|)",
        lambda x: np.exp(-np.sqrt(np.abs(x))),
        (-INF, INF),
        4,
        width=1.0,
        scale=1.0,
        breakpoints=[0.0],
    )
    integral(
        "exp(-x^4)", lambda x: np.exp(-(x**4)), (-INF, INF), 2 * mp.gamma(mp.mpf(5) / 4), width=0.3, scale=1.0
    )
    integral(
        "Frullani", lambda x: (np.exp(-x) - np.exp(-2 * x)) / x, (0.0, INF), mp.log(2), width=1.0, scale=1.0
    )
    for beta in (10.0, 1e3, 1e5):
        integral(
            f"Fermi function, beta = {beta:g}",
            lambda x, b=beta: expit(-b * (x - 2.0)),
            (0.0, INF),
            mp.log1p(mp.exp(2 * mp.mpf(beta))) / mp.mpf(beta),
            width=1.0,
            scale=3.0,
            breakpoints=[2.0],
            finest=1 / beta,
        )
    integral("exp(x) below 0", np.exp, (-INF, 0.0), 1, width=1.0, scale=1.0)
    integral(
        "x exp(-x^2/2) above 5",
        lambda x: x * np.exp(-x * x / 2),
        (5.0, INF),
        mp.exp(mp.mpf(-25) / 2),
        width=0.2,
        scale=1.0,
        relative=True,
    )
