"""Gradient descent and Langevin dynamics at finite size: the definition, the streams, the limits that are known."""

import math

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.simulation.descent import Descents, descend, simulate_descent
from statphys_gen.phase_retrieval.simulation.gradient import Gradients, kernel_code
from statphys_gen.phase_retrieval.simulation.instances import draw_instances, draw_students

FORMULA = Loss.from_expression("(y**2 - t**2)**2 / (2*(1 + t**2))")
LOSSES = {
    "normalised": Loss.normalised(0.3, 1.7),
    "intensity": Loss.intensity(0.6),
    "amplitude": Loss.amplitude(0.2, 1.3),
    "truncated": Loss.normalised(1.0).truncated(2.0),
    "formula": FORMULA,
}


def model(ratio: float = 3.0, overlap: float = 0.0, loss: Loss | None = None) -> PhaseRetrieval:
    return PhaseRetrieval(loss or Loss.normalised(1.0), ratio, overlap)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("starts", [1, 5])
def test_gradient_is_that_of_the_loss(name: str, starts: int) -> None:
    """Against central differences of sum_i l(x_i.w/sqrt(N), t_i), written out here."""
    loss, rng = LOSSES[name], np.random.default_rng(1)
    sensing, labels = rng.standard_normal((2, 31, 9)), rng.standard_normal((2, 31))
    students = rng.standard_normal((2 * starts, 9))
    instance = np.repeat([0, 1], starts)
    gradients, energies, forces = Gradients(loss, sensing, labels, starts)(students, instance)

    def total(w: np.ndarray, k: int) -> float:
        return float(loss.value(sensing[k] @ w / 3.0, labels[k]).sum())

    step = 1e-5
    for p, k in enumerate(instance):
        numerical = [
            (total(students[p] + step * e, k) - total(students[p] - step * e, k)) / (2 * step)
            for e in np.eye(9)
        ]
        np.testing.assert_allclose(gradients[p], numerical, rtol=1e-7, atol=1e-7 * np.abs(gradients[p]).max())
        assert energies[p] == pytest.approx(total(students[p], k), rel=1e-13)
        # Euler: sum_i F_i y_i = w . grad L.
        assert forces[p] == pytest.approx(float(students[p] @ gradients[p]), rel=1e-12)


