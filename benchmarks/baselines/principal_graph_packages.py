"""Graphs of points by packages that one would otherwise run; in an environment of their own.

    python principal_graph_packages.py FOLDER NODES [elpigraph]

Reads every ``*.npy`` of the folder, and prints for each, as JSON, CPU seconds, nodes and edges of: trex-python
(``regGMM`` on a minimum spanning tree, 100 iterations, lambda and lambda_sigma 5, uniform background in the box of the
points, adaptive widths; A0 = 1, and 0.3 for trex_narrow, the best of 0.1, 0.3, 1 and 3 on these sets: at its default of
0.1 graphs lose part of the curves or end in an exception), simpleppt (``ppt``, sigma 0.01, lambda 1), scikit-learn's
``GaussianMixture`` with the minimum spanning tree of its means, and on request elpigraph's tree (60 nodes, trimming
radius 0.15, after a warm-up).
"""

import contextlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree

ITERATIONS, STIFFNESS = 100, 5.0


def trex(points: np.ndarray, nodes: int, start_width: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    from trex_python import networkAlgo, regularization_gmm

    start = points[np.random.default_rng(0).choice(len(points), nodes, replace=False)].copy()
    options = regularization_gmm.param_()
    options.set(
        points,
        networkAlgo.buildMST_fast,
        A0=start_width,
        lam=STIFFNESS,
        lam_sig=STIFFNESS,
        lam_pi=1,
        maxIter=ITERATIONS,
        eps=1e-12,
        covariance_type="spherical",
        covariance_update="adaptative",
        background_noise=True,
        alpha=0.1,
        domain_area=float(np.prod(np.ptp(points, axis=0))),
    )
    found = regularization_gmm.regGMM(points, start, options)[0]
    return np.asarray(found.F), np.asarray(found.edges)


def trex_narrow(points: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return trex(points, nodes, 0.3)


def simpleppt(points: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    from simpleppt import ppt

    found = ppt(points, Nodes=nodes, sigma=0.01, lam=1, seed=0, progress=False)
    return np.asarray(found.F).T, np.argwhere(np.triu(found.B) > 0)


def mixture(points: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.mixture import GaussianMixture

    means = GaussianMixture(nodes, covariance_type="spherical", random_state=0).fit(points).means_
    lengths = np.sqrt(((means[:, None] - means) ** 2).sum(-1))
    return means, np.stack(minimum_spanning_tree(lengths).nonzero(), axis=1)


def elpigraph(points: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    from elpigraph import computeElasticPrincipalTree

    found = computeElasticPrincipalTree(points, 60, TrimmingRadius=0.15)[0]
    return np.asarray(found["NodePositions"]), np.asarray(found["Edges"][0])


def run(tool: Any, points: np.ndarray, nodes: int) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.process_time()
        where, edges = tool(points, nodes)
        seconds = time.process_time() - start
    return {"seconds": seconds, "nodes": where.tolist(), "edges": edges.astype(int).tolist()}


def main(folder: Path, nodes: int, slow: bool) -> None:
    tools: list[Any] = [trex, trex_narrow, simpleppt, mixture]
    sets = {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}
    first = next(iter(sets.values()))
    for tool in tools:
        run(tool, first[:500], 20)
    found = {
        name: {tool.__name__: run(tool, points, nodes) for tool in tools} for name, points in sets.items()
    }
    if slow:
        name = next(name for name in sets if name.startswith("spiral"))
        run(elpigraph, sets[name][:300], nodes)
        found[name]["elpigraph"] = run(elpigraph, sets[name], nodes)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), "elpigraph" in sys.argv[3:])
