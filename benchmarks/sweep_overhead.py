"""What a sweep with a store costs beyond its points: wall time against the time of the points themselves.

The points sleep, so that the ratio holds the sweep's own time alone and no competition for cores. It is compared with a
bare process pool, which keeps nothing. Both include the start of their workers, which is spread over the rounds;
``start`` is that part, measured with points of no length. xarray is loaded before.

    python -m benchmarks.sweep_overhead
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from statphys_gen import sweep

from .measure import machine

WORKERS = 4
# Length of a point in seconds, rounds of one point per worker.
CASES = ((5.0, 12), (0.1, 100))


def sleep(index: int, seconds: float) -> dict[str, float]:
    time.sleep(seconds)
    return {"value": float(index)}


def bare_pool(workers: int, points: int, seconds: float) -> None:
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("forkserver")) as pool:
        list(pool.map(sleep, range(points), [seconds] * points))


def full_sweep(workers: int, points: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        grid = {"index": range(points), "seconds": seconds}
        sweep.run(sleep, grid, workers=workers, store=Path(folder) / "sweep.sqlite", progress=False)


def wall(call: Callable[[int, int, float], None], workers: int, points: int, seconds: float) -> float:
    start = time.perf_counter()
    call(workers, points, seconds)
    return time.perf_counter() - start


def main() -> None:
    import xarray  # noqa: F401

    full_sweep(WORKERS, WORKERS, 0.0)
    records = []
    for seconds, rounds in CASES:
        ideal = seconds * rounds
        total = wall(full_sweep, WORKERS, WORKERS * rounds, seconds)
        records.append(
            {
                "seconds_per_point": seconds,
                "points": WORKERS * rounds,
                "sweep_over_points": total / ideal,
                "bare_pool_over_points": wall(bare_pool, WORKERS, WORKERS * rounds, seconds) / ideal,
                "start_over_points": wall(full_sweep, WORKERS, WORKERS, 0.0) / ideal,
            }
        )
    rounds = CASES[1][1]
    serial = wall(full_sweep, 0, rounds, CASES[1][0]) / (CASES[1][0] * rounds)
    records.append(
        {"seconds_per_point": CASES[1][0], "points": rounds, "workers": 0, "sweep_over_points": serial}
    )
    print(json.dumps({"machine": machine(), "workers": WORKERS, "results": records}, indent=1))


if __name__ == "__main__":
    main()
