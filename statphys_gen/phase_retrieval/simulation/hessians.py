r"""Spectra of finite Hessians and of the matrices of spectral initialisation.

    H = (1/N) X^T diag(g) X - mu I,    g_i = d2l/dy2(y_i, t_i),    mu = (1/N) sum_i F_i y_i,

projected orthogonally to the student w. The signal's eigenvector is told by its overlap with the signal and not by its
rank: other eigenvalues may lie below the bulk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
from ...statistics.estimate import Estimate
from ..model import Loss, PhaseRetrieval, check_model
from .descent import simulate_descent
from .instances import Instances, LabelLaw, draw_instances, draw_students

if TYPE_CHECKING:
    import xarray

Preprocessing = Callable[[FloatArray], FloatArray]
Method = Literal["dense", "lanczos"]

_LANCZOS_STEPS = 20_000


@dataclass(frozen=True, eq=False, repr=False)
class SmallestEigenvalues(Tabular):
    """The smallest eigenvalues of one Hessian.

    Attributes
    ----------
    eigenvalues : (k,) of H, increasing.
    overlap_squared : (k,) |<v, w*>|^2/N of the normalised eigenvectors; None for null labels.
    lagrange_multiplier : mu.
    residual : largest |H v - lambda v| of the eigenpairs.
    """

    eigenvalues: FloatArray
    overlap_squared: FloatArray | None
    lagrange_multiplier: float
    residual: float

    @property
    def informative(self) -> int:
        """Index of the eigenvector with the largest overlap with the signal."""
        if self.overlap_squared is None:
            raise InvalidArgument("label_law", "null", "signal, for an eigenvector that points to it")
        return int(np.argmax(self.overlap_squared))

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each eigenvalue."""
        overlaps = [None] * len(self.eigenvalues) if self.overlap_squared is None else self.overlap_squared
        return [
            {"eigenvalue": float(value), "overlap_squared": overlap}
            for value, overlap in zip(self.eigenvalues, overlaps, strict=True)
        ]

    def to_dataset(self) -> xarray.Dataset:
        """In their order; without overlaps for null labels."""
        variables: dict[str, tuple[tuple[str, ...], Any]] = {"eigenvalue": (("rank",), self.eigenvalues)}
        if self.overlap_squared is not None:
            variables["overlap_squared"] = (("rank",), self.overlap_squared)
        variables |= {name: ((), getattr(self, name)) for name in ("lagrange_multiplier", "residual")}
        return dataset(variables, {})


def hessian(
    loss: Loss, sensing: NDArray[Any], labels: FloatArray, student: FloatArray
) -> tuple[FloatArray, float]:
    """H (N, N), with the student's direction projected out (its eigenvalue is then 0), and mu."""
    weight, multiplier = _weights(loss, sensing, labels, student)
    x = np.asarray(sensing, dtype=np.float64)
    size = x.shape[1]
    matrix = (x.T * (weight / size)) @ x
    matrix.flat[:: size + 1] -= multiplier
    unit = student / np.linalg.norm(student)
    along = matrix @ unit
    matrix -= np.outer(along, unit) + np.outer(unit, along)
    matrix += float(unit @ along) * np.outer(unit, unit)
    return matrix, multiplier


def _weights(
    loss: Loss, sensing: NDArray[Any], labels: FloatArray, student: FloatArray
) -> tuple[FloatArray, float]:
    size = sensing.shape[1]
    y = np.asarray(sensing @ student.astype(sensing.dtype), dtype=np.float64) / math.sqrt(size)
    return loss.curvature(y, labels), float(loss.slope(y, labels) @ y) / size


def hessian_extremes(
    loss: Loss,
    sensing: NDArray[Any],
    labels: FloatArray,
    student: FloatArray,
    signal: FloatArray | None = None,
    *,
    count: int = 4,
    method: Method = "dense",
    tolerance: float = 1e-6,
) -> SmallestEigenvalues:
    """The smallest eigenvalues of the Hessian at a student.

    Parameters
    ----------
    sensing, labels, student, signal : (M, N), (M,), (N,), (N,).
    count : number of eigenvalues.
    method : "dense", to rounding; or "lanczos", which never forms the matrix, for N of several thousand (at smaller N
        it is the slower one).
    tolerance : of Lanczos, largest |H v - lambda v| relative to |lambda + mu|; others are refused.

    Raises
    ------
    NotConverged : Lanczos did not reach the tolerance.
    """
    size = sensing.shape[1]
    number = validation.integer("count", count, minimum=1, maximum=size - 1)
    validation.choice("method", method, ("dense", "lanczos"))
    allowed = validation.positive("tolerance", tolerance)
    if method == "dense":
        values, vectors, multiplier, residual = _dense(loss, sensing, labels, student, number)
    else:
        values, vectors, multiplier, residual = _lanczos(loss, sensing, labels, student, number, allowed)
    overlaps = None if signal is None else (vectors.T @ signal) ** 2 / size
    return SmallestEigenvalues(values, overlaps, multiplier, residual)


