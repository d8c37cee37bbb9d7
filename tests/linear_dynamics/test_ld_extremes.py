"""Linear networks where digits are lost or numbers leave their range: right, or refused in one line."""

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.linear_dynamics.analysis.weights import flow_of_weights, threshold_of_weights
from statphys_gen.linear_dynamics.model import LinearNetwork, Task
from statphys_gen.linear_dynamics.simulation.descent import simulate_descent
from statphys_gen.linear_dynamics.simulation.gram_flow import flow_of_factor, simulate_training
from statphys_gen.linear_dynamics.theory.best import best_error, lazy_ratio_for
from statphys_gen.linear_dynamics.theory.crossover import error_curves, small_lazy_ratio
from statphys_gen.linear_dynamics.theory.finite_dimension import finite_dimension_errors
from statphys_gen.linear_dynamics.theory.finite_width import finite_width_errors, width_correction
from statphys_gen.linear_dynamics.theory.lazy_width import lazy_noise_error, lazy_relative_loss
from statphys_gen.linear_dynamics.theory.modes import active, amplitude, mode, relaxation_rate
from statphys_gen.linear_dynamics.theory.phase_diagram import phase_diagram, regime
from statphys_gen.linear_dynamics.theory.units import exponents, scaled_variables
from statphys_gen.linear_dynamics.theory.weak_signal import bulk_second_moment, overlap
from statphys_gen.linear_dynamics.theory.wide_limit import generic_wide_flow, wide_flow

# ------------------------------------------------------------------------------------------------------------ one mode


def exact_amplitude(s: float, c: float, t: float, start: float) -> mp.mpf:
    """y' = s - 2 c y - s y^2 from y(0), in as many digits as it takes; a = 2 c y/(1 - y^2)."""
    mp.mp.dps = 700
    s, c, t, start = map(mp.mpf, (s, c, t, start))
    rate = mp.sqrt(s * s + c * c)
    y = start / (c + mp.sqrt(c * c + start * start))
    tangent = mp.tanh(rate * t)
    y = ((rate - c * tangent) * y + s * tangent) / (rate + c * tangent + s * tangent * y)
    return 2 * c * y / (1 - y * y)


@pytest.mark.parametrize(
    ("s", "c", "t", "start"),
    [
        (1.0, 1e-14, 100.0, -1.0),
        (1.0, 1e-16, 1000.0, -1.0),
        (-438916.897, 1.14176e-06, 1.0, 927187.3149),
        (1.0, 1e-14, 33.0, -0.7),
        (2.0, 1e-140, 330.0, -3.0),
        (1.3, 0.4, 0.35, -0.5),
        (1.3, 0.4, 0.05, -0.5),
        (1.3, 0.4, 2.0, -5.0),
        (1e200, 1e190, 1e-200, -1e200),
        (1e-200, 1e-210, 1e200, 1e-200),
        (1e-200, 1.0, 3.0, -0.3),
        (1.5e308, 1.5e308, 1e-308, -1e307),
    ],
)
def test_a_mode_whose_start_opposes_the_target(s: float, c: float, t: float, start: float) -> None:
    exact = exact_amplitude(s, c, t, start)
    # Where a passes through 0 the rounding of t alone moves it by t da/dt.
    moved = abs(2 * mp.sqrt(exact**2 + mp.mpf(c) ** 2) * (exact - mp.mpf(s)) * mp.mpf(t))
    assert abs(mp.mpf(float(amplitude(s, c, t, start))) - exact) < 8 * mp.mpf(2) ** -53 * (abs(exact) + moved)


def test_a_mode_has_no_unit() -> None:
    for unit in (1e-200, 1e-80, 1e120, 1e200):
        learned, left = mode(0.7 * unit, 0.2 * unit, 1.1 / unit)
        wanted = mode(0.7, 0.2, 1.1)
        assert float(learned) == pytest.approx(float(wanted[0]) * unit, rel=1e-14)
        assert float(left) == pytest.approx(float(wanted[1]) * unit, rel=1e-14)
    assert amplitude(1e200, 1e60, 3.0) == pytest.approx(1e200, rel=1e-15)
    assert amplitude(1.0, 0.3, 1e300) == pytest.approx(1.0, rel=1e-15)
    with pytest.raises(InvalidArgument, match="threshold = 1e-300: must be at least"):
        amplitude(1.0, 1e-300, 3.0)
    with pytest.raises(InvalidArgument, match="finite"):
        relaxation_rate(1.7e308, 1.7e308)


