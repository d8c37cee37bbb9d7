"""The smallest legal run: two chains in a network of four visible units, against the enumeration of the same networks.

Overlaps of different chains have the factor 1/(chains (chains - 1)), and everything that vanishes with many chains or
units is largest here.
"""

import numpy as np
from agreement import agrees

from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.simulation.enumeration import enumerate_network
from statphys_gen.rbm.simulation.measurement import simulate
from statphys_gen.rbm.simulation.network import draw_network
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.units.discrete import Ternary

MODEL = Model(
    Ternary(0.6),
    0.7,
    0.5,
    convention="sqrt-beta",
    couplings=Patterns("gaussian"),
    visible_field=0.3,
    condensed=0,
)
UNITS, INSTANCES, SWEEPS = 4, 40, 1500


def test_two_chains_of_four_units_have_the_moments_of_enumeration():
    found = simulate(MODEL, UNITS, INSTANCES, chains=2, sweeps=SWEEPS, burn_in=20, seed=2)
    exact = [enumerate_network(draw_network(MODEL, UNITS, seed=2, instance=k)) for k in range(INSTANCES)]
    expected = {
        "edwards_anderson_overlap": [np.mean(each.visible_mean**2) for each in exact],
        "hidden_edwards_anderson_overlap": [np.mean(each.hidden_mean**2) for each in exact],
        "hidden_self_overlap": [np.mean(each.hidden_square) for each in exact],
        "interaction": [MODEL.coupling * each.interaction / UNITS for each in exact],
    }
    for name, values in expected.items():
        # Differences from the same networks: only the sampling is left.
        assert agrees(Estimate.from_samples(found.values[name] - np.array(values)), 0.0), name
