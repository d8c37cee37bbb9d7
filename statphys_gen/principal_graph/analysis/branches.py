"""Branches of a graph, and where points lie along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...arrays import FloatArray, IntArray

BranchKind = Literal["end-end", "end-junction", "junction-junction", "cycle"]
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Branch:
    """A path of nodes between ends (degree 1) and junctions (degree 3 or more), or a closed one.

    Attributes
    ----------
    nodes : along the path, numbers from 0; the first is also the last of a cycle.
    length : of the path. A stiff prior shortens free ends by about one smoothing length.
    kind : by its two ends.
    """

    nodes: tuple[int, ...]
    length: float
    kind: BranchKind


def branches_of(nodes: FloatArray, edges: IntArray) -> list[Branch]:
    """All branches; each edge lies in one of them."""
    neighbours: list[list[int]] = [[] for _ in range(len(nodes))]
    for a, b in edges.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    degree = [len(entry) for entry in neighbours]
    used: set[tuple[int, int]] = set()
    found = []

    def walk(first: int, second: int) -> list[int]:
        path = [first, second]
        used.add((min(first, second), max(first, second)))
        while degree[path[-1]] == 2 and path[-1] != path[0]:
            here = path[-1]
            onward = [n for n in neighbours[here] if (min(here, n), max(here, n)) not in used]
            if not onward:
                break
            used.add((min(here, onward[0]), max(here, onward[0])))
            path.append(onward[0])
        return path

    # Paths between ends and junctions first; what is left closes on itself.
    for start in [k for k in range(len(nodes)) if degree[k] != 2] + list(range(len(nodes))):
        for other in neighbours[start]:
            if (min(start, other), max(start, other)) not in used:
                found.append(_branch(nodes, walk(start, other), degree))
    return found


def _branch(nodes: FloatArray, path: list[int], degree: list[int]) -> Branch:
    steps = nodes[path[1:]] - nodes[path[:-1]]
    length = float(np.sqrt((steps * steps).sum(axis=1)).sum())
    if path[0] == path[-1]:
        kind: BranchKind = "cycle"
    else:
        ends = sum(degree[k] == 1 for k in (path[0], path[-1]))
        kind = ("junction-junction", "end-junction", "end-end")[ends]
    return Branch(tuple(path), length, kind)


@dataclass(frozen=True, eq=False)
class Projection:
    """Nearest place on the graph of each point.

    Attributes
    ----------
    branch : (n,) number of the branch.
    arc_position : (n,) length along it from its first node.
    distance : (n,) from the point to the graph.
    """

    branch: IntArray
    arc_position: FloatArray
    distance: FloatArray


def project(points: FloatArray, nodes: FloatArray, branches: list[Branch]) -> Projection:
    """Nearest places on the edges of the branches, over all edges."""
    starts, ends, numbers, offsets = [], [], [], []
    for number, branch in enumerate(branches):
        at = 0.0
        for a, b in zip(branch.nodes[:-1], branch.nodes[1:], strict=True):
            starts.append(nodes[a])
            ends.append(nodes[b])
            numbers.append(number)
            offsets.append(at)
            at += float(np.linalg.norm(nodes[b] - nodes[a]))
    origin, step = np.stack(starts), np.stack(ends) - np.stack(starts)
    lengths = np.sqrt((step * step).sum(axis=1))
    unit = np.divide(step, lengths[:, None], out=np.zeros_like(step), where=lengths[:, None] > 0.0)
    count = len(points)
    edge, along, distance = np.empty(count, dtype=np.int64), np.empty(count), np.empty(count)
    block = max(1, _BLOCK // (len(origin) * points.shape[1]))
    for start in range(0, count, block):
        rows = slice(start, start + block)
        relative = points[rows, None, :] - origin
        place = np.clip(np.einsum("ned,ed->ne", relative, unit), 0.0, lengths)
        apart = ((relative - place[:, :, None] * unit) ** 2).sum(axis=2)
        best = apart.argmin(axis=1)
        picked = np.arange(len(best))
        edge[rows], along[rows] = best, place[picked, best]
        distance[rows] = np.sqrt(apart[picked, best])
    return Projection(np.array(numbers)[edge], np.array(offsets)[edge] + along, distance)
