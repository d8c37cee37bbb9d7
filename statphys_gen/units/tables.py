"""Tabulated tilted moments of a density: Chebyshev polynomials in tilt and field, made where they are asked for.

Coordinates: x = -log(1 - tilt / pole), stretched where the pole is far (asinh of the tilt where there is none), and
y = asinh of the field in units of the inverse width (next to the pole, of its normal law). Cells of unit size are
halved until the polynomials of order 15 have converged, and are compared with the panels at points between their
nodes; ``error`` is the largest difference seen, relative to the width of the tilted law.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..arrays import FloatArray
from .kernels_tables import evaluate
from .panels import Panels

_ORDER = 16
# Size of the last coefficients of a polynomial that has converged, relative to its largest value, and of a difference
# from the panels beyond which a cell is halved all the same.
_TAIL, _DIFFERENCE = 3e-14, 3e-13
# Largest rounding, relative to the largest value, that may pass for it; beyond, polynomials say nothing.
_COARSEST = 1e-3
_DEEPEST = 14
# Terms summed for the polynomials of a unit of x and y, about a second; what is left is summed where it is asked for.
_MOST_TERMS = 30_000_000
# Points between the nodes at which a cell is compared.
_BETWEEN = np.array([-0.937, -0.521, 0.083, 0.467, 0.889])

_ANGLES = np.pi * (np.arange(_ORDER) + 0.5) / _ORDER
_NODES = np.cos(_ANGLES)
_TRANSFORM = (
    np.cos(np.outer(np.arange(_ORDER), _ANGLES))
    * np.where(np.arange(_ORDER) == 0, 1.0, 2.0)[:, None]
    / _ORDER
)
_AT = np.polynomial.chebyshev.chebvander(_BETWEEN, _ORDER - 1)


class Table:
    """Moments of one density at one power.

    Parameters
    ----------
    make : makes the panels of the density. Every unit of x has its own: the closer to the pole, the wider they may be.
    pole : tilt at which the integral diverges, infinite for bounded units and thin tails.
    centre : of the normal law that is the tail, None without one; fields act on the distance from it.
    """

    def __init__(self, make: Callable[[], Panels], pole: float, centre: float | None) -> None:
        self.make, self.pole = make, pole
        self.panels, none = make(), np.zeros(1)
        self.even = self.panels.even
        _, mean, variance = (float(part[0]) for part in self.panels.moments(none, none))
        self.scale = math.sqrt(variance)
        self.centre = 0.0 if self.even else mean if centre is None else centre
        # Tilts that matter are of the inverse square of the width, which may be small against the pole.
        self._stretch = max(1.0, pole * self.scale**2)
        self._levels: dict[int, Panels] = {}
        self.error = 0.0
        self._terms = 0
        self._roots: dict[tuple[int, int], int] = {}
        self._axis: list[int] = []
        self._children: list[tuple[int, int]] = []
        self._bounds: list[tuple[float, float, float, float]] = []
        self._place: list[int] = []
        self._coefficients: list[FloatArray] = []
        self._packed: tuple[FloatArray, ...] | None = None
        self._deviations: dict[int, float] = {}

    def coordinates(self, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
        scale = self.scale
        if np.isfinite(self.pole):
            x = -self._stretch * np.log1p(-a / self.pole)
        else:
            x = np.arcsinh(a * scale**2)
        # In the field that acts on the distance from the centre.
        shift = np.abs(b) if self.even else b + a * self.centre
        return x, np.arcsinh(shift * scale / self._unit(x))

    def tilts(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        scale = self.scale
        a = -self.pole * np.expm1(-x / self._stretch) if np.isfinite(self.pole) else np.sinh(x) / scale**2
        return a, np.sinh(y) * self._unit(x) / scale - a * self.centre

    def _unit(self, x: FloatArray) -> FloatArray:
        """Scale of the field over which the mean varies: next to the pole that of a Gaussian."""
        if not np.isfinite(self.pole):
            return np.ones_like(x)
        distance = self.pole * self.scale**2 * np.exp(-x / self._stretch)
        return np.asarray(1.0 / np.sqrt(1.0 + 1.0 / distance))

    def moments(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """log Z, mean, variance of a flat batch with finite entries below the pole, shape (3, points)."""
        out = np.empty((3, len(a)))
        if not len(a):
            return out
        x, y = self.coordinates(a, b)
        keys = np.unique(np.stack([np.floor(x), np.floor(y)]).astype(np.int64), axis=1)
        for i, j in keys.T:
            if (int(i), int(j)) not in self._roots:
                self._terms = 0
                self._roots[int(i), int(j)] = self._grown((float(i), i + 1.0, float(j), j + 1.0), 0)
                self._packed = None
        evaluate(x, y, *self._arrays(), out)
        out[0] += self.centre * (0.5 * a * self.centre + b)
        out[1] += self.centre
        out[2] = np.exp(out[2])
        lost = np.flatnonzero(np.isnan(out[0]))
        for start in range(0, len(lost), 64):
            rows = lost[start : start + 64]
            out[:, rows] = self.panels.moments(a[rows], np.abs(b[rows]) if self.even else b[rows])
        if self.even:
            out[1] *= b
        return out

    def _arrays(self) -> tuple[FloatArray, ...]:
        if self._packed is None:
            keys = np.array(list(self._roots))
            first = keys.min(axis=0)
            roots = np.zeros(keys.max(axis=0) - first + 1, dtype=np.int64)
            for key, cell in self._roots.items():
                roots[tuple(np.array(key) - first)] = cell
            coefficients = (
                np.stack(self._coefficients) if self._coefficients else np.zeros((1, 3, _ORDER, _ORDER))
            )
            self._packed = (
                roots,
                first,
                np.array(self._axis),
                np.array(self._children),
                np.array(self._bounds),
                np.array(self._place),
                coefficients,
            )
        return self._packed

    def _grown(self, bounds: tuple[float, float, float, float], depth: int) -> int:
        """A new cell with all that is below it; its number."""
        cell = len(self._axis)
        self._axis.append(-1)
        self._children.append((-1, -1))
        self._bounds.append(bounds)
        self._place.append(-1)
        coefficients, worst = self._fitted(bounds)
        if worst < 0:
            self._place[cell] = len(self._coefficients)
            self._coefficients.append(coefficients)
        elif depth < _DEEPEST and self._terms < _MOST_TERMS:
            x0, x1, y0, y1 = bounds
            middle = 0.5 * (bounds[2 * worst] + bounds[2 * worst + 1])
            lower = (x0, middle, y0, y1) if worst == 0 else (x0, x1, y0, middle)
            upper = (middle, x1, y0, y1) if worst == 0 else (x0, x1, middle, y1)
            self._axis[cell] = worst
            self._children[cell] = self._grown(lower, depth + 1), self._grown(upper, depth + 1)
        return cell

    def _exact(self, bounds: tuple[float, float, float, float], places: FloatArray) -> FloatArray:
        """log Z, mean and log variance at the product of these places of a cell, (3, places, places)."""
        x0, x1, y0, y1 = bounds
        x, y = 0.5 * (x0 + x1 + (x1 - x0) * places), 0.5 * (y0 + y1 + (y1 - y0) * places)
        a, b = self.tilts(np.repeat(x, len(y)), np.tile(y, len(x)))
        level = math.floor(0.5 * (x0 + x1))
        if level not in self._levels:
            self._levels[level] = self.make()
        log, mean, variance = self._levels[level].moments(a, b)
        self._terms += len(a) * self._levels[level].nodes.size
        log, mean = log - self.centre * (0.5 * a * self.centre + b), mean - self.centre
        with np.errstate(divide="ignore"):
            return np.stack([log, mean, np.log(variance)]).reshape(3, len(places), len(places))

    def _fitted(self, bounds: tuple[float, float, float, float]) -> tuple[FloatArray, int]:
        """Coefficients of a cell, and the axis along which they have not converged (-1: none)."""
        values = self._exact(bounds, _NODES)
        # Where a variance is 0 to rounding they are none.
        with np.errstate(invalid="ignore"):
            coefficients = _TRANSFORM @ values @ _TRANSFORM.T
        size = np.maximum(np.abs(values).max(axis=(1, 2)), [1.0, 1e-300, 1.0])
        tails = np.stack(
            [np.abs(coefficients[:, -2:]).max(axis=(1, 2)), np.abs(coefficients[:, :, -2:]).max(axis=(1, 2))]
        )
        tails = tails / size
        # The exponents are of this size before they cancel, and are rounded accordingly.
        corners = self.tilts(np.repeat(bounds[:2], 2), np.tile(bounds[2:], 2))
        tilt, field = (float(np.abs(corner).max()) for corner in corners)
        with np.errstate(all="ignore"):
            reach = float(np.abs(values[1]).max()) * (field if self.even else 1.0) + abs(self.centre)
            reach += 10.0 * float(np.exp(0.5 * values[2].max()))
        # No position is further away: of an even law the mean over the field may be of the square of its distance.
        reach = min(reach, max(abs(edge) for edge in self.panels.support))
        exponent = max(float(np.abs(values[0]).max()), field * reach, 0.5 * tilt * reach**2)
        rounding = min(2e-15 * exponent, _COARSEST)
        worst = int(tails.max(axis=1).argmax())
        if not np.isfinite(values).all() or tails.max() > _TAIL + 0.1 * rounding:
            return coefficients, worst
        true = self._exact(bounds, _BETWEEN)
        guess = _AT @ coefficients @ _AT.T
        error = float((np.abs(guess - true) / size[:, None, None]).max())
        if error > _DIFFERENCE + rounding:
            return coefficients, worst
        self.error = max(self.error, error)
        return coefficients, -1

    def largest_deviation(self, a: FloatArray) -> FloatArray:
        """The largest standard deviation of the tilted law over all fields, to a few percent, for a flat batch."""
        x = self.coordinates(a, np.zeros_like(a))[0]
        level = 4.0 * x
        low = np.floor(level).astype(np.int64)
        for k in np.unique(np.concatenate([low, low + 1])):
            if int(k) not in self._deviations:
                self._deviations[int(k)] = self._scanned(0.25 * k)
        return np.array([max(self._deviations[int(k)], self._deviations[int(k) + 1]) for k in low])

    def _scanned(self, x: float) -> float:
        """Largest deviation at one tilt: fields are added wherever the mean rises faster than the variances say."""
        tilt = self.tilts(np.array(x), np.zeros(()))[0]
        furthest = math.asinh(40.0)
        steps = np.linspace(0.0 if self.even else -furthest, furthest, 121)
        b = self.tilts(np.full(len(steps), x), steps)[1]
        largest = 0.0
        _, mean, variance = self.moments(np.full(len(b), tilt), b)
        for _ in range(40):
            largest = max(largest, float(np.sqrt(variance.max())))
            rise = np.diff(mean) / (np.diff(b) * np.maximum(variance[1:], variance[:-1]))
            steep = np.flatnonzero((rise > 1.3) & (np.diff(b) * largest > 1e-3))
            if not len(steep):
                break
            new = 0.5 * (b[steep] + b[steep + 1])
            _, more, wide = self.moments(np.full(len(new), tilt), new)
            b, mean, variance = (
                np.insert(old, steep + 1, fresh) for old, fresh in ((b, new), (mean, more), (variance, wide))
            )
        return largest
