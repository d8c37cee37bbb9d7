r"""Gradient descent and Langevin dynamics of phase retrieval at finite size, by the definition of the loss.

One step of size eta at temperature T, of the loss L = sum_i l(y_i, t_i):

    v = w - eta grad L(w) + sqrt(2 T eta) xi,   xi ~ N(0, I_N),        w <- sqrt(N) v/|v|

with grad L = X^T F/sqrt(N), F_i = dl/dy(y_i, t_i), y_i = x_i.w/sqrt(N): full-batch spherical gradient descent at T = 0,
and for eta -> 0 Langevin dynamics on the sphere with the law exp(-L/T).

A descent whose steps are too large is reported as diverged and its numbers are NaN, see :data:`LARGEST_RISE`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument, NotConverged
from ...glossary import dataset
from ...numerics.blocks import map_blocks
from ...presentation import Tabular
from ...progress import keep
from ...statistics.estimate import Estimate
from ..model import Loss, PhaseRetrieval, check_model
from .gradient import Gradients
from .instances import (
    LABEL_LAWS,
    PRECISIONS,
    Instances,
    LabelLaw,
    Precision,
    at_overlap,
    draw_instances,
    draw_students,
    instances_per_block,
    noise_stream,
)

if TYPE_CHECKING:
    import xarray


# Gradient descent with small enough steps never raises the energy. A rise in one step above this share of the energy at
# the start (or any number that is not finite) is a divergence: rounding is far below, and an unstable step far above.
LARGEST_RISE = 0.01
# Langevin dynamics may warm up from a start of low energy, but not above this multiple of the energy of random points
# plus what fluctuates: with the law exp(-L/T), whose partition sum is at least exp(-<L>_random/T), the energy exceeds
# <L>_random + x T with probability exp(-x) at most.
_LARGEST_WARMING = 3.0
_LARGEST_FLUCTUATION = 40.0
# Points for <L>_random, each with one component alone, which matter where the energy is not the same at nearly all.
_AXES = 16


# ----------------------------------------------------------------------------------------------------------- results


@dataclass(frozen=True, eq=False, repr=False)
class Descents(Tabular):
    """Descents of ``starts`` students on each of ``instances`` independent instances.

    Attributes
    ----------
    step, training_time : (R,) recorded steps, and the sum of the step sizes before them.
    energy, lagrange_multiplier : (instances, starts, R) L/N and mu at the recorded steps.
    overlap : the same for m = w.w*/N; None for null labels.
    correlation : (instances, starts, R, R) w_r.w_s/N between recorded steps.
    diverged_step : (instances, starts) the first step at which the energy rose too far, -1 for a proper descent. From
        that step on the records are NaN.
    pre_activations : (instances, starts, R, M) y_i if they were asked for.
    labels : (instances, M) t_i if the pre-activations were asked for.
    students : (instances, starts, R, N) if they were asked for.
    """

    step: NDArray[np.int64]
    training_time: FloatArray
    energy: FloatArray
    lagrange_multiplier: FloatArray
    overlap: FloatArray | None
    correlation: FloatArray
    diverged_step: NDArray[np.int64]
    pre_activations: FloatArray | None = field(default=None, repr=False)
    labels: FloatArray | None = field(default=None, repr=False)
    students: FloatArray | None = field(default=None, repr=False)

    def require(self) -> Descents:
        """Self if every descent is proper; otherwise a refusal that names the first divergence."""
        bad = np.argwhere(self.diverged_step >= 0)
        if len(bad):
            instance, start = (int(k) for k in bad[0])
            raise NotConverged(
                f"{len(bad)} of {self.diverged_step.size} descents diverged, the first (instance {instance}, start "
                f"{start}) at step {int(self.diverged_step[instance, start])}: take smaller steps"
            )
        return self

    def estimate(self, quantity: str) -> Estimate:
        """Mean over all descents of energy, lagrange_multiplier, overlap, correlation; errors over instances.

        Starts that share sensing vectors are averaged first: they count as one sample.
        """
        names = ("energy", "lagrange_multiplier", "overlap", "correlation")
        validation.choice("quantity", quantity, names)
        values = getattr(self.require(), quantity)
        if values is None:
            raise InvalidArgument("quantity", quantity, "one of the others: null labels have no signal")
        return Estimate.from_samples(values.mean(axis=1))

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each recorded step: means over the descents that had not diverged then."""
        overlap = {} if self.overlap is None else {"overlap": self.overlap}
        values = {"energy": self.energy, "lagrange_multiplier": self.lagrange_multiplier} | overlap
        rows = []
        for k, (step, time) in enumerate(zip(self.step.tolist(), self.training_time.tolist(), strict=True)):
            proper = np.isfinite(self.energy[:, :, k])
            means = {
                name: float(entry[:, :, k][proper].mean()) if proper.any() else math.nan
                for name, entry in values.items()
            }
            rows.append({"step": step, "training_time": time, "descents": int(proper.sum())} | means)
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """Along instances, starts and recorded steps; what was not kept is left out."""
        along = ("instance", "start", "step")
        axes = {
            "energy": along,
            "lagrange_multiplier": along,
            "overlap": along,
            "correlation": (*along, "other_step"),
            "diverged_step": along[:2],
            "pre_activations": (*along, "measurement"),
            "labels": ("instance", "measurement"),
            "students": (*along, "component"),
        }
        kept = {name: getattr(self, name) for name in axes if getattr(self, name) is not None}
        return dataset(
            {name: (axes[name], entry) for name, entry in kept.items()},
            {
                "step": (("step",), self.step),
                "training_time": (("step",), self.training_time),
                "other_step": (("other_step",), self.step),
            },
        )


