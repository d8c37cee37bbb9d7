r"""Averages of a +-1 unit over a Gaussian field b = H + s z that is much broader than the unit's response (s >> 1).

In z the response is a step of width 1/s, and a rule in z needs nodes in proportion to s. In b itself only |b| of order
1 differs from the step: with the smooth step erf(b), and with its average |b + z'/sqrt(2)| for the modulus,

    E tanh b = erf(H / sqrt(1 + 2 s^2)) + int (tanh b - erf b) N(b; H, s^2) db,
    E log 2cosh b = E |b + z'/sqrt(2)| + int (log 2cosh b - b erf b - exp(-b^2)/sqrt(pi)) N(b; H, s^2) db,

and E f = int f N db for powers of 1 - tanh^2. All integrands are analytic for |Im b| < pi/2 and vanish as exp(-2 |b|):
the trapezoidal rule with step 1/5 is exact to rounding, at any s.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

from ...arrays import FloatArray

# From this s on the rule is as exact as one in z, which then has many more nodes.
BROAD = 500.0
_STEP = 0.2
_NODES = _STEP * np.arange(-105, 106)
_TANH = np.tanh(_NODES)
_UNLIKELY = np.exp(-2.0 * np.abs(_NODES))
_VARIANCE = 4.0 * _UNLIKELY / (1.0 + _UNLIKELY) ** 2
_LOG = np.abs(_NODES) + np.log1p(_UNLIKELY)
_SMOOTH = _NODES * erf(_NODES) + np.exp(-(_NODES**2)) / math.sqrt(math.pi)
_FUNCTIONS = np.stack(
    [_TANH - erf(_NODES), _VARIANCE, _VARIANCE**2, _VARIANCE * _TANH, _LOG - _SMOOTH], axis=1
)


def broad_averages(H: FloatArray, s: FloatArray) -> tuple[FloatArray, ...]:
    """E tanh b, E (1 - tanh^2), E (1 - tanh^2)^2, E tanh (1 - tanh^2), E log 2cosh b; both arrays of one shape."""
    z = (_NODES - H[..., None]) / s[..., None]
    density = np.exp(-0.5 * z * z) * (_STEP / (math.sqrt(2.0 * math.pi) * s))[..., None]
    step, variance, squared, skew, log = np.moveaxis(density @ _FUNCTIONS, -1, 0)
    width = np.sqrt(s * s + 0.5)
    u = H / (math.sqrt(2.0) * width)
    tail = width * math.sqrt(2.0 / math.pi) * np.exp(-u * u) + H * erf(u)
    return step + erf(u), variance, squared, skew, log + tail
