"""Retrieval with sparse and diluted patterns and mixtures: states from an independent iteration, ends of branches."""

import math

import numpy as np
import pytest
import references

from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.theory.lines import spinodal
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.solution import Status
from statphys_gen.units import Gaussian, ReLU, ZeroOne

DOCUMENT = references.document("rbm_sparse.json")
REFERENCE = DOCUMENT["states"]


def model_of(point):
    return Model(
        Gaussian() if point["hidden"] == "gaussian" else ReLU(point["threshold"]),
        point["temperature"],
        point["load"],
        convention=point["convention"],
        visible=visible_prior(point["visible"]),
        visible_field=point["visible_field"],
        couplings=Patterns(point["law"], point["density"]),
        condensed=point["condensed"],
    )


def sparse(density, load=0.01, temperature=0.15, hidden=None, **options):
    return Model(
        hidden or Gaussian(),
        temperature,
        load,
        convention="sqrt-beta",
        couplings=Patterns("sparse", density),
        **options,
    )


@pytest.mark.parametrize("name", REFERENCE)
def test_states_agree_with_plain_iteration_of_the_definition(name):
    point, state = REFERENCE[name]["point"], REFERENCE[name]["state"]
    assert state["change"] < 1e-13
    found = solve(model_of(point), "retrieval").require()
    for field in ("overlap", "edwards_anderson_overlap", "self_overlap", "replicon"):
        assert float(found[field]) == pytest.approx(state[field], abs=3e-12), field
        assert abs(float(found[field]) - state[field]) <= 2 * float(found.error) + 1e-13, field
    for field in ("hidden_edwards_anderson_overlap", "hidden_self_overlap"):
        assert float(found[field]) == pytest.approx(state[field], rel=1e-11)


def test_units_outside_the_pattern_cost_the_state_at_a_load_that_a_dense_pattern_bears():
    """At density 1/2 and T = 0.15 plain iteration of the definition decays at load 0.01."""
    found = solve(sparse(0.5), "retrieval", load=np.array([0.001, 0.0025, 0.0028, 0.01]))
    assert found.good.tolist() == [True, True, False, False]
    assert (found.status[2:] == Status.NO_SOLUTION).all()
    end = spinodal(sparse(0.5), temperature=0.15, between=(1e-3, 1e-2)).require()
    assert float(end["load"]) == pytest.approx(DOCUMENT["end"]["state"]["load"], rel=1e-9)
    assert float(end["overlap"]) == pytest.approx(DOCUMENT["end"]["state"]["overlap"], abs=1e-5)
    load = float(end["load"]) * np.array([1 - 2e-3, 1 + 2e-3])
    assert solve(sparse(0.5), "retrieval", load=load).status.tolist() == [
        Status.CONVERGED,
        Status.NO_SOLUTION,
    ]


@pytest.mark.parametrize("hidden", [Gaussian(), ReLU(0.5)], ids=["gaussian", "relu"])
def test_every_point_is_decided_and_states_end_once_along_the_load(hidden):
    load = np.geomspace(1e-4, 0.1, 9)
    found = solve(
        sparse(0.6, hidden=hidden), "retrieval", temperature=np.array([[0.1], [0.3], [0.7]]), load=load
    )
    assert set(np.unique(found.status)) <= {Status.CONVERGED, Status.NO_SOLUTION}
    # Good up to a load and nowhere above it; the overlap falls with the load.
    assert (np.diff(found.good.astype(int), axis=1) <= 0).all()
    assert found.good[:2, 0].all()
    # Above the temperature of condensation, T = p, there is none.
    assert not found.good[2].any()
    for row, good in zip(found["overlap"], found.good, strict=True):
        assert (np.diff(row[good]) < 0).all()


def test_the_overlap_at_vanishing_load_is_that_of_a_single_pattern():
    """m = p tanh(m / T) where the noise vanishes, which it does above the pole, T > p (1 - q)."""
    p, temperature, m = 0.7, 0.4, 0.7
    for _ in range(500):
        m = p * math.tanh(m / temperature)
    found = solve(sparse(p, load=1e-7, temperature=temperature), "retrieval").require()
    assert float(found["overlap"]) == pytest.approx(m, abs=2e-6)


def test_groups_of_patterns_differ_at_small_load_and_end_in_the_symmetric_mixture():
    model = sparse(0.9, load=0.002, temperature=0.1)
    found = solve(model, "retrieval", groups=(2, 1), load=np.array([2e-5, 0.002])).require()
    # The state follows the single pattern and breaks ties of the two others.
    assert abs(found["overlap"][0, 1] - found["overlap"][0, 0]) > 0.02
    together = solve(model.replace(condensed=3), "retrieval").require()
    np.testing.assert_allclose(found["overlap"][1], float(together["overlap"]), atol=1e-11)
    assert found["free_entropy"][1] == pytest.approx(float(together["free_entropy"]), abs=1e-12)


def test_many_sparse_patterns_tend_to_the_diluted_limit_as_their_number():
    """T / p fixed in the convention sqrt-beta: overlap / p tends to the overlap of the limit as 1/L."""
    options = {"convention": "sqrt-beta", "visible": ZeroOne(), "visible_field": -5.0}
    limit = float(solve(model_of(REFERENCE["relu, diluted, l = 2"]["point"]), "retrieval")["overlap"])
    distances = []
    for number in (6, 12):
        p = 2 / number
        near = Model(
            ReLU(3.0), 0.025 * p, 0.007, couplings=Patterns("sparse", p), condensed=number, **options
        )
        distances.append(float(solve(near, "retrieval").require()["overlap"]) / p - limit)
    assert distances[0] / distances[1] == pytest.approx(2.0, rel=0.2)
