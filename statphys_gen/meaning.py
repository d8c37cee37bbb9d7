"""The one text form of values, of which keys of random streams and of stored results are made.

Values that mean the same have the same text, wherever their classes and functions are written: no module, path or file
enters. An object stands for its class name and what defines it: the fields of a dataclass that count in comparisons and
are arguments of its constructor, or what its method ``meaning()`` returns. A function of this package, of the standard
library or of an installed package stands for its name; a function or class of the user for a hash of what it does
(:func:`~statphys_gen.code.code_hash`).

Two strictnesses. Keys of random streams are equal for equal numbers: 2 and 2.0, 0.0 and -0.0. Keys of stored results
(``code=True``) keep those apart, because a function may tell them apart, and name every function and class, this
package's too, by what it does.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import sys
from collections.abc import Mapping
from functools import partial
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from .code import code_hash, is_ours_or_installed

_SCALARS = (np.bool_, np.integer, np.float64, np.float32, np.float16, np.complex128, np.complex64, np.str_)


class _Form(NamedTuple):
    """Whether functions and classes enter by what they do, and by how many digits floats do (None: by all bits)."""

    code: bool
    digits: int | None


def canonical_json(value: Any, *, code: bool = False, digits: int | None = None) -> str:
    """The text of a value: JSON with sorted names and no spaces, everything beyond JSON tagged by its kind.

    Parameters
    ----------
    value : None, booleans, numbers, texts, arrays of them, lists and tuples (alike), mappings with names as keys,
        dataclasses, objects with a method ``meaning()``, functions, classes; and these inside each other. Floats enter
        in hexadecimal, arrays by type, shape and the hash of their entries in C order.
    code : the strict form, for keys of stored results; see the module.
    digits : significant digits of floats, for texts that are compared across machines, on which numbers that were
        computed differ in the last bits; None (default) for all bits.

    Raises
    ------
    TypeError : a value without such a form, named by its type.
    ValueError : NaN, also inside an array: it is not equal to itself.
    """
    return json.dumps(
        _tagged(value, _Form(code, digits)), sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def fingerprint(value: Any, *, code: bool = False, digits: int | None = None) -> str:
    """SHA-256 of the text of a value, in hexadecimal: a short name for it, to be computed once for many keys."""
    return hashlib.sha256(canonical_json(value, code=code, digits=digits).encode()).hexdigest()


def _tagged(value: Any, form: _Form) -> Any:
    if isinstance(value, _SCALARS):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | complex):
        return _number(value, form)
    if isinstance(value, np.ndarray):
        return {"array": _array(value, form)}
    if isinstance(value, list | tuple):
        return [_tagged(entry, form) for entry in value]
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a mapping has a canonical form only if its keys are texts")
        # Tagged, so that no mapping can look like another tagged value.
        return {"mapping": {name: _tagged(entry, form) for name, entry in value.items()}}
    if callable(getattr(type(value), "meaning", None)):
        return {"object": _named(type(value), form), "meaning": _tagged(value.meaning(), form)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: _tagged(getattr(value, field.name), form)
            for field in dataclasses.fields(value)
            if field.compare and field.init
        }
        return {"object": _named(type(value), form), "fields": fields}
    if isinstance(value, partial):
        parts = [value.func, list(value.args), value.keywords]
        return {"partial": [_tagged(part, form) for part in parts]}
    if isinstance(value, MethodType):
        return {"method": value.__name__, "of": _tagged(value.__self__, form)}
    if isinstance(value, type) or hasattr(value, "__code__") or (callable(value) and _is_importable(value)):
        return {"callable": _named(value, form)}
    raise TypeError(
        f"a {type(value).__name__} has no canonical form: a frozen dataclass, an object with a method meaning() that "
        "returns what defines it, or a function that calls it has one"
    )


def _number(value: float | complex, form: _Form) -> Any:
    if value != value:
        raise ValueError("NaN has no canonical form: it is not equal to itself")
    if isinstance(value, complex):
        return {"complex": [_number(value.real, form), _number(value.imag, form)]}
    if form.digits is not None:
        value = float(f"{value:.{form.digits}g}")
    if not form.code and math.isfinite(value) and value.is_integer():
        return int(value)
    return {"float": value.hex()}


def _array(array: np.ndarray, form: _Form) -> list[Any]:
    kind = array.dtype.kind
    if np.ma.isMaskedArray(array):
        raise TypeError("a masked array has no canonical form: what lies behind its mask would count")
    if kind not in "biufcU":
        raise TypeError(f"an array of {array.dtype} has no canonical form")
    if form.digits is not None and kind in "fc":
        return [list(array.shape), [_number(entry, form) for entry in array.ravel().tolist()]]
    stored = array.dtype.newbyteorder("<")
    digest = hashlib.sha256()
    # In pieces, so that no copy of a large array is made; C order whatever the order in memory.
    for piece in np.nditer(array, ["external_loop", "buffered", "zerosize_ok"], order="C", buffersize=2**16):
        entries = np.asarray(piece)
        if kind in "fc":
            if np.isnan(entries).any():
                raise ValueError("NaN has no canonical form: it is not equal to itself")
            # The sum makes 0.0 of -0.0.
            entries = entries if form.code else entries + 0.0
        digest.update(entries.astype(stored).tobytes())
    return [stored.str, list(array.shape), digest.hexdigest()]


def _named(value: Any, form: _Form) -> Any:
    """A function or class by its name, and by what it does where the name does not say it."""
    name = getattr(value, "__qualname__", None) or value.__name__
    if not form.code and is_ours_or_installed(value) and _is_importable(value):
        return name
    return [name, code_hash(value, digits=form.digits)]


def _is_importable(value: Any) -> bool:
    """Whether the name of a function or class leads to it: not so for lambdas, local and generated functions."""
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None) or ""
    # Not every ufunc says where it is from.
    modules = (
        ("numpy", "scipy.special") if isinstance(value, np.ufunc) else (getattr(value, "__module__", None),)
    )
    return any(_at(sys.modules.get(module or ""), name) is value for module in modules)


def _at(found: Any, name: str) -> Any:
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
