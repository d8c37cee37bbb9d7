"""Finite n and d, isotropic Gaussian data: the integrals behind entropy and participation."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.diffusion.theory.finite_size_collapse import isotropic_collapse


@claim("log(1+S) = int ds/s exp(-s)(1 - exp(-sS)) and 1/(1+S) = int ds exp(-s) exp(-sS)")
def laplace() -> bool:
    with mp.workdps(20):
        for value in (mp.mpf("0.2"), mp.mpf(7)):
            log = mp.quad(lambda s, S=value: -mp.exp(-s) * mp.expm1(-s * S) / s, [0, 0.1, 1, 10, 60])
            inverse = mp.quad(lambda s, S=value: mp.exp(-s * (1 + S)), [0, 1, 10, 60])
            if abs(log - mp.log1p(value)) > 1e-14 or abs(inverse - 1 / (1 + value)) > 1e-14:
                return False
        return True


@claim(
    "Given the direction y of x, z = c y + sqrt(1-c^2) w with c^2 = 1/(1+r): |z|^2 is r/(1+r) noncentral chi^2(B/r)"
)
def conditional_noise() -> bool:
    r, b, d = sp.symbols("r B d", positive=True)
    square = 1 / (1 + r)
    scale, centre = 1 - square, square * b / (1 - square)
    # Mean and variance of scale * noncentral chi^2_d(centre) against those of |c y + sqrt(1-c^2) w|^2 at |y|^2 = B.
    mean = scale * (d + centre) - (square * b + (1 - square) * d)
    variance = scale**2 * (2 * d + 4 * centre) - (4 * square * b * (1 - square) + 2 * (1 - square) ** 2 * d)
    return sp.simplify(centre - b / r) == 0 and sp.simplify(mean) == 0 and sp.simplify(variance) == 0


def _two_points(d: int, r: float) -> tuple[float, float, float]:
    """n = 2: the logarithm of the competitor's weight is -m - sqrt(2m) z with m = r chi^2_d. Direct integration."""
    chi = np.linspace(0.0, 11.0, 1401)[1:]
    z = np.linspace(-9.0, 9.0, 361)
    density = chi ** (d - 1) * np.exp(-(chi**2) / 2)
    density /= density.sum()
    normal = np.exp(-(z**2) / 2)
    normal /= normal.sum()
    m = (r * chi**2)[:, None]
    logarithm = -m - np.sqrt(2 * m) * z
    nearest = 0.5 * (1 + np.vectorize(mp_erf)(np.sqrt(m[:, 0] / 4)))
    return (
        float(density @ np.logaddexp(0.0, logarithm) @ normal),
        float(density @ (1 / (1 + np.exp(logarithm))) @ normal),
        float(density @ nearest),
    )


def mp_erf(x: float) -> float:
    return float(mp.erf(x))


@claim(
    "n = 2, d = 6: entropy, participation, nearest point equal an integral over the difference of the points to 1e-9"
)
def two_points() -> bool:
    time, variance, d = 0.7, 1.3, 6
    exact = _two_points(d, variance / np.expm1(2 * time))
    value = isotropic_collapse(d, variance, 2, time)
    found = (float(value.entropy), float(value.participation), float(value.own_nearest))
    return bool(max(abs(a - b) for a, b in zip(found, exact, strict=True)) < 1e-9)
