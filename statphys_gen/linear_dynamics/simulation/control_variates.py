"""Means of samples whose fluctuations are in part those of numbers of known mean.

Instances come with numbers of mean exactly 0, such as the mean square of the noise minus 1. The mean of an observable
is the intercept of its regression on them; its standard error is that of the intercept, from the residuals. The bias
is of the order of the curvature over the number of samples.
"""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from ...errors import InsufficientSamples
from ...statistics.estimate import Estimate

# Degrees of freedom that the residuals must keep.
_FEWEST = 5


def controlled_mean(samples: FloatArray, controls: FloatArray) -> Estimate:
    """Mean of samples (N, ...) from independent instances with controls (N, q) of mean 0.

    Where fewer than five degrees of freedom would be left, the plain mean.
    """
    count, number = controls.shape
    if count < 2:
        raise InsufficientSamples(f"{count} independent sample(s): an error bar needs at least 2")
    design = np.concatenate([np.ones((count, 1)), controls], axis=1)
    freedom = count - np.linalg.matrix_rank(design)
    if number == 0 or freedom < _FEWEST:
        return Estimate.from_samples(samples)
    flat = samples.reshape(count, -1)
    inverse = np.linalg.pinv(design)
    fitted = inverse @ flat
    rest = flat - design @ fitted
    variance = (rest**2).sum(axis=0) / freedom
    error = np.sqrt(variance * (inverse[0] ** 2).sum())
    shape = samples.shape[1:]
    return Estimate(fitted[0].reshape(shape), error.reshape(shape), np.full(shape, float(freedom)))
