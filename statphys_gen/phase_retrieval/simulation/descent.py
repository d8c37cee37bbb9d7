r"""Gradient descent and Langevin dynamics of phase retrieval at finite size, by the definition of the loss.

Sensing vectors x_i ~ N(0, I_N), i = 1 ... M; a signal w* uniform on the sphere |w*|^2 = N with labels
t_i = x_i.w*/sqrt(N), or *null labels* t_i ~ N(0, 1) that know nothing of the sensing vectors, which stand for the limit
N -> infinity at overlap 0. One step of size eta at temperature T, of the loss L = sum_i l(y_i, t_i):

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
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument, NotConverged
from ...meaning import fingerprint
from ...numerics.blocks import map_blocks
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import Loss, PhaseRetrieval
from .gradient import Gradients

Labels = Literal["signal", "null"]
Precision = Literal["double", "single"]

# Gradient descent with small enough steps never raises the energy. A rise in one step above this share of the energy at
# the start (or any number that is not finite) is a divergence: rounding is far below, and an unstable step far above.
LARGEST_RISE = 0.01
# Langevin dynamics may warm up from a start of low energy, but not above this multiple of the energy of a random point.
_LARGEST_WARMING = 3.0
# Sensing vectors of the instances of one block: about this many numbers.
_BLOCK = 2**19


@dataclass(frozen=True, eq=False)
class Instances:
    """Independent problems: ``sensing`` (I, M, N), ``labels`` (I, M) and ``signals`` (I, N), None for null labels.

    ``origin`` stands for all that they were drawn from but the seed: starts and noise are drawn for it.
    """

    sensing: NDArray[Any]
    labels: FloatArray
    signals: FloatArray | None
    origin: str

    @property
    def dimension(self) -> int:
        return int(self.sensing.shape[2])

    @property
    def measurements(self) -> int:
        return int(self.sensing.shape[1])


def number_of_measurements(problem: PhaseRetrieval, dimension: int) -> int:
    """M: samples_per_dimension times the dimension, rounded to an integer, at least 1."""
    return max(1, round(problem.samples_per_dimension * dimension))


def draw_instances(
    problem: PhaseRetrieval,
    dimension: int,
    count: int,
    seed: int,
    *,
    first: int = 0,
    labels: Labels = "signal",
    temperature: float = 0.0,
    precision: Precision = "double",
) -> Instances:
    """Instances ``first``, ..., ``first + count - 1`` of a seed; each has a stream of its own.

    They are independent for different problems, dimensions, labels and temperatures of the dynamics that they are for.
    An instance is the same for whatever else is done with it: other steps or starts, Hessians, spectral estimates.
    """
    check_problem(problem)
    size = validation.integer("dimension", dimension, minimum=2)
    number = validation.integer("count", count, minimum=1)
    validation.choice("labels", labels, ("signal", "null"))
    measurements = number_of_measurements(problem, size)
    kind = np.float32 if validation.choice("precision", precision, _PRECISIONS) == "single" else np.float64
    sensing = np.empty((number, measurements, size), dtype=kind)
    known = np.empty((number, measurements))
    signals = np.empty((number, size))
    origin = fingerprint(
        {"problem": problem, "dimension": size, "labels": labels, "temperature": float(temperature)}
    )
    key = {"purpose": "phase retrieval", "origin": origin}
    for k in range(number):
        rng = generator(seed, key, first + k)
        rng.standard_normal(out=sensing[k], dtype=kind)
        if labels == "null":
            known[k] = rng.standard_normal(measurements)
            continue
        signals[k] = _on_sphere(rng.standard_normal(size))
        known[k] = sensing[k] @ signals[k].astype(kind) / math.sqrt(size)
    return Instances(sensing, known, None if labels == "null" else signals, origin)


_PRECISIONS = ("double", "single")


def check_problem(problem: PhaseRetrieval) -> None:
    if not isinstance(problem, PhaseRetrieval):
        raise InvalidArgument("problem", problem, "a PhaseRetrieval, such as PhaseRetrieval(loss, 3.0)")


def _on_sphere(v: FloatArray) -> FloatArray:
    """Rows rescaled to |w|^2 = N."""
    norm = np.sqrt(np.einsum("...j,...j->...", v, v) / v.shape[-1])
    return np.asarray(v / norm[..., None])


def draw_students(
    instances: Instances, overlap: float, starts: int, seed: int, *, first: int = 0, orthogonal: bool = False
) -> FloatArray:
    """Students (I, starts, N): uniform on the sphere, or with exactly this overlap with the signal if it is not 0.

    ``orthogonal`` makes the overlap exactly 0 too, where it is otherwise of order 1/sqrt(N).
    """
    m = validation.inside("overlap", overlap, -1.0, 1.0)
    count = validation.integer("starts", starts, minimum=1)
    number, _, size = instances.sensing.shape
    students = np.empty((number, count, size))
    for k in range(number):
        key = {"purpose": "start", "origin": instances.origin, "instance": first + k}
        for s in range(count):
            students[k, s] = generator(seed, key, s).standard_normal(size)
    if m == 0.0 and not orthogonal:
        return _on_sphere(students)
    if instances.signals is None:
        raise InvalidArgument("overlap", m, "0 for null labels, which have no signal")
    return _at_overlap(students, instances.signals[:, None, :], m)


def _at_overlap(v: FloatArray, signals: FloatArray, m: float) -> FloatArray:
    """The part of v orthogonal to the signal, rescaled and completed to overlap m."""
    along = np.einsum("...j,...j->...", v, signals) / v.shape[-1]
    rest = _on_sphere(v - along[..., None] * signals)
    return np.asarray(m * signals + math.sqrt(1.0 - m * m) * rest)


# ----------------------------------------------------------------------------------------------------------- results


@dataclass(frozen=True, eq=False)
class Descents:
    """Descents of ``starts`` students on each of ``instances`` independent problems.

    Attributes
    ----------
    step, time : (R,) recorded steps, and the sum of the step sizes before them.
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
    time: FloatArray
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