# ---------------------------------------------------------------------------------------------------------- wide limit


def exact_wide_flow(start: np.ndarray, target: np.ndarray, c: float, t: float) -> np.ndarray:
    """K = Y X^-1 of the linear equations of the matrix Riccati equation, in 150 digits."""
    mp.mp.dps = 150
    a, goal, c, t = mp.matrix(start.tolist()), mp.matrix(target.tolist()), mp.mpf(c), mp.mpf(t)
    p, n = goal.rows, goal.cols

    def root(square: mp.matrix) -> mp.matrix:
        values, vectors = mp.eigsy(square)
        return vectors * mp.diag([mp.sqrt(max(v, 0) + c**2) for v in values]) * vectors.T

    def block(one: mp.matrix, off: mp.matrix, two: mp.matrix) -> mp.matrix:
        whole = mp.zeros(n + p)
        whole[:n, :n], whole[n:, n:], whole[n:, :n], whole[:n, n:] = one, two, off, off.T
        return whole

    m = block(mp.zeros(n), goal, mp.zeros(p))
    k = block(root(a.T * a), a, root(a * a.T))
    values, vectors = mp.eigsy(m * m + c**2 * mp.eye(n + p))
    rates = [mp.sqrt(v) for v in values]
    even = vectors * mp.diag([mp.cosh(v * t) for v in rates]) * vectors.T
    odd = vectors * mp.diag([mp.sinh(v * t) / v for v in rates]) * vectors.T
    x = even + odd * (k - m)
    y = even * k + odd * (c**2 * mp.eye(n + p) + m * k)
    return np.array((y * mp.inverse(x))[n:, :n].tolist(), dtype=float)


def test_wide_flow_of_a_start_against_the_target() -> None:
    found = wide_flow(-np.diag([1.0, 0.5]), np.diag([1.0, 0.5]), 1e-9, [20.0])[0]
    assert found[0, 0] == pytest.approx(0.10529964, abs=1e-8)
    assert found == pytest.approx(
        exact_wide_flow(-np.diag([1.0, 0.5]), np.diag([1.0, 0.5]), 1e-9, 20.0), abs=1e-15
    )


@pytest.mark.parametrize("unit", [1.0, 1e-60, 1e60])
@pytest.mark.parametrize(("shape", "c", "t"), [((2, 3), 0.4, 0.6), ((3, 2), 1e-6, 9.0), ((1, 3), 1e-3, 2.0)])
def test_wide_flow_of_any_start(shape: tuple[int, int], c: float, t: float, unit: float) -> None:
    rng = np.random.default_rng(3)
    target = rng.standard_normal(shape)
    for start in (
        rng.standard_normal(shape),
        -target,
        0.0 * target,
        -np.outer(target[:, 0], np.ones(shape[1])),
    ):
        found = wide_flow(unit * start, unit * target, unit * c, [t / unit, 0.0, 1e300])
        # A start that opposes the target to within rounding leaves it by rounding over c.
        assert found[0] / unit == pytest.approx(
            exact_wide_flow(start, target, c, t), abs=1e-13 * max(1.0, 1e-3 / c)
        )
        assert found[1] / unit == pytest.approx(start, abs=1e-14)
        assert found[2] / unit == pytest.approx(target, abs=1e-13)


def test_a_threshold_below_the_rounding_is_refused_or_right() -> None:
    with pytest.raises(InvalidArgument, match="threshold = 1e-120"):
        wide_flow([[1.0]], [[1.0]], 1e-120, [1.0])
    with pytest.raises(InvalidArgument, match="choose other units"):
        wide_flow([[1e100]], [[1.0]], 1.0, [1.0])
    with pytest.raises(AccuracyNotReached):
        generic_wide_flow(lambda a: a - 1.0, [[-1.0]], 1e-12, [20.0])


# ---------------------------------------------------------------------------------------------------- a user's weights


def weights(diagonal: list[float], width: int) -> tuple[np.ndarray, np.ndarray]:
    """W1 and W2 of this width, both diagonal."""
    first = np.zeros((width, len(diagonal)))
    first[: len(diagonal)] = np.diag(diagonal)
    return first, first.T.copy()


