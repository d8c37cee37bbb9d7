r"""The spectrum of the feature matrix U: atoms, bulks with exact edges, densities, and which bulk is what.

For m = infinity and psi_p > psi_n + 1 there are up to three groups of modes: the directions of the data
(generalisation), the nonlinear features of single samples (overfitting), and, just above the atom at s_t^2,
the linear response to the noise in the directions that no sample occupies (interpolation). For n, p > d they
have d, min(n, p) - d and min(d, p - n) modes; groups may merge into one bulk, and one group may split into several.

Source: Bonnaire et al., arXiv 2505.17638, theorem 3.1; derivations/random_features/self_consistent.py and
derivations/random_features/atoms.py (the third group and the weights).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import ComplexArray, FloatArray
from ...errors import AccuracyNotReached, NotConverged
from ...glossary import dataset
from ...numerics.bulk_series import BoundaryValues, angle_positions, boundary_values
from ...numerics.stieltjes import resolve
from ...presentation import Tabular
from ..model import RandomFeatures
from .edges import FINE_NODES, SOURCE, columns_per_dimension, offset_edges, touches_floor, unresolved
from .moments import spectral_moments
from .resolvent import Dyson, Resolvent, dyson, dyson_from_floor
from .two_point import one_point_mass

if TYPE_CHECKING:
    import xarray

Group = Literal["generalisation", "overfitting", "interpolation"]
Density = Literal["eigenvalues", "feature", "data", "train"]

# Longer series are evaluated by Newton's iteration from a table.
_LONG_SERIES = 150
_ACCURACY = 1e-8
# Angles at which every bulk is solved from above.
_FIRST_ANGLES = 16


@dataclass(frozen=True)
class Atom:
    """An eigenvalue with a finite fraction ``weight`` of all p modes."""

    position: float
    weight: float


@dataclass(frozen=True, repr=False)
class Bulk(Tabular):
    """An interval of the spectrum.

    Attributes
    ----------
    lower, upper : its edges.
    weight : the fraction of the p modes in it.
    modes_per_dimension : the number of its modes over d, which is psi_p weight.
    groups : the groups of modes that it consists of: one, several that have merged, or a part of one that has split.
    boundary : the solution of the equations on it, from above, at offsets from the floor of the spectrum (s_t^2
        for m = infinity, 0 otherwise), which stay accurate where a bulk is narrower than its distance from 0 resolves.
    floor : the eigenvalue from which those offsets are measured.
    """

    lower: float
    upper: float
    weight: float
    modes_per_dimension: float
    groups: tuple[Group, ...]
    boundary: BoundaryValues
    floor: float

    @property
    def position(self) -> FloatArray:
        """The eigenvalues at the angles of ``boundary``."""
        return np.asarray(self.floor + self.boundary.position)

    def records(self) -> list[dict[str, Any]]:
        shown = {name: getattr(self, name) for name in ("lower", "upper", "weight", "modes_per_dimension")}
        return [shown | {"modes": " + ".join(self.groups)}]


@dataclass(frozen=True, repr=False)
class Spectrum(Tabular):
    """Atoms and bulks of U in increasing order, and their densities.

    Attributes
    ----------
    moments : the first three moments of the density with atoms, which agree with those of the Gaussian factors.
    residual : the largest relative deviation of the total masses (of eigenvalues and of V) and of these moments,
        measured from the floor of the spectrum.
    system : the equations, with z measured from the floor.
    """

    model: RandomFeatures
    atoms: tuple[Atom, ...]
    bulks: tuple[Bulk, ...]
    moments: tuple[float, float, float]
    residual: float
    system: Dyson

    def records(self) -> list[dict[str, Any]]:
        psi = self.model.features_per_dimension
        atoms = [
            {
                "part": "atom",
                "lower": atom.position,
                "upper": atom.position,
                "weight": atom.weight,
                "modes_per_dimension": psi * atom.weight,
                "modes": "-",
            }
            for atom in self.atoms
        ]
        return [*atoms, *({"part": "bulk"} | record for bulk in self.bulks for record in bulk.records())]

    def to_dataset(self, points: int = 400) -> xarray.Dataset:
        """Along atoms and bulks; the density at ``points`` positions in every bulk, at equal steps of an angle."""
        grid = self.grid(points).reshape(len(self.bulks), points)
        values: dict[str, tuple[tuple[str, ...], Any]] = {
            "atom_position": (("atom",), np.array([atom.position for atom in self.atoms])),
            "atom_weight": (("atom",), np.array([atom.weight for atom in self.atoms])),
            "density": (("bulk", "point"), self.density(grid)),
            "residual": ((), self.residual),
        }
        for name in ("lower", "upper", "weight", "modes_per_dimension"):
            values[name] = (("bulk",), np.array([getattr(bulk, name) for bulk in self.bulks]))
        places = {
            "position": (("bulk", "point"), grid),
            "groups": (("bulk",), [" + ".join(bulk.groups) for bulk in self.bulks]),
        }
        return dataset(values, places, approximation_of(spectrum))

    def density(self, position: ArrayLike, kind: Density = "eigenvalues") -> FloatArray:
        """Density at positions of any shape (atoms left out); 0 outside of the bulks.

        ``kind``: "eigenvalues" (of Tr G / p), "feature" (of Tr w^T G w / p), "data" (of Tr Sigma w^T G w / p)
        or "train" (of Tr V^T G V / d, whose integral against a filter is the train loss). A bulk narrower than the
        rounding of a position is not seen: integrate over it with :meth:`integral`.
        """
        validation.choice("kind", kind, ("eigenvalues", "feature", "data", "train"))
        x = validation.array("position", position, empty=True)
        result = np.zeros(x.shape)
        offset = x - self.system.origin
        for bulk in self.bulks:
            boundary = bulk.boundary
            inside = (offset > boundary.lower) & (offset < boundary.upper)
            if inside.any():
                points = offset[inside]
                long = len(boundary.angle) > _LONG_SERIES
                values = (
                    boundary.polished(self.system.system, points) if long else boundary.interpolate(points)
                )
                resolvent = self.system.package(values, points.astype(complex))
                result[inside] = _transform(resolvent, kind).imag / np.pi
        return result

    def grid(self, points: int = 400) -> FloatArray:
        """Positions that see every bulk: ``points`` in each, at equal steps of the angle between its edges."""
        validation.integer("points", points, minimum=2)
        angle = (np.arange(points) + 0.5) * (np.pi / points)
        pieces = [b.lower + (b.upper - b.lower) * np.sin(0.5 * angle) ** 2 for b in self.bulks]
        return np.concatenate(pieces) if pieces else np.empty(0)

    def bulks_of(self, group: Group) -> tuple[Bulk, ...]:
        """The bulks that contain modes of the group, possibly together with others; () when the group is empty."""
        return tuple(b for b in self.bulks if group in b.groups)

    def integral(self, bulk: Bulk, function: ArrayLike, kind: Density = "eigenvalues") -> FloatArray:
        """Integral over one bulk of ``function`` (..., N), given at ``bulk.position``, against a density."""
        boundary = bulk.boundary
        resolvent = self.system.package(boundary.value, boundary.position.astype(complex))
        return boundary.integral(np.asarray(function) * (_transform(resolvent, kind).imag / np.pi))


def _transform(resolvent: Resolvent, kind: Density) -> ComplexArray:
    return {
        "eigenvalues": resolvent.q,
        "feature": resolvent.s,
        "data": resolvent.r,
        "train": resolvent.omega,
    }[kind]


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent",
    source="derivations/random_features/atoms.py",
    verification="derived and simulated",
)
def atoms(model: RandomFeatures) -> tuple[Atom, ...]:
    """The atom of the spectrum, if any: s_t^2 for m = infinity, 0 otherwise.

    Neither carries any weight of the train loss. At finite sizes the atom of the true nonlinear matrix at
    s_t^2 is smeared over a width of order s_t^2/sqrt(d).
    """
    system = dyson(model)
    weight = 1.0 - columns_per_dimension(system) / system.features
    position = system.s2 if system.inverse_draws == 0.0 else 0.0
    return (Atom(position, weight),) if weight > 0.0 and not touches_floor(system) else ()


def mode_groups(model: RandomFeatures) -> dict[Group, float]:
    """Modes per dimension of each group, from the lowest eigenvalues up; for finite m there are two groups."""
    psi, samples, system = model.features_per_dimension, model.samples_per_dimension, dyson(model)
    if not math.isinf(model.noise_draws):
        total = min(psi, model.noise_draws * samples)
        top = min(1.0, total)
        rest = total - top if system.v2 + system.s2 > 0.0 else 0.0
        return {"interpolation": 0.0, "overfitting": rest, "generalisation": top}
    if system.v2 == 0.0:
        return {"interpolation": 0.0, "overfitting": 0.0, "generalisation": min(1.0, psi)}
    return {
        "interpolation": max(0.0, min(1.0, psi - samples)),
        "overfitting": max(0.0, min(psi, samples) - 1.0),
        "generalisation": min(1.0, samples, psi),
    }


def _name_groups(model: RandomFeatures, counts: list[float]) -> list[tuple[Group, ...]]:
    """The groups in each bulk, by counting modes from below.

    A group belongs to every bulk with which it shares more modes than counting errs by, which is compared with the
    group and the bulk and not with all p modes: there may be few in either.
    """
    sizes = {name: size for name, size in mode_groups(model).items() if size > 0.0}
    ends = np.cumsum(list(sizes.values()))
    starts = ends - np.array(list(sizes.values()))
    tops = np.cumsum(counts)
    shared = np.minimum(tops[:, None], ends) - np.maximum((tops - counts)[:, None], starts)
    smaller = np.minimum(np.array(counts)[:, None], ends - starts)
    inside = shared > np.minimum(1e-9 * model.features_per_dimension + 1e-7 * smaller, 0.1 * smaller)
    inside[shared.argmax(axis=0), np.arange(len(sizes))] = True
    return [tuple(name for name, here in zip(sizes, row, strict=True) if here) for row in inside]


# ------------------------------------------------------------------------------------------------------- spectrum


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent, whose bulks are those of U for an odd activation; mass and moments to 1e-8",
    source=SOURCE,
    verification="derived and simulated",
)
def spectrum(model: RandomFeatures) -> Spectrum:
    """The limiting spectrum of U: atoms, up to three groups of bulks with exact edges and mode counts, and densities.

    Raises
    ------
    AccuracyNotReached : two bulks are so close to merging (or an edge so close to 0) that the density is not
        resolved, or its mass or one of its first three moments is off by more than 1e-8.
    """
    return _spectrum(model)


def _boundaries(model: RandomFeatures) -> tuple[Dyson, list[BoundaryValues]]:
    """The solution on every bulk; a continuous covariance gets more nodes if its usual ones show as atoms."""
    edges = offset_edges(model)

    def attempt(nodes: int) -> tuple[Dyson, list[BoundaryValues]]:
        system = dyson_from_floor(model, nodes)
        hard = touches_floor(system)
        grids = [angle_positions(*edge, _FIRST_ANGLES, 0.0 if edge[0] > 0.0 else None) for edge in edges]
        # One continuation for all of them.
        starts = np.split(resolve(system.system, np.concatenate(grids).astype(complex)), len(edges))
        return system, [
            boundary_values(
                system.system, lower, upper, acceptable=_ACCURACY, start=start, hard=hard and lower == 0.0
            )
            for (lower, upper), start in zip(edges, starts, strict=True)
        ]

    try:
        return attempt(FINE_NODES)
    except (AccuracyNotReached, NotConverged):
        if model.covariance.continuous:
            return attempt(2 * FINE_NODES)
        raise


@lru_cache(maxsize=64)
def _spectrum(model: RandomFeatures) -> Spectrum:
    try:
        system, pieces = _boundaries(model)
    except NotConverged:
        raise unresolved(model) from None
    points = atoms(model)
    densities, train = [], []
    for b in pieces:
        resolvent = system.package(b.value, b.position.astype(complex))
        densities.append(resolvent.q.imag / np.pi)
        train.append(float(b.integral(resolvent.omega.imag / np.pi)))
    weights = [float(b.integral(rho)) for b, rho in zip(pieces, densities, strict=True)]
    # Atoms carry nothing of V, and lie at the floor, where the moments are counted from.
    found = [sum(weights) + sum(a.weight for a in points), sum(train)]
    for k in (1, 2, 3):
        parts = (float(b.integral(b.position**k * rho)) for b, rho in zip(pieces, densities, strict=True))
        found.append(sum(parts))
    expected = [1.0, one_point_mass(system), *spectral_moments(system)]
    deviations = [abs(x / y - 1.0) for x, y in zip(found, expected, strict=True)]
    worst = int(np.argmax(deviations))
    if not deviations[worst] <= _ACCURACY:
        name = ("mass of the eigenvalues", "mass of the train loss", "moment 1", "moment 2", "moment 3")[
            worst
        ]
        raise unresolved(model, f"{name} is {found[worst]:.12g}, not {expected[worst]:.12g}")
    names = _name_groups(model, [weight * system.features for weight in weights])
    floor = system.origin
    bulks = tuple(
        Bulk(floor + b.lower, floor + b.upper, weight, weight * system.features, groups, b, floor)
        for b, weight, groups in zip(pieces, weights, names, strict=True)
    )
    one, two, three = found[2:]
    moments = (
        floor + one,
        floor**2 + 2.0 * floor * one + two,
        floor**3 + 3.0 * floor**2 * one + 3.0 * floor * two + three,
    )
    return Spectrum(model, points, bulks, moments, deviations[worst], system)
