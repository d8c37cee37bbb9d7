"""Theory against simulation for cooled mixtures and principal graphs."""

from __future__ import annotations

from ...statistics.agreement import Check
from . import by_size, graphs, mixtures, transitions


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [*mixtures.checks(), *transitions.checks(), *graphs.checks(), *by_size.checks()]
