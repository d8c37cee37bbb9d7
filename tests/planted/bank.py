"""The bank of planted errors, ``errors.toml``: what is changed, and which tests must notice it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

BANK = Path(__file__).parent / "errors.toml"


@dataclass(frozen=True)
class Error:
    """One line of the code that is replaced by a wrong one.

    Attributes
    ----------
    file : path from the root of the tree.
    old, new : the line as it is, with its indentation, and the line or lines that replace it.
    kind : what sort of mistake it is: sign, factor, label, ...
    tests : test files that must notice it, run in this order until one does.
    occurrence : which of several equal lines, counted from 1.
    check : id of a check of ``verify`` that must notice it where no test does.
    drawn : made by a seeded operator, not thought of by a person; such an entry is never replaced.
    survives : why nothing can notice it, for one that is known to survive.
    gone : what became of the line, for one whose line has been rewritten since.
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
