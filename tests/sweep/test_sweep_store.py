"""The store: resuming, failed points, locks, and files that are not what they should be."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
import sweep_functions as functions

from statphys_gen import sweep
from statphys_gen.errors import InvalidArgument, StoreError
from statphys_gen.sweep import keys
from statphys_gen.sweep.execution import Outcome


@pytest.fixture
def store(tmp_path):
    return tmp_path / "sweep.sqlite"


@pytest.fixture
def computed(tmp_path, monkeypatch):
    """What was computed since the last call, seen from outside the store."""
    log = tmp_path / "computed.log"
    monkeypatch.setenv("SWEEP_TEST_LOG", str(log))

    def lines():
        result = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return [int(line) for line in result]

    return lines


def rows(path, columns="*"):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM points").fetchall()


def test_only_missing_points_are_computed(store, computed):
    first = sweep.run(functions.logged, {"index": [1, 2, 3]}, store=store)
    assert computed() == [1, 2, 3]
    again = sweep.run(functions.logged, {"index": [1, 2, 3]}, store=store)
    assert computed() == []
    assert again.identical(first)
    larger = sweep.run(functions.logged, {"index": [0, 3, 2, 5]}, store=store)
    assert computed() == [0, 5]
    assert larger.sel(index=[2, 3]).identical(first.sel(index=[2, 3]))
    assert larger.identical(sweep.run(functions.logged, {"index": [0, 3, 2, 5]}))


def test_version_seed_and_function_do_not_collide(store, computed):
    for arguments in ({}, {"version": "2"}, {"seed": 1}, {"key": "another name"}):
        sweep.run(functions.logged, {"index": [1, 2]}, store=store, **arguments)
        assert computed() == [1, 2], arguments
    assert len(rows(store)) == 8
    sweep.run(functions.product, {"a": [1, 2], "b": 1}, store=store)
    assert len(rows(store)) == 10


def test_a_point_that_occurs_twice_is_computed_once(store, computed):
    dataset = sweep.run(functions.logged, {"index": [1, 2, 1]}, store=store)
    assert computed() == [1, 2]
    np.testing.assert_array_equal(dataset["value"], np.sin([1.0, 2.0, 1.0]))


def test_failed_points_are_recorded_and_retried(store, tmp_path):
    limit = tmp_path / "limit"
    limit.write_text("2.5")
    grid = {"x": [1.0, 2.0, 3.0, 4.0], "limit_file": str(limit)}
    with pytest.warns(
        RuntimeWarning, match="2 of 4 points failed, the first with ValueError: x = 3.0 is above 2.5"
    ) as caught:
        dataset = sweep.run(functions.fails_above, grid, store=store)
    assert "\n" not in str(caught[0].message)
    np.testing.assert_array_equal(dataset["square"], [1.0, 4.0, np.nan, np.nan])
    np.testing.assert_array_equal(dataset["count"], [3.0, 3.0, np.nan, np.nan])
    assert list(dataset["label"].values) == ["fine", "fine", "", ""]
    assert list(dataset["error"].values) == [
        "",
        "",
        "ValueError: x = 3.0 is above 2.5",
        "ValueError: x = 4.0 is above 2.5",
    ]
    recorded = rows(store, "error, traceback, result IS NULL")
    assert [row[0] for row in recorded] == [None, None, *dataset["error"].values[2:]]
    assert "in fails_above" in recorded[2][1]
    assert [row[2] for row in recorded] == [0, 0, 1, 1]

    limit.write_text("3.5")
    with pytest.warns(RuntimeWarning, match="1 of 4"):
        sweep.run(functions.fails_above, grid, store=store)
    limit.write_text("9")
    final = sweep.run(functions.fails_above, grid, store=store)
    np.testing.assert_array_equal(final["square"], [1.0, 4.0, 9.0, 16.0])
    assert final["count"].dtype == np.int64
    assert {row[0] for row in rows(store, "error")} == {None}
    assert final.identical(sweep.run(functions.fails_above, grid))


def test_all_points_failed(tmp_path):
    limit = tmp_path / "limit"
    limit.write_text("0")
    with pytest.warns(RuntimeWarning, match="2 of 2"):
        dataset = sweep.run(functions.fails_above, {"x": [1.0, 2.0], "limit_file": str(limit)})
    assert set(dataset.data_vars) == {"error"}


def test_interrupt_in_series_keeps_finished_points(store):
    grid = {"x": range(6), "at": 4}
    with pytest.raises(KeyboardInterrupt):
        sweep.run(functions.interrupts, grid, store=store)
    assert len(rows(store)) == 4
    assert sweep.Store(store).close() is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_results_keep_their_bits(store, dtype):
    column = np.array([0.1, np.pi * 1e-300, 5e-324, -0.0, np.inf, np.nan, 1 / 3]).astype(dtype)
    grid = {"column": sweep.constant(column), "index": range(7)}

    def pick(column, index):
        return {"value": column[index], "all": column.reshape(1, -1), "big": 2**62 + index}

    def never(column, index):
        raise AssertionError

    for function in (pick, never):
        dataset = sweep.run(function, grid, key="pick", store=store)
        assert dataset["value"].dtype == dtype
        assert dataset["value"].values.tobytes() == column.tobytes()
        assert dataset["all"].values[3].tobytes() == column.tobytes()
        np.testing.assert_array_equal(dataset["big"], [2**62 + index for index in range(7)])


def test_maximum_below_the_store_is_found_before_computing(store):
    sweep.run(functions.ragged, {"length": [2, 3]}, store=store, maximum={"numbers": 3, "matrix": (3, 2)})
    with pytest.raises(InvalidArgument, match=r"large enough for the store, which has shape \(3,\)"):
        sweep.run(functions.ragged, {"length": [2, 3]}, store=store, maximum={"numbers": 2, "matrix": (3, 2)})
    wider = sweep.run(
        functions.ragged, {"length": [2, 3]}, store=store, maximum={"numbers": 5, "matrix": (3, 2)}
    )
    assert wider["numbers"].shape == (2, 5)


def refused(path, match):
    with pytest.raises(StoreError, match=match) as caught:
        sweep.run(functions.product, {"a": [1], "b": [2]}, store=path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_second_parent_is_refused(store):
    with sweep.Store(store):
        refused(store, "another sweep is using this store")
    sweep.run(functions.product, {"a": [1], "b": [2]}, store=store)


def test_second_process_is_refused(store):
    code = (
        "import sys; from statphys_gen.sweep import Store\n"
        "with Store(sys.argv[1]): print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(store)], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout.readline() == "open\n"
        refused(store, "another sweep is using this store")
    sweep.run(functions.product, {"a": [1], "b": [2]}, store=store)


def test_foreign_files_are_refused_and_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database " * 100)
    refused(text, "not the store of a sweep")
    assert text.read_text() == "not a database " * 100
    database = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE points (key)")
    content = database.read_bytes()
    refused(database, "not the store of a sweep")
    assert database.read_bytes() == content
    refused(tmp_path, "unable to open")
    refused(tmp_path / "missing" / "sweep.sqlite", "unable to open")


def test_other_layout_is_refused(store):
    sweep.Store(store).close()
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA user_version = 2")
    refused(store, "another version of this package")


def test_damage_is_found(store, tmp_path):
    sweep.run(functions.product, {"a": [1.25, 2.0], "b": np.linspace(1, 2, 300)}, store=store)
    content = store.read_bytes()
    truncated, holed, flipped = tmp_path / "truncated", tmp_path / "holed", tmp_path / "flipped"
    truncated.write_bytes(content[: len(content) // 2])
    refused(truncated, "damaged")
    holed.write_bytes(content[:8192] + bytes(4096) + content[12288:])
    refused(holed, "damaged")
    # One bit of one result: SQLite does not notice, the checksum does.
    with closing(sqlite3.connect(store)) as connection:
        ((result,),) = connection.execute("SELECT result FROM points LIMIT 1").fetchall()
    assert content.count(result) == 1
    flipped.write_bytes(content.replace(result, result[:-1] + bytes([result[-1] ^ 1])))
    with pytest.raises(StoreError, match="damaged"):
        sweep.run(functions.product, {"a": [1.25, 2.0], "b": np.linspace(1, 2, 300)}, store=flipped)


def test_an_outcome_replaces_a_failed_one(store):
    point = keys.point("f", "1", {"x": 1}, 0, 0)
    with sweep.Store(store) as opened:
        opened.record([(point, Outcome(None, "ValueError: no", "trace"))])
        assert opened.finished([point]) == {}
        opened.record([(point, Outcome(b"result"))])
        assert opened.finished([point]) == {point.key: b"result"}
    with sweep.Store(store) as opened:
        assert opened.finished([point]) == {point.key: b"result"}
