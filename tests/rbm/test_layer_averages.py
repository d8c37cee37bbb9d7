"""Averages over a layer against adaptive panels: the claimed error of the rules is never exceeded."""

import numpy as np
import pytest

from statphys_gen.numerics.quadrature import gaussian_average
from statphys_gen.rbm.priors import Binary, Gaussian, Mixture, QState, ReLU, SoftThreshold, Ternary, ZeroOne
from statphys_gen.rbm.single_site import TOLERANCE, Classes, LayerLaw, layer_moments

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
            integrands, breakpoints=(-field / amplitude,), slope=amplitude, tolerance=3e-14
        )
        ours = [
            a[k] for a in (found.mean, found.glass, found.spread, found.spread_squared, found.log_partition)
        ]
        size = np.maximum(np.abs(exact.value), 1.0)
        assert (np.abs(ours - exact.value) <= TOLERANCE * size + exact.error).all(), amplitude
        # The mean is a sum of terms of its root mean square.
        size[0] = max(np.sqrt(exact.value[1]), 1.0)
        assert (exact.error <= 3e-14 * size).all()
