"""How often gradient descent finds the signal at finite size.

A descent succeeds when |m| = |w.w*|/N exceeds a threshold at any step within its duration. Instances are independent;
starts that share sensing vectors are one cluster. A descent that diverged is neither a success nor a failure: the
numbers are refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument, NotConverged
from ...glossary import dataset
from ...numerics.blocks import map_blocks
from ...presentation import Tabular
from ...progress import keep
from ..model import PhaseRetrieval, check_model
from .descent import Flock
from .hessians import Preprocessing, spectral_estimates
from .instances import Instances, Precision, draw_instances, draw_students, instances_per_block, noise_stream

if TYPE_CHECKING:
    import xarray

Start = Literal["sphere", "spectral"]


@dataclass(frozen=True, eq=False, repr=False)
class Successes(Tabular):
    """Outcomes of descents.

    Attributes
    ----------
    success_time : (instances, starts) training time at which |m| first exceeded the threshold, inf if never.
    diverged_step : (instances, starts) the step at which the energy rose too far, -1 for a proper descent.
    initial_overlap, overlap : (instances, starts) m at the start, and where the descent ended or succeeded.
    duration : the training time after which a descent has failed.
    """

    success_time: FloatArray
    diverged_step: NDArray[np.int64]
    initial_overlap: FloatArray
    overlap: FloatArray
    duration: float

    def require(self) -> Successes:
        """Self if no descent diverged."""
        bad = int((self.diverged_step >= 0).sum())
        if bad:
            raise NotConverged(f"{bad} of {self.diverged_step.size} descents diverged: take smaller steps")
        return self

    @property
    def succeeded(self) -> NDArray[np.int64]:
        """(instances,) number of starts of each instance that succeeded."""
        return np.asarray(np.isfinite(self.require().success_time).sum(axis=1))

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each descent."""
        values = {name: getattr(self, name) for name in _OUTCOMES}
        return [
            {"instance": instance, "start": start}
            | {name: entry[instance, start].item() for name, entry in values.items()}
            for instance, start in np.ndindex(self.success_time.shape)
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along instances and starts."""
        values = {name: (("instance", "start"), getattr(self, name)) for name in _OUTCOMES}
        return dataset(values | {"duration": ((), self.duration)}, {})


_OUTCOMES = ("success_time", "diverged_step", "initial_overlap", "overlap")


def simulate_success(
    model: PhaseRetrieval,
    dimension: int,
    *,
    step_sizes: ArrayLike,
    instances: int,
    starts: int = 1,
    threshold: float = 0.98,
    start: Start = "sphere",
    preprocessing: Preprocessing | None = None,
    temperature: float = 0.0,
    precision: Precision = "double",
    seed: int = 0,
    threads: int = 1,
) -> Successes:
    """Descents until they succeed or their steps are used up.

    Parameters
    ----------
    model, dimension, step_sizes, instances, starts, temperature, precision, seed, threads : as for
        :func:`~statphys_gen.phase_retrieval.simulate_descent`.
    threshold : |m| above which the signal is found, in (0, 1).
    start : "sphere", at the model's overlap; or "spectral", at the leading eigenvector of
        sum_i T(t_i) x_i x_i^T (then ``starts`` is 1 and the model's overlap 0).
    preprocessing : T, maps labels to numbers; 1 - 1/t^2 by default.
    """
    check_model(model)
    size = validation.integer("dimension", dimension, minimum=2)
    count = validation.integer("instances", instances, minimum=1)
    students = validation.integer("starts", starts, minimum=1)
    validation.integer("seed", seed, minimum=0)
    eta = validation.array("step_sizes", step_sizes, ndim=1, above=0.0)
    level = validation.inside("threshold", threshold, 0.0, 1.0)
    heat = validation.non_negative("temperature", temperature)
    validation.choice("start", start, ("sphere", "spectral"))
    validation.choice("precision", precision, ("double", "single"))
    if start == "spectral" and students != 1:
        raise InvalidArgument("starts", students, "1 for a spectral start, which is the same every time")
    if start == "spectral" and model.overlap != 0.0:
        raise InvalidArgument("start", start, "sphere for a start at a given overlap")
    if start == "sphere" and preprocessing is not None:
        raise InvalidArgument("preprocessing", preprocessing, "left out without a spectral start")
    per_block = instances_per_block(model, size)

    def block(index: int) -> Successes:
        first = index * per_block
        there = min(per_block, count - first)
        drawn = draw_instances(
            model,
            size,
            instances=there,
            seed=seed,
            first=first,
            temperature=heat,
            precision=precision,
        )
        if start == "spectral":
            started = spectral_estimates(drawn, preprocessing)[:, None, :]
        else:
            started = draw_students(drawn, overlap=model.overlap, starts=students, seed=seed, first=first)
        noise = [
            noise_stream(seed, drawn, first + k, s) if heat > 0.0 else None
            for k in range(there)
            for s in range(students)
        ]
        flock = Flock(model.loss, drawn, started, temperature=heat, noise=noise)
        return _outcomes(flock, drawn, students, eta, level)

    return _joined(map_blocks(block, math.ceil(count / per_block), threads=threads))


def _outcomes(flock: Flock, drawn: Instances, starts: int, eta: FloatArray, threshold: float) -> Successes:
    runs = len(flock.run)
    success = np.full(runs, math.inf)
    diverged = np.full(runs, -1, dtype=np.int64)
    initial = flock.overlaps()
    final = initial.copy()
    time = 0.0
    for step in range(len(eta) + 1):
        overlap = flock.overlaps()
        final[flock.run] = overlap
        found = np.abs(overlap) > threshold
        if found.any():
            success[flock.run[found]] = time
            flock.keep(~found)
        if not len(flock.run) or step == len(eta):
            break
        if step > 0:
            flock.evaluate()
            bad = flock.risen()
            if bad.any():
                diverged[flock.run[bad]] = step
                success[flock.run[bad]] = math.nan
                final[flock.run[bad]] = math.nan
                flock.keep(~bad)
        flock.move(float(eta[step]))
        time += float(eta[step])
    shape = (len(drawn.sensing), starts)
    return Successes(
        success.reshape(shape),
        diverged.reshape(shape),
        initial.reshape(shape),
        final.reshape(shape),
        float(eta.sum()),
    )


def _joined(parts: list[Successes]) -> Successes:
    return Successes(
        np.concatenate([part.success_time for part in parts]),
        np.concatenate([part.diverged_step for part in parts]),
        np.concatenate([part.initial_overlap for part in parts]),
        np.concatenate([part.overlap for part in parts]),
        parts[0].duration,
    )


keep(simulate_success, "instances", instances_per_block)
