"""Sweeps: evaluate a function at many points, on any executor, and keep every finished point."""

from __future__ import annotations

import inspect
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any

from .. import __version__, validation
from ..errors import InvalidArgument, WorkersLost
from ..progress import Run, current
from . import keys
from .dataset import assemble, check_names
from .execution import Job, Outcome, decode, execute, failure, fits, process_pool, single_threaded, terminate
from .grid import Grid
from .keys import Point
from .store import Store

if TYPE_CHECKING:
    import xarray

Arrivals = list[tuple[Point, Outcome]]
Record = Callable[[Arrivals], None]


def run(
    function: Callable[..., Mapping[str, Any]],
    grid: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    executor: Any = None,
    workers: int | None = None,
    store: str | Path | None = None,
    version: str | None = None,
    seed: int = 0,
    replicas: int = 1,
    batch: int = 1,
    progress: bool = True,
    key: str | None = None,
    maximum: Mapping[str, int | tuple[int, ...]] | None = None,
) -> xarray.Dataset:
    """Evaluate ``function`` at every point and return one dataset.

    The same call gives the same bits in series, on any executor, with any number of workers, and after any number of
    kills and resumptions: random streams are keyed by the point, and BLAS has one thread at every point.

    Parameters
    ----------
    function : called with the parameters of a point as keywords, it returns a dict of numbers, Booleans, strings or
        arrays of fixed shape. Three more keywords are passed if it has parameters of these names (and the grid has
        not): ``generator``, a numpy Generator; ``seed``, an integer for code that takes one; ``replica``, the number of
        the replica. The first two are keyed by the sweep's seed, the parameters and the replica alone: the name, the
        code and the place of the function do not change them.
    grid : a mapping of names to one-dimensional values, whose Cartesian product is taken, or a list of points as
        :func:`line` makes it (dimension ``point``). A value that is not a list, tuple, range or array, or that is
        marked by :func:`constant`, is the same at every point.
    executor : any object with the ``submit`` of ``concurrent.futures``, for instance
        ``dask.distributed.Client.get_executor()``; it stays open. The default computes here, in series.
    workers : number of processes of an own pool, with one BLAS and numba thread each; 0 is the same as ``None``.
    store : file that keeps every finished point, so that the same call, repeated, computes only what is missing. Points
        are found by the name of the function, what it does (:func:`~statphys_gen.code.code_hash`), what the callables
        and classes among its parameters do, the parameters, seed and replica. After an edit of the code one warning
        says how many points are computed anew. A script or module may be moved or renamed.
    version : stands for what the function does, where its code is not to be read: the same version finds the same
        points whatever was edited, another one none.
    seed : a non-negative integer.
    replicas : number of calls per point with independent streams; above 1 they are the last dimension, ``replica``.
    batch : points per submitted task. A kill loses the unfinished batches, at most one per worker.
    progress : show a bar on standard error if that is a terminal.
    key : name of the function in the store, instead of its own; necessary for lambdas and local functions, which cannot
        go to the processes of ``workers``.
    maximum : largest shape of each result whose shape depends on the point; it is padded with NaN.

    Returns
    -------
    A dataset whose dimensions are those of the grid, then ``replica``, then ``{name}_0``, ... for results that are
    arrays; the attributes are function, version (of the function if given, else of this package) and seed. The variable
    ``message`` holds one line per failed point, whose results are NaN (integers become floats then). A point fails by
    an exception, by ``sys.exit``, or by a result that the store or the dataset cannot hold. It is recorded, does not
    stop the sweep, is announced by one warning at the end, and is tried again when the sweep is resumed.

    Raises
    ------
    InvalidArgument : bad input, found before the first point is computed; or a result named like a parameter, found
        after it.
    StoreError : the store is in use by another sweep, damaged, or not a store.
    WorkersLost : the pool broke, was rebuilt, and broke again. Finished points are in the store.
    KeyboardInterrupt : after the finished points were recorded and the own pool was ended. Inside
        :func:`~statphys_gen.progress.watching` the dataset is returned, in which the points that are left have failed.
    """
    name = keys.function_name(function, key)
    plan = Grid.of(grid)
    seed = validation.integer("seed", seed, minimum=0)
    replicas = validation.integer("replicas", replicas, minimum=1)
    batch = validation.integer("batch", batch, minimum=1)
    if version is not None and (not isinstance(version, str) or not version):
        raise InvalidArgument("version", version, "a text that is not empty")
    job = Job(function, seed, _keyed(function, plan, replicas), _shapes(maximum))
    _check_executor(job, plan.points[0], executor, workers)
    # Without a store nothing is found by its code.
    computation = keys.Computation(name, "" if store is None else keys.function_code(function, version), seed)
    points = [
        computation.point(parameters, replica) for parameters in plan.points for replica in range(replicas)
    ]
    outcomes: dict[str, Outcome] = {}
    with nullcontext() if store is None else Store(store) as opened, single_threaded():
        if opened is not None:
            outcomes.update((found, Outcome(result)) for found, result in opened.finished(points).items())
            for outcome in outcomes.values():
                check_names(outcome, plan)
                _check_maximum(outcome, job.maximum)
        pending = list({point.key: point for point in points if point.key not in outcomes}.values())
        if opened is not None and version is None:
            _tell_of_other_code(name, opened.computed_by_other_code(pending))
        total, watched = len(outcomes) + len(pending), current()
        with (
            _progress(progress and watched is None, name, total, len(outcomes)) as bar,
            _counted(watched, total, len(outcomes)) as count,
        ):

            def record(arrived: Arrivals) -> None:
                if opened is not None:
                    arrived = opened.record(arrived)
                for point, outcome in arrived:
                    check_names(outcome, plan)
                    outcomes[point.key] = outcome
                if bar is not None:
                    bar.update(len(arrived))
                count(len(arrived))

            try:
                _compute(job, pending, executor, workers, batch, record)
            except KeyboardInterrupt:
                if watched is None:
                    raise
                watched.end(f"stopped after {len(outcomes)} of {total} points")
                left = Outcome(None, "not computed: the run was stopped")
                outcomes.update((point.key, left) for point in pending if point.key not in outcomes)
    attributes = {"function": name, "version": version or __version__, "seed": seed}
    dataset, messages = assemble(
        plan, replicas, [outcomes[point.key] for point in points], job.maximum, attributes
    )
    failed = [message for message in messages if message]
    if failed:
        text = f"{name}: {len(failed)} of {len(messages)} points failed, the first with {failed[0]}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    return dataset


