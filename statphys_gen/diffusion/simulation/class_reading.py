r"""What noised points tell about their class, read from drawn points by Bayes' formula on the definition.

For x_t of known class k the information on it is the average of log(p(k|x_t) / w_k). The agreement of clones that
share x_t is the average of sum_g p(g|x_t)^2; the time at which it passes a level is found for each block of walkers
with common random numbers, so that it is a smooth function of time. The bias of such a root is of the order of one over
the walkers in a block.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture
from ...meaning import fingerprint
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from .backward_kernel import group_numbers

_EARLY, _LATE = 1e-3, 12.0  # between these an agreement is sought
_MODE_NODES = 81


def simulate_class_information(
    mixture: GaussianMixture, time: float, *, walkers: int = 2000, blocks: int = 64, seed: int = 0
) -> Estimate:
    """J_k(t) in nats, of every class k of a mixture; shape (K,). ``walkers`` are drawn of each class and block."""
    law, t = NoisedMixture(mixture), validation.positive("time", time)
    key = {"purpose": "class information", "law": fingerprint(mixture), "time": t}
    found = np.empty((validation.integer("blocks", blocks, minimum=2), mixture.classes))
    for block in range(blocks):
        rng = generator(seed, key, block)
        for k, weight in enumerate(mixture.weights):
            known = law.sample_posterior(np.full(walkers, k), t, rng)[:, k]
            found[block, k] = np.log(known / weight).mean()
    return Estimate.from_samples(found)


def simulate_agreement_time(
    mixture: GaussianMixture,
    level: float,
    *,
    groups: ArrayLike | None = None,
    given: ArrayLike | None = None,
    walkers: int = 2000,
    blocks: int = 64,
    seed: int = 0,
) -> Estimate:
    """The time at which the agreement of clones has fallen to a level.

    Parameters
    ----------
    level : between the agreement at late times and that at time 0.
    groups : classes with the same number count as one.
    given : a coarser grouping: the agreement is then the probability of agreement by ``groups`` given that by these.
    walkers, blocks, seed : points drawn for each block; blocks; of the streams.
    """
    law = NoisedMixture(mixture)
    fine, coarse = (_members(group_numbers(mixture, entry)) for entry in (groups, given))
    key = {"purpose": "agreement time", "law": fingerprint(mixture)}

    def root(block: int) -> float:
        def excess(time: float) -> float:
            rng = generator(seed, key, block)
            posterior = law.sample_posterior(law.draw_components(walkers, rng), time, rng)
            agreement = ((posterior @ fine) ** 2).sum(axis=1).mean()
            if given is not None:
                agreement /= ((posterior @ coarse) ** 2).sum(axis=1).mean()
            return float(agreement - level)

        return float(brentq(excess, _EARLY, _LATE, xtol=1e-5))

    return Estimate.from_samples(
        np.array([root(block) for block in range(validation.integer("blocks", blocks, minimum=2))])
    )


def simulate_mode_ratio(
    weight: float, *, variance: float, walkers: int = 4000, blocks: int = 48, seed: int = 0
) -> Estimate:
    """Gamma / a^2 where the smaller of two modes disappears, of noised scalars from two classes at +1 and -1.

    The density at u is an average over drawn data of the law of the noise; its slope changes sign between the smaller
    mode and the larger one as long as both are there. ``weight`` is that of the class at +1, above one half.
    """
    w, v = validation.inside("weight", weight, 0.5, 1.0), validation.positive("variance", variance)
    key = {"purpose": "mode ratio", "weight": w, "variance": v}

    def ratio(block: int) -> float:
        rng = generator(seed, key, block)
        data = np.where(rng.random(walkers) < w, 1.0, -1.0) + np.sqrt(v) * rng.standard_normal(walkers)

        def least_slope(time: float) -> float:
            noise, shrunk = -np.expm1(-2.0 * time), np.exp(-time) * data
            at = np.exp(-time) * np.linspace(-1.6, 0.2, _MODE_NODES)
            apart = shrunk - at[:, None]
            return float((apart * np.exp(-0.5 * apart**2 / noise)).mean(axis=1).min())

        time = float(brentq(least_slope, 0.05, 3.0, xtol=1e-5))
        return float(np.exp(2.0 * time) - 1.0 + v)

    return Estimate.from_samples(np.array([ratio(block) for block in range(blocks)]))


def _members(numbers: IntArray) -> FloatArray:
    return np.equal.outer(numbers, np.unique(numbers)).astype(np.float64)
