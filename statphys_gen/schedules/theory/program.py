r"""A grid of steps as a list of evaluations of the denoiser and linear updates.

Evaluation e calls the denoiser D_e = E[a | x] at x = A_e z + B_e a. Every solver's next state is linear in states and
denoisers that it has seen,

    X_{e+1} = sum_j p_j X_j + sum_j q_j D_j,

so that whatever is linear in the start and in the denoisers (details, class means) follows in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from ..model import Grid, NoiseGrid, Start, TimeGrid

_REMEMBERED = 3  # states and denoisers that an update may name


class Update(NamedTuple):
    """Terms (index, coefficient) of states and of denoisers."""

    states: tuple[tuple[int, float], ...]
    denoisers: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Program:
    """Evaluations of the denoiser and the linear updates that follow them.

    Attributes
    ----------
    noise, data : (E,) scales A_e and B_e of the evaluations.
    updates : (E,) what follows each evaluation; the last gives the sample.
    deviation, start : of the start N(mean, deviation^2 I).
    """

    noise: tuple[float, ...]
    data: tuple[float, ...]
    updates: tuple[Update, ...]
    deviation: float
    start: Start

    def run(self, start: Any, denoise: Callable[[int, Any], Any]) -> Any:
        """The sample from a start, for numbers or arrays that can be added and multiplied by numbers."""
        states, denoisers = {0: start}, {}
        for e, update in enumerate(self.updates):
            denoisers[e] = denoise(e, states[e])
            total: Any = 0.0
            for j, factor in update.states:
                total = total + factor * states[j]
            for j, factor in update.denoisers:
                total = total + factor * denoisers[j]
            states[e + 1] = total
            states.pop(e - _REMEMBERED, None)
            denoisers.pop(e - _REMEMBERED, None)
        return states[len(self.updates)]


def program_of(grid: Grid) -> Program:
    """The evaluations and updates of a grid."""
    if isinstance(grid, TimeGrid):
        return _euler(grid)
    levels = grid.levels
    deviation, start = levels[0], grid.start
    if math.isinf(deviation):
        # The first step goes to the data mean, whatever the solver.
        levels, deviation, start = levels[1:], levels[1], "mean"
    noise: list[float] = []
    updates: list[Update] = []
    step = {"ddim": _ddim, "heun": _heun, "dpmpp-2m": _two_step}[grid.scheme]
    for k in range(len(levels) - 1):
        step(levels, k, noise, updates)
    return Program(tuple(noise), (1.0,) * len(noise), tuple(updates), deviation, start)


def _euler(grid: TimeGrid) -> Program:
    path, times = grid.interpolant, grid.times
    noise, data, updates = [], [], []
    for e, (t, after) in enumerate(pairwise(times)):
        a, b, step = path.noise(t), path.data(t), after - t
        # v = (A'/A) x + (B' - A' B/A) D, with A' = (A A')/A.
        slope = path.product(t) / a / a
        noise.append(a)
        data.append(b)
        updates.append(Update(((e, 1.0 + step * slope),), ((e, step * (path.data_rate(t) - slope * b)),)))
    return Program(tuple(noise), tuple(data), tuple(updates), path.noise(0.0), "zero")


def _ddim(levels: tuple[float, ...], k: int, noise: list[float], updates: list[Update]) -> None:
    e, ratio = len(noise), levels[k + 1] / levels[k]
    noise.append(levels[k])
    updates.append(Update(((e, ratio),), ((e, 1.0 - ratio),)))


def _heun(levels: tuple[float, ...], k: int, noise: list[float], updates: list[Update]) -> None:
    _ddim(levels, k, noise, updates)
    here, there = levels[k], levels[k + 1]
    if there == 0.0:
        return
    e = len(noise)
    noise.append(there)
    first, second = 0.5 * (there - here) / here, 0.5 * (there - here) / there
    updates.append(Update(((e - 1, 1.0 + first), (e, second)), ((e - 1, -first), (e, -second))))


def _two_step(levels: tuple[float, ...], k: int, noise: list[float], updates: list[Update]) -> None:
    here, there = levels[k], levels[k + 1]
    if k == 0 or there == 0.0:
        # After a step from infinity the ratio of the two steps is infinite as well, and the correction 0.
        _ddim(levels, k, noise, updates)
        return
    e, ratio = len(noise), there / here
    share = 0.5 * math.log(here / there) / math.log(levels[k - 1] / here)
    noise.append(here)
    correction = (1.0 - ratio) * share
    updates.append(Update(((e, ratio),), ((e, 1.0 - ratio + correction), (e - 1, -correction))))


def increasing_by_construction(program: Program, grid: Grid, variance: float) -> bool:
    """Whether every step's factor of the state is at least 0 in a Gaussian direction, in a one-evaluation solver."""
    if isinstance(grid, NoiseGrid) and grid.scheme != "ddim":
        return False
    for noise, data, update in zip(program.noise, program.data, program.updates, strict=True):
        gain = data * variance / (noise * noise + variance * data * data)
        ((_, state),), ((_, denoiser),) = update
        if state + denoiser * gain < -1e-13 or denoiser < 0.0:
            return False
    return True
