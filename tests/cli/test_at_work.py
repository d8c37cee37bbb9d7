"""The lines that say what a command is at."""

import io
import sys
import time
from types import FrameType

import numpy as np
import pytest

from statphys_gen.cli import at_work
from statphys_gen.cli.at_work import compiled, computed, told_of_work


def test_the_kernel_is_read_from_the_frames_of_the_compiler() -> None:
    from numba import njit
    from numba.core import event

    frames: list[str] = []

    class Seen(event.Listener):  # type: ignore[misc] # numba has no types
        def on_start(self, event: object) -> None:
            frames.append(compiled(sys._getframe()))

        def on_end(self, event: object) -> None:
            pass

    @njit
    def inner(x: float) -> float:
        return x + 1.0

    @njit
    def kernel(x: float) -> float:
        return 2.0 * inner(x)

    with event.install_listener("numba:compile", Seen()):
        assert kernel(1.0) == 4.0
    assert set(frames) == {f"{__name__}.kernel"}


def test_elsewhere_nothing_is_compiled_or_computed() -> None:
    frame: FrameType | None = sys._getframe()
    assert compiled(frame) == computed(frame) == ""
    assert compiled(None) == computed(None) == ""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("silent", [True, False])
def test_what_computes_is_named_once_where_nothing_else_was_said(
    silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from statphys_gen.numerics.roots import bracketed

    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for name, value in (("_FIRST", 0.05), ("_INTERVAL", 0.05), ("_LONG", 0.1)):
        monkeypatch.setattr(at_work, name, value)

    def slow(x: np.ndarray) -> np.ndarray:
        time.sleep(0.2)
        return np.exp(x) - 1.3

    with told_of_work(lambda: silent):
        bracketed(slow, 0.0, 1.0)
    line = "statphys-gen: computing statphys_gen.numerics.roots.bracketed; Ctrl-C stops it\n"
    assert terminal.getvalue().replace("\r\x1b[K", "") == (line if silent else "")


def test_the_function_that_the_command_called_is_named_not_what_it_calls() -> None:
    from statphys_gen.numerics.blocks import map_blocks

    seen = map_blocks(lambda _: computed(sys._getframe()), 1)
    assert seen == ["statphys_gen.numerics.blocks.map_blocks"]


def test_where_no_terminal_is_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(at_work, "_FIRST", 0.01)
    monkeypatch.setattr(at_work, "_LONG", 0.01)
    with told_of_work(lambda: True):
        time.sleep(0.1)
    assert stream.getvalue() == ""