def _dense(
    loss: Loss, sensing: NDArray[Any], labels: FloatArray, student: FloatArray, count: int
) -> tuple[FloatArray, FloatArray, float, float]:
    from scipy.linalg import eigh

    matrix, multiplier = hessian(loss, sensing, labels, student)
    # One more than asked for: the projected direction has the eigenvalue 0, which may lie among them.
    values, vectors = eigh(matrix, subset_by_index=[0, count])
    unit = student / np.linalg.norm(student)
    genuine = (unit @ vectors) ** 2 < 0.5
    if genuine.all():
        genuine[-1] = False
    values, vectors = values[genuine], vectors[:, genuine]
    residual = float(np.linalg.norm(matrix @ vectors - vectors * values, axis=0).max())
    return values, vectors, multiplier, residual


def _lanczos(
    loss: Loss, sensing: NDArray[Any], labels: FloatArray, student: FloatArray, count: int, tolerance: float
) -> tuple[FloatArray, FloatArray, float, float]:
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    weight, multiplier = _weights(loss, sensing, labels, student)
    size = sensing.shape[1]
    unit = student / np.linalg.norm(student)
    # The student's direction is moved above everything that is looked for.
    lift = float(np.abs(weight).mean()) * len(labels) / size + abs(multiplier)

    def product(v: FloatArray) -> FloatArray:
        v = v.ravel()
        along = float(unit @ v)
        rest = (v - along * unit).astype(sensing.dtype)
        moved = np.asarray(sensing.T @ (weight * (sensing @ rest)).astype(sensing.dtype), dtype=np.float64)
        moved = moved / size - multiplier * rest
        return np.asarray(moved - float(unit @ moved) * unit + lift * along * unit)

    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    start = np.ones(size) / math.sqrt(size)
    try:
        values, vectors = eigsh(
            operator, count, which="SA", tol=0.1 * tolerance, v0=start, maxiter=_LANCZOS_STEPS
        )
    except ArpackNoConvergence:
        raise NotConverged(f"Lanczos: the {count} smallest eigenvalues were not found; use dense") from None
    residuals = [
        float(np.linalg.norm(product(vectors[:, k]) - values[k] * vectors[:, k])) for k in range(count)
    ]
    worst = max(residuals)
    if worst > tolerance * float(np.abs(values + multiplier).max()):
        raise NotConverged(f"Lanczos: the residual is {worst:.2g}, relative to the tolerance {tolerance:.2g}")
    return values, vectors, multiplier, worst


# ------------------------------------------------------------------------------------------------- at initialisation

_QUANTITIES = (
    "outlier",
    "unshifted_outlier",
    "overlap_squared",
    "next_eigenvalue",
    "lagrange_multiplier",
    "energy",
)


