"""Functions that the tests sweep; importable, so that they reach other processes."""

import os
import time
from pathlib import Path

import numpy as np


def blas(size, scale, generator):
    """Sensitive to the last bit: products and a decomposition of random matrices."""
    matrix = scale * generator.standard_normal((size, size))
    return {
        "trace": np.trace(matrix @ matrix.T),
        "largest": np.linalg.eigvalsh(matrix + matrix.T)[-1],
        "row": (matrix @ matrix)[0, :3],
        "pid_free": True,
        "count": size,
        "label": f"scale {scale}",
    }


def product(a, b):
    return {"product": a * b}


def logged(index):
    """Leave a trace outside the store for every computation, and take a while, if the environment says so."""
    if "SWEEP_TEST_LOG" in os.environ:
        with Path(os.environ["SWEEP_TEST_LOG"]).open("a") as file:
            file.write(f"{index}\n")
    time.sleep(float(os.environ.get("SWEEP_TEST_DELAY", "0")))
    return {"value": np.sin(float(index)), "vector": np.arange(3) * 0.1 * index}


def fails_above(x, limit_file):
    limit = float(Path(limit_file).read_text())
    if x > limit:
        raise ValueError(f"x = {x} is\nabove {limit}")
    return {"square": x * x, "count": 3, "label": "fine"}


def interrupts(x, at):
    if x == at:
        raise KeyboardInterrupt
    return {"double": 2 * x}


def kills_worker(x, marker):
    """End the worker process the first time."""
    if x == 2 and not Path(marker).exists():
        Path(marker).touch()
        os._exit(1)
    return {"double": 2 * x}


def always_kills_worker(x):
    if x == 2:
        os._exit(1)
    return {"double": 2 * x}


def ragged(length):
    return {"numbers": np.arange(length), "matrix": np.ones((length, 2))}


def spectrum_mean(eigenvalues, power):
    return {"mean": np.mean(eigenvalues**power)}


def streams_of(x, generator, seed, replica):
    return {"draw": generator.standard_normal(), "seed_value": seed, "replica_value": replica}


def uses_seed(x, seed):
    return {"draw": np.random.default_rng(seed).standard_normal()}


def environment(x):
    import scipy.linalg  # noqa: F401 - it brings its own BLAS, late
    from threadpoolctl import threadpool_info

    blas_threads = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    return {
        "blas_threads": blas_threads,
        "numba": os.environ.get("NUMBA_NUM_THREADS", "unset"),
        "pid": os.getpid(),
    }


def process_number(x, folder):
    """Make the worker and the point known, then take a while."""
    (Path(folder) / f"worker-{os.getpid()}").touch()
    (Path(folder) / f"point-{x}").touch()
    time.sleep(0.05)
    return {"double": 2 * x}


def two_threads():
    """Start a worker as one that has loaded BLAS with two threads."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=2)


def exits(x):
    if x == 3:
        raise SystemExit(3)
    return {"double": 2 * x}


class GivingUp(BaseException):
    """Not an Exception: nothing that a point is expected to raise."""


def gives_up(x):
    if x == 3:
        raise GivingUp(3)
    return {"double": 2 * x}


def class_of(model, x):
    return {"name": type(model).__name__}


def strength(model):
    return {"strength": model.strength}


def bad_result(x):
    return {0: [1, 2], 1: {"v": object()}, 2: {"v": 1j}, 3: {}, 4: {"v": [[1], [1, 2]]}, 5: {"v": 1.0}}[x]


def changing_shape(x):
    return {"v": np.zeros(2 + (x == 3))}


def changes_its_parameters(x, data):
    data["list"][0] += x
    data["array"] *= 2.0
    return {"value": data["list"][0] + data["array"][0]}


def returns(kind):
    return {
        "masked": {"v": np.ma.masked_array([1.0, 2.0], [False, True])},
        "zero character": {"v": "a\0b"},
        "half a pair": {"v": "\ud800"},
        "slash": {"v/w": 1.0},
        "dots": {"..": 1.0},
    }[kind]


def large_integer(x):
    return {"v": [2**60 + 1, 1.5, -1, 2**63 + 1][x]}


def generator_exit(x):
    raise GeneratorExit(x)
