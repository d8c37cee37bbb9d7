"""A user's own data set: reading it from a file, and refusing what is not one, in one line."""

from __future__ import annotations

import csv
import hashlib
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..glossary import dataset
from ..presentation import Tabular

if TYPE_CHECKING:
    import xarray

SAMPLE_KEYS = ("samples", "X", "x", "data", "images", "arr_0")
LABEL_KEYS = ("labels", "label", "y")
_SAMPLE_FILES = (".npy", ".npz", ".csv")
_LABEL_FILES = (".npy", ".npz", ".csv", ".txt")
_UNREADABLE = (
    ValueError,
    EOFError,
    OSError,
    MemoryError,
    SyntaxError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)
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
    labels : (m,) the class of each point, as an index into ``class_names``; None without labels. A point that occurs
        with two different labels is kept once for each of them.
    class_names : the labels as they were given, sorted; empty without labels.
    source : where the data came from, for messages and reports.
    notes : plain sentences on what was done to the data (flattened images, merged duplicates).
    """

    points: FloatArray
    multiplicities: NDArray[np.int64]
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
        first, multiplicities, contradictions = _distinct(checked, codes)
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
        for entry in (checked, multiplicities, codes):
            if entry is not None:
                entry.setflags(write=False)
        return cls(checked, multiplicities, codes, names, source, tuple(notes))

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
        first, places = _merged(self.points)
        if len(first) == len(self.points):
            return DataSet(self.points, self.multiplicities, None, (), self.source, self.notes)
        multiplicities = np.bincount(places, weights=self.multiplicities).astype(np.int64)
        return DataSet(self.points[first], multiplicities, None, (), self.source, self.notes)

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
    path: str | Path, labels_path: str | Path | None = None, *, key: str | None = None, name: str = "data"
) -> DataSet:
    """Read samples, and labels if there are any, from files.

    Parameters
    ----------
    path : ``.npy``; ``.npz`` (the array named ``key``, else one of ``samples``, ``X``, ``x``, ``data``, ``images``,
        ``arr_0``, else the only array that is not ``labels``, ``label`` or ``y``); or ``.csv`` (comma, semicolon or
        tab; a first line that is not numeric is a header).
    labels_path : ``.npy``, ``.npz``, ``.csv`` or ``.txt`` (one label a line, with or without header). Without it,
        labels are taken from the key ``labels``, ``label`` or ``y`` of an ``.npz`` file if it has one.
    key : name of the array of samples in an ``.npz`` file.
    name : of the argument, in messages: where several data sets are read they say which one is meant.

    Raises
    ------
    InvalidArgument : one line, for every file that does not hold a data set.
    """
    file = validation.readable_file(name, path)
    labels: Any = None
    if file.suffix.lower() == ".npz":
        points, labels = _read_archive(name, file, key)
    elif key is not None:
        raise InvalidArgument("key", key, "left out: only an .npz file has named arrays")
    elif file.suffix.lower() == ".npy":
        points = _read_array(name, file)
    elif file.suffix.lower() == ".csv":
        points = _read_table(name, file)
    else:
        raise InvalidArgument(name, str(path), "a file that ends in " + ", ".join(_SAMPLE_FILES))
    if labels_path is not None:
        labels = _read_labels(labels_path)
    return DataSet.from_arrays(points, labels, name=name, source=str(path))


def _checked_points(name: str, points: ArrayLike, source: str) -> tuple[FloatArray, list[str]]:
    allowed = "an array of finite real numbers of shape (samples, dimension)"
    try:
        raw = np.asarray(points)
    except ValueError:
        raise InvalidArgument(name, source, f"{allowed}; its rows have different lengths") from None
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
    # Adding zero copies, and turns -0 into +0 so that equal points have equal bytes.
    values = np.ascontiguousarray(raw.reshape(len(raw), -1), dtype=np.float64) + 0.0
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


def _checked_labels(labels: ArrayLike, count: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    allowed = "one integer or text for each sample"
    try:
        raw = np.asarray(labels)
    except ValueError:
        raise InvalidArgument("labels", labels, allowed) from None
    if raw.ndim == 2 and 1 in raw.shape:
        raw = raw.ravel()
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
    """Index of the first occurrence of each point, its multiplicity, and the number of points with several labels.

    Rows are compared by a 128-bit digest, so that no second copy of a large data set is made.
    """
    place: dict[bytes, dict[int, int]] = {}
    first: list[int] = []
    counts: list[int] = []
    for row, values in enumerate(samples):
        by_label = place.setdefault(hashlib.blake2b(values.data, digest_size=16).digest(), {})
        label = -1 if codes is None else int(codes[row])
        known = by_label.get(label)
        if known is None:
            by_label[label] = len(first)
            first.append(row)
            counts.append(1)
        else:
            counts[known] += 1
    contradictions = sum(len(by_label) > 1 for by_label in place.values())
    return np.array(first, dtype=np.int64), np.array(counts, dtype=np.int64), contradictions


def _merged(samples: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Index of the first occurrence of each different row, and for every row the number of its point."""
    place: dict[bytes, int] = {}
    first: list[int] = []
    numbers = np.empty(len(samples), dtype=np.int64)
    for row, values in enumerate(samples):
        number = place.setdefault(hashlib.blake2b(values.data, digest_size=16).digest(), len(first))
        if number == len(first):
            first.append(row)
        numbers[row] = number
    return np.array(first, dtype=np.int64), numbers


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _read_array(argument: str, file: Path) -> NDArray[Any]:
    with file.open("rb") as stream:
        if stream.read(2) == b"PK":
            raise InvalidArgument(
                argument, str(file), "a .npy file; this is an archive, which must end in .npz"
            )
        stream.seek(0)
        try:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
        except _UNREADABLE as error:
            raise InvalidArgument(
                argument, str(file), f"a .npy file of numbers ({_one_line(error)})"
            ) from None


