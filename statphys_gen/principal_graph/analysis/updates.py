r"""Updates that never lower the objective: each maximises its block given the others, and the tree.

What is claimed: J is bounded and does not decrease, hence converges; at a fixed tree limit points are stationary; the
tree takes finitely many values. Neither a rate nor a global maximum is claimed. Steps of a quasi-Newton method are
taken only where they raise J; else the plain step is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...arrays import FloatArray
from ..model import GraphPrior
from .objective import Expectation, GraphState, Problem, expectation, gradient, residual

_LEAST_FRACTION = 1e-8
_HISTORY = 20
_SETTLED = 1e-4  # gain per point of an iteration, below which quasi-Newton steps are tried
_WIDTH_STEPS = 30
RESIDUAL = 1e-6  # of a converged fit, in standard errors
_LOG_LIMIT = 300.0


@dataclass(frozen=True, eq=False)
class Climb:
    """A run of updates.

    Attributes
    ----------
    state : the last.
    objective : (iterations + 1,) J of the start and after each iteration.
    residuals : (iterations + 1,) as :func:`residual` gives them.
    converged : whether the last gain and the residual were small enough.
    """

    state: GraphState
    objective: FloatArray
    residuals: FloatArray
    converged: bool


def climb(
    problem: Problem,
    state: GraphState,
    prior: GraphPrior,
    iterations: int,
    *,
    tolerance: float = 1e-9,
    learned: bool = True,
    fixed: bool = False,
    background: bool = True,
    accelerated: bool = True,
    rough: bool = False,
) -> Climb:
    """At most so many iterations from a state.

    Parameters
    ----------
    tolerance : least gain per point of an iteration that goes on.
    learned : whether the weights are learned.
    fixed : whether the graph stays as it is.
    background : whether the background's share is learned; it is 0 without a background.
    accelerated : whether quasi-Newton steps are tried.
    rough : whether a small gain alone ends it, with whatever gradient.
    """
    sums = expectation(problem, state, prior, learned)
    objective = [sums.objective]
    residuals = [residual(problem, state, sums, prior, learned)]
    metric = _QuasiNewton(problem, prior, learned, background)
    converged = settled = False
    for _ in range(iterations):
        plain = maximised(problem, state, sums, prior, learned=learned, background=background)
        changed = False
        if not fixed:
            other = plain.with_tree(prior)
            changed = not np.array_equal(other.graph.edges, plain.graph.edges)
            plain = other
        found = None
        if changed:
            metric.forget()
        elif accelerated and settled:
            found = _along(metric, problem, state, sums, prior, learned)
        if found is None:
            found = plain, expectation(problem, plain, prior, learned)
        gained = found[1].objective - sums.objective
        # Until gains are small, plain updates alone decide to which maximum a start leads.
        settled = settled or gained < _SETTLED * problem.samples
        state, sums = found
        objective.append(sums.objective)
        residuals.append(residual(problem, state, sums, prior, learned))
        if gained < tolerance * problem.samples and (rough or residuals[-1] < RESIDUAL):
            converged = not rough
            break
    return Climb(state, np.array(objective), np.array(residuals), converged)


def _along(
    metric: _QuasiNewton,
    problem: Problem,
    state: GraphState,
    sums: Expectation,
    prior: GraphPrior,
    learned: bool,
) -> tuple[GraphState, Expectation] | None:
    """A step along the direction of the metric that raises J enough; None where none does."""
    direction, slope = metric.directions(state, sums)
    if not slope > 0.0:
        metric.forget()
        return None
    for part in (1.0, 0.3):
        trial = metric.moved(state, direction, part)
        new = expectation(problem, trial, prior, learned)
        if new.objective >= sums.objective + 1e-4 * part * slope:
            return trial, new
    return None


def maximised(
    problem: Problem,
    state: GraphState,
    sums: Expectation,
    prior: GraphPrior,
    *,
    learned: bool,
    background: bool,
) -> GraphState:
    """One update of nodes, widths, weights and the background's share, at the graph of the state."""
    D, N, graph = problem.dimension, problem.samples, state.graph
    precision = np.exp(-state.log_variances)
    mass = np.maximum(sums.mass, 1e-12)
    right = precision[:, None] * (sums.first + mass[:, None] * state.nodes)
    nodes = graph.solve(mass * precision, prior.stiffness, right)
    moved = nodes - state.nodes
    # Sums about the new nodes, from those about the old ones.
    second = (
        sums.second
        - 2.0 * np.einsum("kd,kd->k", moved, sums.first)
        + mass * np.einsum("kd,kd->k", moved, moved)
    )
    second = np.maximum(second, 0.0)
    widths = _widths(state, D * mass, second, prior)
    weights, fraction = state.weights, state.background_fraction
    if learned:
        extra = prior.weight_concentration - 1.0
        weights = (mass + extra) / (mass + extra).sum()
    if background:
        fraction = float(np.clip(sums.outside / N, _LEAST_FRACTION, 1.0 - _LEAST_FRACTION))
    return GraphState(nodes, widths, weights, fraction, graph)


