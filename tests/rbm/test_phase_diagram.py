"""The plane of temperature and load: a labelled data set that agrees with the states and the lines, and its picture."""

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.rbm.couplings.low_rank import LowRank
from statphys_gen.rbm.couplings.pairs import Bidirectional, Repeated
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.plots import plot_phase_diagram
from statphys_gen.rbm.theory.lines import condensation_line, first_order_line, glass_line, spinodal
from statphys_gen.rbm.theory.phase_diagram import PHASES, phase_diagram
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.solution import Status
from statphys_gen.units import Binary, Gaussian, ReLU

TEMPERATURE = np.linspace(0.1, 1.5, 8)
LINES = {"glass": glass_line, "spinodal": spinodal, "first_order": first_order_line}


@pytest.fixture(scope="module")
def hopfield():
    model = Model(Gaussian(), 0.5, 0.1, convention="sqrt-beta")
    return model, phase_diagram(model, temperature=TEMPERATURE, load=np.linspace(0.002, 0.2, 12))


def test_phases_lie_between_the_lines(hopfield):
    _, data = hopfield
    load = data["load"].values
    phase = np.array(PHASES)[data["phase"].values]
    for k, t in enumerate(TEMPERATURE):
        # The glass ends at T = 1 + sqrt(load).
        np.testing.assert_array_equal(
            phase[k] == "retrieval", load < np.nan_to_num(data["first_order_load"][k])
        )
        np.testing.assert_array_equal(
            data["retrieval_exists"][k], load < np.nan_to_num(data["spinodal_load"][k])
        )
        np.testing.assert_array_equal(phase[k] == "paramagnet", t > 1.0 + np.sqrt(load))


def test_lines_and_points_are_those_of_their_own_functions(hopfield):
    model, data = hopfield
    for name, line in LINES.items():
        found = line(model, solve_for="load", temperature=TEMPERATURE, between=(2e-4, 0.4))
        np.testing.assert_allclose(data[f"{name}_load"], found["load"], rtol=1e-10)
        np.testing.assert_array_equal(data[f"{name}_line_status"], found.status)
    point = data.isel(temperature=1, load=2)
    state = solve(
        model, "retrieval", temperature=float(point["temperature"]), load=float(point["load"])
    ).require()
    for name in ("overlap", "free_entropy", "replicon", "energy"):
        assert float(point[name]) == pytest.approx(float(state[name]), rel=1e-12)
    assert data.attrs["convention"] == "sqrt-beta"
    assert float(data["residual"].max()) < 1e-12
    assert float(data["error"].max()) < 1e-9


def test_every_ensemble_has_a_diagram():
    axes = {"temperature": [0.3, 2.5], "load": [0.01, 0.3]}
    memory = Model(Binary(), 0.5, 0.1, convention="beta", couplings=Bidirectional())
    data = phase_diagram(memory, **axes)
    assert np.isfinite(data["spinodal_load"][0])
    assert data["phase"].values[0].tolist() == [PHASES.index("retrieval"), PHASES.index("glass")]
    spiked = Model(Binary(), 0.5, 0.1, convention="sqrt-beta", couplings=LowRank(0.3, (2.0,)))
    data = phase_diagram(spiked, **axes)
    expected = condensation_line(
        spiked, solve_for="load", temperature=axes["temperature"], between=(3e-4, 0.6)
    )
    np.testing.assert_allclose(data["condensation_load"], expected["load"], rtol=1e-12)
    # Bounded units with one pattern each never retrieve, and units of one sign have no paramagnet.
    single = phase_diagram(Model(Binary(), 0.5, 0.1, convention="beta"), **axes)
    assert not single["retrieval_exists"].any()
    assert "spinodal_line_status" not in single
    assert np.isnan(single["spinodal_load"]).all()
    rectified = phase_diagram(Model(ReLU(), 0.5, 0.1, convention="beta"), **axes, lines=False)
    assert not (rectified["phase"] == 1).any()
    with pytest.raises(InvalidArgument, match="load"):
        phase_diagram(Model(Binary(), 0.5, 0.0, convention="beta", couplings=Repeated()), **axes)


def test_points_without_a_state_are_marked_and_hold_no_number():
    # Colder than what is left of 1 - q in a number next to 1.
    data = phase_diagram(
        Model(Gaussian(), 0.5, 0.1, convention="sqrt-beta"),
        temperature=[1e-10, 0.3],
        load=[0.2, 0.25],
        lines=False,
    )
    assert data["phase"].values[0].tolist() == [0, 0]
    assert (data["glass_status"].values[0] == Status.NOT_CONVERGED).all()
    assert np.isnan(data["free_entropy"].values[0]).all()
    assert (data["phase"].values[1] == PHASES.index("glass")).all()


def test_the_picture_shows_every_phase_and_line(hopfield, tmp_path):
    plot_phase_diagram(hopfield[1], tmp_path / "plane.svg", tmp_path / "plane.pdf")
    drawn = (tmp_path / "plane.svg").read_text(encoding="utf-8")
    for text in ("paramagnet", "glass", "retrieval", "paramagnet - glass", "end of retrieval", "first order"):
        assert f">{text}</text>" in drawn
    assert ">symmetry of replicas broken</text>" in drawn
    assert ">load</text>" in drawn
    assert (tmp_path / "plane.pdf").stat().st_size > 5000