@pytest.mark.parametrize("small", [1e-4, 1e-8, 1e-9, 1e-30, 1e-140])
@pytest.mark.parametrize("width", [2, 4, 7])
def test_directions_of_very_small_weights_are_learned(small: float, width: int) -> None:
    half = -np.log(small)  # A22 = 1/2 at about this time
    times = np.array([half, 2.0 * half])
    found = flow_of_weights(*weights([1.0, small], width), np.eye(2), times)
    # Both layers alike: da/dt = 2 a (1 - a) from e^2, that is 1/a = 1 + (1/e^2 - 1) exp(-2 t).
    exact = 1.0 / (1.0 + np.exp(2.0 * (half - times)) * (1.0 - small**2))
    assert found.product[:, 1, 1] == pytest.approx(exact, rel=1e-7)
    assert np.abs(found.product[:, 1, 1] - exact).max() < 10.0 * found.error
    assert found.product[:, 0, 0] == pytest.approx(1.0, rel=1e-9)


def test_rotated_small_directions_and_unequal_layers() -> None:
    """Hidden units of very different sizes, mixed by a rotation of the hidden layer that A does not know of."""
    rng = np.random.default_rng(7)
    rotation = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    first, second = weights([1e-3, 0.6], 5)
    plain = flow_of_weights(first, second, np.diag([1.0, 2.0]), [5.0, 8.0], rates=(0.5, 1.5))
    turned = flow_of_weights(
        rotation @ first, second @ rotation.T, np.diag([1.0, 2.0]), [5.0, 8.0], rates=(0.5, 1.5)
    )
    assert turned.product == pytest.approx(plain.product, abs=1e-8)
    # One direction, layers e and 1: u' = v (1 - u v), v' = u (1 - u v), v^2 - u^2 = 1 - e^2 conserved.
    found = flow_of_weights([[1e-12]], [[1.0]], [[1.0]], [0.3, 40.0])
    assert found.threshold == pytest.approx(0.5, rel=1e-12)
    exact = amplitude(1.0, 0.5, 0.3, 1e-12)
    assert found.product[:, 0, 0] == pytest.approx([float(exact), 1.0], rel=1e-8)


def test_the_threshold_of_balanced_weights_is_zero_and_says_so() -> None:
    rng = np.random.default_rng(2)
    first = rng.standard_normal((6, 3))
    assert threshold_of_weights(first, first.T) == 0.0
    found = flow_of_weights(first, first.T, np.eye(3), [0.5])
    assert np.isnan(found.wide_distance).all()
    assert "no threshold" in found.reason
    assert "no threshold" in found.records()[0]["reason"]
    # c1 = 3 and c2 = 3 (1 + 1e-9) differ by delta only; c itself is their mean.
    first, second = np.sqrt(3.0) * np.eye(6)[:, :3], np.sqrt(3.0 * (1.0 + 1e-9)) * np.eye(6)[3:]
    assert threshold_of_weights(first, second) == pytest.approx(3.0 * (1.0 + 5e-10), rel=1e-14)
    # Layers of variance 1 and 1e-16.
    assert threshold_of_weights(first, 1e-8 * second) == pytest.approx(1.5 * (1.0 + 1e-16), rel=1e-14)


def test_weights_out_of_range_are_refused() -> None:
    for size in (1e200, 1e40):
        with pytest.raises(InvalidArgument, match="first_layer"):
            flow_of_weights(*weights([size, size], 4), np.eye(2), [1.0])
    with pytest.raises(InvalidArgument, match="target"):
        flow_of_weights(*weights([1.0, 1.0], 4), 1e200 * np.eye(2), [1.0])
    with pytest.raises(InvalidArgument, match="training_time"):
        flow_of_weights(*weights([1.0, 1.0], 4), np.eye(2), [1e200], rates=(1e200, 1e200))


def test_a_failing_comparison_does_not_lose_the_flow() -> None:
    """One direction of log cosh from the other side, at a threshold below what the wide flow can follow."""
    first, second = np.array([[1.0], [1e-12], [0.0]]), np.array([[-1.0, 1e-12, 0.0]])
    found = flow_of_weights(first, second, [[1.0]], [5.0], gradient=lambda a: np.tanh(a - 1.0))
    assert np.isfinite(found.product).all()
    assert np.isnan(found.wide_distance).all()
    assert found.reason


