"""Late times, long plateaus and large batches: nothing is refused that is known, and one entry spoils no other."""

import math
from functools import partial

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.special import ive

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.linear_dynamics import (
    LinearNetwork,
    Task,
    amplitude,
    best_error,
    compare,
    error_curves,
    finite_dimension_errors,
    flow_of_weights,
    lazy_noise_error,
    lazy_relative_loss,
    phase_diagram,
)
from statphys_gen.linear_dynamics.analysis.weights import _as_far_as_possible
from statphys_gen.linear_dynamics.simulation.gram_flow import flow_of_factor
from statphys_gen.linear_dynamics.theory import finite_dimension
from statphys_gen.numerics.flow import integrate_flow


def test_a_lazy_network_of_width_d_at_any_time() -> None:
    """At g = 1, E exp(-z mu) = exp(-2 z)(I0(2 z) + I1(2 z)), (2 - 1/(8 z) - ...)/sqrt(4 pi z) for large z."""
    times = np.array([1e300, 0.0, 1e-300, 0.7, 1e9, 1e19, 3e20, 1e40, 1.7e308, 1e150])
    z = 2.0 * np.minimum(times, 5e299)
    early = np.minimum(z, 10.0)
    wanted = np.where(
        z < 10.0,
        ive(0, 2.0 * early) + ive(1, 2.0 * early),
        (2.0 - 1.0 / (8.0 * np.maximum(z, 10.0))) / np.sqrt(4.0 * math.pi * np.maximum(z, 10.0)),
    )
    loss, noise = lazy_relative_loss(1.0, times), lazy_noise_error(1.0, times)
    large = times > 1e299  # beyond the range of the product: only its size is known
    assert loss[~large] == pytest.approx(wanted[~large] ** 2, rel=1e-11, abs=1e-323)
    assert loss[large] == pytest.approx(0.5 / math.pi / times[large], rel=1e-9)
    assert noise[times > 1e18] == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("late", [20.0, 1e5, 1e300])
def test_a_settled_flow_is_followed_to_any_time(late: float) -> None:
    """One direction: (w1^2 - w2^2)/2 is its threshold, and its amplitude known in closed form."""
    first, second, goal = 1.3, 0.4, 0.9
    found = flow_of_weights([[first]], [[second]], [[goal]], [0.3, 4.0, late])
    threshold = (first**2 - second**2) / 2.0
    wanted = amplitude(goal, threshold, [0.3, 4.0, late], first * second)
    assert found.product[:, 0, 0] == pytest.approx(wanted, rel=1e-9)
    assert found.error < 1e-8


def test_the_end_of_a_flow_is_that_of_the_flow_without_it() -> None:
    rng = np.random.default_rng(3)
    for rows, speed in ((5, (1.0, 1.0)), (12, (2.0, 0.3))):
        factor, goal = 0.4 * rng.standard_normal((rows, 7)), rng.standard_normal((3, 4))
        times = [0.5, 8.0, 12.0, 40.0]
        plain, ended = (
            flow_of_factor(
                factor, 4, lambda a, t=goal: a - t, times, rates=speed, tolerance=1e-11, quadratic=q
            )
            for q in (False, True)
        )
        for one, two in zip(plain, ended, strict=True):
            for name in ("first", "product", "second"):
                assert getattr(two, name) == pytest.approx(getattr(one, name), abs=2e-9)


def test_a_plateau_is_no_end() -> None:
    """Weights of 1e-9 stand still for a time of 20 before they learn."""
    found = flow_of_weights([[1e-9]], [[0.7e-9]], [[1.0]], [5.0, 60.0])
    assert found.loss == pytest.approx([0.5, 0.0], abs=1e-9)


def test_a_known_end_is_taken_when_it_is_accurate() -> None:
    """x' = -x - x^2: beyond the quadratic term exp(-t) is all that is left."""
    settling = (lambda x: float(abs(x[0])), lambda x, t: np.exp(-t)[:, None] * x)
    found = integrate_flow(
        lambda x: -x - x**2, np.array([1.0]), np.array([0.0, 1.0, 40.0, 700.0]), settling=settling
    )
    t = np.array([0.0, 1.0, 40.0, 700.0])
    assert found[:, 0] == pytest.approx(1.0 / (2.0 * np.exp(t) - 1.0), rel=1e-9)


def _lowest(times: np.ndarray, test: np.ndarray) -> list[float]:
    """Minima that the curve falls to and leaves again by more than rounding."""
    found, low, high, falling = [], 0, 0, False
    for k in range(len(test)):
        low, high = (k if test[k] < test[low] else low), (k if test[k] > test[high] else high)
        if falling and test[k] > test[low] * (1.0 + 1e-8):
            found.append(float(times[low]))
            falling, high = False, k
        elif not falling and test[k] < test[high] * (1.0 - 1e-8):
            falling, low = True, k
    return found


@pytest.mark.parametrize(
    ("strengths", "kappa", "omega", "noise"),
    [((2.0, 0.02), 1e-9, 0.0, 0.3), ((5.0, 0.7, 0.004), 1e-12, 1e-7, 0.05), ((1.0, 0.3), 1e-3, 0.2, 1.4)],
)
def test_dips_are_those_of_the_curve(
    strengths: tuple[float, ...], kappa: float, omega: float, noise: float
) -> None:
    found = best_error(strengths, kappa, omega, noise=noise)
    times = np.geomspace(1e-3, 1e3 / kappa, 60_000)
    test = error_curves(strengths, kappa, omega, times, noise=noise).test_error
    seen = _lowest(times, test)
    assert [at for at, _ in found.dips[0]] == pytest.approx(seen, rel=2e-3)
    assert float(found.test_error) == pytest.approx(test.min(), rel=1e-4)


