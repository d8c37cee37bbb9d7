import subprocess
import sys

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.statistics.streams import generator, seed_sequence

KEY = {"size": 100, "temperature": 0.1, "couplings": np.arange(6.0).reshape(2, 3)}


def first_numbers(*arguments):
    return generator(*arguments).random(4).tolist()


def test_equal_keys_give_equal_streams_in_any_order():
    reordered = dict(reversed(KEY.items()))
    assert first_numbers(3, KEY) == first_numbers(3, reordered)
    numpy_scalars = KEY | {"size": np.int64(100), "temperature": np.float64(0.1)}
    assert first_numbers(3, KEY) == first_numbers(3, numpy_scalars)
    assert first_numbers(3, KEY) == first_numbers(3, KEY | {"size": 100.0})


def test_anything_else_gives_another_stream():
    others = [
        (4, KEY),
        (3, KEY, 1),
        (3, KEY | {"size": 101}),
        (3, KEY | {"size": np.nextafter(100.0, 101)}),
        (3, KEY | {"size": "100"}),
        (3, KEY | {"temperature": np.nextafter(0.1, 1)}),
        (3, KEY | {"couplings": np.arange(6.0).reshape(3, 2)}),
        (3, KEY | {"couplings": np.arange(6)}),
        (3, {"nested": KEY}),
        (3, KEY | {"flag": True}),
        (3, KEY | {"flag": None}),
    ]
    streams = [tuple(first_numbers(3, KEY)), *(tuple(first_numbers(*other)) for other in others)]
    assert len(set(streams)) == len(streams)


def test_streams_do_not_depend_on_the_process():
    """Python salts its own hash in each process; the key's hash must not."""
    code = (
        "from statphys_gen.statistics.streams import generator;"
        "print(generator(5, {'b': 'text', 'a': 0.5}, 2).integers(2**62))"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(printed) == generator(5, {"a": 0.5, "b": "text"}, 2).integers(2**62)


def test_refusals():
    with pytest.raises(InvalidArgument, match="seed"):
        seed_sequence(-1, KEY)
    with pytest.raises(InvalidArgument, match="replica"):
        seed_sequence(0, KEY, -1)
    with pytest.raises(TypeError, match="a set has no canonical form"):
        seed_sequence(0, {"sizes": {1, 2}})
    with pytest.raises(ValueError, match="NaN has no canonical form"):
        seed_sequence(0, {"temperature": float("nan")})
