"""The explicit curves against the iteration that knows nothing of them."""

import numpy as np
import pytest

from statphys_gen.rbm.couplings.pairs import Bidirectional
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.load_curves import (
    UNRESOLVED,
    applies,
    hidden_noise,
    solve_points,
    visible_powers,
)
from statphys_gen.rbm.theory.replica_symmetric import _iterated, solve
from statphys_gen.rbm.theory.saddle_point import Batch
from statphys_gen.rbm.theory.state_equations import Equations
from statphys_gen.solution import Status
from statphys_gen.units import (
    Binary,
    Gaussian,
    Mixture,
    QState,
    ReLU,
    SoftThreshold,
    Spherical,
    Ternary,
    ZeroOne,
)

CASES = [
    (Gaussian(), "sqrt-beta"),
    (Gaussian(1.7), "beta"),
    (Binary(), "beta"),
    (ZeroOne(0.3), "sqrt-beta"),
    (Ternary(1.0), "sqrt-beta"),
    (QState(5), "sqrt-beta"),
    (ReLU(0.5), "beta"),
    (SoftThreshold(0.4), "sqrt-beta"),
    (Mixture(0.5), "sqrt-beta"),
]
DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


def derivative(function, x, step=1e-3):
    return (
        sum(w * (function(x + k * step) - function(x - k * step)) for k, w in enumerate(DIFFERENCE, 1)) / step
    )


@pytest.mark.parametrize(("hidden", "convention"), CASES, ids=lambda case: getattr(case, "name", case))
@pytest.mark.parametrize("start", ["glass", "retrieval"])
def test_curves_and_iteration_agree(hidden, convention, start):
    temperature, load = (a.ravel() for a in np.meshgrid([0.1, 0.4, 0.9], [0.004, 0.06, 0.5], indexing="ij"))
    batch = Batch(Model(hidden, 1.0, 0.1, convention=convention), ("temperature", "load"))
    assert applies(batch)
    found = solve_points(batch, start, batch.values(temperature, load))
    assert (found.status != UNRESOLVED).all()
    assert (found.residual[found.status == 0] <= 1e-12).all()
    expected = _iterated(Equations(batch, start), [temperature, load])
    good = found.status == Status.CONVERGED
    # The iteration may stop without a verdict close to the end of a state; it never contradicts.
    decided = expected.status != Status.NOT_CONVERGED
    np.testing.assert_array_equal(good[decided], (expected.status <= Status.NEAR_CRITICAL)[decided])
    assert decided.sum() >= 7
    both = good & decided
    np.testing.assert_array_less(
        np.abs(found.x - expected.x)[both].max(axis=1, initial=0.0),
        2.0 * (found.error + expected.error)[both] + 1e-300,
    )


@pytest.mark.parametrize(("hidden", "convention"), CASES, ids=lambda case: getattr(case, "name", case))
def test_derivative_of_the_noise(hidden, convention):
    model = Model(hidden, 1.25, 0.1, convention=convention)
    beta, q = np.full(3, 0.5), np.array([0.3, 0.6, 0.9])
    _, slope = hidden_noise(model, beta, q)
    np.testing.assert_allclose(slope, derivative(lambda x: hidden_noise(model, beta, x)[0], q), rtol=1e-9)


def test_derivatives_of_the_visible_averages():
    H, S = np.array([0.4, 1.5]), np.array([0.7, 3.0])
    one, two, three, four = visible_powers(H, S)
    np.testing.assert_allclose(1 - two, derivative(lambda x: visible_powers(x, S)[0], H), rtol=1e-9)
    np.testing.assert_allclose(three - one, derivative(lambda x: visible_powers(H, x)[0], S), rtol=1e-9)
    slope = derivative(lambda x: visible_powers(x, S)[1], H)
    np.testing.assert_allclose(2 * (one - three), slope, rtol=1e-9)
    slope = derivative(lambda x: visible_powers(H, x)[1], S)
    np.testing.assert_allclose(1 - 4 * two + 3 * four, slope, rtol=1e-9)


def test_the_end_of_retrieval_is_found_between_neighbouring_loads():
    """At T = 0.2 the spinodal of the Hopfield network is at load 0.12255886062 (thirty digits in the references)."""
    edge = 0.12255886062262
    found = solve(
        Model(Gaussian(), 0.2, 0.1, convention="sqrt-beta"),
        "retrieval",
        load=edge * np.array([0.999, 0.999999, 1.000001, 1.001]),
    )
    assert found.good.tolist() == [True, True, False, False]
    assert (found.status[2:] == Status.NO_SOLUTION).all()


def test_cold_states_are_states():
    model = Model(Gaussian(), 0.001, 0.001, convention="sqrt-beta")
    cold = solve(model, "retrieval", load=[0.001, 0.05])
    assert cold.good.all()
    assert cold["overlap"][0] == 1.0
    assert cold["free_energy"][1] == pytest.approx(-0.525000356382941, abs=1e-7)
    # Colder than the averages reach: not converged, and not a claim that there is no state.
    assert (solve(model, "glass", temperature=1e-5, load=[0.05, 0.1]).status == Status.NOT_CONVERGED).all()


def test_other_models_are_not_taken_for_such_curves():
    for model in (
        Model(Gaussian(), 0.5, 0.1, convention="beta", visible=ZeroOne()),
        Model(Spherical(), 0.5, 0.1, convention="beta"),
        Model(Gaussian(), 0.5, 0.1, convention="beta", couplings=Patterns("sparse", 0.5)),
        Model(Gaussian(), 0.5, 0.1, convention="beta", pattern_field=0.1),
        Model(Gaussian(), 0.5, 0.1, convention="beta", couplings=Patterns(size=100)),
        Model(Gaussian(), 0.5, 0.1, convention="beta", condensed=3),
        Model(Binary(), 0.5, 0.1, convention="beta", couplings=Bidirectional()),
    ):
        assert not applies(Batch(model, ("temperature",)))
    assert not applies(Batch(Model(ReLU(), 0.5, 0.1, convention="beta"), ("threshold",)))
