"""Laws for the matrices of spectral initialisation: g = -T(t) with a preprocessing T of the labels."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from .curvature_law import CurvatureLaw, MomentRule, graded_edges, node_rule


@states("exact as N -> infinity", source="arXiv 1708.05932, 1702.06435", verification="derived and simulated")
def spectral_curvature_law(
    preprocessing: Callable[[FloatArray], FloatArray],
    name: str = "spectral",
    upper_bound: float | None = None,
) -> CurvatureLaw:
    """g = -T(t) of the spectral initialisation by the top eigenvector of sum_i T(t_i) x_i x_i^T.

    Parameters
    ----------
    preprocessing : T, maps labels t > 0 (n,) to (n,); even in t by definition, bounded above, smooth for t > 0.
    upper_bound : supremum of T; looked for if it is not given.
    """
    if not callable(preprocessing):
        raise InvalidArgument("preprocessing", preprocessing, "a function of an array of labels")
    grid = np.geomspace(1e-8, 1e8, 4001)
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
        upper_bound = highest
    bound = validation.finite("upper_bound", upper_bound)
    if highest > bound + 1e-9 * max(1.0, abs(bound)):
        raise InvalidArgument("upper_bound", bound, f"at least T, which reaches {highest:.9g}")
    rules: list[MomentRule] = []
    for order in (16, 12):
        rule = legendre_rule(graded_edges(1e-6, 10.0), order)
        values = -np.asarray(preprocessing(rule.nodes), dtype=np.float64)
        probability = 2.0 * normal_density(rule.nodes) * rule.weights
        rules.append(node_rule(values, rule.nodes**2, probability))
    return CurvatureLaw(f"{name} initialisation", -bound, 0.0, 0.0, None, (rules[0], rules[1]))


def _optimal_preprocessing(t: FloatArray) -> FloatArray:
    return 1.0 - 1.0 / (t * t)


@states("exact as N -> infinity", source="arXiv 1708.05932, 1811.04420", verification="derived and simulated")
def optimal_spectral_curvature_law() -> CurvatureLaw:
    """g = 1/t^2 - 1: the only law (up to a factor) that reaches the lower bound 1/2 on the transition."""
    return spectral_curvature_law(_optimal_preprocessing, "optimal spectral", upper_bound=1.0)
