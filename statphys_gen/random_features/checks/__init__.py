"""Theory against simulation for random-features score models: the list of all checks."""

from __future__ import annotations

from ...statistics.agreement import Check
from . import by_size as checks_by_size
from . import closed_forms as checks_closed_forms
from . import error_bars as checks_error_bars
from . import limits_by_size
from . import losses as checks_losses
from . import merging as checks_merging
from . import spectra as checks_spectra


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [
        *checks_losses.curve_checks(),
        *checks_losses.covariance_checks(),
        *checks_losses.algorithm_checks(),
        *checks_losses.stopping_checks(),
        *checks_losses.exponent_checks(),
        *checks_losses.not_odd_checks(),
        *checks_spectra.count_checks(),
        *checks_spectra.edge_checks(),
        *checks_spectra.outlier_checks(),
        *checks_merging.checks(),
        *checks_closed_forms.checks(),
        *checks_error_bars.checks(),
        *checks_by_size.checks(),
        *limits_by_size.checks(),
    ]
