"""A user's own data set: reading it from a file, and refusing what is not one, in one line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..files import one_line, read_archive, read_array
from ..glossary import dataset
from ..presentation import Tabular
from ..tables import open_table
from .formats import LABEL_KEYS, TEXT_TABLES, numbers_or_texts, read_samples

if TYPE_CHECKING:
    import xarray

_LABEL_FILES = (".npy", ".npz", *TEXT_TABLES)
_LARGEST_INTEGER = 2**53
# Beyond this, squares of the samples overflow.
_LARGEST = 1e150


@dataclass(frozen=True, repr=False)
class DataSet(Tabular):
    """The empirical law of n samples in dimension d: weight multiplicities / n on each distinct point.

    Build it with :meth:`from_arrays` or :func:`load_dataset`.

    Attributes
    ----------
    points : (m, d) the distinct points, in the order of their first appearance.
    multiplicities : (m,) how often each point occurs; their sum is n.
    places : (n,) the point of each sample, in the order in which the samples were given.
    labels : (m,) the class of each point, as an index into ``class_names``; None without labels. A point that occurs
        with two different labels is kept once for each of them.
    class_names : the labels as they were given, sorted; empty without labels.
    source : where the data came from, for messages and reports.
    notes : plain sentences on what was done to the data (flattened images, merged duplicates).
    """

    points: FloatArray
    multiplicities: NDArray[np.int64]
    # Follows from the order of the samples alone: it is no part of what the data mean, nor of their random streams.
    places: NDArray[np.int64] = field(compare=False)
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    source: str = field(compare=False)
    notes: tuple[str, ...] = field(compare=False)

    @classmethod
    def from_arrays(
        cls, points: ArrayLike, labels: ArrayLike | None = None, *, name: str = "points", source: str = ""
    ) -> DataSet:
        """Check, flatten and merge duplicates.

        Parameters
        ----------
        points : (n, d), or (n, height, width) or (n, height, width, channels) images, which are flattened; finite,
            real numbers (integers and booleans are converted), at least two samples that are not all equal.
        labels : (n,) integers, booleans or texts, at least two different ones.
        name : of the argument, in messages.
        source : where the data came from; the name of the argument by default.

        Raises
        ------
        InvalidArgument : one line that names what is wrong, with the index of the first bad entry.
        """
        source = source or name
        checked, notes = _checked_points(name, points, source)
        names: tuple[str, ...] = ()
        codes: NDArray[np.int64] | None = None
        if labels is not None:
            names, codes = _checked_labels(labels, len(checked))
        first, places, contradictions = _distinct(checked, codes)
        multiplicities = np.bincount(places)
        if len(first) < len(checked):
            notes.append(
                f"{len(checked) - len(first)} of {len(checked)} samples repeat another one exactly; "
                f"they were merged into {len(first)} points with multiplicities (largest {multiplicities.max()})."
            )
            checked = checked[first]
            codes = None if codes is None else codes[first]
        if contradictions:
            notes.append(
                f"{contradictions} points occur with more than one label; each is kept once for every label."
            )
        for entry in (checked, multiplicities, places, codes):
            if entry is not None:
                entry.setflags(write=False)
        return cls(checked, multiplicities, places, codes, names, source, tuple(notes))

    def records(self) -> list[dict[str, Any]]:
        """The classes and their shares; one row without labels."""
        row = {"samples": self.samples, "points": len(self.points), "dimension": self.dimension}
        shares = zip(self.class_names, self.class_weights.tolist(), strict=True)
        return [{"class": name, "weight": share} for name, share in shares] or [row]

    def to_dataset(self) -> xarray.Dataset:
        """The points with their multiplicities and labels."""
        found: dict[str, tuple[tuple[str, ...], Any]] = {
            "points": (("point", "coordinate"), self.points),
            "multiplicity": (("point",), self.multiplicities),
        }
        if self.labels is not None:
            found["label"] = (("point",), np.array(self.class_names)[self.labels])
        return dataset(found, {}).assign_attrs(source=self.source)

    def _title(self) -> str:
        return f"DataSet {self.source}: {self.samples} samples in dimension {self.dimension}"

    def without_labels(self) -> DataSet:
        """The same samples without labels: points that differ by their label only become one."""
        if self.labels is None:
            return self
        first, places, _ = _distinct(self.points, None)
        if len(first) == len(self.points):
            return replace(self, labels=None, class_names=())
        multiplicities = np.bincount(places, weights=self.multiplicities).astype(np.int64)
        return DataSet(
            self.points[first], multiplicities, places[self.places], None, (), self.source, self.notes
        )

    @property
    def samples(self) -> int:
        """n, the number of samples, duplicates included."""
        return int(self.multiplicities.sum())

    @property
    def dimension(self) -> int:
        """d, the dimension of one sample."""
        return int(self.points.shape[1])

    @property
    def weights(self) -> FloatArray:
        """(m,) weight of each distinct point in the empirical law."""
        return self.multiplicities / self.samples

    @property
    def class_weights(self) -> FloatArray:
        """(K,) share of the samples in each class; empty without labels."""
        if self.labels is None:
            return np.empty(0)
        return (
            np.bincount(self.labels, weights=self.multiplicities, minlength=len(self.class_names))
            / self.samples
        )


def load_dataset(
    path: str | Path,
    labels_path: str | Path | None = None,
    *,
    key: str | None = None,
    label_column: str | None = None,
    name: str = "data",
) -> DataSet:
    """Read samples, and labels if there are any, from files.

    Parameters
    ----------
    path : one of

        - ``.npy``: an array, or a structured one, whose fields are columns;
        - ``.npz``: the array named ``key``, else one of ``samples``, ``X``, ``x``, ``data``, ``images``, ``arr_0``,
          else the only array that is not ``labels``, ``label`` or ``y``; arrays of one axis and one length are columns;
        - ``.csv``, ``.tsv``, ``.txt``: a table with comma, semicolon, tab or blanks between its columns, decimal point
          or comma, with or without header;
        - ``.parquet``, ``.pq``: needs the extra ``parquet``;
        - a folder of PNG files of one size, or of one folder of them for each class.
    labels_path : ``.npy``, ``.npz``, ``.csv``, ``.tsv`` or ``.txt`` (one label a line, with or without header).
    key : name of the array of samples in an ``.npz`` file.
    label_column : name of the column of labels in a table, or of the array of labels in an ``.npz`` file; the number of
        the column, from 1, where no line names them. Without it, labels are what an ``.npz`` file calls ``labels``,
        ``label`` or ``y``, and a table ``label``, ``labels``, ``class`` or ``target``. It belongs to the file of labels
        where there is one.
    name : of the argument, in messages: where several data sets are read they say which one is meant.

    An archive that would fill more than 100 times its size and 16 MB is refused.

    Raises
    ------
    InvalidArgument : one line, for every file that does not hold a data set, with what would be accepted.
    MissingExtra : a parquet file, and pyarrow is not installed.
    """
    file = Path(path)
    if not validation.is_folder(file):
        file = validation.readable_file(name, path)
    content = read_samples(name, file, key, label_column if labels_path is None else None)
    if labels_path is not None:
        content.labels = read_labels(labels_path, len(content.points), label_column)
    found = DataSet.from_arrays(content.points, content.labels, name=name, source=str(path))
    return replace(found, notes=(*content.notes, *found.notes))


def _checked_points(name: str, points: ArrayLike, source: str) -> tuple[FloatArray, list[str]]:
    allowed = "an array of finite real numbers of shape (samples, dimension)"
    try:
        raw = np.asarray(points)
    except ValueError:
        raise InvalidArgument(name, source, f"{allowed}; its rows have different lengths") from None
    if raw.dtype.kind == "O":
        raw = _of_objects(name, raw, allowed)
    if raw.dtype.kind not in "biuf":
        raise InvalidArgument(name, source, f"{allowed}; its entries are of type {raw.dtype}")
    if raw.ndim not in (2, 3, 4):
        hint = "; reshape one-dimensional data to (samples, 1)" if raw.ndim == 1 else ""
        raise InvalidArgument(name, raw, f"{allowed}, or images with 3 or 4 axes{hint}")
    if raw.size == 0:
        raise InvalidArgument(name, raw, "not empty")
    if len(raw) < 2:
        raise InvalidArgument(name, raw, "at least 2 samples (the first axis counts them)")
    notes = []
    if raw.ndim > 2:
        notes.append(
            f"Images of shape {raw.shape[1:]} were flattened to vectors of dimension {raw[0].size}, all channels kept."
        )
    with np.errstate(over="ignore"):  # of longer floats; what overflows is refused below
        values = np.array(raw.reshape(len(raw), -1), dtype=np.float64, order="C")
    values += 0.0  # turns -0 into +0, so that equal points have equal bytes
    if raw.dtype.kind in "iu" and raw.dtype.itemsize == 8:
        bad = np.argwhere((raw > _LARGEST_INTEGER) | (raw < -_LARGEST_INTEGER))
        if len(bad):
            place = tuple(bad[0].tolist())
            text = "an integer of at most 2^53 in size, beyond which neighbours become equal: subtract an offset first"
            where = ", ".join(map(str, place))
            raise InvalidArgument(f"{name}[{where}]", int(raw[place]), text)
    for start in range(0, len(values), 4096):
        bad = np.argwhere(~(np.abs(values[start : start + 4096]) <= _LARGEST))
        if len(bad):
            row, column = int(bad[0, 0]) + start, int(bad[0, 1])
            raise InvalidArgument(
                f"{name}[{row}, {column}]",
                float(values[row, column]),
                f"finite, at most {_LARGEST:g} in size",
            )
    if (values == values[0]).all():
        raise InvalidArgument(name, source, "not constant: all samples are the same point")
    return values, notes


def _of_objects(name: str, raw: NDArray[Any], allowed: str) -> NDArray[Any]:
    """Numbers that stand in an array of objects, as frames with columns of several types give them."""
    for place, entry in zip(np.ndindex(raw.shape), raw.flat, strict=True):
        if not isinstance(entry, Real):
            where = ", ".join(map(str, place))
            hint = (
                "fill in missing values"
                if entry is None
                else "leave out columns of texts, or use one as labels"
            )
            argument = f"{name}[{where}]" if where else name
            raise InvalidArgument(argument, entry, f"a number in {allowed}; {hint}")
    try:
        return raw.astype(np.float64)
    except OverflowError:
        raise InvalidArgument(name, raw, f"{allowed}, at most {_LARGEST:g} in size") from None


def _labels_of_objects(raw: NDArray[Any], allowed: str) -> NDArray[Any]:
    """Texts, or integers, that stand in an array of objects, as the columns of a frame do."""
    for place, entry in zip(np.ndindex(raw.shape), raw.flat, strict=True):
        if not isinstance(entry, str | Real) or (isinstance(entry, float) and entry != entry):
            where = ", ".join(map(str, place))
            raise InvalidArgument(f"labels[{where}]", entry, f"{allowed}; none may be missing")
    if all(isinstance(entry, str) for entry in raw.flat):
        return raw.astype(np.str_)
    kinds = {isinstance(entry, str) for entry in raw.flat}
    if len(kinds) > 1:
        raise InvalidArgument("labels", raw, f"{allowed}, not texts beside numbers")
    try:
        return np.array(raw.tolist())
    except OverflowError:
        raise InvalidArgument("labels", raw, allowed) from None


def _checked_labels(labels: ArrayLike, count: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    allowed = "one integer or text for each sample"
    try:
        raw = np.asarray(labels)
    except ValueError:
        raise InvalidArgument("labels", labels, allowed) from None
    if raw.ndim == 2 and 1 in raw.shape:
        raw = raw.ravel()
    if raw.dtype.kind == "O":
        raw = _labels_of_objects(raw, allowed)
    if raw.dtype.kind == "S":
        raw = np.char.decode(raw, "utf-8", "replace")
    if raw.dtype.kind not in "biufU":
        raise InvalidArgument("labels", raw, f"{allowed}; its entries are of type {raw.dtype}")
    if raw.ndim != 1:
        raise InvalidArgument("labels", raw, f"{allowed}, in a one-dimensional array")
    if len(raw) != count:
        raise InvalidArgument("labels", raw, f"one for each of the {count} samples; there are {len(raw)}")
    if raw.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(raw) | (raw != np.round(raw)) | (np.abs(raw) > 2**53))
        if len(bad):
            raise InvalidArgument(f"labels[{bad[0]}]", float(raw[bad[0]]), "an integer or a text")
        raw = raw.astype(np.int64)
    if raw.dtype.kind == "U" and (raw == "").any():
        raise InvalidArgument(f"labels[{int(np.argmax(raw == ''))}]", "", "not empty")
    names, codes = np.unique(raw, return_inverse=True)
    if len(names) < 2:
        raise InvalidArgument("labels", str(names[0]), "of at least two classes; there is only this one")
    return tuple(str(name) for name in names), codes.astype(np.int64)


def _distinct(
    samples: FloatArray, codes: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Index of the first occurrence of each point, the point of every sample, and how many have several labels.

    Rows are compared by a 128-bit digest, so that no second copy of a large data set is made.
    """
    known: dict[bytes, dict[int, int]] = {}
    first: list[int] = []
    places = np.empty(len(samples), dtype=np.int64)
    for row, values in enumerate(samples):
        by_label = known.setdefault(hashlib.blake2b(values.data, digest_size=16).digest(), {})
        place = by_label.setdefault(-1 if codes is None else int(codes[row]), len(first))
        if place == len(first):
            first.append(row)
        places[row] = place
    contradictions = sum(len(by_label) > 1 for by_label in known.values())
    return np.array(first, dtype=np.int64), places, contradictions


