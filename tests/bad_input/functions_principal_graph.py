"""Wrong arguments of principal graphs."""

import math
from typing import Any

import numpy as np
from refusals import Given, Row, row

from statphys_gen import principal_graph as pg
from statphys_gen.principal_graph.simulation.annealing import draw_points

POINTS = np.random.default_rng(0).normal(size=(30, 2)) * [1.7, 0.6]
LAW = pg.WeightedPoints(POINTS, samples=30)
MIXTURE = pg.GaussianMixture([0.7, 0.3], [[0.0], [2.0]], 0.4)
PLANE = pg.GaussianMixture([0.7, 0.3], [[0.0, 0.0], [2.0, 1.0]], 0.4)
POINT = pg.GaussianMixture([1.0], [[0.5]], 0.0)
CHAIN = [[0, 1], [1, 2]]
GRAPH = dict(edges=CHAIN, nodes=3, stiffness=2.0, samples=50, variance=1.7)
RIDGE = pg.draw_ridge("loop", 50)


def estimated(seed: int = 0, **parameters: Any) -> pg.PrincipalGraph:
    """An estimator refuses its parameters when it is fitted."""
    return pg.PrincipalGraph(seed=seed, **parameters).fit(POINTS)


# fmt: off
TABLE: list[Row] = [
    row(pg.WeightedPoints, dict(points=POINTS), points=[[1.0], "x"], weights=[[0.5, 0.5]], samples=[0, 2.5]),
    row(pg.GraphPrior, dict(stiffness=1.0), stiffness=[-1.0, math.inf, 1e200], width_stiffness=[0.0, -1.0],
        weight_concentration=[0.5, math.nan]),
    row(pg.Background, dict(), kind=["sphere", 1], log_volume=[1.0, Given(kind="volume")], fraction=[0.0, 1.0]),
    row(pg.Cycles, dict(), resamplings=[0, 1.5], fraction=[0.0, 1.0], frequency=[0.0, 1.5], shortest=[1]),
    row(pg.FitOptions, dict(), nodes=[2, 2.5, "many"], stiffness=[-1.0, "auto"], width_stiffness=[0.0],
        initial_variance=[0.0, -1.0], weight_kind=["none"], iterations=[0, 0.5], tolerance=[0.0],
        bootstrap=[1, -1, 2.5]),
    row(pg.linear_temperature, dict(law=LAW), law=[POINT, "x", [1.0, 2.0]]),
    row(pg.anneal, dict(points=POINTS, centroids=POINTS[:2], weights=[0.4, 0.6], temperature=1.0, learned=True),
        points=[[1.0], "x"], centroids=[[[1.0]]], weights=[[0.5, 0.4], [1.0]], temperature=[0.0, -1.0]),
    row(pg.stationary_state, dict(law=LAW, temperature=1.0), law=[PLANE, POINT], components=[0, 65, 1.5],
        weight_kind=["free"], temperature=["x"], **{"temperature[0]": [[0.0], [-1.0]]}),
    row(pg.split_temperatures, dict(law=LAW), law=[PLANE], components=[0], lower=[0.0, Given(lower=3.0, upper=2.0)],
        upper=[0.0, -1.0], weight_kind=["free"]),
    row(pg.cluster_state, dict(law=LAW, temperature=1.0), temperature=[0.0, -1.0, "x"], tolerance=[0.0]),
    row(pg.cluster_states, dict(law=LAW, temperature=[1.0]), **{"temperature[0]": [[0.0]]}),
    row(pg.cascade, dict(law=LAW), lowest=[0.0, -1.0], events=[0, 1.5, 1000], minimum_weight=[-0.1, 1.1]),
    row(pg.landau, dict(law=LAW), components=[1, 2.5]),
    row(pg.spiked_split_temperature, dict(signal=1.0, ratio=0.5), signal=[-1.0], ratio=[0.0]),
    row(pg.graph_edges, dict(name="chain", nodes=4), graph=[Given(name="tree")], nodes=[1, 2.5]),
    row(pg.graph_temperature, GRAPH, nodes=[1, 2.5], samples=[0], variance=[0.0], mode=[0, 3],
        edges=[[[0, 1]], [[0, 1], [1, 1]], [[0, 1], [1, 0]], [[0, 1], [1, 7]], [[0.5, 1], [1, 2]]],
        **{"stiffness[0]": [[-1.0]]}),
    row(pg.graph_growth, GRAPH | dict(temperature=1.0), stiffness=[-1.0], temperature=[0.0], variance=[0.0],
        samples=[0], mode=[0]),
    row(pg.tree_marginals, dict(points=POINTS, stiffness=1.0), points=[[[1.0, 2.0]], "x"], stiffness=[-1.0]),
    row(pg.fit_principal_graph, dict(points=POINTS), points=[[[1.0], [2.0]], np.arange(8.0).reshape(4, 2)],
        start=[[[0.0, 1.0]], [[0.0]]], edges=[Given(edges=[[0, 1]], start=POINTS[:4])],
        nodes=[Given(options=pg.FitOptions(nodes=20))]),
    row(pg.edge_frequencies, dict(nodes=POINTS, options=pg.Cycles(resamplings=2))),
    row(pg.load_nodes, dict(argument="POINTS", path="absent.csv"), POINTS=[Given()]),
    row(pg.load_edges, dict(argument="--edges", path="absent.csv"), **{"--edges": [Given()]}),
    row(pg.draw_ridge, dict(name="loop", samples=50), name=["ring"], samples=[5, 2.5], noise=[0.0], outliers=[1.0],
        dimension=[1], replica=[-1]),
    row(pg.ridge_scores, dict(ridge=RIDGE, nodes=POINTS, edges=CHAIN), nodes=[[1.0]]),
    row(pg.zeldovich_points, dict(side=8), side=[2, 2.5], growth=[-1.0], slope=[math.nan], cut=[0.0]),
    row(draw_points, dict(law=MIXTURE, samples=10), samples=[1, 2.5], replica=[-1]),
    row(pg.simulate_states, dict(law=MIXTURE, temperature=[1.0], samples=20, instances=2), samples=[1], instances=[1],
        components=[0, Given(components=3, weight_kind="learned")], weight_kind=["free"],
        **{"temperature[0]": [[0.0]]}),
    row(pg.simulate_growth, dict(points=POINTS, temperature=1.0)),
    row(pg.simulate_graph_growth, dict(points=POINTS, edges=CHAIN, nodes=3, stiffness=1.0, temperature=1.0)),
    row(pg.simulate_first_split, dict(signal=1.0, dimension=5, samples=10, instances=2), signal=[-1.0], dimension=[0],
        samples=[1], instances=[1]),
    row(pg.simulate_trees, dict(points=POINTS, stiffness=1.0, trees=2), points=[[1.0]], stiffness=[-1.0], trees=[0],
        replica=[-1]),
    row(pg.compare, dict(law=MIXTURE, temperature=[1.0], samples=20, instances=2), law=[PLANE], samples=[1],
        instances=[1]),
    row(estimated, dict(nodes=6, stiffness=1.0), nodes=[2, "many"], stiffness=[-1.0], kind=[Given(background="sphere")],
        fraction=[Given(background_fraction=0.0)], iterations=[0]),
]
# fmt: on
