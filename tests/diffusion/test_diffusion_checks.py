"""The list of checks: complete, with theories that can be evaluated, and able to reject a wrong theory."""

from dataclasses import replace

import numpy as np

from statphys_gen.diffusion.checks import checks
from statphys_gen.statistics.agreement import judge


def test_every_theory_gives_numbers_with_a_positive_scale():
    every = checks()
    assert len({check.name for check in every}) == len(every)
    assert sum(check.judged for check in every) >= 45
    for check in every:
        theory = np.asarray(check.theory())
        assert np.isfinite(theory).all(), check.name
        scale = np.abs(theory) if check.scale is None else check.scale
        scale = scale(theory) if callable(scale) else scale
        assert (np.asarray(scale) > 0).all(), check.name


def test_a_check_agrees_and_rejects_a_theory_that_is_off():
    # The quickest ones; all of them are judged at full size by the verification report.
    quick = [check for check in checks() if check.name in ("two point masses, d = 4", "two variances, d = 3")]
    results = [check.run() for check in quick]
    assert judge(results).passed
    for check, result in zip(quick, results, strict=True):
        wrong = replace(check, theory=lambda result=result: result.theory - 0.02)
        report = judge([type(result)(wrong, wrong.theory(), result.estimate)])
        assert report.agreements[0].verdict == "disagrees"
