"""Simulations of cooled mixtures: against what is known exactly."""

import numpy as np
import pytest

from statphys_gen import principal_graph as pg
from statphys_gen.principal_graph.plots import plot_fit
from statphys_gen.principal_graph.simulation.annealing import simulate_split_temperature
from statphys_gen.principal_graph.simulation.transitions import simulate_survival
from statphys_gen.principal_graph.simulation.trees import wilson_tree


def test_growth_is_the_top_eigenvalue_of_the_same_points() -> None:
    x = np.random.default_rng(4).normal(size=(300, 3)) * [2.0, 1.0, 0.5]
    top = float(np.linalg.eigvalsh(np.cov(x.T, bias=True))[-1])
    assert pg.simulate_growth(x, 1.7) == pytest.approx(top / 1.7, rel=1e-6)
    edges = pg.graph_edges("star", 5)
    found = pg.simulate_graph_growth(x, edges, 5, 12.0, 1.7, steps=200)
    assert found == pytest.approx(pg.graph_growth(edges, 5, 12.0, 300, top, 1.7), rel=1e-5)


def test_a_second_split_of_the_same_points() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(c, 0.45, 150) for c in (-2.5, -0.7, 0.7, 2.5)])[:, None]
    crossings = pg.split_temperatures(pg.WeightedPoints(x), lower=0.6).crossings
    highest = max(c.temperature for c in crossings if c.unstable == "below")
    assert simulate_split_temperature(x, 0.8, 1.9, halvings=22) == pytest.approx(highest, rel=1e-4)


def test_trees_are_spanning() -> None:
    rng = np.random.default_rng(6)
    weights = rng.random((7, 7))
    weights = weights + weights.T
    np.fill_diagonal(weights, 0.0)
    for _ in range(20):
        edges = wilson_tree(weights, rng)
        assert len(edges) == 6
        assert set(edges.ravel().tolist()) == set(range(7))


def test_particles_of_a_plane() -> None:
    still = pg.zeldovich_points(8, growth=0.0)
    np.testing.assert_allclose(np.unique(still), np.arange(8) / 8)
    moved = pg.zeldovich_points(16, growth=0.5)
    assert moved.shape == (256, 2)
    assert ((moved >= 0.0) & (moved < 1.0)).all()


def test_theory_beside_simulation(tmp_path_factory: pytest.TempPathFactory) -> None:
    law = pg.GaussianMixture([0.65, 0.35], [[-0.7], [1.9]], 0.45)
    found = pg.compare(law, [1.2], 2000, instances=6, seed=1)
    assert [row.name for row in found] == ["centroid", "centroid", "free_energy"]
    for row in found:
        assert row.z is not None
        assert abs(row.z) < 5.0
    split = pg.simulate_first_split(4.0, 20, 4000, instances=3)
    assert float(split.mean) == pytest.approx(pg.spiked_split_temperature(4.0, 20 / 4000), rel=0.05)
    ridge = pg.draw_ridge("tree", 200)
    data = pg.DataSet.from_arrays(ridge.points)
    picture = tmp_path_factory.mktemp("pictures") / "graph.png"
    plot_fit(data, pg.fit_principal_graph(data, pg.FitOptions(stiffness=20.0, iterations=5)), picture)
    assert picture.stat().st_size > 1000


def test_small_components_stay_below_their_nucleation_and_are_lost_above() -> None:
    """A law that nucleates at 2.716."""
    law = pg.GaussianMixture([0.85, 0.15], [[0.0], [3.0]], 0.9)
    shares = [float(simulate_survival(law, T, 800, 3.6, instances=4).mean) for T in (1.9, 4.0)]
    assert shares == [1.0, 0.0]
