"""What is refused before any work, how much is evaluated at once, and the term of finite width without a signal."""

import numpy as np
import pytest

from derivations.linear_dynamics import finite_width
from statphys_gen import linear_dynamics as linear
from statphys_gen.errors import InvalidArgument
from statphys_gen.linear_dynamics.theory import best
from statphys_gen.linear_dynamics.theory.weak_signal import mode_edges
from statphys_gen.numerics.flow import checked_times


def test_times_are_a_number_or_a_list() -> None:
    np.testing.assert_array_equal(checked_times("training_time", 1.3), [1.3])
    np.testing.assert_array_equal(checked_times("training_time", [0.0, 2.0]), [0.0, 2.0])
    with pytest.raises(InvalidArgument, match=r"^training_time"):
        checked_times("training_time", [[0.0, 2.0]])


def test_a_large_batch_is_evaluated_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rows at once as the bound allows, and the same values."""
    kappa, whole = np.geomspace(0.05, 2.0, 12), []
    at_once = linear.best_error([0.9, 0.6], kappa, 0.1)
    dips = best._dips

    def counted(*args: object) -> object:
        whole.append(len(args[-1]))  # type: ignore[arg-type]
        return dips(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(best, "_dips", counted)
    steps, counted_steps = best._steps, []

    def kept(*args: object) -> object:
        counted_steps.append(steps(*args))  # type: ignore[arg-type]
        return counted_steps[-1]

    monkeypatch.setattr(best, "_steps", kept)
    linear.best_error([0.9, 0.6], kappa, 0.1)
    whole.clear()
    monkeypatch.setattr(best, "_CHUNK", 3 * counted_steps[0].size)
    found = linear.best_error([0.9, 0.6], kappa, 0.1)
    assert whole == [3, 3, 3, 3]
    # The last bits of vectorised functions depend on the length of what they are given.
    np.testing.assert_allclose(found.test_error, at_once.test_error, rtol=1e-15)


def test_finite_width_has_the_derived_bulk() -> None:
    assert finite_width.package_has_the_bulk()


def test_integrals_are_cut_at_the_scales_of_the_amplitude() -> None:
    """The threshold, and 1/t of the first and the last time above 0, each with its neighbours."""
    found = mode_edges(0.7, np.array([0.0, 4.0, 0.5]))
    expected = {scale * grade for scale in (0.7, 0.25, 2.0) for grade in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)}
    np.testing.assert_allclose(np.sort(found), sorted(expected), rtol=1e-14)
    np.testing.assert_allclose(mode_edges(0.7, np.zeros(2)), 0.7 * np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0]))
