"""A line that says what is compiled, while it is: numba compiles a kernel when it is first used, and keeps it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_CLEAR = "\r\x1b[K"  # a bar may stand in the line
_FIRST, _INTERVAL = 2.0, 0.5  # seconds before the first look, and between looks


@contextmanager
def told_of_compilation() -> Iterator[None]:
    """Inside, one line on standard error, if that is a terminal, when a kernel has been compiled for two seconds."""
    if not sys.stderr.isatty():
        yield
        return
    over, caller = threading.Event(), threading.get_ident()

    def look() -> None:
        wait = _FIRST
        while not over.wait(wait):
            kernel = compiled(sys._current_frames().get(caller))
            if kernel:
                text = f"statphys-gen: compiling {kernel} for its first use; it is kept for later runs"
                print(f"{_CLEAR}{text}", file=sys.stderr)
                return
            wait = _INTERVAL

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def compiled(frame: FrameType | None) -> str:
    """The kernel that is compiled in these frames of a thread, by its module and name; empty where none is."""
    found = ""
    while frame is not None:
        if frame.f_globals.get("__name__") == "numba.core.dispatcher" and frame.f_code.co_name == "compile":
            kernel = getattr(frame.f_locals.get("self"), "py_func", None)
            found = f"{kernel.__module__}.{kernel.__name__}" if kernel is not None else found
        frame = frame.f_back
    return found
