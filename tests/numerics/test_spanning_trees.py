"""Spanning trees by listing, by dense algebra, and at weights where factorisations fail."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statphys_gen.errors import InvalidArgument
from statphys_gen.numerics import minimum_spanning_tree, rooted, sum_over_trees


def laplacian(edges: np.ndarray, nodes: int) -> np.ndarray:
    found = np.zeros((nodes, nodes))
    for a, b in edges:
        found[[a, b], [a, b]] += 1.0
        found[[a, b], [b, a]] -= 1.0
    return found


@cache
def trees(nodes: int) -> list[tuple[tuple[int, int], ...]]:
    pairs = list(combinations(range(nodes), 2))
    return [
        edges
        for edges in combinations(pairs, nodes - 1)
        if np.linalg.matrix_rank(laplacian(np.array(edges), nodes)) == nodes - 1
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=6))
def test_the_minimum_among_all_trees(points: list[tuple[int, int]]) -> None:
    """Repeated points too: an edge of length 0 is an edge."""
    x = np.array(points, dtype=float)
    squares = ((x[:, None] - x) ** 2).sum(axis=2)
    found = minimum_spanning_tree(x).edges
    best = min(sum(squares[e] for e in tree) for tree in trees(len(x)))
    assert squares[found[:, 0], found[:, 1]].sum() == best
    assert np.linalg.matrix_rank(laplacian(found, len(x))) == len(x) - 1


def test_systems_on_a_tree() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(31, 2))
    tree = minimum_spanning_tree(x)
    diagonal, right = rng.random(31), rng.normal(size=(31, 2))
    diagonal[[3, 11]] = 0.0
    wanted = np.linalg.solve(np.diag(diagonal) + 2.7 * laplacian(tree.edges, 31), right)
    np.testing.assert_allclose(tree.solve(diagonal, 2.7, right), wanted, rtol=1e-11)
    again = rooted(tree.edges, 31)
    assert again is not None
    np.testing.assert_allclose(again.solve(diagonal, 2.7, right), wanted, rtol=1e-11)


def test_a_graph_with_a_cycle_or_in_parts_is_no_tree() -> None:
    assert rooted(np.array([[0, 1], [1, 2], [0, 2]]), 3) is None
    assert rooted(np.array([[0, 1], [1, 2], [0, 2]]), 4) is None


def test_sums_over_all_trees_of_five_nodes() -> None:
    rng = np.random.default_rng(4)
    logs = rng.normal(size=(5, 5))
    logs = logs + logs.T
    every = trees(5)
    assert len(every) == 125
    weights = np.array([np.exp(sum(logs[e] for e in tree)) for tree in every])
    found = sum_over_trees(logs)
    assert found.log_sum == pytest.approx(np.log(weights.sum()), rel=1e-13)
    for a, b in combinations(range(5), 2):
        share = sum(w for w, tree in zip(weights, every, strict=True) if (a, b) in tree) / weights.sum()
        assert found.probability[a, b] == pytest.approx(share, rel=1e-12)
        assert found.probability[b, a] == found.probability[a, b]


@pytest.mark.parametrize("stiffness", [1.0, 1e4, 1e8])
def test_marginals_where_determinants_fail(stiffness: float) -> None:
    x = np.random.default_rng(5).normal(size=(60, 2))
    squares = ((x[:, None] - x) ** 2).sum(axis=2)
    found = sum_over_trees(-0.5 * stiffness * squares)
    assert np.tril(found.probability).sum() == pytest.approx(59.0, abs=1e-11)
    assert found.probability.min() >= 0.0
    if stiffness == 1e8:
        edges = minimum_spanning_tree(x).edges
        assert (found.probability[edges[:, 0], edges[:, 1]] > 1.0 - 1e-9).all()
        assert found.log_sum == pytest.approx(-0.5e8 * squares[edges[:, 0], edges[:, 1]].sum(), rel=1e-9)


@pytest.mark.parametrize("large", [1e3, 1e9, 1e40, 1e150])
def test_trees_of_equal_weight_share_it_however_small_their_weight_is(large: float) -> None:
    """Weights exp(-large n): only trees of the least n count, and all of them alike; these are listed."""
    steps = np.array([[0, 0, 1, 1, 13, 0], [0, 0, 1, 1, 13, 0], [1, 1, 0, 0, 5, 1]])
    cost = np.vstack([steps[[0, 1]], steps[[2, 2]], [[13, 13, 5, 5, 0, 13]], steps[[0]]])
    every = trees(6)
    totals = np.array([sum(cost[e] for e in tree) for tree in every])
    best = [tree for tree, total in zip(every, totals, strict=True) if total == totals.min()]
    assert len(best) > 30
    found = sum_over_trees(-large * cost)
    assert found.log_sum == pytest.approx(np.log(len(best)) - large * totals.min(), rel=1e-14)
    for a, b in combinations(range(6), 2):
        share = sum((a, b) in tree for tree in best) / len(best)
        assert found.probability[a, b] == pytest.approx(share, abs=1e-12)


def test_missing_edges() -> None:
    """A ring of four: every edge is left out in one of four trees."""
    logs = np.full((4, 4), -np.inf)
    for a, b in ((0, 1), (1, 2), (2, 3), (0, 3)):
        logs[a, b] = logs[b, a] = 0.0
    found = sum_over_trees(logs)
    assert found.log_sum == pytest.approx(np.log(4.0))
    assert found.probability[0, 1] == pytest.approx(0.75)
    assert found.probability[0, 2] == 0.0


@pytest.mark.parametrize(
    "weights",
    [np.zeros((3, 2)), np.zeros((1, 1)), np.full((3, 3), -np.inf), np.array([[0.0, 1.0], [2.0, 0.0]])],
)
def test_refusals(weights: np.ndarray) -> None:
    with pytest.raises(InvalidArgument, match="log_weight"):
        sum_over_trees(weights)
