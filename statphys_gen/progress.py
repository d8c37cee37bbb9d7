"""Long runs: what they report while they work, and how they are stopped with what is finished.

Whatever is computed inside :func:`watching` is one run. A function ``each`` is called now and then with a
:class:`Progress`; if it returns a true value the run ends. Ctrl-C ends the run in the same way. A simulation that is
ended returns what the same call returns for as many instances as are finished, to the last bit, and ``run.cut`` says
how many; if they are too few for a result, :class:`~statphys_gen.errors.Stopped` is raised (KeyboardInterrupt at
Ctrl-C). Outside nothing is reported and Ctrl-C is what it always is::

    with watching(each=lambda now: now.seconds > 60) as run:
        found = rbm.simulate(model, 1000, 200)
    print(run.cut)

The commands of the shell run like this, with a bar on a terminal.

Nothing here changes what is computed, and the hash of what functions do shall not see it. So a function is not
decorated where it is defined: a statement of its module, ``observe(map)``, ``observe_part(function)`` or
``keep(simulation, "instances")``, puts one in its place that does the same and is watched.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any, TypeVar, cast

from .errors import InsufficientSamples, InvalidArgument, Stopped

R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    what : what is counted, as "instances".
    done, total : how many are finished, and how many there are.
    share : finished part of the loop and of those around it, from 0 to 1.
    seconds : since the run began.
    """

    what: str
    done: int
    total: int
    share: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.done} of {self.total} {self.what}, {self.share:.0%} after {self.seconds:.0f} s"


Each = Callable[[Progress], object]


class _End(BaseException):
    """A run was asked to end: no ``except Exception`` on the way keeps it."""


class _Cut(BaseException):
    """The map over instances ended after the first ``count`` of them."""

    def __init__(self, count: int, reason: BaseException) -> None:
        self.count, self.reason = count, reason


@dataclass(eq=False)
class _Loop:
    what: str
    total: int
    done: int = 0


