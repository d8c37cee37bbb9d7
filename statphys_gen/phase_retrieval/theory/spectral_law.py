"""Laws for the matrices of spectral initialisation: g = -T(t) with a preprocessing T of the labels."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.quadrature import Rule, legendre_rule
from ...numerics.special import normal_density
from .curvature_law import CurvatureLaw, NodeRule, graded_edges

_FARTHEST = 10.0
_EDGES = graded_edges(1e-6, _FARTHEST, widest=0.25)
# Of the two rules on a panel, which is looked at once more in so many parts.
_ORDERS = (12, 9)
_PARTS = 4
_MAXIMA = 8
_HALVINGS, _LARGEST_PANELS = 60, 4000
# Disagreement of the rules, relative to the averages: what is aimed at, and what is still a law.
_TOLERANCE, _LARGEST_ERROR = 1e-10, 1e-6


@states("exact as N -> infinity", source="arXiv 1708.05932, 1702.06435", verification="derived and simulated")
def spectral_curvature_law(
    preprocessing: Callable[[FloatArray], FloatArray],
    name: str = "spectral",
    upper_bound: float | None = None,
    breakpoints: tuple[float, ...] = (),
) -> CurvatureLaw:
    """g = -T(t) of the spectral initialisation by the top eigenvector of sum_i T(t_i) x_i x_i^T.

    Parameters
    ----------
    preprocessing : T, maps labels t > 0 (n,) to (n,); even in t by definition, bounded above. Kinks and jumps are found
        by halving intervals; what is narrower than 0.01 is seen only beside a breakpoint.
    upper_bound : supremum of T; looked for if it is not given.
    breakpoints : positive t at which T or its derivatives jump.

    Raises
    ------
    AccuracyNotReached : the averages over T are not resolved.
    """
    if not callable(preprocessing):
        raise InvalidArgument("preprocessing", preprocessing, "a function of an array of labels")
    points = validation.array(
        "breakpoints", np.asarray(breakpoints, dtype=float), ndim=1, above=0.0, empty=True
    )
    beside = (points[:, None] * (1.0 + np.array([-1e-12, 1e-12]))).ravel()
    grid = np.unique(np.concatenate([np.geomspace(1e-8, 1e8, 4001), np.arange(0.005, 9.0, 0.005), beside]))
    with np.errstate(all="ignore"):
        values = np.asarray(preprocessing(grid))
    if values.shape != grid.shape or values.dtype.kind not in "iuf" or np.isnan(values).any():
        raise InvalidArgument(
            "preprocessing", preprocessing, "a function with one real number for each label"
        )
    highest = float(values.max())
    late = values[grid > 1e7].max() - values[grid < 1e4].max()
    if upper_bound is None:
        if not math.isfinite(highest) or late > 1e-3 * max(1.0, abs(highest)):
            raise InvalidArgument("preprocessing", preprocessing, "bounded above")
        upper_bound = _supremum(preprocessing, grid, values)
    bound = validation.finite("upper_bound", upper_bound)
    if highest > bound + 1e-9 * max(1.0, abs(bound)):
        raise InvalidArgument("upper_bound", bound, f"at least T, which reaches {highest:.9g}")
    edges = _resolved(
        preprocessing, bound, np.unique(np.concatenate([_EDGES, points[points < _FARTHEST]])), name
    )
    rules = [
        NodeRule(-_values(preprocessing, rule.nodes), rule.nodes**2, _probability(rule))
        for rule in (legendre_rule(edges, order) for order in _ORDERS)
    ]
    return CurvatureLaw(f"{name} initialisation", -bound, 0.0, 0.0, None, (rules[0], rules[1]))


def _supremum(
    preprocessing: Callable[[FloatArray], FloatArray], grid: FloatArray, values: FloatArray
) -> float:
    """The highest value, between the points of the grid too: of its highest maxima each is followed."""
    from scipy.optimize import minimize_scalar

    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])) + 1
    highest = float(values.max())
    for k in inner[np.argsort(values[inner])[-_MAXIMA:]]:
        ends = (float(grid[k - 1]), float(grid[k + 1]))
        found = minimize_scalar(
            lambda t: -float(_values(preprocessing, np.array([t]))[0]),
            bounds=ends,
            method="bounded",
            options={"xatol": 1e-13},
        )
        highest = max(highest, -float(found.fun))
    return highest


def _values(preprocessing: Callable[[FloatArray], FloatArray], t: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.asarray(preprocessing(t), dtype=np.float64)


def _probability(rule: Rule) -> FloatArray:
    return np.asarray(2.0 * normal_density(rule.nodes) * rule.weights)


def _resolved(
    preprocessing: Callable[[FloatArray], FloatArray], bound: float, edges: FloatArray, name: str
) -> FloatArray:
    """The edges of panels, halved where the two rules disagree on the averages of responses and of t^2 times them."""
    arguments = [0.9 / bound, (1.0 - 1e-6) / bound] if bound > 0.0 else []
    grid = _values(preprocessing, np.linspace(0.05, 2.5, 40))
    sizes = np.abs(grid[np.isfinite(grid) & (grid != 0.0)])
    typical = 1.0 / float(np.median(sizes)) if len(sizes) else 1.0
    arguments += [] if arguments else [typical, 100.0 * typical]

    def panels(edges: FloatArray, order: int) -> FloatArray:
        """(panels, averages)."""
        rule = legendre_rule(edges, order)
        t, probability = rule.nodes, _probability(rule)
        g = np.minimum(-_values(preprocessing, t), 1e250)
        columns = [np.ones_like(t)]
        for argument in arguments:
            response = argument * g / (1.0 + argument * g)
            columns += [response, response**2, t * t * response, t * t * response**2]
        table = np.stack(columns, axis=1) * probability[:, None]
        return np.asarray(table.reshape(len(edges) - 1, order, -1).sum(axis=1))

    def quarters(edges: FloatArray) -> FloatArray:
        width = np.diff(edges)[:, None] / _PARTS
        return np.append((edges[:-1, None] + width * np.arange(_PARTS)).ravel(), edges[-1])

    left = math.inf
    for _ in range(_HALVINGS):
        fine, seen = panels(edges, _ORDERS[0]), panels(quarters(edges), _ORDERS[0])
        seen = seen.reshape(len(edges) - 1, _PARTS, -1).sum(axis=1)
        total = np.abs(seen).sum(axis=0) + np.finfo(np.float64).tiny
        worst = (np.maximum(np.abs(fine - panels(edges, _ORDERS[1])), np.abs(fine - seen)) / total).max(
            axis=1
        )
        left = float(worst.sum())
        if left <= _TOLERANCE:
            break
        split = (worst > 0.5 * _TOLERANCE / len(worst)) & (np.diff(edges) > 4.0 * np.spacing(edges[1:]))
        if not split.any() or len(edges) > _LARGEST_PANELS:
            break
        edges = np.sort(np.concatenate([edges, 0.5 * (edges[:-1] + edges[1:])[split]]))
    if not left <= _LARGEST_ERROR:
        raise AccuracyNotReached(
            f"{name}: the averages over the preprocessing have a relative error of {left:.2g}, allowed are "
            f"{_LARGEST_ERROR:g}; declare its breakpoints"
        )
    return edges


def _optimal_preprocessing(t: FloatArray) -> FloatArray:
    return 1.0 - 1.0 / (t * t)


@states("exact as N -> infinity", source="arXiv 1708.05932, 1811.04420", verification="derived and simulated")
def optimal_spectral_curvature_law() -> CurvatureLaw:
    """g = 1/t^2 - 1: the only law (up to a factor) that reaches the lower bound 1/2 on the transition."""
    return spectral_curvature_law(_optimal_preprocessing, "optimal spectral", upper_bound=1.0)
