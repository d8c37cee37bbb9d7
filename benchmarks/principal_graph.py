"""Principal graphs against the packages that one would otherwise run; certified clusters, the E-step, sums over trees.

    STATPHYS_GEN_PACKAGES=/path/to/python python -m benchmarks.principal_graph

The variable names the Python of an environment with trex-python, simpleppt, scikit-learn and elpigraph-python; without
it their rows are left out. Four sets of 3000 points, a fifth of them outliers; means over the seeds. ``error`` is the
mean distance of the graph from the curve, ``missed`` that of the curve from the graph. simpleppt and the mixture have
no class for outliers and were not tuned: a statement about outliers, not a ranking. One thread.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from threadpoolctl import threadpool_limits

from statphys_gen.principal_graph import (
    FitOptions,
    PrincipalGraphFit,
    Ridge,
    WeightedPoints,
    cluster_state,
    draw_ridge,
    fit_principal_graph,
    ridge_scores,
    tree_marginals,
)
from statphys_gen.principal_graph.analysis.objective import expectation
from statphys_gen.principal_graph.model import GraphPrior
from statphys_gen.principal_graph.simulation.ridges import RIDGE_NAMES

from .baselines import principal_graph_packages as packages
from .measure import cpu_seconds, machine

SEEDS, SAMPLES, NODES = (0, 1, 2), 3000, 120


def ours(ridge: Ridge, options: FitOptions) -> tuple[float, PrincipalGraphFit]:
    found: list[PrincipalGraphFit] = []
    (seconds,) = cpu_seconds(
        {"fit": lambda: found.append(fit_principal_graph(ridge.points, options))}, repeats=1
    ).values()
    return seconds, found[0]


def of_packages(ridges: dict[str, Ridge]) -> dict[str, Any]:
    python = os.environ.get("STATPHYS_GEN_PACKAGES")
    if python is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name, ridge in ridges.items():
            np.save(Path(folder) / f"{name}.npy", ridge.points)
        words = [python, packages.__file__, folder, str(NODES), "elpigraph"]
        printed = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(printed.stdout)
    return found


def fits() -> dict[str, Any]:
    ridges = {f"{name}{seed}": draw_ridge(name, SAMPLES, seed=seed) for name in RIDGE_NAMES for seed in SEEDS}
    fit_principal_graph(ridges["loop0"].points[:300], FitOptions(iterations=5))
    theirs = of_packages(ridges)
    columns = ("seconds", "error", "missed")
    table: dict[str, Any] = {}
    for name in RIDGE_NAMES:
        measured: dict[str, list[tuple[float, float, float]]] = {}
        for seed in SEEDS:
            ridge = ridges[f"{name}{seed}"]
            seconds, fit = ours(ridge, FitOptions())
            graphs: dict[str, tuple[float, Any, Any]] = {"default": (seconds, fit.nodes, fit.edges)}
            options = FitOptions(
                nodes=NODES, stiffness=fit.stiffness, iterations=packages.ITERATIONS, tolerance=1e-15
            )
            seconds, fit = ours(ridge, options)
            graphs["fixed stiffness"] = seconds, fit.nodes, fit.edges
            for who, entry in theirs.get(f"{name}{seed}", {}).items():
                graphs[who] = entry["seconds"], entry["nodes"], entry["edges"]
            for who, (seconds, nodes, edges) in graphs.items():
                scores = ridge_scores(ridge, nodes, edges)
                measured.setdefault(who, []).append((seconds, scores.ridge_error, scores.completeness))
        rows = {
            who: dict(zip(columns, np.mean(entries, axis=0).tolist(), strict=True))
            for who, entries in measured.items()
        }
        table[name] = dict(rows)
        for who in ("trex", "trex_narrow"):
            if who in rows:
                table[name][f"ratios to {who}"] = {
                    "fixed stiffness, times faster": rows[who]["seconds"]
                    / rows["fixed stiffness"]["seconds"],
                    "default, times its single fit": rows["default"]["seconds"] / rows[who]["seconds"],
                    "error of default over its": rows["default"]["error"] / rows[who]["error"],
                }
    return table


def annealed(points: np.ndarray, temperature: float, components: int = 16, restarts: int = 5) -> float:
    """Mean log-likelihood by EM along a hundred temperatures, the best of several starts."""
    best = -np.inf
    for restart in range(restarts):
        random = np.random.default_rng(restart)
        mu = points.mean(0) + 1e-2 * random.standard_normal((components, points.shape[1]))
        pi = np.full(components, 1.0 / components)
        for T in np.geomspace(5.0, temperature, 100):
            for _ in range(20):
                exponent = np.log(pi) - ((points[:, None] - mu) ** 2).sum(-1) / (2.0 * T)
                top = exponent.max(1)
                p = np.exp(exponent - top[:, None])
                total = p.sum(1)
                p /= total[:, None]
                mass = p.sum(0)
                mu = p.T @ points / mass[:, None] + 1e-4 * random.standard_normal(mu.shape)
                pi = np.maximum(mass / len(points), 1e-12)
        best = max(best, float((top + np.log(total)).mean()))
    return best


def clusters(temperature: float = 0.5) -> dict[str, float]:
    x = load_iris().data
    law = WeightedPoints(x, samples=len(x))
    cluster_state(law, 3.0)
    found: dict[str, float] = {}

    def kept(name: str, value: Callable[[], float]) -> Callable[[], object]:
        return lambda: found.update({name: value()})

    seconds = cpu_seconds(
        {
            "certified": kept("log_likelihood", lambda: cluster_state(law, temperature).log_likelihood),
            "annealing": kept("annealed_log_likelihood", lambda: annealed(x, temperature)),
        }
    )
    return seconds | found | {"ratio": seconds["annealing"] / seconds["certified"]}


def step() -> dict[str, float]:
    """One E-step of 3000 points and 120 nodes."""
    ridge = draw_ridge("spiral", SAMPLES)
    fit = fit_principal_graph(ridge.points, FitOptions(nodes=NODES, stiffness=2400.0, iterations=20))
    problem, state, prior = fit.frame.problem(ridge.points, None), fit.state, GraphPrior(2400.0)
    x, background = problem.points, state.background(problem)

    def dense() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        nodes, constant, factor = state.terms(2)
        apart = x[:, None] - nodes.T
        squares = (apart * apart).sum(-1)
        terms = constant - factor * squares
        top = np.maximum(terms.max(axis=1), background)
        share = np.exp(terms - top[:, None])
        share /= (share.sum(axis=1) + np.exp(background - top))[:, None]
        return share.sum(axis=0), np.einsum("ik,ikd->kd", share, apart), (share * squares).sum(axis=0)

    repeats = range(20)
    seconds = cpu_seconds(
        {
            "ours": lambda: [expectation(problem, state, prior, True) for _ in repeats],
            "numpy": lambda: [dense() for _ in repeats],
        }
    )
    found = {name: value / len(repeats) for name, value in seconds.items()}
    return found | {"ratio": found["numpy"] / found["ours"]}


def trees(nodes: int = 100) -> dict[str, Any]:
    points = np.random.default_rng(0).standard_normal((nodes, 2))
    tree_marginals(points[:5], 1.0)
    worst, seconds = 0.0, []
    for stiffness in np.geomspace(1.0, 1e8, 9).tolist():
        start = time.process_time()
        probability = tree_marginals(points, stiffness).probability
        seconds.append(time.process_time() - start)
        worst = max(worst, abs(float(np.triu(probability).sum()) - (nodes - 1)))
    return {
        "nodes": nodes,
        "largest stiffness": 1e8,
        "seconds": max(seconds),
        "error of the number of edges": worst,
    }


def main() -> None:
    with threadpool_limits(1):
        found = {
            "fits": fits(),
            "certified clusters of iris, temperature 0.5": clusters(),
            "E-step, 3000 points and 120 nodes": step(),
            "sums over trees": trees(),
        }
    print(json.dumps({"machine": machine(), **found}))


if __name__ == "__main__":
    main()
