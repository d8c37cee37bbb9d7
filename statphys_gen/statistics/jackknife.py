"""The jackknife: error and bias of a function of means over independent samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InsufficientSamples
from .estimate import Estimate


def jackknife(samples: ArrayLike, function: Callable[[FloatArray], FloatArray]) -> Estimate:
    """A function of the mean over the first axis, with its bias of order 1/n taken off.

    Parameters
    ----------
    samples : independent samples along the first axis, at least 2; averages over blocks for instance.
    function : smooth, of an array of the shape of one sample.
    """
    checked = validation.array("samples", samples)
    count = len(checked)
    if count < 2:
        raise InsufficientSamples(f"{count} independent sample(s): an error bar needs at least 2")
    total = checked.sum(axis=0)
    without = np.stack([function((total - sample) / (count - 1.0)) for sample in checked])
    whole, mean = function(total / count), without.mean(axis=0)
    error = np.sqrt((count - 1.0) / count * ((without - mean) ** 2).sum(axis=0))
    return Estimate(count * whole - (count - 1.0) * mean, error, np.full(np.shape(whole), count - 1.0))
