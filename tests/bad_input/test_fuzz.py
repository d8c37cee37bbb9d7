"""Files that were damaged or made to harm: a part of what ``python -m tests.bad_input.fuzz`` tries."""

from collections import Counter

import pytest
from fuzz import KINDS, mutated, run


def test_damaged_files_are_read_or_refused() -> None:
    found, failures = run(400, seed=20)
    assert failures == []
    kinds = Counter(name.partition(":")[0] for name in found)
    assert set(kinds) == set(KINDS)
    # Not all are refused at the door.
    assert sum(count for name, count in found.items() if name.endswith("read")) > 40


def test_a_reader_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files by a reader of numpy's own, in a process that knows nothing of it: a traceback is a failure."""
    monkeypatch.setenv("PLANTED_READER", "numpy")
    _, failures = run(60, seed=20)
    assert any("(arrays)" in text for text in failures)


def test_a_file_is_that_of_its_seed_and_number() -> None:
    assert mutated(3, 17) == mutated(3, 17)
    assert len({mutated(3, k)[1] for k in range(40)}) > 35
