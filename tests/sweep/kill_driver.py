"""Kill one sweep again and again, resume it with another number of workers, and look at its files from outside.

``python kill_driver.py FOLDER KILLS POINTS`` prints what it saw as JSON. It is a process of its own because it forks;
the children share its imports, but each has its own process group, fork server, workers and lock, and all of these are
killed. While one child runs, the next one prepares itself and waits for its turn.
"""

import json
import multiprocessing.forkserver
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from statphys_gen import sweep

WORKERS = (0, 1, 2, 3)


class Files:
    def __init__(self, folder: Path) -> None:
        self.store, self.dataset = folder / "sweep.sqlite", folder / "sweep.nc"
        self.computed, self.reported = folder / "computed.log", folder / "reported.log"
        self.computed.touch()
        self.reported.touch()

    def recorded(self) -> dict[int, bytes]:
        """What the store holds, read by plain SQLite."""
        if not self.store.exists():
            return {}
        connection = sqlite3.connect(self.store)
        try:
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
            rows = connection.execute("SELECT point, result FROM points").fetchall() if tables else []
        finally:
            connection.close()
        return {
            json.loads(point)["mapping"]["parameters"]["mapping"]["index"]: result for point, result in rows
        }

    def log(self, path: Path) -> list[int]:
        return [int(line) for line in path.read_text().splitlines()]


def compute(workers: int, points: int, files: Files) -> None:
    from sweep_functions import logged

    record = sweep.Store.record

    def record_and_report(store: sweep.Store, outcomes: list) -> list:
        """Note outside the store what the store says it keeps."""
        written = record(store, outcomes)
        with files.reported.open("a") as file:
            file.writelines(f"{point.parameters['index']}\n" for point, _ in written)
        return written

    sweep.Store.record = record_and_report
    dataset = sweep.run(logged, {"index": range(points)}, workers=workers, store=files.store)
    sweep.to_netcdf(dataset, files.dataset)


class Child:
    """A process group that is ready to run the sweep and waits for the word."""

    def __init__(self, workers: int, points: int, files: Files) -> None:
        self.workers = workers
        waiting, self._go = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            status = 1
            try:
                os.setsid()
                os.close(self._go)
                if workers:
                    multiprocessing.set_forkserver_preload(["statphys_gen.sweep.execution"])
                    multiprocessing.forkserver.ensure_running()
                if os.read(waiting, 1) == b"g":
                    compute(workers, points, files)
                    status = 0
            finally:
                os._exit(status)
        os.close(waiting)

    def go(self) -> None:
        os.write(self._go, b"g")

    def kill(self) -> bool:
        """Whether the signal, and not the end of the sweep, ended the child."""
        os.killpg(self.process, signal.SIGKILL)
        return os.WIFSIGNALED(self.wait())

    def wait(self) -> int:
        os.close(self._go)
        return os.waitpid(self.process, 0)[1]


def wait_for_moment(files: Files, chance: random.Random) -> None:
    """Every third kill falls into the start of a sweep, the others among its points."""
    if chance.random() < 1 / 3:
        time.sleep(chance.uniform(0, 0.1))
        return
    lines = len(files.log(files.computed)) + chance.randint(1, 15)
    deadline = time.monotonic() + 30
    while len(files.log(files.computed)) < lines and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.02))


def main(folder: Path, kills: int, points: int) -> dict[str, object]:
    os.environ |= {"SWEEP_TEST_LOG": str(folder / "computed.log"), "SWEEP_TEST_DELAY": "0.01"}
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    files, chance = Files(folder), random.Random(0)
    seen = {"killed": 0, "advanced": 0, "lost": [], "repeated": [], "unreported": [], "serial_losses": []}
    before: dict[int, bytes] = {}
    computed = 0
    child = Child(WORKERS[0], points, files)
    for turn in range(kills):
        child.go()
        following = Child(WORKERS[(turn + 1) % len(WORKERS)], points, files)
        wait_for_moment(files, chance)
        seen["killed"] += child.kill()
        after = files.recorded()
        log = files.log(files.computed)
        seen["advanced"] += len(after) > len(before)
        seen["lost"] += [index for index in before if after.get(index) != before[index]]
        seen["repeated"] += [index for index in log[computed:] if index in before]
        seen["unreported"] += [index for index in files.log(files.reported) if index not in after]
        if child.workers == 0:
            seen["serial_losses"].append(len(log) - computed - (len(after) - len(before)))
        before, computed, child = after, len(log), following
    seen["recorded_at_last_kill"] = len(before)
    child.go()
    seen["exit_code"] = os.waitstatus_to_exitcode(child.wait())
    log = files.log(files.computed)
    seen["repeated"] += [index for index in log[computed:] if index in before]
    seen["recorded"] = len(files.recorded())
    seen["computations"] = len(log)
    return seen


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