@dataclass(frozen=True, eq=False, repr=False)
class Hessians(Tabular):
    """Smallest eigenvalues of the Hessians of independent instances; the first axis is that of the instances.

    Attributes
    ----------
    outlier, overlap_squared : (I,) eigenvalue and squared overlap of the eigenvector that points most to the signal;
        None for null labels.
    next_eigenvalue : (I,) the smallest of the others.
    lagrange_multiplier, energy : (I,) mu and L/N. The multiplier shifts all eigenvalues alike and fluctuates much more
        than their distances.
    """

    outlier: FloatArray | None
    overlap_squared: FloatArray | None
    next_eigenvalue: FloatArray
    lagrange_multiplier: FloatArray
    energy: FloatArray

    @property
    def unshifted_outlier(self) -> FloatArray | None:
        """(I,) eigenvalue of H + mu I = (1/N) X^T diag(g) X, projected."""
        return None if self.outlier is None else self.outlier + self.lagrange_multiplier

    def estimate(self, quantity: str) -> Estimate:
        """Mean and error over instances of one of the attributes."""
        validation.choice("quantity", quantity, _QUANTITIES)
        values = getattr(self, quantity)
        if values is None:
            raise InvalidArgument("quantity", quantity, "one of the others: null labels have no signal")
        return Estimate.from_samples(values)

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each instance."""
        values = self._values()
        return [{name: float(entry[k]) for name, entry in values.items()} for k in range(len(self.energy))]

    def to_dataset(self) -> xarray.Dataset:
        """Along the instances."""
        return dataset({name: (("instance",), entry) for name, entry in self._values().items()}, {})

    def _values(self) -> dict[str, FloatArray]:
        return {name: getattr(self, name) for name in _QUANTITIES if getattr(self, name) is not None}


def simulate_hessian(
    model: PhaseRetrieval,
    dimension: int,
    *,
    instances: int,
    label_law: LabelLaw = "signal",
    count: int = 4,
    method: Method = "dense",
    tolerance: float = 1e-6,
    seed: int = 0,
    threads: int = 1,
) -> Hessians:
    """Hessians at the start of the descent, one student on each instance, exactly at the model's overlap.

    Parameters
    ----------
    model : its overlap is that of the students; at 0 they are orthogonal to the signal.
    dimension, instances, label_law, seed, threads : as for :func:`~statphys_gen.phase_retrieval.simulate_descent`.
    count : the informative eigenvector is looked for among so many smallest ones.
    method, tolerance : see :func:`hessian_extremes`.
    """
    check_model(model)
    number = validation.integer("instances", instances, minimum=1)
    size = validation.integer("dimension", dimension, minimum=4)
    validation.integer("count", count, minimum=2, maximum=size - 1)

    def one(k: int) -> list[float]:
        drawn = draw_instances(model, size, seed=seed, first=k, label_law=label_law)
        orthogonal = drawn.signals is not None
        student = draw_students(drawn, overlap=model.overlap, seed=seed, first=k, orthogonal=orthogonal)[0, 0]
        return _measured(model.loss, drawn, student, count, method, tolerance)

    return _gathered(np.array(map_blocks(one, number, threads=threads)), label_law)


def simulate_hessian_path(
    model: PhaseRetrieval,
    dimension: int,
    *,
    step_sizes: ArrayLike,
    record: Sequence[int],
    instances: int,
    temperature: float = 0.0,
    label_law: LabelLaw = "signal",
    hold_overlap: bool = False,
    count: int = 4,
    method: Method = "dense",
    tolerance: float = 1e-6,
    seed: int = 0,
    threads: int = 1,
) -> list[Hessians]:
    """Hessians at the recorded steps of descents, one student on each instance: one entry for each step.

    Parameters
    ----------
    dimension, step_sizes, record, instances, temperature, label_law, hold_overlap, seed, threads : as for
        :func:`~statphys_gen.phase_retrieval.simulate_descent`.
    count, method, tolerance : as for :func:`simulate_hessian`.

    Raises
    ------
    NotConverged : a descent diverged.
    """
    size = validation.integer("dimension", dimension, minimum=4)
    validation.integer("count", count, minimum=2, maximum=size - 1)
    descents = simulate_descent(
        model,
        size,
        step_sizes=step_sizes,
        instances=instances,
        temperature=temperature,
        label_law=label_law,
        hold_overlap=hold_overlap,
        record=record,
        keep_students=True,
        seed=seed,
        threads=threads,
    ).require()
    assert descents.students is not None
    students = descents.students

    def one(k: int) -> list[list[float]]:
        drawn = draw_instances(model, size, seed=seed, first=k, label_law=label_law, temperature=temperature)
        return [_measured(model.loss, drawn, w, count, method, tolerance) for w in students[k, 0]]

    rows = np.array(map_blocks(one, len(students), threads=threads))
    return [_gathered(rows[:, r], label_law) for r in range(len(record))]


def _measured(
    loss: Loss, drawn: Instances, student: FloatArray, count: int, method: Method, tolerance: float
) -> list[float]:
    """A row of :class:`Hessians` of one instance."""
    x, t = drawn.sensing[0], drawn.labels[0]
    signal = None if drawn.signals is None else drawn.signals[0]
    found = hessian_extremes(loss, x, t, student, signal, count=count, method=method, tolerance=tolerance)
    energy = float(loss.value(x @ student / math.sqrt(len(student)), t).sum()) / len(student)
    outlier = overlap = math.nan
    following = 0
    if found.overlap_squared is not None:
        best = found.informative
        outlier, overlap = float(found.eigenvalues[best]), float(found.overlap_squared[best])
        following = 0 if best else 1
    return [outlier, overlap, float(found.eigenvalues[following]), found.lagrange_multiplier, energy]


def _gathered(rows: FloatArray, label_law: LabelLaw) -> Hessians:
    outlier, overlap, *others = rows.T
    if label_law == "null":
        return Hessians(None, None, *others)
    return Hessians(outlier, overlap, *others)


def simulate_smoothed_density(
    model: PhaseRetrieval,
    dimension: int,
    *,
    positions: ArrayLike,
    smoothing: float,
    instances: int,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Density of eigenvalues of H + mu I at the start, convoluted with a Lorentzian of half width ``smoothing``.

    Parameters
    ----------
    positions : (K,); the multiplier is not subtracted, since its fluctuations would smear the density further.
    """
    check_model(model)
    number = validation.integer("instances", instances, minimum=2)
    size = validation.integer("dimension", dimension, minimum=4)
    x = validation.array("positions", positions, ndim=1)
    width = validation.positive("smoothing", smoothing)

    def one(k: int) -> FloatArray:
        drawn = draw_instances(model, size, seed=seed, first=k)
        student = draw_students(drawn, overlap=model.overlap, seed=seed, first=k, orthogonal=True)[0, 0]
        matrix, multiplier = hessian(model.loss, drawn.sensing[0], drawn.labels[0], student)
        # The projected direction is moved above the others and left out: it would count as 1/N at a fluctuating place.
        unit = student / np.linalg.norm(student)
        matrix += 2.0 * float(np.linalg.norm(matrix)) * np.outer(unit, unit)
        values = np.linalg.eigvalsh(matrix)[:-1] + multiplier
        return np.asarray((width / np.pi / ((x[:, None] - values) ** 2 + width**2)).mean(axis=1))

    return Estimate.from_samples(np.array(map_blocks(one, number, threads=threads)))


