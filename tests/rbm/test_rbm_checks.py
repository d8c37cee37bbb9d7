"""The list of checks: complete, named apart, at points where the theory should hold, and able to reject a wrong one."""

from dataclasses import replace

import numpy as np
import pytest

from statphys_gen.meaning import fingerprint
from statphys_gen.rbm.checks import checks
from statphys_gen.rbm.checks import energy as checks_energy
from statphys_gen.rbm.checks import mixtures as checks_mixtures
from statphys_gen.rbm.checks import order as checks_order
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.registry import design_hash
from statphys_gen.statistics.agreement import Check, judge
from statphys_gen.statistics.estimate import Estimate


def test_the_list_is_long_and_named_apart() -> None:
    every = checks()
    assert len({check.name for check in every}) == len(every)
    assert sum(check.judged for check in every) >= 25


def points(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Model, str]]:
    """Model and state of every judged check of an order parameter or a free entropy."""
    found: list[tuple[str, Model, str]] = []
    builders = (
        (checks_order, "extrapolated"),
        (checks_order, "corrected"),
        (checks_mixtures, "extrapolated"),
        (checks_mixtures, "corrected"),
        (checks_energy, "_free_entropy"),
    )
    for module, builder in builders:
        original = getattr(module, builder)

        def record(
            name: str, model: Model, state: str, *rest: object, original=original, **options: object
        ) -> Check:
            found.append((name, model, state))
            return original(name, model, state, *rest, **options)

        monkeypatch.setattr(module, builder, record)
    checks()
    return found


def test_replica_symmetry_is_stable_at_every_judged_point(monkeypatch: pytest.MonkeyPatch) -> None:
    found = points(monkeypatch)
    assert len(found) >= 25
    for name, model, state in found:
        solution = solve(model, state)
        assert float(np.min(solution.require()["replicon"])) > 0.1, name


def test_loads_of_retrieval_are_at_most_seven_tenths_of_the_spinodal(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Model] = []
    for name, model, state in points(monkeypatch):
        # The end of a mixture is that of its stability, see below.
        single = state == "retrieval" and not model.couplings.carried_by_layer and model.condensed == 1
        if single and model not in seen:
            seen.append(model)
            # Retrieval that lasts to load / 0.7 has its end beyond.
            assert bool(solve(model, "retrieval", load=model.load / 0.7).good), name


def test_mixtures_are_stable_where_they_are_compared_and_unstable_where_they_decay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decaying: list[Model] = []
    monkeypatch.setattr(checks_mixtures, "decay", lambda name, model: decaying.append(model))
    mixtures = [model for _, model, _ in points(monkeypatch) if model.condensed > 1]
    assert len(decaying) == 2
    assert len(mixtures) >= 3
    for model, stable in [(m, True) for m in mixtures] + [(m, False) for m in decaying]:
        found = solve(model, "retrieval").require()
        least = min(float(found["mixture_stability"]), float(found["pattern_stability"]))
        assert least > 0.1 if stable else least < -0.1


def test_a_check_agrees_and_rejects_a_theory_that_is_off() -> None:
    # A quick one; all of them are judged at full size by the verification report.
    quick = next(check for check in checks() if check.name == "descent from a pattern, Gaussian units")
    result = quick.run()
    assert judge([result]).passed
    wrong = replace(quick, theory=lambda: result.theory * 1.02)
    verdict = judge([type(result)(wrong, wrong.theory(), result.estimate)]).agreements[0].verdict
    assert verdict == "disagrees"


def test_a_crossing_is_found_between_two_temperatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the theory's free entropies in the simulation's place; the line is off by its curvature only."""
    error = 1e-3

    def limits(model: Model, branch: str, *rest: object, **options: object) -> Estimate:
        value = float(solve(model, branch).require()["free_entropy"])
        return Estimate(np.array([value]), np.array([error]), np.array([15.0]), np.array([0.5]))

    monkeypatch.setattr(checks_energy, "_free_entropy_limit", limits)
    check = next(check for check in checks() if check.id.startswith("crossing-of-retrieval"))
    found = check.simulate(0)
    np.testing.assert_allclose(found.mean, check.theory(), rtol=1e-3)
    slope = (0.00174 + 0.00223) / 0.02
    share = (float(found.mean[0]) - 0.68) / 0.02
    by_hand = error / slope * np.sqrt(2 * (share**2 + (1 - share) ** 2))
    np.testing.assert_allclose(found.standard_error, by_hand, rtol=0.01)
    assert float(found.fit_p_value[0]) == 0.5


def test_models_that_differ_only_in_the_law_of_patterns_have_two_designs() -> None:
    every = {check.id: check for check in checks()}
    one = every["paramagnet-of-gaussian-units"]
    other = replace(one, model=one.model.replace(couplings=Patterns("gaussian")))
    assert fingerprint(every["gaussian-patterns"].model) == fingerprint(other.model)
    assert design_hash(other) != design_hash(one)
    assert len({design_hash(check) for check in every.values()}) == len(every)
