"""Whether the replica-symmetry-breaking states at overlap 0 are consistent with one another.

A marginal state needs a complexity of at least 0 and an energy not below the ground state's; a ground state needs a
replicon of at least 0. Where one step violates these, symmetry is broken further, and the energy of the true ground
state lies above the one-step value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import validation
from ...approximation import states
from ...errors import InvalidArgument
from ...solution import Status
from ..model import PhaseRetrieval
from .threshold_states import LARGEST_JUMP_FRACTION, STATES, check_overlap, one_step_state

_SOURCE = "derivations/phase_retrieval/threshold_states.py"
_VALID = "the law at overlap 0"


@states("1RSB", _VALID, source=_SOURCE, verification="derived")
def consistency_report(
    model: PhaseRetrieval,
    *,
    full: Mapping[str, float] | None = None,
    largest_jump_fraction: float = LARGEST_JUMP_FRACTION,
) -> dict[str, Any]:
    """Whether the one-step states are consistent with one another, and with full breaking of replica symmetry.

    Parameters
    ----------
    model, largest_jump_fraction : as for :func:`~statphys_gen.phase_retrieval.one_step_state`.
    full : a result with full breaking for the same model: ``energy`` and, if known,
        ``replicon``, ``outlier_criterion``, ``lagrange_multiplier``.

    Returns
    -------
    ``marginal`` and ``ground`` (records with status), ``full`` (as given), ``energy_gap`` (marginal minus ground),
    ``consistent`` (None where a state has no solution) and ``findings``, one sentence for each violated condition:
    complexity of the marginal state at least 0, its energy not below the ground state's, replicon of the ground state
    at least 0, edge at 0; energy with full breaking not below the one-step ground state's.
    """
    check_overlap(model)
    if full is not None:
        if not isinstance(full, Mapping) or "energy" not in full:
            raise InvalidArgument("full", full, "a mapping with the key energy")
        full = {str(name): validation.finite(f"full[{name!r}]", value) for name, value in full.items()}
    solutions = {
        name: one_step_state(model, name, largest_jump_fraction=largest_jump_fraction)  # type: ignore[arg-type] # of STATES
        for name in STATES
    }
    report: dict[str, Any] = {name: next(s.records()) for name, s in solutions.items()}
    report["full"] = dict(full) if full is not None else None
    report["energy_gap"] = None
    findings: list[str] = []
    marginal, ground = solutions["marginal"], solutions["ground"]
    for name, solution in solutions.items():
        if not solution.good:
            findings.append(f"there is no one-step {name} state: {Status(int(solution.status))}")
        elif abs(float(solution["edge"])) > max(1e-7, 10.0 * float(solution.error)):
            findings.append(
                f"the edge of the {name} state by z(chi) - mu is {float(solution['edge']):.3g}, not 0"
            )
    if marginal.good and float(marginal["complexity"]) < -float(marginal.error):
        findings.append(
            f"the complexity of the marginal state is negative ({float(marginal['complexity']):.6g})"
        )
    if ground.good and float(ground["replicon"]) < -float(ground.error):
        findings.append(f"the replicon of the ground state is negative ({float(ground['replicon']):.6g})")
    if marginal.good and ground.good:
        gap = float(marginal["energy"] - ground["energy"])
        report["energy_gap"] = gap
        if gap < -float(marginal.error + ground.error):
            findings.append(f"the marginal state lies below the ground state, by {-gap:.6g}")
    if full is not None and ground.good and full["energy"] < float(ground["energy"] - ground.error):
        findings.append("the energy with full breaking lies below that of the one-step ground state")
    report["findings"] = findings
    report["consistent"] = not findings if marginal.good and ground.good else None
    return report
