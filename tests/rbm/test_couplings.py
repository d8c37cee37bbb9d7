"""Couplings: who calls which verb, conformance of ours and of wrong ones, and what results say of themselves."""

import ast
import math
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from agreement import agrees

from statphys_gen import rbm
from statphys_gen.conformance import conformance
from statphys_gen.errors import InvalidArgument
from statphys_gen.rbm import Bidirectional, Couplings, LowRank, Model, Patterns, Repeated
from statphys_gen.units import Binary, FromLogMoments, Gaussian, Mixture, ReLU, Spherical, Ternary

DRAWING = {"draw", "carriers", "controls", "entries"}
AVERAGING = {"with_arrays", "rows", "noise_scale", "groups", "one_pattern", "strengths", "condenses"}
AVERAGING |= {"visible_noise", "hidden_noise", "noise_entropy", "noise_interaction", "transfer"}
AVERAGING |= {"visible_signal", "hidden_signal", "signal_entropy", "signal_interaction", "pattern_stability"}
DEFINING = {"law", "density", "name", "latex", "carried_by_layer", "joint", "has_load", "of_pairs"}
DEFINING |= {"continuous", "corrected", "ratio", "replace"}
# Of units; the mean and the variance have names that arrays have too.
UNITS_DRAW = {"sample", "energy_gradient"}
UNITS_AVERAGE = {"log_partition", "mean_and_variance", "log_partition_and_moments", "second_moment"}
UNITS_AVERAGE |= {"tail_coefficient", "steepness", "zero_temperature_response"}
ROOMS = Path(rbm.__file__).parent


def test_every_verb_is_of_one_kind() -> None:
    public = {name for name in dir(Couplings) if not name.startswith("_")} | {"name", "latex"}
    assert public == DRAWING | AVERAGING | DEFINING
    assert len(public) == len(DRAWING) + len(AVERAGING) + len(DEFINING)


def called(path: Path) -> tuple[set[str], set[str]]:
    """Names asked of couplings, and all names asked of anything."""
    asked = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    ]
    of_couplings = {
        node.attr
        for node in asked
        if (isinstance(node.value, ast.Name) and node.value.id == "couplings")
        or (isinstance(node.value, ast.Attribute) and node.value.attr == "couplings")
    }
    return of_couplings, {node.attr for node in asked}


@pytest.mark.parametrize(
    ("room", "own", "foreign_units"),
    [("theory", AVERAGING, UNITS_DRAW), ("simulation", DRAWING, UNITS_AVERAGE)],
)
def test_simulations_draw_and_theories_average(room: str, own: set[str], foreign_units: set[str]) -> None:
    used = set()
    for path in sorted((ROOMS / room).glob("*.py")):
        of_couplings, everything = called(path)
        assert of_couplings <= own | DEFINING, path.name
        assert not everything & foreign_units, path.name
        used |= of_couplings & own
    assert len(used) >= 3


OURS = [
    Patterns(),
    Patterns("sparse", 0.6),
    Patterns("gaussian"),
    LowRank(0.7, (1.5, 0.8)),
    LowRank(0.5, (2.0,), law="sparse", density=0.5),
    LowRank(),
    Bidirectional(0.6),
    Bidirectional(1.5, law="sparse", density=0.7),
    Repeated(0.6),
]


@pytest.mark.parametrize("couplings", OURS, ids=repr)
def test_ours_keep_the_contract(couplings: Couplings) -> None:
    report = conformance(couplings)
    assert report.passed, str(report)
    assert len(report.claims) >= 4


class WrongNoise(Bidirectional):
    def visible_noise(self, v, state):
        tilt, variance = super().visible_noise(v, state)
        return tilt, 1.02 * variance


class WrongTransfer(LowRank):
    def transfer(self, v, visible, hidden):
        (ss, sh), rest = super().transfer(v, visible, hidden)
        return (ss, 1.01 * sh), rest


class WrongInteraction(Patterns):
    def noise_interaction(self, v, state):
        return 1.01 * super().noise_interaction(v, state)


@dataclass(frozen=True)
class WrongDraw(LowRank):
    def draw(self, rng, units, load, condensed):
        drawn = super().draw(rng, units, load, condensed)
        return drawn._replace(weights=np.float32(1.03) * drawn.weights)


class WrongSignal(Repeated):
    def hidden_signal(self, v, state):
        return 1.02 * super().hidden_signal(v, state)


