"""Theory against simulation for score matching on the line."""

from __future__ import annotations

from ...statistics.agreement import Check
from . import scores, training


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [*scores.checks(), *training.checks()]
