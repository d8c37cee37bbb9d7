"""Folds, crossings, bifurcations and branches in closed form, and points that only look like them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp
import numpy as np
from bank_problem import Problem

from statphys_gen.numerics.branches import follow
from statphys_gen.numerics.continuation import Phase, bifurcation, crossing, fold

PROBLEMS: list[Problem] = []


def turn(
    name: str,
    residual: Callable,
    start: Sequence[float],
    parameter: float,
    right: Sequence[Any],
    hard: bool = False,
    **options: Any,
) -> None:
    """Unknowns and parameter at a fold."""
    answers = [np.array([float(entry) for entry in answer]) for answer in right]
    PROBLEMS.append(Problem(name, "fold", lambda: fold(residual, start, parameter, **options), answers, hard))


def branch_end(
    name: str,
    residual: Callable,
    start: Sequence[float],
    parameter: float,
    right: Sequence[float],
    **options: Any,
) -> None:
    """The last point of a branch (unknowns, parameter), and the number of turns before it, which must be exact."""

    def solve() -> tuple[Any, Any]:
        found = follow(residual, start, parameter, **options)
        last = [*found.unknowns[-1], found.parameter[-1], float(len(found.turning_points))]
        return np.array(last), np.array([found.solution.error[-1] + 1e-15] * (len(last) - 1) + [0.0])

    PROBLEMS.append(Problem(name, "branch", solve, [np.array([float(entry) for entry in right])]))


with mp.workdps(40):
    turn("p = x^2", lambda x, p: p[:, None] - x**2, [0.5], 0.1, [(0, 0)])
    turn("p = -cosh x", lambda x, p: p[:, None] + np.cosh(x), [0.4], -1.2, [(0, -1)])
    turn("p = x exp(-x)", lambda x, p: p[:, None] - x * np.exp(-x), [0.8], 0.3, [(1, mp.exp(-1))])
    turn("p = x^3 - 3 x", lambda x, p: p[:, None] - x**3 + 3 * x, [1.3], -1.5, [(1, -2), (-1, 2)])
    turn("p = sin 5 x", lambda x, p: p[:, None] - np.sin(5 * x), [0.3], 0.9, [(mp.pi / 10, 1)])
    turn("p = 1e4 (x - 2)^2", lambda x, p: 1e-4 * p[:, None] - (x - 2) ** 2, [2.3], 1e3, [(2, 0)])
    turn("p = 1e-4 (x - 2)^2", lambda x, p: p[:, None] - 1e-4 * (x - 2) ** 2, [2.3], 1e-3, [(2, 0)])
    turn("Bratu in one mode", lambda x, p: x - p[:, None] * np.exp(x), [0.7], 0.3, [(1, mp.exp(-1))])
    turn("circle at its right", lambda x, p: x**2 + p[:, None] ** 2 - 1, [0.2], 0.9, [(0, 1)])
    for temperature in (0.2, 0.7, 0.99):
        t = mp.mpf(temperature)
        m = mp.sqrt(1 - t)
        turn(
            f"spinodal of Curie-Weiss at {temperature:g}",
            lambda x, h, t=temperature: x - np.tanh((x + h[:, None]) / t),
            [1.1 * float(m) if t > 0.5 else float(m)],
            float(t * mp.atanh(m) - m),
            [(m, t * mp.atanh(m) - m), (-m, m - t * mp.atanh(m))],
        )
    for gap in (1e-1, 1e-3):
        g = mp.mpf(gap)
        turn(
            f"cusp at {gap:g}",
            lambda x, p, g=gap: p[:, None] - x**3 + 3 * g**2 * x,
            [1.4 * gap],
            -2 * gap**3,
            [(g, -2 * g**3), (-g, 2 * g**3)],
        )
    turn(
        "fold of two unknowns",
        lambda x, p: np.stack([p - x[:, 0] ** 2 - x[:, 1], x[:, 1] - x[:, 0]], axis=1),
        [-0.3, -0.3],
        -0.1,
        [(mp.mpf(-1) / 2, mp.mpf(-1) / 2, mp.mpf(-1) / 4)],
    )
    turn("quartic turn", lambda x, p: p[:, None] - x**4, [0.5], 0.1, [(0, 0)], hard=True)
    for name, residual, start in (
        ("inflection x^3", lambda x, p: p[:, None] - x**3, 0.5),
        ("inflection x^5", lambda x, p: p[:, None] - x**5, 0.5),
        ("pitchfork", lambda x, p: p[:, None] * x - x**3, 0.1),
        ("transcritical", lambda x, p: p[:, None] * x - x**2, 0.1),
        ("isolated point", lambda x, p: x**2 + p[:, None] ** 2, 0.5),
        ("crossing lines", lambda x, p: x**2 - p[:, None] ** 2, 0.2),
        ("straight line", lambda x, p: x - p[:, None], 0.2),
        ("tanh", lambda x, p: p[:, None] - np.tanh(x), 2.0),
    ):
        turn(f"{name} is no fold", residual, [start], 0.1, [])

    def pair(name: str, value: Callable, start: float, right: Sequence[float]) -> None:
        """x = p against x = 0: where ``value(p)`` changes its sign."""
        answers = [np.array([place, 0.0, place], dtype=float) for place in right]
        PROBLEMS.append(
            Problem(
                name,
                "crossing",
                lambda: crossing(
                    Phase(lambda x, p: x - p[:, None], lambda x, p: value(x[:, 0]), [start], ["first"]),
                    Phase(lambda x, p: x, lambda x, p: 0 * p, [0.0], ["second"]),
                    start,
                ),
                answers,
            )
        )

    pair("values that cross", lambda x: np.log(x) - 1, 2.0, [math.e])
    pair("values that cross twice", lambda x: (x - 1) ** 2 - 1e-6, 1.3, [1 - 1e-3, 1 + 1e-3])
    pair("values that cross steeply", lambda x: np.tanh(1e3 * (x - 0.5)), 0.5003, [0.5])
    pair("values that touch", lambda x: (x - 1) ** 2, 1.3, [])
    pair("values that stay apart", lambda x: (x - 1) ** 2 + 0.1, 1.3, [])
    for name, residual, ends, right in (
        ("pitchfork at 1", lambda x, t: x - np.tanh(x / t[:, None]), (0.5, 2.0), [1.0]),
        ("stable throughout", lambda x, t: x - np.tanh(x / t[:, None]), (1.5, 2.0), []),
        (
            "Hopf",
            lambda x, g: np.stack([x[:, 0] - x[:, 1], x[:, 1] + x[:, 0]], axis=1) - g[:, None] * x,
            (0.0, 3.0),
            [],
        ),
    ):
        unknowns = 2 if name == "Hopf" else 1
        PROBLEMS.append(
            Problem(
                f"bifurcation: {name}",
                "bifurcation",
                lambda r=residual, e=ends, n=unknowns: bifurcation(r, lambda t: np.zeros((len(t), n)), *e),
                [np.array([place]) for place in right],
            )
        )

    branch_end("all round a circle", lambda x, p: x**2 + p[:, None] ** 2 - 1, [1.0], 0.0, (1, 0, 2))
    branch_end(
        "all round an ellipse",
        lambda x, p: x**2 + 25 * p[:, None] ** 2 - 1,
        [1.0],
        0.0,
        (1, 0, 2),
        max_step=0.02,
    )
    branch_end(
        "all round a lemniscate",
        lambda x, p: (x**2 + p[:, None] ** 2) ** 2 - 2 * (x**2 - p[:, None] ** 2),
        [math.sqrt(2)],
        0.0,
        (mp.sqrt(2), 0, 4),
        max_step=0.05,
        step=0.005,
    )
    branch_end(
        "through the folds of a cubic",
        lambda x, p: x**3 - 3 * x - p[:, None],
        [-3.0],
        -18.0,
        (3, 18, 2),
        parameter_upper=18.0,
        max_points=2000,
    )
    branch_end(
        "through an inflection", lambda x, p: x**3 - p[:, None], [-2.0], -8.0, (2, 8, 0), parameter_upper=8.0
    )
    branch_end(
        "sharp turn of a hyperbola",
        lambda x, p: x**2 - p[:, None] ** 2 - 1e-6,
        [1.0],
        -math.sqrt(1 - 1e-6),
        (mp.sqrt(1 + mp.mpf(1e-6)), 1, 0),
        parameter_upper=1.0,
    )
