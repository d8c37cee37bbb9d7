"""Bidirectional memories: retrieval against adaptive quadrature of the equations of state, and against networks."""

import pytest
import references
from agreement import agrees

from statphys_gen.rbm.couplings.pairs import Bidirectional
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.units import Binary, Ternary

REFERENCE = references.document("rbm_memory.json")


def memory(row):
    hidden = Binary() if row["cost"] is None else Ternary(row["cost"])
    options = {"convention": "sqrt-beta", "couplings": Bidirectional(row["layer_ratio"])}
    return Model(hidden, 1.0 / row["g"] ** 2, row["load"], **options)


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: row["name"])
def test_retrieval_states(row):
    found = solve(memory(row), "retrieval").require()
    names = {
        "overlap": "overlap",
        "hidden_overlap": "hidden_overlap",
        "edwards_anderson_overlap": "q",
        "hidden_edwards_anderson_overlap": "r",
        "hidden_self_overlap": "R",
    }
    for name, key in names.items():
        assert float(found[name]) == pytest.approx(row[key], abs=1e-11), name
    assert float(found["replicon"]) > 0.99


@pytest.mark.parametrize("row", [r for r in REFERENCE if r["networks"]], ids=lambda row: row["name"])
def test_networks_approach_the_theory(row):
    """At cost 1, at 0.7 of the load where retrieval ends, small networks often lose the pattern; the largest do not."""
    expected = float(solve(memory(row), "retrieval").require()["overlap"])
    sizes = sorted(row["networks"], key=lambda entry: entry["size"])
    for entry in sizes:
        overlap = Estimate(entry["overlap"], entry["error"], entry["samples"] - 1.0)
        assert agrees(overlap, expected), entry["size"]
    assert sizes[-1]["error"] < 0.01 * expected