@pytest.mark.parametrize(
    ("broken", "statement"),
    [
        (WrongNoise(), "stationary"),
        (WrongTransfer(1.0, (1.5,)), "the transfer"),
        (WrongInteraction(), "the interaction"),
        (WrongDraw(1.0, (1.5,)), "draws have the free entropy"),
        (WrongSignal(), "the signal on the hidden units"),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_what_is_wrong_is_found(broken: Couplings, statement: str) -> None:
    report = conformance(broken)
    assert any(not claim.holds for claim in report.claims if statement in claim.statement), str(report)


def test_a_derived_class_is_not_taken_for_its_base_where_a_closed_form_is() -> None:
    @dataclass(frozen=True)
    class Derived(Bidirectional):
        pass

    @dataclass(frozen=True)
    class Other(Patterns):
        pass

    with pytest.raises(InvalidArgument):
        rbm.capacity(Model(Binary(), 1.0, 0.1, convention="beta", couplings=Derived()))
    with pytest.raises(InvalidArgument):
        rbm.solve_one_step(Model(Gaussian(), 1.0, 0.1, convention="beta", couplings=Other()), "glass")
    # Without the explicit curves the state is the same to the accuracy of the iteration.
    found = [
        rbm.solve(Model(Gaussian(), 0.3, 0.03, convention="beta", couplings=c), "retrieval")["overlap"]
        for c in (Patterns(), Other())
    ]
    assert found[0] == pytest.approx(found[1], abs=1e-11)


def test_a_batch_over_the_density_uses_it_everywhere() -> None:
    couplings = LowRank(0.4, (2.5,), law="sparse", density=0.9)
    model = Model(Binary(), 1.0, 0.4, convention="sqrt-beta", couplings=couplings)
    batch = rbm.solve(model, "retrieval", density=[0.85, 0.95]).require()
    for k, density in enumerate((0.85, 0.95)):
        single = rbm.solve(model.replace(density=density), "retrieval")
        for name in ("overlap", "pattern_stability", "replicon"):
            assert float(batch[name][k]) == pytest.approx(float(single[name]), abs=1e-12)


def test_a_copy_has_the_parameters_of_model_and_couplings() -> None:
    model = Model(Binary(), 0.5, 0.1, convention="beta", couplings=Bidirectional(0.5))
    other = model.replace(temperature=0.3, layer_ratio=2.0)
    assert (other.temperature, other.layer_ratio, other.load) == (0.3, 2.0, 0.1)
    assert model.couplings == Bidirectional(0.5)
    namespace = vars(rbm) | {name: getattr(rbm, name) for name in rbm.__all__}
    assert repr(eval(repr(other), namespace)) == repr(other)
    latex = Model(ReLU(), 0.5, 0.1, convention="beta", visible_field=0.2)._repr_latex_()
    assert latex.count("$") == 2
    assert "0.2" in latex


POINT = {"instances": 3, "chains": 4, "sweeps": 4}


def test_theory_beside_simulation_of_a_model() -> None:
    model = Model(Gaussian(), 0.4, 0.05, convention="sqrt-beta")
    found = rbm.compare(model, 100, state="retrieval", **POINT)
    assert found["overlap"].theory == pytest.approx(
        float(rbm.solve_sizes(model, "retrieval", 100)["overlap"]), abs=1e-12
    )
    limit = Model(Ternary(), 0.4, 0.05, convention="beta", couplings=Bidirectional())
    rows = rbm.compare(limit, 100, state="retrieval", **POINT)
    assert rows["overlap"].theory == pytest.approx(float(rbm.solve(limit, "retrieval")["overlap"]), abs=1e-12)
    assert rows["interaction"].theory is None
    assert rows.to_dataset().sizes["row"] == len(rows)
    with pytest.raises(InvalidArgument):
        rbm.compare(model, 100, state="frozen", **POINT)


def test_interaction_of_gaussian_units_follows_from_their_second_moment() -> None:
    """Given the visible units <h^2> = 1 + <h> (g w.s), so that the interaction per visible unit is load (Q_h - 1)."""
    model = Model(Gaussian(), 2.0, 0.3, convention="sqrt-beta")
    rows = rbm.compare(model, 100, state="paramagnet", **POINT)
    second, interaction = rows["hidden_self_overlap"].theory, rows["interaction"].theory
    assert second == pytest.approx(2.0, rel=1e-9)
    assert interaction == pytest.approx(0.3 * (2.0 - 1.0), rel=1e-9)


def test_in_a_glass_without_fields_the_square_of_the_overlap_is_compared() -> None:
    glass = Model(Binary(), 0.4, 0.5, convention="sqrt-beta")
    rows = rbm.compare(glass, 100, state="glass", instances=16, chains=8, sweeps=60)
    q = float(rbm.solve_sizes(glass, "glass", 100)["edwards_anderson_overlap"])
    for name in ("edwards_anderson_overlap", "hidden_edwards_anderson_overlap"):
        assert rows[name].theory is None
        assert "symmetry" in rows[name].reason
    # The mean overlap of two chains vanishes, and its square does not.
    odd, even = rows["edwards_anderson_overlap"].estimate, rows["overlap_square"].estimate
    assert agrees(odd, 0.0)
    assert rows["overlap_square"].theory == pytest.approx(q * q, rel=1e-12)
    assert float(even.mean) > 5.0 * float(even.standard_error) > 0.0
    # A field chooses the sign.
    aligned = rbm.compare(glass.replace(visible_field=0.3), 100, state="glass", **POINT)
    assert aligned["edwards_anderson_overlap"].theory is not None


@pytest.mark.parametrize(
    ("result", "sizes"),
    [
        (
            lambda m: rbm.dominant_state(m, temperature=[0.3, 0.5]).to_dataset(temperature=[0.3, 0.5]),
            {"temperature": 2},
        ),
        (lambda m: rbm.capacity(m).to_dataset(), {}),
        (
            lambda m: rbm.spinodal(m, temperature=[0.3, 0.5]).to_dataset(temperature=[0.3, 0.5]),
            {"temperature": 2},
        ),
        (lambda m: rbm.simulate(m, 20, 3, chains=2, sweeps=2).to_dataset(), {"instance": 3}),
        (
            lambda m: rbm.simulate_hysteresis(m, [0.3, 0.5], 20, 2, chains=2, sweeps=2).to_dataset(),
            {"way": 2, "temperature": 2, "instance": 2},
        ),
        (
            lambda m: rbm.simulate_tempering(m, [0.3, 0.5], 20, 2, ladders=2, sweeps=2).to_dataset(),
            {"temperature": 2, "instance": 2, "exchange": 1},
        ),
        (
            lambda m: rbm.simulate_langevin(m, 20, 2, step_sizes=[0.1, 0.2], chains=2, sweeps=2).to_dataset(),
            {"step_size": 3, "instance": 2},
        ),
        (lambda m: rbm.place(rbm.Machine(np.eye(30) + 0.1)).to_dataset(), {"singular_value": 30}),
        (
            lambda m: rbm.phase_diagram(m, temperature=[0.3, 0.5], load=[0.02, 0.1]),
            {"temperature": 2, "load": 2},
        ),
    ],
)
def test_results_become_labelled_data(result, sizes: dict[str, int]) -> None:
    data = result(Model(Gaussian(), 0.4, 0.05, convention="beta"))
    assert {name: data.sizes[name] for name in sizes} == sizes
    for name, entry in data.data_vars.items():
        assert {"long_name", "units"} <= set(entry.attrs), name


@pytest.mark.parametrize(
    "result",
    [
        lambda m: rbm.dominant_state(m),
        lambda m: rbm.capacity(m),
        lambda m: rbm.simulate(m, 20, 2, chains=2, sweeps=2),
        lambda m: rbm.simulate_hysteresis(m, [0.3, 0.5], 20, 2, chains=2, sweeps=2).heating,
        lambda m: rbm.place(rbm.Machine(np.eye(30) + 0.1)),
    ],
)
def test_results_show_a_table(result) -> None:
    found = result(Model(Gaussian(), 0.4, 0.05, convention="beta"))
    assert len(repr(found).splitlines()) >= 3
    assert "<table>" in found._repr_html_()
    assert not math.isnan(len(repr(found)))


COMBINED = list(
    product(
        [Patterns(), Patterns(size=60), Patterns("sparse", 0.5, 60), Patterns("gaussian"), *OURS[3:]],
        [Gaussian(), Binary(), Spherical(), Mixture(0.5), FromLogMoments(lambda b: 0.5 * b**2)],
        ["sqrt-beta", "beta"],
        [
            {},
            {"pattern_field": 0.2},
            {"condensed": 3},
            {"condensed": 0},
            {"condensed": 3, "pattern_field": 0.2},
        ],
        [0.0, 0.5],
    )
)


@pytest.mark.parametrize("part", range(5))
def test_a_model_that_exists_can_be_solved_and_simulated(part: int) -> None:
    made = 0
    for couplings, hidden, convention, fields, load in COMBINED[part::25]:
        try:
            model = Model(hidden, 2.5, load, convention=convention, couplings=couplings, **fields)
        except InvalidArgument:
            continue
        made += 1
        rbm.dominant_state(model)
        # A law without density cannot be drawn, and without patterns there is no network.
        if not isinstance(hidden, FromLogMoments) and (load > 0) == couplings.has_load:
            units = 20 if couplings.ratio(load) != 1.5 else 40
            rbm.simulate(model, units, 2, chains=2, sweeps=1)
    assert made >= 5


@pytest.mark.parametrize(
    "couplings", [rbm.Bidirectional(1e9), rbm.Repeated(1e9), rbm.LowRank(0.3, (2.0,)), rbm.Patterns()]
)
def test_a_network_that_no_memory_holds_is_refused_before_it_is_drawn(couplings):
    load = (
        0.0
        if isinstance(couplings, rbm.Repeated)
        else 0.5
        if isinstance(couplings, rbm.Bidirectional)
        else 1e9
    )
    model = rbm.Model(rbm.Binary(), 0.7, load, convention="beta", couplings=couplings)
    with pytest.raises(InvalidArgument, match="visible_units = 20"):
        rbm.simulate(model, 20, 2, chains=2, sweeps=1)
