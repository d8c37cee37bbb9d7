"""Files that were damaged or made to harm: a part of what ``python -m tests.bad_input.fuzz`` tries."""

from collections import Counter
from pathlib import Path

import pytest
from fuzz import KINDS, mutated, run
from harmful import to_refuse
from readers import prepare

from statphys_gen.errors import StatphysError


@pytest.mark.parametrize("name", KINDS)
def test_good_files_are_read_and_some_well_made_ones_refused(name: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    kind = KINDS[name]
    path = tmp_path / (kind.name or f"file{kind.ending}")
    refused = to_refuse().get(name, [])
    for good in kind.good:
        path.write_bytes(good)
        if good not in refused:
            kind.read(path)
    for bad in refused:
        path.write_bytes(bad)
        with pytest.raises(StatphysError) as raised:
            kind.read(path)
        assert "\n" not in str(raised.value)


def test_damaged_files_are_read_or_refused() -> None:
    found, failures = run(600, seed=20)
    assert failures == []
    kinds = Counter(name.partition(":")[0] for name in found)
    assert set(kinds) == set(KINDS)
    # Not all are refused at the door.
    assert sum(count for name, count in found.items() if name.endswith("read")) > 120


def test_a_reader_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files by a reader of numpy's own, in a process that knows nothing of it: a traceback is a failure."""
    monkeypatch.setenv("PLANTED_READER", "numpy")
    _, failures = run(200, seed=20)
    assert any("(arrays)" in text for text in failures)


def test_a_file_is_that_of_its_seed_and_number() -> None:
    assert mutated(3, 17) == mutated(3, 17)
    assert len({mutated(3, k)[1] for k in range(40)}) > 35
