"""Theory beside simulation for one model: what is compared, with what, and what is refused."""

import math
from typing import Any

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.phase_retrieval.comparison import compare
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.simulation.descent import simulate_descent
from statphys_gen.phase_retrieval.simulation.hessians import simulate_hessian
from statphys_gen.phase_retrieval.theory.dmft import descent_dynamics
from statphys_gen.phase_retrieval.theory.spectrum import hessian_spectrum

MODEL = PhaseRetrieval(Loss.normalised(0.3), 6.0)
STEPS = [0.002, 0.003]
SMALL: dict[str, Any] = {"instances": 6, "seed": 2}


def test_the_start_holds_the_simulated_hessians_and_the_spectrum() -> None:
    found = compare(MODEL, 30, **SMALL)
    hessians, (theory,) = simulate_hessian(MODEL, 30, **SMALL), hessian_spectrum(MODEL).records()
    assert [row.name for row in found] == [
        "energy",
        "lagrange_multiplier",
        "outlier",
        "outlier_overlap_squared",
        "next_eigenvalue",
    ]
    for name, quantity, key in (
        ("outlier", "outlier", "outlier"),
        ("outlier_overlap_squared", "overlap_squared", "outlier_overlap_squared"),
        ("next_eigenvalue", "next_eigenvalue", "bulk_edge"),
        ("lagrange_multiplier", "lagrange_multiplier", "lagrange_multiplier"),
    ):
        assert found[name].estimate.mean == hessians.estimate(quantity).mean
        assert found[name].theory == theory[key]
    # E (y^2 - t^2)^2/(2 (a + t^2)) = (1/2) E (3 - 2 t^2 + t^4)/(a + t^2), by a sum over a fine grid.
    t = np.linspace(-12.0, 12.0, 200_001)
    mean = np.exp(-t * t / 2) / math.sqrt(2 * math.pi) * (3 - 2 * t**2 + t**4) / (0.3 + t**2) / 2
    assert found["energy"].theory == pytest.approx(6.0 * float(mean.sum() * (t[1] - t[0])), rel=1e-9)


def test_the_descent_is_compared_after_all_steps() -> None:
    model = MODEL.replace(overlap=0.4)
    found = compare(model, 30, step_sizes=STEPS, starts=2, temperature=0.1, paths=2048, replicas=2, **SMALL)
    theory = descent_dynamics(model, STEPS, temperature=0.1, paths=2048, replicas=2, seed=2)
    descents = simulate_descent(model, 30, step_sizes=STEPS, starts=2, temperature=0.1, **SMALL)
    assert [row.name for row in found] == ["correlation", "energy", "lagrange_multiplier", "overlap"]
    for row in found:
        assert row.theory == theory.estimate(row.name).mean[2]
        assert row.theory_error == theory.estimate(row.name).standard_error[2] > 0.0
    assert found["energy"].estimate.mean == descents.estimate("energy").mean[2]
    assert found["correlation"].estimate.mean == descents.estimate("correlation").mean[0, 2]


def test_the_hessian_after_the_descent_and_null_labels() -> None:
    found = compare(MODEL, 30, step_sizes=STEPS, hessian=True, paths=512, replicas=2, **SMALL)
    assert [row.name for row in found][-3:] == ["outlier", "outlier_overlap_squared", "next_eigenvalue"]
    assert found["outlier"].theory < found["next_eigenvalue"].theory  # type: ignore[operator]
    null = compare(MODEL, 30, label_law="null", **SMALL)
    assert [row.name for row in null] == ["energy", "lagrange_multiplier", "smallest_eigenvalue"]
    assert null["smallest_eigenvalue"].theory == hessian_spectrum(MODEL).records()[0]["bulk_edge"]


def test_where_there_is_no_theory_the_reason_is_said() -> None:
    below = compare(MODEL.replace(samples_per_dimension=1.0), 20, **SMALL)
    assert below["outlier"].theory is None
    assert below["outlier"].reason == "the Hessian has no signal outlier"
    assert below["next_eigenvalue"].theory is not None
    without = compare(PhaseRetrieval(Loss.normalised(0.0), 2.0), 20, **SMALL)
    assert without["energy"].reason == "the theoretical value is infinite"
    unbounded = compare(PhaseRetrieval(Loss.intensity(), 3.0), 20, **SMALL)
    assert "bounded below" in unbounded["outlier"].reason


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("model", {"model": "normalised"}),
        ("dimension", {"dimension": 1}),
        ("instances", {"instances": 0}),
        ("label_law", {"label_law": "both"}),
        ("starts", {"starts": 2}),
        ("temperature", {"temperature": 0.1}),
        ("hessian", {"hessian": True}),
        ("hessian", {"hessian": True, "step_sizes": STEPS, "label_law": "null"}),
        ("overlap", {"hessian": True, "step_sizes": STEPS, "model": MODEL.replace(overlap=0.2)}),
        ("step_sizes[1]", {"step_sizes": [0.1, -0.1]}),
        ("step_sizes", {"step_sizes": []}),
    ],
)
def test_bad_input(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        compare(**({"model": MODEL, "dimension": 20, "instances": 3} | options))
    assert caught.value.argument == name
    assert "\n" not in str(caught.value)


def test_divergent_descents_are_refused() -> None:
    with pytest.raises(NotConverged, match="take smaller steps"):
        compare(MODEL, 20, step_sizes=[5.0] * 4, **SMALL)
