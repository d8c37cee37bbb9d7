"""One-step states against another quadrature, their internal relations, and what has no solution."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from statphys_gen.approximation import approximation_of
from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.theory.consistency import consistency_report
from statphys_gen.phase_retrieval.theory.one_step import GlobalBranch, singular_labels
from statphys_gen.phase_retrieval.theory.spectrum import hessian_spectrum, outlier_criterion
from statphys_gen.phase_retrieval.theory.threshold_states import (
    one_step_curvature_law,
    one_step_state,
    one_step_threshold,
    one_step_threshold_curve,
)
from statphys_gen.solution import Status

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "phase_retrieval_threshold_states.json").read_text()
)
ONE = Loss.normalised(1.0)


def model(samples_per_dimension: float = 5.0, loss: Loss = ONE) -> PhaseRetrieval:
    return PhaseRetrieval(loss, samples_per_dimension)


@pytest.mark.parametrize(("offset", "expected"), REFERENCE["thresholds"].items())
def test_thresholds(offset: str, expected: list[float]) -> None:
    found = one_step_threshold(Loss.normalised(float(offset))).require()
    # The reference is itself good to 2e-9.
    for name, value in zip(
        ("samples_per_dimension", "susceptibility", "parisi_parameter"), expected, strict=True
    ):
        assert float(found[name]) == pytest.approx(value, rel=2e-9), name
    assert float(found["outlier_criterion"]) == pytest.approx(1.0, abs=1e-12)
    assert float(found["replicon"]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    "entry", REFERENCE["states"], ids=lambda e: f"{e['state']}-{e['samples_per_dimension']}"
)
def test_states(entry: dict) -> None:
    found = one_step_state(model(entry["samples_per_dimension"]), entry["state"]).require()
    for name in ("susceptibility", "parisi_parameter", "energy", "lagrange_multiplier", "outlier_criterion"):
        assert float(found[name]) == pytest.approx(entry[name], rel=1e-9), name
    for name in ("replicon", "complexity"):
        assert float(found[name]) == pytest.approx(entry[name], abs=1e-10), name
    assert float(found["edge"]) == pytest.approx(0.0, abs=1e-12)


def test_spectrum_of_a_marginal_state_starts_at_zero() -> None:
    state = one_step_state(model(7.5)).require()
    law = one_step_curvature_law(model(7.5))
    spectrum = hessian_spectrum(model(7.5), law=law)
    assert str(spectrum.edge_kind) == "soft"
    assert float(spectrum.bulk_edge["position"]) == pytest.approx(0.0, abs=1e-9)
    assert float(spectrum.bulk_edge["stieltjes"]) == pytest.approx(float(state["susceptibility"]), rel=1e-6)
    assert float(spectrum.outlier["position"]) < 0.0
    assert float(outlier_criterion(model(7.5), law=law)) == pytest.approx(
        float(state["outlier_criterion"]), rel=1e-6
    )


def test_no_law_of_a_state_that_is_not_there() -> None:
    with pytest.raises(NotConverged, match="no solution in the domain"):
        one_step_curvature_law(model(3.0))


def test_no_solution_where_there_is_none() -> None:
    """Without jumps the branch ends at chi = 1/2, at 3.990 samples per dimension for offset 1."""
    found = one_step_state(model(), samples_per_dimension=[3.0, 3.98, 4.0], largest_jump_fraction=0.0)
    assert found.status.tolist() == [Status.NO_SOLUTION, Status.NO_SOLUTION, Status.CONVERGED]
    assert np.isnan(found["energy"][:2]).all()
    assert 0.49 < found["susceptibility"][2] < 0.5
    # By default it goes on until the response jumps for one label in a hundred, for states and thresholds alike.
    few = one_step_state(model(), samples_per_dimension=[3.0, 3.98])
    assert few.status.tolist() == [Status.NO_SOLUTION, Status.CONVERGED]
    assert 0.0 <= few["jump_fraction"][1] < 1e-12
    assert one_step_threshold(Loss.normalised(5.0), largest_jump_fraction=0.0).status == Status.NO_SOLUTION
    # With a jump it goes on, to one sample per dimension: then the measurements can be fitted.
    with_jump = one_step_state(model(), samples_per_dimension=[0.95, 1.5], largest_jump_fraction=1.0)
    assert with_jump.status[0] == Status.NO_SOLUTION
    assert 0.0 < with_jump["energy"][1] < 0.05
    assert with_jump["jump_fraction"][1] > 0.3


def test_edge_of_a_state_with_a_jump() -> None:
    """(alpha/chi) E[2 h0 p(z = 0 | t)], from the law's definition at z = 0."""
    alpha, loss = 14.0, Loss.intensity()
    state = one_step_state(model(alpha, loss)).require()
    chi, s = float(state["susceptibility"]), float(state["parisi_parameter"])
    branch = GlobalBranch(loss, chi)
    _, log_partition = branch.probabilities(s)
    t = branch.label[:, 0]
    lowest = np.sqrt(np.maximum(0.0, t * t - 1.0 / (2.0 * chi)))
    potential = lowest**2 / (2 * chi) + 0.5 * (lowest**2 - t * t) ** 2
    density = np.exp(-s * potential - log_partition) / math.sqrt(2 * math.pi)
    expected = alpha / chi * float((branch.label_probability * 2.0 * lowest * density).sum())
    assert expected > 0.05
    assert float(state["edge"]) == pytest.approx(expected, rel=1e-6)


