"""What a report is about: generated, training and held-out points, and which of them move together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...arrays import FloatArray, IntArray
from ...data.dataset import DataSet
from ...errors import InvalidArgument

Points = ArrayLike | DataSet
_SMALLEST_HELD_OUT = 20
# Of largest values: images in 0..255 beside such in 0..1 or -1..1.
_LARGEST_RATIO = 8.0


def as_data(name: str, points: Points) -> DataSet:
    """A data set of these points, without labels."""
    found = points if isinstance(points, DataSet) else DataSet.from_arrays(points, name=name)
    return found.without_labels()


def samples_of(data: DataSet) -> FloatArray:
    """(n, d) samples in their order; where none is repeated, these are the points themselves."""
    return data.points if len(data.points) == len(data.places) else data.points[data.places]


def as_sequence(argument: str, arrays: Any, count: int, allowed: str) -> list[Any]:
    """So many arrays, for which one array or a data set is easily taken.

    Raises
    ------
    InvalidArgument : something else.
    """
    if not isinstance(arrays, Sequence | np.ndarray) or isinstance(arrays, str):
        raise InvalidArgument(argument, arrays, allowed)
    if len(arrays) != count:
        raise InvalidArgument(argument, f"{len(arrays)} arrays", allowed)
    return list(arrays)


@dataclass(frozen=True)
class GeneratorData:
    """Three data sets of one dimension, of which training and held-out points are distinct.

    Attributes
    ----------
    generated, training : by whom, and from what.
    held_out : at least 20 points of the law of the training set that no training has seen, or None.
    kept : (held-out rows,) which of them are in ``held_out``: those that do not stand in the training set.
    """

    generated: DataSet
    training: DataSet
    held_out: DataSet | None
    kept: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        generated: Points,
        training: Points,
        held_out: Points | None = None,
        *,
        drop_duplicates: bool = False,
    ) -> GeneratorData:
        """Check that the three belong together.

        Raises
        ------
        InvalidArgument : other dimensions, a held-out set of fewer than 20 points, or points of it that stand in the
            training set, unless these are to be dropped.
        """
        made, seen = as_data("generated", generated), as_data("training", training)
        _same_dimension("training", seen, made)
        if held_out is None:
            return cls(made, seen, None, np.zeros(0, dtype=np.bool_))
        fresh = as_data("held_out", held_out)
        _same_dimension("held_out", fresh, made)
        known = {_digest(point) for point in seen.points}
        new = np.array([_digest(point) not in known for point in fresh.points])
        if not new.all() and not drop_duplicates:
            allowed = (
                f"free of training points; {int((~new).sum())} of its {len(new)} points are such: drop them with "
                "drop_duplicates=True, in the shell --drop-duplicates"
            )
            raise InvalidArgument("held_out", fresh.source, allowed)
        if new.sum() < _SMALLEST_HELD_OUT:
            allowed = f"at least {_SMALLEST_HELD_OUT} distinct points that are not in the training set"
            raise InvalidArgument("held_out", fresh.source, f"{allowed}; there are {int(new.sum())}")
        kept = new[fresh.places]
        if not new.all():
            rows = fresh.points[fresh.places[kept]]
            fresh = DataSet.from_arrays(rows, name="held_out", source=fresh.source)
        return cls(made, seen, fresh, kept)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the data, set by set."""
        sets = {"generated": self.generated, "training": self.training, "held-out": self.held_out}
        found = [f"{name}: {text}" for name, data in sets.items() if data is not None for text in data.notes]
        dropped = int((~self.kept).sum())
        if dropped:
            found.append(f"held-out: {dropped} rows stand in the training set and were dropped.")
        pair = (self.generated.points, self.training.points)
        sizes = [max(float(points.max()), -float(points.min())) for points in pair]
        if max(sizes) > _LARGEST_RATIO * min(sizes):
            found.append(
                f"WARNING: generated values reach {sizes[0]:.3g} and training values {sizes[1]:.3g} in size: are both "
                "in the same units?"
            )
        return tuple(found)


def _digest(point: FloatArray) -> bytes:
    """128 bits in the place of a point, so that no second copy of a large set is held."""
    return hashlib.blake2b(point.tobytes(), digest_size=16).digest()


