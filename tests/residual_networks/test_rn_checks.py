"""The list of checks: complete, named apart, and able to reject a wrong theory."""

import numpy as np
import pytest

from statphys_gen.residual_networks.checks import checks
from statphys_gen.statistics.agreement import CheckResult, judge


def test_the_list_is_named_apart() -> None:
    assert len({check.id for check in checks()}) == len(checks()) == 5


def test_the_limit_of_depth_agrees_and_a_wrong_one_does_not() -> None:
    (check,) = [check for check in checks() if check.id == "residual-networks-limit-of-depth"]
    theory, found = np.asarray(check.theory()), check.simulate(check.seed)
    (right,) = judge([CheckResult(check, theory, found)]).agreements
    assert right.verdict == "agrees"
    (wrong,) = judge([CheckResult(check, theory * (1.0 + 2.0 * check.resolution), found)]).agreements
    assert wrong.verdict == "disagrees"


@pytest.mark.parametrize("name", ["rate-of-the-first-step", "alternating-layers", "tied-linear-network"])
def test_theories_are_averages_of_what_they_say(name: str) -> None:
    """By a midpoint rule of 200 nodes, or one sample."""
    from statphys_gen.residual_networks import alternating_weight, mean_initial_rate, tied_linear
    from statphys_gen.residual_networks.checks import _TASK

    (check,) = [check for check in checks() if check.id.endswith(name)]
    middle = (np.arange(200) + 0.5) / 200
    wanted = {
        "rate-of-the-first-step": lambda: [mean_initial_rate(_TASK)],
        "alternating-layers": lambda: [alternating_weight(1.5 + 2.5 * middle, 6).mean()],
        "tied-linear-network": lambda: [
            np.mean([float(tied_linear(3.0, 0.5 + x, depth, 0.12)) for x in middle]) for depth in (1, 4, 16)
        ],
    }[name]()
    assert np.asarray(check.theory()) == pytest.approx(np.array(wanted), rel=2e-5)
