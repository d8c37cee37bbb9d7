"""The excess entropy in the way of the published script, in numpy: a loop over noised points, one by one.

The entropy of the noised empirical law P^e_t is estimated by the average of -log P^e_t(x_t), with the squared distances
of each noised point to all training points, and

    H(mu | x_t) = log n + (d/2) (1 + log(2 pi D_t)) + E log P^e_t(x_t).

A term of the average is the surprise -log w of the source, with the sign of the fluctuation |z|^2/2 - d/2 of the noise
added: sqrt(d/2) nats that have nothing to do with the weights.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

FloatArray = NDArray[np.float64]


def entropy_terms(points: FloatArray, time: float, noised: int, rng: np.random.Generator) -> FloatArray:
    """Terms whose average is H(mu | x_t) in nats; shape (noised,)."""
    count, dimension = points.shape
    width = 1.0 - np.exp(-2.0 * time)
    terms = np.empty(noised)
    for index in range(noised):
        source = points[rng.integers(count)]
        x = np.exp(-time) * source + np.sqrt(width) * rng.standard_normal(dimension)
        squares = ((x - np.exp(-time) * points) ** 2).sum(axis=1)
        # log P^e_t(x) without its constant -(d/2) log(2 pi D_t), which cancels.
        log_density = logsumexp(-squares / (2.0 * width)) - np.log(count)
        terms[index] = np.log(count) + 0.5 * dimension + log_density
    return terms
