"""Dynamical mean-field theory of descent, against exact solutions and response-free averages."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.theory import dmft
from statphys_gen.phase_retrieval.theory.bbp_time import bbp_time
from statphys_gen.phase_retrieval.theory.dmft import (
    DescentDynamics,
    descent_dynamics,
    gradient_flow_dynamics,
)
from statphys_gen.phase_retrieval.theory.initial_law import initial_curvature_law
from statphys_gen.phase_retrieval.theory.spectrum import hessian_spectrum, outlier_criterion
from statphys_gen.solution import Status
from statphys_gen.statistics.agreement import two_sided_p_value

Array = NDArray[np.float64]
REFERENCE = Path(__file__).parents[1] / "reference" / "phase_retrieval_dynamics.json"
USUAL = PhaseRetrieval(Loss.normalised(), 3.0)


def assert_agrees(samples: Array, expected: object, largest_relative_error: float) -> None:
    """Independent replicas along the first axis, against exact numbers; and the standard error is small."""
    exact = np.broadcast_to(np.asarray(expected, dtype=float), samples.shape[1:])
    error = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    assert (error <= largest_relative_error * np.abs(exact)).all()
    vary = error > 1e-12
    assert np.allclose(samples.mean(axis=0)[~vary], exact[~vary], rtol=1e-10, atol=0.0)
    t = (samples.mean(axis=0) - exact)[vary] / error[vary]
    assert two_sided_p_value(t, len(samples) - 1.0).min(initial=1.0) > 1e-3 / max(1, t.size)


# ------------------------------------------------------------------------------------------- exactly solved descents


def gaussian_curvatures() -> Loss:
    """l = exp(-t^2/2) y^2/2: the descent is linear, and E g^n = (1 + n)^(-1/2), E t^2 g^n = (1 + n)^(-3/2)."""
    return Loss.from_expression("exp(-t**2/2)*y**2/2", lower_bound=0.0)


def linear_moments(alpha: float, count: int) -> tuple[Array, Array]:
    """(1/N) Tr H^n from the free cumulants alpha E g^n; w*.H^n w*/N from the self-energy, in powers of -1/z."""
    moments = [1.0]
    for n in range(1, count + 1):
        power, total = np.zeros(n + 1), 0.0
        power[0] = 1.0
        known = np.array([*moments, 0.0])
        for s in range(1, n + 1):
            power = np.convolve(power, known)[: n + 1]
            total += alpha / math.sqrt(1.0 + s) * power[n - s]
        moments.append(total)
    size = count + 2
    trace = np.zeros(size)
    trace[1:] = [(-1) ** n * m for n, m in enumerate(moments)]
    energy, power = np.zeros(size), np.eye(size)[0]
    for n in range(size):
        energy += alpha * (2.0 + n) ** -1.5 * (-1) ** n * power
        power = np.convolve(power, trace)[:size]
    signal: list[float] = []
    for i in range(count + 1):
        signal.append(float(i == 0) - sum(energy[j - 1] * signal[i - j] for j in range(1, i + 1)))
    return np.array(moments), np.array([(-1) ** n * x for n, x in enumerate(signal)])


def test_linear_descent_is_that_of_the_random_matrix() -> None:
    alpha, steps = 1.4, np.array([0.3, 0.5, 0.4, 0.6, 0.5])
    found = descent_dynamics(PhaseRetrieval(gaussian_curvatures(), alpha), steps, paths=8192, replicas=8)
    moments, signal = linear_moments(alpha, 2 * len(steps) + 1)
    rows = []
    P = np.ones(1)
    for t in range(len(steps) + 1):
        square = np.convolve(P, P)
        norm = square @ moments[: len(square)]
        multiplier = square @ moments[1 : len(square) + 1] / norm
        rows.append(
            (P @ moments[: t + 1] / math.sqrt(norm), multiplier, P @ signal[: t + 1] / math.sqrt(norm))
        )
        if t < len(steps):
            P = np.convolve(P, [1.0, -steps[t]])
    correlation, multiplier, growth = np.array(rows).T
    assert_agrees(found.values["correlation"], correlation, 2e-3)
    assert_agrees(found.values["lagrange_multiplier"], multiplier, 5e-3)
    assert_agrees(found.values["energy"], multiplier / 2.0, 5e-3)
    assert_agrees(found.values["overlap_growth"], growth, 2e-3)
    assert (found.solution.residual < 0.02).all()


def test_gradient_flow_of_a_linear_force_is_an_exponential() -> None:
    alpha, time = 1.0, 0.6
    found = gradient_flow_dynamics(
        PhaseRetrieval(gaussian_curvatures(), alpha), np.full(6, time / 6), paths=4096, replicas=6
    )
    moments, _ = linear_moments(alpha, 30)
    powers = np.arange(31)
    factorials = np.array([math.factorial(n) for n in powers], dtype=float)

    def trace(t: float) -> float:
        return float(((-t) ** powers / factorials) @ moments)

    at = found.training_time
    exact = np.array([trace(t) / math.sqrt(trace(2 * t)) for t in at])
    # The error of one Euler step is of the order of its size; here the extrapolation leaves 1e-4 at most.
    assert found.discretisation["correlation"].max() < 2e-4
    error = found.solution.error
    assert (np.abs(found.solution["correlation"] - exact) <= 3.0 * error + 1e-15).all()
    assert np.abs(found.solution["correlation"] - exact).max() < 2e-3
    coarse = descent_dynamics(found.model, found.step_sizes, paths=4096, replicas=6)
    gap = np.abs(coarse.solution["correlation"][-1] - exact[-1])
    assert gap > 5.0 * np.abs(found.solution["correlation"][-1] - exact[-1])


@pytest.mark.parametrize(
    "row", json.loads(REFERENCE.read_text()), ids=lambda r: f"a{r['offset']},T{r['temperature']}"
)
def test_first_two_steps(row: dict[str, Any]) -> None:
    model = PhaseRetrieval(Loss.normalised(row["offset"]), row["samples_per_dimension"], row["overlap"])
    found = descent_dynamics(model, row["step_sizes"], temperature=row["temperature"], paths=8192, replicas=8)
    C = found.correlations
    overlap = found.values["overlap" if row["overlap"] else "overlap_growth"]
    measured = {
        "correlation_1": C[:, 1, 0],
        "overlap_1": overlap[:, 1],
        "energy_1": found.values["energy"][:, 1],
        "multiplier_1": found.values["lagrange_multiplier"][:, 1],
        "correlation_2_over_21": C[:, 2, 0] / C[:, 2, 1],
        "overlap_2_over_21": overlap[:, 2] / C[:, 2, 1],
    }
    tolerance = 4e-3 if row["offset"] < 1.0 else 2e-3
    assert_agrees(np.array(list(measured.values())).T, [row[name] for name in measured], tolerance)


def test_free_noise_diffuses_on_the_sphere() -> None:
    # With next to no loss only the noise is left: C(t, 0) = prod (1 + 2 T eta)^(-1/2).
    T, steps = 0.7, np.array([0.1, 0.3, 0.2])
    model = PhaseRetrieval(Loss.normalised(1.0, 1e-9), 3.0)
    found = descent_dynamics(model, steps, temperature=T, paths=128, replicas=2)
    exact = np.concatenate([[1.0], np.cumprod((1.0 + 2.0 * T * steps) ** -0.5)])
    assert np.allclose(found.correlations[0][:, 0], exact, atol=1e-7)
    assert np.allclose(np.diagonal(found.correlations, axis1=1, axis2=2), 1.0, atol=1e-12)


# -------------------------------------------------------------------------------------------------- along the descent


@pytest.fixture(scope="module")
def descent() -> DescentDynamics:
    return descent_dynamics(
        PhaseRetrieval(Loss.normalised(), 1.3), geometric_steps(20, 0.01, 1.05), paths=8192
    )


def test_start_is_the_law_at_initialisation(descent: DescentDynamics) -> None:
    law = initial_curvature_law(Loss.normalised())
    expected = hessian_spectrum(USUAL)
    found = descent_dynamics(USUAL, [0.01], paths=16384, replicas=8)
    assert_agrees(found.values["energy"][:, :1], 3.0 * law.energy_per_sample, 4e-3)
    assert_agrees(found.values["outlier_criterion"][:, :1], outlier_criterion(USUAL), 4e-3)
    spectra = found.spectra([0])
    for name, value in (
        ("bulk_edge", expected.bulk_edge["position"]),
        ("outlier", expected.outlier["position"]),
        ("outlier_overlap_squared", expected.outlier["overlap_squared"]),
    ):
        estimate = spectra[name]
        t = float((estimate.mean[0] - value) / estimate.standard_error[0])
        assert abs(t) < 5.0
        assert estimate.standard_error[0] < 0.01 * abs(value)


def test_shapes_symmetry_and_causality(descent: DescentDynamics) -> None:
    assert descent.require() is descent
    assert not descent.diverged
    C, R = descent.correlation_matrix(), descent.response_matrix()
    assert C.shape == R.shape == (21, 21)
    assert np.allclose(C.mean, C.mean.T)
    assert np.allclose(np.diag(C.mean), 1.0)
    assert (np.linalg.eigvalsh(C.mean) > -1e-9).all()
    assert (np.triu(R.mean) == 0.0).all()
    # A force moves w by itself at first.
    assert np.allclose(np.diag(R.mean, -1), 1.0, atol=0.05)
    assert "overlap" not in descent.values
    assert descent.points(20).shape == (6 * 8192, 2)
    assert (np.diff(descent.solution["energy"]) < 0.0).all()


def test_criterion_is_that_of_the_pooled_law(descent: DescentDynamics) -> None:
    for step in (0, 10, 20):
        pooled = float(outlier_criterion(descent.model, law=descent.curvature_law(step)))
        estimate = descent.estimate("outlier_criterion")[step]
        assert abs(pooled - estimate.mean) < 3.0 * estimate.standard_error


def test_spectra_are_those_of_the_general_solver() -> None:
    for model in (USUAL, PhaseRetrieval(Loss.normalised(4.0), 4.5)):
        found = descent_dynamics(model, [0.005] * 3, paths=2048, replicas=2)
        one = replace(
            found, _fields=found._fields[:1].repeat(2, axis=0), _labels=found._labels[:1].repeat(2, axis=0)
        )
        general = hessian_spectrum(model, law=one.curvature_law(3))
        spectra = one.spectra([3])
        assert abs(float(spectra["bulk_edge"].mean[0] - general.bulk_edge["position"])) < 1e-8
        assert abs(float(spectra["outlier"].mean[0] - general.outlier["position"])) < 1e-8
        assert (
            abs(float(spectra["outlier_overlap_squared"].mean[0] - general.outlier["overlap_squared"])) < 1e-7
        )


def test_spectra_are_none_where_the_outlier_is_lost(descent: DescentDynamics) -> None:
    spectra = descent.spectra([0, 20])
    assert np.isfinite(spectra["bulk_edge"].mean).all()
    assert spectra["outlier"] is None


def test_bbp_time(descent: DescentDynamics) -> None:
    lost = bbp_time(descent)
    assert lost.solution.good
    assert lost.reason == "the outlier is lost"
    mean = descent.solution["outlier_criterion"]
    k = int(np.flatnonzero(mean > 1.0).max())
    assert descent.training_time[k - 2] < lost.solution["training_time"] < descent.training_time[k + 3]
    assert len(lost.values) == 6
    assert 0.0 < lost.solution.error < 0.3 * float(lost.solution["training_time"])


def with_criterion(descent: DescentDynamics, function: Callable[[Array], Array]) -> DescentDynamics:
    rows = np.array([function(descent.training_time) + 1e-6 * k for k in range(6)])
    return replace(descent, values=descent.values | {"outlier_criterion": rows})


def test_bbp_time_is_the_last_fall_of_the_criterion(descent: DescentDynamics) -> None:
    fall = bbp_time(with_criterion(descent, lambda t: 1.0 + 0.5 * np.cos(30.0 * t)))
    falls = (np.pi / 2.0 + 2.0 * np.pi * np.arange(9)) / 30.0
    last = falls[falls < descent.training_time[-1]].max()
    final = math.cos(30.0 * descent.training_time[-1])
    assert final < 0.0
    assert abs(float(fall.solution["training_time"]) - last) < 3.0 * float(fall.solution.error) < 1e-2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda t: 0.9 - t, "there is no outlier at any time"),
        (lambda t: 1.2 + t, "the outlier is not lost until time"),
    ],
)
def test_no_bbp_time(descent: DescentDynamics, function: Callable[[Array], Array], reason: str) -> None:
    lost = bbp_time(with_criterion(descent, function))
    assert lost.solution.status == Status.NO_SOLUTION
    assert math.isnan(lost.solution["training_time"])
    assert lost.reason.startswith(reason)
    assert lost.values.size == 0


def test_replicas_that_disagree_are_not_resolved(descent: DescentDynamics) -> None:
    changed = with_criterion(descent, lambda t: 1.0 - 2e-6 + 0.0 * t)
    changed.values["outlier_criterion"][0, :-1] = 1.1
    changed.values["outlier_criterion"][1:] = 1.1
    assert bbp_time(changed).solution.status == Status.NOT_CONVERGED


def test_records_carry_errors(descent: DescentDynamics) -> None:
    record = list(descent.records())[3]
    assert record["step"] == 3
    assert record["status"] == "converged"
    assert set(record["standard_error"]) == set(descent.values)
    assert record["error"] == max(record["standard_error"].values())
    assert "derivations/phase_retrieval/dynamics.py" in record["approximation"]


def test_same_bits_for_any_number_of_threads() -> None:
    found = [
        descent_dynamics(USUAL, [0.01] * 4, temperature=0.1, paths=256, replicas=3, threads=k) for k in (1, 2)
    ]
    for name in found[0].values:
        assert (found[0].values[name] == found[1].values[name]).all()
    other = descent_dynamics(USUAL, [0.01] * 4, temperature=0.1, paths=256, replicas=3, seed=1)
    assert (other.values["energy"] != found[0].values["energy"]).all()


def test_prefactor_is_a_unit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # The same random numbers for both losses.
    monkeypatch.setattr(dmft, "generator", lambda seed, key, replica: np.random.default_rng([seed, replica]))
    plain = descent_dynamics(USUAL, [0.01] * 5, paths=512, replicas=2)
    scaled = descent_dynamics(
        PhaseRetrieval(Loss.normalised(1.0, 4.0), 3.0), [0.0025] * 5, paths=512, replicas=2
    )
    for name, factor in (
        ("energy", 4.0),
        ("correlation", 1.0),
        ("outlier_criterion", 1.0),
        ("overlap_growth", 1.0),
    ):
        assert np.allclose(scaled.values[name], factor * plain.values[name], rtol=1e-8)


def test_a_loss_without_left_edge_has_no_criterion() -> None:
    found = descent_dynamics(PhaseRetrieval(Loss.intensity(), 3.0), [0.003] * 3, paths=512, replicas=2)
    assert "outlier_criterion" not in found.values
    assert found.require()
    with pytest.raises(InvalidArgument, match="curvatures bounded below"):
        bbp_time(found)
    with pytest.raises(InvalidArgument, match="there is no edge otherwise"):
        found.spectra([0])


def test_a_hundred_steps() -> None:
    found = descent_dynamics(USUAL, geometric_steps(100, 0.01, 1.03, 0.05), paths=512, replicas=2)
    assert found.reached == 100
    assert found.training_time[-1] > 3.0
    assert (found.values["energy"][:, -1] < 0.5).all()


# ---------------------------------------------------------------------------------------------- divergence, bad input


@pytest.mark.parametrize(("size", "T"), [(0.5, 0.0), (5.0, 0.0), (1e3, 0.0), (1e150, 0.0), (20.0, 0.1)])
def test_divergent_steps_are_reported_and_not_a_result(size: float, T: float) -> None:
    found = descent_dynamics(USUAL, np.full(12, size), temperature=T, paths=512, replicas=2)
    assert found.diverged
    assert found.reached < 12
    after = slice(found.reached + 1, None)
    assert (found.solution.status[after] == Status.LEFT_DOMAIN).all()
    for name in found.values:
        assert np.isnan(found.values[name][:, after]).all()
        assert np.isnan(found.solution[name][after]).all()
    with pytest.raises(NotConverged, match=r"the step size .* is too large"):
        found.require()
    with pytest.raises(InvalidArgument, match=f"an integer, at least 0, at most {found.reached}"):
        found.curvature_law(found.reached + 1)
    assert not bbp_time(found).solution.good


def test_late_divergence_keeps_what_came_before() -> None:
    sizes = np.concatenate([np.full(6, 0.01), np.full(6, 2.0)])
    found = descent_dynamics(USUAL, sizes, paths=512, replicas=2)
    assert found.reached == 6
    assert (found.solution.good[:7]).all()
    flow = gradient_flow_dynamics(USUAL, np.full(4, 3.0), paths=256, replicas=2)
    assert flow.diverged
    assert (flow.solution.status[flow.reached + 1 :] == Status.LEFT_DOMAIN).all()


def test_too_few_paths_are_not_a_result(descent: DescentDynamics) -> None:
    # Responses of late steps have heavy tails: force and response of so few paths do not fit together.
    found = descent_dynamics(
        PhaseRetrieval(Loss.normalised(), 6.0), geometric_steps(45, 0.01, 1.05, 0.1), paths=100
    )
    assert (found.solution.status == Status.NOT_CONVERGED).any()
    with pytest.raises(NotConverged, match="take more paths"):
        found.require()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"model": 3.0}, "model = 3.0: must be a PhaseRetrieval"),
    ({"model": PhaseRetrieval(Loss.normalised(0.0), 3.0)}, "offset = 0.0: must be above 0"),
    ({"step_sizes": []}, "step_sizes = .*: must be finite numbers above 0"),
    ({"step_sizes": [0.1, 0.0]}, r"step_sizes\[1\] = 0.0: must be finite numbers above 0"),
    ({"step_sizes": [0.1, -0.1]}, r"step_sizes\[1\] = -0.1"),
    ({"step_sizes": [math.nan]}, r"step_sizes\[0\] = nan"),
    ({"step_sizes": [math.inf]}, r"step_sizes\[0\] = inf"),
    ({"step_sizes": 0.1}, "step_sizes = 0.1: must be"),
    ({"step_sizes": [[0.1]]}, "step_sizes = .*one-dimensional"),
    ({"step_sizes": ["a"]}, "step_sizes = .*must be finite numbers"),
    ({"step_sizes": np.full(10_000, 0.01)}, "step_sizes = array of shape .*: must be fewer"),
    ({"temperature": -0.1}, "temperature = -0.1: must be a finite number, at least 0"),
    ({"temperature": math.nan}, "temperature = nan"),
    ({"temperature": "hot"}, "temperature = 'hot'"),
    ({"paths": 99}, "paths = 99: must be an integer, at least 100"),
    ({"paths": 1000.5}, "paths = 1000.5: must be an integer"),
    ({"paths": 2**21}, "paths = 2097152: must be an integer, at least 100, at most 1048576"),
    ({"replicas": 1}, "replicas = 1: must be an integer, at least 2"),
    ({"replicas": True}, "replicas = True"),
    ({"seed": -1}, "seed = -1: must be an integer, at least 0"),
    ({"threads": 0}, "threads = 0: must be an integer, at least 1"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"model": USUAL, "step_sizes": [0.01], "paths": 128, "replicas": 2} | change
    for solve in (descent_dynamics, gradient_flow_dynamics):
        with pytest.raises(InvalidArgument, match=message) as caught:
            solve(**arguments)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0.1), "count = 0"),
        ((3, 0.0), "first = 0.0"),
        ((3, 0.1, 0.9), "growth = 0.9: must be a finite number, at least 1"),
        ((3, 0.1, 1.1, 0.05), "largest = 0.05: must be at least the first step size, 0.1"),
        ((3, 0.1, 1.1, math.nan), "largest = nan"),
    ],
)
def test_bad_schedules(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        geometric_steps(*arguments)


def test_schedules() -> None:
    assert np.allclose(geometric_steps(5, 0.1, 2.0, 0.5), [0.1, 0.2, 0.4, 0.5, 0.5])
    assert (geometric_steps(3, 0.1) == 0.1).all()


def test_bad_questions(descent: DescentDynamics) -> None:
    warm = descent_dynamics(PhaseRetrieval(Loss.normalised(), 3.0, 0.3), [0.01], paths=128, replicas=2)
    assert "overlap" in warm.values
    assert "overlap_growth" not in warm.values
    for ask, message in (
        (lambda: warm.spectra([0]), "overlap = 0.3: must be 0"),
        (lambda: bbp_time(warm), "must be from overlap 0"),
        (lambda: bbp_time(3), "dynamics = 3: must be a DescentDynamics"),  # type: ignore[arg-type]
        (lambda: descent.estimate("magnetisation"), "name = 'magnetisation': must be one of"),
        (lambda: descent.estimate("overlap"), "name = 'overlap': must be one of"),
        (lambda: descent.points(21), "step = 21: must be an integer"),
        (lambda: descent.curvature_law(-1), "step = -1: must be an integer"),
        (lambda: descent.spectra([]), "steps = .*: must be at least one step"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            ask()
