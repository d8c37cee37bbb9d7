"""How models and results show themselves, and their labelled data sets."""

import math
from typing import Any

import numpy as np
import pytest

from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.simulation.descent import simulate_descent
from statphys_gen.phase_retrieval.simulation.hessians import hessian_extremes, simulate_hessian
from statphys_gen.phase_retrieval.simulation.instances import draw_instances, draw_students
from statphys_gen.phase_retrieval.simulation.success import simulate_success
from statphys_gen.phase_retrieval.theory.bbp_time import bbp_time
from statphys_gen.phase_retrieval.theory.dmft import descent_dynamics
from statphys_gen.phase_retrieval.theory.initial_law import initial_curvature_law
from statphys_gen.phase_retrieval.theory.spectrum import hessian_spectrum
from statphys_gen.phase_retrieval.theory.success import (
    judge_shift,
    largest_amplification,
    size_shift,
    success_midpoint,
    success_rate,
)
from statphys_gen.phase_retrieval.theory.threshold_states import one_step_state
from statphys_gen.phase_retrieval.theory.transition import initial_transition, initial_transition_curve
from statphys_gen.statistics.estimate import Estimate

MODEL = PhaseRetrieval(Loss.normalised(1.0), 1.3)
PSEUDO_HUBER = Loss.from_expression("sqrt(1 + (y**2 - t**2)**2) - 1", name="pseudo-Huber")
LOSSES = [
    Loss.normalised(0.3, 1.7),
    Loss.normalised(math.inf, 2.0),
    Loss.amplitude(0.4),
    Loss.intensity(0.5).truncated(1.5),
    PSEUDO_HUBER,
    PSEUDO_HUBER.truncated(2.0),
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_a_loss_and_a_model_can_be_pasted_back(loss: Loss) -> None:
    y, t = np.random.default_rng(0).standard_normal((2, 50))
    model = PhaseRetrieval(loss, 2.5, -0.2)
    again = eval(repr(model))
    assert (again.samples_per_dimension, again.overlap) == (2.5, -0.2)
    for name in ("value", "slope", "curvature"):
        np.testing.assert_array_equal(getattr(again.loss, name)(y, t), getattr(loss, name)(y, t))
    for name in ("name", "lower_bound", "scale", "label_breakpoints"):
        assert getattr(again.loss, name) == getattr(loss, name)


def test_laws_in_latex() -> None:
    assert Loss.normalised(0.3, 1.7)._repr_latex_() == r"$\ell(y,t)=1.7\,\frac{(y^2-t^2)^2}{2(0.3+t^2)}$"
    assert Loss.intensity()._repr_latex_() == r"$\ell(y,t)=\frac{(y^2-t^2)^2}{2}$"
    assert r"\sqrt{0.4+y^2}" in Loss.amplitude(0.4)._repr_latex_()
    assert r"|t|\le1.5" in LOSSES[3]._repr_latex_()
    assert r"\sqrt{" in PSEUDO_HUBER._repr_latex_()
    text = PhaseRetrieval(Loss.intensity(), 2.5, -0.2)._repr_latex_()
    assert r"\sum_{i=1}^{2.5N}" in text
    assert text.endswith("=-0.2$")
    assert r"\inf g=-2" in initial_curvature_law(Loss.normalised(1.0), overlap=0.3)._repr_latex_()


def test_a_copy_with_changes() -> None:
    changed = MODEL.replace(overlap=0.3)
    assert (changed.loss, changed.samples_per_dimension, changed.overlap) == (MODEL.loss, 1.3, 0.3)


def results() -> dict[str, Any]:
    dynamics = descent_dynamics(MODEL, geometric_steps(20, 0.01, 1.05), paths=256, replicas=2)
    drawn = draw_instances(MODEL, 20)
    student = draw_students(drawn)[0, 0]
    shift = size_shift([32, 64, 256], Estimate(np.array([2.5, 2.8, 3.1]), np.full(3, 0.03), np.full(3, 50.0)))
    options = {"instances": 3, "step_sizes": [0.01, 0.02]}
    return {
        "spectrum": hessian_spectrum(MODEL, samples_per_dimension=[0.8, 4.0]),
        "spectrum of one": hessian_spectrum(MODEL),
        "transition": initial_transition(MODEL.loss),
        "dynamics": dynamics,
        "bbp time": bbp_time(dynamics),
        "descents": simulate_descent(MODEL, 20, starts=2, keep_students=True, **options),
        "successes": simulate_success(MODEL, 20, starts=2, **options),
        "hessians": simulate_hessian(MODEL, 20, instances=3),
        "null hessians": simulate_hessian(MODEL, 20, instances=3, label_law="null"),
        "extremes": hessian_extremes(MODEL.loss, drawn.sensing[0], drawn.labels[0], student),
        "amplification": largest_amplification(
            MODEL, [0.01, 0.02], samples_per_dimension=[2.0, 3.0], paths=128, replicas=2
        ),
        "rate": success_rate([1, 0, 1, 1]),
        "midpoint": success_midpoint([1.0, 2.0, 3.0, 4.0], [4, 9, 22, 33], [40, 40, 40, 40]),
        "shift": shift,
        "verdict": judge_shift(shift, 0.3),
    }


RESULTS = results()


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_shows_a_table_and_makes_a_data_set(name: str) -> None:
    result = RESULTS[name]
    title, header, *rows = repr(result).splitlines()
    assert title.startswith(f"{type(result).__name__}: ")
    assert header
    assert rows
    assert result._repr_html_().startswith("<p>")
    assert result._repr_html_().count("<tr>") == len(list(result.records())[:30]) + 1
    found = result.to_dataset()
    assert found.data_vars
    for variable in (*found.data_vars.values(), *found.coords.values()):
        assert set(variable.attrs) >= {"long_name", "units"}


def test_data_sets_hold_the_numbers_on_natural_axes() -> None:
    spectrum = RESULTS["spectrum"].to_dataset()
    assert spectrum["bulk_edge"].dims == ("samples_per_dimension",)
    assert spectrum["samples_per_dimension"].values.tolist() == [0.8, 4.0]
    assert math.isnan(spectrum["outlier"].values[0])
    assert spectrum["outlier"].values[1] == RESULTS["spectrum"].outlier["position"][1]
    dynamics = RESULTS["dynamics"]
    data = dynamics.to_dataset()
    np.testing.assert_array_equal(data["energy"], dynamics.solution["energy"])
    np.testing.assert_array_equal(data["training_time"], dynamics.training_time)
    np.testing.assert_array_equal(data["correlation_matrix"], dynamics.correlations.mean(axis=0))
    assert data["response_matrix"].dims == ("step", "other_step")
    descents = RESULTS["descents"].to_dataset()
    assert descents["overlap"].dims == ("instance", "start", "step")
    assert descents["students"].sizes["component"] == 20
    assert "pre_activations" not in descents
    assert RESULTS["successes"].to_dataset()["success_time"].shape == (3, 2)
    assert "outlier" not in RESULTS["null hessians"].to_dataset()
    curve = initial_transition_curve([0.3, 2.0]).to_dataset(offset=[0.3, 2.0])
    assert curve["kind"].values.tolist() == ["continuous", "discontinuous"]
    states = one_step_state(MODEL, samples_per_dimension=[6.0, 7.0]).to_dataset(
        samples_per_dimension=[6.0, 7.0]
    )
    assert states["energy"].dims == ("samples_per_dimension",)


def test_a_diverged_descent_shows_what_came_before() -> None:
    found = simulate_descent(MODEL, 30, step_sizes=np.full(9, 0.9), instances=2)
    assert (found.diverged_step > 0).all()
    first, *_, last = found.records()
    assert first["descents"] == 2
    assert last["descents"] == 0
    assert math.isnan(last["energy"])
    assert "Descents: " in repr(found)
    late = descent_dynamics(MODEL, np.full(6, 2.0), paths=128, replicas=2)
    assert late.diverged
    assert np.isnan(late.to_dataset()["correlation_matrix"].values[-1, -1])