def test_prefactor_changes_no_threshold() -> None:
    one, four = (one_step_threshold(Loss.normalised(0.3, prefactor=c)) for c in (1.0, 4.0))
    assert float(four["samples_per_dimension"]) == pytest.approx(
        float(one["samples_per_dimension"]), rel=1e-9
    )
    assert float(four["susceptibility"]) == pytest.approx(float(one["susceptibility"]) / 4, rel=1e-9)
    assert float(four["energy"]) == pytest.approx(4 * float(one["energy"]), rel=1e-9)


def test_user_loss_is_the_named_one() -> None:
    user = Loss.from_expression("(y**2 - t**2)**2/(2*(1 + t**2))")
    assert float(one_step_threshold(user)["samples_per_dimension"]) == pytest.approx(
        float(one_step_threshold(ONE)["samples_per_dimension"]), rel=1e-9
    )


def test_curve_and_ground_state_threshold() -> None:
    curve = one_step_threshold_curve([0.5, math.inf])
    assert curve.shape == (2,)
    assert curve["samples_per_dimension"][1] == pytest.approx(REFERENCE["thresholds"]["inf"][0], rel=2e-9)
    ground = one_step_threshold(ONE, "ground").require()
    again = one_step_state(model(float(ground["samples_per_dimension"])), "ground")
    assert float(again["outlier_criterion"]) == pytest.approx(1.0, abs=1e-9)


def test_singular_labels() -> None:
    # 1 + chi g(0, t) = 0 at t^2 = a/(2 chi - 1).
    assert singular_labels(Loss.normalised(2.0), 0.75) == pytest.approx((2.0,), rel=1e-12)
    assert singular_labels(ONE, 0.4) == ()


def test_consistency_report() -> None:
    # Full breaking can only raise the energy of the ground state, here 1.14987.
    report = consistency_report(model(6.55), full={"energy": 1.1})
    assert report["consistent"] is False
    assert report["energy_gap"] < 0
    assert [finding.split(" of ")[0].split(" lies ")[0] for finding in report["findings"]] == [
        "the complexity",
        "the replicon",
        "the marginal state",
        "the energy with full breaking",
    ]
    nothing = consistency_report(model(2.0))
    assert nothing["consistent"] is None
    assert any("no one-step marginal state" in finding for finding in nothing["findings"])


def test_predictions_state_their_approximation() -> None:
    for function in (one_step_state, one_step_threshold, one_step_threshold_curve, consistency_report):
        assert approximation_of(function).level == "1RSB"


WARM = PhaseRetrieval(ONE, 5.0, 0.1)
BAD = [
    (lambda: one_step_state("normalised"), "model"),
    (lambda: one_step_state(WARM), "overlap"),
    (lambda: one_step_state(model(), samples_per_dimension=0.0), "samples_per_dimension"),
    (lambda: one_step_state(model(), samples_per_dimension=[5.0, -1.0]), "samples_per_dimension"),
    (lambda: one_step_state(model(), samples_per_dimension=math.nan), "samples_per_dimension"),
    (lambda: one_step_state(model(), "full"), "state"),
    (lambda: one_step_state(model(), 1), "state"),
    (lambda: one_step_state(model(), largest_jump_fraction=1.5), "largest_jump_fraction"),
    (lambda: one_step_threshold(None), "loss"),
    (lambda: one_step_threshold(ONE, "marginally"), "state"),
    (lambda: one_step_threshold_curve(-1.0), "offset"),
    (lambda: one_step_threshold_curve([]), "offset"),
    (lambda: one_step_threshold_curve(math.nan), "offset"),
    (lambda: one_step_curvature_law(ONE), "model"),
    (lambda: one_step_curvature_law(WARM), "overlap"),
    (lambda: one_step_curvature_law(model(), "final"), "state"),
    (lambda: consistency_report(WARM), "overlap"),
    (lambda: consistency_report(model(), full=3.0), "full"),
    (lambda: consistency_report(model(), full={"replicon": 1.0}), "full"),
    (lambda: consistency_report(model(), full={"energy": math.nan}), "full"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_input(case: int) -> None:
    call, text = BAD[case]
    with pytest.raises(InvalidArgument, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
