r"""The objective of a graph-regularised mixture, its E-step and its gradient.

    J = sum_i log [ alpha beta(x_i) + (1 - alpha) sum_k pi_k N(x_i; mu_k, s_k 1) ] - (lambda/2) sum_E |mu_a - mu_b|^2
        - (lambda_sigma/2) sum_E (l_a - l_b)^2 + (a_pi - 1) sum_k log pi_k,        l_k = log s_k,

over nodes mu_k, variances s_k, weights pi_k, the share alpha of the background beta, and the tree E; the last term is
left out where the weights are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...arrays import FloatArray, IntArray
from ...numerics.kernels_mixture import accumulate, responsibilities
from ...numerics.spanning_trees import RootedTree, minimum_spanning_tree, rooted
from ..model import GraphPrior


@dataclass(frozen=True, eq=False)
class Problem:
    """Points of a fit: (n, D) with multiplicities (n,), and the log density of the background at each (-inf: none)."""

    points: FloatArray
    multiplicities: FloatArray
    log_background: FloatArray

    @property
    def samples(self) -> float:
        """N."""
        return float(self.multiplicities.sum())

    @property
    def dimension(self) -> int:
        return int(self.points.shape[1])

    def part(self, rows: IntArray) -> Problem:
        """Some of the points."""
        return Problem(
            np.ascontiguousarray(self.points[rows]), self.multiplicities[rows], self.log_background[rows]
        )


@dataclass(frozen=True, eq=False)
class Graph:
    """Edges (E, 2) on K nodes, with the tree that they form, if they do."""

    edges: IntArray
    nodes: int
    tree: RootedTree | None

    @classmethod
    def of(cls, edges: IntArray, nodes: int) -> Graph:
        return cls(edges, nodes, rooted(edges, nodes))

    @cached_property
    def laplacian(self) -> FloatArray:
        """(K, K)."""
        found = np.zeros((self.nodes, self.nodes))
        np.add.at(found, (self.edges[:, 0], self.edges[:, 1]), -1.0)
        found += found.T
        found[np.diag_indices(self.nodes)] = -found.sum(axis=1)
        return found

    def apply(self, values: FloatArray) -> FloatArray:
        """L values, of (K, columns)."""
        first, second = self.edges[:, 0], self.edges[:, 1]
        difference = values[first] - values[second]
        found = np.zeros_like(values)
        np.add.at(found, first, difference)
        np.subtract.at(found, second, difference)
        return found

    def energy(self, values: FloatArray) -> float:
        """Sum over edges of squared differences."""
        difference = values[self.edges[:, 0]] - values[self.edges[:, 1]]
        return float((difference * difference).sum())

    def solve(self, diagonal: FloatArray, weight: float, right: FloatArray) -> FloatArray:
        """x with (diag(diagonal) + weight L) x = right."""
        if self.tree is not None:
            return self.tree.solve(diagonal, weight, right)
        return np.asarray(np.linalg.solve(np.diag(diagonal) + weight * self.laplacian, right))


@dataclass(frozen=True, eq=False)
class GraphState:
    """Nodes (K, D), log variances (K,), weights (K,), the background's share and the graph."""

    nodes: FloatArray
    log_variances: FloatArray
    weights: FloatArray
    background_fraction: float
    graph: Graph

    @property
    def count(self) -> int:
        return len(self.nodes)

    def with_tree(self, prior: GraphPrior) -> GraphState:
        """The same with the best spanning tree of positions and widths together."""
        return replace(self, graph=best_tree(self.nodes, self.log_variances, prior))

    def kept(self, rows: IntArray, prior: GraphPrior) -> GraphState:
        """Some of the nodes, with a new tree."""
        weights = self.weights[rows]
        return GraphState(
            self.nodes[rows],
            self.log_variances[rows],
            weights / weights.sum(),
            self.background_fraction,
            best_tree(self.nodes[rows], self.log_variances[rows], prior),
        )

    def terms(self, dimension: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Nodes as (D, K), the constants of the log terms, and 1/(2 s_k), as the kernels take them."""
        with np.errstate(divide="ignore"):
            constant = np.log((1.0 - self.background_fraction) * self.weights)
        constant = constant - 0.5 * dimension * (np.log(2.0 * np.pi) + self.log_variances)
        return np.ascontiguousarray(self.nodes.T), constant, 0.5 * np.exp(-self.log_variances)

    def background(self, problem: Problem) -> FloatArray:
        """Log of the background's term at each point."""
        with np.errstate(divide="ignore"):
            return problem.log_background + np.log(self.background_fraction)


def best_tree(nodes: FloatArray, log_variances: FloatArray, prior: GraphPrior) -> Graph:
    """The spanning tree of least lambda |mu_a - mu_b|^2 + lambda_sigma (l_a - l_b)^2."""
    both = np.hstack(
        [np.sqrt(prior.stiffness) * nodes, np.sqrt(prior.width_stiffness) * log_variances[:, None]]
    )
    tree = minimum_spanning_tree(both)
    return Graph(tree.edges, len(nodes), tree)


@dataclass(frozen=True, eq=False)
class Expectation:
    """The E-step at a state: sums N_k, F_k and S_k about the nodes, the background's sum, and the objective."""

    mass: FloatArray
    first: FloatArray
    second: FloatArray
    outside: float
    objective: float


def expectation(problem: Problem, state: GraphState, prior: GraphPrior, learned: bool) -> Expectation:
    """Sums over the points, and J."""
    K, D = state.nodes.shape
    nodes, constant, factor = state.terms(D)
    mass, first, second = np.zeros(K), np.zeros((D, K)), np.zeros(K)
    log_density = np.empty(len(problem.points))
    outside = accumulate(
        problem.points,
        problem.multiplicities,
        nodes,
        constant,
        factor,
        state.background(problem),
        mass,
        first,
        second,
        log_density,
    )
    objective = float(problem.multiplicities @ log_density)
    objective -= 0.5 * prior.stiffness * state.graph.energy(state.nodes)
    objective -= 0.5 * prior.width_stiffness * state.graph.energy(state.log_variances[:, None])
    if learned:
        objective += (prior.weight_concentration - 1.0) * float(np.log(state.weights).sum())
    return Expectation(mass, first.T, second, float(outside), objective)


@dataclass(frozen=True, eq=False)
class Gradient:
    """Of J at a fixed tree, by nodes (K, D), log variances (K,), logs of the weights (K,), and log odds of alpha."""

    nodes: FloatArray
    widths: FloatArray
    weights: FloatArray
    background: float


def gradient(
    problem: Problem, state: GraphState, sums: Expectation, prior: GraphPrior, learned: bool
) -> Gradient:
    """The gradient, from the sums of the E-step; that by the weights keeps their sum."""
    s = np.exp(state.log_variances)
    of_nodes = sums.first / s[:, None] - prior.stiffness * state.graph.apply(state.nodes)
    of_widths = 0.5 * (sums.second / s - problem.dimension * sums.mass)
    of_widths -= prior.width_stiffness * state.graph.apply(state.log_variances[:, None])[:, 0]
    of_weights = np.zeros(state.count)
    if learned:
        extra = prior.weight_concentration - 1.0
        of_weights = sums.mass + extra - state.weights * (sums.mass.sum() + state.count * extra)
    return Gradient(
        of_nodes, of_widths, of_weights, sums.outside - state.background_fraction * problem.samples
    )


def residual(
    problem: Problem, state: GraphState, sums: Expectation, prior: GraphPrior, learned: bool
) -> float:
    """Largest entry of the gradient of J at a fixed tree, in units of the standard error that its data would give."""
    found = gradient(problem, state, sums, prior, learned)
    mass = np.maximum(sums.mass, 1e-9)
    s = np.exp(state.log_variances)
    parts = [
        np.abs(found.nodes * np.sqrt(s / mass)[:, None]).max(),
        np.abs(found.widths / np.sqrt(0.5 * problem.dimension * mass)).max(),
        np.abs(found.weights / np.sqrt(mass + prior.weight_concentration - 1.0)).max(),
    ]
    alpha = state.background_fraction
    if alpha > 1e-8:
        parts.append(abs(found.background) / np.sqrt(problem.samples * alpha * (1.0 - alpha)))
    return float(max(parts))


def memberships(problem: Problem, state: GraphState) -> tuple[FloatArray, IntArray, FloatArray]:
    """Probability of the background, the most probable node, and the log density of each point."""
    count = len(problem.points)
    outside, best, log_density = np.empty(count), np.empty(count, dtype=np.int64), np.empty(count)
    nodes, constant, factor = state.terms(problem.dimension)
    responsibilities(
        problem.points, nodes, constant, factor, state.background(problem), outside, best, log_density
    )
    return outside, best, log_density
