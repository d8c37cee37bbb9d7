"""Random streams that are keyed, not drawn in order of arrival.

A stream is determined by the seed, by what it is for (a mapping of names to values: a purpose in words, the model, the
system size and the parameters that matter) and by a replica or block number. Any number of threads or workers, in any
order, therefore sees the same random numbers, and streams of different models are independent at the same seed. The
values enter by their meaning (:mod:`statphys_gen.meaning`): no path, file or function name of the package does.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import validation
from ..meaning import canonical_json


def seed_sequence(seed: int, key: Mapping[str, Any], replica: int = 0) -> np.random.SeedSequence:
    """``SeedSequence(seed, spawn_key=(256-bit hash of the key as 32-bit words, replica))``."""
    validation.integer("seed", seed, minimum=0)
    validation.integer("replica", replica, minimum=0)
    words = np.frombuffer(hashlib.sha256(canonical_json(key).encode()).digest(), dtype="<u4")
    return np.random.SeedSequence(seed, spawn_key=(*map(int, words), replica))


def generator(seed: int, key: Mapping[str, Any], replica: int = 0) -> np.random.Generator:
    """An independent generator for this seed, key and replica; it can be passed into a numba kernel."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, key, replica)))
