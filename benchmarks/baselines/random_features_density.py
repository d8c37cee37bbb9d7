"""The spectral density point by point, as scripts do it: a general root-finder, continued in the imaginary part.

The self-consistent equations of Bonnaire et al. (arXiv 2505.17638, theorem 3.1) for isotropic data and all
noise: at every position a sequence of imaginary parts from 1 down to the smallest, each solved by
``scipy.optimize.root`` from the solution before.
"""

import numpy as np
from scipy.optimize import root

HEIGHTS = np.geomspace(1.0, 1e-8, 112)


def residual(x, z, psi_p, psi_n, a2, b2, v2, s2):
    q, r, s = x
    gamma = 1.0 / (1.0 + psi_p / psi_n * (a2 * r + v2 * q))
    h = b2 + a2 * gamma
    share = 1.0 / (1.0 / q + psi_p * h)
    trace = psi_p * (s2 + v2 * gamma - z) + (1.0 - psi_p) / q - s / q**2
    return np.array([trace * q, s - share, r - share])


def density(positions, psi_p, psi_n, a2, b2, v2, s2):
    """The density and the largest residual of the equations at each position."""

    def real(y, z):
        values = residual(y[:3] + 1j * y[3:], z, psi_p, psi_n, a2, b2, v2, s2)
        return np.concatenate([values.real, values.imag])

    found, errors = [], []
    for position in positions:
        z = position + 1j * HEIGHTS[0]
        y = np.array([(-1 / z).real] * 3 + [(-1 / z).imag] * 3)
        for height in HEIGHTS:
            z = position + 1j * height
            y = root(real, y, args=(z,), tol=1e-13).x
        found.append(y[3] / np.pi)
        errors.append(np.abs(real(y, z)).max())
    return np.array(found), np.array(errors)
