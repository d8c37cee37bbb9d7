r"""The Ornstein-Uhlenbeck noising process and its translation into other conventions.

Forward process: dx = -x dt + sqrt(2) dB, hence

    x_t = exp(-t) a + sqrt(D_t) z,    D_t = 1 - exp(-2t),    z ~ N(0, I),

with stationary law N(0, I). Diffusion time t runs from 0 (data) to infinity (noise). Every other convention is a
relabelling of t, possibly with a rescaling of x:

=====================  ===========================================================  =========================
convention             noisy variable                                               relation to t
=====================  ===========================================================  =========================
variance preserving    sqrt(alpha_bar) a + sqrt(1 - alpha_bar) z                    alpha_bar = exp(-2t)
variance preserving    standard deviation of the noise, sigma_vp                    sigma_vp^2 = D_t
EDM, variance explod.  a + sigma z                                                  sigma^2 = exp(2t) - 1
signal-to-noise ratio  alpha_bar / (1 - alpha_bar)                                  1 / (exp(2t) - 1)
flow matching          (1 - s) a + s z, flow time s = sigma/(1 + sigma)             sigma of EDM
DDPM step k            alpha_bar_k = prod_{i<=k} (1 - beta_i), linear betas         t_k = -log(alpha_bar_k)/2
=====================  ===========================================================  =========================

All functions are vectorised and use ``expm1`` and ``log1p``, so they keep full relative accuracy at small t.
Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (forward process); Ho et al. 2020 (DDPM betas); Karras et
al. 2022 (EDM sigma).
"""

import numpy as np
from numpy.typing import ArrayLike

from . import validation
from .arrays import FloatArray
from .errors import InvalidArgument


def signal_scale(time: ArrayLike) -> FloatArray:
    """exp(-t), the factor that multiplies the data."""
    return np.exp(-validation.array("time", time, at_least=0.0))


def noise_variance(time: ArrayLike) -> FloatArray:
    """D_t = 1 - exp(-2t), the variance of the noise in each direction."""
    return -np.expm1(-2.0 * validation.array("time", time, at_least=0.0))


def signal_to_noise(time: ArrayLike) -> FloatArray:
    """exp(-2t) / D_t = 1 / (exp(2t) - 1); diverges at t = 0, which is refused."""
    return 1.0 / np.expm1(2.0 * validation.array("time", time, above=0.0))


def time_from_signal_to_noise(ratio: ArrayLike) -> FloatArray:
    """Inverse of :func:`signal_to_noise`: t = log(1 + 1/ratio) / 2."""
    return 0.5 * np.log1p(1.0 / validation.array("ratio", ratio, above=0.0))


def edm_sigma(time: ArrayLike) -> FloatArray:
    """Noise level of the variance-exploding (EDM) convention, sigma = sqrt(exp(2t) - 1)."""
    return np.sqrt(np.expm1(2.0 * validation.array("time", time, at_least=0.0)))


def time_from_edm_sigma(sigma: ArrayLike) -> FloatArray:
    """Inverse of :func:`edm_sigma`: t = log(1 + sigma^2) / 2."""
    return 0.5 * np.log1p(validation.array("sigma", sigma, at_least=0.0) ** 2)


def vp_sigma(time: ArrayLike) -> FloatArray:
    """Standard deviation of the noise in the variance-preserving convention, sqrt(D_t)."""
    return np.sqrt(noise_variance(time))


def time_from_vp_sigma(sigma: ArrayLike) -> FloatArray:
    """Inverse of :func:`vp_sigma`: t = -log(1 - sigma^2) / 2, for sigma in [0, 1)."""
    checked = validation.array("sigma", sigma, at_least=0.0)
    if (checked >= 1.0).any():
        raise InvalidArgument("sigma", float(checked.max()), "below 1 in the variance-preserving convention")
    return -0.5 * np.log1p(-(checked**2))


def ddpm_times(steps: int = 1000, first_beta: float = 1e-4, last_beta: float = 2e-2) -> FloatArray:
    """Diffusion time t_k of DDPM steps k = 1 ... ``steps`` with linearly spaced betas; shape (steps,).

    The default schedule ends at t = 5.0589.
    """
    steps = validation.integer("steps", steps, minimum=2)
    validation.inside("first_beta", first_beta, 0.0, 1.0)
    validation.inside("last_beta", last_beta, 0.0, 1.0)
    return -0.5 * np.cumsum(np.log1p(-np.linspace(first_beta, last_beta, steps)))


def ddpm_step(
    time: ArrayLike, steps: int = 1000, first_beta: float = 1e-4, last_beta: float = 2e-2
) -> FloatArray:
    """Real-valued DDPM step at diffusion time t (step 0 is the data), by linear interpolation in t.

    NaN is never returned: a time beyond the last step raises :class:`~statphys_gen.errors.InvalidArgument`.
    """
    grid = np.concatenate([[0.0], ddpm_times(steps, first_beta, last_beta)])
    checked = validation.array("time", time, at_least=0.0)
    if (checked > grid[-1]).any():
        raise InvalidArgument(
            "time", float(checked.max()), f"at most {grid[-1]:.6g}, the end of the schedule"
        )
    return np.interp(checked, grid, np.arange(len(grid), dtype=np.float64))


def flow_time(sigma: ArrayLike) -> FloatArray:
    """Flow time s = sigma/(1 + sigma) of an EDM noise level, from 0 (data) to 1 (pure noise, at infinity)."""
    levels = np.asarray(sigma, dtype=np.float64)
    finite = np.where(np.isinf(levels) & (levels > 0.0), 1.0, levels)
    checked = validation.array("sigma", finite, at_least=0.0)
    return np.where(np.isinf(levels), 1.0, checked / (1.0 + checked))


def edm_sigma_from_flow_time(flow: ArrayLike) -> FloatArray:
    """Inverse of :func:`flow_time`: sigma = s/(1 - s), infinite at s = 1."""
    s = validation.array("flow_time", flow, at_least=0.0)
    if (s > 1.0).any():
        raise InvalidArgument("flow_time", float(s.max()), "in [0, 1]")
    with np.errstate(divide="ignore"):
        return np.where(s < 1.0, s / np.where(s < 1.0, 1.0 - s, 1.0), np.inf)


def shifted(flow: ArrayLike, shift: float) -> FloatArray:
    """Flow times as a sampler shifts them, shift s/(1 + (shift - 1) s)."""
    s, factor = validation.array("flow_time", flow, at_least=0.0), validation.positive("shift", shift)
    return np.asarray(factor * s / (1.0 + (factor - 1.0) * s))


def unshifted(flow: ArrayLike, shift: float) -> FloatArray:
    """Inverse of :func:`shifted`: the flow times to give to a sampler that shifts them, s/(shift - (shift - 1) s)."""
    s, factor = validation.array("flow_time", flow, at_least=0.0), validation.positive("shift", shift)
    return np.asarray(s / (factor - (factor - 1.0) * s))


def sigma_table(betas: ArrayLike) -> FloatArray:
    """EDM noise level sqrt((1 - alpha_bar)/alpha_bar) of each step of a schedule of betas in (0, 1); increasing."""
    steps = validation.array("betas", betas, ndim=1, above=0.0)
    if (steps >= 1.0).any():
        raise InvalidArgument("betas", float(steps.max()), "in (0, 1)")
    return np.sqrt(np.expm1(-np.cumsum(np.log1p(-steps))))
