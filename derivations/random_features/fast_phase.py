"""The fast phase and the kernel limit at large psi_p."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.learning_curves import learning_curves
from statphys_gen.random_features.theory.limits import (
    fast_phase_score_error,
    kernel_train_loss,
    large_sample_stopping_time,
)


@claim("Gradient flow of a linear denoiser -B x_t: the eigenvalue x_t has B = (1 - exp(-rate x_t tau))/x_t")
def linear_denoiser() -> bool:
    tau, rate, x_t = sp.symbols("tau rate x_t", positive=True)
    # dB/dtau = rate (1 - x_t B): the gradient of D x_t B^2 - 2 D B, the loss of s = -B x_t along one eigenvector.
    b = (1 - sp.exp(-rate * x_t * tau)) / x_t
    return bool(sp.simplify(sp.diff(b, tau) - rate * (1 - x_t * b)) == 0 and b.subs(tau, 0) == 0)


@claim(
    "The average of the fast phase over the Marchenko-Pastur law, against 20-digit quadrature of its density"
)
def average() -> bool:
    model, tau = RandomFeatures("tanh", 100.0, 5.0, 0.05), 9.0
    # a_t = E sigma'(z), since Gamma = 1 at data variance 1.
    ratio, a = mp.mpf(1) / 5, mp.quad(lambda z: mp.sech(z) ** 2 * mp.npdf(z), [-12, 0, 12])
    noise = -mp.expm1(-2 * mp.mpf("0.05"))
    low, high = (1 - mp.sqrt(ratio)) ** 2, (1 + mp.sqrt(ratio)) ** 2

    def integrand(angle: mp.mpf) -> mp.mpf:
        x = (low + high) / 2 - (high - low) / 2 * mp.cos(angle)
        density = ((high - low) / 2 * mp.sin(angle)) ** 2 / (2 * mp.pi * ratio * x)
        x_t = (1 - noise) * x + noise
        return density * ((1 - mp.exp(-2 * noise * a**2 * x_t * tau)) / x_t - 1) ** 2

    expected = mp.quad(integrand, [0, mp.pi / 2, mp.pi])
    return bool(abs(float(fast_phase_score_error(model, tau)) / expected - 1) < 1e-12)


@claim(
    "Large psi_n: the least score error of the fast phase is exp(-4t)/psi_n, at c tau + log(c tau) = log psi_n"
)
def large_samples() -> bool:
    time, distances = 0.1, []
    for samples in (1e4, 1e6, 1e8):
        model = RandomFeatures("tanh", 1e12, samples, time)
        best = large_sample_stopping_time(model)
        grid = best * np.linspace(0.8, 1.2, 2001)
        errors = fast_phase_score_error(model, grid)
        distances.append(
            (abs(errors.min() * samples * np.exp(4 * time) - 1), abs(grid[errors.argmin()] / best - 1))
        )
    table = np.array(distances)
    return bool((table[2] < table[0]).all() and (table[2] < 0.05).all())


@claim(
    "psi_p -> infinity: the full equations approach the kernel limit with an error of order 1/psi_p, and the fast phase"
)
def kernel_limit() -> bool:
    times = np.array([3.0, 300.0, 1e5])
    distance = []
    for features in (1e4, 1e5):
        model = RandomFeatures("tanh", features, 8.0, 0.1)
        distance.append(
            np.abs(learning_curves(model, times).train_loss - kernel_train_loss(model, times)).max()
        )
    return bool(8.0 < distance[0] / distance[1] < 12.0)
