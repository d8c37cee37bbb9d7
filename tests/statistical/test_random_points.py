"""A small draw of random_points.py: no number under a bad status, no NaN and no large residual under a good one."""

import pytest
from random_points import FAMILIES, count

POINTS = {"random features": 6, "full breaking of replica symmetry": 1, "dynamical mean-field theory": 3}


@pytest.mark.parametrize("family", FAMILIES)
def test_random_points(family: str) -> None:
    outcome = count(family, POINTS.get(family, 60), seed=1)
    assert outcome["points"] >= POINTS.get(family, 60)
    assert outcome["good"] > 0
    for defect in ("NaN under a good status", "residual above tolerance", "number under a bad status"):
        assert outcome.get(defect, 0) == 0, outcome
    assert outcome.get("not converged", 0) <= 1, outcome
