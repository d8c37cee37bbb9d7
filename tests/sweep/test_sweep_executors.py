"""The same values, bit for bit, wherever the points are computed; workers that die."""

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

import numpy as np
import pytest
import sweep_functions as functions
from threadpoolctl import threadpool_info, threadpool_limits

from statphys_gen import sweep
from statphys_gen.errors import InvalidArgument, WorkersLost

METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
# Large enough for OpenBLAS to use its threads, and to change its last bits with their number.
GRID = {"size": [60, 250], "scale": [0.3, 1.0]}


@pytest.fixture(scope="module")
def in_series():
    return sweep.run(functions.blas, GRID, replicas=2, seed=3)


@pytest.mark.parametrize("batch", [1, 3])
def test_own_processes(in_series, batch):
    assert sweep.run(functions.blas, GRID, replicas=2, seed=3, workers=2, batch=batch).identical(in_series)


def test_process_pool_executor(in_series):
    with ProcessPoolExecutor(2, mp_context=get_context(METHOD)) as executor:
        assert sweep.run(functions.blas, GRID, executor=executor, replicas=2, seed=3).identical(in_series)
        with pytest.raises(InvalidArgument, match="other processes"):
            sweep.run(lambda a: {"value": a}, {"a": [1]}, executor=executor, key="local")


def test_threads(in_series):
    with ThreadPoolExecutor(3) as executor:
        assert sweep.run(functions.blas, GRID, executor=executor, replicas=2, seed=3, batch=2).identical(
            in_series
        )


def test_loky(in_series):
    loky = pytest.importorskip("loky", reason="needs the extra cluster")
    executor = loky.get_reusable_executor(max_workers=2)
    try:
        assert sweep.run(functions.blas, GRID, executor=executor, replicas=2, seed=3).identical(in_series)
        local = sweep.run(lambda a: {"value": a**2}, {"a": [1, 2, 3]}, executor=executor, key="square")
        np.testing.assert_array_equal(local["value"], [1, 4, 9])
    finally:
        executor.shutdown()


@pytest.mark.parametrize("processes", [False, True])
def test_dask(in_series, processes):
    distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
    with (
        distributed.LocalCluster(
            1, threads_per_worker=2, processes=processes, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        assert sweep.run(functions.blas, GRID, executor=executor, replicas=2, seed=3, batch=2).identical(
            in_series
        )


def test_blas_has_one_thread_everywhere():
    grid = {"x": range(4)}
    with threadpool_limits(limits=2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        assert (sweep.run(functions.environment, grid)["blas_threads"] == 1).all()
        assert [pool["num_threads"] for pool in threadpool_info()] == before
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=functions.two_threads
    ) as executor:
        assert (sweep.run(functions.environment, grid, executor=executor)["blas_threads"] == 1).all()
    own = sweep.run(functions.environment, grid, workers=2)
    assert (own["blas_threads"] == 1).all()
    assert (own["numba"] == "1").all()


def test_pool_whose_worker_died_is_rebuilt(tmp_path):
    grid = {"x": range(6), "marker": str(tmp_path / "died")}
    dataset = sweep.run(functions.kills_worker, grid, workers=2, store=tmp_path / "sweep.sqlite")
    assert (tmp_path / "died").exists()
    np.testing.assert_array_equal(dataset["double"], 2 * np.arange(6))


def test_pool_is_rebuilt_once_only(tmp_path):
    store = tmp_path / "sweep.sqlite"
    with pytest.raises(WorkersLost, match=r"worker processes died .* of 3 points are left"):
        sweep.run(functions.always_kills_worker, {"x": [0, 1, 2]}, workers=1, store=store)
    # In series the points before the fatal one are found in the store.
    dataset = sweep.run(functions.always_kills_worker, {"x": [0, 1]}, store=store)
    np.testing.assert_array_equal(dataset["double"], [0, 2])


def test_given_executor_that_breaks(tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context(METHOD)) as executor:
        with pytest.raises(WorkersLost):
            sweep.run(functions.always_kills_worker, {"x": [0, 1, 2, 3]}, executor=executor)
        with pytest.raises(WorkersLost, match="2 of 2 points are left"):
            sweep.run(functions.always_kills_worker, {"x": [0, 1]}, executor=executor)


def test_task_that_an_executor_cannot_do_fails_its_points():
    with ThreadPoolExecutor(1) as executor, pytest.warns(RuntimeWarning, match="2 of 4 points failed"):
        dataset = sweep.run(functions.gives_up, {"x": range(4)}, executor=executor, batch=2)
    assert list(dataset["message"].values) == ["", "", "GivingUp: 3", "GivingUp: 3"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_point_that_exits_has_failed_and_the_sweep_goes_on(workers, tmp_path):
    with pytest.warns(RuntimeWarning, match="1 of 5 points failed, the first with SystemExit: 3"):
        dataset = sweep.run(
            functions.exits, {"x": range(5)}, workers=workers, store=tmp_path / "sweep.sqlite"
        )
    assert list(dataset["message"].values) == ["", "", "", "SystemExit: 3", ""]
    np.testing.assert_array_equal(dataset["double"], [0, 2, 4, np.nan, 8])


PROMPT = """
from dataclasses import dataclass
from statphys_gen import sweep
from statphys_gen.errors import InvalidArgument
from sweep_functions import strength

@dataclass(frozen=True)
class Model:
    strength: float

def double(x):
    return {"double": 2 * x}

print(sweep.run(double, {"x": [1, 2]})["double"].values)
for function, grid in ((double, {"x": [1, 2]}), (strength, {"model": Model(1.0)})):
    try:
        sweep.run(function, grid, workers=2)
    except InvalidArgument as error:
        print(error)
from loky import get_reusable_executor
executor = get_reusable_executor(max_workers=1)
print(sweep.run(double, {"x": [1, 2]}, executor=executor)["double"].values)
executor.shutdown()
"""


def test_functions_and_classes_of_a_prompt_are_refused_with_what_to_do():
    """Read from standard input, a program has no file, like a notebook."""
    pytest.importorskip("loky", reason="needs the extra cluster")
    done = subprocess.run(
        [sys.executable, "-"],
        input=PROMPT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        check=True,
        capture_output=True,
        text=True,
    )
    first, *refusals, last = done.stdout.splitlines()
    assert first == last == "[2 4]"
    assert len(refusals) == 2
    for refusal in refusals:
        assert "must be defined in a file" in refusal
        assert "executor=loky" in refusal
