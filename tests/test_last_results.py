"""What the page takes from earlier reports, and what the ledger keeps of a run with several components."""

import numpy as np
import pytest

from statphys_gen import registry, verification
from statphys_gen.statistics import Check, CheckResult, Estimate, judge


def check(**changes: object) -> Check:
    given = {
        "name": "a check",
        "prediction": "that the mean is 0",
        "approximation": "exact",
        "theory": lambda: np.array([1.0, 2.0, 3.0]),
        "simulate": lambda seed: Estimate(np.array([1.001, 2.0, 3.0]), np.full(3, 1e-3), np.full(3, 50.0)),
        "resolution": 0.02,
        "sizes": {"instances": 51},
    }
    return Check(**(given | changes))  # type: ignore[arg-type]


def test_a_result_of_another_design_does_not_stand_for_the_check() -> None:
    own = check()
    record = {
        "design": registry.design_hash(own),
        "theory": [1.0, 2.0, 3.0],
        "value": [1.0, 2.0, 3.0],
        "standard_error": [1e-3] * 3,
        "degrees_of_freedom": [50.0] * 3,
        "fit_p_value": [1.0] * 3,
        "scale": [1.0, 2.0, 3.0],
        "note": "",
    }
    known = verification._last_result(own, record)
    assert known.error == ""
    assert known.theory is not None
    larger = check(sizes={"instances": 102})
    assert registry.design_hash(larger) != record["design"]
    assert verification._last_result(larger, record).error == verification._last_result(larger, None).error
    assert verification._last_result(larger, record).theory is None


def test_the_ledger_has_the_component_that_deviates_most(monkeypatch: pytest.MonkeyPatch) -> None:
    own = check()
    estimate = Estimate(np.array([1.001, 1.9965, 3.0005]), np.full(3, 1e-3), np.full(3, 50.0))
    (agreement,) = judge([CheckResult(own, np.array([1.0, 2.0, 3.0]), estimate)]).agreements
    monkeypatch.setattr(verification, "_conditions", lambda row: {})
    line = verification._run(agreement, "rbm", {own.id: None}, {own.id: "hash"})
    assert line["t"] == pytest.approx(-3.5)
