"""What a worker does with a point, and the processes that workers are.

Everything that leaves a worker is bytes or text, so that a value cannot depend on how it travelled, and an exception in
the user's function cannot be mistaken for a fault of the pool.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..statistics import streams
from .keys import Point

_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_held_single = threading.Event()


@dataclass(frozen=True)
class Job:
    """What the points of a sweep share.

    Attributes
    ----------
    function : the user's function.
    seed : the seed of the sweep.
    keyed : which of "generator", "seed" and "replica" the function takes besides the parameters of the grid.
    maximum : largest shape of each ragged result.
    """

    function: Callable[..., Mapping[str, Any]]
    seed: int
    keyed: tuple[str, ...]
    maximum: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Outcome:
    """The encoded result of a point, or the one-line text and the traceback of its error."""

    result: bytes | None
    message: str | None = None
    traceback: str | None = None


def execute(job: Job, points: Sequence[Point]) -> list[Outcome]:
    """Compute a batch; the task that is submitted to an executor."""
    if not _held_single.is_set():
        _single_threaded_from_now_on()
    return [_outcome(job, point) for point in points]


def _outcome(job: Job, point: Point) -> Outcome:
    try:
        parameters = {name: _own(value) for name, value in point.parameters.items()}
        return Outcome(encode(job.function(**parameters, **_keyed(job, point)), job.maximum))
    except (
        Exception,
        SystemExit,
        GeneratorExit,
    ) as error:  # a point that ends its process has failed, the sweep has not
        return failure(error)


def _own(value: Any) -> Any:
    """A copy of what a function might change in place, so that no point sees what another one did."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, Mapping):
        return {name: _own(entry) for name, entry in value.items()}
    return type(value)(map(_own, value)) if type(value) in (list, tuple) else value


def failure(error: BaseException) -> Outcome:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Outcome(None, text, "".join(traceback.format_exception(error)))


def _keyed(job: Job, point: Point) -> dict[str, Any]:
    key = {"point": point.stream}
    values: dict[str, Any] = {}
    if "generator" in job.keyed:
        values["generator"] = streams.generator(job.seed, key, point.replica)
    if "seed" in job.keyed:
        sequence = streams.seed_sequence(job.seed, {**key, "use": "seed"}, point.replica)
        values["seed"] = int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
    if "replica" in job.keyed:
        values["replica"] = point.replica
    return values


def encode(result: Any, maximum: Mapping[str, tuple[int, ...]]) -> bytes:
    """A line of JSON (names, types, shapes) and the bytes of each array, little-endian."""
    if not isinstance(result, Mapping) or not result or not all(isinstance(name, str) for name in result):
        raise TypeError(
            f"the function returned a {type(result).__name__}, not a dict of named numbers or arrays"
        )
    for name in result:
        if not is_file_name(name):
            raise TypeError(f"result {name!r} needs {FILE_NAME}")
    arrays = {name: _plain_array(name, value) for name, value in result.items()}
    for name, shape in maximum.items():
        if name not in arrays:
            raise KeyError(f"a maximum is declared for {name!r}, which the function did not return")
        if not fits(arrays[name].shape, shape):
            raise ValueError(
                f"result {name!r} of shape {arrays[name].shape} exceeds its declared maximum {shape}"
            )
    header = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    return json.dumps(header).encode() + b"\n" + b"".join(array.tobytes() for array in arrays.values())


def decode(encoded: bytes) -> dict[str, np.ndarray]:
    header, _, data = encoded.partition(b"\n")
    arrays, offset = {}, 0
    for name, dtype, shape in json.loads(header):
        count = int(np.prod(shape, dtype=int))
        arrays[name] = np.frombuffer(data, np.dtype(dtype), count, offset).reshape(shape)
        offset += arrays[name].nbytes
    return arrays


def fits(shape: tuple[int, ...], maximum: tuple[int, ...]) -> bool:
    return len(shape) == len(maximum) and all(n <= limit for n, limit in zip(shape, maximum, strict=True))


FILE_NAME = "a name that a netCDF file can hold: not empty or dots alone, and without '/' and '\\0'"


def is_file_name(name: str) -> bool:
    """Whether a variable of a netCDF file can have this name."""
    return bool(name.strip(".")) and "/" not in name and is_file_text(name)


def is_file_text(text: str) -> bool:
    """Whether a netCDF file can hold this text: no zero character, and no half of a surrogate pair."""
    return "\0" not in text and text.encode("utf-8", "ignore").decode() == text


def _plain_array(name: str, value: Any) -> np.ndarray:
    if np.ma.isMaskedArray(value):
        raise TypeError(f"result {name!r} is a masked array: return NaN where there is no number")
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"result {name!r} is ragged: return one array per name") from None
    # What netCDF can hold; complex results go in two variables.
    if array.dtype.kind not in "biufU" or (array.dtype.kind == "f" and array.dtype.itemsize > 8):
        raise TypeError(f"result {name!r} has type {array.dtype}, not real numbers, Booleans or strings")
    if array.dtype.kind == "U" and not all(map(is_file_text, array.ravel().tolist())):
        raise TypeError(f"result {name!r} is a text that no netCDF file can hold")
    return array.astype(array.dtype.newbyteorder("<"))


@contextmanager
def single_threaded() -> Iterator[None]:
    """One BLAS thread in this process, also for libraries that are loaded in the meantime.

    BLAS changes the last bits with its number of threads, so every point, wherever it runs, is computed with one.
    Points that run on threads of this process, and sweeps inside a point, share this limit and leave it alone.
    """
    from threadpoolctl import threadpool_limits

    if _held_single.is_set():
        yield
        return
    with _environment(dict.fromkeys(_BLAS_THREADS, "1")), threadpool_limits(limits=1):
        _held_single.set()
        try:
            yield
        finally:
            _held_single.clear()


def _single_threaded_from_now_on() -> None:
    """The same in a worker process of whatever executor: for good, repeated because libraries load late."""
    from threadpoolctl import threadpool_limits

    os.environ.update(dict.fromkeys(_BLAS_THREADS, "1"))
    threadpool_limits(limits=1)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Processes from a fork server (spawned where there is none), which see one thread before they import numpy."""
    threads = dict.fromkeys((*_BLAS_THREADS, "NUMBA_NUM_THREADS"), "1")
    context: multiprocessing.context.BaseContext
    if "forkserver" in multiprocessing.get_all_start_methods():
        from multiprocessing import forkserver

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        with _environment(threads):
            forkserver.ensure_running()
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(threads,))


def _start_worker(threads: Mapping[str, str]) -> None:
    os.environ.update(threads)
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and they would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def terminate(pool: ProcessPoolExecutor) -> None:
    """End a pool without waiting for the points that it is computing."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
