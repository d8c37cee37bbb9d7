"""The error of a function of several independent estimates, to first order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from .estimate import Estimate


def propagated(function: Callable[[FloatArray], float], inputs: Sequence[Estimate]) -> Estimate:
    """The function of the means, with the errors of all inputs.

    Half the difference of the function one standard error above and below the mean of an input is what that input adds,
    in squares and with its degrees of freedom (Welch and Satterthwaite). Of fitted inputs the worst fit counts.

    Parameters
    ----------
    function : of an array (inputs,), returns a number.
    inputs : independent scalar estimates.

    Raises
    ------
    InvalidArgument : no input, one that is not a scalar, or a function that is not finite within a standard error.
    """
    if not inputs or any(each.shape for each in inputs):
        raise InvalidArgument("inputs", inputs, "scalar estimates, one at least")
    means = np.array([float(each.mean) for each in inputs])
    errors = np.array([float(each.standard_error) for each in inputs])
    value = validation.array("function", float(function(means)))
    parts = []
    for k, each in enumerate(inputs):
        step = np.zeros(len(means))
        step[k] = errors[k]
        moved = 0.5 * abs(float(function(means + step)) - float(function(means - step)))
        parts.append(
            Estimate(value, validation.array("function", moved), each.degrees_of_freedom, each.fit_p_value)
        )
    return reduce(Estimate.with_error_of, parts)
