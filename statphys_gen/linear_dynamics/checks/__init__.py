"""Theory against simulation for linear networks."""

from __future__ import annotations

from ...statistics.agreement import Check


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return []