def _open_archive(argument: str, file: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file."""
    if not zipfile.is_zipfile(file):
        raise InvalidArgument(
            argument, str(file), "an .npz archive of numbers (it is damaged or something else)"
        )
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except _UNREADABLE as error:
        raise InvalidArgument(
            argument, str(file), f"an .npz archive of numbers ({_one_line(error)})"
        ) from None


def _read_archive(name: str, file: Path, key: str | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    arrays = _open_archive(name, file)
    chosen = _array_of_points(name, file, list(arrays), key)
    label_key = next((entry for entry in LABEL_KEYS if entry in arrays and entry != chosen), None)
    return arrays[chosen], None if label_key is None else arrays[label_key]


def _read_label_archive(file: Path) -> NDArray[Any]:
    arrays = _open_archive("labels", file)
    found = [name for name in arrays if name in LABEL_KEYS] or list(arrays)
    if len(found) != 1:
        there = ", ".join(arrays) or "none"
        raise InvalidArgument(
            "labels", str(file), f"an archive with one array of labels (its arrays: {there})"
        )
    return arrays[found[0]]


def _array_of_points(argument: str, file: Path, names: Sequence[str], key: str | None) -> str:
    there = "its arrays: " + (", ".join(names) or "none")
    if key is not None:
        if key not in names:
            raise InvalidArgument("key", key, f"the name of an array in {file.name} ({there})")
        return key
    candidates = [name for name in SAMPLE_KEYS if name in names]
    if not candidates:
        candidates = [name for name in names if name not in LABEL_KEYS]
    if len(candidates) != 1:
        wanted = "an archive with one array of samples, or the name of the array given as key"
        raise InvalidArgument(argument, str(file), f"{wanted} ({there})")
    return candidates[0]


def _lines(argument: str, file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidArgument(argument, str(file), f"a text file ({_one_line(error)})") from None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InvalidArgument(argument, str(file), "not empty")
    return lines


def _numeric(fields: Sequence[str]) -> bool:
    try:
        for field in fields:
            float(field)
    except ValueError:
        return False
    return True


def _read_table(name: str, file: Path) -> FloatArray:
    lines = _lines(name, file)
    delimiter = next((mark for mark in (",", ";", "\t") if mark in lines[0]), ",")
    header = not _numeric(next(csv.reader(lines[:1], delimiter=delimiter)))
    rows = lines[1:] if header else lines
    if not rows:
        raise InvalidArgument(name, str(file), "a table with at least one line below its header")
    try:
        return np.loadtxt(rows, delimiter=delimiter, ndmin=2, comments=None)
    except ValueError as error:
        numbering = "; rows are counted from the first line of numbers"
        raise InvalidArgument(
            name, str(file), f"a table of numbers ({_one_line(error)}{numbering})"
        ) from None


def _read_labels(path: str | Path) -> NDArray[Any]:
    file = validation.readable_file("labels", path)
    suffix = file.suffix.lower()
    if suffix == ".npy":
        return _read_array("labels", file)
    if suffix == ".npz":
        return _read_label_archive(file)
    if suffix not in (".csv", ".txt"):
        raise InvalidArgument("labels", str(path), "a file that ends in " + ", ".join(_LABEL_FILES))
    entries = [line.strip().strip('"').strip() for line in _lines("labels", file)]
    if suffix == ".csv" and any(mark in entry for entry in entries for mark in ",;\t"):
        raise InvalidArgument("labels", str(path), "a table with one column")
    named = entries[0].lower() in (*LABEL_KEYS, "class", "target")
    if named or (len(entries) > 1 and _numeric(entries[1:]) and not _numeric(entries[:1])):
        entries = entries[1:]
    if entries and _numeric(entries):
        return np.array([float(entry) for entry in entries])
    return np.array(entries, dtype=np.str_)
