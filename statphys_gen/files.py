"""Files that anyone may have made: no code is run, memory stays within a multiple of the size, and what cannot be read
is refused in one line.

An ``.npy`` file takes as much memory as it has bytes, an archive at most ``EXPANSION`` times its size plus ``FREE``,
and a JSON file about 40 times its size.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .errors import InvalidArgument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXPANSION, FREE = 100, 2**24
_LONGEST_HEADER = 2**16
_OBJECTS = (
    "without Python objects, which are pickled and could run code; write texts by np.save(path, array.astype(str)) and "
    "numbers by np.save(path, array.astype(float))"
)


class _Unreadable(ValueError):
    """What is wrong with a file, to be read after "a .npy file of numbers"."""


def one_line(error: BaseException) -> str:
    """The text of an error, or its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def number(text: str) -> float:
    """A number as people write it: digits, sign, point, exponent, inf and nan. Unlike ``float`` it takes no "1_0".

    Raises
    ------
    ValueError : anything else.
    """
    if "_" in text or not text.isascii():
        raise ValueError(f"not a number: {text!r}")
    return float(text)


def room_for(size: int) -> int:
    """Bytes that a compressed file of this size may fill."""
    return EXPANSION * size + FREE


def read_array(argument: str, file: Path) -> NDArray[Any]:
    """The array of a ``.npy`` file, structured ones included.

    Raises
    ------
    InvalidArgument : one line for everything else.
    """
    allowed = "a .npy file of numbers, as np.save(path, array) writes it"
    try:
        with file.open("rb") as stream:
            if stream.read(2) == b"PK":
                text = "a .npy file; this is an archive, which must end in .npz"
                raise InvalidArgument(argument, str(file), text)
            stream.seek(0)
            return _array(stream, file.stat().st_size)
    except _Unreadable as error:
        raise InvalidArgument(argument, str(file), f"{allowed}: {error}") from None
    except (OSError, MemoryError) as error:
        raise InvalidArgument(argument, str(file), f"{allowed} ({one_line(error)})") from None


def read_archive(argument: str, file: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an ``.npz`` file, by name.

    Raises
    ------
    InvalidArgument : one line for everything else; also for an archive that would fill more than :func:`room_for`.
    """
    allowed = "an .npz archive of numbers, as np.savez(path, name=array) writes it"
    found = {}
    try:
        left = room_for(file.stat().st_size)
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise _Unreadable(f"{member.filename} is compressed in an unknown way")
                left -= member.file_size
                if left < 0:
                    text = f"it would fill more than {EXPANSION} times its size; write it by np.savez"
                    raise _Unreadable(text)
                name = member.filename.removesuffix(".npy")
                if name in found:
                    raise _Unreadable(f"it holds {name} twice")
                with archive.open(member) as stream:
                    found[name] = _array(stream, member.file_size)
    except _Unreadable as error:
        raise InvalidArgument(argument, str(file), f"{allowed}: {error}") from None
    except Exception as error:  # a damaged archive fails anywhere inside zipfile, zlib and struct
        text = f"{allowed} (it is damaged or something else: {one_line(error)})"
        raise InvalidArgument(argument, str(file), text) from None
    return found


def _array(stream: IO[bytes], available: int) -> NDArray[Any]:
    """The array at the start of a stream of so many bytes; nothing is reserved before its size is known to fit."""
    import numpy as np

    dtype, fortran, shape, begin = _header(stream)
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize > available - begin:
        text = f"its header promises {count * dtype.itemsize} bytes and {max(available - begin, 0)} follow"
        raise _Unreadable(text)
    content = stream.read(count * dtype.itemsize)
    if len(content) < count * dtype.itemsize:
        raise _Unreadable(f"it ends {count * dtype.itemsize - len(content)} bytes early")
    flat = np.frombuffer(content, dtype, count) if dtype.itemsize else np.zeros(min(count, 1), dtype)
    if flat.size != count:
        raise _Unreadable("its entries have no size")
    _refuse_damaged_texts(flat)
    return flat.reshape(shape, order="F" if fortran else "C")


def _refuse_damaged_texts(flat: NDArray[Any]) -> None:
    """Four bytes that are no letter would be a SystemError in Python, later and elsewhere."""
    import numpy as np

    if flat.dtype.names is not None:
        for name in flat.dtype.names:
            _refuse_damaged_texts(np.ascontiguousarray(flat[name]).ravel())
    elif flat.dtype.kind == "U" and flat.dtype.itemsize:
        letters = flat.view(np.dtype(np.uint32).newbyteorder(flat.dtype.byteorder))
        if (letters > sys.maxunicode).any():
            raise _Unreadable("its texts are damaged")


def _header(stream: IO[bytes]) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Type, order, shape and the place where the entries begin."""
    import numpy as np

    start = stream.read(8)
    if len(start) < 8 or start[:6] != b"\x93NUMPY" or start[6] not in (1, 2, 3):
        raise _Unreadable("it does not begin like one")
    width = 2 if start[6] == 1 else 4
    size = int.from_bytes(stream.read(width), "little")
    if size > _LONGEST_HEADER:
        raise _Unreadable(f"its header has {size} bytes")
    text = stream.read(size).decode("utf-8" if start[6] == 3 else "latin1", errors="replace")
    try:
        header = ast.literal_eval(text.strip())
        descr, fortran, shape = header["descr"], header["fortran_order"], header["shape"]
        dtype = np.dtype(np.lib.format.descr_to_dtype(descr))
        sound = isinstance(shape, tuple) and all(type(n) is int and 0 <= n < 2**62 for n in shape)
    except Exception as error:  # literals nested too deep, types that numpy does not know, wrong keys
        raise _Unreadable(f"its header cannot be read ({one_line(error)})") from None
    if not sound or len(shape) > 32:
        raise _Unreadable("its header has no shape")
    if dtype.hasobject:
        raise _Unreadable(_OBJECTS)
    return dtype, bool(fortran), shape, len(start) + width + size


def read_json(argument: str, file: Path) -> Any:
    """The content of a JSON file.

    Raises
    ------
    InvalidArgument : one line for every other file, and for one that is nested too deeply.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError, MemoryError) as error:
        raise InvalidArgument(argument, str(file), f"a JSON file ({one_line(error)})") from None


def read_named(argument: str, file: Path, names: Sequence[str], allowed: str) -> list[Any]:
    """The entries of these names of a ``.json`` object or an ``.npz`` archive, which may hold others too.

    Raises
    ------
    InvalidArgument : one line for every other file; ``allowed`` is what it must be.
    """
    ending = file.suffix.lower()
    if ending not in (".json", ".npz"):
        raise InvalidArgument(argument, str(file), allowed)
    found = read_json(argument, file) if ending == ".json" else read_archive(argument, file)
    missing = [name for name in names if not isinstance(found, dict) or name not in found]
    if missing:
        raise InvalidArgument(argument, str(file), f"{allowed}: {missing[0]} is missing")
    return [found[name] for name in names]
