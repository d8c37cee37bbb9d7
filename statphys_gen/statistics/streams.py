"""Random streams that are keyed, not drawn in order of arrival.

A stream is determined by the seed, by what it is for (a mapping of names to values, the system size included)
and by a replica or block number. Any number of threads or workers, in any order, therefore sees the same
random numbers.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import validation


def canonical_text(value: Any) -> str:
    """A text that is equal exactly when the values are: floats by their hexadecimal form, arrays by bytes."""
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(value.tobytes()).hexdigest()
        return f"array({value.dtype.str},{value.shape},{digest})"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or value is None or isinstance(value, int | str):
        return repr(value)
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key!r}:{canonical_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical_text(entry) for entry in value) + "]"
    raise TypeError(f"no canonical text for a {type(value).__name__}")


def seed_sequence(seed: int, key: Mapping[str, Any], replica: int = 0) -> np.random.SeedSequence:
    """``SeedSequence(seed, spawn_key=(256-bit hash of the key as 32-bit words, replica))``."""
    validation.integer("seed", seed, minimum=0)
    validation.integer("replica", replica, minimum=0)
    words = np.frombuffer(hashlib.sha256(canonical_text(key).encode()).digest(), dtype="<u4")
    return np.random.SeedSequence(seed, spawn_key=(*map(int, words), replica))


def generator(seed: int, key: Mapping[str, Any], replica: int = 0) -> np.random.Generator:
    """An independent generator for this seed, key and replica; it can be passed into a numba kernel."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, key, replica)))