# ---------------------------------------------------------------------------------------------------------- dynamics


def simulate_descent(
    problem: PhaseRetrieval,
    dimension: int,
    instances: int,
    seed: int,
    step_sizes: ArrayLike,
    *,
    temperature: float = 0.0,
    starts: int = 1,
    labels: Labels = "signal",
    hold_overlap: bool = False,
    record: Sequence[int] | None = None,
    keep_pre_activations: bool = False,
    keep_students: bool = False,
    precision: Precision = "double",
    threads: int = 1,
) -> Descents:
    """Spherical gradient descent, or Langevin dynamics at a temperature above 0.

    Parameters
    ----------
    problem : loss, samples_per_dimension (M is rounded to an integer) and the overlap of the start: 0 for one uniform
        on the sphere, other values for a warm start with exactly this overlap.
    dimension : N, at least 2.
    instances, starts : independent problems, and students on each (they share the sensing vectors).
    step_sizes : eta_k of steps k = 0 ... K - 1, shape (K,), positive; see
        :func:`~statphys_gen.phase_retrieval.geometric_steps`.
    temperature : T, at least 0.
    labels : "signal", or "null" for labels that are independent of the sensing vectors.
    hold_overlap : keep the overlap with the signal at its start (exactly 0 for a random start), by removing the
        component of each step along the signal.
    record : which of the states 0 ... K to record; all by default.
    keep_pre_activations, keep_students : keep them at the recorded steps, for spectra of Hessians.
    precision : of sensing vectors and students; energies are summed in double precision.
    threads : over blocks of instances; the numbers do not depend on it.
    """
    check_problem(problem)
    size = validation.integer("dimension", dimension, minimum=2)
    count = validation.integer("instances", instances, minimum=1)
    students = validation.integer("starts", starts, minimum=1)
    validation.integer("seed", seed, minimum=0)
    eta = validation.array("step_sizes", step_sizes, ndim=1, above=0.0)
    heat = validation.non_negative("temperature", temperature)
    validation.choice("labels", labels, ("signal", "null"))
    validation.choice("precision", precision, _PRECISIONS)
    kept = _recorded(record, len(eta))
    if labels == "null" and (hold_overlap or problem.overlap != 0.0):
        raise InvalidArgument("labels", labels, "signal, for a warm start or an overlap that is held")
    per_block = instances_per_block(problem, size)

    def block(index: int) -> Descents:
        first = index * per_block
        there = min(per_block, count - first)
        drawn = draw_instances(
            problem, size, there, seed, first=first, labels=labels, temperature=heat, precision=precision
        )
        start = draw_students(drawn, problem.overlap, students, seed, first=first, orthogonal=hold_overlap)
        held = problem.overlap if hold_overlap else None
        noise = [
            noise_stream(seed, drawn, first + k, s) if heat > 0.0 else None
            for k in range(there)
            for s in range(students)
        ]
        return descend(
            problem.loss,
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


def instances_per_block(problem: PhaseRetrieval, dimension: int) -> int:
    return max(1, _BLOCK // (number_of_measurements(problem, dimension) * dimension))


def noise_stream(seed: int, instances: Instances, instance: int, start: int) -> np.random.Generator:
    key = {"purpose": "thermal noise", "origin": instances.origin, "instance": instance}
    return generator(seed, key, start)


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
            # Another point on the sphere, independent of the sensing vectors like a random one: the student's mirror
            # image under a shift of its components.
            shifted = np.ascontiguousarray(np.roll(self.students, size // 2, axis=1))
            self.scale = _LARGEST_WARMING * np.maximum(
                self.energies, self.gradients_of(shifted, self.instance)[1] / size
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
            self.students = _at_overlap(v, self.signals[self.instance], self.held_overlap).astype(v.dtype)
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
    return partial(Descents, parts[0].step, parts[0].time)(*(together(name) for name in (*names, *more)))
