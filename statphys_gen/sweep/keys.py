"""Names of points: canonical JSON of everything that determines a result, and its SHA-256.

Two points have one name exactly when function, code or version, parameters, seed and replica are the same, floats and
arrays to the bit. No file and no module enters: functions are named by themselves and by what they do.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ..code import code_hash
from ..errors import InvalidArgument
from ..meaning import canonical_json


@dataclasses.dataclass(frozen=True)
class Point:
    """One call of the function.

    Attributes
    ----------
    text, key : canonical JSON of all that determines the result, and its SHA-256 in hexadecimal.
    call : SHA-256 of the same without code and version: points that differ from it in what their function did.
    stream : canonical JSON of the parameters alone, which keys the random stream beside seed and replica: corrected,
        renamed or moved code sees the same noise.
    """

    parameters: Mapping[str, Any]
    replica: int
    text: str
    key: str
    call: str
    stream: str


@dataclasses.dataclass(frozen=True)
class Computation:
    """What the points of one sweep share; ``code`` is the hash of the function, or the version given for it."""

    function: str
    code: str
    seed: int

    def point(self, parameters: Mapping[str, Any], replica: int) -> Point:
        stream = canonical_json(parameters)
        shared = {"function": self.function, "seed": self.seed, "replica": replica}
        text = canonical_json({**shared, "code": self.code, "parameters": parameters}, code=True)
        # The stream is the same for 2 and 2.0; these are not one call.
        kinds = {name: type(value).__name__ for name, value in parameters.items()}
        call = canonical_json({**shared, "parameters": stream, "kinds": kinds})
        return Point(parameters, replica, text, _sha256(text), _sha256(call), stream)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def function_name(function: Callable[..., Any], key: str | None) -> str:
    """The name of a function in the store and the dataset; what has none needs one from the user."""
    if not callable(function):
        raise InvalidArgument("function", function, "a callable")
    if key is not None:
        if not isinstance(key, str) or not key:
            raise InvalidArgument(
                "key", key, "a text that is not empty, the name of the function in the store"
            )
        return key
    name = getattr(function, "__qualname__", "<none>")
    if "<" in name:
        allowed = "named; pass key='a name of your own' for a lambda, a local function or another callable"
        raise InvalidArgument("function", function, allowed)
    return str(name)


def function_code(function: Callable[..., Any], version: str | None) -> str:
    """What stands for the code of a function: its hash, or the version that the user gives."""
    if version is not None:
        return f"version {version}"
    try:
        return code_hash(function)
    except InvalidArgument as error:
        if error.argument == "function":
            raise
        allowed = f"given for a function whose code cannot be hashed ({error})"
        raise InvalidArgument("version", version, allowed) from None
