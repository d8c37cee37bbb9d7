"""The store: resuming, failed points, locks, and files that are not what they should be."""

import importlib
import sqlite3
import subprocess
import sys
import warnings
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
    assert list(dataset["message"].values) == [
        "",
        "",
        "ValueError: x = 3.0 is above 2.5",
        "ValueError: x = 4.0 is above 2.5",
    ]
    recorded = rows(store, "message, traceback, result IS NULL")
    assert [row[0] for row in recorded] == [None, None, *dataset["message"].values[2:]]
    assert "in fails_above" in recorded[2][1]
    assert [row[2] for row in recorded] == [0, 0, 1, 1]

    limit.write_text("3.5")
    with pytest.warns(RuntimeWarning, match="1 of 4"):
        sweep.run(functions.fails_above, grid, store=store)
    limit.write_text("9")
    final = sweep.run(functions.fails_above, grid, store=store)
    np.testing.assert_array_equal(final["square"], [1.0, 4.0, 9.0, 16.0])
    assert final["count"].dtype == np.int64
    assert {row[0] for row in rows(store, "message")} == {None}
    assert final.identical(sweep.run(functions.fails_above, grid))


def test_all_points_failed(tmp_path):
    limit = tmp_path / "limit"
    limit.write_text("0")
    with pytest.warns(RuntimeWarning, match="2 of 2"):
        dataset = sweep.run(functions.fails_above, {"x": [1.0, 2.0], "limit_file": str(limit)})
    assert set(dataset.data_vars) == {"message"}


def test_interrupt_in_series_keeps_finished_points(store):
    grid = {"x": range(6), "at": 4}
    with pytest.raises(KeyboardInterrupt):
        sweep.run(functions.interrupts, grid, store=store)
    assert len(rows(store)) == 4
    assert sweep.Store(store).close() is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_results_keep_their_bits(store, dtype):
    column = np.array([0.1, np.pi * 1e-300, 5e-324, -0.0, np.inf, np.nan, 1 / 3]).astype(dtype)
    # As integers, because NaN is no parameter.
    grid = {"bits": sweep.constant(column.view(f"i{column.itemsize}")), "index": range(7)}

    def pick(bits, index):
        column = bits.view(dtype)
        return {"value": column[index], "all": column.reshape(1, -1), "big": 2**62 + index}

    def never(bits, index):
        raise AssertionError

    for function in (pick, never):
        dataset = sweep.run(function, grid, key="pick", version="1", store=store)
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
        connection.execute("PRAGMA user_version = 1")
    refused(store, "another version of this package")


