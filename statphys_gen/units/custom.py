"""Priors of a user's own, from a log-density or from a log-moment-generating function.

The tail coefficient Omega (log rho(h) -> -h^2 / (2 Omega)) is detected; tails thicker than Gaussian are refused, since
their partition function diverges in a large network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import AccuracyNotReached, InvalidArgument
from ..numerics.quadrature import gaussian_rule
from .base import Pair, Prior, Triple
from .panels import DEPTH, Panels
from .tables import Table
from .tails import sampled
from .tails import tail_coefficient as told

Function = Callable[[FloatArray], ArrayLike]

_FAR = (1e4, 1e5, 1e6)
# Points of the features that are looked for, over the part of the line where the density has its mass.
_LOOKED = 2**16
# Deviation of the two rules beyond which no accuracy is claimed.
_AGREES = 1e-11


class FromLogDensity(Prior):
    """rho = exp(log_density), normalised or not; U = -log_density.

    Parameters
    ----------
    log_density : vectorised function of h, finite inside the support (-infinity where the density is zero).
    support : open interval (lower, upper), either may be infinite; default the line.
    breakpoints : kinks and jumps of the density inside the support, and places where it is singular.
    tail_coefficient : Omega in log_density -> -h^2 / (2 Omega), 0 for tails thinner than Gaussian, one number or the
        pair (towards -infinity, towards +infinity); told from the log-density by default.
    narrowest : width of the narrowest feature of the density; by default features are looked for down to 1e-4 of the
        part of the line that has the mass. A narrower one that was not declared is not seen.

    The moments are integrated over panels whose nodes are placed where the log-density needs them, and tabulated: the
    error of log Z, of the mean in units of the width, and of the logarithm of the variance is below 1e-12, and
    ``table_error`` is the largest one seen where the table was compared with the panels.

    Raises
    ------
    InvalidArgument : there is no such law, its tails are thicker than Gaussian, or they cannot be told.
    AccuracyNotReached : two incommensurate rules do not agree to 1e-11 on the norm, mean and variance.
    """

    name: ClassVar[str] = "from-log-density"

    def __init__(
        self,
        log_density: Function,
        support: tuple[float, float] = (-math.inf, math.inf),
        breakpoints: Sequence[float] = (),
        tail_coefficient: float | tuple[float, float] | None = None,
        narrowest: float | None = None,
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
        self._declared = tail_coefficient
        self._narrowest = None if narrowest is None else validation.positive("narrowest", narrowest)
        self._known, self._peaks = sampled(self._value, self.support, self._cuts)
        self._tails = self._found_tails()
        self._tables: dict[float, Table] = {}
        self._even = False
        none = np.zeros(1)
        panels = self._panels(1.0)
        self._even = self._is_even(panels)
        with np.errstate(all="ignore"):
            moments = panels.moments(none, none)
        if not all(np.isfinite(part).all() for part in moments) or moments[2][0] <= 0.0:
            raise InvalidArgument(
                "log_density", log_density, "a function with a finite integral of its exponential"
            )
        deviation = panels.deviation(none, none)
        if not deviation < _AGREES:
            raise AccuracyNotReached(
                f"log_density: two rules differ by {deviation:.2g}; give its kinks and jumps in breakpoints= or the "
                "width of its features in narrowest="
            )

    def meaning(self) -> dict[str, Any]:
        """What defines it."""
        declared = {"tail_coefficient": self._declared, "narrowest": self._narrowest}
        given = {name: value for name, value in declared.items() if value is not None}
        return {"log_density": self._log_density, "support": self.support, "breakpoints": self._cuts} | given

    def _value(self, h: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            value = np.asarray(self._log_density(h), dtype=np.float64)
        if value.shape != h.shape:
            raise InvalidArgument("log_density", value, f"a function that returns the shape {h.shape}")
        return np.where(np.isnan(value), -np.inf, value)

    def _found_tails(self) -> dict[int, float]:
        """Omega on either side: declared, none at a finite end, or told from the values."""
        left, right = self._region(1.0)
        scale = max(right - left, abs(left), abs(right))
        declared = self._declared
        if declared is not None:
            pair = np.broadcast_to(validation.array("tail_coefficient", declared, at_least=0.0), (2,))
        tails = {}
        for side, edge, k in ((-1, self.support[0], 0), (1, self.support[1], 1)):
            if math.isfinite(edge):
                tails[side] = 0.0
            elif declared is None:
                tails[side] = told(self._value, side, scale)
            else:
                tails[side] = float(pair[k])
        return tails

    def _region(self, beta: float) -> tuple[float, float]:
        """Ends of the part of the line that has the mass."""
        h, value = self._known
        inside = np.flatnonzero(beta * (value - value.max()) > -DEPTH)
        return float(h[max(inside[0] - 1, 0)]), float(h[min(inside[-1] + 1, len(h) - 1)])

    def _panels(self, beta: float) -> Panels:
        left, right = self._region(beta)
        lower, upper = self.support
        special = self._cuts
        if self._even:
            left = 0.0
        for edge in (lower, upper):
            # A region next to a finite end reaches it.
            if math.isfinite(edge) and min(abs(edge - left), abs(edge - right)) < 1e-3 * (right - left):
                special = np.append(special, edge)
        edges = np.unique(np.concatenate([[left, right], special, self._peaks]))
        edges = edges[(edges >= max(left, lower)) & (edges <= right) | np.isin(edges, special)]
        edges = edges[(edges >= 0.0) | (not self._even)]
        # Maxima that are those of a singular end.
        distance = np.abs(edges[:, None] - special).min(axis=1, initial=np.inf)
        edges = edges[(distance == 0.0) | (distance > 1e-3 * (right - left))]
        width = float(right - left)
        spacing = width / _LOOKED if self._narrowest is None else 4.0 * self._narrowest
        if width / spacing > 2**24:
            raise InvalidArgument("narrowest", self._narrowest, f"at least {width / 2**26:.3g}")
        return Panels(
            value=partial(self._scaled, beta),
            edges=edges,
            support=self.support,
            cuts=self._cuts,
            scale=width,
            spacing=spacing,
            core=(left, right),
            even=self._even,
        )

    def _scaled(self, beta: float, h: FloatArray) -> FloatArray:
        return beta * self._value(h)

    def _table(self, beta: float) -> Table:
        if beta not in self._tables:
            strongest = max(self._tails.values())
            pole = beta / strongest if strongest > 0 else math.inf
            self._tables[beta] = Table(partial(self._panels, beta), pole, self._tail_centre(strongest))
        return self._tables[beta]

    def _tail_centre(self, strongest: float) -> float | None:
        """Centre of the normal law to which the thickest tails (both, if they are equal) tend; None without them."""
        if strongest == 0.0:
            return None
        left, right = self._region(1.0)
        h = 1e3 * max(right - left, abs(left), abs(right))
        sides = [side for side, omega in self._tails.items() if omega == strongest]
        slopes = []
        for side in sides:
            near, far = self._value(np.array([side * h, 2.0 * side * h]))
            slopes.append(float(4.0 * near - far) / (2.0 * side * h))
        return strongest * sum(slopes) / len(slopes)

    @property
    def table_error(self) -> float:
        """Largest error seen of the tabulated moments so far."""
        return max((table.error for table in self._tables.values()), default=0.0)

    def _is_even(self, panels: Panels) -> bool:
        """At the nodes of the panels, which see every feature that is looked for on either side."""
        lower, upper = self.support
        if lower != -upper:
            return False
        none = np.zeros(1)
        index = panels.window(none, none)
        nodes = panels.nodes[index].reshape(-1)
        here, there = self._value(nodes), self._value(-nodes)
        same = np.isclose(here, there, rtol=1e-12, atol=1e-12) | (np.isinf(here) & np.isinf(there))
        return bool(same.all()) and bool(np.isclose(np.sort(-self._cuts), self._cuts).all())

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
        for power in np.unique(flat[2][usable]):
            rows = np.flatnonzero(usable & (flat[2] == power))
            result[:, rows] = self._table(float(power)).moments(flat[0][rows], flat[1][rows])
        shaped = result.reshape(3, *arrays[0].shape)
        return shaped[0], shaped[1], shaped[2]

    def sample(self, rng: np.random.Generator, field: ArrayLike, beta: float = 1.0) -> FloatArray:
        """By inversion of the distribution function on 4096 cells: exact to about 1e-4 of the width."""
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
            middle = 0.5 * (grid[:, 1:] + grid[:, :-1])
            exponent = beta * self._value(middle) + b * middle
            cells = np.exp(exponent - exponent.max(axis=1, keepdims=True))
            cumulative = np.concatenate([np.zeros_like(b), cells.cumsum(axis=1)], axis=1)
            for k in range(len(b)):
                here = members[start + k]
                result[here] = np.interp(uniform[here] * cumulative[k, -1], cumulative[k], grid[k])
        return result.reshape(field.shape)

    def tilted_range(self, a: FloatArray, b: FloatArray, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends of the interval outside which the tilted density does not matter; columns in, columns out."""
        low, high = np.empty_like(b), np.empty_like(b)
        for k in range(len(b)):
            panels = self._table(float(beta[k, 0])).panels
            sign = -1.0 if panels.even and b[k, 0] < 0 else 1.0
            low[k, 0], high[k, 0] = panels.reach(float(a[k, 0]), sign * float(b[k, 0]))
            if sign < 0:
                low[k, 0], high[k, 0] = -high[k, 0], -low[k, 0]
        return low, high

    def energy(self, h: ArrayLike) -> FloatArray:
        h = np.asarray(h, dtype=np.float64)
        inside = (h >= self.support[0]) & (h <= self.support[1])
        return np.where(inside, -self._value(h), np.inf)

    def tail_coefficient(self, side: int = 1, beta: Any = 1.0) -> Any:
        return self._tails[1 if side > 0 else -1] / beta

    def steepness(self, a: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
        """From the largest standard deviation sigma over all fields: zeros of Z are not closer than sqrt(2) / sigma,
        since its modulus at b + iy is at least 1 - sigma^2 y^2 / 2 of its value at b."""
        a, beta = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(beta, dtype=np.float64))
        result = np.full(a.shape, np.nan)
        strongest = max(self._tails.values())
        with np.errstate(all="ignore"):
            usable = np.isfinite(a) & (beta > 0)
            if strongest > 0:
                usable &= beta / strongest - a > 0
        for power in np.unique(beta[usable]):
            rows = usable & (beta == power)
            result[rows] = self._table(float(power)).largest_deviation(a[rows])
        return np.asarray(0.25 * math.pi * math.sqrt(2.0) * result)


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
