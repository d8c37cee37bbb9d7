"""U-turns in full dimension: noised samples brought back by the exact backward kernel, or along the flow."""

from __future__ import annotations

import math

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture
from ...noising import time_from_edm_sigma
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import NoiseGrid
from .solvers import solve


def simulate_u_turn(
    mixture: GaussianMixture, noise_level: float, walkers: int, *, steps: int = 40, seed: int = 0
) -> Estimate:
    """Shares of samples that are of their class again: by the reverse process, and by the flow; (2,).

    Parameters
    ----------
    mixture : two classes, positive definite.
    noise_level : S to which samples are noised.
    walkers : number of samples.
    steps : of Heun's rule on equal ratios of S down to a thousandth, for the flow.
    seed : of samples and noise.
    """
    level, count = (
        validation.positive("noise_level", noise_level),
        validation.integer("walkers", walkers, minimum=10),
    )
    rng = generator(seed, {"purpose": "u-turns", "mixture": mixture, "level": level, "steps": steps})
    noised, t = NoisedMixture(mixture), float(time_from_edm_sigma(level))
    classes = noised.draw_components(count, rng)
    x = noised.sample(classes, t, rng)
    _, back = noised.backward(x, t, 0.0, rng)
    grid = NoiseGrid((*np.geomspace(level, 1e-3 * level, steps).tolist(), 0.0), "heun")

    def posterior_mean(y: FloatArray, s: float) -> FloatArray:
        at = float(time_from_edm_sigma(s))
        return noised.clean(math.exp(-at) * y, at)

    ends = noised.posterior(solve(grid, posterior_mean, math.exp(t) * x), 0.0).argmax(axis=1)
    return Estimate.from_samples(np.stack([back == classes, ends == classes], axis=1).astype(np.float64))
