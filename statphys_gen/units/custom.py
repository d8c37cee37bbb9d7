"""Priors of a user's own, from a log-density or from a log-moment-generating function.

The tail coefficient Omega (log rho(h) -> -h^2 / (2 Omega)) is detected; tails thicker than Gaussian are refused, since
their partition function diverges in a large network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..numerics.quadrature import gaussian_rule, legendre_rule
from .base import Pair, Prior, Triple

Function = Callable[[FloatArray], ArrayLike]

_FAR = (1e4, 1e5, 1e6)
_PANELS, _ORDER = 24, 16
# Weight below which the tilted density no longer matters: exp(-42) = 6e-19.
_DEPTH = 42.0
_BLOCK = 2**17


class FromLogDensity(Prior):
    """rho = exp(log_density), normalised or not; U = -log_density.

    Parameters
    ----------
    log_density : vectorised function of h, finite inside the support.
    support : open interval (lower, upper), either may be infinite; default the line.
    breakpoints : kinks and jumps of the density inside the support.
    name : what reports call it.

    The verbs integrate numerically, about a thousand nodes for each (a, b); relative accuracy 1e-12 for densities
    that are smooth between the breakpoints on the scale of their width.
    """

    name: ClassVar[str] = "from-log-density"

    def __init__(
        self,
        log_density: Function,
        support: tuple[float, float] = (-math.inf, math.inf),
        breakpoints: Sequence[float] = (),
    ) -> None:
        if not callable(log_density):
            raise InvalidArgument("log_density", log_density, "a function of an array")
        lower, upper = float(support[0]), float(support[1])
        if not lower < upper or math.isnan(lower) or math.isnan(upper):
            raise InvalidArgument("support", support, "an increasing pair, infinite ends allowed")
        points = validation.array("breakpoints", np.asarray(breakpoints, dtype=float), ndim=1, empty=True)
        if ((points <= lower) | (points >= upper)).any():
            raise InvalidArgument("breakpoints", breakpoints, f"inside the support ({lower:g}, {upper:g})")
        self._log_density = log_density
        self.support = (lower, upper)
        self._cuts = np.sort(points)
        self._tails = {side: self._tail(side) for side in (1, -1)}
        self._scale = self._width()
        middle = np.array([self._centre])
        self._even = bool(lower == -upper) and self._is_even()
        if (
            not np.isfinite(self.log_partition(np.zeros(1), np.zeros(1))).all()
            or not np.isfinite(middle).all()
        ):
            raise InvalidArgument(
                "log_density", log_density, "a function with a finite integral of its exponential"
            )

    def meaning(self) -> dict[str, Any]:
        """What defines it."""
        return {"log_density": self._log_density, "support": self.support, "breakpoints": self._cuts}

    def _value(self, h: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            value = np.asarray(self._log_density(h), dtype=np.float64)
        if value.shape != h.shape:
            raise InvalidArgument("log_density", value, f"a function that returns the shape {h.shape}")
        return np.where(np.isnan(value), -np.inf, value)

    def _tail(self, side: int) -> float:
        """Omega on one side, from log_density / h^2 far out, where a linear term has been extrapolated away."""
        edge = self.support[1] if side > 0 else self.support[0]
        if math.isfinite(edge):
            return 0.0
        h = side * np.array(_FAR)
        curvature = -2.0 * self._value(h) / h**2
        if not np.isfinite(curvature).all() or curvature[2] > 1.02 * curvature[1] > 0:
            return 0.0
        limit = (curvature[2] * _FAR[2] - curvature[1] * _FAR[1]) / (_FAR[2] - _FAR[1])
        if limit <= 0 or curvature[2] < 0.98 * curvature[1]:
            direction = "+" if side > 0 else "-"
            raise InvalidArgument(
                "log_density",
                f"tail at {direction}infinity",
                "at least as thin as Gaussian, -h^2 / (2 Omega)",
            )
        return float(1.0 / limit)

    def _width(self) -> float:
        """Distance from the highest point within which the density lies, by doubling."""
        lower, upper = self.support
        grid = np.concatenate([-np.geomspace(1e-6, 1e4, 400)[::-1], [0.0], np.geomspace(1e-6, 1e4, 400)])
        if math.isfinite(lower):
            grid = lower + np.geomspace(1e-9, 1e4, 800)
        elif math.isfinite(upper):
            grid = upper - np.geomspace(1e-9, 1e4, 800)
        if math.isfinite(lower) and math.isfinite(upper):
            grid = np.linspace(lower, upper, 802)[1:-1]
        value = self._value(grid)
        if not np.isfinite(value).any() or np.isposinf(value).any():
            raise InvalidArgument("log_density", "values", "finite somewhere and nowhere infinite")
        best = int(value.argmax())
        self._centre = float(grid[best])
        inside = np.abs(grid - self._centre)[value > value[best] - _DEPTH]
        return float(max(inside.max(), 1e-6))

    def _is_even(self) -> bool:
        h = self._scale * np.linspace(0.01, 1.0, 37)
        left, right = self._value(-h), self._value(h)
        same = np.isclose(left, right, rtol=1e-12, atol=1e-12) | (np.isinf(left) & np.isinf(right))
        return bool(same.all())

    @property
    def symmetric(self) -> bool:
        return self._even

    def log_partition_and_moments(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Triple:
        arrays = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (a, b, beta)))
        flat = [x.reshape(-1) for x in arrays]
        result = np.full((3, flat[0].size), np.nan)
        strongest = max(self._tails.values())
        with np.errstate(all="ignore"):
            usable = np.isfinite(flat[0]) & np.isfinite(flat[1]) & (flat[2] > 0)
            if strongest > 0:
                usable &= flat[2] / strongest - flat[0] > 0
        rows = np.flatnonzero(usable)
        size = max(1, _BLOCK // (_PANELS * _ORDER * (len(self._cuts) + 1)))
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            result[:, chosen] = self._block(*(x[chosen] for x in flat))
        shaped = result.reshape(3, *arrays[0].shape)
        return shaped[0], shaped[1], shaped[2]

    def _exponent(self, h: FloatArray, a: FloatArray, b: FloatArray, beta: FloatArray) -> FloatArray:
        return np.asarray(beta * self._value(h) + h * (0.5 * a * h + b))

    def _block(self, a: FloatArray, b: FloatArray, beta: FloatArray) -> FloatArray:
        """log Z, mean and variance: panels over the part of each piece of the support that matters."""
        a, b, beta = a[:, None], b[:, None], beta[:, None]
        edges = np.concatenate([[self.support[0]], self._cuts, [self.support[1]]])
        pieces = [self._piece(left, right, a, b, beta) for left, right in pairwise(edges)]
        nodes = np.concatenate([p[0] for p in pieces], axis=1)
        weights = np.concatenate([p[1] for p in pieces], axis=1)
        exponent = self._exponent(nodes, a, b, beta)
        largest = exponent.max(axis=1, keepdims=True)
        mass = weights * np.exp(exponent - largest)
        total = mass.sum(axis=1)
        mean = (mass * nodes).sum(axis=1) / total
        variance = (mass * (nodes - mean[:, None]) ** 2).sum(axis=1) / total
        return np.stack([np.log(total) + largest[:, 0], mean, variance])

    def _piece(
        self, left: float, right: float, a: FloatArray, b: FloatArray, beta: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Nodes and weights on one piece, where the exponent is near its top."""
        low, high = self._ends(left, right, a, b, beta)
        rule = legendre_rule(np.linspace(0.0, 1.0, _PANELS + 1), _ORDER)
        return low + (high - low) * rule.nodes, (high - low) * rule.weights

    def _ends(
        self, left: float, right: float, a: FloatArray, b: FloatArray, beta: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Ends of where the exponent is near its top on one piece, closed in on by coarse scans."""
        strongest = max(self._tails.values())
        stiffness = beta / strongest - a if strongest > 0 else np.ones_like(a)
        reach = self._scale * (1.0 + np.maximum(a, 0.0) * self._scale**2 / 40.0)
        reach = reach + np.abs(b) / stiffness + 10.0 / np.sqrt(stiffness)
        reach = reach * np.maximum(1.0, 1.0 / np.sqrt(beta))
        low = np.broadcast_to(np.maximum(self._centre - reach, left), a.shape)
        high = np.broadcast_to(np.minimum(self._centre + reach, right), a.shape)
        low, high = np.minimum(low, right - 1e-12), np.maximum(high, left + 1e-12)
        fractions = (np.arange(400) + 0.5) / 400
        for _ in range(2):
            grid = low + (high - low) * fractions
            exponent = self._exponent(grid, a, b, beta)
            near = exponent > exponent.max(axis=1, keepdims=True) - _DEPTH
            first, last = near.argmax(axis=1), near.shape[1] - 1 - near[:, ::-1].argmax(axis=1)
            step = (high - low)[:, 0] / 400
            rows = np.arange(len(a))
            low, high = (
                np.maximum(low[:, 0], grid[rows, first] - step)[:, None],
                np.minimum(high[:, 0], grid[rows, last] + step)[:, None],
            )
        return low, high

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        """By inversion of the distribution function on 384 Gauss panels: exact to about 1e-4 of the width."""
        field = np.asarray(field, dtype=np.float64)
        distinct, place = np.unique(field, return_inverse=True)
        members = np.split(
            np.argsort(place, axis=None, kind="stable"), np.bincount(place.ravel()).cumsum()[:-1]
        )
        uniform = rng.random(field.size)
        result = np.empty(field.size)
        for start in range(0, distinct.size, 256):
            b = distinct[start : start + 256, None]
            a, power = np.zeros_like(b), np.full_like(b, beta)
            low, high = self.tilted_range(a, b, power)
            grid = low + (high - low) * np.linspace(0.0, 1.0, 4097)
            exponent = self._exponent(0.5 * (grid[:, 1:] + grid[:, :-1]), a, b, power)
            cells = np.exp(exponent - exponent.max(axis=1, keepdims=True))
            cumulative = np.concatenate([np.zeros_like(b), cells.cumsum(axis=1)], axis=1)
            for k in range(len(b)):
                here = members[start + k]
                result[here] = np.interp(uniform[here] * cumulative[k, -1], cumulative[k], grid[k])
        return result.reshape(field.shape)

    def tilted_range(self, a: FloatArray, b: FloatArray, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends of the interval outside which the tilted density does not matter; columns in, columns out."""
        return self._ends(self.support[0], self.support[1], a, b, beta)

    def energy(self, h: ArrayLike) -> FloatArray:
        h = np.asarray(h, dtype=np.float64)
        inside = (h >= self.support[0]) & (h <= self.support[1])
        return np.where(inside, -self._value(h), np.inf)

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        return self._tails[1 if side > 0 else -1] / beta

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """The largest standard deviation at a few fields: zeros of Z are not closer than its inverse."""
        a, beta = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(beta, dtype=np.float64))
        fields = np.linspace(-6.0, 6.0, 13)
        variance = self.variance(a[..., None], fields, beta[..., None])
        return np.asarray(1.5 * np.sqrt(variance.max(axis=-1)))


