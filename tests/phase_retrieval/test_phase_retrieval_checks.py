"""The list of checks: complete, with theories that can be evaluated, and able to reject a wrong theory."""

from dataclasses import replace

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.phase_retrieval.checks import checks, density_checks, spectral_checks, start_checks
from statphys_gen.phase_retrieval.checks import dynamics as checks_dynamics
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.simulation.reduced_edge import (
    draw_pairs,
    reduced_best_offset,
    reduced_edge,
    reduced_initial_transition,
    reduced_switch,
)
from statphys_gen.phase_retrieval.theory.curvature_law import NodeRule
from statphys_gen.phase_retrieval.theory.sampled_law import sampled_curvature_law
from statphys_gen.phase_retrieval.theory.spectrum import left_edge, outlier_criterion
from statphys_gen.phase_retrieval.theory.transition import transition
from statphys_gen.statistics.agreement import judge
from statphys_gen.statistics.estimate import Estimate


def test_every_theory_of_the_start_gives_numbers() -> None:
    every = checks()
    assert len({check.name for check in every}) == len(every)
    assert sum(check.judged for check in every) >= 30
    # Those of the dynamics take minutes.
    for check in (*start_checks(), *density_checks(), *spectral_checks()):
        theory = np.asarray(check.theory())
        assert np.isfinite(theory).all(), check.name
        assert (np.abs(theory) > 0.01).all(), check.name


def test_a_solved_descent_is_kept_by_what_it_is(monkeypatch) -> None:
    """Not by its place in memory, where another one may lie later."""
    solved = []

    class Solved:
        def __init__(self, model: PhaseRetrieval, *arguments: object, **options: object) -> None:
            solved.append(model)
            self.model = model

        def require(self) -> "Solved":
            return self

    monkeypatch.setattr(checks_dynamics, "descent_dynamics", Solved)
    monkeypatch.setattr(checks_dynamics, "_SOLVED", {})

    def theory(ratio: float, steps: int = 3) -> Solved:
        descent = checks_dynamics.Descent(PhaseRetrieval(Loss.normalised(0.3), ratio), np.full(steps, 0.1))
        return descent.theory()

    assert theory(2.0) is theory(2.0)
    assert theory(3.0).model.samples_per_dimension == 3.0
    assert theory(2.0, 4) is not theory(2.0)
    assert len(solved) == 3


def test_a_check_agrees_and_rejects_a_theory_that_is_off() -> None:
    # The quickest one; all of them are judged at full size by the verification report.
    check = next(c for c in spectral_checks() if c.name.endswith("best weights, 4 samples"))
    result = check.run()
    assert judge([result]).passed
    for factor in (0.96, 1.04):
        wrong = replace(check, theory=lambda factor=factor: factor * result.theory)
        report = judge([type(result)(wrong, wrong.theory(), result.estimate)])
        assert report.agreements[0].verdict == "disagrees"


@pytest.mark.parametrize("offset", [0.01, 0.1, 1.0, 4.0])
@pytest.mark.parametrize("ratio", [0.7, 3.0, 300.0])
def test_edge_and_criterion_of_points_by_two_routes(offset: float, ratio: float) -> None:
    """The maximum of z(S) against the root of z'(S) = 0; soft edges and, at few samples, hard ones."""
    y, t = np.random.default_rng(3).standard_normal((2, 2000))
    t /= np.sqrt((t * t).mean())
    model = PhaseRetrieval(Loss.normalised(offset), ratio)
    law = replace(
        sampled_curvature_law(model.loss, np.stack([y, t], axis=1)), lower_bound=model.loss.curvature_bound
    )
    edge, criterion = reduced_edge(model, y, t)
    np.testing.assert_allclose(edge, float(left_edge(model, law=law).require()["position"]), rtol=1e-10)
    # The place of a maximum is known to the root of the rounding of its value.
    np.testing.assert_allclose(criterion, float(outlier_criterion(model, law=law)), rtol=1e-6)


@pytest.mark.parametrize(("offset", "overlap"), [(0.2, 0.35), (4.0, -0.5)])
def test_transition_of_points_by_two_routes(offset: float, overlap: float) -> None:
    """Where the criterion at the maximum of z is 1, against the equation without the number of samples."""
    y, u = np.random.default_rng(4).standard_normal((2, 3000))
    u /= np.sqrt((u * u).mean())
    loss = Loss.normalised(offset)
    t = overlap * y + np.sqrt(1.0 - overlap**2) * u
    law = sampled_curvature_law(loss, np.stack([y, u], axis=1))
    curvature = loss.curvature(y, t)
    one = np.full(len(y), 1.0 / len(y))
    law = replace(law, lower_bound=loss.curvature_bound, rules=(NodeRule(curvature, u * u, one),) * 2)
    exact = float(transition(law).solution.require()["samples_per_dimension"])
    np.testing.assert_allclose(reduced_initial_transition(loss, y, t, overlap), exact, rtol=1e-6)


def test_switch_and_best_offset_of_points() -> None:
    """The lowest transition lies at the kink where its kind changes, of every set of pairs."""
    y, t = draw_pairs(512, -0.2, seed=8)
    switch = reduced_switch(Loss.normalised, y, t, -0.2, (0.3, 3.0))
    best = reduced_best_offset(Loss.normalised, y, t, -0.2, (0.3, 3.0))
    np.testing.assert_allclose(best, switch, rtol=1e-3)
    beside = [reduced_initial_transition(Loss.normalised(switch[0] * f), y, t, -0.2) for f in (0.97, 1.03)]
    assert min(beside) > switch[1]


def test_drawn_pairs_have_the_law_of_the_start() -> None:
    rows = []
    for group in range(30):
        y, t = draw_pairs(1024, -0.6, seed=5, group=group)
        rows.append([x.mean() for x in (y, t, y * y, t * t, y * t, y * y * t * t)])
    assert len({tuple(row) for row in rows}) == 30
    assert agrees(Estimate.from_samples(rows), [0.0, 0.0, 1.0, 1.0, -0.6, 1.0 + 2.0 * 0.36])
