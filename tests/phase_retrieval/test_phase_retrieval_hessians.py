"""Finite Hessians: the definition, Lanczos against dense, the informative direction, spectral initialisation."""

import math

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.simulation.descent import simulate_descent
from statphys_gen.phase_retrieval.simulation.hessians import (
    hessian,
    hessian_extremes,
    simulate_hessian,
    simulate_hessian_path,
    simulate_spectral_overlap,
    spectral_estimates,
)
from statphys_gen.phase_retrieval.simulation.instances import draw_instances, draw_students


def drawn(ratio: float = 3.0, size: int = 40, overlap: float = 0.3):  # type: ignore[no-untyped-def]
    case = PhaseRetrieval(Loss.normalised(1.0), ratio, overlap)
    instances = draw_instances(case, size, instances=1, seed=0)
    return case, instances, draw_students(instances, overlap=overlap, starts=1, seed=0)[0, 0]


def test_hessian_is_the_second_derivative_on_the_sphere() -> None:
    """Against second differences of L along great circles, which contain the multiplier."""
    case, instances, w = drawn(size=8)
    x, t, size = instances.sensing[0], instances.labels[0], 8
    matrix, multiplier = hessian(case.loss, x, t, w)
    rng, step = np.random.default_rng(0), 1e-3

    def total(v: np.ndarray) -> float:
        return float(case.loss.value(x @ v / math.sqrt(size), t).sum())

    for _ in range(3):
        e = rng.standard_normal(size)
        e -= (e @ w) / size * w
        e *= math.sqrt(size) / np.linalg.norm(e)
        circle = [total(math.cos(a) * w + math.sin(a) * e) for a in (-2 * step, -step, 0.0, step, 2 * step)]
        # Fourth order; a great circle at angle a moves w by a e, |e|^2 = N.
        second = (-circle[0] + 16 * circle[1] - 30 * circle[2] + 16 * circle[3] - circle[4]) / (12 * step**2)
        assert float(e @ matrix @ e) == pytest.approx(second, rel=1e-6)
    np.testing.assert_allclose(matrix @ w, 0.0, atol=1e-12 * np.abs(matrix).max())
    y = x @ w / math.sqrt(size)
    assert multiplier == pytest.approx(float((case.loss.slope(y, t) * y).sum()) / size)


@pytest.mark.parametrize("ratio", [0.4, 3.0])
def test_lanczos_finds_the_dense_eigenvalues(ratio: float) -> None:
    """Also at M < N, where the bulk has an atom and the projected direction lies among the lowest."""
    case, instances, w = drawn(ratio, 60)
    x, t, signal = instances.sensing[0], instances.labels[0], instances.signals[0]
    dense = hessian_extremes(case.loss, x, t, w, signal, count=3)
    lanczos = hessian_extremes(case.loss, x, t, w, signal, count=3, method="lanczos", tolerance=1e-8)
    np.testing.assert_allclose(lanczos.eigenvalues, dense.eigenvalues, atol=1e-7)
    if ratio > 1.0:
        np.testing.assert_allclose(lanczos.overlap_squared, dense.overlap_squared, atol=1e-6)
    matrix, _ = hessian(case.loss, x, t, w)
    full = np.linalg.eigvalsh(matrix)
    kept = np.delete(full, int(np.argmin(np.abs(full))))[:3]
    np.testing.assert_allclose(dense.eigenvalues, kept, atol=1e-10)
    assert dense.residual < 1e-10


def test_lanczos_refuses_what_it_did_not_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    import statphys_gen.phase_retrieval.simulation.hessians as module

    monkeypatch.setattr(module, "_LANCZOS_STEPS", 1)
    case, instances, w = drawn(3.0, 300)
    with pytest.raises(NotConverged, match="Lanczos"):
        hessian_extremes(
            case.loss, instances.sensing[0], instances.labels[0], w, method="lanczos", tolerance=1e-10
        )


