"""A principal graph of points: a smooth skeleton with widths, outliers, cycles and error bars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray, IntArray
from ...data.dataset import DataSet
from ...errors import InvalidArgument
from ...glossary import dataset
from ...presentation import Tabular
from ...solution import Status
from ..model import FitOptions, checked_edges
from .branches import Branch, Projection, branches_of, project
from .cycles import ClosingEdge, closing_edges, edge_frequencies
from .objective import Graph, GraphState, Problem, memberships
from .stages import (
    LEAST_NODES,
    SMOOTHING,
    SMOOTHINGS,
    Setting,
    Trial,
    cross_validated,
    evidence_stiffness,
    first_stage,
    node_covariance,
    placed,
    raised,
    smoothing_of,
)
from .uncertainty import bootstrap_errors

_POINTS_PER_NODE, _FEWEST, _MOST = 25, 20, 400
_BOX_DIMENSION = 30  # above it a box is nearly all corner, and the background a wide Gaussian


@dataclass(frozen=True, repr=False)
class PrincipalGraphFit(Tabular):
    """A fitted graph, in the coordinates and lengths of the data.

    Attributes
    ----------
    nodes : (K, D).
    edges : (E, 2) node numbers from 0, each pair sorted.
    variances, weights : (K,) of the nodes. Under ``standardise`` a ridge is round in the standardised coordinates, and
        these are the means of its variances over the coordinates of the data (of errors the root mean squares).
    background_fraction : alpha, share of the points that belong to no ridge.
    stiffness : lambda. Under ``standardise`` in units of the standardised data, as the objective.
    smoothing : kappa = lambda s/n; its square root is the smoothing length in spacings of nodes.
    objective : (iterations + 1,) the log posterior J of the last stage, which never decreases.
    residuals : (iterations + 1,) largest entry of its gradient, in standard errors.
    status : "converged" when the last gain and the gradient are small, else "not converged".
    cycles : edges that close cycles, with their frequencies.
    branches : paths between ends and junctions.
    pattern_probability : (n,) probability of each distinct point not to be background.
    node : (n,) most probable node of each distinct point.
    place : branch, arc position and distance of each distinct point.
    multiplicities : (n,) of the distinct points.
    node_standard_errors : (K,) per coordinate, given memberships and graph or by refits to resampled points; None where
        they were not asked for.
    trials : smoothings that were tried, with their held-out scores.
    notes : what was chosen, and why.
    """

    nodes: FloatArray
    edges: IntArray
    variances: FloatArray
    weights: FloatArray
    background_fraction: float
    stiffness: float
    smoothing: float
    objective: FloatArray
    residuals: FloatArray
    status: Status
    cycles: tuple[ClosingEdge, ...]
    branches: tuple[Branch, ...]
    pattern_probability: FloatArray
    node: IntArray
    place: Projection
    multiplicities: IntArray
    node_standard_errors: FloatArray | None
    trials: tuple[Trial, ...]
    notes: tuple[str, ...]
    options: FitOptions
    frame: Frame
    state: GraphState = field(repr=False)

    @property
    def iterations(self) -> int:
        """Of the last stage."""
        return len(self.objective) - 1

    @property
    def log_posterior(self) -> float:
        """J without normalisers, at the end."""
        return float(self.objective[-1])

    @property
    def smallest_increment(self) -> float:
        """Smallest change of J in an iteration of the last stage."""
        return float(np.diff(self.objective).min())

    @property
    def outliers(self) -> int:
        """Number of points that are more probably background."""
        return int(self.multiplicities[self.pattern_probability < 0.5].sum())

    @property
    def edge_lengths(self) -> FloatArray:
        """(E,)."""
        step = self.nodes[self.edges[:, 0]] - self.nodes[self.edges[:, 1]]
        return np.sqrt((step * step).sum(axis=1))

    def memberships(self, points: ArrayLike) -> tuple[FloatArray, IntArray, FloatArray]:
        """Probability of a pattern, most probable node, and log density, (n,) each, of new points (n, D)."""
        problem = self.frame.problem(self.frame.checked("points", points), None)
        outside, best, log_density = memberships(problem, self.state)
        return 1.0 - outside, best, log_density - float(np.log(self.frame.scale).sum())

    def project(self, points: ArrayLike) -> Projection:
        """Branch, arc position and distance of new points (n, D)."""
        return project(self.frame.checked("points", points), self.nodes, list(self.branches))

    def records(self) -> list[dict[str, Any]]:
        """One row, as the command prints it."""
        errors = self.node_standard_errors
        return [
            {
                "nodes": self.nodes.tolist(),
                "edges": self.edges.tolist(),
                "variances": self.variances.tolist(),
                "weights": self.weights.tolist(),
                "background_fraction": self.background_fraction,
                "stiffness": self.stiffness,
                "smoothing": self.smoothing,
                "log_posterior": self.log_posterior,
                "smallest_increment": self.smallest_increment,
                "iterations": self.iterations,
                "cycles": [
                    {"first": c.first, "second": c.second, "frequency": c.frequency} for c in self.cycles
                ],
                "branches": [
                    {"nodes": list(b.nodes), "length": b.length, "kind": b.kind} for b in self.branches
                ],
                "samples": len(self.multiplicities),
                "outliers": self.outliers,
                "node_standard_errors": None if errors is None else errors.tolist(),
                "weight_kind": self.options.weight_kind,
                "status": str(self.status),
                "residual": float(self.residuals[-1]),
                "error": abs(float(self.objective[-1] - self.objective[-2])),
                "approximation": str(approximation_of(fit_principal_graph)),
            }
        ]

    def to_dataset(self) -> Any:
        """Nodes, edges, points and the objective, labelled."""
        variables: dict[str, tuple[tuple[str, ...], Any]] = {
            "node_position": (("node", "coordinate"), self.nodes),
            "variance": (("node",), self.variances),
            "weight": (("node",), self.weights),
            "edge": (("link", "end"), self.edges),
            "pattern_probability": (("point",), self.pattern_probability),
            "branch": (("point",), self.place.branch),
            "arc_position": (("point",), self.place.arc_position),
            "distance": (("point",), self.place.distance),
            "objective": (("iteration",), self.objective),
        }
        return dataset(variables, {}, approximation_of(fit_principal_graph))


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates of a fit: (x - shift)/scale, and the background in them."""

    shift: FloatArray
    scale: FloatArray
    kind: str
    log_volume: float
    mean: FloatArray
    factor: FloatArray

    @classmethod
    def of(cls, data: DataSet, options: FitOptions) -> tuple[Frame, list[str]]:
        """From the data, with notes on the background."""
        x, w = data.points, data.weights
        notes: list[str] = []
        spread = np.sqrt(w @ (x - w @ x) ** 2)
        if options.standardise and (spread == 0.0).any():
            column = int(np.argmax(spread == 0.0))
            raise InvalidArgument("standardise", True, f"left out, or column {column} too: it is constant")
        shift = w @ x if options.centre or options.standardise else np.zeros(data.dimension)
        scale = spread if options.standardise else np.ones(data.dimension)
        inner = (x - shift) / scale
        given = options.background
        kind, log_volume = given.kind, 0.0
        ranges = np.ptp(inner, axis=0)
        if kind == "box" and data.dimension > _BOX_DIMENSION:
            kind = "gaussian"
            notes.append(
                f"background: one wide Gaussian, as a box says little above dimension {_BOX_DIMENSION}"
            )
        if kind in ("box", "gaussian") and (ranges == 0.0).any():
            column = int(np.argmax(ranges == 0.0))
            raise InvalidArgument(
                "background", kind, f"none or a volume, or column {column} left out: it is constant"
            )
        box = float(np.log(ranges).sum()) if (ranges > 0.0).all() else -np.inf
        if kind == "box":
            log_volume = box
        elif kind == "volume":
            # A volume is one of the data's own coordinates.
            log_volume = float(given.log_volume or 0.0) - float(np.log(scale).sum())
            if log_volume < box:
                notes.append("the volume of the background is smaller than the box around the points")
        mean = w @ inner
        factor = np.eye(data.dimension)
        if kind == "gaussian":
            centred = inner - mean
            covariance = (centred * w[:, None]).T @ centred
            values, vectors = np.linalg.eigh(covariance)
            floor = 1e-6 * values[-1]
            factor = vectors / np.sqrt(np.maximum(values, floor))
            log_volume = 0.5 * float(np.log(2.0 * np.pi * np.maximum(values, floor)).sum())
        return cls(shift, scale, kind, log_volume, mean, factor), notes

    def checked(self, argument: str, points: ArrayLike) -> FloatArray:
        """(n, D) points in the data's coordinates."""
        return validation.array(argument, points, shape=(None, len(self.shift)))

    def problem(self, points: FloatArray, multiplicities: FloatArray | None) -> Problem:
        """Points in the coordinates of the fit."""
        inner = np.ascontiguousarray((points - self.shift) / self.scale)
        counts = np.ones(len(inner)) if multiplicities is None else multiplicities
        if self.kind == "none":
            log_density = np.full(len(inner), -np.inf)
        elif self.kind == "gaussian":
            whitened = (inner - self.mean) @ self.factor
            log_density = -0.5 * (whitened * whitened).sum(axis=1) - self.log_volume
        else:
            log_density = np.full(len(inner), -self.log_volume)
        return Problem(inner, counts, log_density)


