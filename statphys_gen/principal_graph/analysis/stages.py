"""The stages of a fit: random nodes on the points, a soft graph, pruning, and then the stiffness that was chosen.

A fit that starts stiff collapses to the mean, as it should above the transition of its graph; so the stiffness is
raised from one that follows from the spacing of the nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray, IntArray
from ...errors import InvalidArgument
from ...numerics.spanning_trees import minimum_spanning_tree
from ...statistics.streams import generator
from ..model import FitOptions, GraphPrior
from .objective import Graph, GraphState, Problem, best_tree, expectation, memberships
from .updates import Climb, climb

FIRST, PRUNED_AT = 40, 30
# Nodes are sown more densely than they stay: ends and gaps of the curves then have some.
_SOWN, _SOWING = 5, 15
LEAST_NODES = 3
# Smoothing lengths that cross-validation tries, as kappa = lambda s/n.
SMOOTHINGS = (0.03, 0.1, 0.3, 1.0, 3.0)
SMOOTHING = 0.3
_HELD_OUT = 0.2
_TRIAL = 60
_LOOSE = 1e-6
_HOPELESS = 3.0  # standard errors of a difference of scores
_EVIDENCE_ROUNDS, _EVIDENCE_STEPS = 30, 15
_STIFFER, _RAISED = 10.0, 25


@dataclass(frozen=True, eq=False)
class Setting:
    """What stays through the stages."""

    options: FitOptions
    background: bool
    fixed: Graph | None

    @property
    def learned(self) -> bool:
        return self.options.weight_kind == "learned"

    def prior(self, stiffness: float) -> GraphPrior:
        return GraphPrior(stiffness, self.options.width_stiffness)

    def climb(
        self,
        problem: Problem,
        state: GraphState,
        stiffness: float,
        iterations: int,
        tolerance: float,
        *,
        rough: bool = False,
    ) -> Climb:
        return climb(
            problem,
            state,
            self.prior(stiffness),
            iterations,
            tolerance=tolerance,
            learned=self.learned,
            fixed=self.fixed is not None,
            background=self.background,
            rough=rough,
        )


def spacing(nodes: FloatArray) -> float:
    """Median squared length of the edges of the minimum spanning tree, of those that are not zero."""
    edges = minimum_spanning_tree(nodes).edges
    squares = ((nodes[edges[:, 0]] - nodes[edges[:, 1]]) ** 2).sum(axis=1)
    squares = squares[squares > 0.0]
    return float(np.median(squares)) if len(squares) else 0.0


def placed(setting: Setting, nodes: FloatArray) -> GraphState:
    """The state of the first step: equal weights and widths, and the tree of the positions."""
    options, D = setting.options, nodes.shape[1]
    between = spacing(nodes)
    variance = options.initial_variance
    if variance is None:
        if between == 0.0:
            raise InvalidArgument("start", nodes, "of nodes that are not all at one place")
        variance = between / (2.0 * D)
    count = len(nodes)
    widths = np.full(count, np.log(variance))
    graph = setting.fixed or best_tree(nodes, widths, GraphPrior(1.0, setting.options.width_stiffness))
    fraction = options.background.fraction if setting.background else 0.0
    return GraphState(nodes, widths, np.full(count, 1.0 / count), fraction, graph)


def first_stage(setting: Setting, problem: Problem, count: int, replica: int = 0) -> GraphState:
    """Nodes on random points, a soft graph, and the nodes that do not stand out of the background left out.

    Raises
    ------
    InvalidArgument : fewer than three nodes are left.
    """
    options = setting.options
    random = generator(
        options.seed,
        {"purpose": "nodes of a principal graph", "points": len(problem.points), "nodes": count},
        replica,
    )
    sown = min(_SOWN * count, max(count, len(problem.points) // 2)) if options.prune else count
    rows = np.sort(random.choice(len(problem.points), size=sown, replace=False))
    state = placed(setting, problem.points[rows])
    if sown > count and setting.fixed is None:
        stiffness = problem.dimension / spacing(state.nodes)
        state = setting.climb(problem, state, stiffness, _SOWING, _LOOSE).state
        state = pruned(setting, problem, state, stiffness)
        state = placed(setting, state.nodes[spread(state.nodes, count)])
    elif sown > count:
        state = placed(setting, problem.points[rows[spread(problem.points[rows], count)]])
    stiffness = problem.dimension / spacing(state.nodes)
    if not options.prune or setting.fixed is not None:
        return setting.climb(problem, state, stiffness, FIRST, _LOOSE).state
    state = setting.climb(problem, state, stiffness, PRUNED_AT, _LOOSE).state
    state = pruned(setting, problem, state, stiffness)
    return setting.climb(problem, state, stiffness, FIRST - PRUNED_AT, _LOOSE).state


def spread(nodes: FloatArray, count: int) -> IntArray:
    """So many of the nodes, each as far from those before it as can be, the first the farthest from the mean."""
    distance = ((nodes - nodes.mean(axis=0)) ** 2).sum(axis=1)
    chosen = [int(distance.argmax())]
    distance = np.full(len(nodes), np.inf)
    for _ in range(min(count, len(nodes)) - 1):
        distance = np.minimum(distance, ((nodes - nodes[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(distance.argmax()))
    return np.sort(np.array(chosen))


def pruned(setting: Setting, problem: Problem, state: GraphState, stiffness: float) -> GraphState:
    """Nodes whose density at their own place exceeds that of the background, and that stand for two points or more."""
    D = problem.dimension
    alpha = state.background_fraction
    good = (1.0 - alpha) * state.weights * problem.samples >= 2.0
    if setting.background:
        height = np.log((1.0 - alpha) * state.weights) - 0.5 * D * (np.log(2.0 * np.pi) + state.log_variances)
        # The background is constant, or smooth on the scale of a node: its value at the nearest point.
        nearest = np.array([((problem.points - mu) ** 2).sum(axis=1).argmin() for mu in state.nodes])
        good &= height > np.log(alpha) + problem.log_background[nearest]
    if good.sum() < LEAST_NODES:
        raise InvalidArgument(
            "background-fraction",
            setting.options.background.fraction,
            "lower, or the background none: no ridge stands out of the background",
        )
    return state.kept(np.flatnonzero(good), setting.prior(stiffness))


def stiffness_of(state: GraphState, problem: Problem, smoothing: float) -> float:
    """lambda = kappa n/s, with n pattern points a node and s the geometric mean of the variances."""
    points = (1.0 - state.background_fraction) * problem.samples / state.count
    return float(smoothing * points * np.exp(-state.log_variances.mean()))


def smoothing_of(state: GraphState, problem: Problem, stiffness: float) -> float:
    """kappa = lambda s/n; its square root is the smoothing length in spacings of nodes."""
    return stiffness / stiffness_of(state, problem, 1.0)


def split_of(problem: Problem, seed: int) -> tuple[Problem, Problem]:
    """Four fifths of the points for training and one fifth held out, with the same background."""
    count = len(problem.points)
    random = generator(seed, {"purpose": "points held out of a principal graph", "points": count})
    order = random.permutation(count)
    held = max(1, round(_HELD_OUT * count))
    return problem.part(np.sort(order[held:])), problem.part(np.sort(order[:held]))


@dataclass(frozen=True)
class Trial:
    """One smoothing that was tried: mean log density of the points held out, and its standard error."""

    nodes: int
    smoothing: float
    score: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class Validation:
    """Smoothings that were tried on part of the points.

    Attributes
    ----------
    trials : from the softest on, as far as they were worth trying.
    best : the trial of the largest score.
    state : where it ended, from which a fit to all points may go on.
    stiffness : of the best smoothing for all points.
    """

    trials: list[Trial]
    best: Trial
    state: GraphState
    stiffness: float


def cross_validated(
    setting: Setting, problem: Problem, start: GraphState | None, count: int, smoothings: tuple[float, ...]
) -> Validation:
    """Scores of several smoothings with the first stage made once, on the points for training.

    From the softest on, each from the end of the one before. A score that lies clearly below the best, point by point,
    ends the path: stiffer graphs lie below it too.
    """
    training, held = split_of(problem, setting.options.seed)
    at = first_stage(setting, training, min(count, len(training.points))) if start is None else start
    weights = held.multiplicities / held.samples
    trials: list[Trial] = []
    ends: list[tuple[GraphState, FloatArray]] = []
    state, best = at, 0
    for kappa in smoothings:
        stiffness = stiffness_of(at, training, kappa)
        state = setting.climb(training, state, stiffness, _TRIAL, _LOOSE, rough=True).state
        scores = memberships(held, state)[2]
        mean, error = _mean(scores, weights, held.samples)
        trials.append(Trial(count, kappa, mean, error))
        ends.append((state, scores))
        if mean > trials[best].score:
            best = len(trials) - 1
        behind, spread = _mean(ends[best][1] - scores, weights, held.samples)
        if behind > _HOPELESS * spread:
            break
    chosen = trials[best]
    return Validation(trials, chosen, ends[best][0], stiffness_of(at, problem, chosen.smoothing))


def _mean(values: FloatArray, weights: FloatArray, samples: float) -> tuple[float, float]:
    """Weighted mean and its standard error."""
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights @ (values - mean) ** 2 / samples))


def evidence_stiffness(setting: Setting, problem: Problem, state: GraphState) -> tuple[float, GraphState]:
    """lambda = (K - 1) D/(sum_E |mu_a - mu_b|^2 + D tr L C), C of :func:`node_covariance`: a fixed point."""
    stiffness = stiffness_of(state, problem, SMOOTHING)
    for _ in range(_EVIDENCE_ROUNDS):
        state = setting.climb(problem, state, stiffness, _EVIDENCE_STEPS, _LOOSE).state
        inverse = node_covariance(setting, problem, state, stiffness)
        first, second = state.graph.edges[:, 0], state.graph.edges[:, 1]
        own = np.diag(inverse)
        spread = float((own[first] + own[second] - 2.0 * inverse[first, second]).sum())
        D = problem.dimension
        new = (state.count - 1) * D / (state.graph.energy(state.nodes) + D * spread)
        done = abs(new / stiffness - 1.0) < 1e-3
        stiffness = float(new)
        if done:
            break
    return stiffness, state


def node_covariance(setting: Setting, problem: Problem, state: GraphState, stiffness: float) -> FloatArray:
    """(K, K) covariance of each coordinate of the nodes given memberships: (diag(N_k/s_k) + lambda L)^-1."""
    sums = expectation(problem, state, setting.prior(stiffness), setting.learned)
    precision = np.maximum(sums.mass, 1e-12) * np.exp(-state.log_variances)
    found = np.linalg.inv(np.diag(precision) + stiffness * state.graph.laplacian)
    return np.asarray((found + found.T) / 2.0)


def raised(setting: Setting, problem: Problem, state: GraphState, stiffness: float) -> GraphState:
    """The state at a stiffness far above what follows from the nodes, reached in steps."""
    soft = stiffness_of(state, problem, SMOOTHING)
    while soft * _STIFFER < stiffness:
        soft *= _STIFFER
        state = setting.climb(problem, state, soft, _RAISED, _LOOSE).state
    return state
