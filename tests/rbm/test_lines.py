"""Lines of the phase diagram against references from another route, and refusals."""

import math

import numpy as np
import pytest
import references
from scipy.integrate import quad

from statphys_gen.rbm.couplings.low_rank import LowRank
from statphys_gen.rbm.couplings.pairs import Bidirectional, Repeated
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.lines import at_line, condensation_line, first_order_line, glass_line, spinodal
from statphys_gen.rbm.theory.zero_temperature import retrieval_state
from statphys_gen.units import Binary, Gaussian, Mixture, QState, ReLU, Ternary
from statphys_gen.units.custom import FromLogDensity


def model(hidden, convention="sqrt-beta", **options):
    load = options.pop("load", 0.05)
    return Model(hidden, options.pop("temperature", 0.5), load, convention=convention, **options)


def own_prior(row):
    if row["prior"] == "gaussian":
        return Gaussian()
    return (ReLU if row["prior"] == "relu" else Mixture)(float(row["parameter"]))


def reference_rows(line):
    return [row for row in references.document("rbm_lines.json") if row["line"] == line]


def test_spinodals_agree_with_the_maximum_of_the_load_in_multiple_precision():
    # One row of each prior; the others are as good and take a minute.
    for row in reference_rows("spinodal")[1::4]:
        exact = float(row["load"])
        found = spinodal(
            model(own_prior(row), row["convention"]),
            temperature=row["temperature"],
            between=(0.5 * exact, 1.5 * exact),
        ).require()
        assert abs(float(found["load"]) - exact) < max(1e-10 * exact, 1e-13), row
        assert abs(float(found["load"]) - exact) <= float(found.error) + 1e-13 * exact
        assert float(found["overlap"]) == pytest.approx(float(row["overlap"]), abs=1e-6)


def test_hopfield_spinodals_agree_with_thirty_digits():
    table = references.document("hopfield_spinodal.json")
    temperature = [float(t) for t in table]
    found = spinodal(model(Gaussian()), temperature=temperature, between=(1e-3, 0.3)).require()
    np.testing.assert_allclose(found["load"], [float(row["load"]) for row in table.values()], rtol=1e-11)


def test_first_order_lines_agree_with_multiple_precision():
    rows = reference_rows("first-order")
    assert len(rows) >= 2
    for row in rows:
        exact = float(row["temperature"])
        found = first_order_line(
            model(own_prior(row)),
            solve_for="temperature",
            load=row["load"],
            between=(0.8 * exact, 1.2 * exact),
        ).require()
        assert float(found["temperature"]) == pytest.approx(exact, abs=2e-10), row


def test_glass_lines_of_symmetric_priors():
    load = np.array([0.1, 0.5, 1.0, 2.0])
    root = np.sqrt(load)
    for hidden, expected in (
        (Gaussian(), 1.0 + root),
        (Binary(), root),
        (Mixture(0.5), 0.5 + root / 2 + np.sqrt(load + root) / 2),
        (Mixture(0.2), 0.2 + root / 2 + np.sqrt(load + 0.64 * root) / 2),
    ):
        found = glass_line(model(hidden), load=load).require()
        np.testing.assert_allclose(found["temperature"], expected, rtol=1e-12)
    np.testing.assert_allclose(
        glass_line(model(Binary(), "beta"), load=load).require()["temperature"], load**0.25, rtol=1e-12
    )


def independent_glass_temperature(mean_square, load):
    """Root of sqrt(load) g^2 R(g^2) = 1 by bisection on the definition of R."""
    low, high = 1e-3, 50.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (
            (middle, high) if math.sqrt(load) * mean_square(1 / middle) / middle > 1 else (low, middle)
        )
    return low


@pytest.mark.parametrize("cost", [0.0, 1.0, 2.0])
def test_glass_line_of_ternary_units(cost):
    def mean_square(square):
        active = 2.0 * math.exp(square / 2 - cost) if square < 1000 else math.inf
        return 1.0 if math.isinf(active) else active / (1.0 + active)

    load = [0.1, 0.5, 1.0, 2.0]
    found = glass_line(model(Ternary(cost)), load=load).require()["temperature"]
    expected = [independent_glass_temperature(mean_square, a) for a in load]
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    printed = {
        0.0: [0.290297975476, 0.583331923445, 0.790165897741, 1.0761164777],
        1.0: [0.262889741289, 0.478433678136, 0.621812427736, 0.814746227456],
        2.0: [0.225499421195, 0.364812666473, 0.450757749195, 0.56181532131],
    }
    np.testing.assert_allclose(found, printed[cost], rtol=2e-11)