def test_a_drawn_network_of_very_unequal_layers_keeps_its_small_one() -> None:
    """Second layer 1e-12 of the first: A grows from nothing, as dW2/dt = -G W1^T has it."""
    network = LinearNetwork(3, 3, 60, 0.02, 0.02e-24)
    found = simulate_training(network, [0.7], Task((1.0,), 0.0), instances=2, tolerance=1e-10)
    assert (found.train_error < 0.9 * 1.0).all()
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((8, 6)) * np.array([1.0] * 3 + [1e-12] * 3)
    gram = flow_of_factor(factor, 3, lambda a: a - np.eye(3), [0.4], tolerance=1e-11)[0]
    first, second = factor[:, :3].copy(), factor[:, 3:].T.copy()
    steps = 4000
    for _ in range(steps):  # the midpoint rule on the weights themselves
        h = 0.4 / steps
        force = second @ first - np.eye(3)
        one, two = first - h / 2 * second.T @ force, second - h / 2 * force @ first.T
        force = two @ one - np.eye(3)
        first, second = first - h * two.T @ force, second - h * force @ one.T
    assert gram.product == pytest.approx(second @ first, abs=1e-6)


# -------------------------------------------------------------------------------------------------------- lazy widths


def exact_decay(ratio: float, z: float) -> mp.mpf:
    """E exp(-z mu) over the law of Marchenko and Pastur of g = 1/ratio, with its atom."""
    mp.mp.dps = 40
    g, z = 1 / mp.mpf(ratio), mp.mpf(z)
    low, root = (1 - mp.sqrt(g)) ** 2, mp.sqrt(g)

    def density(theta: mp.mpf) -> mp.mpf:
        mu = low + 4 * root * mp.cos(theta) ** 2
        return mp.sin(2 * theta) ** 2 / mu * mp.exp(-z * mu)

    near = [abs(1 - root) / mp.sqrt(4 * root), 1 / mp.sqrt(4 * root * max(z, 1))]
    places = {mp.pi / 2 - x * k for x in near for k in (mp.mpf("0.1"), 1, 5)}
    points = sorted({mp.mpf(0), mp.pi / 4, mp.pi / 2} | {x for x in places if x > 0})
    return max(mp.mpf(0), 1 - 1 / g) + 4 / mp.pi * mp.quad(density, points)


@pytest.mark.parametrize(
    ("ratio", "time"),
    [
        (1.0, 1e-9),
        (1.0, 1e-12),
        (0.5, 1e-9),
        (4.0, 1e-7),
        (0.5, 3.0),
        (4.0, 100.0),
        (1.0, 1e3),
        (1.001, 50.0),
    ],
)
def test_lazy_widths_early_and_late(ratio: float, time: float) -> None:
    once, twice = exact_decay(ratio, time), exact_decay(ratio, 2 * mp.mpf(time))
    assert float(lazy_noise_error(ratio, time)) == pytest.approx(float(1 - 2 * once**2 + twice**2), rel=1e-11)
    assert float(lazy_relative_loss(ratio, time)) == pytest.approx(float(twice**2), rel=1e-11)


@pytest.mark.parametrize(
    ("ratio", "z"), [(1.0 + 2e-12, 1e24), (1.0 - 2e-11, 3e22), (1.0 + 1e-10, 2e22), (0.5, 1e22), (1e-9, 1e26)]
)
def test_the_lowest_edge_at_late_times(ratio: float, z: float) -> None:
    once, twice = exact_decay(ratio, z / 2), exact_decay(ratio, z)
    # Of the distance of the ratio from 1 a few digits are all that it has.
    assert float(lazy_relative_loss(ratio, z / 2)) == pytest.approx(float(twice**2), rel=1e-9)
    wanted = float(1 - 2 * once**2 + twice**2)
    assert float(lazy_noise_error(ratio, z / 2)) == pytest.approx(wanted, rel=1e-10)


def test_lazy_widths_of_any_size_are_shares() -> None:
    for ratio in (1e-300, 1e-14, 1e-3, 0.9, 300.0, 1e14, 1e300):
        for time in (0.0, 1e-300, 1e-9, 0.7, 1e12, 1.7e308):
            noise, loss = lazy_noise_error(ratio, time), lazy_relative_loss(ratio, time)
            assert 0.0 <= noise <= 1.0 + 1e-12
            assert 0.0 <= loss <= 1.0 + 1e-12
    # All directions that the network has are learned: of noise alone 1 - (1 - w/d)^2.
    assert lazy_noise_error(1e-14, 1e20) == pytest.approx(2e-14, rel=1e-12)


