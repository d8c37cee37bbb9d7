"""Roots with known places: simple, multiple, nearly multiple, flat, steep, none; one and several unknowns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp
import numpy as np
from bank_problem import Problem

from statphys_gen.numerics.roots import bracketed, fixed_point, newton

PROBLEMS: list[Problem] = []


def scalar(
    name: str,
    function: Callable,
    roots: Sequence[Any],
    start: float,
    bracket: tuple[float, float] | None = None,
    hard: bool = False,
    **options: Any,
) -> None:
    """By Newton's method from a start, and in a bracket if there is one."""
    right = [np.array([float(root)]) for root in roots]
    PROBLEMS.append(Problem(name, "root", lambda: newton(function, [start], **options), right, hard))
    if bracket is not None:
        PROBLEMS.append(
            Problem(
                f"{name}, in a bracket", "bracketed root", lambda: bracketed(function, *bracket), right, hard
            )
        )


def system(
    name: str,
    function: Callable,
    roots: Sequence[Any],
    start: Sequence[float],
    hard: bool = False,
    **options: Any,
) -> None:
    right = [np.array([float(entry) for entry in root]) for root in roots]
    PROBLEMS.append(
        Problem(name, "system of equations", lambda: newton(function, start, **options), right, hard)
    )


def _columns(*entries: np.ndarray) -> np.ndarray:
    return np.stack(entries, axis=-1)


