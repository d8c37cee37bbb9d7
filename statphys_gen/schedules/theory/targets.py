r"""The levels of a grid in the form that a sampler of another library takes, past what that library does with them.

* k-diffusion: K+1 single-precision levels, the last 0, for sample_euler, sample_heun and sample_dpmpp_2m.
* diffusers-euler: ``EulerDiscreteScheduler.set_timesteps(sigmas=...)``, K+1 values with the final 0. A level above the
  table of the scheduler has the timestep of its last entry, and the run starts at the wrong place unless
  ``set_begin_index(0)`` is called.
* flow-match: ``FlowMatchEulerDiscreteScheduler.set_timesteps(sigmas=...)``, K flow times, the first exactly 1, without
  the final 0. The scheduler shifts them, so that they are given unshifted.
* ddpm-timesteps: steps of the table, rounded; the errors are then those of the rounded levels.
* interpolant: times at which A/B is the level. * training: levels with probabilities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...noising import flow_time, sigma_table, unshifted
from ..model import Interpolant, NoiseGrid
from .common_covariance import ClassSpectrum
from .windows import training_density_of

TARGETS = ("k-diffusion", "diffusers-euler", "flow-match", "ddpm-timesteps", "interpolant", "training")
TABLES = ("scaled-linear", "linear")
_TRAINED = 64
_OUTSIDE = 1.0 + 1e-6


@dataclass(frozen=True)
class Export:
    """A grid as a sampler of another library takes it.

    Attributes
    ----------
    schedule : what the sampler is given.
    grid : the levels that it then runs.
    notes : what else to do.
    """

    schedule: Any
    grid: NoiseGrid
    notes: tuple[str, ...]


def named_table(name: str) -> FloatArray:
    """Noise levels of the usual tables of 1000 steps: "scaled-linear", betas .00085 to .012 linear in their roots, or
    "linear", .0001 to .02."""
    validation.choice("table", name, TABLES)
    if name == "linear":
        return sigma_table(np.linspace(1e-4, 2e-2, 1000))
    return sigma_table(np.linspace(math.sqrt(0.00085), math.sqrt(0.012), 1000) ** 2)


def export(
    grid: NoiseGrid,
    target: str,
    *,
    shift: float | None = None,
    dynamic_shift: float | None = None,
    table: FloatArray | None = None,
    begin_index: bool = False,
    interpolant: Interpolant | None = None,
    spectrum: ClassSpectrum | None = None,
) -> Export:
    """A grid in the form of a target.

    Parameters
    ----------
    grid : the levels; for "flow-match" the first is infinite.
    target : one of :data:`TARGETS`.
    shift, dynamic_shift : of the flow-match scheduler; the second is m of s = m s_in/(1 + (m - 1) s_in), which is
    exp(mu)
        for the exponential and mu for the linear kind. At most one is given.
    table : (T,) increasing noise levels of the steps of the sampler; "scaled-linear" for "diffusers-euler" if None.
    begin_index : whether ``set_begin_index(0)`` will be called, which allows levels above the table.
    interpolant : of the target "interpolant".
    spectrum : of the data, for the target "training".

    Raises
    ------
    InvalidArgument : what the sampler would not survive.
    """
    validation.choice("target", target, TARGETS)
    if target != "flow-match" and (shift is not None or dynamic_shift is not None):
        raise InvalidArgument(
            "shift", shift if shift is not None else dynamic_shift, "left out without flow-match"
        )
    if target == "k-diffusion":
        return Export(np.array(grid.levels, dtype=np.float32).tolist(), grid, ())
    if target == "diffusers-euler":
        return _diffusers(grid, named_table("scaled-linear") if table is None else table, begin_index)
    if target == "flow-match":
        return _flow_match(grid, shift, dynamic_shift)
    if target == "ddpm-timesteps":
        if table is None:
            raise InvalidArgument("table", None, "given with the target ddpm-timesteps")
        return _timesteps(grid, table)
    if target == "interpolant":
        if interpolant is None:
            raise InvalidArgument("interpolant", None, "given with the target interpolant")
        return Export([_time_at(interpolant, level) for level in grid.levels], grid, ())
    if spectrum is None:
        raise InvalidArgument("spectrum", None, "given with the target training")
    return _training(grid, spectrum)


def _diffusers(grid: NoiseGrid, table: FloatArray, begin_index: bool) -> Export:
    low, high = float(table[0]), float(table[-1])
    first, last = grid.levels[0], grid.levels[-2]
    notes = [
        'with timestep_spacing "leading" the scheduler starts from the deviation sqrt(S_0^2 + 1); S_0 is meant: '
        f"{first:.7g}"
    ]
    if first > high * _OUTSIDE:
        if not begin_index:
            raise InvalidArgument(
                "begin_index",
                False,
                f"set (and set_begin_index(0) called): the first level {first:.6g} is above the table, which ends at "
                f"{high:.6g}; or ask for --noise-level-range {low:.6g} {high:.6g}",
            )
        notes.append(f"levels above {high:.6g} are outside the table: call set_begin_index(0)")
    if last < low:
        notes.append(
            f"levels below {low:.6g} are outside the table: the network is asked at timestep 0 there"
        )
    return Export(list(grid.levels), grid, tuple(notes))


def _flow_match(grid: NoiseGrid, shift: float | None, dynamic_shift: float | None) -> Export:
    if not math.isinf(grid.levels[0]):
        raise InvalidArgument("grid", grid.levels[0], "infinite at the first level, which is s = 1")
    if shift is not None and dynamic_shift is not None:
        raise InvalidArgument("dynamic_shift", dynamic_shift, "left out with a shift")
    s = flow_time(np.array(grid.levels[:-1]))
    notes = [
        "leave use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas and shift_terminal of the scheduler unset"
    ]
    if dynamic_shift is not None:
        m = validation.positive("dynamic_shift", dynamic_shift)
        s = np.where(s < 1.0, unshifted(s, m), 1.0)
        notes.append("for a scheduler with use_dynamic_shifting whose mu gives this shift")
    else:
        s = np.where(s < 1.0, unshifted(s, 1.0 if shift is None else shift), 1.0)
    return Export(s.tolist(), grid, tuple(notes))


def _timesteps(grid: NoiseGrid, table: FloatArray) -> Export:
    levels = np.array(grid.levels[:-1])
    places = np.interp(np.log(levels), np.log(table), np.arange(len(table), dtype=np.float64))
    steps = np.unique(np.round(places).astype(np.int64))[::-1]
    notes = []
    if len(steps) < len(levels):
        notes.append(f"{len(levels)} levels round to {len(steps)} different steps of the table")
    if levels[0] > table[-1] * _OUTSIDE:
        notes.append(
            f"S_0 = {levels[0]:.6g} is above the table, which ends at {table[-1]:.6g}: the noise there still holds "
            "signal, which the start error counts"
        )
    rounded = replace(grid, levels=(*table[steps].tolist(), 0.0))
    return Export(steps.tolist(), rounded, tuple(notes))


def _time_at(path: Interpolant, level: float) -> float:
    if math.isinf(level):
        return 0.0
    if level == 0.0:
        return 1.0
    low, high = 0.0, 1.0

    def excess(t: float) -> float:
        # Positive where the noise is above the level; no division by B.
        return path.noise(t) - level * path.data(t)

    return float(brentq(excess, low, high, xtol=1e-300, rtol=8.9e-16))


def _training(grid: NoiseGrid, spectrum: ClassSpectrum) -> Export:
    finite = [level for level in grid.levels if 0.0 < level < math.inf]
    levels = np.geomspace(finite[0], finite[-1], _TRAINED)
    found = training_density_of(spectrum, levels)
    schedule = {"noise_levels": levels.tolist(), "probabilities": found.density.tolist()}
    return Export(
        schedule,
        grid,
        (
            "draw noise levels with these probabilities: half uniform in log S, half where the weight is learned",
        ),
    )
