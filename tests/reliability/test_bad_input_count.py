"""How many bad inputs the tests refuse, counted over the collected cases."""

import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
PROMISED = 400
# What a test of a refusal says: the exception of the library, or the exit status of the command line.
SIGN = re.compile(r"pytest\.raises\(\(?InvalidArgument|assert_one_line\(|main\(.*\) == 2$", re.MULTILINE)


@cache
def refuses(function: Any) -> bool:
    return SIGN.search(inspect.getsource(function)) is not None


def test_at_least_400_bad_inputs(request: pytest.FixtureRequest) -> None:
    """Each parametrised case counts as one, however many inputs it tries."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    if {path for path in TESTS.rglob("test_*.py") if SIGN.search(path.read_text())} - {i.path for i in items}:
        pytest.skip("only a part of the tests was collected")
    assert sum(refuses(item.function) for item in items) >= PROMISED