with mp.workdps(40):
    # ------------------- simple roots
    scalar("x^2 = 2", lambda x: x * x - 2, [mp.sqrt(2), -mp.sqrt(2)], 5.0, (0.0, 2.0))
    scalar("cos x = x", lambda x: np.cos(x) - x, [mp.findroot(lambda x: mp.cos(x) - x, 0.7)], 3.0, (0.0, 1.0))
    scalar("x exp x = 1", lambda x: x * np.exp(x) - 1, [mp.lambertw(1)], 0.0, (0.0, 1.0))
    scalar(
        "tan x = x",
        lambda x: np.tan(x) - x,
        [mp.findroot(lambda x: mp.sin(x) - x * mp.cos(x), 4.4934)],
        4.5,
        (4.3, 4.6),
    )
    scalar(
        "Kepler, e = 0.99",
        lambda x: x - 0.99 * np.sin(x) - 0.1,
        [mp.findroot(lambda x: x - mp.mpf(0.99) * mp.sin(x) - mp.mpf(0.1), 0.7)],
        1.0,
        (0.0, 2.0),
    )
    scalar("log x = -20", lambda x: np.log(x) + 20, [mp.exp(-20)], 1.0, (1e-12, 1.0), lower=0.0)
    scalar("exp x = 1e-3", lambda x: np.exp(x) - 1e-3, [mp.log(mp.mpf(1e-3))], 0.0, (-20.0, 0.0))
    scalar("arctan x = 1", lambda x: np.arctan(x) - 1, [mp.tan(1)], 30.0, (0.0, 1e3))
    scalar(
        "x^5 = x + 1", lambda x: x**5 - x - 1, [mp.findroot(lambda x: x**5 - x - 1, 1.17)], 2.0, (1.0, 2.0)
    )
    scalar("sinh x = 1e6", lambda x: (np.sinh(x) - 1e6) / 1e6, [mp.asinh(10**6)], 10.0, (0.0, 20.0))
    scalar(
        "erf-like tanh(x) = 0.999999",
        lambda x: np.tanh(x) - 0.999999,
        [mp.atanh(mp.mpf(0.999999))],
        3.0,
        (0.0, 15.0),
    )
    scalar("tanh(1e6 (x - 0.3))", lambda x: np.tanh(1e6 * (x - 0.3)), [mp.mpf(0.3)], 0.3 + 2e-7, (0.0, 1.0))
    scalar(
        "x^3 - 2x - 5",
        lambda x: x**3 - 2 * x - 5,
        [mp.findroot(lambda x: x**3 - 2 * x - 5, 2.09)],
        2.0,
        (2.0, 3.0),
    )
    scalar("1/x = 1e8", lambda x: 1e-8 / x - 1, [mp.mpf(1e-8)], 3e-9, (1e-10, 1.0), lower=0.0)
    scalar("cube root of x", np.cbrt, [0.0], 1.0, (-1.0, 2.0), hard=True)
    scalar("x |x| = 2", lambda x: x * np.abs(x) - 2, [mp.sqrt(2)], 3.0, (-1.0, 4.0))
    scalar(
        "kink at 1/3",
        lambda x: np.where(x > 1 / 3, 5.0, 0.2) * (x - 1 / 3),
        [1 / 3],
        2.0,
        (0.0, 1.0),
        hard=True,
    )
    scalar("sin x = 1/2", lambda x: np.sin(x) - 0.5, [mp.pi / 6], 0.1, (0.0, 1.0))
    scalar("1 - 1e-10 x", lambda x: 1 - 1e-10 * x, [1 / mp.mpf(1e-10)], 0.0, (0.0, 1e12), hard=True)
    # ------------------- multiple and nearly multiple
    for k in range(2, 7):
        scalar(
            f"(x - 1)^{k}",
            lambda x, k=k: (x - 1) ** k,
            [1.0],
            2.0,
            (0.0, 2.5) if k % 2 else (0.2, 2.5),
            hard=k > 3,
        )
    for gap in (1e-2, 1e-4, 1e-6, 1e-8):
        scalar(
            f"(x - 1)^2 = {gap:g}",
            lambda x, g=gap: (x - 1) ** 2 - g,
            [1 + mp.sqrt(mp.mpf(gap)), 1 - mp.sqrt(mp.mpf(gap))],
            3.0,
            (1.0, 2.0),
        )
    for gap in (1e-3, 1e-5):
        scalar(
            f"(x - 1)^3 = {gap:g} (x - 1)",
            lambda x, g=gap: (x - 1) ** 3 - g * (x - 1),
            [1.0, 1 + mp.sqrt(mp.mpf(gap)), 1 - mp.sqrt(mp.mpf(gap))],
            3.0,
            (1 + 0.5 * gap**0.5, 2.0),
        )
    for k in (1, 5, 10):
        scalar(
            f"Wilkinson's polynomial of degree 10 at {k}",
            lambda x: np.prod([x - j for j in range(1, 11)], axis=0) / 1e5,
            [float(j) for j in range(1, 11)],
            k + 0.2,
            (k - 0.4, k + 0.3),
        )
    scalar("x - sin x", lambda x: x - np.sin(x), [0.0], 1.0, (-1.0, 2.0), hard=True)
    scalar("1 - cos x", lambda x: 1 - np.cos(x), [0.0, 2 * mp.pi, -2 * mp.pi], 1.0)
    scalar("x^2 exp(-x)", lambda x: x * x * np.exp(-x), [0.0], 0.5)
    scalar(
        "sign(x) exp(-1/x^2)",
        lambda x: np.sign(x) * np.exp(-1 / np.maximum(x * x, 1e-300)),
        [0.0],
        0.7,
        (-1.0, 2.0),
        hard=True,
    )
    # ------------------- no roots
    for name, function in {
        "x^2 + 1": lambda x: x * x + 1,
        "cosh x": np.cosh,
        "|x| + 0.1": lambda x: np.abs(x) + 0.1,
        "(x - 1)^2 + 1e-6": lambda x: (x - 1) ** 2 + 1e-6,
        "exp x": lambda x: np.exp(x) + 1e-6,
        "1/(x - 0.3)": lambda x: 1 / (x - 0.3),
        "sign(x - 0.3)": lambda x: np.sign(x - 0.3),
        "2 + sin 30 x": lambda x: 2 + np.sin(30 * x),
    }.items():
        scalar(name, function, [], 0.7, (-1.0, 2.0), hard=True)
    # ------------------- systems
    system(
        "Rosenbrock", lambda x: _columns(10 * (x[:, 1] - x[:, 0] ** 2), 1 - x[:, 0]), [(1, 1)], [-1.2, 1.0]
    )
    system(
        "Freudenstein and Roth",
        lambda x: _columns(
            -13 + x[:, 0] + ((5 - x[:, 1]) * x[:, 1] - 2) * x[:, 1],
            -29 + x[:, 0] + ((x[:, 1] + 1) * x[:, 1] - 14) * x[:, 1],
        ),
        [(5, 4)],
        [6.0, 5.0],
    )
    system(
        "Powell, badly scaled",
        lambda x: _columns(1e4 * x[:, 0] * x[:, 1] - 1, np.exp(-x[:, 0]) + np.exp(-x[:, 1]) - 1.0001),
        [
            tuple(
                mp.findroot(
                    lambda a, b: (10**4 * a * b - 1, mp.exp(-a) + mp.exp(-b) - mp.mpf(1.0001)),
                    (1.098e-5, 9.106),
                )
            )
        ],
        [1e-5, 9.0],
    )
    system(
        "Powell, singular",
        lambda x: _columns(
            x[:, 0] + 10 * x[:, 1],
            math.sqrt(5) * (x[:, 2] - x[:, 3]),
            (x[:, 1] - 2 * x[:, 2]) ** 2,
            math.sqrt(10) * (x[:, 0] - x[:, 3]) ** 2,
        ),
        [(0, 0, 0, 0)],
        [3.0, -1.0, 0.0, 1.0],
        hard=True,
    )
    system(
        "circle and parabola",
        lambda x: _columns(x[:, 0] ** 2 + x[:, 1] ** 2 - 2, x[:, 1] - x[:, 0] ** 2),
        [(1, 1), (-1, 1)],
        [2.0, 0.5],
    )
    system(
        "circles that touch",
        lambda x: _columns(x[:, 0] ** 2 + x[:, 1] ** 2 - 1, (x[:, 0] - 2) ** 2 + x[:, 1] ** 2 - 1),
        [(1, 0)],
        [0.8, 0.3],
    )
    system(
        "circles apart",
        lambda x: _columns(x[:, 0] ** 2 + x[:, 1] ** 2 - 1, (x[:, 0] - 3) ** 2 + x[:, 1] ** 2 - 1),
        [],
        [1.4, 0.3],
        hard=True,
    )
    system(
        "Hilbert matrix of order 6",
        lambda x: (
            x @ np.array([[1 / (i + j + 1) for j in range(6)] for i in range(6)])
            - np.array([1 / (i + 1) for i in range(6)])
        ),
        [(1, 0, 0, 0, 0, 0)],
        [0.3] * 6,
    )
    for temperature in (0.2, 0.9, 0.999, 0.999999):
        t = mp.mpf(temperature)
        m = mp.findroot(lambda m, t=t: mp.tanh(m / t) / m - 1, min(0.9999, float(mp.sqrt(3 * (1 - t)))))
        scalar(
            f"Curie-Weiss at {temperature:g}", lambda x, t=temperature: x - np.tanh(x / t), [m, -m, 0.0], 1.0
        )
    PROBLEMS.append(
        Problem(
            "cosine iterated",
            "fixed point",
            lambda: fixed_point(np.cos, [0.1]),
            [np.array([float(mp.findroot(lambda x: mp.cos(x) - x, 0.7))])],
        )
    )
    PROBLEMS.append(
        Problem(
            "a map that hardly contracts",
            "fixed point",
            lambda: fixed_point(lambda x: 0.9999 * np.sin(x) + 1e-3, [0.5]),
            [np.array([float(mp.findroot(lambda x: mp.mpf(0.9999) * mp.sin(x) + mp.mpf(1e-3) - x, 0.17))])],
        )
    )
    PROBLEMS.append(
        Problem(
            "a map that expands, plain",
            "fixed point",
            lambda: fixed_point(lambda x: 3 - 2 * x, [0.5], memory=0),
            [np.array([1.0])],
            hard=True,
        )
    )
    PROBLEMS.append(
        Problem("a shift", "fixed point", lambda: fixed_point(lambda x: x + 1e-3, [0.5]), [], hard=True)
    )
