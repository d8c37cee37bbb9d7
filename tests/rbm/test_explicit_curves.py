"""The explicit curves against the iteration that knows nothing of them."""

import numpy as np
import pytest

from statphys_gen.rbm.couplings.pairs import Bidirectional
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.broad_fields import broad_averages
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
from statphys_gen.rbm.theory.zero_temperature import glass_state, retrieval_state
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
    # The last in the rule for fields that are much broader than the response.
    H, S = np.array([0.4, 1.5, 300.0]), np.array([0.7, 3.0, 4e5])
    _, two, skew, rise = visible_powers(H, S)
    np.testing.assert_allclose(1 - two, derivative(lambda x: visible_powers(x, S)[0], H), rtol=1e-9)
    # The third is 4e-7: a difference has fewer digits.
    fall = derivative(lambda x: visible_powers(H, x)[0], S)
    np.testing.assert_allclose(-skew, fall, rtol=1e-9, atol=1e-12)
    slope = derivative(lambda x: visible_powers(x, S)[1], H)
    np.testing.assert_allclose(2 * skew, slope, rtol=1e-9, atol=1e-12)
    slope = derivative(lambda x: visible_powers(H, x)[1], S)
    np.testing.assert_allclose(rise, slope, rtol=1e-9, atol=1e-12)


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


@pytest.mark.parametrize("convention", ["beta", "sqrt-beta"])
def test_cold_states_tend_to_the_closed_form_at_zero_temperature(convention):
    model = Model(Gaussian(), 1.0, 0.1, convention=convention)
    temperature = np.array([1e-3, 1e-4, 1e-5, 1e-6])
    for start, ground in (("glass", glass_state(model, 0.1)), ("retrieval", retrieval_state(model, 0.1))):
        found = solve(model, start, temperature=temperature).require()
        # The energy is that of the ground state to second order in the temperature, overlap and response to first.
        assert (
            np.abs(found["energy"] - ground.energy) <= 0.3 * temperature**2 + found.error / temperature
        ).all()
        response = (1.0 - found["edwards_anderson_overlap"]) / temperature
        for value, limit in ((found["overlap"], ground.overlap), (response, ground.response)):
            assert (np.abs(value - limit) <= 0.3 * temperature + found.error / temperature).all()


def test_averages_over_broad_fields():
    """By adaptive quadrature of thirty digits: E tanh, 1 - tanh^2, its square, tanh - tanh^3, log 2cosh."""
    mp = pytest.importorskip("mpmath")
    functions = (
        mp.tanh,
        lambda b: mp.sech(b) ** 2,
        lambda b: mp.sech(b) ** 4,
        lambda b: mp.tanh(b) * mp.sech(b) ** 2,
        lambda b: abs(b) + mp.log1p(mp.exp(-2 * abs(b))),
    )
    for H, s in ((300.0, 700.0), (-3.0, 2000.0), (5000.0, 600.0), (1e4, 1e6)):
        found = broad_averages(np.array([H]), np.array([s]))
        places = sorted(
            {H + s * k for k in range(-12, 13)} | {float(k) for k in (-40, -15, -5, 0, 5, 15, 40)}
        )
        with mp.workdps(30):
            for value, function in zip(found, functions, strict=True):
                right = mp.quad(lambda b: function(b) * mp.npdf(b, H, s), places)  # noqa: B023
                assert float(value[0]) == pytest.approx(float(right), rel=1e-13, abs=1e-18)


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