@pytest.mark.parametrize(
    ("states", "printed"),
    [
        (2, 0.707106781187),
        (3, 0.874997885168),
        (4, 0.935290722804),
        (5, 0.963513839472),
        (8, 0.994360221523),
        (16, 1.00930644386),
    ],
)
def test_glass_line_of_many_states(states, printed):
    values = (2.0 * np.arange(states) - states + 1) * math.sqrt(3.0 / (states**2 - 1))

    def mean_square(square):
        exponent = square * values**2 / 2
        weights = np.exp(exponent - exponent.max())
        return float((weights * values**2).sum() / weights.sum())

    found = float(glass_line(model(QState(states)), load=0.5).require()["temperature"])
    assert found == pytest.approx(independent_glass_temperature(mean_square, 0.5), rel=1e-11)
    assert found == pytest.approx(printed, rel=1e-11)


def test_glass_line_of_uniform_units():
    """The limit of many states, as a density of one's own."""
    edge = math.sqrt(3.0)
    own = FromLogDensity(lambda h: np.full_like(h, -math.log(2.0 * edge)), support=(-edge, edge))

    def mean_square(square):
        moments = [
            quad(lambda h, k=k: h**k * math.exp(square * (h * h - 3.0) / 2), 0.0, edge, epsabs=1e-14)[0]
            for k in (0, 2)
        ]
        return moments[1] / moments[0]

    found = float(glass_line(model(own), load=0.5, between=(0.8, 1.3)).require()["temperature"])
    assert found == pytest.approx(independent_glass_temperature(mean_square, 0.5), rel=1e-11)
    assert found == pytest.approx(1.01430728275, abs=5e-12)


def test_bidirectional_glass_line_at_equal_layers():
    for load in (0.1, 0.5):
        beta = 1.0 / float(
            glass_line(model(Binary(), "beta", couplings=Bidirectional()), load=load).require()["temperature"]
        )
        # det = 0 of the linearised equations at g = beta, Q = R = 1, equal layers.
        assert load * beta**2 * (1 + beta**2) == pytest.approx((1 - beta**2) ** 2, rel=1e-11)


def test_bidirectional_at_line_and_its_own_determinant():
    """On the glass line of unequal layers the paramagnet has a singular replicon matrix, built here by hand."""
    options = {"couplings": Bidirectional(0.5)}
    found = glass_line(model(Binary(), "beta", **options), load=0.2).require()
    g = 1.0 / float(found["temperature"])
    a, load = 0.5 * g * g, 0.2
    rest = (1 - a) ** 2
    product = load**2 * a * g * g / rest**2
    assert (1 - load * a * a / rest) * (1 - load * g * g * a / rest) == pytest.approx(product, rel=1e-10)


def test_critical_temperature_at_low_load():
    for hidden, expected in ((Gaussian(), 1.0), (Gaussian(1.5), 1.5), (ReLU(0.7), 1.0), (Mixture(0.4), 0.4)):
        found = condensation_line(model(hidden, load=0.0)).require()
        assert float(found["temperature"]) == pytest.approx(expected, rel=1e-13)
    ratio = np.array([0.5, 1.0, 2.0])
    found = condensation_line(
        model(Binary(), "beta", load=0.0, couplings=Repeated()), layer_ratio=ratio
    ).require()
    np.testing.assert_allclose(found["temperature"], np.sqrt(ratio), rtol=1e-12)
    found = condensation_line(
        model(Binary(), load=0.5, couplings=LowRank(0.1, (2.0,))), solve_for="temperature"
    ).require()
    assert float(found["temperature"]) == pytest.approx(0.5 * 2.0**2, rel=1e-12)


def test_lines_solve_for_other_parameters():
    """The variance v of Gaussian units scales the temperature, T -> v T."""
    load = 0.0588155205475
    found = spinodal(
        model(Gaussian(), load=load), solve_for="variance", temperature=0.5, between=(0.6, 3.0), upwards=False
    ).require()
    assert float(found["variance"]) == pytest.approx(1.0, abs=1e-9)


def test_de_almeida_thouless_line_approaches_its_small_temperature_form():
    """T_R = sqrt(8 load r / 9 pi) exp(-m^2 / 2 load r) becomes exact where T_R is small."""
    ratios = []
    for load in (0.12, 0.13):
        found = at_line(model(Gaussian()), load=load, between=(1e-3, 2e-2)).require()
        assert abs(float(found["replicon"])) < 1e-9
        ratios.append(float(found["temperature"]) / retrieval_state(model(Gaussian()), load).at_temperature)
    assert abs(ratios[0] - 1) < abs(ratios[1] - 1) < 0.15