def _widths(state: GraphState, mass: FloatArray, second: FloatArray, prior: GraphPrior) -> FloatArray:
    """Minimum of sum mass_k l_k/2 + (S_k/2) exp(-l_k) + (lambda_sigma/2) sum_E (l_a - l_b)^2, a convex function."""
    graph, stiffness = state.graph, prior.width_stiffness

    def cost(values: FloatArray) -> float:
        with np.errstate(over="ignore"):
            own = 0.5 * (mass * values + second * np.exp(-values)).sum()
        return float(own + 0.5 * stiffness * graph.energy(values[:, None]))

    widths = state.log_variances
    value = cost(widths)
    for _ in range(_WIDTH_STEPS):
        pull = 0.5 * second * np.exp(-widths)
        gradient = 0.5 * mass - pull + stiffness * graph.apply(widths[:, None])[:, 0]
        step = graph.solve(np.maximum(pull, 1e-12), stiffness, -gradient[:, None])[:, 0]
        part = 1.0
        for _ in range(40):
            trial = np.clip(widths + part * step, -_LOG_LIMIT, _LOG_LIMIT)
            new = cost(trial)
            if new <= value:
                break
            part *= 0.5
        else:
            break
        done = np.abs(trial - widths).max() < 1e-10
        widths, value = trial, new
        if done:
            break
    return widths


class _QuasiNewton:
    """L-BFGS directions in coordinates that are free: nodes, log widths, logs of weights, log odds of the background.

    Where nothing is known yet the metric is that of the plain updates, the curvature given the memberships.
    """

    def __init__(self, problem: Problem, prior: GraphPrior, learned: bool, background: bool) -> None:
        self.problem, self.prior = problem, prior
        self.learned, self.background = learned, background
        self.forget()

    def forget(self) -> None:
        self._steps: list[FloatArray] = []
        self._bends: list[FloatArray] = []
        self._last: tuple[FloatArray, FloatArray] | None = None

    def _vector(self, state: GraphState) -> FloatArray:
        alpha = state.background_fraction
        odds = np.log(alpha) - np.log1p(-alpha) if self.background else 0.0
        logs = np.log(state.weights) - np.log(state.weights).mean()
        return np.concatenate([state.nodes.ravel(), state.log_variances, logs, [odds]])

    def _gradient(self, state: GraphState, sums: Expectation) -> FloatArray:
        parts = gradient(self.problem, state, sums, self.prior, self.learned)
        of_background = parts.background if self.background else 0.0
        return np.concatenate([parts.nodes.ravel(), parts.widths, parts.weights, [of_background]])

    def _plain(self, state: GraphState, sums: Expectation, slope: FloatArray) -> FloatArray:
        """The metric of the plain updates applied to a gradient."""
        (K, D), graph = state.nodes.shape, state.graph
        mass = np.maximum(sums.mass, 1e-9)
        precision = np.exp(-state.log_variances)
        of_nodes = graph.solve(mass * precision, self.prior.stiffness, slope[: K * D].reshape(K, D))
        widths = 0.5 * np.maximum(sums.second * precision, 1e-9)
        of_widths = graph.solve(widths, self.prior.width_stiffness, slope[K * D : K * D + K, None])
        alpha = state.background_fraction
        spread = max(self.problem.samples * alpha * (1.0 - alpha), 1e-9)
        of_weights = slope[K * D + K : -1] / (mass + self.prior.weight_concentration - 1.0)
        return np.concatenate([of_nodes.ravel(), of_widths[:, 0], of_weights, slope[-1:] / spread])

    def directions(self, state: GraphState, sums: Expectation) -> tuple[FloatArray, float]:
        """Direction, and the slope of J along it."""
        here, slope = self._vector(state), self._gradient(state, sums)
        if self._last is not None:
            step, bend = here - self._last[0], self._last[1] - slope
            if step @ bend > 1e-12 * np.linalg.norm(step) * np.linalg.norm(bend):
                self._steps = [*self._steps[-_HISTORY + 1 :], step]
                self._bends = [*self._bends[-_HISTORY + 1 :], bend]
        self._last = here, slope
        work, shares = slope.copy(), []
        pairs = list(zip(self._steps, self._bends, strict=True))
        for step, bend in reversed(pairs):
            share = float(step @ work) / float(step @ bend)
            shares.append(share)
            work = work - share * bend
        work = self._plain(state, sums, work)
        for (step, bend), share in zip(pairs, reversed(shares), strict=True):
            work = work + (share - float(bend @ work) / float(step @ bend)) * step
        return work, float(work @ slope)

    def moved(self, state: GraphState, direction: FloatArray, part: float) -> GraphState:
        """The state a part of the direction on."""
        K, D = state.nodes.shape
        vector = self._vector(state) + part * direction
        logs = vector[K * D + K : -1]
        weights, fraction = state.weights, state.background_fraction
        if self.learned:
            weights = np.exp(logs - logs.max())
            weights = np.maximum(weights / weights.sum(), 1e-300)
        if self.background:
            fraction = float(1.0 / (1.0 + np.exp(-np.clip(vector[-1], -18.0, 18.0))))
        return replace(
            state,
            nodes=vector[: K * D].reshape(K, D),
            log_variances=np.clip(vector[K * D : K * D + K], -_LOG_LIMIT, _LOG_LIMIT),
            weights=weights,
            background_fraction=fraction,
        )
