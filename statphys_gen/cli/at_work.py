"""Lines that say what a command is at, while it has said nothing: the kernel that numba compiles (when it is first
used; numba keeps it), or the function that computes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_CLEAR = "\r\x1b[K"  # a bar may stand in the line
_FIRST, _INTERVAL = 2.0, 0.5  # seconds before the first look, and between looks
_LONG = 5.0  # seconds after which the function is named
_OURS = __name__.split(".")[0]
# They call, and compute nothing.
_AROUND = tuple(f"{_OURS}.{name}" for name in ("cli", "progress", "figures.runner"))


@contextmanager
def told_of_work(silent: Callable[[], bool]) -> Iterator[None]:
    """Inside, lines on standard error, if that is a terminal: one when a kernel has been compiled for two seconds, one
    that names what is computed when nothing has been said for five and the command is still ``silent()``."""
    if not sys.stderr.isatty():
        yield
        return
    over, caller, began = threading.Event(), threading.get_ident(), time.monotonic()

    def look() -> None:
        wait, quiet = _FIRST, True
        while not over.wait(wait):
            frame = sys._current_frames().get(caller)
            if kernel := compiled(frame):
                _say(f"compiling {kernel} for its first use; it is kept for later runs")
                return
            if quiet and time.monotonic() - began >= _LONG:
                quiet = False
                if silent() and (name := computed(frame)):
                    _say(f"computing {name}; Ctrl-C stops it")
            wait = _INTERVAL

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _say(text: str) -> None:
    print(f"{_CLEAR}statphys-gen: {text}", file=sys.stderr)


def compiled(frame: FrameType | None) -> str:
    """The kernel that is compiled in these frames of a thread, by its module and name; empty where none is."""
    found = ""
    while frame is not None:
        if frame.f_globals.get("__name__") == "numba.core.dispatcher" and frame.f_code.co_name == "compile":
            kernel = getattr(frame.f_locals.get("self"), "py_func", None)
            found = f"{kernel.__module__}.{kernel.__name__}" if kernel is not None else found
        frame = frame.f_back
    return found


def computed(frame: FrameType | None) -> str:
    """The function of ours that a command has called in these frames of a thread, by its module and name; empty where
    it has called none, or is loading modules."""
    found = ""
    while frame is not None:
        module, name = str(frame.f_globals.get("__name__", "")), frame.f_code.co_name
        ours = module.startswith(f"{_OURS}.") and not module.startswith(_AROUND)
        if ours and not name.startswith("<"):
            found = f"{module}.{name}"
        frame = frame.f_back
    return found
