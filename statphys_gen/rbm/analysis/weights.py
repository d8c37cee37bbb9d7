"""Trained machines from files: the layouts of this package, of scikit-learn, rbms and torch state dictionaries."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...errors import InvalidArgument, MissingExtra
from ...files import one_line, read_archive, read_array, room_for
from ...tables import open_table
from .machine import Machine

_LONGEST_WORD = 100
ORIENTATIONS = ("visible-hidden", "hidden-visible")
_ENDINGS = (".npz", ".npy", ".csv", ".h5", ".hdf5", ".pkl", ".pickle", ".joblib")
_OWN, _OF_RBMS = {"W", "visible_bias", "hidden_bias"}, {"weight_matrix", "vbias", "hbias"}
# The last word of a name, in lower case and without underscores at its ends.
_WEIGHTS = ("w", "weight", "weights", "weight_matrix", "couplings", "components", "j", "kernel")
_VISIBLE = (
    "visible_bias",
    "vbias",
    "v_bias",
    "bias_v",
    "bv",
    "b_v",
    "intercept_visible",
    "bias_visible",
    "a",
)
_HIDDEN = (
    "hidden_bias",
    "hbias",
    "h_bias",
    "bias_h",
    "bh",
    "b_h",
    "intercept_hidden",
    "bias_hidden",
    "c",
    "bias",
)
_EITHER = ("b",)
_HOW = "np.savez(path, W=couplings, visible_bias=b, hidden_bias=c) with couplings of shape (visible, hidden)"


def read_machine(
    path: str | Path,
    *,
    orientation: str | None = None,
    key: str | None = None,
    update: int | None = None,
    allow_pickle: bool = False,
) -> Machine:
    """Read couplings and biases.

    Parameters
    ----------
    path : one of

        - ``.npz`` with ``W`` (visible, hidden), ``visible_bias`` and ``hidden_bias``, zero if missing;
        - ``.npz`` with the arrays of scikit-learn's ``BernoulliRBM``: ``components_`` (hidden, visible),
          ``intercept_visible_``, ``intercept_hidden_``;
        - ``.npz`` with a state dictionary of torch: names like ``x.weight``, ``W``, ``vbias``, ``h_bias``;
        - ``.h5`` of the package rbms: ``update_<number>/params/weight_matrix``, ``vbias``, ``hbias``;
        - ``.npy`` or ``.csv``: couplings alone;
        - ``.joblib``, ``.pkl``: a fitted ``BernoulliRBM`` or a dictionary of arrays, with ``allow_pickle`` only.

        Biases may have shape (1, n); other arrays are left out, and named in the notes.
    orientation : "visible-hidden" or "hidden-visible", the axes of the couplings. It is asked for only where neither
        the layout nor the lengths of the biases tell.
    key : name of the couplings, where several arrays could be.
    update : which update of an ``.h5`` file; the last by default.
    allow_pickle : whether to load a pickled file, which may run any code: only for files of your own.

    Raises
    ------
    InvalidArgument : one line for every other file, with what would be accepted.
    MissingExtra : a pickled file, and joblib is not installed.
    """
    file = validation.readable_file("weights", path)
    ending = file.suffix.lower()
    if orientation is not None:
        validation.choice("orientation", orientation, ORIENTATIONS)
    if update is not None:
        validation.integer("update", update, minimum=0)
        if ending not in (".h5", ".hdf5"):
            raise InvalidArgument("update", update, "left out: only the .h5 files of rbms hold several")
    if ending == ".npz":
        arrays = read_archive("weights", file)
    elif ending == ".npy":
        arrays = {file.name: read_array("weights", file)}
    elif ending == ".csv":
        arrays = {file.name: _table(file)}
    elif ending in (".h5", ".hdf5"):
        arrays = _updates(file, update)
    elif ending in _ENDINGS:
        arrays = _pickled(file, allow_pickle)
    else:
        hint = ""
        if ending in (".pt", ".pth", ".ckpt", ".bin"):
            hint = "; of torch: np.savez(path, **{k: v.numpy() for k, v in model.state_dict().items()})"
        raise InvalidArgument("weights", str(path), f"a file that ends in {', '.join(_ENDINGS)}{hint}")
    return _machine(arrays, file, orientation, key)


def _word(name: str) -> str:
    return re.split(r"[./]", name)[-1].strip("_").lower()


def _flat(values: NDArray[Any]) -> bool:
    return values.ndim == 1 or (values.ndim == 2 and 1 in values.shape)


def _machine(
    arrays: Mapping[str, NDArray[Any]], file: Path, orientation: str | None, key: str | None
) -> Machine:
    there = ", ".join(f"{name} {values.shape}" for name, values in arrays.items()) or "none"
    name = _couplings(arrays, file, key, there)
    matrix = arrays[name]
    if matrix.ndim != 2 or min(matrix.shape) < 2:
        Machine(matrix)  # refuses it
    vectors = {other: values.ravel() for other, values in arrays.items() if other != name and _flat(values)}
    visible = _one(vectors, _VISIBLE, file, there)
    hidden = _one({other: v for other, v in vectors.items() if other != visible}, _HIDDEN, file, there)
    rest = [other for other in vectors if other not in (visible, hidden) and _word(other) in _EITHER]
    if len(rest) == 1 and (visible is None) != (hidden is None):
        visible, hidden = visible or rest[0], hidden or rest[0]
    own = set(arrays) <= _OWN
    found = _orientation(
        matrix, name, [None if n is None else len(vectors[n]) for n in (visible, hidden)], own
    )
    if orientation is None and found is None:
        rows, columns = matrix.shape
        allowed = (
            f"given, in the shell --orientation: {name} has {rows} rows and {columns} columns, and nothing says which "
            "of them are visible; visible-hidden (rows are visible) or hidden-visible"
        )
        raise InvalidArgument("orientation", None, allowed)
    chosen = orientation or found
    notes = [f"The axes of {name} were read as {chosen}."] if chosen == "hidden-visible" else []
    left = [other for other in arrays if other not in (name, visible, hidden)]
    if left:
        notes.append(f"Arrays that were left out: {', '.join(left)}.")
    layout = _word(name) == "components" or set(arrays) == _OF_RBMS
    return Machine(
        matrix.T if chosen == "hidden-visible" else matrix,
        None if visible is None else vectors[visible],
        None if hidden is None else vectors[hidden],
        "zero-one" if layout else "",
        tuple(notes),
    )


def _couplings(arrays: Mapping[str, NDArray[Any]], file: Path, key: str | None, there: str) -> str:
    """The name of the couplings."""
    if key is not None:
        if key not in arrays:
            raise InvalidArgument("key", key, f"the name of an array in {file.name} (its arrays: {there})")
        return key
    named = [name for name in arrays if _word(name) in _WEIGHTS]
    matrices = [name for name, values in arrays.items() if values.ndim > 1 and not _flat(values)]
    found = "W" if "W" in arrays else None
    for names in ([name for name in named if name in matrices], matrices, named):
        if found is None and len(names) == 1:
            found = names[0]
    if found is None:
        allowed = f"one matrix of couplings, or which one given as key (arrays there: {there}); as by {_HOW}"
        raise InvalidArgument("weights", str(file), allowed)
    return found


def _one(vectors: Mapping[str, NDArray[Any]], words: Sequence[str], file: Path, there: str) -> str | None:
    """The only vector with one of these names."""
    found = [name for name in vectors if _word(name) in words]
    if len(found) > 1:
        allowed = f"one array of biases for each layer, not {' and '.join(found)} (arrays there: {there}); as by {_HOW}"
        raise InvalidArgument("weights", str(file), allowed)
    return found[0] if found else None


def _orientation(matrix: NDArray[Any], name: str, lengths: Sequence[int | None], own: bool) -> str | None:
    """What the layout says about the axes, else the lengths of the biases; None where neither does."""
    if _word(name) == "components":
        return "hidden-visible"
    fits = [
        orientation
        for orientation, shape in zip(ORIENTATIONS, (matrix.shape, matrix.shape[::-1]), strict=True)
        if all(length in (None, units) for length, units in zip(lengths, shape, strict=True))
    ]
    known = own or _word(name) == "weight_matrix"
    if known and (ORIENTATIONS[0] in fits or not fits):
        return ORIENTATIONS[0]
    if not fits:  # the biases contradict the couplings, whichever way these lie: they are refused by name
        return ORIENTATIONS[0]
    return fits[0] if len(fits) == 1 else None


def _table(file: Path) -> NDArray[Any]:
    table = open_table("weights", file, header=False)
    numbers = array("d")
    for line, cells in table.rows():
        for cell in cells:
            try:
                numbers.append(table.number(cell))
            except ValueError:
                allowed = f"a matrix of numbers, without header; line {line} holds {cell!r}"
                raise InvalidArgument("weights", str(file), allowed) from None
    return np.frombuffer(numbers).reshape(-1, table.columns)


def _updates(file: Path, update: int | None) -> dict[str, NDArray[Any]]:
    """The arrays of one update of a file of rbms, whose couplings are (visible, hidden)."""
    import h5py

    allowed = "an .h5 file of rbms, with update_<number>/params/weight_matrix, vbias and hbias"
    room = room_for(file.stat().st_size)
    try:
        with h5py.File(file, "r") as content:
            numbers = sorted(int(name[7:]) for name in content if re.fullmatch(r"update_\d{1,18}", name))
            if not numbers:
                raise InvalidArgument(
                    "weights", str(file), f"{allowed}; it has {', '.join(content) or 'nothing'}"
                )
            if update is not None and update not in numbers:
                shown = ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")
                raise InvalidArgument("update", update, f"one of those in the file: {shown}")
            group = _own(content, f"update_{numbers[-1] if update is None else update}")
            group = _own(group, "params") if "params" in group else group
            kind = b"BBRBM"
            if "model_type" in content:
                kind = _word_of(file, _own(content, "model_type"))
            if kind != b"BBRBM":
                raise InvalidArgument(
                    "weights", str(file), f"a machine with two states a unit (BBRBM), not {kind!r:.40}"
                )
            arrays = {}
            for name in sorted(_OF_RBMS):
                values = _own(group, name)
                if values.dtype.kind not in "iuf" or values.external or values.is_virtual:
                    raise ValueError(f"{name} holds no numbers of its own")
                largest = max(values.size, math.prod(values.chunks or (1,))) * values.dtype.itemsize
                if largest > room:
                    raise ValueError(f"{name} would fill {largest} bytes")
                arrays[name] = values[()]
            return arrays
    except InvalidArgument:
        raise
    except Exception as error:  # of a damaged file, from anywhere inside the library
        raise InvalidArgument("weights", str(file), f"{allowed} ({one_line(error)})") from None


def _word_of(file: Path, dataset: Any) -> bytes:
    """A short text; empty where there is none."""
    if dataset.shape != () or dataset.dtype.itemsize > _LONGEST_WORD:
        return b""
    if dataset.dtype.kind == "O":  # its length stands before it, and is given room whatever it says
        with file.open("rb") as stream:
            stream.seek(dataset.id.get_offset())
            if int.from_bytes(stream.read(4), "little") > _LONGEST_WORD:
                return b""
    return bytes(dataset[()])


def _own(group: Any, name: str) -> Any:
    """What lies under this name in the file itself: a link could lead to any other file."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name} is a link or missing")
    return group[name]


def _pickled(file: Path, allowed: bool) -> dict[str, NDArray[Any]]:
    """The arrays of a pickled machine or dictionary."""
    names = ("components_", "intercept_visible_", "intercept_hidden_")
    if not allowed:
        text = (
            "loaded with allow_pickle, in the shell --allow-pickle, as a pickled file may run any code; or saved as "
            f"np.savez(path, {', '.join(f'{name}=machine.{name}' for name in names)})"
        )
        raise InvalidArgument("weights", str(file), text)
    try:
        import joblib
    except ImportError:
        raise MissingExtra("reading a pickled machine", "joblib", "examples") from None
    try:
        content = joblib.load(file)
        if not isinstance(content, Mapping):
            content = {name: getattr(content, name) for name in names}
        return {str(name): np.asarray(values) for name, values in content.items()}
    except Exception as error:  # whatever the pickled code raises
        text = f"a pickled BernoulliRBM or a dictionary of arrays ({one_line(error)})"
        raise InvalidArgument("weights", str(file), text) from None
