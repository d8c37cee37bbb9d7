r"""Gradient descent of a random student for N -> infinity: dynamical mean-field theory, step by step.

Spherical descent, Langevin dynamics at temperature T where it is not 0:

    w~ = w_t - eta_t grad L(w_t) + sqrt(2 T eta_t) noise,     w_{t+1} = sqrt(N) w~/|w~|,

full batch, L = sum_i l(y_i, t_i), training time = sum of the step sizes eta_t. The theory, in :mod:`.dmft_paths`, is
exact for every finite step size as N -> infinity at a fixed number of steps; its averages are over n paths, and errors
over independent replicas of n paths each. :func:`gradient_flow_dynamics` extrapolates the step sizes to 0.

Observables, for a start at overlap 0 (a random student keeps overlap 0 for any time of order 1):

    correlation C(t,0) = w_t.w_0/N;  energy L/N;  multiplier mu_t = alpha E F y;
    response: of w to a force on it, -R(t,s)/eta_s;
    outlier criterion B_t, edge and signal outlier of the Hessian from the law of (y, t) at that step;
    growth G_t = m_t/m_0 of an infinitesimal overlap.

The time at which the outlier is lost, where B_t falls through 1, is found in :mod:`.bbp_time`.

Source: derivations/phase_retrieval/dynamics.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument, NotConverged
from ...glossary import dataset
from ...numerics.blocks import map_blocks
from ...presentation import Tabular
from ...progress import keep
from ...solution import Solution, Status
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import PhaseRetrieval, check_model
from .curvature_law import CurvatureLaw, NodeRule
from .dmft_paths import Paths, follow
from .dmft_spectrum import PathSpectrum

if TYPE_CHECKING:
    import xarray

SOURCE = "derivations/phase_retrieval/dynamics.py"
VALID = "at a fixed number of steps; errors are statistical, over replicas of the paths"
# Bytes of the stored responses of one replica.
_LARGEST_MEMORY = 8e9
# Stein's lemma relates force and response; a difference above this share of the forces means too few paths.
_LARGEST_DEFECT = 0.05
_RATIOS = ("bulk_edge", "outlier", "outlier_overlap_squared")


@dataclass(frozen=True, eq=False, repr=False)
class DescentDynamics(Tabular):
    """The dynamics at steps 0 ... K.

    Attributes
    ----------
    model, temperature : what was studied.
    step_sizes : eta of shape (K,); of the coarsest schedule for gradient flow.
    training_time : of shape (K + 1,).
    values : those of every replica, of shape (replicas, K + 1), NaN after ``reached``: ``correlation`` with the
        start, ``energy``, ``lagrange_multiplier``; ``overlap`` for a warm start; for a start at overlap 0
        ``overlap_growth`` and, where the curvature of the loss is bounded below, ``outlier_criterion``.
    solution : their means as one :class:`~statphys_gen.solution.Solution` over the steps. ``residual`` is the violation
        of Stein's lemma, E F h = sum E D C + ..., relative to alpha E |F h|; ``error`` the largest standard error over
        the fields, and the error of the extrapolation in the step size for gradient flow. Steps after a divergence have
        *left the domain*: a path ran away, or the energy rose, because the step sizes are too large.
    correlations, responses : matrices over pairs of steps, of shape (replicas, K + 1, K + 1); see the module.
    reached : last step before any replica diverged; K if none did.
    """

    model: PhaseRetrieval
    temperature: float
    step_sizes: FloatArray
    training_time: FloatArray
    values: dict[str, FloatArray]
    solution: Solution
    correlations: FloatArray
    responses: FloatArray
    reached: int
    discretisation: dict[str, FloatArray] = field(default_factory=dict, repr=False)
    _fields: FloatArray = field(default_factory=lambda: np.empty(0), repr=False)
    _labels: FloatArray = field(default_factory=lambda: np.empty(0), repr=False)

    @property
    def diverged(self) -> bool:
        """Whether the step sizes were too large."""
        return self.reached < len(self.step_sizes)

    def require(self) -> DescentDynamics:
        """Return self if every step is good; otherwise raise :class:`NotConverged` with the reason."""
        if self.diverged:
            size = float(self.step_sizes[self.reached])
            raise NotConverged(
                f"the descent diverges after step {self.reached}: the step size {size:.3g} is too large for the "
                "curvatures of the loss (or the paths are too few for their average)"
            )
        bad = np.flatnonzero(~self.solution.good)
        if len(bad):
            raise NotConverged(
                f"force and response violate Stein's lemma by {float(self.solution.residual[bad[0]]):.2g} at step "
                f"{int(bad[0])}, at most {_LARGEST_DEFECT:g} is allowed: take more paths"
            )
        return self

    def estimate(self, name: str) -> Estimate:
        """Mean and standard error over the replicas, of shape (reached + 1,); errors of discretisation are apart."""
        validation.choice("name", name, tuple(self.values))
        return Estimate.from_samples(self.values[name][:, : self.reached + 1])

    def correlation_matrix(self) -> Estimate:
        """C(t, t') over pairs of steps up to ``reached``."""
        return Estimate.from_samples(self.correlations)

    def response_matrix(self) -> Estimate:
        """-R(t, s)/eta_s over pairs of steps up to ``reached``; 0 for s >= t."""
        return Estimate.from_samples(self.responses)

    def points(self, step: int) -> FloatArray:
        """(y, label) of all paths of all replicas at one step, of shape (n, 2): drawn from their law."""
        t = self._step(step)
        return np.stack([self._fields[:, t].ravel(), self._labels.ravel()], axis=1)

    def curvature_law(self, step: int) -> CurvatureLaw:
        """The law of the curvatures at one step, for densities and edges."""
        t = self._step(step)
        return _law(self.model, self._fields[:, t].ravel(), self._labels.ravel())

    def _step(self, step: int) -> int:
        return validation.integer("step", step, 0, self.reached)

    def spectra(self, steps: Sequence[int]) -> dict[str, Estimate | None]:
        """Edge and signal outlier of the Hessian at given steps, with errors over replicas.

        Returns
        -------
        ``bulk_edge``, ``outlier`` and ``outlier_overlap_squared``, each of shape (len(steps),). None for the
        last two where some replica has no outlier at some step. For a start at overlap 0.
        """
        if self.model.overlap != 0.0:
            raise InvalidArgument(
                "overlap", self.model.overlap, "0: the outlier couples to the history otherwise"
            )
        chosen = [self._step(step) for step in steps]
        if not chosen:
            raise InvalidArgument("steps", list(steps), "at least one step")
        _require_left_edge(self.model)
        rows = np.empty((3, len(self._fields), len(chosen)))
        for r, (fields, label) in enumerate(zip(self._fields, self._labels, strict=True)):
            for k, t in enumerate(chosen):
                rows[:, r, k] = PathSpectrum(self.model, fields[t], label).spectrum()
        return {
            name: None if np.isnan(row).any() else Estimate.from_samples(row)
            for name, row in zip(_RATIOS, rows, strict=True)
        }

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each step."""
        rows = []
        errors = {name: self._standard_error(name) for name in self.values}
        for k, record in enumerate(self.solution.records()):
            rows.append(
                {"step": k, "training_time": float(self.training_time[k])}
                | record
                | {"standard_error": {name: float(entry[k]) for name, entry in errors.items()}}
            )
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """Along the steps: means and standard errors; correlation and response between all pairs of steps."""
        along, square = ("step",), ("step", "other_step")
        steps = np.arange(len(self.training_time))
        variables: dict[str, tuple[tuple[str, ...], Any]] = {}
        for name in self.values:
            variables[name] = (along, self.solution[name])
            variables[f"{name}_standard_error"] = (along, self._standard_error(name))
        for name, matrix in (("correlation_matrix", self.correlations), ("response_matrix", self.responses)):
            whole = np.full((len(steps), len(steps)), np.nan)
            whole[: self.reached + 1, : self.reached + 1] = matrix.mean(axis=0)
            variables[name] = (square, whole)
        variables |= {name: (along, getattr(self.solution, name)) for name in ("status", "residual", "error")}
        places = {"step": (along, steps), "training_time": (along, self.training_time)}
        return dataset(
            variables, places | {"other_step": (("other_step",), steps)}, self.solution.approximation
        )

    def _standard_error(self, name: str) -> FloatArray:
        return standard_error_of(self.values[name])


def standard_error_of(values: FloatArray) -> FloatArray:
    return np.asarray(values.std(axis=0, ddof=1) / math.sqrt(len(values)))


def _law(model: PhaseRetrieval, y: FloatArray, label: FloatArray) -> CurvatureLaw:
    loss = model.loss
    probability = np.full(len(y), 1.0 / len(y))
    rule = NodeRule(loss.curvature(y, label), label**2, probability)
    return CurvatureLaw(
        f"{loss.name}, {len(y)} paths",
        # Every pair (y, t) is possible at any time, so that the infimum is that of the loss.
        loss.curvature_bound,
        0.0,
        float((loss.slope(y, label) * y).mean()),
        float(loss.value(y, label).mean()),
        (rule, rule),
        np.stack([y, label], axis=1),
    )


# ---------------------------------------------------------------------------------------------------------- dynamics


@states("exact as N -> infinity", VALID, source=SOURCE, verification="derived and simulated")
def descent_dynamics(
    model: PhaseRetrieval,
    step_sizes: ArrayLike,
    *,
    temperature: float = 0.0,
    paths: int = 4096,
    replicas: int = 6,
    seed: int = 0,
    threads: int = 1,
) -> DescentDynamics:
    """Spherical gradient descent (Langevin dynamics at temperature T > 0) of a random student, or of a warm start.

    Parameters
    ----------
    model : loss, samples per dimension and overlap of the start; offset 0 has infinite forces and is refused.
    step_sizes : eta of each step, above 0, of shape (K,); in units of the gradient of the extensive loss. They should
        stay below 1/curvature of most measurements: at offset a the curvatures reach 6 y^2/a, and sizes of 0.01 a grow
        safely by 4 % a step. See :func:`~statphys_gen.phase_retrieval.geometric_steps`.
    temperature : T, at least 0.
    paths : n in each replica, at least 100; powers of two are best. The bias falls as 1/n.
    replicas : independent repetitions, at least 2, over which the errors are taken.
    seed, threads : the same bits for any number of threads. Streams of different problems and temperatures are
        independent; schedules share the labels and starts of the paths.

    Returns
    -------
    :class:`DescentDynamics`. Where the step sizes make the descent diverge, later steps have *left the domain*.
    The cost of a replica is n K^3/3 additions, its memory 4 n K^2 bytes.
    """
    sizes, T = _checked(model, step_sizes, temperature, paths, replicas)
    found = _replicas(model, sizes, T, paths, replicas, seed, threads)
    return _assembled(model, sizes, T, found)


@states(
    "exact as N -> infinity",
    "in the limit of small steps, by extrapolation from three step sizes; errors are statistical and of extrapolation",
    source=SOURCE,
    verification="derived and simulated",
)
def gradient_flow_dynamics(
    model: PhaseRetrieval,
    step_sizes: ArrayLike,
    *,
    temperature: float = 0.0,
    paths: int = 4096,
    replicas: int = 6,
    seed: int = 0,
    threads: int = 1,
) -> DescentDynamics:
    """Spherical gradient flow at the times of a schedule: descents with its steps whole, halved and quartered.

    Each observable x is extrapolated as (8 x_4 - 6 x_2 + x_1)/3, exact up to the third order in the step size;
    ``discretisation`` holds how far that is from 2 x_4 - x_2. Parameters as for :func:`descent_dynamics`, whose cost
    is multiplied by 73; ``points`` and ``curvature_law`` are those of the quartered steps.
    """
    sizes, T = _checked(model, step_sizes, temperature, paths, replicas, refinement=4)
    runs = [
        _assembled(model, fine, T, _replicas(model, fine, T, paths, replicas, seed, threads))
        for fine in (np.repeat(sizes, split) / split for split in (1, 2, 4))
    ]
    reached = min(run.reached // split for run, split in zip(runs, (1, 2, 4), strict=True))
    places = [np.arange(len(sizes) + 1) * split for split in (1, 2, 4)]

    def limits(get: Any) -> tuple[FloatArray, FloatArray]:
        x = [get(run, place) for run, place in zip(runs, places, strict=True)]
        best = (8.0 * x[2] - 6.0 * x[1] + x[0]) / 3.0
        return best, np.abs(best - (2.0 * x[2] - x[1]))

    values, discretisation = {}, {}
    for name in runs[0].values:
        values[name], gap = limits(lambda run, place, name=name: run.values[name][:, place])
        discretisation[name] = gap.mean(axis=0)
    kept = slice(0, reached + 1)
    pairs_of = {
        name: limits(lambda run, place, name=name: _at_pairs(getattr(run, name), place[kept]))[0]
        for name in ("correlations", "responses")
    }
    finest = runs[2].solution
    residual = np.where(np.arange(len(sizes) + 1) <= reached, finest.residual[places[2]], np.nan)
    status = np.where(np.arange(len(sizes) + 1) <= reached, finest.status[places[2]], Status.LEFT_DOMAIN)
    error = np.max([standard_error_of(values[name]) + discretisation[name] for name in values], axis=0)
    solution = Solution(
        {name: entry.mean(axis=0) for name, entry in values.items()},
        status.astype(np.int8),
        residual,
        error,
        4 * np.arange(len(sizes) + 1),
        approximation_of(gradient_flow_dynamics),
    )
    fields = runs[2]._fields[:, places[2][kept]]
    return DescentDynamics(
        model,
        T,
        sizes,
        np.concatenate([[0.0], np.cumsum(sizes)]),
        values,
        solution,
        pairs_of["correlations"],
        pairs_of["responses"],
        reached,
        discretisation,
        fields,
        runs[2]._labels,
    )


def _at_pairs(matrices: FloatArray, place: NDArray[np.int64]) -> FloatArray:
    return np.asarray(matrices[:, place[:, None], place])


def _checked(
    model: PhaseRetrieval,
    step_sizes: ArrayLike,
    temperature: float,
    paths: int,
    replicas: int,
    refinement: int = 1,
) -> tuple[FloatArray, float]:
    check_model(model)
    if model.loss.offset == 0.0:
        raise InvalidArgument("offset", 0.0, "above 0: without it the forces have no mean")
    sizes = validation.array("step_sizes", step_sizes, ndim=1, above=0.0)
    T = validation.non_negative("temperature", temperature)
    count = validation.integer("paths", paths, 100, 2**20)
    validation.integer("replicas", replicas, 2)
    memory = 4.0 * count * (refinement * len(sizes) + 1.0) ** 2
    if memory > _LARGEST_MEMORY:
        raise InvalidArgument(
            "step_sizes",
            sizes,
            f"fewer: {len(sizes)} steps with {count} paths need {memory / 1e9:.3g} GB, "
            f"{_LARGEST_MEMORY / 1e9:g} at most",
        )
    return sizes, T


def _replicas(
    model: PhaseRetrieval, sizes: FloatArray, T: float, paths: int, replicas: int, seed: int, threads: int
) -> list[Paths]:
    # The stream does not depend on the step sizes: schedules of different refinement share labels and starts, and a
    # longer one continues a shorter one.
    key = {"purpose": "dynamical mean-field theory", "problem": model, "temperature": T, "paths": paths}

    def replica(k: int) -> Paths:
        return follow(model, sizes, T, paths, generator(seed, key, k))

    return map_blocks(replica, replicas, threads=threads)


def _assembled(model: PhaseRetrieval, sizes: FloatArray, T: float, found: list[Paths]) -> DescentDynamics:
    steps = len(sizes)
    reached = min(paths.reached for paths in found)
    kept = slice(0, reached + 1)

    def padded(rows: list[FloatArray]) -> FloatArray:
        table = np.full((len(found), steps + 1), np.nan)
        table[:, kept] = [row[kept] for row in rows]
        return table

    values = {
        "correlation": padded([p.correlation[:, 0] for p in found]),
        "energy": padded([p.energy for p in found]),
        "lagrange_multiplier": padded([p.multiplier for p in found]),
    }
    if model.overlap != 0.0:
        values["overlap"] = padded([p.overlap for p in found])
    else:
        values["overlap_growth"] = padded([p.growth for p in found])
        if math.isfinite(model.loss.curvature_bound):
            values["outlier_criterion"] = padded([_criteria(model, p, reached) for p in found])
    defect = np.full(steps + 1, np.nan)
    scale = np.mean([p.force[kept] for p in found], axis=0)
    defect[kept] = np.abs(np.mean([p.multiplier[kept] - p.stein[kept] for p in found], axis=0)) / scale
    after = np.arange(steps + 1) > reached
    status = np.where(after, Status.LEFT_DOMAIN, np.where(defect > _LARGEST_DEFECT, Status.NOT_CONVERGED, 0))
    error = np.max([standard_error_of(entry) for entry in values.values()], axis=0)
    solution = Solution(
        {name: entry.mean(axis=0) for name, entry in values.items()},
        status.astype(np.int8),
        defect,
        np.maximum(error, 1e-15),
        np.arange(steps + 1),
        approximation_of(descent_dynamics),
    )
    sizes_of_columns = np.append(sizes, 1.0)[kept]
    return DescentDynamics(
        model,
        T,
        sizes,
        np.concatenate([[0.0], np.cumsum(sizes)]),
        values,
        solution,
        np.array([p.correlation[kept, kept] for p in found]),
        np.array([-p.response[kept, kept] / sizes_of_columns for p in found]),
        reached,
        {},
        np.array([p.field[kept] for p in found]),
        np.array([p.label for p in found]),
    )


def _require_left_edge(model: PhaseRetrieval) -> None:
    if math.isinf(model.loss.curvature_bound):
        raise InvalidArgument(
            "loss", model.loss.name, "one of curvature bounded below: there is no edge otherwise"
        )


def _criteria(model: PhaseRetrieval, paths: Paths, reached: int) -> FloatArray:
    """The outlier criterion at every step."""
    laws = (PathSpectrum(model, h, paths.label) for h in paths.field[: reached + 1])
    return np.array([law.criterion(law.edge()) for law in laws])


keep(descent_dynamics, "replicas")
keep(gradient_flow_dynamics, "replicas")
