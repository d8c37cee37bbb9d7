"""Nodes and edges from files, and the files that a fit writes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.formats import read_samples
from ...errors import InvalidArgument
from ...presentation import plain
from ..model import checked_edges
from .cycles import edge_frequencies
from .fit import PrincipalGraphFit


def load_nodes(argument: str, path: str | Path) -> FloatArray:
    """(K, D) positions from a file of numbers (.npy, .npz, .csv, .tsv or .txt), one node a row; repeated rows stay.

    Raises
    ------
    InvalidArgument : one line that names the argument, the place, and what is allowed.
    """
    file = validation.readable_file(argument, path)
    content = read_samples(argument, file, None, None)
    points = np.asarray(content.points)
    if points.ndim == 1:
        points = points[:, None]
    if points.dtype.kind not in "iuf" or points.ndim != 2:
        raise InvalidArgument(argument, str(path), "a table of numbers, one node a row")
    return validation.array(argument, points, ndim=2)


def load_edges(argument: str, path: str | Path, nodes: int | None = None) -> IntArray:
    """(E, 2) node numbers from 0, of a connected graph without loops and repetitions.

    Parameters
    ----------
    nodes : number of nodes; one more than the largest number by default.
    """
    pairs = load_nodes(argument, path)
    if pairs.shape[1] != 2 or not len(pairs):
        raise InvalidArgument(argument, str(path), "a table with two columns of node numbers from 0")
    if (pairs < 0).any() or (pairs != np.round(pairs)).any() or (pairs > 1e6).any():
        row = int(np.argmax(((pairs < 0) | (pairs != np.round(pairs)) | (pairs > 1e6)).any(axis=1)))
        raise InvalidArgument(f"{argument}[{row}]", pairs[row].tolist(), "two node numbers, integers from 0")
    return checked_edges(argument, pairs, int(pairs.max()) + 1 if nodes is None else nodes)


def write_fit(
    fit: PrincipalGraphFit, folder: str | Path, *, columns: Sequence[str] = (), frequencies: bool = True
) -> list[Path]:
    """nodes.csv, edges.csv, points.csv, objective.csv, graph.graphml, graph.json and summary.txt.

    Parameters
    ----------
    fit : what is written.
    folder : made if it is not there.
    columns : names of the coordinates; x1, x2, ... by default.
    frequencies : whether edges carry their frequency in trees of drawn nodes.
    """
    place = validation.writable_folder("output", folder)
    names = list(columns) or [f"x{d + 1}" for d in range(fit.nodes.shape[1])]
    degree = np.bincount(fit.edges.ravel(), minlength=len(fit.nodes))
    branch_of = np.full(len(fit.nodes), -1)
    for number, branch in enumerate(fit.branches):
        branch_of[list(branch.nodes)] = np.where(
            branch_of[list(branch.nodes)] < 0, number, branch_of[list(branch.nodes)]
        )
    errors = fit.node_standard_errors
    frequency = None
    if frequencies:
        from ..model import Cycles

        matrix = edge_frequencies(fit.nodes, fit.options.cycles or Cycles(), seed=fit.options.seed)
        frequency = matrix[fit.edges[:, 0], fit.edges[:, 1]]
    lengths = fit.edge_lengths
    _write(
        place / "nodes.csv",
        ["node", *names, "variance", "weight", "standard_error", "degree", "branch"],
        (
            [
                k,
                *fit.nodes[k].tolist(),
                float(fit.variances[k]),
                float(fit.weights[k]),
                "" if errors is None else float(errors[k]),
                int(degree[k]),
                int(branch_of[k]),
            ]
            for k in range(len(fit.nodes))
        ),
    )
    _write(
        place / "edges.csv",
        ["first", "second", "length", "frequency"],
        (
            [a, b, float(lengths[e]), "" if frequency is None else float(frequency[e])]
            for e, (a, b) in enumerate(fit.edges.tolist())
        ),
    )
    _write(
        place / "points.csv",
        ["pattern_probability", "node", "branch", "arc_position", "distance"],
        zip(
            fit.pattern_probability.tolist(),
            fit.node.tolist(),
            fit.place.branch.tolist(),
            fit.place.arc_position.tolist(),
            fit.place.distance.tolist(),
            strict=True,
        ),
    )
    _write(
        place / "objective.csv",
        ["iteration", "objective", "residual"],
        ([k, float(j), float(r)] for k, (j, r) in enumerate(zip(fit.objective, fit.residuals, strict=True))),
    )
    (place / "graph.graphml").write_text(graphml(fit, names), encoding="utf-8")
    (place / "graph.json").write_text(json.dumps(plain(fit.records()[0])) + "\n", encoding="utf-8")
    (place / "summary.txt").write_text(summary(fit), encoding="utf-8")
    files = ("nodes.csv", "edges.csv", "points.csv", "objective.csv")
    return [place / name for name in (*files, "graph.graphml", "graph.json", "summary.txt")]


def _write(path: Path, header: list[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([f"{v:.17g}" if isinstance(v, float) else v for v in row] for row in rows)


def graphml(fit: PrincipalGraphFit, names: Sequence[str]) -> str:
    """The graph in GraphML: coordinates, variance and weight of nodes, lengths of edges."""
    of_nodes = [*names, "variance", "weight"]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        *(
            f'  <key id="n{k}" for="node" attr.name={quoteattr(name)} attr.type="double"/>'
            for k, name in enumerate(of_nodes)
        ),
        '  <key id="e0" for="edge" attr.name="length" attr.type="double"/>',
        '  <graph edgedefault="undirected">',
    ]
    for k, (x, s, w) in enumerate(
        zip(fit.nodes.tolist(), fit.variances.tolist(), fit.weights.tolist(), strict=True)
    ):
        data = "".join(f'<data key="n{j}">{value!r}</data>' for j, value in enumerate([*x, s, w]))
        lines.append(f'    <node id="{k}">{data}</node>')
    for (a, b), length in zip(fit.edges.tolist(), fit.edge_lengths.tolist(), strict=True):
        lines.append(f'    <edge source="{a}" target="{b}"><data key="e0">{length!r}</data></edge>')
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])


def summary(fit: PrincipalGraphFit) -> str:
    """What was found, what was chosen, and why."""
    kinds = [branch.kind for branch in fit.branches]
    lines = [
        f"A principal graph of {int(fit.multiplicities.sum())} points ({len(fit.multiplicities)} different ones) in "
        f"dimension {fit.nodes.shape[1]}.",
        f"{len(fit.nodes)} nodes, {len(fit.edges)} edges, {len(fit.branches)} branches "
        f"({', '.join(f'{kinds.count(k)} {k}' for k in dict.fromkeys(kinds))}), {len(fit.cycles)} cycles closed.",
        f"Background: {fit.background_fraction:.4g} of the points; {fit.outliers} are more probably background.",
        f"Stiffness {fit.stiffness:.6g}, smoothing {fit.smoothing:.4g}: the graph is smooth over "
        f"{np.sqrt(fit.smoothing):.3g} spacings of nodes, and free ends are short by about as much.",
        f"The last stage {fit.status} after {fit.iterations} iterations; no iteration lowered the objective by more "
        f"than rounding (smallest increment {fit.smallest_increment:.3g}); largest gradient {fit.residuals[-1]:.3g} "
        "standard errors. Another start may end at another maximum.",
        *(f"{note[0].upper()}{note[1:]}." for note in fit.notes),
        *(
            f"Tried: {t.nodes} nodes, smoothing {t.smoothing:g}: held-out log density {t.score:.5g} "
            f"+- {t.standard_error:.2g}."
            for t in fit.trials
        ),
    ]
    return "\n".join(lines) + "\n"