def test_best_stopping_of_many_signals_after_a_long_plateau_is_found_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strengths = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    evaluated = []
    once = finite_dimension.mode

    def counted(s: object, c: object, t: object) -> object:
        found = once(s, c, t)
        evaluated.append(found[0].size)
        return found

    monkeypatch.setattr(finite_dimension, "mode", counted)
    found = best_error(strengths, 1e-14, dimension=1000)
    assert sum(evaluated) < 3e7  # two hundred million with even steps, and all times on the same panels
    dips = found.dips[0]
    for at, value in dips:
        near = at * np.array([0.9, 0.99, 1.0, 1.01, 1.1])
        curve = finite_dimension_errors(strengths, 1000, 1e-14, 0.0, near).test_error
        assert curve[2] == pytest.approx(value, rel=1e-9)
        assert curve[2] == curve.min()
    assert len(dips) == 2


def test_refusals_of_the_plane_name_the_value_that_was_given() -> None:
    for exponent in (-80.0, -400.0, 90.0):
        with pytest.raises(InvalidArgument, match=rf"^variance_exponent = {exponent}: .*width exponent 1.5"):
            phase_diagram([1.0], 100, [-1.0, exponent], [1.5, 2.0])


def test_rows_without_the_term_of_the_width_say_so() -> None:
    network = LinearNetwork(10, 10, 60, 0.1, 0.2)
    rows = compare(network, Task((1.0,), 0.8), [0.7], instances=2).records()
    assert "without the term of order d/w (0.17)" in rows[0]["approximation"]
    equal = compare(network.replace(second_variance=0.1), Task((1.0,), 0.8), [0.7], instances=2).records()
    assert "without" not in equal[0]["approximation"]


def test_a_time_that_is_not_reached_leaves_the_others_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network narrower than its layers stays stiff, as its target is not reached: few evaluations end early."""
    from statphys_gen.linear_dynamics.simulation import gram_flow

    monkeypatch.setattr(gram_flow, "integrate_flow", partial(gram_flow.integrate_flow, max_evaluations=6000))
    first, second = np.array([[0.3, -0.2, 0.1]]), np.array([[0.4], [-0.1]])
    target = np.array([[1.0, 0.5, 0.0], [0.0, 0.8, -0.4]])
    found = flow_of_weights(first, second, target, [1e5, 0.7, 3e4, 2.0])
    assert found.status.tolist() == [2, 0, 2, 0]
    alone = flow_of_weights(first, second, target, [0.7, 2.0])
    np.testing.assert_allclose(found.product[[1, 3]], alone.product, atol=10.0 * (found.error + alone.error))
    for name in ("product", "loss", "product_norm", "largest_singular_value", "stable_rank"):
        assert np.isfinite(getattr(found, name)[[1, 3]]).all()
        assert np.isnan(getattr(found, name)[[0, 2]]).all()
    assert [record["status"] for record in found.records()] == ["not converged", "converged"] * 2
    assert "could not be followed" in found.records()[0]["reason"]
    assert "w < n + p" in found.records()[1]["reason"]
    nothing = flow_of_weights(first, second, target, [1e5])
    assert nothing.status.tolist() == [2]
    assert np.isnan(nothing.error)


@pytest.mark.parametrize(("first", "second"), [(1e5, 1.0), (1e6, 1.0), (1e10, 1.0)])
def test_weights_that_are_late_from_the_start_have_an_error(first: float, second: float) -> None:
    # w1^2 - w2^2 is kept and A relaxes to 1 at the rate w1^2 + w2^2: A(1) = 1 to all digits.
    found = flow_of_weights([[first]], [[second]], [[1.0]], [1.0])
    assert abs(found.product[0, 0, 0] - 1.0) <= found.error


@pytest.mark.parametrize(("first", "second", "time"), [(1e20, 1.0, 1.0), (1e20, 1e10, 1e-3)])
def test_products_without_digits_are_not_reached(first: float, second: float, time: float) -> None:
    found = flow_of_weights([[first]], [[second]], [[1.0]], [0.0, time])
    assert found.status.tolist() == [0, 2]
    assert found.product[0, 0, 0] == first * second
    assert np.isnan(found.product[1]).all()


@pytest.mark.parametrize("second", [0.0, 0.7])
def test_products_that_vanish_are_reached(second: float) -> None:
    # With a = w1^2 - w2^2 kept and no target, A falls as exp(-a t) and more.
    found = flow_of_weights([[1.0]], [[second]], [[0.0]], [100.0])
    assert found.status.tolist() == [0]
    assert abs(found.product[0, 0, 0]) <= found.error + np.exp(-(1.0 - second**2) * 100.0)


@pytest.mark.parametrize(
    ("times", "most"), [(np.logspace(0.0, 9.0, 200), 5), (np.linspace(1.0, 1e7, 300), 6), ([4e5, 1e9], 3)]
)
def test_times_that_are_lost_cost_few_tries(times: ArrayLike, most: int) -> None:
    """Of a flow that takes two evaluations in a unit of time, and may take 200,000."""
    wanted, tries = np.asarray(times), []

    def follow(part: np.ndarray) -> np.ndarray:
        tries.append(min(2.0 * float(part.max()), 2e5))
        if tries[-1] == 2e5:
            raise NotConverged("too many evaluations")
        return np.ones((len(part), 1, 1))

    found = _as_far_as_possible(follow, wanted, (1, 1), lambda: int(sum(tries)))
    assert (np.isfinite(found[:, 0, 0]) == (wanted < 1e5)).all()
    assert len(tries) <= most
