"""Theory against simulation for the diffusion of Gaussian mixtures, spectra, discrete and Curie-Weiss data.

The checks of speciation and of collapse, which are judged together. The simulations draw data, noise and backward runs
from their definitions in full dimension.
"""

from __future__ import annotations

from ...statistics.agreement import Check
from . import beyond_gaussian as checks_beyond_gaussian
from . import by_size as checks_by_size
from . import class_reading as checks_class_reading
from . import collapse as checks_collapse
from . import collapse_by_size as checks_collapse_by_size
from . import error_bars as checks_error_bars
from . import leading_order as checks_leading_order
from . import speciation as checks_speciation
from . import trajectories as checks_trajectories


def checks() -> list[Check]:
    """Every check of this system, by name."""
    parts = (
        checks_speciation,
        checks_beyond_gaussian,
        checks_class_reading,
        checks_collapse,
        checks_leading_order,
        checks_trajectories,
        checks_error_bars,
        checks_by_size,
        checks_collapse_by_size,
    )
    return [check for part in parts for check in part.checks()]