class FromLogMoments(Prior):
    """The prior whose log-moment-generating function log E exp(b h) is given.

    Parameters
    ----------
    log_moments : vectorised function of b, convex, 0 at b = 0 for a normalised prior.
    steepness : the function is analytic in b within a distance pi / (2 steepness) of the real axis; default 1 (that of
        a +-1 unit).

    Tilts a > 0 are averages over a normal field, log E exp(K(b + sqrt(a) y)); moments are differences of eighth order.
    It has no density, hence no energy, no samples, and no convention "beta".
    """

    name: ClassVar[str] = "from-log-moments"

    def __init__(self, log_moments: Function, steepness: float = 1.0) -> None:
        if not callable(log_moments):
            raise InvalidArgument("log_moments", log_moments, "a function of an array")
        self._log_moments = log_moments
        self._steepness = validation.positive("steepness", steepness)
        self._tails = {side: self._tail(side) for side in (1, -1)}
        h = np.linspace(0.1, 5.0, 25)
        self._even = bool(np.allclose(self._value(h), self._value(-h), rtol=1e-11, atol=1e-13))

    def meaning(self) -> dict[str, Any]:
        """What defines it."""
        return {"log_moments": self._log_moments, "steepness": self._steepness}

    def _value(self, b: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            return np.asarray(self._log_moments(b), dtype=np.float64)

    def _tail(self, side: int) -> float:
        b = side * np.array(_FAR)
        curvature = 2.0 * self._value(b) / b**2
        if not np.isfinite(curvature).all() or curvature[2] > 1.02 * curvature[1] > 1e-3:
            raise InvalidArgument(
                "log_moments", "growth", "at most Omega b^2 / 2: the tails are thicker than Gaussian"
            )
        limit = (curvature[2] * _FAR[2] - curvature[1] * _FAR[1]) / (_FAR[2] - _FAR[1])
        return float(limit) if limit > 1e-3 * max(abs(curvature[0]), 1e-6) and limit > 1e-9 else 0.0

    @property
    def symmetric(self) -> bool:
        return self._even

    def log_partition(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        if not np.all(np.asarray(beta) == 1.0):
            raise InvalidArgument("convention", "beta", "sqrt-beta for a prior without density")
        a, b = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
        strongest = max(self._tails.values())
        with np.errstate(all="ignore"):
            valid = (a >= 0) & (a * strongest < 1.0)
            # Importance sampling with the width that the tail of exp(K) gives to the integrand.
            width = 1.0 / np.sqrt(np.where(valid, 1.0 - a * strongest, 1.0))
            centre = np.where(valid, np.sqrt(np.maximum(a, 0.0)) * strongest * b * width**2, 0.0)
            root = np.sqrt(np.where(valid, a, 0.0))
        slope = self._steepness * float(np.max(root * width, initial=0.0)) + 1.0
        rule = gaussian_rule(slope, 1e-14)
        y = centre[..., None] + width[..., None] * rule.nodes
        log = self._value(b[..., None] + root[..., None] * y) - 0.5 * y**2 + 0.5 * rule.nodes**2
        largest = log.max(axis=-1, keepdims=True)
        total = np.log((np.exp(log - largest) * rule.weights).sum(axis=-1)) + largest[..., 0] + np.log(width)
        return np.where(valid, total, np.nan)

    def mean_and_variance(self, a: ArrayLike, b: ArrayLike, beta: ArrayLike = 1.0) -> Pair:
        b = np.asarray(b, dtype=np.float64)
        step = 0.05 / self._steepness
        first = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
        second = (8 / 5, -1 / 5, 8 / 315, -1 / 560)
        centre = self.log_partition(a, b, beta)
        mean, variance = np.zeros_like(centre), -205 / 72 * centre
        for k, (one, two) in enumerate(zip(first, second, strict=True), start=1):
            above, below = (
                self.log_partition(a, b + k * step, beta),
                self.log_partition(a, b - k * step, beta),
            )
            mean = mean + one * (above - below)
            variance = variance + two * (above + below)
        return mean / step, variance / step**2

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        return self._tails[1 if side > 0 else -1] / beta

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        a = np.asarray(a, dtype=np.float64)
        strongest = max(self._tails.values())
        with np.errstate(all="ignore"):
            return np.asarray(self._steepness / np.maximum(1.0 - a * strongest, 1e-300)) + 0.0 * a

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        raise InvalidArgument("hidden", self.name, "a prior with a density, to sample from")
