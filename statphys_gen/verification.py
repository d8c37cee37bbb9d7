"""The verification report: every check of every system, resumable, with the hash of the sources that it checked.

Each check compares a prediction with a simulation of the definition
(:class:`~statphys_gen.statistics.agreement.Check`); the checks of one system are judged together, with one stated
rate of false alarms.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InvalidArgument

if TYPE_CHECKING:
    from .statistics.agreement import Check

SYSTEMS = ("diffusion",)


def checks_of(system: str) -> list[Check]:
    """The checks of one system, by name."""
    if system not in SYSTEMS:
        raise InvalidArgument("system", system, "one of " + ", ".join(SYSTEMS))
    checks: list[Check] = import_module(f"{__package__}.{system}.checks").checks()
    names = [check.name for check in checks]
    if len(set(names)) != len(names):
        raise ValueError(f"two checks of {system} have the same name")
    return checks


def source_hash(system: str) -> str:
    """SHA-256 over the sources that a report of this system depends on: the system, the methods and the statistics."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for folder in (root / system, root / "numerics", root / "statistics"):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
