"""Theory against simulation for schedules."""

from __future__ import annotations

from ...statistics.agreement import Check
from . import autoencoder, by_size, covariance, curie_weiss, isotropic, limits, training


def checks() -> list[Check]:
    """Every check of this system, by name."""
    parts = (isotropic, limits, covariance, curie_weiss, autoencoder, training, by_size)
    return [check for part in parts for check in part.checks()]
