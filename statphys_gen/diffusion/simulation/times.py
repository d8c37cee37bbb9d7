r"""Speciation measured on samples: where the noised density turns bimodal, and how the backward process is driven.

All of it rests on the conditional law of the data given x_t, not on a formula for the score:

backward drift (denoising)
    x + 2 grad log P_t(x) = E[ x + 2 (exp(-t) x_0 - x) / D_t | x_t = x ].
its slope at x along a unit vector v
    1 - 2/D_t + 2 exp(-2t)/D_t^2 Var[v.x_0 | x_t = x].
curvature of the density of u = v.x_t at 0, with r = (v.x_0)^2 / (exp(2t) - 1)
    proportional to E[(r - 1) exp(-r/2)].

At the midpoint of two balanced classes with a common covariance, v along m_1 - m_2, the slope changes sign where the
potential of the drift gets two minima, and the curvature where the density along v turns bimodal. Both times are found
for independent blocks of walkers; the error is that of the mean over blocks, and the bias of a root is of the order of
one over the walkers in a block.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ... import validation
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture
from ...errors import InsufficientSamples, InvalidArgument
from ...meaning import fingerprint
from ...numerics.blocks import map_blocks
from ...statistics.estimate import Estimate
from ...statistics.streams import generator

_STEP = 0.1  # of the scan for a change of sign, in time


def simulate_drift(
    mixture: GaussianMixture,
    time: float,
    points: ArrayLike,
    direction: ArrayLike,
    *,
    walkers: int = 10_000,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Backward drift at the given points along a direction, by averaging over the data that may lie behind them.

    Parameters
    ----------
    mixture : the law of the data, in dimension d.
    time : t, above 0.
    points : (P, d), values of x_t.
    direction : (d,), normalised here.
    walkers : data drawn from P(x_0 | x_t) for each point, at least 2.
    seed, threads : as for :func:`~statphys_gen.diffusion.simulate_clones`.

    Returns
    -------
    Estimate of shape (P,); its components are independent.
    """
    law = NoisedMixture(mixture)
    checked = validation.array("points", points, shape=(None, mixture.dimension))
    t = validation.positive("time", time)
    unit = _unit(direction, mixture.dimension)
    validation.integer("walkers", walkers, minimum=2)
    ratio = 1.0 / -np.expm1(-2.0 * t)
    key = {"purpose": "drift", "law": fingerprint(mixture), "time": t}

    def at_point(index: int) -> Estimate:
        rng = generator(seed, key | {"point": checked[index]}, index)
        x = np.tile(checked[index], (walkers, 1))
        data, _ = law.backward(x, t, 0.0, rng)
        return Estimate.from_samples((x + 2.0 * ratio * (np.exp(-t) * data - x)) @ unit)

    return Estimate.stack(map_blocks(at_point, len(checked), threads=threads))


def simulate_drift_time(
    mixture: GaussianMixture, *, walkers: int = 10_000, blocks: int = 32, seed: int = 0, threads: int = 1
) -> Estimate:
    """The time at which the backward drift becomes unstable at the midpoint of two balanced classes.

    Parameters
    ----------
    mixture : two classes of equal weight and equal covariance.
    walkers : data drawn for each block and time, at least 100.
    blocks : independent estimates, at least 2.
    seed, threads : as for :func:`~statphys_gen.diffusion.simulate_clones`.
    """
    law = NoisedMixture(mixture)
    unit, latest = _line_through_classes(mixture), _latest_time(mixture)
    validation.integer("walkers", walkers, minimum=100)
    middle = mixture.means.mean(axis=0)
    key = {"purpose": "drift time", "law": fingerprint(mixture), "samples": walkers}

    def root(block: int) -> float:
        def slope(time: float) -> float:
            # The same stream at every time makes the slope a smooth function of time.
            rng = generator(seed, key, block)
            data, _ = law.backward(np.tile(np.exp(-time) * middle, (walkers, 1)), time, 0.0, rng)
            ratio = 1.0 / np.expm1(2.0 * time)
            return float(1.0 - 2.0 * (1.0 + ratio) + 2.0 * ratio * (1.0 + ratio) * (data @ unit).var(ddof=1))

        return _last_change_of_sign(slope, latest)

    return Estimate.from_samples(
        map_blocks(root, validation.integer("blocks", blocks, minimum=2), threads=threads)
    )


def simulate_bimodality_time(
    mixture: GaussianMixture, *, walkers: int = 10_000, blocks: int = 32, seed: int = 0, threads: int = 1
) -> Estimate:
    """The time at which the density of x_t along m_1 - m_2 turns bimodal, for two balanced classes.

    Parameters as for :func:`simulate_drift_time`; ``walkers`` are data, drawn once for each block.
    """
    law = NoisedMixture(mixture)
    unit, latest = _line_through_classes(mixture), _latest_time(mixture)
    validation.integer("walkers", walkers, minimum=100)
    middle = mixture.means.mean(axis=0)
    key = {"purpose": "bimodality time", "law": fingerprint(mixture), "samples": walkers}

    def root(block: int) -> float:
        rng = generator(seed, key, block)
        data = law.draw(walkers, rng)
        squares: FloatArray = ((data - middle) @ unit) ** 2

        def curvature(time: float) -> float:
            r = squares / np.expm1(2.0 * time)
            return float(((r - 1.0) * np.exp(-0.5 * r)).mean())

        return _last_change_of_sign(curvature, latest)

    return Estimate.from_samples(
        map_blocks(root, validation.integer("blocks", blocks, minimum=2), threads=threads)
    )


def _unit(direction: ArrayLike, dimension: int) -> FloatArray:
    vector = validation.array("direction", direction, shape=(dimension,))
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        raise InvalidArgument("direction", vector, "not zero")
    return vector / length


def _line_through_classes(mixture: GaussianMixture) -> FloatArray:
    balanced = mixture.classes == 2 and mixture.weights[0] == mixture.weights[1]
    if not balanced or not mixture.common_covariance:
        raise InvalidArgument("mixture", mixture.weights, "two classes of equal weight and equal covariance")
    return _unit(mixture.means[0] - mixture.means[1], mixture.dimension)


def _latest_time(mixture: GaussianMixture) -> float:
    """Where exp(2t) is above the square of 6 times the reach of the data: both functions are negative there."""
    spread = float(np.linalg.norm(mixture.means[0] - mixture.means[1])) + np.sqrt(mixture.covariances.max())
    return 1.0 + float(np.log1p(6.0 * spread))


def _last_change_of_sign(function: Callable[[float], float], latest: float) -> float:
    """The largest zero of a function of time that is negative late; found by a scan and refined."""
    upper = latest
    while function(upper) < 0.0:
        upper -= _STEP
        if upper <= 0.0:
            raise InsufficientSamples("no change of sign at a time above 0: the classes overlap too much")
    return float(brentq(function, upper, upper + _STEP, xtol=1e-10))