def test_damage_is_found(store, tmp_path):
    sweep.run(functions.product, {"a": [1.25, 2.0], "b": np.linspace(1, 2, 300)}, store=store)
    content = store.read_bytes()
    truncated, holed = tmp_path / "truncated", tmp_path / "holed"
    truncated.write_bytes(content[: len(content) // 2])
    refused(truncated, "damaged")
    holed.write_bytes(content[:8192] + bytes(4096) + content[12288:])
    refused(holed, "damaged")


def test_one_flipped_bit_of_key_point_call_or_result_is_found(store, tmp_path):
    """Also in the index, which holds keys and calls a second time."""
    grid = {"a": [1.25, 2.0], "b": 3.0}
    sweep.run(functions.product, grid, store=store)
    content = store.read_bytes()
    flipped = tmp_path / "flipped"
    tried = 0
    for row in rows(store, "key, call, point, result, checksum"):
        for column in row:
            entry = column.encode() if isinstance(column, str) else column
            start = content.find(entry)
            assert start >= 0
            while start >= 0:
                for offset in {0, len(entry) // 3, len(entry) - 1}:
                    damaged = bytearray(content)
                    damaged[start + offset] ^= 1 << (tried % 8)
                    flipped.write_bytes(damaged)
                    with pytest.raises(StoreError, match="damaged"):
                        sweep.run(functions.product, grid, store=flipped)
                    tried += 1
                start = content.find(entry, start + 1)
    assert tried == 2 * 7 * 3  # key and call twice, the others once


def test_a_result_too_large_for_the_store_is_a_failed_point(store, monkeypatch):
    connect = sqlite3.connect

    def limited(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 20_000)
        return connection

    monkeypatch.setattr(sqlite3, "connect", limited)
    for workers in (None, 2):
        with pytest.warns(RuntimeWarning, match="1 of 3 points failed"):
            dataset = sweep.run(
                functions.ragged,
                {"length": [1, 3000, 2]},
                maximum={"numbers": 3000, "matrix": (3000, 2)},
                workers=workers,
                store=store,
            )
        assert list(dataset["message"].values != "") == [False, True, False]
        assert "bytes, the store holds at most" in str(dataset["message"].values[1])
        assert len(rows(store)) == 3


MODULE = """
def helper(x):
    return {factor} * x

def f(x, generator):
    return {{"value": helper(x), "draw": generator.standard_normal()}}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function of a file of the user that was not loaded before."""
    monkeypatch.syspath_prepend(tmp_path)
    names = iter(f"of_the_user_{tmp_path.name}_{k}" for k in range(9))

    def function(factor):
        name = next(names)
        (tmp_path / f"{name}.py").write_text(MODULE.format(factor=factor))
        importlib.invalidate_caches()
        return importlib.import_module(name).f

    return function


def test_edited_code_is_told_and_computed_anew_and_moved_code_is_found(store, written):
    grid = {"x": [1.0, 2.0, 3.0]}
    first = sweep.run(written(2), grid, store=store)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sweep.run(written(2), grid, store=store).identical(first)  # the same in another file
    assert len(rows(store)) == 3
    with pytest.warns(UserWarning, match=r"^f: 3 of the points to compute .* other code") as caught:
        edited = sweep.run(written(5), {"x": [1.0, 2.0, 3.0, 4.0]}, store=store)
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    np.testing.assert_array_equal(edited["value"], [5.0, 10.0, 15.0, 20.0])
    np.testing.assert_array_equal(edited["draw"][:3], first["draw"])  # the noise is the point's
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sweep.run(written(5), {"x": [1.0, 2.0, 3.0, 4.0]}, store=store).identical(edited)
        assert sweep.run(written(2), grid, store=store).identical(first)


def test_a_version_stands_for_the_code(store, written):
    grid = {"x": [1.0]}
    assert sweep.run(written(2), grid, store=store, version="1")["value"] == 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sweep.run(written(5), grid, store=store, version="1")["value"] == 2.0
        assert sweep.run(written(5), grid, store=store, version="2")["value"] == 5.0


def test_code_of_functions_and_classes_among_the_parameters_counts(store):
    def apply(function, x):
        return {"value": function(x)}

    def value(function):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return float(
                sweep.run(apply, {"function": function, "x": 3.0}, key="apply", store=store)["value"]
            )

    assert [value(lambda x: 2 * x), value(lambda x: 5 * x), value(lambda x: 2 * x)] == [6.0, 15.0, 6.0]
    assert len(rows(store)) == 2


def test_a_function_whose_code_cannot_be_hashed_needs_a_version(store, tmp_path):
    with (tmp_path / "open").open("w") as file:

        def write(x):
            file.write("x")
            return {"value": x}

        with pytest.raises(InvalidArgument, match=r"^version = None: must be given"):
            sweep.run(write, {"x": [1]}, key="write", store=store)
        assert sweep.run(write, {"x": [1]}, key="write", store=store, version="1")["value"] == 1


SCRIPT = """
import sys
from statphys_gen import sweep

def f(x):
    return {{"value": {factor} * x}}

if __name__ == "__main__":
    print(sweep.run(f, {{"x": [1, 2]}}, store=sys.argv[1], workers=1)["value"].values)
"""


def test_two_scripts_with_one_store_and_a_moved_one(store, tmp_path):
    def run(script, factor):
        script.parent.mkdir(exist_ok=True)
        script.write_text(SCRIPT.format(factor=factor))
        command = [sys.executable, str(script), str(store)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip(), "other code" in done.stderr

    assert run(tmp_path / "a" / "run.py", 2) == ("[2 4]", False)
    assert run(tmp_path / "b" / "run.py", 3) == ("[3 6]", True)
    assert run(tmp_path / "a" / "run.py", 2) == ("[2 4]", False)
    assert run(tmp_path / "c" / "renamed.py", 3) == ("[3 6]", False)
    assert len(rows(store)) == 4


def test_models_of_the_package_are_parameters(store):
    from statphys_gen import units as priors
    from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
    from statphys_gen.random_features.model import Activation, Covariance
    from statphys_gen.rbm.model import Model

    objects = [
        Covariance(np.array([1.0, 3.0]), np.array([0.25, 0.75])),
        Activation.named("tanh"),
        Loss.normalised(0.3),
        PhaseRetrieval(Loss.normalised(0.3), 2.0),
        Model(priors.Gaussian(), 0.5, 0.1, convention="beta"),
        priors.Gaussian(),
    ]
    for entry in objects:
        for workers in (None, 1):
            grid = {"model": entry, "x": [1, 2]}
            dataset = sweep.run(functions.class_of, grid, store=store, workers=workers)
            assert list(dataset["name"].values) == [type(entry).__name__] * 2
    assert len(rows(store)) == 2 * len(objects)


def test_an_outcome_replaces_a_failed_one(store):
    point = keys.Computation("f", "1", 0).point({"x": 1}, 0)
    with sweep.Store(store) as opened:
        opened.record([(point, Outcome(None, "ValueError: no", "trace"))])
        assert opened.finished([point]) == {}
        opened.record([(point, Outcome(b"result"))])
        assert opened.finished([point]) == {point.key: b"result"}
    with sweep.Store(store) as opened:
        assert opened.finished([point]) == {point.key: b"result"}


@pytest.mark.parametrize("path", ["a\0b", b"store", 3, True, "nowhere/x.sqlite", "x" * 300, "/dev/full", "."])
def test_a_path_that_can_be_no_store_is_refused_in_one_line(path):
    with pytest.raises((StoreError, InvalidArgument)) as caught:
        sweep.run(functions.product, {"a": [1], "b": [2]}, store=path)
    assert "\n" not in str(caught.value)


def test_a_name_that_means_memory_to_sqlite_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep.run(functions.product, {"a": [1], "b": [2]}, store=":memory:")
    assert len(rows(tmp_path / ":memory:")) == 1


def test_a_full_disk_is_told_and_nothing_that_was_finished_is_lost(tmp_path):
    """A limit on the size of files, in a process of its own, stands for the end of the disk."""
    script = tmp_path / "fills.py"
    script.write_text(
        "import resource, signal, sys\n"
        "import numpy as np\n"
        "from statphys_gen import sweep\n"
        "from statphys_gen.errors import StoreError\n"
        "def big(x): return {'v': np.full(200_000, float(x))}\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))\n"
        "    grid = {'x': [1.0, 2.0, 3.0]}\n"
        "    try: sweep.run(big, grid, store=sys.argv[1], progress=False)\n"
        "    except StoreError as error: print(error)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "    with sweep.Store(sys.argv[1]) as opened:\n"
        "        print(opened._connection.execute('SELECT count(*) FROM points').fetchone()[0])\n"
        "    print(float(sweep.run(big, grid, store=sys.argv[1], progress=False)['v'].sum()))\n"
    )
    store = tmp_path / "full.sqlite"
    lines = subprocess.run(
        [sys.executable, script, store], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert lines[0].startswith(str(store))
    assert lines[1:] == ["1", "1200000.0"]
