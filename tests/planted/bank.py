"""The bank of planted errors, ``errors.toml``: what is changed, and which tests must notice it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

BANK = Path(__file__).parent / "errors.toml"
# What an audit of the package found that nobody would have noticed, in words. Each has an error in the bank.
AUDITED = (
    "sigma_x^2 dropped from Gamma^2 of random features",
    "train and test loss exchanged",
    "visible and hidden overlaps exchanged",
    "the order of a branch",
    "axis labels exchanged",
    "fields, at which everything else is neutral, left out",
    "weights of the classes, neutral at 1/2, left out",
    "outliers of the norms, at isotropic data alone",
    "the standard error of dynamical mean-field theory divided by n, not by sqrt(n)",
    "the same object on both sides: optimal preprocessing with 1/|t| for 1/t^2",
    "the same object on both sides: the susceptibility copied into a check",
    "a limit in which the error vanishes: the smallest size, two chains",
    "a limit in which the error vanishes: the smallest size, n = 2 and d = 4",
    "the order of what remains after a correction",
    "Bonferroni's factor within a check",
    "a drawn tenth judged within its own family",
    "two degrees of freedom judged as known errors in a comparison",
    "the first or the last of several crossings",
    "the outer replicon of one-step symmetry breaking",
    "signs of corrections of a bias",
    "the variance of information densities",
    "a reported deviation beyond its bound that passes",
    "a report that passes by what is not judged",
    "a report that never says that theory and simulation disagree",
    "the fit of an extrapolation that is not judged",
    "a pilot that shows what will be judged",
    "a line of the ledger taken out",
    "a check renamed after looking: another seed",
    "a check resized after looking",
    "a check moved to another point after looking",
    "a prediction marked as simulated that no check tests",
)


@dataclass(frozen=True)
class Error:
    """One line of the code that is replaced by a wrong one.

    Attributes
    ----------
    file : path from the root of the tree.
    old, new : the line as it is, with its indentation, and the line or lines that replace it.
    kind : what sort of mistake it is: sign, factor, label, ...
    tests : test files, or single tests of one, that must notice it, run in this order until one does.
    occurrence : which of several equal lines, counted from 1.
    check : id of a check of ``verify`` that must notice it where no test does.
    drawn : made by a seeded operator, not thought of by a person; such an entry is never replaced.
    survives : why nothing can notice it, for one that is known to survive.
    gone : what became of the line, for one whose line has been rewritten since.
    audit : one of :data:`AUDITED`, of which this is the error, or one of its errors.
    """

    file: str
    old: str
    new: str
    kind: str
    tests: tuple[str, ...]
    occurrence: int = 1
    check: str = ""
    drawn: bool = False
    survives: str = ""
    gone: str = ""
    audit: str = ""

    @property
    def key(self) -> str:
        """Tells entries apart, whatever tests and reasons they are given."""
        text = "\n".join((self.file, self.old, self.new, str(self.occurrence)))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}: {self.old.strip()}  ->  {self.new.strip()}"

    def place(self, text: str) -> int | None:
        """Index of the line in the text of the file; None where it is not there."""
        found = [k for k, line in enumerate(text.splitlines()) if line == self.old]
        return found[self.occurrence - 1] if len(found) >= self.occurrence else None

    def planted(self, text: str) -> str:
        """The text of the file with the error in it."""
        place = self.place(text)
        if place is None:
            raise LookupError(f"{self.file} has no line {self.old.strip()!r}")
        lines = text.splitlines()
        return "\n".join([*lines[:place], self.new, *lines[place + 1 :]]) + "\n"


def load(path: Path = BANK) -> list[Error]:
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("error", []) if path.is_file() else []
    return [Error(**entry | {"tests": tuple(entry["tests"])}) for entry in entries]


def append(errors: Iterable[Error], path: Path = BANK) -> None:
    """Add entries at the end; the others keep their place and their text."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    path.write_text(before + "".join(map(_entry, errors)), encoding="utf-8")


def _entry(error: Error) -> str:
    lines = ["", "[[error]]"]
    for field in fields(Error):
        value = getattr(error, field.name)
        if value != field.default:
            # The strings, lists and numbers of JSON are those of TOML.
            text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
            lines.append(f"{field.name} = {text}")
    return "\n".join(lines) + "\n"
