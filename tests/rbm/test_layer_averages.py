"""Averages over a layer against 50 digits and adaptive panels: the claimed error of the rules is never exceeded."""

import numpy as np
import pytest
import references

from statphys_gen.numerics.quadrature import gaussian_average
from statphys_gen.rbm.theory.single_site import TOLERANCE, Classes, LayerLaw, layer_moments
from statphys_gen.units import Binary, Gaussian, Mixture, QState, ReLU, SoftThreshold, Ternary, ZeroOne

NONE = Classes(np.zeros((1, 0)), np.ones((1, 1)), np.ones((1, 0)), np.zeros((1, 1)))
TILT, FIELD = 0.3, 0.2
AMPLITUDES = (0.01, 0.1, 1.0, 10.0, 100.0)
LAWS = [
    Gaussian(1.5),
    Binary(),
    ZeroOne(0.5),
    Ternary(1.0),
    QState(5),
    ReLU(0.7),
    SoftThreshold(0.4),
    SoftThreshold(-0.7),
    Mixture(0.4),
]


@pytest.mark.parametrize("prior", LAWS, ids=repr)
@pytest.mark.parametrize("field", [FIELD, 0.0])
def test_claimed_error_is_never_exceeded(prior, field):
    found = layer_moments(
        LayerLaw(prior, np.ones(()), {}),
        NONE,
        np.full(5, TILT),
        np.array(AMPLITUDES),
        np.full(5, field),
        np.zeros((5, 0)),
        full=True,
    )
    for k, amplitude in enumerate(AMPLITUDES):

        def integrands(z, amplitude=amplitude):
            log, mean, variance = prior.log_partition_and_moments(TILT, field + amplitude * z)
            return np.stack([mean, mean**2, variance, variance**2, log])

        exact = gaussian_average(
            integrands,
            breakpoints=(-field / amplitude,),
            slope=1.0,
            steepness=amplitude,
            tolerance=3e-14,
        )
        ours = [
            a[k] for a in (found.mean, found.glass, found.spread, found.spread_squared, found.log_partition)
        ]
        size = np.maximum(np.abs(exact.value), 1.0)
        assert (np.abs(ours - exact.value) <= TOLERANCE * size + exact.error).all(), amplitude
        # The mean is a sum of terms of its root mean square.
        size[0] = max(np.sqrt(exact.value[1]), 1.0)
        assert (exact.error <= 3e-14 * size).all()


TABLE = references.rows("rbm_averages.csv")
BUILT = {
    "binary": lambda _: Binary(),
    "zero-one": lambda value: ZeroOne(float(value)),
    "ternary": lambda value: Ternary(float(value)),
    "q-state": lambda value: QState(int(value)),
    "relu": lambda value: ReLU(float(value)),
    "soft-threshold": lambda value: SoftThreshold(float(value)),
    "mixture": lambda value: Mixture(float(value)),
}


@pytest.mark.parametrize(
    ("name", "parameter"),
    sorted({(row["prior"], row["parameter"]) for row in TABLE}),
    ids=lambda x: str(x) or "-",
)
def test_averages_agree_with_fifty_digits_over_six_decades_of_the_field(name, parameter):
    """Amplitudes from 0.001 to 1000, also next to the pole of the tilt.

    The claim is relative to the size of the integrand, which for the variance is its largest value. Rounding comes on
    top: of means that nearly cancel, and of parameters next to the pole.
    """
    rows = [row for row in TABLE if row["prior"] == name and row["parameter"] == parameter]
    a, base, amplitude = (np.array([float(row[key]) for row in rows]) for key in ("a", "base", "amplitude"))
    assert amplitude.max() / amplitude.min() == pytest.approx(1e6)
    prior = BUILT[name](parameter)
    law = LayerLaw(prior, np.ones(()), {})
    found = layer_moments(law, NONE, a, amplitude, base, np.zeros((len(rows), 0)), full=True)
    # Fields too steep for any rule hold no number, and the solvers do not take one from them.
    held = prior.steepness(a) * amplitude < 2000.0
    assert held.sum() >= len(rows) - 1
    exact = {
        key: np.array([float(row[key]) for row in rows]) for key in TABLE[0] if "_" in key or key[0] in "mv"
    }
    second = exact["mean_squared"] + exact["variance"]
    fields = base[:, None] + amplitude[:, None] * np.linspace(-9.0, 9.0, 2001)
    largest = prior.variance(a[:, None], fields).max(axis=1)
    eps = np.finfo(float).eps / (1.0 - a * prior.tail_coefficient(1))
    claims = {
        "mean": (found.mean, np.sqrt(exact["mean_squared"]), np.sqrt(second)),
        "mean_squared": (found.glass, exact["mean_squared"], np.sqrt(exact["mean_squared"] * second)),
        "variance": (found.spread, largest, exact["variance"]),
        "variance_squared": (found.spread_squared, largest**2, exact["variance_squared"]),
        "log_partition": (found.log_partition, *[np.maximum(np.abs(exact["log_partition"]), 1.0)] * 2),
    }
    for key, (ours, size, rounded) in claims.items():
        np.testing.assert_array_equal(np.isfinite(ours), held)
        bound = TOLERANCE * size + 20.0 * eps * rounded
        excess = np.where(held, np.abs(ours - exact[key]) / bound, 0.0)
        assert excess.max() < 1.0, (key, rows[int(excess.argmax())])