# ------------------------------------------------------------------------------------------------ errors, best stopping


def test_the_lowest_error_can_be_at_the_end() -> None:
    """A slow start outlasts the noise: |T - A*|^2/d^2 with d - 2 modes of noise and outliers d x + 1/x is left."""
    found = best_error([1.0, 0.4], 1e-6, 100.0, dimension=1000)
    wanted = (1 - 2 / 1000) ** 2 + sum(2 / 1000 + (1 / (1000 * x)) ** 2 for x in (1.0, 0.4))
    assert float(found.test_error) == pytest.approx(wanted, rel=1e-10)
    assert found.solution.status == 1
    assert found.dips[0][0][1] == pytest.approx(99.57, abs=0.01)
    later = finite_dimension_errors(
        [1.0, 0.4], 1000, 1e-6, 100.0, float(found.training_time) * np.array([1, 3])
    ).test_error
    assert later == pytest.approx(wanted, rel=1e-12)
    batch = best_error([1.0], [0.01, 0.3], [3.0, 0.2], dimension=100)
    assert batch.solution.status.tolist() == [1, 0]
    assert float(batch.test_error[0]) == pytest.approx(0.99**2 + 0.02 + 1e-4, rel=1e-10)
    assert np.all(batch.test_error <= [min(v for _, v in dips) for dips in batch.dips])


def test_strong_signals_keep_their_small_error() -> None:
    """x = 1e9, late: |T - A*|^2/d^2 as above, of which x^2 is 1e18 times more."""
    late = finite_dimension_errors([1e9], 50, 0.3, 0.0, [1e3])
    assert late.test_error[0] == pytest.approx(0.98**2 + 0.04, rel=1e-12)
    limit = error_curves([1e9], 0.3, 0.0, [1e3])
    assert limit.test_error[0] == pytest.approx(1.0, rel=1e-12)


def test_small_modes_keep_their_digits_in_integrals() -> None:
    # Early, a(s) = 2 c s t: second moment 4 c^2 t^2 of the quarter circle, overlap 2 c t tau.
    assert bulk_second_moment(1e-9, 0.01) == pytest.approx(4e-22, rel=1e-3)
    assert bulk_second_moment(1e-9, 1e-6) == pytest.approx(4e-30, rel=1e-8)
    for tau in (1e-70, 1e-6, 0.3, 1.0, 2.0, 1e6, 1e70):
        assert overlap(tau, 1e-9, 1e-8 / max(1.0, tau)) == pytest.approx(2e-17 * min(1.0, tau), rel=1e-7)
        # Late, T itself: u^T T v = tau.
        assert overlap(tau, 0.7, 300.0) == pytest.approx(tau, rel=1e-10)


def test_the_range_of_lengths() -> None:
    for refused in (
        lambda: error_curves([1e200], 0.3, 0.1, [1.0]),
        lambda: error_curves([1e-200], 0.3, 0.1, [1.0]),
        lambda: error_curves([1.0], 1e200, 0.1, [1.0]),
        lambda: error_curves([1.0], 0.3, 1e200, [1.0]),
        lambda: error_curves([1.0], 0.3, 0.1, [1.0], noise=1e-200),
        lambda: finite_dimension_errors([1.0], 40, 1e-200, 0.1, [1.0]),
        lambda: width_correction([1.0], 1e-200, 0.1, [1.0]),
        lambda: best_error([1e-160], 1.0),
        lambda: best_error([1.0], 1e-20, dimension=50),
        lambda: lazy_ratio_for(0.6, [1e-200]),
        lambda: small_lazy_ratio(1.0, 1e-200),
        lambda: overlap(1e200, 0.3, 1.0),
        lambda: Task((1e200,)),
        lambda: LinearNetwork(3, 3, 10, 1e200, 1.0),
        lambda: scaled_variables(10, 400.0, 0.0),
    ):
        with pytest.raises(InvalidArgument, match="must be"):
            refused()
    # Inside, the scale does not matter: lengths over the noise, times multiplied by it.
    plain = best_error([0.7], 0.2, 0.3)
    for unit in (1e-30, 1e30):
        scaled = best_error([0.7 * unit], 0.2 * unit, 0.3 * unit**2, noise=unit)
        assert float(scaled.test_error) == pytest.approx(float(plain.test_error) * unit**2, rel=1e-12)
        assert float(scaled.training_time) == pytest.approx(float(plain.training_time) / unit, rel=1e-7)
    late = error_curves([1.0], 0.3, 0.1, [1e300])
    assert (late.train_error[0], late.test_error[0]) == (0.0, 1.0)
    assert np.isfinite(width_correction([1.0], 0.3, 0.1, [0.0, 1e8, 1e300])).all()
    # 4 x^2 T exp(4 x T) = 2 x^4 (x/kappa)^4 ... solved for T: exp(-4 x T) = kappa^4 T/(2 x^5).
    _, time = small_lazy_ratio(2.0, 1e-70)
    assert -8.0 * time == pytest.approx(4 * np.log(1e-70) + np.log(time) - np.log(2.0 * 2.0**5), rel=1e-12)