@contextmanager
def _counted(run: Run | None, total: int, done: int) -> Iterator[Callable[[int], None]]:
    if run is None:
        yield lambda more: None
    else:
        with run.counted("points", total, done) as count:
            yield count


def _tell_of_other_code(name: str, count: int) -> None:
    if count:
        text = (
            f"{name}: {count} of the points to compute are in the store with results of other code (edited since, or "
            "another function of this name); they are computed anew, and the old results stay beside them"
        )
        warnings.warn(text, UserWarning, stacklevel=3)


def _compute(
    job: Job, pending: list[Point], executor: Executor | None, workers: int | None, batch: int, record: Record
) -> None:
    if not pending:
        return
    if executor is None and not workers:
        for point in pending:
            record(list(zip([point], execute(job, [point]), strict=True)))
        return
    tasks = [pending[start : start + batch] for start in range(0, len(pending), batch)]
    if executor is not None:
        lost = _collect(job, tasks, executor, record)
    else:
        lost = _collect_on_processes(job, tasks, workers or 1, record)
        if lost:
            lost = _collect_on_processes(job, lost, workers or 1, record)
    if lost:
        raise WorkersLost(
            f"worker processes died (memory, a crash in compiled code, or a script without an "
            f"'if __name__ == \"__main__\"' guard); {sum(map(len, lost))} of {len(pending)} points are left"
        )


def _collect_on_processes(
    job: Job, tasks: list[list[Point]], workers: int, record: Record
) -> list[list[Point]]:
    pool = process_pool(min(workers, len(tasks)))
    try:
        lost = _collect(job, tasks, pool, record)
    except BaseException:
        terminate(pool)
        raise
    pool.shutdown()
    return lost


def _collect(job: Job, tasks: list[list[Point]], pool: Executor, record: Record) -> list[list[Point]]:
    """Submit tasks, record what arrives, and return the tasks whose workers died or that were cancelled."""
    done: SimpleQueue[Future[list[Outcome]]] = SimpleQueue()
    running: dict[Future[list[Outcome]], list[Point]] = {}
    lost: list[list[Point]] = []
    try:
        with _interrupts() as raise_if_interrupted:
            for task in tasks:
                try:
                    future = pool.submit(execute, job, task)
                except BrokenExecutor:
                    lost.append(task)
                    continue
                running[future] = task
                future.add_done_callback(done.put)
            while running:
                raise_if_interrupted()
                # All that has arrived goes into one transaction: the store keeps up with any number of workers.
                finished = [done.get()]
                try:
                    while True:
                        finished.append(done.get_nowait())
                except Empty:
                    pass
                lost += _record_finished(finished, running, record)
    except KeyboardInterrupt:
        _record_finished([future for future in running if future.done()], running, record)
        for future in running:
            future.cancel()
        raise
    return lost


@contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """A function that raises KeyboardInterrupt if one came in and was lost.

    Python discards what is raised in finalisers and weak-reference callbacks, an interrupt that hits one included.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield lambda: None
        return
    received = []

    def handler(number: int, frame: FrameType | None) -> None:
        received.append(number)
        before(number, frame)

    def raise_if_interrupted() -> None:
        if received:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handler)
    try:
        yield raise_if_interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _record_finished(
    finished: Iterable[Future[list[Outcome]]],
    running: dict[Future[list[Outcome]], list[Point]],
    record: Record,
) -> list[list[Point]]:
    """Record these futures, then take them off the list of running ones; return the lost tasks."""
    arrived: Arrivals = []
    lost = []
    for future in finished:
        task = running[future]
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or isinstance(error, BrokenExecutor):
            lost.append(task)
        elif error is not None:
            # The pool survived but could not do this task: it could not be sent, or the cluster gave up on it.
            arrived += [(point, failure(error)) for point in task]
        else:
            arrived += zip(task, future.result(), strict=True)
    if arrived:
        record(arrived)
    for future in finished:
        del running[future]
    return lost


def _keyed(function: Callable[..., Any], grid: Grid, replicas: int) -> tuple[str, ...]:
    """Which of the keyed keywords the function takes; its other parameters must be those of the grid."""
    names = list(grid.points[0])
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        keyed: tuple[str, ...] = ()
    else:
        wanted = {
            parameter.name
            for parameter in signature.parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        }
        keyed = tuple(
            name for name in ("generator", "seed", "replica") if name in wanted and name not in names
        )
        try:
            signature.bind(**dict.fromkeys((*names, *keyed)))
        except TypeError as error:
            raise InvalidArgument("grid", names, f"the parameters of the function ({error})") from None
    if replicas > 1 and not keyed:
        allowed = (
            "1 for a function without a parameter named generator, seed or replica: all would be the same"
        )
        raise InvalidArgument("replicas", replicas, allowed)
    return keyed


def _shapes(maximum: Mapping[str, int | tuple[int, ...]] | None) -> dict[str, tuple[int, ...]]:
    if maximum is None:
        return {}
    if not isinstance(maximum, Mapping):
        raise InvalidArgument("maximum", maximum, "a mapping of results to their largest shape")
    shapes = {}
    for name, shape in maximum.items():
        lengths = shape if isinstance(shape, tuple) else (shape,)
        shapes[name] = tuple(
            validation.integer(f"maximum[{name!r}]", length, minimum=1) for length in lengths
        )
    return shapes


def _check_maximum(outcome: Outcome, maximum: Mapping[str, tuple[int, ...]]) -> None:
    """A maximum below what the store holds is found before anything is computed."""
    arrays = decode(outcome.result or b"[]\n") if maximum else {}
    for name, shape in maximum.items():
        if name not in arrays or not fits(arrays[name].shape, shape):
            found = f"shape {arrays[name].shape}" if name in arrays else "no such result"
            raise InvalidArgument(
                f"maximum[{name!r}]", shape, f"large enough for the store, which has {found}"
            )


def _check_executor(job: Job, parameters: Mapping[str, Any], executor: Any, workers: int | None) -> None:
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InvalidArgument("executor", executor, "an object with a submit method, or None")
    if workers is not None:
        validation.integer("workers", workers, minimum=0)
        if executor is not None:
            raise InvalidArgument("workers", workers, "None when an executor is given")
    if workers or isinstance(executor, ProcessPoolExecutor):
        for name, subject in {"function": job.function, **parameters}.items():
            if not _is_sendable(job.function, subject):
                allowed = (
                    "defined in a file, with its classes and without functions made inside others, to reach other "
                    "processes; what is defined in a notebook, at a prompt or inside a function reaches those of "
                    "executor=loky.get_reusable_executor()"
                )
                raise InvalidArgument(name, subject, allowed)


def _is_sendable(function: Callable[..., Any], subject: Any) -> bool:
    try:
        return not _is_of_prompt(function, pickle.dumps(subject))
    except (pickle.PicklingError, AttributeError, TypeError):
        return False


def _is_of_prompt(function: Callable[..., Any], pickled: bytes) -> bool:
    """Whether something pickles by a name in ``__main__`` that a new process, which reads its file, will not find."""
    file = getattr(sys.modules["__main__"], "__file__", None) or ""
    code = getattr(inspect.unwrap(getattr(function, "py_func", function)), "__code__", None)
    of_file = Path(file).is_file()
    elsewhere = of_file and code is not None and Path(code.co_filename).resolve() != Path(file).resolve()
    return b"__main__" in pickled and (not of_file or elsewhere)


def _progress(wanted: bool, name: str, total: int, done: int) -> Any:
    """A bar on a terminal; otherwise nothing, and tqdm is not even loaded."""
    if not wanted or not sys.stderr.isatty():
        return nullcontext()
    from tqdm import tqdm

    return tqdm(total=total, initial=done, desc=name, unit="point", file=sys.stderr)
