"""A sweep that is killed loses nothing that it kept, keeps nothing twice, and leaves no process behind."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sweep_functions

from statphys_gen import sweep
from statphys_gen.sweep.runner import _interrupts

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def wait_until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.01)


def is_running(process):
    """A process that has ended but was not waited for (by a container's first process) does not count."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_fifty_kills_of_one_sweep(tmp_path):
    points = 450
    command = [sys.executable, str(HERE / "kill_driver.py"), str(tmp_path), "50", str(points)]
    seen = json.loads(subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE).stdout)
    assert seen["killed"] == 50
    assert seen["advanced"] >= 10
    assert 0 < seen["recorded_at_last_kill"] < points
    assert seen["lost"] == []
    assert seen["unreported"] == []
    assert seen["repeated"] == []
    # In series nothing but the point being computed is lost.
    assert set(seen["serial_losses"]) <= {0, 1}
    assert (seen["exit_code"], seen["recorded"]) == (0, points)
    uninterrupted = sweep.run(sweep_functions.logged, {"index": range(points)})
    sweep.to_netcdf(uninterrupted, tmp_path / "uninterrupted.nc")
    assert (tmp_path / "sweep.nc").read_bytes() == (tmp_path / "uninterrupted.nc").read_bytes()


SLOW_SWEEP = """
import sys
from statphys_gen import sweep
from statphys_gen.sweep.runner import _interrupts
from sweep_functions import process_number
sweep.run(process_number, {"x": range(500), "folder": sys.argv[1]}, workers=2, store=sys.argv[1] + "/sweep.sqlite")
"""


@pytest.fixture
def slow_sweep(tmp_path):
    """The parent of a sweep that has started its tenth point, and its two workers."""
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_SWEEP, str(tmp_path)],
        env={**ENVIRONMENT, "PYTHONPATH": str(HERE)},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        try:
            wait_until(lambda: parent.poll() is not None or len(list(tmp_path.glob("point-*"))) >= 10)
            wait_until(lambda: parent.poll() is not None or len(list(tmp_path.glob("worker-*"))) == 2)
            assert parent.poll() is None
            yield parent, [int(path.name.removeprefix("worker-")) for path in tmp_path.glob("worker-*")]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def test_workers_end_with_a_killed_parent(slow_sweep):
    parent, workers = slow_sweep
    assert all(map(is_running, workers))
    os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, workers)))


def test_interrupt_keeps_finished_points_and_ends_the_workers(slow_sweep, tmp_path):
    parent, workers = slow_sweep
    os.killpg(parent.pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=30)
    assert parent.returncode in (-signal.SIGINT, 1)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1
    assert not any(map(is_running, workers))
    with closing(sqlite3.connect(tmp_path / "sweep.sqlite")) as connection:
        (finished,) = connection.execute("SELECT COUNT(*) FROM points WHERE message IS NULL").fetchone()
    assert 0 < finished < 500


def test_an_interrupt_that_is_lost_in_a_finaliser_is_noticed(monkeypatch):
    class Finaliser:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)
            sum(range(10))  # the handler runs here, and what it raises is discarded

    discarded = []
    monkeypatch.setattr(sys, "unraisablehook", discarded.append)
    before = signal.getsignal(signal.SIGINT)
    with _interrupts() as raise_if_interrupted:
        raise_if_interrupted()
        Finaliser()
        assert len(discarded) == 1
        with pytest.raises(KeyboardInterrupt):
            raise_if_interrupted()
    assert signal.getsignal(signal.SIGINT) is before
