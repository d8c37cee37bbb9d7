"""Ends of retrieval and transition temperatures, against another route and to the digits in which they are quoted."""

import numpy as np
import pytest
import references

from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.lines import first_order_line, spinodal
from statphys_gen.units import Gaussian, Mixture, ReLU

REFERENCE = references.document("rbm_tables.json")
LAWS = {
    "gaussian": Gaussian(),
    "relu 0": ReLU(0.0),
    "relu 0.5": ReLU(0.5),
    "relu 1": ReLU(1.0),
    "mixture 0.5": Mixture(0.5),
    "mixture 0.2": Mixture(0.2),
}
# Largest loads, temperature after temperature.
QUOTED = {
    ("gaussian", "sqrt-beta"): (
        *(0.1381612, 0.1350492, 0.1225589, 0.1033298, 0.0810372, 0.0588155, 0.0388089, 0.0223220, 0.0101009),
        0.0025684,
    ),
    ("relu 0", "sqrt-beta"): (
        *(0.2605766, 0.2242580, 0.1792321, 0.1339051, 0.0931406, 0.0592240, 0.0329755, 0.0144969, 0.0035911),
    ),
    ("relu 1", "sqrt-beta"): (
        *(0.4369130, 0.4581721, 0.4232806, 0.3608488, 0.2891982, 0.2186259, 0.1546357, 0.1003778, 0.0589928),
    ),
    ("mixture 0.5", "sqrt-beta"): (0.0662372, 0.0347330, 0.0128566, 0.0021471),
    ("mixture 0.2", "sqrt-beta"): (0.0104247,),
    ("relu 0.5", "beta"): (0.641489, 0.501174, 0.290194, 0.134752, 0.041122),
    ("relu 1", "beta"): (1.745520, 1.234844, 0.676447, 0.329541, 0.128228),
}
# End of retrieval and equal weights at the loads 0.01, 0.02, ...
QUOTED_TEMPERATURES = {
    "gaussian": ((0.801018, 0.721624), (0.716481, 0.591300), (0.650417, 0.478793), (0.593569, 0.365231)),
    "relu 0": ((0.833609, 0.781948), (0.765519, 0.688361), (0.713640, 0.614496), (0.670123, 0.550087)),
    "mixture 0.5": ((0.318914, 0.244587), (0.261232, 0.150609), (0.217936, 0.070619)),
}


@pytest.mark.parametrize(("law", "convention"), QUOTED)
def test_largest_loads(law, convention):
    rows = [r for r in REFERENCE["ends"] if (r["law"], r["convention"]) == (law, convention)]
    expected = np.array([row["load"] for row in rows])
    found = spinodal(
        Model(LAWS[law], 0.5, 0.1, convention=convention),
        temperature=[row["temperature"] for row in rows],
        between=(1e-4, 3.0),
    ).require()
    np.testing.assert_allclose(found["load"], expected, rtol=2e-10)
    digits = 7 if convention == "sqrt-beta" else 6
    np.testing.assert_allclose(expected, QUOTED[law, convention], atol=0.51 * 10.0**-digits)


@pytest.mark.parametrize("law", QUOTED_TEMPERATURES)
def test_temperatures_of_the_transitions(law):
    rows = [r for r in REFERENCE["temperatures"] if r["law"] == law]
    model = Model(LAWS[law], 0.5, 0.1, convention="sqrt-beta")
    load = [row["load"] for row in rows]
    for line, name, column in ((spinodal, "end", 0), (first_order_line, "equal", 1)):
        expected = np.array([row[name] for row in rows])
        between = (0.7 * float(expected.min()), 1.1 * float(expected.max()))
        found = line(model, solve_for="temperature", load=load, between=between).require()
        np.testing.assert_allclose(found["temperature"], expected, rtol=2e-9)
        quoted = [pair[column] for pair in QUOTED_TEMPERATURES[law]]
        np.testing.assert_allclose(expected, quoted, atol=0.51e-6)


def test_ends_with_a_small_overlap():
    """Hidden units with a high threshold are rarely active: retrieval ends with an overlap of a few per cent."""
    model = Model(ReLU(1.5), 0.5, 0.1, convention="beta")
    rows = REFERENCE["weak_ends"]
    temperature, load = ([row[key] for row in rows] for key in ("temperature", "load"))
    found = spinodal(model, temperature=temperature).require()
    np.testing.assert_allclose(found["load"], load, rtol=1e-8)
    assert (found["overlap"] < 0.3).all()
    # The same line solved for the temperature.
    inverse = spinodal(model, solve_for="temperature", load=load[:1]).require()
    np.testing.assert_allclose(inverse["temperature"], temperature[:1], rtol=1e-8)