# ------------------------------------------------------------------------------------------- spectral initialisation


def optimal_preprocessing(t: FloatArray) -> FloatArray:
    """T = 1 - 1/t^2."""
    return 1.0 - 1.0 / (t * t)


def spectral_estimates(instances: Instances, preprocessing: Preprocessing | None = None) -> FloatArray:
    """(I, N) the leading eigenvector of sum_i T(t_i) x_i x_i^T of each instance, with |w|^2 = N."""
    from scipy.linalg import eigh

    transform = optimal_preprocessing if preprocessing is None else preprocessing
    number, _, size = instances.sensing.shape
    found = np.empty((number, size))
    for k in range(number):
        weight = np.asarray(transform(instances.labels[k]), dtype=np.float64)
        if weight.shape != instances.labels[k].shape or not np.isfinite(weight).all():
            raise InvalidArgument("preprocessing", preprocessing, "one finite number for each label")
        x = np.asarray(instances.sensing[k], dtype=np.float64)
        _, vectors = eigh((x.T * weight) @ x, subset_by_index=[size - 1, size - 1])
        found[k] = vectors[:, 0] * math.sqrt(size)
    return found


def simulate_spectral_overlap(
    model: PhaseRetrieval,
    dimension: int,
    *,
    instances: int,
    preprocessing: Preprocessing | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Squared overlap of the spectral initialisation with the signal, |w.w*|^2/N^2; the loss does not matter.

    Parameters
    ----------
    preprocessing : T, maps labels (M,) to (M,); 1 - 1/t^2 by default.
    """
    check_model(model)
    number = validation.integer("instances", instances, minimum=2)
    size = validation.integer("dimension", dimension, minimum=4)

    def one(k: int) -> float:
        drawn = draw_instances(model, size, seed=seed, first=k)
        assert drawn.signals is not None
        return float(spectral_estimates(drawn, preprocessing)[0] @ drawn.signals[0] / size) ** 2

    return Estimate.from_samples(map_blocks(one, number, threads=threads))


keep(simulate_hessian, "instances")
keep(simulate_hessian_path, "instances")
keep(simulate_smoothed_density, "instances")
keep(simulate_spectral_overlap, "instances")
