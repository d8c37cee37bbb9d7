"""The list of checks: complete, named apart, and able to reject a wrong theory."""

from dataclasses import replace

from statphys_gen.random_features.checks import checks
from statphys_gen.statistics.agreement import judge


def test_the_list_is_long_and_named_apart():
    every = checks()
    assert len({check.name for check in every}) == len(every)
    assert sum(check.judged for check in every) >= 20


def test_a_check_agrees_and_rejects_a_theory_that_is_off():
    # The quickest one; all of them are judged at full size by the verification report.
    quick = next(check for check in checks() if check.name == "sin, p = n")
    result = quick.run()
    assert judge([result]).passed
    wrong = replace(quick, theory=lambda: result.theory * 1.02)
    verdict = judge([type(result)(wrong, wrong.theory(), result.estimate)]).agreements[0].verdict
    assert verdict == "disagrees"
