"""Theory against simulation for reports on copying."""

from __future__ import annotations

from ...statistics.agreement import Check
from . import by_size, measurements, neighbours, tests_of_copies


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [*neighbours.checks(), *tests_of_copies.checks(), *measurements.checks(), *by_size.checks()]
