"""Samples and labels as files hold them: arrays, archives, tables, parquet, folders of pictures.

Every reader returns what it found, unchecked; :class:`~statphys_gen.data.DataSet` says whether it is a data set.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidArgument, MissingExtra
from ..files import number, one_line, read_archive, read_array, room_for
from ..tables import TextTable, missing, open_table

SAMPLE_KEYS = ("samples", "X", "x", "data", "images", "arr_0")
LABEL_KEYS = ("labels", "label", "y")
# In a table y may be a coordinate.
_LABEL_COLUMNS = ("labels", "label", "class", "target")
TEXT_TABLES = (".csv", ".tsv", ".txt")
SAMPLE_FILES = (".npy", ".npz", *TEXT_TABLES, ".parquet", ".pq")
# Under these names frames write the numbers of their rows.
_INDEX = ("", "index", "Unnamed: 0", "__index_level_0__")
_ALLOWED = "a table of numbers"
# Pictures of few shades may fill so many times more than an archive of their size.
_OF_PICTURES = 16


@dataclass
class Content:
    """What a file holds: samples, labels if there are any, and what was done to them."""

    points: Any
    labels: Any = None
    notes: list[str] = field(default_factory=list)


def read_samples(name: str, file: Path, key: str | None, label_column: str | None) -> Content:
    """The samples of a file or of a folder of pictures; see :func:`~statphys_gen.data.load_dataset`."""
    ending = file.suffix.lower()
    if file.is_dir():
        _only("key", key, "an .npz file has named arrays")
        _only("label_column", label_column, "tables have columns; of pictures, subfolders are the labels")
        return _pictures(name, file)
    if ending == ".npz":
        return _archive(name, file, key, label_column)
    _only("key", key, "an .npz file has named arrays")
    if ending in TEXT_TABLES:
        return _text(open_table(name, file), label_column)
    if ending in (".parquet", ".pq"):
        return _frame(name, file, _parquet(name, file), label_column)
    if ending != ".npy":
        allowed = "a folder of PNG files or a file that ends in " + ", ".join(SAMPLE_FILES)
        raise InvalidArgument(name, str(file), allowed)
    points = read_array(name, file)
    if points.dtype.names is not None:
        return _frame(name, file, {field: points[field] for field in points.dtype.names}, label_column)
    _only(
        "label_column", label_column, "tables and archives have named columns; give labels as a second file"
    )
    return Content(points)


def _only(argument: str, value: str | None, why: str) -> None:
    if value is not None:
        raise InvalidArgument(argument, value, f"left out here: only {why}")


def _archive(name: str, file: Path, key: str | None, label_column: str | None) -> Content:
    arrays = read_archive(name, file)
    there = ", ".join(f"{entry} {entries.shape}" for entry, entries in arrays.items()) or "none"
    for argument, entry in (("key", key), ("label_column", label_column)):
        if entry is not None and entry not in arrays:
            allowed = f"the name of an array in {file.name} (its arrays: {there})"
            raise InvalidArgument(argument, entry, allowed)
    label_key = label_column or next(
        (entry for entry in LABEL_KEYS if entry in arrays and entry != key), None
    )
    if key is None:
        candidates = [entry for entry in SAMPLE_KEYS if entry in arrays and entry != label_column]
        candidates = candidates or [entry for entry in arrays if entry != label_key]
        lengths = {entries.shape for entries in arrays.values()}
        if len(arrays) > 1 and len(lengths) == 1 and len(next(iter(lengths))) == 1:
            return _frame(name, file, arrays, label_column)
        if len(candidates) != 1:
            allowed = f"an archive with one array of samples, or which one given as key (its arrays: {there})"
            raise InvalidArgument(name, str(file), allowed)
        key = candidates[0]
    return Content(arrays[key], None if label_key is None else arrays[label_key])


def _frame(name: str, file: Path, columns: Mapping[str, NDArray[Any]], label_column: str | None) -> Content:
    """Columns of equal length, each an array."""
    names = list(columns)
    chosen = _label_column(names, label_column, file)
    kept, notes = [], _said(chosen, label_column)
    for k, entry in enumerate(names):
        values = columns[entry]
        if k == chosen:
            continue
        if values.ndim != 1 or values.dtype.kind not in "biufOUS":
            what = f"type {values.dtype} and shape {values.shape[1:]}"
            raise InvalidArgument(name, str(file), f"{_ALLOWED}; the entries of column {entry!r} have {what}")
        if values.dtype.kind in "OUS":
            _refuse_entry(name, file, entry, values)
        if _is_index(entry, values):
            notes.append(f"Column {entry!r} numbers the rows and was left out.")
        else:
            kept.append(values)
    if not kept:
        raise InvalidArgument(name, str(file), f"{_ALLOWED} with a column besides the labels")
    labels = None if chosen is None else columns[names[chosen]]
    return Content(np.stack([np.asarray(values, dtype=np.float64) for values in kept], axis=1), labels, notes)


def _refuse_entry(name: str, file: Path, column: str, values: NDArray[Any]) -> NoReturn:
    """A column of texts or of objects holds a missing value or is no coordinate."""
    for row, entry in enumerate(values.tolist()):
        if entry is None or (isinstance(entry, str) and missing(entry)):
            _refuse_missing(name, entry, row, column, None)
        if isinstance(entry, str | bytes):
            _refuse_text(name, file, column, str(entry))
    what = type(values[0]).__name__ if len(values) else "nothing"
    raise InvalidArgument(name, str(file), f"{_ALLOWED}; column {column!r} holds {what}")


def _text(table: TextTable, label_column: str | None) -> Content:
    """The numbers of a table, and its column of labels."""
    chosen = _label_column(table.names, label_column, table.file, table.header is not None)
    names = [entry for k, entry in enumerate(table.names) if k != chosen]
    numbers, labels, rows = array("d"), [], 0
    for rows, (line, cells) in enumerate(table.rows(), start=1):
        if chosen is not None:
            labels.append(cells.pop(chosen))
            if missing(labels[-1]):
                _refuse_missing("labels", labels[-1], rows - 1, table.names[chosen], line)
        for k, cell in enumerate(cells):
            try:
                numbers.append(table.number(cell))
            except ValueError:
                if missing(cell):
                    _refuse_missing(table.argument, cell, rows - 1, names[k], line, k)
                first = f"{cell!r}, row {rows}, line {line}"
                _refuse_text(table.argument, table.file, names[k], first, table.header is not None)
    if not rows:
        raise InvalidArgument(table.argument, str(table.file), "a table with a line below its header")
    if not names:
        raise InvalidArgument(table.argument, str(table.file), f"{_ALLOWED} with a column besides the labels")
    points = np.frombuffer(numbers).reshape(rows, -1)
    notes = _said(chosen, label_column)
    bad = np.argwhere(np.isnan(points))
    if len(bad):
        row, k = bad[0].tolist()
        _refuse_missing(table.argument, float("nan"), row, names[k], None, k)
    if len(names) > 1 and _is_index(names[0], points[:, 0]):
        points = points[:, 1:]
        notes.append(f"Column {names[0]!r} numbers the rows and was left out.")
    if table.header and all(text.isdigit() for text in table.header):
        notes.append("The first line, which counts the columns, was read as a header.")
    if table.decimal_comma:
        notes.append("Commas were read as decimal points.")
    return Content(points, numbers_or_texts(labels) if chosen is not None else None, notes)


def _label_column(names: Sequence[str], asked: str | None, file: Path, named: bool = True) -> int | None:
    """Place of the column of labels: the one asked for, else one that is called so."""
    if asked is None:
        found = [k for k, entry in enumerate(names) if named and entry.lower() in _LABEL_COLUMNS]
        return found[0] if len(found) == 1 else None
    if asked in names:
        return list(names).index(asked)
    there = ", ".join(names) if named else f"they have no names and count from 1 to {len(names)}"
    raise InvalidArgument("label_column", asked, f"a column of {file.name} ({there})")


def _said(chosen: int | None, asked: str | None) -> list[str]:
    return [] if chosen is None or asked is not None else ["The column of labels was found by its name."]


def _is_index(name: str, values: NDArray[Any]) -> bool:
    return name in _INDEX and bool(np.array_equal(values, np.arange(len(values))))


def _refuse_missing(
    argument: str, value: Any, row: int, column: str, line: int | None, place: int | None = None
) -> NoReturn:
    where = f"row {row + 1}" + ("" if line is None else f", line {line}") + f", column {column!r}"
    index = f"{row}" if place is None else f"{row}, {place}"
    allowed = f"a value ({where}, is missing): fill in missing values or delete their rows"
    raise InvalidArgument(f"{argument}[{index}]", value, allowed)


def _refuse_text(argument: str, file: Path, column: str, text: str, named: bool = True) -> NoReturn:
    hint = "use it as labels by label_column, in the shell --label-column " + (
        repr(column) if " " in column else column
    )
    header = "" if named else "; columns are counted from 1 where no line names them"
    allowed = f"{_ALLOWED}; column {column!r} holds text ({text}): {hint}, or delete it{header}"
    raise InvalidArgument(argument, str(file), allowed)


def numbers_or_texts(entries: list[str], name: str = "labels") -> NDArray[Any]:
    """Labels as they were written: numbers if all of them are, else texts."""
    try:
        return np.array([number(entry) for entry in entries])
    except ValueError:
        return _texts(entries, len(entries), sum(map(len, entries)), name)


def _texts(entries: list[str], count: int, size: int, name: str) -> NDArray[Any]:
    """Texts as an array, from a file of this size; ``count`` of them each take the room of the longest."""
    longest = max(map(len, entries), default=0)
    if 4 * count * longest > room_for(size):
        allowed = f"texts of about equal length, not one of {longest} letters"
        raise InvalidArgument(name, max(entries, key=len)[:20], allowed)
    return np.array(entries, dtype=np.str_)


def _parquet(name: str, file: Path) -> dict[str, NDArray[Any]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("reading .parquet", "pyarrow", "parquet") from None
    size = file.stat().st_size
    try:
        with parquet.ParquetFile(file) as content:
            schema, facts = content.schema_arrow, content.metadata
            promised = 8 * facts.num_rows * facts.num_columns
            promised += sum(facts.row_group(k).total_byte_size for k in range(facts.num_row_groups))
            if promised > room_for(size):
                raise pyarrow.ArrowInvalid(f"it promises {promised} bytes in {size}")
        is_text = (pyarrow.types.is_string, pyarrow.types.is_large_string)
        for field in schema:
            simple = not pyarrow.types.is_nested(field.type) or pyarrow.types.is_dictionary(field.type)
            # Texts of a fixed width take it in every row.
            if not simple or pyarrow.types.is_fixed_size_binary(field.type):
                allowed = f"{_ALLOWED}; the entries of column {field.name!r} have type {field.type}"
                raise InvalidArgument(name, str(file), allowed)
        # A text that is repeated stands in the file once.
        coded = [field.name for field in schema if any(test(field.type) for test in is_text)]
        with parquet.ParquetFile(file, read_dictionary=coded) as content:
            frame = content.read()
        columns: dict[str, NDArray[Any]] = {}
        for entry, values in zip(frame.column_names, frame.columns, strict=True):
            if values.null_count:
                _refuse_missing(name, None, values.is_null().to_pylist().index(True), entry, None)
            if pyarrow.types.is_dictionary(values.type):
                values = values.combine_chunks()
                words = values.dictionary.to_numpy(zero_copy_only=False)
                if any(test(values.type.value_type) for test in is_text):
                    words = _texts(words.tolist(), len(values), size, name)
                columns[entry] = words[values.indices.to_numpy()]
            else:
                columns[entry] = values.to_numpy()
        return columns
    except InvalidArgument:
        raise
    except Exception as error:  # of pyarrow, whose own classes derive from several of Python's
        raise InvalidArgument(name, str(file), f"a parquet file ({one_line(error)})") from None


def _pictures(name: str, folder: Path) -> Content:
    """PNG files of one size and mode; the names of subfolders, if the files lie in such, are the labels."""
    files = sorted(file for file in folder.glob("*.png") if file.is_file())
    labels = None
    if not files:
        files = sorted(file for file in folder.glob("*/*.png") if file.is_file())
        labels = np.array([file.parent.name for file in files], dtype=np.str_)
    if not files:
        allowed = (
            "a readable file, or a folder with PNG files (*.png) or with one folder of them for each class"
        )
        raise InvalidArgument(name, str(folder), allowed)
    pictures = _decoded(name, files)
    first = next(pictures)
    points = np.empty((len(files), *first.shape), dtype=first.dtype)
    points[0] = first
    for k, picture in enumerate(pictures, start=1):
        if picture.shape != first.shape or picture.dtype != first.dtype:
            found = f"{files[0].name} has {_shown(first)} and {files[k].name} {_shown(picture)}"
            allowed = f"a folder of PNG files of one size and kind; {found}: convert them first"
            raise InvalidArgument(name, str(folder), allowed)
        points[k] = picture
    return Content(points, labels)


def _shown(picture: NDArray[Any]) -> str:
    height, width, *channels = picture.shape
    return f"{width} x {height} pixels, {channels[0] if channels else 1} channels, {picture.dtype}"


def _decoded(name: str, files: Sequence[Path]) -> Iterator[NDArray[Any]]:
    from PIL import Image

    room, like_it = room_for(_OF_PICTURES * sum(file.stat().st_size for file in files)), len(files)
    for file in files:
        try:
            # From memory: of a file, a chunk that calls itself long would be given room before it is read.
            with Image.open(BytesIO(file.read_bytes()), formats=("PNG",)) as picture:
                palette = picture.mode in ("P", "PA")
                channels = 3 if palette else len(picture.getbands())
                # Numbers of all pictures that have to be like the first, before any is decoded.
                if 8 * channels * picture.width * picture.height * like_it > room:
                    raise ValueError(
                        f"it promises {picture.width} x {picture.height} pixels; save what is so empty by np.save"
                    )
                like_it = 1
                values = np.asarray(picture.convert("RGB") if palette else picture)
        except Exception as error:  # of a damaged picture: those of zlib, struct and of the decoder
            raise InvalidArgument(name, str(file), f"a PNG file ({one_line(error)})") from None
        yield values.astype(np.uint8) if values.dtype == bool else values