@states(
    "heuristic",
    "a maximum of the posterior near the start, not always the largest; the objective never decreases",
    source="derivations/principal_graph/updates.py",
    verification="derived and simulated",
)
def fit_principal_graph(
    points: ArrayLike | DataSet,
    options: FitOptions | None = None,
    *,
    edges: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> PrincipalGraphFit:
    """Fit nodes, widths, weights, background and graph to points.

    Parameters
    ----------
    points : (n, D), or a data set; at least 6 points, not all equal.
    options : :class:`FitOptions`.
    edges : (E, 2) node numbers from 0 of a connected graph that stays fixed.
    start : (K, D) nodes from which the updates go on as they are: without stages, pruning and random starts.

    Raises
    ------
    InvalidArgument : an argument out of its domain; no ridge stands out of the background.
    """
    chosen = FitOptions() if options is None else options
    data = points if isinstance(points, DataSet) else DataSet.from_arrays(points)
    data = data.without_labels()
    frame, notes = Frame.of(data, chosen)
    problem = frame.problem(data.points, data.multiplicities.astype(np.float64))
    if data.dimension > data.samples:
        notes.append("more dimensions than points: take principal directions first")
    given = None if start is None else (frame.checked("start", start) - frame.shift) / frame.scale
    if given is not None and len(given) < LEAST_NODES:
        raise InvalidArgument("start", given, f"at least {LEAST_NODES} nodes")
    with threadpool_limits(limits=1):
        return _fitted(data, frame, problem, chosen, edges, given, notes)


def _fitted(
    data: DataSet,
    frame: Frame,
    problem: Problem,
    options: FitOptions,
    edges: ArrayLike | None,
    given: FloatArray | None,
    notes: list[str],
) -> PrincipalGraphFit:
    count = len(given) if given is not None else _count(data, options, edges)
    graph = None if edges is None else Graph.of(checked_edges("edges", edges, count), count)
    setting = Setting(options, frame.kind != "none", graph)
    trials: list[Trial] = []
    if options.nodes == "cross-validated" and given is None and graph is None:
        count, tried = _nodes_by_scores(setting, problem, data)
        trials += tried
        notes.append(f"nodes: {count}, the fewest within one standard error of the best held-out score")
    state, stiffness = _begun(setting, problem, given, count, trials, notes)
    if state.count < count:
        notes.append(f"nodes: {count - state.count} of {count} did not stand out of the background")
    last = setting.climb(problem, state, stiffness, options.iterations, options.tolerance)
    cycles: list[ClosingEdge] = []
    if options.cycles is not None:
        frequency = edge_frequencies(last.state.nodes, options.cycles, seed=options.seed)
        cycles = closing_edges(last.state.graph.edges, frequency, options.cycles)
        if cycles and graph is None:
            joined = np.vstack([last.state.graph.edges, [[c.first, c.second] for c in cycles]])
            joined = joined[np.lexsort((joined[:, 1], joined[:, 0]))]
            closed = Graph.of(joined, last.state.count)
            setting = Setting(options, setting.background, closed)
            at = GraphState(
                last.state.nodes,
                last.state.log_variances,
                last.state.weights,
                last.state.background_fraction,
                closed,
            )
            last = setting.climb(problem, at, stiffness, options.iterations, options.tolerance)
        notes.append(
            f"cycles: {len(cycles)} closed by edges of frequency {options.cycles.frequency:g} or more"
        )
    state = last.state
    outside, best, _ = memberships(problem, state)
    nodes = state.nodes * frame.scale + frame.shift
    branches = branches_of(nodes, state.graph.edges)
    errors = None
    if options.bootstrap:
        refitted = bootstrap_errors(setting, problem, state, stiffness, options.bootstrap) * frame.scale
        errors = np.sqrt((refitted**2).mean(axis=1))
        notes.append(f"standard errors of nodes: {options.bootstrap} refits to points drawn with replacement")
    elif options.error_bars:
        spread = np.sqrt(np.diag(node_covariance(setting, problem, state, stiffness)))
        errors = spread * float(np.sqrt(np.mean(frame.scale**2)))
    return PrincipalGraphFit(
        nodes,
        state.graph.edges,
        np.exp(state.log_variances) * float(np.mean(frame.scale**2)),
        state.weights,
        state.background_fraction,
        stiffness,
        smoothing_of(state, problem, stiffness),
        last.objective,
        last.residuals,
        Status.CONVERGED if last.converged else Status.NOT_CONVERGED,
        tuple(cycles),
        tuple(branches),
        1.0 - outside,
        best,
        project(data.points, nodes, branches),
        data.multiplicities,
        errors,
        tuple(trials),
        tuple(notes),
        options,
        frame,
        state,
    )


def _count(data: DataSet, options: FitOptions, edges: ArrayLike | None) -> int:
    """K, within half of the distinct points."""
    most = len(data.points) // 2
    if most < LEAST_NODES:
        raise InvalidArgument("points", data.points, f"at least {2 * LEAST_NODES} different points")
    if edges is not None and isinstance(options.nodes, str):
        pairs = validation.array("edges", edges, shape=(None, 2), at_least=0.0)
        count = int(pairs.max()) + 1
    elif isinstance(options.nodes, str):
        return int(min(np.clip(round(data.samples / _POINTS_PER_NODE), _FEWEST, _MOST), most))
    else:
        count = options.nodes
    if not LEAST_NODES <= count <= most:
        raise InvalidArgument(
            "nodes",
            count,
            f"an integer from {LEAST_NODES} to {most}, half of the {len(data.points)} different points",
        )
    return count


def _nodes_by_scores(setting: Setting, problem: Problem, data: DataSet) -> tuple[int, list[Trial]]:
    most = len(data.points) // 2
    counts = sorted({int(np.clip(round(data.samples / part), LEAST_NODES, most)) for part in (50, 25, 12)})
    trials = [
        trial
        for count in counts
        for trial in cross_validated(setting, problem, None, count, (SMOOTHING,)).trials
    ]
    best = max(trials, key=lambda trial: trial.score)
    good = [trial.nodes for trial in trials if trial.score >= best.score - best.standard_error]
    return min(good), trials


def _begun(
    setting: Setting,
    problem: Problem,
    given: FloatArray | None,
    count: int,
    trials: list[Trial],
    notes: list[str],
) -> tuple[GraphState, float]:
    """The state from which the last stage starts, and the stiffness."""
    wanted = setting.options.stiffness
    start = None if given is None else placed(setting, given)
    if wanted == "cross-validated":
        tried = cross_validated(setting, problem, start, count, SMOOTHINGS)
        trials += tried.trials
        notes.append(
            f"stiffness: {tried.stiffness:.4g}, smoothing {tried.best.smoothing:g} of "
            f"{', '.join(f'{t.smoothing:g}' for t in tried.trials)} has the largest mean log density of a fifth of "
            "the points held out"
        )
        return (tried.state if start is None else start), tried.stiffness
    state = first_stage(setting, problem, count) if start is None else start
    if wanted == "evidence":
        stiffness, state = evidence_stiffness(setting, problem, state)
        notes.append(f"stiffness: {stiffness:.4g} by the evidence of the tree")
        return state, stiffness
    assert not isinstance(wanted, str)
    return (raised(setting, problem, state, wanted) if start is None else state), wanted
