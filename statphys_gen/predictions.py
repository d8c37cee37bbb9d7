"""What stands behind each public prediction, counted from the marks: the statements of the functions and the checks.

A prediction is a public function that states how exact it is (:func:`~statphys_gen.approximation.states`). It is
*simulated* if it says so and a check names it, which a check does by quoting its statement or by listing it among its
``tests``. README and documentation take their numbers from here::

    python -m statphys_gen.predictions [FILE]

prints the sentence, and writes it into the file, between the lines that hold it there.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

from .approximation import Approximation
from .verification import SYSTEMS, checks_of

Mark = Literal["simulated", "marked as simulated, in no check", "derived", "unverified"]
HOMES = (*SYSTEMS, "data", "units")
_BEGIN, _END = "<!-- predictions -->\n", "\n<!-- end -->"


@dataclass(frozen=True)
class Prediction:
    """A public function with its statement and the ids of the checks that test it (judged ones, reported ones).

    ``home`` is the folder whose door shows it: a system, or a layer that systems share.
    """

    home: str
    name: str
    function: Callable[..., object]
    approximation: Approximation
    checks: tuple[str, ...]
    reported: tuple[str, ...]

    @property
    def mark(self) -> Mark:
        stated = self.approximation.verification
        if stated != "derived and simulated":
            return stated
        return "simulated" if self.checks or self.reported else "marked as simulated, in no check"


def predictions() -> list[Prediction]:
    """Every prediction that a door shows, once, at the first of these: those of systems, of data, of units."""
    found: dict[Callable[..., object], Prediction] = {}
    checks = [check for system in SYSTEMS for check in checks_of(system)]
    for home in HOMES:
        door = import_module(f"{__package__}.{home}")
        for name in dir(door):
            function = getattr(door, name)
            stated = getattr(function, "approximation", None)
            if not inspect.isfunction(function) or not isinstance(stated, Approximation) or function in found:
                continue
            testing = [check for check in checks if function in check.tested]
            judged = tuple(check.id for check in testing if check.judged)
            reported = tuple(check.id for check in testing if not check.judged)
            found[function] = Prediction(home, name, function, stated, judged, reported)
    return list(found.values())


def summary() -> str:
    """How many predictions are simulated, derived and unverified, in words."""
    every = predictions()
    counts = Counter(prediction.mark for prediction in every)
    checks = {name for prediction in every for name in (*prediction.checks, *prediction.reported)}
    text = (
        f"Of {len(every)} predictions, {counts['simulated']} are derived and compared with a simulation, in "
        f"{len(checks)} checks; {counts['derived']} are derived and not simulated; {counts['unverified']} unverified."
    )
    open_claims = counts["marked as simulated, in no check"]
    return text + (
        f" {open_claims} more say that they are simulated and are in no check." if open_claims else ""
    )


def write_into(path: str | Path) -> None:
    """Write the sentence into a file, in place of the one that stands there between its marks."""
    text = Path(path).read_text(encoding="utf-8")
    pattern = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"{path} has no place for the sentence: {_BEGIN.strip()} and {_END.strip()}, once")
    Path(path).write_text(pattern.sub(_BEGIN + summary() + _END, text), encoding="utf-8")


if __name__ == "__main__":
    print(summary())
    for name in sys.argv[1:]:
        write_into(name)
