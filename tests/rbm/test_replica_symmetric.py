"""Replica-symmetric states: the free entropy is stationary in every order parameter, limits, branches, refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest

from statphys_gen.rbm.couplings.base import State
from statphys_gen.rbm.couplings.entries import classes
from statphys_gen.rbm.couplings.low_rank import LowRank
from statphys_gen.rbm.couplings.pairs import Bidirectional, Repeated
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.theory.finite_size import condensed_signal, solve_sizes
from statphys_gen.rbm.theory.phase_diagram import phase_diagram
from statphys_gen.rbm.theory.replica_symmetric import dominant_state, solve
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
from statphys_gen.units.custom import FromLogDensity

DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
PRIORS = [
    Gaussian(),
    Binary(),
    ZeroOne(0.5),
    Ternary(1.0),
    QState(4),
    ReLU(0.5),
    SoftThreshold(0.3),
    Mixture(0.4),
    Spherical(),
]


def hopfield(temperature, load, **options):
    return Model(options.pop("hidden", Gaussian()), temperature, load, convention="sqrt-beta", **options)


def gradient(model, start, groups=None):
    """Derivatives of the free entropy by every order parameter at the solution, by differences of eighth order."""
    found = solve(model, start, groups=groups).require()
    batch = Batch(model, ("temperature",), groups)
    values = batch.values(np.array([model.temperature]))
    width = len(batch.groups)

    def vector(name):
        return np.atleast_1d(found[name]).reshape(1, -1)[:, :width]

    def scalar(name):
        return np.atleast_1d(found[name])

    state = State(
        vector("overlap"),
        vector("hidden_overlap"),
        scalar("edwards_anderson_overlap"),
        scalar("self_overlap"),
        scalar("hidden_edwards_anderson_overlap"),
        scalar("hidden_self_overlap"),
    )
    # Where the overlap is fixed at 0 the free entropy of a one-sided prior has a kink in its second derivative.
    retrieved = start == "retrieval" and width > 0
    names = ["overlap"] * retrieved + ["hidden_overlap"] * (retrieved and model.couplings.carried_by_layer)
    if start == "paramagnet":
        names = ["Q", "R"]
    elif model.couplings.has_load:
        names += ["q", "Q", "r", "R"]
    slopes = {}
    for name in names:
        x = getattr(state, name)
        for u in range(x.shape[-1]):
            unit = np.zeros_like(x)
            unit[..., u] = 1e-4 if name not in "qr" else min(1e-4, 0.01 * float(x[..., u].min()))
            slopes[name, u] = (
                sum(
                    weight
                    * float(
                        (
                            batch.free_entropy(values, replace(state, **{name: x + k * unit}))
                            - batch.free_entropy(values, replace(state, **{name: x - k * unit}))
                        )[0]
                    )
                    for k, weight in enumerate(DIFFERENCE, 1)
                )
                / unit.max()
            )
    return slopes


STATES = (
    [(Model(p, 0.3, 0.3, convention="sqrt-beta"), "glass") for p in PRIORS]
    + [(Model(p, 0.3, 0.3, convention="beta"), "glass") for p in PRIORS if p.name != "mixture"]
    + [(Model(p, 2.6, 0.3, convention="sqrt-beta"), "paramagnet") for p in PRIORS if p.symmetric]
    + [
        (Model(p, 0.2, 0.01, convention=c), "retrieval")
        for p in (Gaussian(), ReLU(0.5), SoftThreshold(0.3))
        for c in ("sqrt-beta", "beta")
    ]
    + [
        (Model(Mixture(0.4), 0.1, 0.02, convention="sqrt-beta"), "retrieval"),
        (Model(Spherical(), 0.003, 0.05, convention="sqrt-beta"), "retrieval"),
        (hopfield(0.3, 0.5, hidden=Gaussian(2.0), visible=ZeroOne(), visible_field=-0.3), "glass"),
        (hopfield(3.0, 0.1, visible=visible_prior("gaussian")), "paramagnet"),
        (hopfield(0.8, 0.05, couplings=Patterns("gaussian"), pattern_field=0.4), "retrieval"),
        (hopfield(0.1, 0.003, hidden=ReLU(0.5), couplings=Patterns("sparse", 0.6)), "retrieval"),
        (hopfield(1.0, 0.3, hidden=Binary(), pattern_field=0.3, couplings=Patterns(size=500)), "retrieval"),
        (hopfield(1.0, 0.3, hidden=Ternary(1.0), pattern_field=0.3), "retrieval"),
        (hopfield(0.1, 0.02, condensed=3), "retrieval"),
    ]
    + [
        (Model(p, 0.05, 0.02, convention="sqrt-beta", couplings=Bidirectional(0.6)), "retrieval")
        for p in PRIORS
        if p.tail_coefficient() == 0.0
    ]
    + [
        (Model(p, 0.3, 0.5, convention="sqrt-beta", couplings=LowRank(0.5, (2.5,))), "retrieval")
        for p in PRIORS
        if p.tail_coefficient() == 0.0
    ]
    + [
        (Model(p, 0.1, 0.0, convention="sqrt-beta", couplings=Repeated(0.6), condensed=3), "retrieval")
        for p in (Binary(), Ternary(1.0), Spherical())
    ]
    # Unbounded units in the other ensembles, where their tails keep the couplings small.
    + [
        (Model(p, 4.0, 0.1, convention="sqrt-beta", couplings=Bidirectional(), visible_field=0.4), "glass")
        for p in PRIORS
        if p.tail_coefficient() > 0.0 and p.name != "spherical"
    ]
    + [
        (
            Model(p, 2.5, 0.2, convention="sqrt-beta", couplings=LowRank(0.5, (2.2,)), visible_field=0.3),
            "glass",
        )
        for p in PRIORS
        if p.tail_coefficient() > 0.0 and p.name != "spherical"
    ]
    + [
        (Model(p, 0.3, 0.0, convention="sqrt-beta", couplings=Repeated(1.5)), "retrieval")
        for p in (Gaussian(), ReLU(0.5), SoftThreshold(0.3), Mixture(0.4))
    ]
)


def label(case):
    if isinstance(case, Model):
        return f"{case.hidden.name}-{case.visible.name}-{case.couplings.name}-{case.convention}-{case.couplings.law}"
    return str(case)


@pytest.mark.parametrize(("model", "start"), STATES, ids=label)
def test_the_free_entropy_is_stationary_at_the_solution(model, start):
    for name, slope in gradient(model, start).items():
        assert abs(slope) < 1e-8, name


def test_a_vector_of_overlaps_is_stationary_too():
    for slope in gradient(hopfield(0.1, 0.002), "retrieval", groups=(3.0,)).values():
        assert abs(slope) < 1e-8


def test_energy_in_closed_form_is_the_derivative_of_the_free_entropy():
    for model, start in STATES[::3]:
        if model.convention != "sqrt-beta" or model.couplings.corrected:
            continue
        found = solve(model, start)
        equations = Equations(Batch(model, ("temperature",)), start)
        columns = {
            "q": "edwards_anderson_overlap",
            "Q": "self_overlap",
            "r": "hidden_edwards_anderson_overlap",
            "R": "hidden_self_overlap",
            "overlap_0": "overlap",
            "hidden_overlap_0": "hidden_overlap",
        }
        x = np.array([[float(found[columns[name]]) for name in equations.names]])
        values = np.array([model.temperature])
        state = equations.full_state(x, equations.batch.values(values))
        by_difference = equations.energy_by_difference(state, [values], 1)[0]
        assert by_difference == pytest.approx(float(found["energy"]), rel=1e-9, abs=1e-10)


def test_entropy_of_a_convention_without_field_is_between_zero_and_log_two():
    found = solve(hopfield(0.5, 0.02), "retrieval", temperature=np.linspace(0.2, 0.7, 11)).require()
    assert ((found["entropy"] > 0) & (found["entropy"] < math.log(2))).all()


def test_low_load_bidirectional_state_of_the_definition():
    """m = tanh(beta alpha tanh(beta m)), solved here by plain iteration."""
    beta, ratio, m = 1.7, 0.8, 1.0
    for _ in range(400):
        m = math.tanh(beta * ratio * math.tanh(beta * m))
    model = Model(Binary(), 1 / beta, 0.0, convention="beta", couplings=Repeated(ratio))
    assert float(solve(model, "retrieval")["overlap"]) == pytest.approx(m, abs=1e-12)


def test_bidirectional_at_small_load_tends_to_repeated_patterns():
    limit = solve(Model(Binary(), 0.6, 0.0, convention="beta", couplings=Repeated(0.8)), "retrieval")
    near = solve(Model(Binary(), 0.6, 1e-9, convention="beta", couplings=Bidirectional(0.8)), "retrieval")
    assert float(near["overlap"]) == pytest.approx(float(limit["overlap"]), abs=1e-7)
    assert float(near["free_entropy"]) == pytest.approx(float(limit["free_entropy"]), abs=1e-7)


def test_sums_of_sparse_entries_tend_to_a_difference_of_poisson_numbers():
    """Density p -> 0 at fixed p L = 2: the distance of the laws falls as 1/L."""
    limit = classes("diluted", (2.0,), np.ones(1), False)
    law = dict(zip(limit.values[:, 0], limit.weights[0], strict=True))
    distances = []
    for number in (20, 40):
        near = classes("sparse", (number,), np.array([2.0 / number]), False)
        distances.append(
            sum(abs(w - law.get(x, 0.0)) for x, w in zip(near.values[:, 0], near.weights[0], strict=True))
        )
    assert distances[0] / distances[1] == pytest.approx(2.0, rel=0.1)
    assert limit.weights.sum() == pytest.approx(1.0, abs=1e-13)
    assert (limit.weights[0] * limit.values[:, 0] ** 2).sum() == pytest.approx(2.0, abs=1e-12)
    assert (limit.weights[0] * limit.occupation[0]).sum() == pytest.approx(2.0, abs=1e-12)


def test_full_density_is_the_binary_law():
    one = solve(hopfield(0.4, 0.03, couplings=Patterns("sparse", 1.0)), "retrieval")
    assert float(one["overlap"]) == pytest.approx(
        float(solve(hopfield(0.4, 0.03), "retrieval")["overlap"]), abs=1e-13
    )


def test_conventions_agree_for_gaussian_units_and_for_no_other():
    same = [
        solve(Model(Gaussian(), 0.5, 0.04, convention=c), "retrieval")["overlap"]
        for c in ("sqrt-beta", "beta")
    ]
    assert float(same[0]) == pytest.approx(float(same[1]), abs=1e-13)
    other = [
        solve(Model(ReLU(0.5), 0.4, 0.04, convention=c), "retrieval")["overlap"]
        for c in ("sqrt-beta", "beta")
    ]
    assert abs(float(other[0]) - float(other[1])) > 1e-3


def test_a_prior_of_ones_own_gives_the_same_state():
    own = FromLogDensity(lambda h: 0.5 * np.log(2 / np.pi) - h * h / 2 - 0.5 * h, support=(0.0, np.inf))
    ours, built_in = (solve(hopfield(0.4, 0.1, hidden=p), "retrieval") for p in (own, ReLU(0.5)))
    assert float(ours["overlap"]) == pytest.approx(float(built_in["overlap"]), abs=1e-11)
    assert float(ours["free_entropy"]) == pytest.approx(float(built_in["free_entropy"]), abs=1e-10)


def test_batches_over_parameters_of_the_prior_agree_with_single_points():
    thresholds = np.array([0.0, 0.4, 1.1])
    found = solve(hopfield(0.4, 0.1, hidden=ReLU()), "retrieval", threshold=thresholds).require()
    for theta, m in zip(thresholds, found["overlap"], strict=True):
        single = solve(hopfield(0.4, 0.1, hidden=ReLU(float(theta))), "retrieval")
        assert m == pytest.approx(float(single["overlap"]), abs=1e-12)
    found = solve(hopfield(0.3, 0.5, hidden=Ternary()), "glass", inactive_cost=np.array([0.5, 1.0])).require()
    single = solve(hopfield(0.3, 0.5, hidden=Ternary(1.0)), "glass")
    assert found["edwards_anderson_overlap"][1] == pytest.approx(
        float(single["edwards_anderson_overlap"]), abs=1e-12
    )


def test_states_that_do_not_exist_are_said_not_to():
    assert solve(hopfield(0.5, 0.2), "retrieval").status == Status.NO_SOLUTION
    assert solve(hopfield(2.0, 0.1), "glass").status == Status.NO_SOLUTION
    assert (
        solve(hopfield(0.5, 0.1), "paramagnet").status == Status.NO_SOLUTION
    )  # its Gaussian integral diverges
    found = solve(hopfield(0.5, 0.1, hidden=Binary()), "retrieval")
    assert not found.good
    assert np.isnan(found["overlap"])


def test_dominant_state():
    compared = dominant_state(
        hopfield(0.5, 0.05), temperature=[0.1, 0.5, 0.9, 1.5], load=[0.02, 0.05, 0.05, 0.05]
    )
    assert compared.dominant.tolist() == ["retrieval", "glass", "glass", "paramagnet"]
    assert compared.solutions["retrieval"].good.tolist() == [True, True, False, False]


def test_mixtures_of_three_patterns_are_stable_only_below_a_temperature():
    """Amit, Gutfreund, Sompolinsky: at load 0 symmetric mixtures of three are stable below T = 0.461."""
    found = solve(hopfield(0.3, 1e-6, condensed=3), "retrieval", temperature=[0.44, 0.48]).require()
    assert found["mixture_stability"][0] > 0 > found["mixture_stability"][1]


def test_glass_of_a_symmetric_model_is_unstable_and_its_paramagnet_marginal_at_the_line():
    line = 1.0 + math.sqrt(0.1)
    glass = solve(hopfield(0.9, 0.1), "glass").require()
    assert glass["replicon"] < 0
    paramagnet = solve(hopfield(1.0, 0.1), "paramagnet", temperature=[line - 1e-6, line + 1e-6]).require()
    assert paramagnet["replicon"][0] < 0 < paramagnet["replicon"][1]
    susceptibility = 1.0 / solve(hopfield(1.8, 0.1), "paramagnet")["inverse_spin_glass_susceptibility"]
    assert susceptibility == pytest.approx(1.0 / (1.0 - 0.1 / 1.8**2 / (1 - 1 / 1.8) ** 2), rel=1e-12)


def test_finite_size_approaches_the_limit_as_the_root_of_the_size():
    model = hopfield(0.4, 0.2, hidden=ReLU(0.8))
    limit = float(solve(model, "retrieval")["overlap"])
    sizes = np.array([1e4, 4e4, 16e4])
    distance = limit - solve_sizes(model, "retrieval", sizes).require()["overlap"]
    np.testing.assert_allclose(distance[:-1] / distance[1:], 2.0, rtol=0.05)
    # For the ReLU the shift of the signal is -g threshold / sqrt(N).
    g = model.coupling
    expected = g * g * 0.9 - g * 0.8 / math.sqrt(1e6)
    assert condensed_signal(model, 0.9, 1e6) == pytest.approx(expected, rel=1e-9)


def test_gaussian_condensed_units_have_no_correction_of_this_order():
    model = hopfield(0.4, 0.05)
    assert solve_sizes(model, "retrieval", 100.0)["overlap"] == pytest.approx(
        float(solve(model, "retrieval")["overlap"]), abs=1e-12
    )


def test_phase_diagram_is_labelled():
    data = phase_diagram(hopfield(0.5, 0.05), temperature=[0.2, 0.6, 1.6], load=[0.02, 0.2], lines=False)
    assert data["phase"].values.tolist() == [[3, 2], [2, 2], [1, 2]] or data["phase"].values.tolist()[0] == [
        3,
        2,
    ]
    assert data.attrs["convention"] == "sqrt-beta"
    assert set(data.dims) == {"temperature", "load"}
