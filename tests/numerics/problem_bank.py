"""Equations with roots known in closed form or exactly, through which every solver is run."""

from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np


def magnetisation(temperature: float, field: float = 0.0, guess: float = 1.0) -> mpmath.mpf:
    """Root of m = tanh((m + field) / temperature) to 50 digits, for the temperature as the float that it is."""
    with mpmath.workdps(50):
        t, h = mpmath.mpf(temperature), mpmath.mpf(field)
        if h == 0 and t >= 1:
            return mpmath.mpf(0)
        # Without the factor m, which would attract the iteration to zero just below the critical temperature.
        if h == 0:
            start = mpmath.sqrt(3 * (1 - t)) if t > 0.7 else mpmath.mpf(guess)
            return mpmath.findroot(lambda m: mpmath.tanh(m / t) / m - 1, start)
        return mpmath.findroot(lambda m: m - mpmath.tanh((m + h) / t), guess)


def curie_weiss(x, temperature):
    return x - np.tanh(x / temperature[:, None])


@dataclass(frozen=True)
class Problem:
    """F(x) = 0 with F = ``residual``, a start, and every root that a solver may find from there.

    ``mapping`` is a contraction with the same fixed points, ``bracket`` encloses one root of a scalar problem.
    """

    name: str
    residual: Callable
    start: tuple[float, ...]
    roots: tuple[tuple[float, ...], ...]
    jacobian: Callable
    mapping: Callable | None = None
    bracket: tuple[float, float] | None = None
    lower: float | None = None
    upper: float | None = None


def _columns(*entries):
    return np.stack(entries, axis=-1)


BANK = (
    Problem(
        "square root of two",
        lambda x: x**2 - 2,
        (5.0,),
        ((2**0.5,),),
        lambda x: 2 * x[:, :, None],
        mapping=lambda x: x / 2 + 1 / x,
        bracket=(1.0, 2.0),
        lower=0.0,
    ),
    Problem(
        "cosine (Dottie number)",
        lambda x: x - np.cos(x),
        (3.0,),
        ((0.7390851332151607,),),
        lambda x: 1 + np.sin(x)[:, :, None],
        mapping=np.cos,
        bracket=(0.0, 1.0),
    ),
    Problem(
        "Curie-Weiss, T = 0.9",
        lambda x: x - np.tanh(x / 0.9),
        (1.0,),
        ((float(magnetisation(0.9)),),),
        lambda x: 1 - (1 - np.tanh(x / 0.9) ** 2)[:, :, None] / 0.9,
        mapping=lambda x: np.tanh(x / 0.9),
        bracket=(0.2, 1.0),
    ),
    Problem(
        "far side of an arctangent",
        lambda x: np.arctan(x - 1),
        (40.0,),
        ((1.0,),),
        lambda x: (1 / (1 + (x - 1) ** 2))[:, :, None],
        bracket=(-3.0, 7.0),
    ),
    Problem(
        "expanded cubic with roots 1, 2, 3",
        lambda x: x**3 - 6 * x**2 + 11 * x - 6,
        (4.5,),
        ((1.0,), (2.0,), (3.0,)),
        lambda x: (3 * x**2 - 12 * x + 11)[:, :, None],
        bracket=(2.5, 3.7),
    ),
    Problem(
        "logarithm close to its edge",
        lambda x: np.log(x) + 30,
        (1e-3,),
        ((float(mpmath.exp(-30)),),),
        lambda x: (1 / x)[:, :, None],
        bracket=(1e-15, 1.0),
        lower=0.0,
    ),
    Problem(
        "Rosenbrock's valley",
        lambda x: _columns(10 * (x[:, 1] - x[:, 0] ** 2), 1 - x[:, 0]),
        (-1.2, 1.0),
        ((1.0, 1.0),),
        lambda x: np.stack(
            [
                _columns(-20 * x[:, 0], np.full(len(x), 10.0)),
                _columns(np.full(len(x), -1.0), np.zeros(len(x))),
            ],
            1,
        ),
    ),
    Problem(
        "circle and hyperbola",
        lambda x: _columns(x[:, 0] ** 2 + x[:, 1] ** 2 - 5, x[:, 0] * x[:, 1] - 2),
        (3.0, 0.5),
        ((2.0, 1.0), (1.0, 2.0), (-1.0, -2.0), (-2.0, -1.0)),
        lambda x: np.stack([2 * x, x[:, ::-1]], 1),
    ),
    Problem(
        "equations in units of 1e-6 and 1e5",
        lambda x: _columns(1e-6 * (x[:, 0] - np.cos(x[:, 0])), 1e5 * (x[:, 1] ** 2 - 1)),
        (0.1, 1.4),
        ((0.7390851332151607, 1.0), (0.7390851332151607, -1.0)),
        lambda x: np.stack(
            [
                _columns(1e-6 * (1 + np.sin(x[:, 0])), np.zeros(len(x))),
                _columns(np.zeros(len(x)), 2e5 * x[:, 1]),
            ],
            1,
        ),
    ),
)
