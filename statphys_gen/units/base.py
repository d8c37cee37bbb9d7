"""The base of all laws of single units; the verbs are described in :mod:`statphys_gen.units`."""

from __future__ import annotations

import copy
import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import FloatArray
from ..errors import InvalidArgument

Pair = tuple[FloatArray, FloatArray]
Triple = tuple[FloatArray, FloatArray, FloatArray]


class Prior:
    """Base of all priors: what follows from the other verbs."""

    name: ClassVar[str]
    continuous: ClassVar[tuple[str, ...]] = ()
    states: FloatArray | None = None
    support: tuple[float, float] = (-math.inf, math.inf)

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """log of the integral of rho_beta(h) exp(a h^2/2 + b h)."""
        return self._together(a, b, beta)[0]

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        """Both moments of the tilted law at the price of one."""
        _, mean, variance = self._together(a, b, beta)
        return mean, variance

    def log_partition_and_moments(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Triple:
        """log-partition, mean and variance together; a prior has this verb, or the two above."""
        return self.log_partition(a, b, beta), *self.mean_and_variance(a, b, beta)

    def _together(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike) -> Triple:
        if type(self).log_partition_and_moments is Prior.log_partition_and_moments:
            raise NotImplementedError("log_partition and mean_and_variance, or both in one")
        return self.log_partition_and_moments(a, b, beta)

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        """One exact draw from rho_beta(h) exp(field h) for each entry of ``field``."""
        raise NotImplementedError

    def energy(self, h: ArrayLike) -> FloatArray:
        """U(h), infinite outside the support."""
        raise NotImplementedError

    def energy_gradient(self, h: ArrayLike) -> FloatArray:
        """dU/dh inside the support; refused for discrete units."""
        raise InvalidArgument("prior", self.name, "a continuous prior: discrete units have no gradient")

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        """Omega towards side * infinity."""
        return 0.0

    def zero_temperature_response(self, curvature: ArrayLike, field: ArrayLike) -> FloatArray:
        """argmax of curvature h^2/2 + field h - U(h)."""
        raise NotImplementedError

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """1 / distance in b over which the mean varies."""
        raise NotImplementedError

    def mean(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """Mean of the tilted law."""
        return self.mean_and_variance(a, b, beta)[0]

    def variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """Variance of the tilted law, without cancellation."""
        return self.mean_and_variance(a, b, beta)[1]

    def second_moment(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """Mean of h^2 in the tilted law."""
        mean, variance = self.mean_and_variance(a, b, beta)
        return np.asarray(variance + mean * mean)

    def with_arrays(self, **parameters: FloatArray) -> Prior:
        """A copy whose continuous parameters are arrays that broadcast with the arguments of the verbs.

        For batches over a parameter of the prior; the values are checked by making a prior of their extremes.
        """
        batch = copy.copy(self)
        for name, values in parameters.items():
            if name not in self.continuous:
                listed = ", ".join(self.continuous) if self.continuous else "no parameter: there is none"
                raise InvalidArgument("parameter", name, f"continuous in the prior {self.name}: {listed}")
            for extreme in (values.min(), values.max()):
                type(self)(**{name: float(extreme)})
            batch._set_array(name, values)
        return batch

    def _set_array(self, name: str, values: FloatArray) -> None:
        object.__setattr__(self, name, values)

    @property
    def symmetric(self) -> bool:
        """True when rho(h) = rho(-h), so that the network has a paramagnet."""
        low, high = self.support
        return low == -high


def arrays(*values: ArrayLike) -> tuple[FloatArray, ...]:
    return tuple(np.asarray(v, dtype=np.float64) for v in values)


def positive_part(c: FloatArray) -> FloatArray:
    """c where it is positive and NaN elsewhere: the integral diverges there."""
    return np.where(c > 0, c, np.nan)
