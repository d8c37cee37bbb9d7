r"""Moments of the spectrum of U, from the expansion of the self-consistent equations at large z.

They share nothing with any solution of the equations, and hold spectra to account.

Source: derivations/random_features/self_consistent.py.
"""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from .resolvent import Dyson


def spectral_moments(system: Dyson) -> tuple[float, float, float]:
    """(1/p) Tr U^k for k = 1, 2, 3, from the expansion of the equations at large z (not from any solution of them).

    Power series in u = 1/z: q = -u (1 + m_1 u + m_2 u^2 + ...). Multiplying the trace equation by q/psi_p gives
    -z q = 1 - q (s_t^2 gbar + v^2 gamma_1) - q <h/(1 + psi_p q h)>, each order of which follows from the ones before.
    """
    order = 4
    f, i, psi, a = system.ratio, system.inverse_draws, system.features, system.linear
    m = np.zeros(order)
    m[0] = 1.0

    def times(x: FloatArray, y: FloatArray) -> FloatArray:
        return _times(x[:, None], y[:, None])[:, 0]

    def inverse(x: FloatArray) -> FloatArray:
        return _inverse(x[:, None])[:, 0]

    one = np.zeros(order)
    one[0] = 1.0
    gamma_1, gamma_2 = one.copy(), one.copy()
    for _ in range(order + 1):
        q = np.concatenate([[0.0], -m[:-1]])
        bar = i * gamma_1 + (1.0 - i) * gamma_2
        # One column for each eigenvalue.
        h = system.b2 * bar[:, None] + a * system.eigenvalues * gamma_1[:, None]
        share = _inverse(one[:, None] + psi * _times(q[:, None], h))
        s = times(q, share @ system.weights)
        r = times(q, share @ (system.weights * system.eigenvalues))
        trace = _times(h, share) @ system.weights
        fresh = i * (system.b2 * s + system.s2 * q)
        m = one - times(q, system.s2 * bar + system.v2 * gamma_1 + trace)
        gamma_1 = inverse(one + f * (a * r + system.v2 * q + fresh))
        gamma_2 = inverse(one + f * fresh)
    return float(m[1]), float(m[2]), float(m[3])


def _times(x: FloatArray, y: FloatArray) -> FloatArray:
    """Products of power series, coefficients along the first axis."""
    order = max(len(x), len(y))
    rows = [np.sum([x[j] * y[k - j] for j in range(k + 1)], axis=0) for k in range(order)]
    return np.stack(np.broadcast_arrays(*rows))


def _inverse(x: FloatArray) -> FloatArray:
    result = np.zeros_like(x)
    result[0] = 1.0 / x[0]
    for k in range(1, len(x)):
        result[k] = -np.sum([x[j] * result[k - j] for j in range(1, k + 1)], axis=0) / x[0]
    return result