@dataclass(eq=False)
class _Call:
    """A simulation that is kept: how its instances are counted, how many a block of its map or loop holds, and of a
    loop the function that computes a part of it, and the one that begins each block (by default that itself)."""

    counts: str
    asked: int
    size: int
    part: Callable[..., Any] | None = None
    begins: Callable[..., Any] | None = None
    # Of a loop: what its parts gave in their order, how many of them were met, and how many blocks were begun.
    parts: list[Any] = field(default_factory=list)
    met: int = 0
    begun: int = 0
    loop: _Loop | None = None

    @property
    def blocks(self) -> int:
        return -(-self.asked // self.size)

    def maps(self, blocks: int) -> bool:
        return self.part is None and blocks == self.blocks

    @property
    def finished(self) -> int:
        """Instances whose parts are all there."""
        blocks = len(self.parts) if self.begins is None else max(self.begun - 1, 0)
        return min(blocks * self.size, self.asked)

    def cut_to(self, arguments: Mapping[str, Any], count: int) -> dict[str, Any]:
        """The arguments of as many instances: their number, or the sequence that has one entry for each."""
        given = arguments[self.counts]
        return dict(arguments) | {self.counts: given[:count] if isinstance(given, Sequence) else count}


@dataclass(eq=False)
class Run:
    """What is computed inside :func:`watching`.

    Attributes
    ----------
    cut : what the run was cut to, in words; empty where it was not.
    ended : whether it was asked to end.
    """

    each: Each
    cut: str = ""
    ended: bool = False
    _began: float = field(default_factory=time.monotonic)
    _lock: Any = field(default_factory=threading.RLock)
    # What the maps over instances have finished, in the order in which these maps are met.
    _records: list[dict[int, Any]] = field(default_factory=list)
    _met: int = 0
    _replaying: bool = False
    _calls: list[_Call] = field(default_factory=list)
    _loops: list[_Loop] = field(default_factory=list)
    # Whether a thread is inside an instance, which is finished or is not.
    _inside: Any = field(default_factory=threading.local)

    def end(self, cut: str) -> None:
        """The run ends here, and has been cut to this."""
        self.ended, self.cut = True, cut

    @contextmanager
    def _loop(self, what: str, total: int) -> Iterator[_Loop]:
        loop = _Loop(what, total)
        self._loops.append(loop)
        try:
            yield loop
        finally:
            self._loops.remove(loop)

    def _tell(self) -> None:
        """Call ``each``; end the run if it says so."""
        with self._lock:
            if not self.ended:
                share = 0.0
                for loop in reversed(self._loops):
                    share = min((loop.done + share) / max(loop.total, 1), 1.0)
                here = self._loops[-1]
                now = Progress(here.what, here.done, here.total, share, time.monotonic() - self._began)
                # What ``each`` computes itself is no part of the run.
                inside, self._inside.yes = self._is_inside(), True
                try:
                    self.ended = bool(self.each(now))
                finally:
                    self._inside.yes = inside
        if self.ended:
            raise _End

    def _is_inside(self) -> bool:
        return getattr(self._inside, "yes", False)

    @contextmanager
    def counted(self, what: str, total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
        """A loop over items each of which is finished or is not. The function that is given is told how many more are
        finished, and raises KeyboardInterrupt when the run is to end."""

        def count(more: int) -> None:
            loop.done += more
            try:
                if not self.ended:
                    self._tell()
            except _End:
                raise KeyboardInterrupt from None

        with self._loop(what, total) as loop:
            loop.done, self._inside.yes = done, True
            try:
                yield count
            finally:
                self._inside.yes = False

    def simulated(self, function: Callable[..., R], call: _Call, arguments: Mapping[str, Any]) -> R:
        """The function's result, or that of as many instances as are finished when the run ends."""
        if self.ended and not self._replaying:
            raise Stopped("the run was stopped before this was begun")
        met = self._met
        self._calls.append(call)
        try:
            return function(**arguments) if call.part is None else self._looped(function, call, arguments)
        except _Cut as cut:
            self.ended = True
            if cut.count < 1:
                raise cut.reason from None
            self._met, self._replaying, call.met = met, True, 0
            try:
                found = function(**call.cut_to(arguments, cut.count))
            except (InvalidArgument, InsufficientSamples, _Cut):  # too few of them
                raise cut.reason from None
            finally:
                self._replaying = False
            self.cut = (
                f"stopped after {cut.count} of {call.asked} {call.counts}: the results are of {cut.count}"
            )
            return found
        finally:
            self._calls.remove(call)
            if not self._calls:
                self._records.clear()
                self._met = 0

    def _looped(self, function: Callable[..., R], call: _Call, arguments: Mapping[str, Any]) -> R:
        """The result of a simulation whose instances are the passes of a loop."""
        with self._loop(call.counts, call.asked) as call.loop:
            try:
                self._tell()
                found = function(**arguments)
            except (KeyboardInterrupt, _End) as reason:
                self.ended = True
                raise _Cut(call.finished, reason) from None
            with suppress(_End):
                self._count(call, call.blocks)
            return found

    def _count(self, call: _Call, blocks: int) -> None:
        if call.loop is not None:
            call.loop.done = min(blocks * call.size, call.asked)
            self._tell()

    def begin(self, call: _Call) -> None:
        """A block of a loop begins: those before it are finished."""
        call.begun += 1
        if call.begun > 1 and not self._replaying:
            self._count(call, call.begun - 1)

    def part(self, call: _Call, compute: Callable[[], T]) -> T:
        """A part of a loop; what it gave where the loop is run again for the instances that are finished."""
        call.met += 1
        if self._replaying:
            if call.met > len(call.parts):
                raise _Cut(0, _End())
            return cast(T, call.parts[call.met - 1])
        self._inside.yes = True
        try:
            found = compute()
        finally:
            self._inside.yes = False
        call.parts.append(found)
        if call.begins is None and len(call.parts) < call.blocks:
            self._count(call, len(call.parts))
        return found

    def mapped(
        self,
        mapping: Callable[..., list[T]],
        function: Callable[[int], T],
        blocks: int,
        options: Mapping[str, Any],
    ) -> list[T]:
        """A map over blocks; what it has finished is kept where these are the instances of a simulation."""
        call = next((call for call in reversed(self._calls) if self._replaying or call.maps(blocks)), None)
        if call is None:
            return self._told(mapping, function, blocks, options, {}, "blocks")
        if self._met == len(self._records):
            self._records.append({})
        results: dict[int, T] = self._records[self._met]
        self._met += 1
        if self._replaying:
            if any(k not in results for k in range(blocks)):
                raise _Cut(0, _End())
            return [results[k] for k in range(blocks)]
        try:
            return self._told(mapping, function, blocks, options, results, call.counts)
        except (KeyboardInterrupt, _End) as reason:
            self.ended = True
            first = next(k for k in range(blocks + 1) if k not in results)
            if first == blocks:
                return [results[k] for k in range(blocks)]
            raise _Cut(min(first * call.size, call.asked), reason) from None

    def _told(
        self,
        mapping: Callable[..., list[T]],
        function: Callable[[int], T],
        blocks: int,
        options: Mapping[str, Any],
        results: dict[int, T],
        what: str,
    ) -> list[T]:
        with self._loop(what, blocks) as loop:

            def one(k: int) -> T:
                if self.ended:
                    raise _End
                token = _current.set(self)
                self._inside.yes = True
                try:
                    result = results[k] = function(k)
                finally:
                    self._inside.yes = False
                    _current.reset(token)
                with self._lock:
                    loop.done += 1
                self._tell()
                return result

            self._tell()
            return mapping(one, blocks, **options)


_current: ContextVar[Run | None] = ContextVar("run", default=None)


@contextmanager
def watching(each: Each) -> Iterator[Run]:
    """Whatever is computed inside is one run, which calls ``each`` now and then and may be ended by it or by Ctrl-C.

    Raises
    ------
    Stopped : ``each`` ended the run before enough was finished for a result.
    """
    if not callable(each):
        raise InvalidArgument("each", each, "a function of a Progress")
    run = Run(each)
    token = _current.set(run)
    try:
        yield run
    except _End:
        raise Stopped("the run was stopped before enough was finished for a result") from None
    finally:
        _current.reset(token)


def current() -> Run | None:
    """The run at hand; None outside, and inside of an instance or a point, which is finished or is not."""
    run = _current.get()
    return None if run is None or run._is_inside() else run


def finished(function: Callable[[S], T], items: Sequence[S], what: str) -> list[T]:
    """``[function(item) for item in items]``; where a run ends early, the results that there are, if there are any."""
    run = current()
    if run is None or run._replaying:
        return [function(item) for item in items]
    results: list[T] = []
    with run._loop(what, len(items)) as loop:
        try:
            for item in items:
                if run.ended:
                    raise _End
                results.append(function(item))
                loop.done += 1
        except (KeyboardInterrupt, _End, Stopped):
            run.ended = True
            if not results:
                raise
            there = f"stopped after {len(results)} of {len(items)} {what}"
            run.cut = f"{there}; of the last: {run.cut}" if run.cut else there
    return results


def observe(mapping: Callable[..., list[Any]]) -> None:
    """A map over blocks, ``mapping(function, blocks, ...)``, is watched: a statement of the module that defines it."""

    @functools.wraps(mapping)
    def observed(function: Callable[[int], Any], blocks: int, **options: Any) -> list[Any]:
        run = current()
        return (
            mapping(function, blocks, **options)
            if run is None
            else run.mapped(mapping, function, blocks, options)
        )

    _put(mapping, observed)


def observe_part(part: Callable[..., Any], given: str = "") -> None:
    """A function that computes a part of a simulation in a loop, or begins a pass of it, is watched there: a statement
    of the module that defines it. Where it is itself the loop, the function ``given`` to it computes the parts."""

    @functools.wraps(part)
    def observed(*arguments: Any, **keywords: Any) -> Any:
        run = current()
        call = run._calls[-1] if run is not None and run._calls else None
        if run is not None and call is not None and observed is call.begins:
            run.begin(call)
        if run is None or call is None or observed is not call.part:
            return part(*arguments, **keywords)
        if not given:
            return run.part(call, lambda: part(*arguments, **keywords))
        bound = signature(part).bind(*arguments, **keywords)
        compute = bound.arguments[given]
        bound.arguments[given] = lambda *asked: run.part(call, lambda: compute(*asked))
        return part(*bound.args, **bound.kwargs)

    _put(part, observed)


def keep(
    simulation: Callable[..., Any],
    counts: str,
    block: Callable[..., int] | None = None,
    *,
    part: Callable[..., Any] | None = None,
    begins: Callable[..., Any] | None = None,
) -> None:
    """Of a simulation of ``counts`` instances those that are finished are kept: a statement of its module.

    Its map over the instances is the one over as many blocks. ``block`` says how many instances one of them holds,
    from arguments of the simulation by name; by default 1. A simulation that goes through its blocks in a loop instead
    names the observed function that computes a ``part`` of it, one a block, or several after another one ``begins`` it.
    """
    needed = signature(block).parameters if block is not None else {}

    @functools.wraps(simulation)
    def kept(*arguments: Any, **keywords: Any) -> Any:
        run = current()
        if run is None:
            return simulation(*arguments, **keywords)
        bound = signature(simulation).bind(*arguments, **keywords)
        bound.apply_defaults()
        named = bound.arguments
        try:
            given = named[counts]
            asked = len(given) if isinstance(given, Sequence) else int(given)
            size = block(**{name: named[name] for name in needed}) if block is not None else 1
        except Exception:  # the simulation refuses these arguments itself
            return simulation(*arguments, **keywords)
        return run.simulated(simulation, _Call(counts, asked, size, part, begins), named)

    _put(simulation, kept)


def _put(function: Callable[..., Any], watched: Callable[..., Any]) -> None:
    stated = getattr(function, "approximation", None)
    if stated is not None:
        vars(watched)["approximation"] = replace(stated, prediction=watched)
    setattr(sys.modules[function.__module__], function.__name__, watched)
