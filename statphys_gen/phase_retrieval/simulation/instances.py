"""Instances of phase retrieval at finite size, and students on them: each has a random stream of its own.

Sensing vectors x_i ~ N(0, I_N), i = 1 ... M; a signal w* uniform on the sphere |w*|^2 = N with labels
t_i = x_i.w*/sqrt(N), or *null labels* t_i ~ N(0, 1) that know nothing of the sensing vectors, which stand for the limit
N -> infinity at overlap 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...meaning import fingerprint
from ...statistics.streams import generator
from ..model import PhaseRetrieval, check_model

LabelLaw = Literal["signal", "null"]
Precision = Literal["double", "single"]
LABEL_LAWS = ("signal", "null")
PRECISIONS = ("double", "single")
# Sensing vectors of the instances of one block: about this many numbers.
_BLOCK = 2**19


@dataclass(frozen=True, eq=False)
class Instances:
    """Independent draws: ``sensing`` (I, M, N), ``labels`` (I, M) and ``signals`` (I, N), None for null labels.

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


def number_of_measurements(model: PhaseRetrieval, dimension: int) -> int:
    """M: samples_per_dimension times the dimension, rounded to an integer, at least 1."""
    return max(1, round(model.samples_per_dimension * dimension))


def draw_instances(
    model: PhaseRetrieval,
    dimension: int,
    *,
    instances: int = 1,
    seed: int = 0,
    first: int = 0,
    label_law: LabelLaw = "signal",
    temperature: float = 0.0,
    precision: Precision = "double",
) -> Instances:
    """Instances ``first``, ..., ``first + instances - 1`` of a seed; each has a stream of its own.

    They are independent for different models, dimensions, label laws and temperatures of the dynamics they are for.
    An instance is the same for whatever else is done with it: other steps or starts, Hessians, spectral estimates.
    """
    check_model(model)
    size = validation.integer("dimension", dimension, minimum=2)
    number = validation.integer("instances", instances, minimum=1)
    validation.choice("label_law", label_law, LABEL_LAWS)
    measurements = number_of_measurements(model, size)
    kind = np.float32 if validation.choice("precision", precision, PRECISIONS) == "single" else np.float64
    sensing = np.empty((number, measurements, size), dtype=kind)
    known = np.empty((number, measurements))
    signals = np.empty((number, size))
    origin = fingerprint(
        {"problem": model, "dimension": size, "labels": label_law, "temperature": float(temperature)}
    )
    key = {"purpose": "phase retrieval", "origin": origin}
    for k in range(number):
        rng = generator(seed, key, first + k)
        rng.standard_normal(out=sensing[k], dtype=kind)
        if label_law == "null":
            known[k] = rng.standard_normal(measurements)
            continue
        signals[k] = on_sphere(rng.standard_normal(size))
        known[k] = sensing[k] @ signals[k].astype(kind) / math.sqrt(size)
    return Instances(sensing, known, None if label_law == "null" else signals, origin)


def on_sphere(v: FloatArray) -> FloatArray:
    """Rows rescaled to |w|^2 = N."""
    norm = np.sqrt(np.einsum("...j,...j->...", v, v) / v.shape[-1])
    return np.asarray(v / norm[..., None])


def draw_students(
    instances: Instances,
    *,
    overlap: float = 0.0,
    starts: int = 1,
    seed: int = 0,
    first: int = 0,
    orthogonal: bool = False,
) -> FloatArray:
    """Students (I, starts, N): uniform on the sphere, or with exactly this overlap with the signal if it is not 0.

    ``first`` is the number of the first instance. ``orthogonal`` makes the overlap exactly 0 too, where it is otherwise
    of order 1/sqrt(N).
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
        return on_sphere(students)
    if instances.signals is None:
        raise InvalidArgument("overlap", m, "0 for null labels, which have no signal")
    return at_overlap(students, instances.signals[:, None, :], m)


def at_overlap(v: FloatArray, signals: FloatArray, m: float) -> FloatArray:
    """The part of v orthogonal to the signal, rescaled and completed to overlap m."""
    along = np.einsum("...j,...j->...", v, signals) / v.shape[-1]
    rest = on_sphere(v - along[..., None] * signals)
    return np.asarray(m * signals + math.sqrt(1.0 - m * m) * rest)


def instances_per_block(model: PhaseRetrieval, dimension: int) -> int:
    return max(1, _BLOCK // (number_of_measurements(model, dimension) * dimension))


def noise_stream(seed: int, instances: Instances, instance: int, start: int) -> np.random.Generator:
    key = {"purpose": "thermal noise", "origin": instances.origin, "instance": instance}
    return generator(seed, key, start)
