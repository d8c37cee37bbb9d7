"""The Parisi solver on a model of known ground-state energy and on one with closed forms, and its derivatives."""

import math

import numpy as np
import pytest

from statphys_gen.errors import AccuracyNotReached
from statphys_gen.numerics.parisi import Coupling, ParisiModel, Recursion, step_edges
from statphys_gen.numerics.parisi_minimum import minimise, minimise_with, steps_report
from statphys_gen.solution import Status

# Oppermann and Schmidt, Phys. Rev. E 78, 061124 (2008): 42 orders of replica-symmetry breaking, extrapolated.
SHERRINGTON_KIRKPATRICK = 0.763166726566547


def _absolute(parameters: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.abs(field)[None], np.zeros((0, 1, len(field)))


def _quadratic_overlap(edges: np.ndarray, s: np.ndarray, parameters: np.ndarray) -> Coupling:
    """-(1/2) int q s dq."""
    area = np.diff(edges**2) / 4
    return Coupling(-float(area @ s), -area, np.zeros(0), np.ones(len(edges)))


def sherrington_kirkpatrick(**options: object) -> ParisiModel:
    return ParisiModel(_absolute, _quadratic_overlap, np.ones(1), np.zeros(0), **options)


def _oscillator(parameters: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-V of the loss K h^2/2 with K = 3: V = z^2/(2 (chi + 1/K))."""
    stiffness = parameters[0] + 1.0 / 3.0
    return -(field[None] ** 2) / (2 * stiffness), field[None, None] ** 2 / (2 * stiffness**2)


def _spherical(edges: np.ndarray, s: np.ndarray, parameters: np.ndarray) -> Coupling:
    from statphys_gen.phase_retrieval.theory.full_rsb import spherical_coupling

    return spherical_coupling(edges, s, parameters)


def oscillator(alpha: float) -> ParisiModel:
    return ParisiModel(
        _oscillator,
        _spherical,
        np.array([alpha]),
        np.array([0.5]),
        lambda p, x: -np.ones((1, len(x))) / (p[0] + 1.0 / 3.0),
    )


def test_one_step_of_sherrington_kirkpatrick_is_the_closed_form() -> None:
    """min over s of log(2 Phi(s))/s + s/4 (derivations/numerics/parisi.py)."""
    found = minimise(sherrington_kirkpatrick(), step_edges(1))
    assert str(Status(int(found.solution.status))) == "converged"
    assert float(found.solution["value"]) == pytest.approx(0.7688280256, abs=1e-10)
    assert float(found.parisi_function[0]) == pytest.approx(0.81726424, abs=1e-8)


def test_ground_state_energy_of_sherrington_kirkpatrick() -> None:
    values, before = [], None
    for steps in (2, 4, 8):
        before = minimise(sherrington_kirkpatrick(), step_edges(steps), start=before)
        before.solution.require()
        values.append(float(before.solution["value"]))
        assert values[-1] > SHERRINGTON_KIRKPATRICK  # every number of steps gives an upper bound
        assert (np.diff(before.parisi_function) > 0).all()
    a, b, c = values
    # Eight steps stay 1.2e-5 above the limit: an error of the ansatz, not of the minimum.
    assert c == pytest.approx(SHERRINGTON_KIRKPATRICK, abs=1.3e-5)
    # The error of the Aitken extrapolation is that of the next one, 1e-6.
    assert c - (c - b) ** 2 / ((c - b) - (b - a)) == pytest.approx(SHERRINGTON_KIRKPATRICK, abs=2e-6)


def test_gradient_is_that_of_the_value() -> None:
    model = oscillator(1.7)
    recursion = Recursion(model, step_edges(3, 1.5))
    s, p, step = np.array([0.2, 0.5, 0.9]), np.array([0.4]), 1e-5
    found = recursion.evaluate(s, p)
    for k in range(3):
        shift = step * np.eye(3)[k]
        slope = (recursion.evaluate(s + shift, p).value - recursion.evaluate(s - shift, p).value) / (2 * step)
        assert found.by_function[k] == pytest.approx(slope, abs=1e-9)
    slope = (recursion.evaluate(s, p + step).value - recursion.evaluate(s, p - step).value) / (2 * step)
    assert found.by_parameters[0] == pytest.approx(slope, abs=1e-9)
    assert found.law.sum(axis=1) == pytest.approx([1.0], abs=1e-12)


def test_gaussian_boundary_has_a_closed_form() -> None:
    """Psi(0, 0) = sum of -log(1 + s_i k_i w_i)/(2 s_i) with the curvatures k_i folded step by step."""
    model = oscillator(1.0)
    edges, s, chi = step_edges(4), np.array([0.1, 0.3, 0.8, 1.5]), 0.6
    curvature, total = 1.0 / (chi + 1.0 / 3.0), 0.0
    for width, value in zip(np.diff(edges)[::-1], s[::-1], strict=True):
        total -= math.log1p(value * curvature * width) / (2 * value)
        curvature /= 1 + value * curvature * width
    found = Recursion(model, edges).evaluate(s, np.array([chi]))
    expected = total + _spherical(edges, s, np.array([chi])).value
    assert found.value == pytest.approx(expected, abs=1e-12)


def test_replicon_is_the_slope_of_the_stationarity_condition() -> None:
    """1 - weight E Psi''^2/c': for the Gaussian boundary Psi'' is a number at each edge."""
    model = oscillator(1.7)
    edges, s, chi = step_edges(4), np.array([0.1, 0.3, 0.8, 1.5]), 0.6
    curvatures = [1.0 / (chi + 1.0 / 3.0)]
    for width, value in zip(np.diff(edges)[::-1], s[::-1], strict=True):
        curvatures.append(curvatures[-1] / (1 + value * curvatures[-1] * width))
    slope = _spherical(edges, s, np.array([chi])).slope
    expected = 1 - 1.7 * np.array(curvatures[::-1]) ** 2 / slope
    assert Recursion(model, edges).replicons(s, np.array([chi])) == pytest.approx(expected, abs=1e-10)
    without = Recursion(sherrington_kirkpatrick(), edges).replicons(s, np.zeros(0))
    assert np.isnan(without[-1])
    assert np.isfinite(without[:-1]).all()


def test_a_line_of_both_signs_agrees_with_the_even_half() -> None:
    even, whole = sherrington_kirkpatrick(), sherrington_kirkpatrick(even=False)
    s = np.array([0.4, 1.1])
    a, b = (Recursion(model, step_edges(2)).evaluate(s, np.zeros(0)) for model in (even, whole))
    assert a.value == pytest.approx(b.value, abs=1e-11)
    assert a.by_function == pytest.approx(b.by_function, abs=1e-11)


def test_external_field() -> None:
    """With one step: log E exp(s |x0 + z|)/s is known."""
    s, x = 0.7, 0.9
    phi = [0.5 * math.erfc(-(s + sign * x) / math.sqrt(2)) for sign in (1, -1)]
    expected = math.log(math.exp(s * s / 2) * (math.exp(s * x) * phi[0] + math.exp(-s * x) * phi[1])) / s
    model = sherrington_kirkpatrick(even=False, external_field=x)
    found = Recursion(model, step_edges(1)).evaluate(np.array([s]), np.zeros(0))
    assert found.value == pytest.approx(expected - s / 4, abs=1e-10)


def test_steps_that_are_not_needed_are_left_out() -> None:
    """In a field s is 0 up to the smallest overlap, where the bound is active and the step a plain average."""
    model = sherrington_kirkpatrick(even=False, external_field=1.5)
    found = minimise(model, step_edges(3))
    found.solution.require()
    assert found.parisi_function[0] == 0.0
    assert found.parisi_function[-1] > 0.0
    recursion, s = found.recursion, found.parisi_function
    slope = recursion.evaluate(s, np.zeros(0)).by_function[0]
    higher = recursion.evaluate(s + np.array([1e-4, 0.0, 0.0]), np.zeros(0)).value
    assert slope > 0.0
    assert higher - recursion.evaluate(s, np.zeros(0)).value == pytest.approx(1e-4 * slope, rel=1e-3)


def test_control_at_which_a_condition_holds() -> None:
    """A Sherrington-Kirkpatrick model whose couplings are scaled: the weight at which the energy is 2."""

    def family(control: float) -> ParisiModel:
        def boundary(parameters: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return control * np.abs(field)[None], np.zeros((0, 1, len(field)))

        def coupling(edges: np.ndarray, s: np.ndarray, parameters: np.ndarray) -> Coupling:
            one = _quadratic_overlap(edges, s, parameters)
            return Coupling(
                control**2 * one.value, control**2 * one.by_function, one.by_parameters, one.slope
            )

        return ParisiModel(boundary, coupling, np.ones(1), np.zeros(0))

    def condition(control: float, recursion: Recursion, here: object, parameters: np.ndarray) -> float:
        return here.value - 2.0

    edges = step_edges(2)
    start = minimise(family(2.0), edges)
    found = minimise_with(family, (condition, condition), 2.0, edges, start=start)
    unit = minimise(family(1.0), edges)
    expected = 2.0 / float(unit.solution["value"])
    assert float(found.solution["control"]) == pytest.approx(expected, rel=1e-8)


def test_steps_report() -> None:
    report = steps_report(sherrington_kirkpatrick(), (1, 2, 4))
    assert [row["steps"] for row in report["steps"]] == [1, 2, 4]
    values = [row["value"] for row in report["steps"]]
    assert values == sorted(values, reverse=True)
    assert report["complexity"] is None  # |x| has no second derivative at 0
    assert any("replicon with 1 steps is negative" in finding for finding in report["findings"])


def test_exponents_that_would_overflow_are_refused() -> None:
    with pytest.raises(AccuracyNotReached, match="exponents"):
        Recursion(sherrington_kirkpatrick(), step_edges(1)).evaluate(np.array([200.0]), np.zeros(0))