def read_labels(
    path: str | Path, count: int, column: str | None = None, *, name: str = "labels"
) -> NDArray[Any]:
    """Labels from a file of their own; of ``count`` samples, so that one line more is a header."""
    file = validation.readable_file(name, path)
    suffix = file.suffix.lower()
    if suffix not in _LABEL_FILES:
        raise InvalidArgument(name, str(path), "a file that ends in " + ", ".join(_LABEL_FILES))
    if suffix == ".npz":
        arrays = read_archive(name, file)
        found = [entry for entry in arrays if entry in LABEL_KEYS] or list(arrays)
        if column is not None:
            found = [entry for entry in arrays if entry == column]
        if len(found) != 1:
            there = ", ".join(arrays) or "none"
            raise InvalidArgument(
                name, str(file), f"an archive with one array of labels (its arrays: {there})"
            )
        return arrays[found[0]]
    if suffix == ".npy" or column is None:
        entries = read_array(name, file) if suffix == ".npy" else _label_lines(name, file, count)
        if column is not None:
            raise InvalidArgument(
                "label_column", column, "left out here: only tables and archives have named columns"
            )
        return entries
    table = open_table(name, file)
    if column not in table.names:
        raise InvalidArgument("label_column", column, f"a column of {file.name}: " + ", ".join(table.names))
    place = table.names.index(column)
    return numbers_or_texts([cells[place] for _, cells in table.rows()])


def _label_lines(name: str, file: Path, count: int) -> NDArray[Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidArgument(name, str(file), f"a text file in UTF-8 ({one_line(error)})") from None
    entries = [line.strip().strip('"').strip() for line in text.splitlines()]
    while entries and not entries[-1]:
        entries.pop()
    if not entries:
        raise InvalidArgument(name, str(file), "not empty")
    if file.suffix.lower() != ".txt" and any(mark in entry for entry in entries for mark in ",;\t"):
        allowed = (
            "a table with one column, or which column given as label_column, in the shell --label-column"
        )
        raise InvalidArgument(name, str(file), allowed)
    named = entries[0].lower() in (*LABEL_KEYS, "class", "target")
    if named or (len(entries) == count + 1 and numbers_or_texts(entries[:1]).dtype.kind == "U"):
        entries = entries[1:]
    return numbers_or_texts(entries)