def _same_dimension(name: str, data: DataSet, generated: DataSet) -> None:
    if data.dimension != generated.dimension:
        allowed = f"of the dimension {generated.dimension} of the generated points ({generated.source})"
        raise InvalidArgument(name, f"{data.source}, of dimension {data.dimension}", allowed)


@dataclass(frozen=True)
class Pool:
    """Training points and, counted on after them, held-out points, with the units whose labels are assigned.

    Attributes
    ----------
    training, held_out : (N, d) and (H, d); they are not joined, so that large sets are held once.
    units : (N + H,) number of the unit of each point: points of one group move together.
    labelled : (units,) whether a unit belongs to the training set.
    strata : (units,) number of the stratum within which its label is assigned.
    """

    training: FloatArray
    held_out: FloatArray
    units: IntArray
    labelled: NDArray[np.bool_]
    strata: IntArray

    @classmethod
    def of(
        cls,
        data: GeneratorData,
        groups: Sequence[ArrayLike] | None = None,
        strata: Sequence[ArrayLike] | None = None,
    ) -> Pool:
        """Join the two sets.

        Parameters
        ----------
        groups, strata : labels of the rows of the training set and of the held-out set, each an array of integers or
            texts; None where every point is a unit of its own, and all units are of one stratum.

        Raises
        ------
        InvalidArgument : labels of another number, equal points with different ones, a group in both sets or in
            several strata.
        """
        assert data.held_out is not None
        n, h = len(data.training.points), len(data.held_out.points)
        units = np.arange(n + h) if groups is None else _codes("groups", groups, data)
        labelled = np.zeros(units.max() + 1, dtype=np.bool_)
        labelled[units[:n]] = True
        both = int(labelled[np.unique(units[n:])].sum())
        if both:
            raise InvalidArgument(
                "groups", f"{both} groups", "each in one of the two sets; these are in both"
            )
        of_points = np.zeros(n + h, dtype=np.int64) if strata is None else _codes("strata", strata, data)
        of_units = np.zeros(len(labelled), dtype=np.int64)
        of_units[units] = of_points
        mixed = len(np.unique(units[of_units[units] != of_points]))
        if mixed:
            raise InvalidArgument("strata", f"{mixed} groups", "of one stratum each; these are in several")
        return cls(data.training.points, data.held_out.points, units, labelled, of_units)


def _codes(argument: str, labels: Sequence[ArrayLike], data: GeneratorData) -> IntArray:
    """Numbers of the labels of all pooled points."""
    assert data.held_out is not None
    both = as_sequence(argument, labels, 2, "two arrays of labels, of training and of held-out rows")
    rows = (data.training.samples, len(data.kept))
    arrays = [_checked(argument, entry, count) for entry, count in zip(both, rows, strict=True)]
    if (arrays[0].dtype.kind == "U") != (arrays[1].dtype.kind == "U"):
        raise InvalidArgument(argument, "texts beside integers", "of one kind for both sets")
    _, codes = np.unique(np.concatenate([arrays[0], arrays[1][data.kept]]), return_inverse=True)
    places = np.concatenate([data.training.places, len(data.training.points) + data.held_out.places])
    found = np.zeros(places.max() + 1, dtype=np.int64)
    found[places] = codes
    differing = int((found[places] != codes).sum())
    if differing:
        text = f"equal in rows that hold the same point; {differing} rows differ from an equal one"
        raise InvalidArgument(argument, f"labels of {len(places)} rows", text)
    return found


def _checked(argument: str, labels: Any, count: int) -> NDArray[Any]:
    allowed = f"integers or texts, one for each of the {count} rows"
    try:
        raw = np.asarray(labels)
    except ValueError:
        raise InvalidArgument(argument, labels, allowed) from None
    if raw.ndim == 2 and 1 in raw.shape:
        raw = raw.ravel()
    if raw.dtype.kind == "f" and np.isfinite(raw).all() and (raw == np.round(raw)).all():
        raw = raw.astype(np.int64)
    if raw.dtype.kind not in "iuU" or raw.shape != (count,):
        raise InvalidArgument(argument, raw, allowed)
    return raw
