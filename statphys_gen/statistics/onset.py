"""When something sets in: the crossing of a level between two looks, and its exponent over sizes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..errors import InsufficientSamples, InvalidArgument
from .estimate import Estimate


def log_crossing(looks: ArrayLike, values: ArrayLike, level: float, *, name: str = "value") -> float:
    """Logarithm of the place where ``values`` first reach ``level``, linear in the logarithm between two looks.

    Parameters
    ----------
    looks : (looks,) increasing places, at least 0.
    values : (looks,) what was seen there.
    name : of the values, for the message.

    Raises
    ------
    InsufficientSamples : the level is not crossed between two looks, both at places above 0.
    """
    places = validation.array("looks", looks, ndim=1, at_least=0.0)
    seen = validation.array("values", values, shape=places.shape)
    above = np.flatnonzero(seen >= level)
    if not len(above) or above[0] == 0 or places[above[0] - 1] == 0:
        raise InsufficientSamples(
            f"the {name} does not cross {level:g} between two looks (it goes from {seen[0]:.3g} to {seen[-1]:.3g})"
        )
    after = int(above[0])
    share = (level - seen[after - 1]) / (seen[after] - seen[after - 1])
    before, later = np.log(places[[after - 1, after]])
    return float(before + share * (later - before))


def power_law_exponent(sizes: ArrayLike, log_onsets: Estimate) -> Estimate:
    """The exponent e of onset ~ size^e: the slope of the logarithms, with the error that those of the onsets cause.

    Parameters
    ----------
    sizes : (k,) above 0, of which 2 are distinct.
    log_onsets : logarithms of the onsets, (k,). They count alike, because standard errors over a few instances are too
        uncertain to be weights. Degrees of freedom after Welch and Satterthwaite.
    """
    x = np.log(validation.array("sizes", sizes, ndim=1, above=0.0))
    if len(x) < 2 or len(np.unique(x)) < 2 or log_onsets.shape != x.shape:
        raise InvalidArgument("sizes", sizes, "at least 2 distinct sizes, one for each onset")
    if not (log_onsets.standard_error > 0).all():
        raise InvalidArgument(
            "log_onsets", log_onsets.standard_error, "estimates with positive standard errors"
        )
    centred = x - x.mean()
    share = centred / (centred @ centred)
    parts = (share * log_onsets.standard_error) ** 2
    freedom = parts.sum() ** 2 / (parts**2 / log_onsets.degrees_of_freedom).sum()
    return Estimate(
        np.asarray(share @ log_onsets.mean), np.asarray(math.sqrt(parts.sum())), np.asarray(freedom)
    )
