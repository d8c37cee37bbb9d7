"""Theory against simulation for linear networks.

Orthogonal networks (K(0) = c I) follow the wide limit exactly and test what the theory says of the dimension; Gaussian
ones test the width too. The formulas are leading orders in 1/d and d/w: single sizes are compared with plain means,
whose errors exceed the next order, and limits are extrapolated with control variates.
"""

from __future__ import annotations

from ...statistics.agreement import Check
from . import by_size, curves, directions, width


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [*curves.checks(), *directions.checks(), *width.checks(), *by_size.checks()]
