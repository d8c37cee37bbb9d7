"""Temperatures as diffusion times, and the two transitions of two bumps."""

import sympy as sp

from derivations import claim


@claim("noise of variance T relative to the data is that of the forward process at t = log(1 + T)/2")
def time_of_a_temperature() -> bool:
    t, T = sp.symbols("t T", positive=True)
    relative = (1 - sp.exp(-2 * t)) / sp.exp(-2 * t)
    return bool(sp.simplify(relative.subs(t, sp.log(1 + T) / 2) - T) == 0)


@claim("two bumps at +-m of variance v with noise T: the density is flat in the middle at T = m^2 - v")
def barrier() -> bool:
    y, m, v, T = sp.symbols("y m v T", positive=True)
    density = sp.exp(-((y - m) ** 2) / (2 * (v + T))) + sp.exp(-((y + m) ** 2) / (2 * (v + T)))
    bend = sp.simplify(sp.diff(sp.log(density), y, 2).subs(y, 0))
    return bool(sp.simplify(bend - (m**2 - v - T) / (v + T) ** 2) == 0)


@claim(
    "covariance of the data given the noised point 0, over T, is 1 exactly where the density bends to neither side"
)
def covariance_and_bend() -> bool:
    m, v, T = sp.symbols("m v T", positive=True)
    within, between = v * T / (v + T), (m * T / (v + T)) ** 2
    return bool(sp.simplify((within + between) / T - 1 - T * (m**2 - v - T) / (v + T) ** 2) == 0)
