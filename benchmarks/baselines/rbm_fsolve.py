"""The Hopfield network point by point: ``scipy.optimize.fsolve`` around ``scipy.integrate.quad``, as most scripts do,
and the end of retrieval by bisection on the overlap of the converged iteration."""

import math
import warnings
from collections.abc import Callable

import numpy as np
from scipy.integrate import quad
from scipy.optimize import fsolve

from statphys_gen.numerics.quadrature import gaussian_rule

Pair = tuple[float, float]


def average(function: Callable[[float], float], signal: float, width: float) -> float:
    """Over a normal z; the place where the integrand is steep is given to the quadrature."""
    steep = [float(np.clip(-signal / width, -8.0, 8.0))] if width > 0 else [0.0]
    return float(
        quad(
            lambda z: math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * function(signal + width * z),
            -9.0,
            9.0,
            points=steep,
            epsabs=1e-13,
            epsrel=1e-13,
            limit=200,
        )[0]
    )


def fields(m: float, q: float, temperature: float, load: float) -> Pair:
    beta = 1.0 / temperature
    curvature = 1.0 - beta * (1.0 - q)
    return beta * m, beta * math.sqrt(load * max(q, 0.0)) / curvature


def equations(x: np.ndarray, temperature: float, load: float) -> list[float]:
    signal, width = fields(x[0], x[1], temperature, load)
    return [
        x[0] - average(math.tanh, signal, width),
        x[1] - average(lambda u: math.tanh(u) ** 2, signal, width),
    ]


def free_entropy(m: float, q: float, temperature: float, load: float) -> float:
    beta = 1.0 / temperature
    curvature = 1.0 - beta * (1.0 - q)
    signal, width = fields(m, q, temperature, load)
    if curvature <= 0.0:
        return math.nan
    r = beta * q / curvature**2
    sites = average(lambda u: abs(u) + math.log1p(math.exp(-2.0 * abs(u))), signal, width)
    hidden = 0.5 * beta * q / curvature - 0.5 * math.log(curvature)
    tilt = 0.5 * load * beta / curvature
    return (
        sites
        + tilt
        + load * hidden
        - 0.5 * load * beta * (1.0 / curvature + r * (1.0 - q))
        - 0.5 * beta * m * m
    )


def solve(start: Pair, temperature: float, load: float) -> tuple[float, float, float, float]:
    """m, q, free entropy and residual."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # Where the state does not exist fsolve says so in a warning.
        warnings.simplefilter("ignore")
        m, q = fsolve(equations, start, args=(temperature, load), xtol=1e-12)
        residual = max(abs(entry) for entry in equations(np.array([m, q]), temperature, load))
        return float(m), float(q), free_entropy(m, q, temperature, load), residual


def end_of_retrieval(temperature: float, accuracy: float, low: float, high: float) -> float:
    """Bisection of the load on "the iteration from m = 1 keeps an overlap"; averages by a fixed fine rule."""
    rule = gaussian_rule(40.0, 1e-13)

    def retrieves(load: float) -> bool:
        m, q = 1.0, 1.0 - 1e-6
        while True:
            signal, width = fields(m, q, temperature, load)
            t = np.tanh(signal + width * rule.nodes)
            new = float(t @ rule.weights), float((t * t) @ rule.weights)
            # Next to the end the steps become small without an end: the tolerance must be that of the accuracy.
            if new[0] < 0.5:
                return False
            if abs(new[0] - m) + abs(new[1] - q) < 1e-2 * accuracy:
                return True
            m, q = new

    while high - low > accuracy:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if retrieves(middle) else (low, middle)
    return 0.5 * (low + high)
