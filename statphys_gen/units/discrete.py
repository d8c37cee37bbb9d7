"""Laws of units with finitely many states; the verbs are described in :mod:`statphys_gen.units`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..numerics.special import log_two_cosh
from .base import Pair, Prior, arrays


class Discrete(Prior):
    """Finitely many states v_k with weights w_k; rho_beta(v_k) = base exp(-beta U_k). Base of the discrete priors."""

    states: FloatArray
    log_base: float
    energies: FloatArray
    _even: bool

    def _set(self, states: ArrayLike, log_base: float, energies: ArrayLike) -> None:
        values = np.asarray(states, dtype=np.float64)
        object.__setattr__(self, "states", values)
        object.__setattr__(self, "log_base", log_base)
        object.__setattr__(self, "energies", np.asarray(energies, dtype=np.float64))
        object.__setattr__(self, "support", (float(values.min()), float(values.max())))
        order = np.argsort(values)
        mirrored = np.allclose(values[order], -values[order[::-1]])
        same = np.allclose(self.energies[order], self.energies[order[::-1]])
        object.__setattr__(self, "_even", bool(mirrored and same))

    def meaning(self) -> dict[str, Any]:
        """What defines it."""
        return {"states": self.states, "log_base": self.log_base, "energies": self.energies}

    def _exponents(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike) -> FloatArray:
        """log weight of every state, states along the first axis."""
        a, b, beta = arrays(a, b, beta)
        return np.stack(
            np.broadcast_arrays(
                *(
                    self.log_base - beta * u + v * (0.5 * v * a + b)
                    for u, v in zip(self.energies, self.states, strict=True)
                )
            )
        )

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        exponents = self._exponents(a, b, beta)
        largest = exponents.max(axis=0)
        return np.asarray(largest + np.log(np.exp(exponents - largest).sum(axis=0)))

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        exponents = self._exponents(a, b, beta)
        likeliest = exponents.argmax(axis=0)
        weights = np.exp(exponents - exponents.max(axis=0))
        weights /= weights.sum(axis=0)
        # Measured from the likeliest state nothing cancels, however unlikely the others are.
        origin = self.states[likeliest]
        distance = self.states.reshape(-1, *([1] * origin.ndim)) - origin
        shift = (weights * distance).sum(axis=0)
        variance = (weights * np.square(distance - shift)).sum(axis=0)
        # Summed directly the mean is exact to rounding of its largest term, also when it is almost zero.
        return np.asarray(np.tensordot(self.states, weights, axes=1)), np.asarray(variance)

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        exponents = self._exponents(0.0, field, beta)
        cumulative = np.exp(exponents - exponents.max(axis=0)).cumsum(axis=0)
        threshold = rng.random(cumulative.shape[1:]) * cumulative[-1]
        index = (cumulative[:-1] <= threshold).sum(axis=0)
        return np.asarray(self.states[index])

    def energy(self, h: ArrayLike) -> FloatArray:
        h = np.asarray(h, dtype=np.float64)
        match = h[..., None] == self.states
        return np.asarray(np.where(match.any(axis=-1), self.energies[match.argmax(axis=-1)], np.inf))

    def zero_temperature_response(self, curvature: ArrayLike, field: ArrayLike) -> FloatArray:
        exponents = self._exponents(curvature, field, 1.0)
        return np.asarray(self.states[exponents.argmax(axis=0)])

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        low, high = self.support
        return np.full(np.broadcast_shapes(np.shape(a), np.shape(beta)), 0.5 * (high - low))

    @property
    def symmetric(self) -> bool:
        return self._even


@dataclass(frozen=True, init=False, eq=False)
class Binary(Discrete):
    """h = +-1 with equal weights, U = 0.

    Parameters
    ----------
    weight : of each state: 1/2 for a hidden unit (default), 1 for a visible one, so that a free visible unit has the
        free entropy log 2.
    """

    weight: float
    name: ClassVar[str] = "binary"

    def __init__(self, weight: float = 0.5) -> None:
        object.__setattr__(self, "weight", validation.positive("weight", weight))
        self._set([-1.0, 1.0], math.log(self.weight), [0.0, 0.0])

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        a, b = arrays(a, b)
        return np.asarray(0.5 * a + log_two_cosh(b) + self.log_base)

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        b = np.asarray(b, dtype=np.float64)
        unlikely = np.exp(-2.0 * np.abs(b))
        return np.tanh(b), np.asarray(4.0 * unlikely / np.square(1.0 + unlikely))

    def mean(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        return np.asarray(np.tanh(b))


@dataclass(frozen=True, init=False, eq=False)
class ZeroOne(Discrete):
    """h in {0, 1} with weights 1 and exp(-threshold), U = threshold h.

    Parameters
    ----------
    threshold : theta, any sign; default 0.
    """

    threshold: float
    name: ClassVar[str] = "zero-one"
    continuous = ("threshold",)

    def __init__(self, threshold: float = 0.0) -> None:
        object.__setattr__(self, "threshold", validation.finite("threshold", threshold))
        self._set([0.0, 1.0], 0.0, [0.0, self.threshold])

    def _set_array(self, name: str, values: FloatArray) -> None:
        object.__setattr__(self, "energies", (0.0, values))


@dataclass(frozen=True, init=False, eq=False)
class Ternary(Discrete):
    """h in {-1, 0, +1} with weights exp(-inactive_cost), 1, exp(-inactive_cost), U = inactive_cost h^2.

    Parameters
    ----------
    inactive_cost : Delta, what leaving 0 costs; any sign (towards -infinity the unit becomes binary); default 0.
    """

    inactive_cost: float
    name: ClassVar[str] = "ternary"
    continuous = ("inactive_cost",)

    def __init__(self, inactive_cost: float = 0.0) -> None:
        object.__setattr__(self, "inactive_cost", validation.finite("inactive_cost", inactive_cost))
        self._set([-1.0, 0.0, 1.0], 0.0, [self.inactive_cost, 0.0, self.inactive_cost])

    def _set_array(self, name: str, values: FloatArray) -> None:
        object.__setattr__(self, "energies", (values, 0.0, values))


@dataclass(frozen=True, init=False, eq=False)
class QState(Discrete):
    """q states with probabilities p_k; by default equally spaced, equally likely and of unit variance.

    Parameters
    ----------
    states : the number q of states, at least 2, or the values themselves (different from each other).
    weights : probabilities of the states (positive, sum 1); equal by default. U_k = -log(q p_k).
    """

    weights: FloatArray
    name: ClassVar[str] = "q-state"

    def __init__(self, states: int | ArrayLike = 3, weights: ArrayLike | None = None) -> None:
        if np.ndim(states) == 0:
            q = validation.integer("states", states, minimum=2, maximum=100_000)
            values = (2.0 * np.arange(q) - (q - 1)) * math.sqrt(3.0 / (q * q - 1.0))
        else:
            values = validation.array("states", states, ndim=1)
            q = len(values)
            if q < 2 or len(np.unique(values)) != q:
                raise InvalidArgument("states", states, "at least two different values")
        given = np.full(q, 1.0 / q) if weights is None else validation.probability_vector("weights", weights)
        if len(given) != q:
            raise InvalidArgument("weights", weights, f"{q} positive weights, one for each state")
        object.__setattr__(self, "weights", given)
        self._set(values, -math.log(q), -np.log(q * given))