def test_informative_direction_is_told_by_its_overlap() -> None:
    found = simulate_hessian(PhaseRetrieval(Loss.normalised(1.0), 6.0), 150, instances=6, seed=0)
    assert found.outlier is not None
    assert found.overlap_squared is not None
    assert (found.overlap_squared > 0.2).all()
    assert (found.outlier < found.next_eigenvalue).mean() > 0.6
    estimate = found.estimate("outlier")
    assert estimate.degrees_of_freedom == 5
    null = simulate_hessian(
        PhaseRetrieval(Loss.normalised(1.0), 6.0), 60, instances=3, seed=0, label_law="null"
    )
    with pytest.raises(InvalidArgument, match="null labels have no signal"):
        null.estimate("overlap_squared")
    assert null.estimate("next_eigenvalue").mean < 0.0


def test_hessians_do_not_depend_on_threads() -> None:
    case = PhaseRetrieval(Loss.normalised(1.0), 4.0, 0.2)
    one, two = (simulate_hessian(case, 60, instances=4, seed=1, threads=k) for k in (1, 2))
    for name in ("outlier", "overlap_squared", "next_eigenvalue", "lagrange_multiplier", "energy"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_hessians_along_a_descent() -> None:
    """At step 0 the one at the start, and later the one at the student of that step."""
    case, steps = PhaseRetrieval(Loss.normalised(1.0), 5.0), [0.01, 0.02, 0.02]
    start, end = simulate_hessian_path(
        case, 50, step_sizes=steps, record=[0, 3], instances=3, seed=4, hold_overlap=True
    )
    plain = simulate_hessian(case, 50, instances=3, seed=4)
    np.testing.assert_allclose(start.outlier, plain.outlier, rtol=1e-9)
    descents = simulate_descent(
        case, 50, step_sizes=steps, instances=3, seed=4, hold_overlap=True, keep_students=True
    )
    instances = draw_instances(case, 50, instances=3, seed=4)
    assert descents.students is not None
    for k in range(3):
        found = hessian_extremes(
            case.loss,
            instances.sensing[k],
            instances.labels[k],
            descents.students[k, 0, 3],
            instances.signals[k],
        )
        assert end.outlier[k] == pytest.approx(found.eigenvalues[found.informative], rel=1e-9)
        assert end.energy[k] == pytest.approx(descents.energy[k, 0, 3], rel=1e-9)
    with pytest.raises(NotConverged, match="take smaller steps"):
        simulate_hessian_path(case, 50, step_sizes=[1.0] * 9, record=[9], instances=2, seed=4)


def test_spectral_initialisation_is_the_leading_eigenvector() -> None:
    case = PhaseRetrieval(Loss.normalised(1.0), 5.0)
    instances = draw_instances(case, 30, instances=2, seed=0)
    w = spectral_estimates(instances, np.tanh)
    for k in range(2):
        matrix = (instances.sensing[k].T * np.tanh(instances.labels[k])) @ instances.sensing[k]
        value = float(w[k] @ matrix @ w[k]) / 30
        assert value == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-12)
        assert w[k] @ w[k] == pytest.approx(30.0)
    estimate = simulate_spectral_overlap(case, 60, instances=6, seed=0)
    assert 0.5 < estimate.mean < 1.0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("model", {"model": 1}),
        ("dimension", {"dimension": 3}),
        ("instances", {"instances": 0}),
        ("label_law", {"label_law": "both"}),
        ("count", {"count": 1}),
        ("count", {"count": 20}),
        ("method", {"method": "power"}),
        ("tolerance", {"tolerance": 0.0}),
        ("overlap", {"model": PhaseRetrieval(Loss.normalised(1.0), 3.0, 0.2), "label_law": "null"}),
    ],
)
def test_bad_input(name: str, options: dict[str, object]) -> None:
    good = {"model": PhaseRetrieval(Loss.normalised(1.0), 3.0), "dimension": 20, "instances": 2, "seed": 0}
    with pytest.raises(InvalidArgument) as caught:
        simulate_hessian(**(good | options))  # type: ignore[arg-type]
    assert caught.value.argument == name
    assert "\n" not in str(caught.value)
