"""The contract of solver results: no number under a bad status, no NaN under a good one."""

import numpy as np
import pytest

from statphys_gen.approximation import Approximation, approximation_of, states
from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.solution import Solution, Status


def solution(status: list[int], value: list[float], **options: object) -> Solution:
    n = len(status)
    return Solution(
        {"overlap": np.array(value)}, np.array(status), np.zeros(n), np.full(n, 1e-15), np.ones(n), **options
    )


def test_a_bad_point_never_holds_a_number() -> None:
    result = solution([0, 1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4, 0.5])
    np.testing.assert_array_equal(result.good, [True, True, False, False, False])
    np.testing.assert_array_equal(np.isnan(result["overlap"]), [False, False, True, True, True])
    assert np.isnan(result.error[2:]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_good_point_never_holds_nan_or_infinity(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite at a point with a good status"):
        solution([0, 0], [0.1, bad])


def test_require_names_the_first_bad_index_and_gives_advice() -> None:
    with pytest.raises(
        NotConverged, match=r"at index \(1,\) of a batch of shape \(3,\): no solution in the domain \(1 of 3"
    ):
        solution([0, 3, 1], [0.1, 0.2, 0.3]).require()
    assert solution([0, 1], [0.1, 0.2]).require()["overlap"][1] == 0.2


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_sentence(status: Status) -> None:
    assert status.advice.endswith(".")
    assert str(status) in {
        "converged",
        "near-critical",
        "not converged",
        "no solution in the domain",
        "left the domain",
    }
    assert status.good == (status in (Status.CONVERGED, Status.NEAR_CRITICAL))


def test_records_carry_status_residual_error_and_approximation() -> None:
    approximation = Approximation("replica symmetric", "replicon positive", "a paper, eq. 1", "derived")
    first, second = solution([0, 2], [0.5, 0.1], approximation=approximation).records()
    assert first["overlap"] == 0.5
    assert first["status"] == "converged"
    assert first["approximation"] == "replica symmetric: replicon positive [a paper, eq. 1]"
    assert np.isnan(second["overlap"])
    assert second["status"] == "not converged"


def test_dataset_has_the_axes_as_coordinates() -> None:
    grid = Solution(
        {"overlap": np.arange(6.0).reshape(2, 3)},
        np.zeros((2, 3)),
        np.zeros((2, 3)),
        np.zeros((2, 3)),
        np.ones((2, 3)),
    )
    dataset = grid.to_dataset(temperature=[0.1, 0.2], load=[1.0, 2.0, 3.0])
    assert dataset["overlap"].sel(temperature=0.2, load=3.0) == 5.0
    with pytest.raises(
        InvalidArgument, match=r"^coordinates = .*one for each axis of the batch shape \(2, 3\)$"
    ):
        grid.to_dataset(temperature=[0.1, 0.2])


def test_states_writes_the_approximation_into_the_docstring() -> None:
    @states("leading order", "large d", source="a paper", verification="derived")
    def prediction() -> float:
        """One line."""
        return 0.0

    assert "Approximation: leading order; large d." in str(prediction.__doc__)
    assert approximation_of(prediction).level == "leading order"
    with pytest.raises(TypeError, match="states no approximation"):
        approximation_of(len)