@pytest.mark.parametrize(
    ("measurements", "dimension", "starts"),
    [(4, 9, 1), (30, 9, 1), (35, 9, 2), (700, 100, 5), (40, 400, 200)],
)
def test_gradient_in_blocks_of_rows(measurements: int, dimension: int, starts: int) -> None:
    """Fewer rows than the kernel takes at once, no and several rows left over; short and long blocks of products."""
    loss, rng = Loss.normalised(0.5), np.random.default_rng(4)
    sensing, labels = (
        rng.standard_normal((1, measurements, dimension)),
        rng.standard_normal((1, measurements)),
    )
    students = rng.standard_normal((starts, dimension))
    found = Gradients(loss, sensing, labels, starts)(students, np.zeros(starts, dtype=np.int64))
    y = students @ sensing[0].T / math.sqrt(dimension)
    slope = loss.slope(y, np.broadcast_to(labels, y.shape))
    value = loss.value(y, np.broadcast_to(labels, y.shape))
    np.testing.assert_allclose(found[0], slope @ sensing[0] / math.sqrt(dimension), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(found[1], value.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found[2], (slope * y).sum(axis=1), rtol=1e-10)


def test_which_losses_the_kernel_knows() -> None:
    assert kernel_code(Loss.normalised(0.3)) is not None
    assert kernel_code(Loss.normalised(math.inf)) is not None
    assert kernel_code(FORMULA) is None
    assert kernel_code(Loss.normalised(1.0).truncated(1.0)) is None
    impostor = Loss(*(getattr(FORMULA, f) for f in ("value", "slope", "curvature")), "normalised", offset=2.0)
    assert kernel_code(impostor) is None


def test_single_precision_gradient() -> None:
    rng = np.random.default_rng(2)
    sensing, labels = rng.standard_normal((1, 600, 200)), rng.standard_normal((1, 600))
    for starts in (1, 4):
        students = rng.standard_normal((starts, 200))
        instance = np.zeros(starts, dtype=np.int64)
        exact = Gradients(Loss.normalised(1.0), sensing, labels, starts)(students, instance)
        narrow = Gradients(Loss.normalised(1.0), sensing.astype(np.float32), labels, starts)(
            students.astype(np.float32), instance
        )
        assert narrow[0].dtype == np.float32
        np.testing.assert_allclose(narrow[0], exact[0], atol=3e-6 * np.abs(exact[0]).max())
        np.testing.assert_allclose(narrow[1], exact[1], rtol=1e-6)


def test_first_step_by_hand() -> None:
    loss, eta = Loss.normalised(1.0), 0.01
    case = model(loss=loss)
    found = simulate_descent(
        case, 40, step_sizes=[eta], instances=1, seed=3, keep_students=True, keep_pre_activations=True
    )
    drawn = draw_instances(case, 40, instances=1, seed=3)
    w = draw_students(drawn, overlap=0.0, starts=1, seed=3)[0, 0]
    x, t, signal = drawn.sensing[0], drawn.labels[0], drawn.signals[0]  # type: ignore[index]
    np.testing.assert_allclose(t, x @ signal / math.sqrt(40), rtol=1e-12)
    assert w @ w == pytest.approx(40.0)
    assert signal @ signal == pytest.approx(40.0)
    y = x @ w / math.sqrt(40)
    moved = w - eta * x.T @ loss.slope(y, t) / math.sqrt(40)
    moved *= math.sqrt(40) / np.linalg.norm(moved)
    assert found.students is not None
    assert found.overlap is not None
    assert found.pre_activations is not None
    np.testing.assert_allclose(found.students[0, 0], [w, moved], rtol=1e-11)
    np.testing.assert_allclose(found.pre_activations[0, 0, 0], y, rtol=1e-11)
    assert found.energy[0, 0, 0] == pytest.approx(loss.value(y, t).sum() / 40, rel=1e-12)
    assert found.lagrange_multiplier[0, 0, 0] == pytest.approx((loss.slope(y, t) * y).sum() / 40, rel=1e-12)
    assert found.overlap[0, 0, 1] == pytest.approx(moved @ signal / 40, rel=1e-11)
    assert found.correlation[0, 0, 0, 1] == pytest.approx(w @ moved / 40, rel=1e-12)
    np.testing.assert_allclose(found.training_time, [0.0, eta])


def test_kernel_and_matrix_products_descend_alike() -> None:
    steps = geometric_steps(30, 0.01, 1.05, 0.08)
    fused = simulate_descent(model(), 30, step_sizes=steps, instances=2)
    drawn = draw_instances(model(), 30, instances=2)
    general = descend(FORMULA, drawn, draw_students(drawn), steps)
    np.testing.assert_allclose(fused.energy, general.energy, rtol=1e-9)
    many = simulate_descent(model(), 30, step_sizes=steps, instances=2, seed=0, starts=5)
    np.testing.assert_allclose(many.energy[:, :1], fused.energy, rtol=1e-9)


def test_streams_belong_to_instances() -> None:
    """The same bits for any number of threads; an instance does not depend on how many there are."""
    options = {"step_sizes": geometric_steps(5, 0.01), "temperature": 0.2, "record": [0, 5], "starts": 2}
    case = model(2.0)
    one = simulate_descent(case, 300, instances=5, seed=7, **options)  # type: ignore[arg-type]
    two = simulate_descent(case, 300, instances=5, seed=7, threads=2, **options)  # type: ignore[arg-type]
    fewer = simulate_descent(case, 300, instances=3, seed=7, **options)  # type: ignore[arg-type]
    for name in ("energy", "overlap", "correlation"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        np.testing.assert_array_equal(getattr(one, name)[:3], getattr(fewer, name))
    assert len(np.unique(one.energy)) == one.energy.size
    other = simulate_descent(case, 300, instances=5, seed=8, **options)  # type: ignore[arg-type]
    assert not (other.energy == one.energy).any()


def test_energy_of_a_random_start() -> None:
    """E (y^2 - t^2)^2 / 2 = 2 - 2 m^2, by moments."""
    for m, labels in ((0.0, "signal"), (0.0, "null"), (0.6, "signal")):
        case = model(4.0, m, Loss.intensity())
        found = simulate_descent(
            case, 24, step_sizes=[1e-6], instances=400, seed=1, record=[0], label_law=labels
        )  # type: ignore[arg-type]
        # E y^4 = 3, E y^2 t^2 = 1 + 2 m^2; F y = 2 (y^4 - y^2 t^2).
        for quantity, limit in (("energy", 2.0 - 2.0 * m * m), ("lagrange_multiplier", 4.0 - 4.0 * m * m)):
            estimate = found.estimate(quantity)
            assert abs(estimate.mean[0] - 4.0 * limit) < 4.5 * estimate.standard_error[0]
            assert estimate.standard_error[0] < 0.06 * 4.0 * limit


def test_warm_starts_and_held_overlaps() -> None:
    steps = geometric_steps(10, 0.01)
    warm = simulate_descent(model(3.0, -0.4), 50, step_sizes=steps, instances=2, seed=0, starts=2)
    assert warm.overlap is not None
    np.testing.assert_allclose(warm.overlap[:, :, 0], -0.4, rtol=1e-13)
    assert (warm.overlap[:, :, -1] < -0.41).all()
    for m in (0.0, 0.3):
        held = simulate_descent(model(3.0, m), 50, step_sizes=steps, instances=2, seed=0, hold_overlap=True)
        assert held.overlap is not None
        np.testing.assert_allclose(held.overlap, m, atol=1e-13)
        assert (np.diff(held.energy) < 0).all()


def test_descent_lowers_the_energy_and_finds_the_signal() -> None:
    found = simulate_descent(
        model(6.0), 40, step_sizes=geometric_steps(400, 0.01, 1.02, 0.05), instances=3, record=[0, 200, 400]
    )
    assert (np.diff(found.energy) < 0).all()
    assert found.overlap is not None
    assert (np.abs(found.overlap[:, 0, -1]) > 0.999).any()


def test_free_langevin_dynamics_forgets_exponentially() -> None:
    """Without a loss C(t, 0) = (1 + 2 T eta)^(-k/2) as N -> infinity, with corrections of order 1/N."""
    heat, eta, count = 0.5, 0.02, 40
    case = model(0.1, 0.0, Loss.normalised(1.0, 1e-9))
    found = simulate_descent(
        case, 600, step_sizes=np.full(count, eta), instances=24, seed=5, temperature=heat, record=[0, 20, 40]
    )
    estimate = found.estimate("correlation")
    for k, steps in ((1, 20), (2, 40)):
        limit = (1.0 + 2.0 * heat * eta) ** (-steps / 2)
        assert abs(estimate.mean[0, k] - limit) < 4.0 * estimate.standard_error[0, k]
        assert estimate.standard_error[0, k] < 0.02


def test_divergence_is_reported_and_not_returned() -> None:
    found = simulate_descent(model(), 60, step_sizes=np.full(30, 0.5), instances=4, seed=0, label_law="null")
    assert (found.diverged_step >= 1).all()
    first = int(found.diverged_step[0, 0])
    assert np.isfinite(found.energy[0, 0, :first]).all()
    assert np.isnan(found.energy[0, 0, first:]).all()
    with pytest.raises(NotConverged, match=r"descents diverged, the first .* at step 1: take smaller steps"):
        found.estimate("energy")
    hot = simulate_descent(
        model(), 60, step_sizes=np.full(30, 2.0), instances=2, seed=0, label_law="null", temperature=0.1
    )
    with pytest.raises(NotConverged, match="take smaller steps"):
        hot.require()


def test_one_diverged_descent_does_not_touch_the_others() -> None:
    """The first student of each instance starts along a sensing vector, where the step is too large in most of them."""
    case = model(3.0, loss=Loss.intensity())
    drawn = draw_instances(case, 50, instances=8)
    students = draw_students(drawn, starts=2)
    x = drawn.sensing[:, 0]
    students[:, 0] = x * np.sqrt(50 / np.einsum("ij,ij->i", x, x))[:, None]
    steps = np.full(20, 0.02)
    both: Descents = descend(case.loss, drawn, students, steps)
    alone = descend(case.loss, drawn, students[:, 1:], steps)
    # Of 60 instances 47 diverge in the first step, and none of the other students does.
    assert (both.diverged_step[:, 0] == 1).any()
    assert (both.diverged_step[:, 1] == -1).any()
    np.testing.assert_array_equal(both.energy[:, 1], alone.energy[:, 0])


def test_starts_on_one_instance_count_as_one_sample() -> None:
    found = simulate_descent(model(), 30, step_sizes=[0.01], instances=6, seed=0, starts=3)
    estimate = found.estimate("energy")
    assert (estimate.degrees_of_freedom == 5).all()
    np.testing.assert_allclose(
        estimate.standard_error, found.energy.mean(axis=1).std(axis=0, ddof=1) / math.sqrt(6)
    )


BAD = {
    "model": {"model": 3.0},
    "dimension": {"dimension": 1},
    "dimension, not an integer": {"dimension": 10.5},
    "instances": {"instances": 0},
    "starts": {"starts": 0},
    "seed": {"seed": -1},
    "step_sizes": {"step_sizes": []},
    "step_sizes, a scalar": {"step_sizes": 0.1},
    "step_sizes[1]": {"step_sizes": [0.1, 0.0]},
    "step_sizes[0]": {"step_sizes": [math.nan]},
    "temperature": {"temperature": -0.1},
    "temperature, infinite": {"temperature": math.inf},
    "label_law": {"label_law": "none"},
    "label_law, held": {"label_law": "null", "hold_overlap": True},
    "label_law, warm": {"label_law": "null", "model": model(3.0, 0.2)},
    "precision": {"precision": "half"},
    "record": {"record": []},
    "record, beyond": {"record": [0, 3]},
    "record, falling": {"record": [2, 1]},
    "record, negative": {"record": [-1]},
    "threads": {"threads": 0},
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str) -> None:
    good = {"model": model(), "dimension": 10, "instances": 2, "seed": 0, "step_sizes": [0.01, 0.01]}
    with pytest.raises(InvalidArgument) as caught:
        simulate_descent(**(good | BAD[case]))  # type: ignore[arg-type]
    name = case.partition(",")[0]
    assert str(caught.value).startswith(f"{name} = ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [(0, 0.1), (3, 0.0), (3, -1.0), (3, math.nan), (3, 0.1, 0.0), (3, 0.1, 1.0, 0.0), (2.5, 0.1)],
)
def test_bad_schedules(arguments: tuple[float, ...]) -> None:
    with pytest.raises(InvalidArgument):
        geometric_steps(*arguments)  # type: ignore[arg-type]


def test_no_single_estimate_from_one_instance_or_of_a_missing_overlap() -> None:
    found = simulate_descent(model(), 10, step_sizes=[0.01], instances=3, seed=0, label_law="null")
    with pytest.raises(InvalidArgument, match="null labels have no signal"):
        found.estimate("overlap")
    with pytest.raises(InvalidArgument, match="quantity = 'entropy'"):
        found.estimate("entropy")
