"""Names of points: canonical JSON of everything that determines a result, and its SHA-256.

Two points have one name exactly when function, version, parameters, seed and replica are the same bits: floats enter in
hexadecimal, arrays by type, shape and the hash of their bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InvalidArgument


@dataclasses.dataclass(frozen=True)
class Point:
    """One call of the function.

    Attributes
    ----------
    text, key : canonical JSON of all that determines the result, and its SHA-256 in hexadecimal.
    stream : canonical JSON that keys the random stream. It leaves out the version, so that corrected code sees the same
        noise; seed and replica enter the stream beside it.
    """

    parameters: Mapping[str, Any]
    replica: int
    text: str
    key: str
    stream: str


def point(function: str, version: str, parameters: Mapping[str, Any], seed: int, replica: int) -> Point:
    text = canonical_json(
        {"function": function, "version": version, "parameters": parameters, "seed": seed, "replica": replica}
    )
    stream = canonical_json({"function": function, "parameters": parameters})
    return Point(parameters, replica, text, hashlib.sha256(text.encode()).hexdigest(), stream)


def canonical_json(value: Any) -> str:
    """JSON with sorted names and no spaces; whatever JSON has no exact form for is tagged by its type."""
    return json.dumps(_tagged(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _tagged(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufcU":
        digest = hashlib.sha256(value.tobytes()).hexdigest()
        return {"array": [value.dtype.str, list(value.shape), digest]}
    if isinstance(value, np.bool_ | np.integer | np.float64 | np.float32 | np.float16 | np.str_):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, list | tuple):
        return [_tagged(entry) for entry in value]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        # The outermost mapping is tagged too, so that no user's mapping can look like a tagged value.
        return {"mapping": {name: _tagged(entry) for name, entry in value.items()}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _tagged(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"object": f"{module_name(type(value))}:{type(value).__qualname__}", "fields": fields}
    raise TypeError(f"a {type(value).__name__} has no canonical form")


def function_name(function: Callable[..., Any], key: str | None) -> str:
    """``module:name`` of an importable function; anything else needs a name from the user."""
    if not callable(function):
        raise InvalidArgument("function", function, "a callable")
    if key is not None:
        if not isinstance(key, str) or not key:
            raise InvalidArgument(
                "key", key, "a text that is not empty, the name of the function in the store"
            )
        return key
    if not is_importable(function):
        raise InvalidArgument(
            "function",
            function,
            "importable by its name; pass key='a name of your own' for a lambda or a local function",
        )
    return f"{module_name(function)}:{function.__qualname__}"


def is_importable(function: Any) -> bool:
    """Whether another process finds the same object under its module and name."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    if module is None or module_name(function) == "__main__":
        return False
    found: Any = module
    for part in getattr(function, "__qualname__", "<none>").split("."):
        found = getattr(found, part, None)
    return found is function


def module_name(definition: Any) -> str:
    """The module of a function or class; for a script its file, since every script is called ``__main__``."""
    name = definition.__module__
    if name != "__main__":
        return str(name)
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.name)
    file = getattr(main, "__file__", None)
    return Path(file).stem if file else "__main__"
