r"""Contours around the spectrum, and the tables of one- and two-point functions on them from which losses are made.

For m = infinity no edge has to be known, since no eigenvalue is below s_t^2; otherwise the contour runs between
0 and the lowest edge or, where the spectrum reaches 0, between 0 and the pole of the filter. The total masses
are asserted for every contour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...arrays import ComplexArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.contour import Contour, logarithmic_contour, require_mass, two_point
from ...numerics.stieltjes import resolve
from ..model import RandomFeatures
from .edges import absolute_edges
from .filters import Filter
from .resolvent import Dyson, Resolvent, batch, dyson
from .spectrum import atoms
from .two_point import one_point_mass, two_point_mass, two_point_table

USUAL_CLOSENESS = 0.5
# A positive spectrum whose lowest edge is below this part of the highest is treated as reaching 0.
_SMALLEST_EDGE = 1e-9


@dataclass(frozen=True)
class Table:
    """Everything on one contour that does not depend on the filter."""

    contour: Contour
    resolvent: Resolvent
    same: ComplexArray
    opposite: ComplexArray
    residual: float


def has_floor(system: Dyson) -> bool:
    """For m = infinity no eigenvalue is below s_t^2."""
    return system.inverse_draws == 0.0 and system.s2 > 0.0


def _contour(
    model: RandomFeatures, system: Dyson, weight: Filter | None, closeness: float
) -> tuple[Contour, float]:
    """A contour around all that carries weight, and the mass of q in it."""
    if has_floor(system) and closeness == USUAL_CLOSENESS:
        # No edge has to be known.
        return logarithmic_contour(system.s2, system.scale, closeness=closeness), 1.0
    if has_floor(system):
        return logarithmic_contour(system.s2, absolute_edges(model)[-1][1], closeness=closeness), 1.0
    edges = absolute_edges(model)
    lower, upper = edges[0][0], edges[-1][1]
    if lower > _SMALLEST_EDGE * upper:
        absent = sum(a.weight for a in atoms(model))
        return logarithmic_contour(lower, upper, closeness=closeness), 1.0 - absent
    # The spectrum reaches 0: the contour has to go around it, between 0 and the pole of the filter.
    assert weight is not None
    shift = min(0.5 * -weight.pole, weight.reach, upper)
    if not shift > 0.0:
        raise InvalidArgument(
            "features_per_dimension",
            model.features_per_dimension,
            "different from noise_draws * samples_per_dimension at infinite training time: the test loss diverges",
        )
    return logarithmic_contour(0.0, upper, shift=shift, closeness=closeness), 1.0


def _table(system: Dyson, contour: Contour, mass: float, x: ComplexArray) -> Table:
    """The tables from the solution x at the nodes; raises unless all total masses are right."""
    resolvent = system.package(x, contour.node, propagator=True)
    # E[U] = A w Sigma w^T + b^2 w w^T + (v^2 + s^2).
    population = (system.linear, system.b2, system.v2 + system.s2)
    same = two_point_table(system, resolvent, resolvent, *population)
    opposite = two_point_table(system, resolvent, resolvent, *population, conjugate=True)
    one = np.ones_like(contour.node)
    pairs = two_point((contour, contour), one, one, same, opposite)
    expected = two_point_mass(system, *population)
    deviations = [
        require_mass(contour, resolvent.q, mass, "eigenvalues"),
        require_mass(contour, resolvent.omega, one_point_mass(system), "omega"),
        abs(float(pairs.value) - expected) / expected,
    ]
    if not deviations[2] <= 1e-9 + float(pairs.error) / expected:
        raise AccuracyNotReached(
            f"two-point function: total mass {float(pairs.value):.12g}, not {expected:.12g}"
        )
    residual = float(np.abs(system.residual(x, contour.node)).max())
    return Table(contour, resolvent, same, opposite, max(residual, *deviations))


def _reaches_zero(model: RandomFeatures, system: Dyson) -> bool:
    if has_floor(system):
        return False
    edges = absolute_edges(model)
    return edges[0][0] <= _SMALLEST_EDGE * edges[-1][1]


def _build(model: RandomFeatures, system: Dyson, algorithm: Filter | None, closeness: float) -> Table:
    contour, mass = _contour(model, system, algorithm, closeness)
    return _table(system, contour, mass, resolve(system.system, contour.node))


@lru_cache(maxsize=32)
def _standard_table(model: RandomFeatures, closeness: float) -> Table:
    return _build(model, dyson(model), None, closeness)


def table_for(model: RandomFeatures, algorithm: Filter, closeness: float = USUAL_CLOSENESS) -> Table:
    """The table that serves a filter; all filters share it unless the spectrum reaches 0."""
    system = dyson(model)
    if _reaches_zero(model, system):
        return _build(model, system, algorithm, closeness)
    return _standard_table(model, closeness)


def tables_for(models: Sequence[RandomFeatures], algorithms: Sequence[Filter]) -> list[Table]:
    """:func:`table_for` for models that differ only in their ratios, whose equations are solved together."""
    systems = [dyson(model) for model in models]
    contours = [
        _contour(model, system, algorithm, USUAL_CLOSENESS)
        for model, system, algorithm in zip(models, systems, algorithms, strict=True)
    ]
    counts = [len(contour.node) for contour, _ in contours]
    x = resolve(batch(systems, counts), np.concatenate([contour.node for contour, _ in contours]))
    parts = np.split(x, np.cumsum(counts)[:-1])
    return [
        _table(system, contour, mass, part)
        for system, (contour, mass), part in zip(systems, contours, parts, strict=True)
    ]
