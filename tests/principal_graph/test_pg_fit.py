"""Fits of graphs: the objective and its gradient from the definition, known curves, files, and scikit-learn."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from statphys_gen import principal_graph as pg
from statphys_gen.errors import InvalidArgument
from statphys_gen.principal_graph.analysis.branches import branches_of, project
from statphys_gen.principal_graph.analysis.cycles import closing_edges, edge_frequencies
from statphys_gen.principal_graph.analysis.objective import (
    Graph,
    GraphState,
    Problem,
    best_tree,
    expectation,
    gradient,
)
from statphys_gen.principal_graph.analysis.updates import _QuasiNewton, climb, maximised
from statphys_gen.principal_graph.model import Background, Cycles, FitOptions, GraphPrior
from statphys_gen.principal_graph.simulation.ridges import RidgeName


def objective(
    x: np.ndarray,
    counts: np.ndarray,
    state: GraphState,
    edges: np.ndarray,
    prior: GraphPrior,
    log_background: float,
) -> float:
    """J from its definition."""
    mu, s, pi, alpha = state.nodes, np.exp(state.log_variances), state.weights, state.background_fraction
    D = x.shape[1]
    squares = ((x[:, None] - mu) ** 2).sum(-1)
    dense = (1 - alpha) * (pi * np.exp(-squares / (2 * s)) / (2 * np.pi * s) ** (D / 2)).sum(1)
    value = counts @ np.log(dense + alpha * np.exp(log_background))
    a, b = edges[:, 0], edges[:, 1]
    value -= prior.stiffness / 2 * ((mu[a] - mu[b]) ** 2).sum()
    value -= prior.width_stiffness / 2 * ((state.log_variances[a] - state.log_variances[b]) ** 2).sum()
    return float(value + (prior.weight_concentration - 1) * np.log(pi).sum())


def example() -> tuple[Problem, GraphState, GraphPrior]:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(70, 3)) * [2.0, 0.6, 0.3]
    counts = rng.integers(1, 4, 70).astype(float)
    nodes, widths = x[:9] + 0.1, rng.normal(size=9) * 0.2 - 1.0
    prior = GraphPrior(1.7, 4.0, 2.5)
    weights = rng.random(9) + 0.3
    state = GraphState(nodes, widths, weights / weights.sum(), 0.2, best_tree(nodes, widths, prior))
    return Problem(x, counts, np.full(70, -3.3)), state, prior


def test_objective_and_gradient_from_the_definition() -> None:
    problem, state, prior = example()
    sums = expectation(problem, state, prior, True)
    edges = state.graph.edges

    def value(**changes: np.ndarray) -> float:
        changed = GraphState(**{**state.__dict__, **changes})
        return objective(problem.points, problem.multiplicities, changed, edges, prior, -3.3)

    assert sums.objective == pytest.approx(value(), rel=1e-12)
    found, e = gradient(problem, state, sums, prior, True), 1e-6
    for k in (0, 4, 8):
        d = e * np.eye(9)[k]
        for c in range(3):
            move = d[:, None] * np.eye(3)[c]
            slope = (value(nodes=state.nodes + move) - value(nodes=state.nodes - move)) / (2 * e)
            assert found.nodes[k, c] == pytest.approx(slope, abs=1e-5)
        slope = (
            value(log_variances=state.log_variances + d) - value(log_variances=state.log_variances - d)
        ) / (2 * e)
        assert found.widths[k] == pytest.approx(slope, abs=1e-5)
        up, down = (state.weights * np.exp(s * d) for s in (1, -1))
        slope = (value(weights=up / up.sum()) - value(weights=down / down.sum())) / (2 * e)
        assert found.weights[k] == pytest.approx(slope, abs=1e-5)
    odds = np.log(0.2 / 0.8)
    alphas = [1 / (1 + np.exp(-odds - s * e)) for s in (1, -1)]
    slope = (value(background_fraction=alphas[0]) - value(background_fraction=alphas[1])) / (2 * e)
    assert found.background == pytest.approx(slope, abs=1e-5)


def test_free_coordinates_and_their_first_metric() -> None:
    """Logs of weights are free of a common factor; the odds of the background have the variance of a count."""
    problem, state, prior = example()
    fast = _QuasiNewton(problem, prior, True, True)
    vector = fast._vector(state)
    logs = vector[9 * 3 + 9 : -1]
    assert logs.sum() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(np.diff(logs), np.diff(np.log(state.weights)), atol=1e-12)
    assert vector[-1] == pytest.approx(np.log(0.2 / 0.8))
    moved = fast._plain(state, expectation(problem, state, prior, True), np.ones(len(vector)))
    assert moved[-1] == pytest.approx(1.0 / (problem.samples * 0.2 * 0.8))


@pytest.mark.parametrize("cycle", [False, True])
def test_each_update_is_the_best_of_its_block(cycle: bool) -> None:
    """At fixed memberships: no other nodes, widths or weights have a larger expected log posterior."""
    problem, state, prior = example()
    if cycle:
        extra = next(
            [a, b] for a in range(9) for b in range(a + 1, 9) if [a, b] not in state.graph.edges.tolist()
        )
        edges = np.array(sorted([*state.graph.edges.tolist(), extra]))
        state = GraphState(**{**state.__dict__, "graph": Graph.of(edges, 9)})
        assert state.graph.tree is None
    sums = expectation(problem, state, prior, True)
    moved = maximised(problem, state, sums, prior, learned=True, background=True)
    x, counts = problem.points, problem.multiplicities
    s = np.exp(state.log_variances)
    squares = ((x[:, None] - state.nodes) ** 2).sum(-1)
    dense = 0.8 * state.weights * np.exp(-squares / (2 * s)) / (2 * np.pi * s) ** 1.5
    total = dense.sum(1) + 0.2 * np.exp(-3.3)
    r = counts[:, None] * dense / total[:, None]

    def expected(nodes: np.ndarray, widths: np.ndarray, weights: np.ndarray) -> float:
        away = ((x[:, None] - nodes) ** 2).sum(-1)
        a, b = state.graph.edges.T
        return float(
            (r * (np.log(weights) - 1.5 * widths - away * np.exp(-widths) / 2)).sum()
            - prior.stiffness / 2 * ((nodes[a] - nodes[b]) ** 2).sum()
            - prior.width_stiffness / 2 * ((widths[a] - widths[b]) ** 2).sum()
            + 1.5 * np.log(weights).sum()
        )

    rng = np.random.default_rng(1)
    best = expected(moved.nodes, moved.log_variances, moved.weights)
    for _ in range(20):
        step = 1e-3 * rng.normal(size=(9, 3))
        # Nodes are the best at the old widths, widths at the new nodes.
        assert expected(moved.nodes, state.log_variances, moved.weights) > expected(
            moved.nodes + step, state.log_variances, moved.weights
        )
        assert best > expected(moved.nodes, moved.log_variances + step[:, 0], moved.weights)
        other = moved.weights * np.exp(step[:, 1])
        assert best > expected(moved.nodes, moved.log_variances, other / other.sum())
    outside = counts @ (0.2 * np.exp(-3.3) / total) / counts.sum()
    assert moved.background_fraction == pytest.approx(outside, rel=1e-12)


@pytest.mark.parametrize("accelerated", [False, True])
def test_the_objective_never_decreases(accelerated: bool) -> None:
    for seed in range(3):
        ridge = pg.draw_ridge("tree", 400, seed=seed)
        rng = np.random.default_rng(seed)
        nodes = ridge.points[rng.choice(400, 25, replace=False)]
        prior = GraphPrior(40.0, 10.0)
        widths = np.full(25, -5.0)
        state = GraphState(nodes, widths, np.full(25, 0.04), 0.1, best_tree(nodes, widths, prior))
        problem = Problem(ridge.points, np.ones(400), np.full(400, -2.0))
        run = climb(problem, state, prior, 150, accelerated=accelerated)
        assert np.diff(run.objective).min() > -1e-9


@pytest.mark.parametrize("name", ["spiral", "tree", "loop", "width"])
def test_known_curves_are_found_to_their_ends(name: RidgeName) -> None:
    ridge = pg.draw_ridge(name, 1500, seed=4)
    fit = pg.fit_principal_graph(ridge.points, FitOptions(iterations=300))
    scores = pg.ridge_scores(ridge, fit.nodes, fit.edges)
    assert scores.ridge_error < 0.3 * 0.05
    assert scores.completeness < 0.4 * 0.05
    assert scores.farthest < 0.25
    assert fit.background_fraction == pytest.approx(0.2, abs=0.04)
    inside = ridge.outlier == 0.0
    assert fit.pattern_probability[inside].mean() > 0.9 > 0.5 > fit.pattern_probability[~inside].mean()


def test_a_fit_does_not_depend_on_units_or_origin() -> None:
    ridge = pg.draw_ridge("loop", 500, seed=1)
    one = pg.fit_principal_graph(ridge.points, FitOptions(iterations=60))
    two = pg.fit_principal_graph(1000.0 * ridge.points + 7e4, FitOptions(iterations=60))
    np.testing.assert_allclose((two.nodes - 7e4) / 1000.0, one.nodes, atol=2e-4)
    assert two.smoothing == pytest.approx(one.smoothing, rel=1e-3)
    assert two.stiffness * 1e6 == pytest.approx(one.stiffness, rel=1e-3)


def test_a_stiff_graph_is_one_point_and_a_given_graph_stays() -> None:
    x = np.random.default_rng(2).normal(size=(200, 2)) * [2.0, 0.7]
    start = np.array([[-1.0, 0.0], [0.0, 0.5], [1.0, 0.0], [2.0, -0.3]])
    edges = [[0, 2], [2, 1], [1, 3]]
    options = FitOptions(
        stiffness=1e9,
        width_stiffness=1e6,
        background=Background("none"),
        weight_kind="equal",
        iterations=400,
    )
    fit = pg.fit_principal_graph(x, options, edges=edges, start=start)
    assert fit.edges.tolist() == [[0, 2], [1, 2], [1, 3]]
    np.testing.assert_allclose(fit.nodes, np.tile(x.mean(0), (4, 1)), atol=1e-4)
    assert fit.weights.tolist() == [0.25] * 4
    assert fit.variances.mean() == pytest.approx(x.var(0).mean(), rel=1e-3)


def test_cycles_of_a_ring_and_none_of_an_arc() -> None:
    turn = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], 1) + 0.01 * np.random.default_rng(0).normal(size=(40, 2))
    for nodes, expected in ((ring, 1), (ring[:30], 0)):
        frequency = edge_frequencies(nodes, Cycles())
        tree = best_tree(nodes, np.zeros(len(nodes)), GraphPrior(1.0)).edges
        assert len(closing_edges(tree, frequency, Cycles())) == expected
        assert frequency.max() <= 1.0
        np.testing.assert_array_equal(frequency, frequency.T)
    fit = pg.fit_principal_graph(pg.draw_ridge("loop", 1000, seed=3).points, FitOptions(cycles=Cycles()))
    assert len(fit.cycles) == 1
    assert len(fit.edges) == len(fit.nodes)
    assert "cycle" in [branch.kind for branch in fit.branches] or len(fit.branches) > 1


@pytest.mark.parametrize(("shortest", "closed"), [(5, 1), (6, 0), (8, 0)])
def test_a_short_way_round_is_no_cycle(shortest: int, closed: int) -> None:
    """Five edges between the ends of a chain of six nodes."""
    chain = np.array([[k, k + 1] for k in range(5)])
    frequency = np.zeros((6, 6))
    frequency[0, 5] = frequency[5, 0] = 0.9
    assert len(closing_edges(chain, frequency, Cycles(shortest=shortest))) == closed


def test_branches_and_places() -> None:
    nodes = np.array([[0.0, 0], [1, 0], [2, 0], [1, 1], [1, 3], [5, 5], [6, 5], [5, 6]])
    edges = np.array([[0, 1], [1, 2], [1, 3], [3, 4]])
    found = branches_of(nodes[:5], edges)
    assert sorted((b.kind, b.length) for b in found) == [("end-junction", 1.0)] * 2 + [("end-junction", 3.0)]
    place = project(np.array([[0.9, 2.0], [0.25, -0.5]]), nodes[:5], found)
    assert place.distance.tolist() == pytest.approx([0.1, 0.5])
    branch = found[place.branch[0]]
    along = place.arc_position[0] if branch.nodes[0] == 1 else branch.length - place.arc_position[0]
    assert along == pytest.approx(2.0)
    (ring,) = branches_of(nodes[5:], np.array([[0, 1], [1, 2], [0, 2]]))
    assert (ring.kind, ring.length) == ("cycle", pytest.approx(2.0 + np.sqrt(2.0)))


def test_error_bars_are_those_of_the_linear_system() -> None:
    ridge = pg.draw_ridge("width", 600, seed=2)
    fit = pg.fit_principal_graph(ridge.points, FitOptions(stiffness=300.0, error_bars=True, iterations=80))
    assert fit.node_standard_errors is not None
    assert (fit.node_standard_errors < np.sqrt(fit.variances)).all()
    stiff = pg.fit_principal_graph(ridge.points, FitOptions(stiffness=3000.0, error_bars=True, iterations=80))
    assert stiff.node_standard_errors is not None
    assert stiff.node_standard_errors.mean() < fit.node_standard_errors.mean()


def test_files(tmp_path: Path) -> None:
    ridge = pg.draw_ridge("tree", 500, seed=6)
    fit = pg.fit_principal_graph(ridge.points, FitOptions(iterations=3, stiffness=100.0))
    written = pg.write_fit(fit, tmp_path / "out")
    assert {path.name for path in written} >= {
        "nodes.csv",
        "edges.csv",
        "points.csv",
        "graph.graphml",
        "graph.json",
    }
    table = np.genfromtxt(tmp_path / "out" / "nodes.csv", delimiter=",", names=True)
    np.testing.assert_array_equal(np.stack([table["x1"], table["x2"]], 1), fit.nodes)
    np.testing.assert_array_equal(table["degree"], np.bincount(fit.edges.ravel()))
    edges = np.genfromtxt(tmp_path / "out" / "edges.csv", delimiter=",", names=True)
    np.testing.assert_allclose(edges["length"], fit.edge_lengths)
    points = np.genfromtxt(tmp_path / "out" / "points.csv", delimiter=",", names=True)
    np.testing.assert_array_equal(points["pattern_probability"], fit.pattern_probability)
    root = ElementTree.parse(tmp_path / "out" / "graph.graphml").getroot()
    names = "{http://graphml.graphdrawing.org/xmlns}"
    assert len(root.findall(f".//{names}node")) == len(fit.nodes)
    found = [[int(e.attrib["source"]), int(e.attrib["target"])] for e in root.findall(f".//{names}edge")]
    assert found == fit.edges.tolist()
    assert json.loads((tmp_path / "out" / "graph.json").read_text())["edges"] == fit.edges.tolist()
    assert "not converged" in (tmp_path / "out" / "summary.txt").read_text()


def test_the_estimator_follows_scikit_learn() -> None:
    ridge = pg.draw_ridge("loop", 600, seed=3)
    model = pg.PrincipalGraph(stiffness=100.0, nodes=24, iterations=40)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    scores = cross_val_score(model, ridge.points, cv=3)
    assert np.isfinite(scores).all()
    model.fit(ridge.points)
    assert model.n_features_in_ == 2
    assert set(model.labels_) >= {-1, 0}
    share = float((model.labels_[ridge.outlier == 0.0] >= 0).mean())
    assert share > 0.9
    density = model.score_samples(ridge.points)
    assert model.score(ridge.points) == pytest.approx(density.mean())
    grid = np.stack(np.meshgrid(np.linspace(-1.3, 1.3, 200), np.linspace(-1.1, 1.1, 200)), -1).reshape(-1, 2)
    mass = np.exp(model.score_samples(grid)).mean() * 2.6 * 2.2
    assert mass == pytest.approx(1.0, abs=0.1)
    assert model.transform(ridge.points).shape == (600, 3)
    with pytest.raises(InvalidArgument, match="fitted first"):
        pg.PrincipalGraph().predict(ridge.points)
    with pytest.raises(InvalidArgument, match="one of"):
        model.set_params(wrong=1)


@pytest.mark.parametrize(
    ("points", "options", "said"),
    [
        (np.arange(8.0).reshape(4, 2), FitOptions(), "different points"),
        (np.random.default_rng(0).normal(size=(40, 2)), FitOptions(nodes=30), "half of"),
        (np.c_[np.random.default_rng(0).normal(size=40), np.ones(40)], FitOptions(), "constant"),
        (
            np.c_[np.random.default_rng(0).normal(size=40), np.ones(40)],
            FitOptions(standardise=True),
            "constant",
        ),
        (
            np.random.default_rng(0).random(size=(400, 2)),
            FitOptions(nodes=100, background=Background("box", None, 0.9999)),
            "stands out",
        ),
    ],
)
def test_refusals(points: np.ndarray, options: FitOptions, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        pg.fit_principal_graph(points, options)


def test_refits_to_resampled_points_scatter_as_fresh_samples_do() -> None:
    """A straight line in one dimension of noise: the scatter over fresh samples, at the same stiffness and start."""
    samples, fresh = 400, 40
    start = np.stack([np.linspace(-1.8, 1.8, 7), np.zeros(7)], axis=1)
    edges = [[k, k + 1] for k in range(6)]
    options = FitOptions(stiffness=30.0, background=Background("none"), iterations=100, tolerance=1e-7)

    def line(seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        return np.stack([random.uniform(-2.0, 2.0, samples), 0.3 * random.normal(size=samples)], axis=1)

    nodes = np.stack(
        [pg.fit_principal_graph(line(k), options, edges=edges, start=start).nodes for k in range(fresh)]
    )
    found = pg.fit_principal_graph(line(99), options.replace(bootstrap=40), edges=edges, start=start)
    assert found.node_standard_errors is not None
    across = nodes[:, :, 1].std(axis=0, ddof=1).mean()
    both = np.sqrt((nodes.std(axis=0, ddof=1) ** 2).mean())
    assert 0.5 * both < np.sqrt((found.node_standard_errors**2).mean()) < 1.6 * both
    assert across < both
    assert any("drawn with replacement" in note for note in found.notes)
    with pytest.raises(InvalidArgument, match="bootstrap"):
        FitOptions(bootstrap=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_both_ends_of_the_spiral_are_reached(seed: int) -> None:
    """No end is farther from the graph than two widths and a half of the ridge."""
    ridge = pg.draw_ridge("spiral", 3000, seed=seed)
    fit = pg.fit_principal_graph(ridge.points, FitOptions(iterations=150, tolerance=1e-6))
    for end in (ridge.truth[0], ridge.truth[-1]):
        assert fit.project(end[None]).distance[0] < 2.5 * 0.05
    ends = np.flatnonzero(np.bincount(fit.edges.ravel()) == 1)
    reached = [
        np.sqrt(((fit.nodes[ends] - end) ** 2).sum(1)).min() for end in (ridge.truth[0], ridge.truth[-1])
    ]
    assert max(reached) < 2.5 * 0.05


@pytest.mark.parametrize(("components", "dimension"), [(1, 1), (8, 2), (37, 3), (300, 2)])
def test_sums_of_the_e_step_from_the_definition(components: int, dimension: int) -> None:
    """Groups of components that are left out, of any number, and points far from all."""
    rng = np.random.default_rng(components)
    x = np.vstack([3.0 * rng.normal(size=(60, dimension)), 40.0 * np.ones((1, dimension))])
    counts = rng.integers(1, 4, 61).astype(float)
    nodes, widths = 3.0 * rng.normal(size=(components, dimension)), rng.normal(size=components) - 3.0
    weights = rng.random(components) + 0.1
    weights /= weights.sum()
    prior = GraphPrior(1.0)
    state = GraphState(nodes, widths, weights, 0.3, best_tree(nodes, widths, prior))
    sums = expectation(Problem(x, counts, np.full(61, -4.0)), state, prior, False)
    squares = ((x[:, None] - nodes) ** 2).sum(-1)
    s = np.exp(widths)
    dense = 0.7 * weights * np.exp(-squares / (2 * s)) / (2 * np.pi * s) ** (dimension / 2)
    r = counts[:, None] * dense / (dense.sum(1) + 0.3 * np.exp(-4.0))[:, None]
    np.testing.assert_allclose(sums.mass, r.sum(0), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(sums.second, (r * squares).sum(0), rtol=1e-11, atol=1e-12)
    first = (r[:, :, None] * (x[:, None] - nodes)).sum(0)
    np.testing.assert_allclose(sums.first, first, rtol=1e-10, atol=1e-12)
