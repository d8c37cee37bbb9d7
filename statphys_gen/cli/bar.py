"""The bar of a command that takes its time: on standard error, if that is a terminal."""

from __future__ import annotations

import sys
from typing import Any

from ..progress import Progress

_QUIET = 1.0  # seconds before it appears
_FORM = "{desc} {percentage:3.0f}%|{bar}| {elapsed}"


class Bar:
    """Told by the run of a command how far it has come."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, now: Progress) -> None:
        if self._bar is None and (now.seconds < _QUIET or not sys.stderr.isatty()):
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=1.0, bar_format=_FORM, file=sys.stderr, leave=False)
        self._bar.set_description_str(f"{now.done} of {now.total} {now.what}", refresh=False)
        self._bar.n = now.share
        self._bar.refresh()

    @property
    def shown(self) -> bool:
        return self._bar is not None

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