# ---------------------------------------------------------------------------------------------------------- dynamics


def simulate_descent(
    model: PhaseRetrieval,
    dimension: int,
    *,
    step_sizes: ArrayLike,
    instances: int,
    starts: int = 1,
    temperature: float = 0.0,
    label_law: LabelLaw = "signal",
    hold_overlap: bool = False,
    record: Sequence[int] | None = None,
    keep_pre_activations: bool = False,
    keep_students: bool = False,
    precision: Precision = "double",
    seed: int = 0,
    threads: int = 1,
) -> Descents:
    """Spherical gradient descent, or Langevin dynamics at a temperature above 0.

    Parameters
    ----------
    model : loss, samples_per_dimension (M is rounded to an integer) and the overlap of the start: 0 for one uniform
        on the sphere, other values for a warm start with exactly this overlap.
    dimension : N, at least 2.
    step_sizes : eta_k of steps k = 0 ... K - 1, shape (K,), positive; see
        :func:`~statphys_gen.phase_retrieval.geometric_steps`.
    instances, starts : independent instances, and students on each (they share the sensing vectors).
    temperature : T, at least 0.
    label_law : "signal", or "null" for labels that are independent of the sensing vectors.
    hold_overlap : keep the overlap with the signal at its start (exactly 0 for a random start), by removing the
        component of each step along the signal.
    record : which of the states 0 ... K to record; all by default.
    keep_pre_activations, keep_students : keep them at the recorded steps, for spectra of Hessians.
    precision : of sensing vectors and students; energies are summed in double precision.
    threads : over blocks of instances; the numbers do not depend on it.
    """
    check_model(model)
    size = validation.integer("dimension", dimension, minimum=2)
    count = validation.integer("instances", instances, minimum=1)
    students = validation.integer("starts", starts, minimum=1)
    validation.integer("seed", seed, minimum=0)
    eta = validation.array("step_sizes", step_sizes, ndim=1, above=0.0)
    heat = validation.non_negative("temperature", temperature)
    validation.choice("label_law", label_law, LABEL_LAWS)
    validation.choice("precision", precision, PRECISIONS)
    kept = _recorded(record, len(eta))
    if label_law == "null" and (hold_overlap or model.overlap != 0.0):
        raise InvalidArgument("label_law", label_law, "signal, for a warm start or an overlap that is held")
    per_block = instances_per_block(model, size)

    def block(index: int) -> Descents:
        first = index * per_block
        there = min(per_block, count - first)
        drawn = draw_instances(
            model,
            size,
            instances=there,
            seed=seed,
            first=first,
            label_law=label_law,
            temperature=heat,
            precision=precision,
        )
        start = draw_students(
            drawn, overlap=model.overlap, starts=students, seed=seed, first=first, orthogonal=hold_overlap
        )
        held = model.overlap if hold_overlap else None
        noise = [
            noise_stream(seed, drawn, first + k, s) if heat > 0.0 else None
            for k in range(there)
            for s in range(students)
        ]
        return descend(
            model.loss,
            drawn,
            start,
            eta,
            temperature=heat,
            noise=noise,
            held_overlap=held,
            record=kept,
            keep_pre_activations=keep_pre_activations,
            keep_students=keep_students,
        )

    return _joined(map_blocks(block, math.ceil(count / per_block), threads=threads))


