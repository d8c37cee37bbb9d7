"""Theory against simulation for restricted Boltzmann machines.

Replica theory holds for N -> infinity: order parameters and free entropies are extrapolated in 1/N from three sizes,
unless the check compares networks of one size with the finite-size corrected theory. Points lie where replica symmetry
is stable (replicon above 0.1) and at loads of at most 0.7 of the spinodal. Deviations in the glass phase, where replica
symmetry is broken, and at crossings of free energies are reported and not judged.
"""

from __future__ import annotations

from ...statistics.agreement import Check
from .by_size import checks as by_size_checks
from .energy import free_entropy_checks, ground_state_checks, reported_checks, zero_temperature_checks
from .error_bars import checks as error_bar_checks
from .lines import checks as line_checks
from .lines_by_size import checks as line_by_size_checks
from .mixtures import mixture_checks, sparse_checks
from .order import (
    corrected_checks,
    dynamics_checks,
    ensemble_checks,
    prior_checks,
    retrieval_checks,
    susceptibility_checks,
    visible_checks,
)
from .phases import checks as phase_checks


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [
        *prior_checks(),
        *visible_checks(),
        *retrieval_checks(),
        *corrected_checks(),
        *ensemble_checks(),
        *mixture_checks(),
        *sparse_checks(),
        *dynamics_checks(),
        *susceptibility_checks(),
        *zero_temperature_checks(),
        *ground_state_checks(),
        *free_entropy_checks(),
        *reported_checks(),
        *phase_checks(),
        *line_checks(),
        *error_bar_checks(),
        *by_size_checks(),
        *line_by_size_checks(),
    ]
