"""The line that says what is compiled."""

import sys
from types import FrameType

from statphys_gen.cli.compilation import compiled


def test_the_kernel_is_read_from_the_frames_of_the_compiler() -> None:
    from numba import njit
    from numba.core import event

    frames: list[str] = []

    class Seen(event.Listener):  # type: ignore[misc]
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


def test_elsewhere_nothing_is_compiled() -> None:
    frame: FrameType | None = sys._getframe()
    assert compiled(frame) == ""
    assert compiled(None) == ""