def _recorded(record: Sequence[int] | None, steps: int) -> NDArray[np.int64]:
    if record is None:
        return np.arange(steps + 1)
    entries = [validation.integer("record", entry, minimum=0, maximum=steps) for entry in record]
    if not entries or sorted(set(entries)) != entries:
        raise InvalidArgument("record", list(record), "increasing steps, at least one")
    return np.array(entries, dtype=np.int64)


def descend(
    loss: Loss,
    instances: Instances,
    students: FloatArray,
    step_sizes: FloatArray,
    *,
    temperature: float = 0.0,
    noise: Sequence[np.random.Generator | None] = (),
    held_overlap: float | None = None,
    record: NDArray[np.int64] | None = None,
    keep_pre_activations: bool = False,
    keep_students: bool = False,
) -> Descents:
    """Descents from given students (I, S, N) on given instances, one stream of ``noise`` for each at T > 0."""
    number, starts, size = students.shape
    kept = _recorded(None, len(step_sizes)) if record is None else record
    flock = Flock(loss, instances, students, temperature=temperature, noise=noise, held_overlap=held_overlap)
    states = np.full((number * starts, len(kept), size), np.nan, dtype=instances.sensing.dtype)
    values = np.full((2, number * starts, len(kept)), np.nan)
    diverged = np.full(number * starts, -1, dtype=np.int64)
    for step in range(len(step_sizes) + 1):
        flock.evaluate()
        bad = flock.risen()
        if bad.any():
            diverged[flock.run[bad]] = step
            flock.keep(~bad)
        if not len(flock.run):
            break
        place = np.flatnonzero(kept == step)
        if len(place):
            states[flock.run, place[0]] = flock.students
            values[:, flock.run, place[0]] = flock.energies, flock.multipliers
        if step < len(step_sizes):
            flock.move(float(step_sizes[step]))
    shape = (number, starts, len(kept))
    states = states.reshape(*shape, size)
    wide = states.astype(np.float64)
    overlap = pre = None
    if instances.signals is not None:
        overlap = np.einsum("isrj,ij->isr", wide, instances.signals) / size
    if keep_pre_activations:
        pre = np.stack([s @ x.T for s, x in zip(states, instances.sensing, strict=True)]) / math.sqrt(size)
    return Descents(
        kept,
        np.concatenate([[0.0], np.cumsum(step_sizes)])[kept],
        values[0].reshape(shape),
        values[1].reshape(shape),
        overlap,
        wide @ wide.swapaxes(2, 3) / size,
        diverged.reshape(number, starts),
        None if pre is None else pre.astype(np.float64),
        instances.labels if keep_pre_activations else None,
        wide if keep_students else None,
    )