def test_widths_below_the_dimension_are_refused() -> None:
    found = finite_width_errors([1.0], 40, 720.0, 0.3, [1.27])
    extra = width_correction([1.0], 0.3, 0.2, [1.27])
    finite = finite_dimension_errors([1.0], 40, 0.3, 0.2, [1.27])
    assert found.train_error == pytest.approx(finite.train_error + extra[0] * 40 / 720, rel=1e-14)
    assert found.test_error == pytest.approx(finite.test_error + extra[1] * 40 / 720, rel=1e-14)
    with pytest.raises(InvalidArgument, match="width = 2e-08"):
        finite_width_errors([1.0], 100, 2e-8, 1e-6, [1.0])
    with pytest.raises(InvalidArgument, match="width = 39"):
        finite_width_errors([1.0], 40, 39.0, 0.3, [1.27])


def test_the_plane_tells_where_the_bulk_is_active() -> None:
    plane = phase_diagram([5**-0.5] * 5, 200, [-1.85, -1.2], [2.25])
    # c over 2 sqrt(d) = d^(gs + gw)/(2 sqrt(d)).
    assert plane["threshold_over_bulk_edge"].to_numpy()[:, 0] == pytest.approx(
        [200.0 ** (0.4 - 0.5) / 2.0, 200.0 ** (1.05 - 0.5) / 2.0], rel=1e-12
    )


def test_descents_that_never_end_or_never_begin_are_refused() -> None:
    network, task = LinearNetwork(4, 4, 12, 0.2, 0.1), Task((0.8,))
    for rate, time in ((1e-300, 1.0), (1e-9, 170.0)):
        with pytest.raises(InvalidArgument, match=r"learning_rate = .* steps"):
            simulate_descent(network, [time], task, learning_rate=rate, instances=1)
    with pytest.raises(InvalidArgument, match=r"learning_rate = 10.* twice the shortest time"):
        simulate_descent(network, [1.0, 40.0], task, learning_rate=10.0, instances=1)
    with pytest.raises(InvalidArgument, match="learning_rate"):
        simulate_descent(
            LinearNetwork(2000, 2000, 9000, 1e-4, 1e-4), [1.0], task, learning_rate=1e-6, instances=1
        )


def test_shapes_that_do_not_broadcast_are_named() -> None:
    two, three = [0.5, 0.6], [0.5, 0.6, 0.7]
    for call in (
        lambda: amplitude(two, three, 1.0),
        lambda: amplitude(two, 0.3, 1.0, three),
        lambda: relaxation_rate(two, three),
        lambda: active(two, three),
        lambda: best_error([1.0], two, three),
        lambda: small_lazy_ratio(two, three),
        lambda: regime(two, three),
        lambda: scaled_variables(10, two, three),
        lambda: exponents(10, two, three),
    ):
        with pytest.raises(InvalidArgument, match="broadcasts with"):
            call()


def test_a_ratio_that_the_error_hardly_depends_on_is_flagged() -> None:
    """A signal far below the noise: best errors from 0 to 1 - 1e-9 of the lazy limit, flat in the ratio."""
    strengths, noise = [0.06425339], 2.7256086608419325
    wanted = float(best_error(strengths, 1.6812046797694853, noise=noise).test_error)
    found = lazy_ratio_for(wanted, strengths, noise=noise)
    assert found.status in (1, 2)
    assert np.isnan(found["lazy_ratio"]) == np.isnan(found["training_time"])
