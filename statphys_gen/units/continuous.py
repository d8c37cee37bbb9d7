"""Laws of units on the line or on a half-line; the verbs are described in :mod:`statphys_gen.units`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..numerics.special import log_two_cosh, truncated_normal
from .base import Pair, Prior, Triple, arrays, positive_part


@dataclass(frozen=True)
class Gaussian(Prior):
    """rho = exp(-h^2 / (2 v)) / sqrt(2 pi v), U = h^2 / (2 v).

    Parameters
    ----------
    variance : v > 0; default 1, the Hopfield network.
    """

    variance_: float = field(default=1.0, repr=False)
    name: ClassVar[str] = "gaussian"
    continuous = ("variance",)

    def __init__(self, variance: float = 1.0) -> None:
        object.__setattr__(self, "variance_", validation.positive("variance", variance))

    def __repr__(self) -> str:
        return f"Gaussian(variance={self.variance_!r})"

    def _set_array(self, name: str, values: FloatArray) -> None:
        object.__setattr__(self, "variance_", values)

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        a, b, beta = arrays(a, b, beta)
        c = positive_part(beta / self.variance_ - a)
        return np.asarray(0.5 * b * b / c - 0.5 * np.log(c * self.variance_ / beta))

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        a, b, beta = arrays(a, b, beta)
        c = positive_part(beta / self.variance_ - a)
        return np.asarray(b / c), np.asarray(np.broadcast_to(1.0 / c, np.broadcast_shapes(b.shape, c.shape)))

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        field = np.asarray(field, dtype=np.float64)
        v = self.variance_ / beta
        return np.asarray(v * field + math.sqrt(v) * rng.standard_normal(field.shape))

    def energy(self, h: ArrayLike) -> FloatArray:
        return np.asarray(np.square(h) / (2.0 * self.variance_), dtype=np.float64)

    def energy_gradient(self, h: ArrayLike) -> FloatArray:
        return np.asarray(h, dtype=np.float64) / self.variance_

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        return self.variance_ / beta

    def zero_temperature_response(self, curvature: ArrayLike, field: ArrayLike) -> FloatArray:
        curvature, field = arrays(curvature, field)
        return np.asarray(field / positive_part(1.0 / self.variance_ - curvature))

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        return np.zeros(np.broadcast_shapes(np.shape(a), np.shape(beta)))


@dataclass(frozen=True)
class ReLU(Prior):
    """rho = sqrt(2/pi) exp(-h^2/2 - threshold h) on h >= 0: a truncated Gaussian, whose mean is a soft ReLU.

    U = h^2/2 + threshold h; at inverse temperature beta the weight is sqrt(2 beta / pi) exp(-beta U).

    Parameters
    ----------
    threshold : theta, any sign; default 0.
    """

    threshold: float = 0.0
    name: ClassVar[str] = "relu"
    continuous = ("threshold",)
    support = (0.0, math.inf)

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", validation.finite("threshold", self.threshold))

    def log_partition_and_moments(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Triple:
        a, b, beta = arrays(a, b, beta)
        piece, valid = _truncated(beta - a, b - beta * self.threshold)
        log = np.where(valid, piece.log_normaliser + 0.5 * np.log(2.0 * beta / math.pi), np.nan)
        return log, np.where(valid, piece.mean, np.nan), np.where(valid, piece.variance, np.nan)

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        field = np.asarray(field, dtype=np.float64)
        root = math.sqrt(beta)
        return np.asarray(_sample_truncated(rng, (field - beta * self.threshold) / root) / root)

    def energy(self, h: ArrayLike) -> FloatArray:
        h = np.asarray(h, dtype=np.float64)
        return np.where(h >= 0, h * (0.5 * h + self.threshold), np.inf)

    def energy_gradient(self, h: ArrayLike) -> FloatArray:
        return np.asarray(h, dtype=np.float64) + self.threshold

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        return 1.0 / beta if side > 0 else 0.0

    def zero_temperature_response(self, curvature: ArrayLike, field: ArrayLike) -> FloatArray:
        curvature, field = arrays(curvature, field)
        return np.asarray(np.maximum(field - self.threshold, 0.0) / positive_part(1.0 - curvature))

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        # The complex zeros of the normal distribution function nearest to the real axis have imaginary part 2.8.
        a, beta = arrays(a, beta)
        return np.asarray(0.6 / np.sqrt(np.maximum(beta - a, 1e-300)))


def _truncated(curvature: FloatArray, shift: FloatArray) -> tuple[Any, NDArray[np.bool_]]:
    """Moments on the half-line, and where they exist."""
    curvature, shift = np.broadcast_arrays(curvature, shift)
    valid = (curvature > 0) & np.isfinite(curvature) & np.isfinite(shift)
    return truncated_normal(np.where(valid, curvature, 1.0), np.where(valid, shift, 0.0)), valid


def _sample_truncated(rng: np.random.Generator, u: FloatArray) -> FloatArray:
    """exp(-h^2/2 + u h) on h >= 0: rejection from the normal law, or from an exponential one for u < -0.5 (Robert)."""
    u = np.asarray(u, dtype=np.float64)
    flat = u.ravel()
    result = np.empty_like(flat)
    pending = np.arange(flat.size)
    while len(pending):
        mean = flat[pending]
        lower = np.minimum(mean, -0.5)
        rate = 0.5 * (np.sqrt(lower * lower + 4.0) - lower)
        exponential = rng.standard_exponential(len(pending)) / rate
        normal = mean + rng.standard_normal(len(pending))
        uniform = rng.random(len(pending))
        far = mean < -0.5
        proposal = np.where(far, exponential, normal)
        # For the exponential proposal, h - u is compared with its rate.
        accepted = np.where(far, uniform <= np.exp(-0.5 * np.square(exponential - mean - rate)), normal >= 0)
        result[pending[accepted]] = proposal[accepted]
        pending = pending[~accepted]
    return result.reshape(u.shape)


@dataclass(frozen=True)
class SoftThreshold(Prior):
    """rho = exp(-h^2/2 - threshold |h|) / sqrt(2 pi), U = h^2/2 + threshold |h|: a two-sided soft threshold.

    Parameters
    ----------
    threshold : theta, any sign; default 0, where it is the Gaussian of unit variance.
    """

    threshold: float = 0.0
    name: ClassVar[str] = "soft-threshold"
    continuous = ("threshold",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", validation.finite("threshold", self.threshold))

    def _pieces(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike) -> tuple[Any, Any, FloatArray, FloatArray]:
        """Moments of both halves, the difference of their log weights, and log Z."""
        a, b, beta = arrays(a, b, beta)
        right, valid = _truncated(beta - a, b - beta * self.threshold)
        left, _ = _truncated(beta - a, -b - beta * self.threshold)
        difference = right.log_normaliser - left.log_normaliser
        total = np.logaddexp(right.log_normaliser, left.log_normaliser) + 0.5 * np.log(beta / (2.0 * math.pi))
        return right, left, np.where(valid, difference, np.nan), np.where(valid, total, np.nan)

    def log_partition_and_moments(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Triple:
        right, left, difference, total = self._pieces(a, b, beta)
        on_right = 1.0 / (1.0 + np.exp(np.minimum(-difference, 700.0)))
        on_left = 1.0 / (1.0 + np.exp(np.minimum(difference, 700.0)))
        mean = on_right * right.mean - on_left * left.mean
        between = on_right * on_left * np.square(right.mean + left.mean)
        variance = on_right * right.variance + on_left * left.variance + between
        return total, np.asarray(mean), np.asarray(variance)

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        field = np.asarray(field, dtype=np.float64)
        difference = self._pieces(0.0, field, beta)[2]
        sign = np.where(rng.random(field.shape) * (1.0 + np.exp(-np.abs(difference))) < 1.0, 1.0, -1.0)
        sign = np.where(difference >= 0, sign, -sign)
        root = math.sqrt(beta)
        return np.asarray(sign * _sample_truncated(rng, (sign * field - beta * self.threshold) / root) / root)

    def energy(self, h: ArrayLike) -> FloatArray:
        h = np.abs(np.asarray(h, dtype=np.float64))
        return np.asarray(h * (0.5 * h + self.threshold))

    def energy_gradient(self, h: ArrayLike) -> FloatArray:
        h = np.asarray(h, dtype=np.float64)
        return np.asarray(h + self.threshold * np.sign(h))

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        return 1.0 / beta

    def zero_temperature_response(self, curvature: ArrayLike, field: ArrayLike) -> FloatArray:
        curvature, field = arrays(curvature, field)
        size = np.maximum(np.abs(field) - self.threshold, 0.0) / positive_part(1.0 - curvature)
        return np.asarray(np.where(field >= 0, size, -size))

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        a, beta = arrays(a, beta)
        c = np.maximum(beta - a, 1e-300)
        return np.asarray(1.0 / np.sqrt(c) + beta * np.maximum(-np.asarray(self.threshold), 0.0) / c)


@dataclass(frozen=True)
class Mixture(Prior):
    """h = sqrt(delta) g + sqrt(1 - delta) e with g normal and e = +-1: between binary (0) and Gaussian (1).

    Parameters
    ----------
    gaussian_weight : delta in [0, 1]; default 1/2.

    It is defined as a law and not by an energy: the convention "beta" is refused.
    """

    gaussian_weight: float = 0.5
    name: ClassVar[str] = "mixture"
    continuous = ("gaussian_weight",)

    def __post_init__(self) -> None:
        value = validation.inside("gaussian_weight", self.gaussian_weight, 0.0, 1.0, closed=True)
        object.__setattr__(self, "gaussian_weight", value)

    def _parameters(self, a: ArrayLike, beta: ArrayLike) -> tuple[Any, FloatArray]:
        """sqrt(1 - delta) and 1 - delta a."""
        _only_law(self.name, beta)
        a = np.asarray(a, dtype=np.float64)
        return np.sqrt(1.0 - self.gaussian_weight), positive_part(1.0 - self.gaussian_weight * a)

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        jump, d = self._parameters(a, beta)
        a, b = arrays(a, b)
        smooth = 0.5 * (a * jump * jump + self.gaussian_weight * b * b) / d
        return np.asarray(smooth - 0.5 * np.log(d) + log_two_cosh(jump * b / d) - math.log(2.0))

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        jump, d = self._parameters(a, beta)
        b = np.asarray(b, dtype=np.float64)
        unlikely = np.exp(-2.0 * np.abs(jump * b / d))
        mean = (self.gaussian_weight * b + jump * np.tanh(jump * b / d)) / d
        jumps = 4.0 * unlikely / np.square(1.0 + unlikely)
        return np.asarray(mean), np.asarray(self.gaussian_weight / d + np.square(jump / d) * jumps)

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        jump, _ = self._parameters(0.0, beta)
        field = np.asarray(field, dtype=np.float64)
        positive = rng.random(field.shape) * (1.0 + np.exp(-2.0 * jump * np.abs(field))) < 1.0
        sign = np.where(positive, 1.0, -1.0) * np.where(field >= 0, 1.0, -1.0)
        noise = math.sqrt(self.gaussian_weight) * rng.standard_normal(field.shape)
        return np.asarray(jump * sign + self.gaussian_weight * field + noise)

    def energy(self, h: ArrayLike) -> FloatArray:
        if self.gaussian_weight == 0.0:
            raise InvalidArgument("gaussian_weight", 0.0, "above 0 for a density")
        h = np.asarray(h, dtype=np.float64)
        jump = math.sqrt(1.0 - self.gaussian_weight)
        weight = self.gaussian_weight
        return np.asarray(
            0.5 * (h * h + jump * jump) / weight
            - log_two_cosh(jump * h / weight)
            + math.log(2.0)
            + 0.5 * math.log(2.0 * math.pi * weight)
        )

    def energy_gradient(self, h: ArrayLike) -> FloatArray:
        h = np.asarray(h, dtype=np.float64)
        jump = math.sqrt(1.0 - self.gaussian_weight)
        return np.asarray((h - jump * np.tanh(jump * h / self.gaussian_weight)) / self.gaussian_weight)

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        _only_law(self.name, beta)
        return self.gaussian_weight

    def zero_temperature_response(self, curvature: ArrayLike, field: ArrayLike) -> FloatArray:
        raise InvalidArgument("hidden", self.name, "a prior with an energy: a law has no ground state")

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        jump, d = self._parameters(a, beta)
        return np.asarray(jump / d)


def _only_law(name: str, beta: ArrayLike) -> None:
    if not np.all(np.asarray(beta) == 1.0):
        raise InvalidArgument("convention", "beta", f"sqrt-beta for the prior {name}, which has no energy")


@dataclass(frozen=True)
class Spherical(Prior):
    """P hidden units uniform on the sphere sum_a h_a^2 = P; the only prior in which the units are not independent.

    In a large layer each unit is Gaussian with the curvature c that keeps the mean square at 1: 1/c + E b^2 / c^2 = 1
    with the average over the units of the layer, c = (1 + sqrt(1 + 4 E b^2)) / 2, whatever the quadratic tilt. The
    verbs take the last axis of b as the layer. U = 0 on the sphere: the law does not depend on the temperature.
    """

    name: ClassVar[str] = "spherical"

    def _curvature(self, b: FloatArray) -> FloatArray:
        return np.asarray(
            0.5 + np.sqrt(0.25 + np.mean(np.square(np.atleast_1d(b)), axis=-1, keepdims=b.ndim > 0))
        )

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        a, b = arrays(a, b)
        c = self._curvature(b)
        return np.asarray(0.5 * b * b / c - 0.5 * np.log(c) + 0.5 * (c - 1.0) + 0.5 * a)

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        b = np.asarray(b, dtype=np.float64)
        c = self._curvature(b)
        return np.asarray(b / c), np.asarray(np.broadcast_to(1.0 / c, b.shape))

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        """A point of the sphere for each layer (last axis of ``field``): von Mises-Fisher, by Wood's rejection."""
        field = np.atleast_1d(np.asarray(field, dtype=np.float64))
        units = field.shape[-1]
        if units < 2:
            raise InvalidArgument("field", field, "fields of at least two units along the last axis")
        layers = field.reshape(-1, units)
        norm = np.linalg.norm(layers, axis=1)
        concentration = norm * math.sqrt(units)
        tangent = rng.standard_normal(layers.shape)
        axis = layers / np.where(norm > 0, norm, 1.0)[:, None]
        tangent -= (tangent * axis).sum(axis=1)[:, None] * axis
        tangent /= np.linalg.norm(tangent, axis=1)[:, None]
        along = _sample_cosine(rng, concentration, units)
        points = along[:, None] * axis + np.sqrt(np.maximum(1.0 - along * along, 0.0))[:, None] * tangent
        free = norm == 0
        if free.any():
            gauss = rng.standard_normal((int(free.sum()), units))
            points[free] = gauss / np.linalg.norm(gauss, axis=1)[:, None]
        return np.asarray((math.sqrt(units) * points).reshape(field.shape))

    def energy(self, h: ArrayLike) -> FloatArray:
        return np.zeros(np.shape(h))

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        """That of the free layer; in the network the constraint sets it (1 / Lagrange multiplier)."""
        return 1.0

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        return np.zeros(np.broadcast_shapes(np.shape(a), np.shape(beta)))


def _sample_cosine(rng: np.random.Generator, concentration: FloatArray, dimension: int) -> FloatArray:
    """Cosine of the angle to the field for von Mises-Fisher laws in ``dimension`` dimensions (Wood 1994)."""
    rest = dimension - 1.0
    b = rest / (2.0 * concentration + np.sqrt(4.0 * concentration**2 + rest**2))
    x0 = (1.0 - b) / (1.0 + b)
    # log(1 - x0^2) by its factors, which does not cancel at large concentration.
    constant = concentration * x0 + rest * (math.log(4.0) + np.log(b) - 2.0 * np.log1p(b))
    result = np.empty_like(concentration)
    pending = np.arange(len(concentration))
    while len(pending):
        beta_draw = rng.beta(0.5 * rest, 0.5 * rest, len(pending))
        uniform = rng.random(len(pending))
        bb = b[pending]
        w = (1.0 - (1.0 + bb) * beta_draw) / (1.0 - (1.0 - bb) * beta_draw)
        bound = concentration[pending] * w + rest * np.log1p(-x0[pending] * w) - constant[pending]
        accepted = bound >= np.log(np.maximum(uniform, 1e-300))
        result[pending[accepted]] = w[accepted]
        pending = pending[~accepted]
    return result