class Flock:
    """The students that still move, as rows: each knows its instance and its number among all that started."""

    def __init__(
        self,
        loss: Loss,
        instances: Instances,
        students: FloatArray,
        *,
        temperature: float = 0.0,
        noise: Sequence[np.random.Generator | None] = (),
        held_overlap: float | None = None,
    ) -> None:
        number, starts, size = students.shape
        self.gradients_of = Gradients(loss, instances.sensing, instances.labels, starts)
        self.signals = instances.signals
        self.temperature, self.noise, self.held_overlap = temperature, noise, held_overlap
        self.students = students.reshape(number * starts, size).astype(instances.sensing.dtype)
        self.run = np.arange(number * starts)
        self.instance = np.repeat(np.arange(number), starts)
        self.gradients, self.energies, self.multipliers = self._evaluated()
        self.scale = self.energies
        if temperature > 0.0:
            # Other points on the sphere, independent of the sensing vectors like a random one: the student's mirror
            # image under a shift of its components, and some of the axes.
            others = [np.roll(self.students, size // 2, axis=1)]
            for k in range(min(size, _AXES)):
                axis = np.zeros_like(self.students)
                axis[:, k] = math.sqrt(size)
                others.append(axis)
            energies = [
                self.gradients_of(np.ascontiguousarray(other), self.instance)[1] / size for other in others
            ]
            self.scale = (
                _LARGEST_WARMING * np.maximum(self.energies, np.maximum.reduce(energies))
                + _LARGEST_FLUCTUATION * temperature / size
            )
        self.before = self.energies

    def _evaluated(self) -> tuple[NDArray[Any], FloatArray, FloatArray]:
        gradients, energies, forces = self.gradients_of(self.students, self.instance)
        size = self.students.shape[1]
        return gradients, energies / size, forces / size

    def evaluate(self) -> None:
        """Gradient, energy and multiplier at the present students."""
        self.before = self.energies
        self.gradients, self.energies, self.multipliers = self._evaluated()

    def risen(self) -> NDArray[np.bool_]:
        """Which energies show that the last step was too large."""
        allowed = self.scale if self.temperature > 0.0 else self.before + LARGEST_RISE * self.scale
        with np.errstate(invalid="ignore"):
            return np.asarray(~(self.energies <= allowed) | ~np.isfinite(self.gradients).all(axis=1))

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Drop the other students."""
        for name in (
            "students",
            "run",
            "instance",
            "gradients",
            "energies",
            "multipliers",
            "scale",
            "before",
        ):
            setattr(self, name, getattr(self, name)[which])

    def overlaps(self) -> FloatArray:
        assert self.signals is not None
        signals = self.signals[self.instance]
        return np.einsum("pj,pj->p", self.students, signals) / self.students.shape[1]

    def move(self, step_size: float) -> None:
        """One step on the sphere."""
        narrow = self.students.dtype.type
        v = self.students - narrow(step_size) * self.gradients
        if self.temperature > 0.0:
            size = v.shape[1]
            strength = math.sqrt(2.0 * self.temperature * step_size)
            for k, run in enumerate(self.run):
                stream = self.noise[int(run)]
                assert stream is not None
                v[k] += (strength * stream.standard_normal(size)).astype(v.dtype)
        if self.held_overlap is not None:
            assert self.signals is not None
            self.students = at_overlap(v, self.signals[self.instance], self.held_overlap).astype(v.dtype)
            return
        norm = np.sqrt(np.einsum("pj,pj->p", v, v, dtype=np.float64) / v.shape[1]).astype(v.dtype)
        v /= norm[:, None]
        self.students = v


def _joined(parts: list[Descents]) -> Descents:
    def together(name: str) -> Any:
        entries = [getattr(part, name) for part in parts]
        return None if entries[0] is None else np.concatenate(entries)

    names = ("energy", "lagrange_multiplier", "overlap", "correlation", "diverged_step")
    more = ("pre_activations", "labels", "students")
    return partial(Descents, parts[0].step, parts[0].training_time)(
        *(together(name) for name in (*names, *more))
    )


keep(simulate_descent, "instances", instances_per_block)
