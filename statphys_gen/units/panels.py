"""Gauss panels for the tilted moments of one density: found once, refined where a tilt needs them.

A panel carries its nodes and the log-density there. It is good when the log-density is a polynomial between the nodes
(tested at other, incommensurate points, at the spacing of the narrowest feature that is looked for), and so is its
exponential with the tilts that are asked for, as far as it has weight. Panels are halved until they are good, but only
those on which a tilted density that is asked for has weight; the line is covered further out when a tilt needs it. What
is not smooth at any width (a jump or kink that was not declared) is closed in on until it has no weight; where it keeps
its weight (a singularity inside) no accuracy is claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ..arrays import FloatArray
from ..errors import AccuracyNotReached
from ..numerics.quadrature import legendre_rule
from .kernels_tables import summed

_ORDER, _CHECK = 16, 23
# Weight below which the tilted density no longer matters: exp(-42) = 6e-19.
DEPTH = 42.0
# Departure of a log-density from a straight line over half a panel that its rule integrates exactly.
_BEND = 3.0
# Last Legendre coefficients of a tilted density on a panel, relative to its integral, up to which the rule, which is
# exact to twice the degree, errs by 1e-13.
_COARSE = 3e-6
# Rounding of those coefficients, relative to the exponent.
_ROUNDED = 2e-14
# Fall of an exponent over a panel at whose end it is highest.
_STEEP = 14.0
# Departure of the log-density from its polynomial.
_SMOOTH = 2e-13
# Narrowest panel relative to the scale, and the weight that may stay in panels that are not smooth at this width.
_NARROWEST = 2.0**-42
_LEFT_OVER = 3e-11
# Panels and rounds of refinement after which a density is given up.
_MOST, _ROUNDS = 60_000, 400
# Panels from which on each tilt gets its own.
_MANY = 30
_GOLDEN = 0.6180339887498949


_RULE = legendre_rule(np.array([-1.0, 1.0]), _ORDER)
_NODES, _WEIGHTS = _RULE.nodes, _RULE.weights
_OTHER = legendre_rule(np.array([-1.0, 1.0]), _CHECK)
# Legendre coefficients from values at the nodes, and the last two of them.
_COEFFICIENTS = np.linalg.inv(np.polynomial.legendre.legvander(_NODES, _ORDER - 1))
_LAST = _COEFFICIENTS[-2:]
# Rows take the constant and linear part away.
_FLAT = np.stack([np.ones(_ORDER), _NODES], axis=1)
_BENDING = np.eye(_ORDER) - _FLAT @ np.linalg.pinv(_FLAT)


@dataclass
class Panels:
    """Panels of exp(value(h)) on a support.

    Parameters
    ----------
    value : the log-density times beta, vectorised; -inf where the density is zero.
    edges : first panels: ends (finite ones of the support included), breakpoints and peaks.
    support : of the density.
    scale : width of the density at no tilt.
    cuts : breakpoints, at which the density may be singular.
    spacing : of the points at which features are looked for within ``core``.
    core : the interval outside which nothing narrower than a panel is looked for.
    even : panels cover h >= 0 only.
    """

    value: Callable[[FloatArray], FloatArray]
    edges: FloatArray
    support: tuple[float, float]
    cuts: FloatArray
    scale: float
    spacing: float
    core: tuple[float, float]
    even: bool = False
    left: FloatArray = field(init=False)
    right: FloatArray = field(init=False)
    good: NDArray[np.bool_] = field(init=False)
    rough: NDArray[np.bool_] = field(init=False)
    weights: FloatArray = field(init=False)
    nodes: FloatArray = field(init=False)
    log: FloatArray = field(init=False)
    ends: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.right = self.edges[:-1].copy(), self.edges[1:].copy()
        self.good, self.rough = np.zeros((2, len(self.left)), dtype=bool)
        self.nodes, self.weights, self.log, self.ends = self._sampled(self.left, self.right)

    def _sampled(self, left: FloatArray, right: FloatArray) -> tuple[FloatArray, ...]:
        """Nodes, weights, log-density at the nodes and at the ends (of open ends, that of the next node)."""
        half = 0.5 * (right - left)[:, None]
        # From the nearer end, so that distances to an end at 0 keep their digits.
        nodes = np.where(
            _NODES < 0, left[:, None] + half * (1.0 + _NODES), right[:, None] - half * (1.0 - _NODES)
        )
        nodes = np.where(
            np.abs(left)[:, None] > np.abs(right)[:, None], right[:, None] - half * (1.0 - _NODES), nodes
        )
        nodes = np.where(left[:, None] == 0.0, half * (1.0 + _NODES), nodes)
        log = self.value(nodes)
        ends = log[:, [0, -1]].copy()
        for k, edge in enumerate((left, right)):
            inner = np.flatnonzero(
                ~np.isin(edge, self.edges) & (edge > self.support[0]) & (edge < self.support[1])
            )
            ends[inner, k] = self.value(edge[inner])
        return nodes, half * _WEIGHTS, log, ends

    def reach(self, a: float, b: float) -> tuple[float, float]:
        """Ends of the interval outside which one tilted density has no weight; from -h to h for even ones."""
        index = self.window(np.array([a]), np.array([b]))
        nodes, log = self.nodes[index], self.log[index]
        exponent = (log + nodes * (0.5 * a * nodes + b)).max(axis=1)
        near = index[exponent > exponent.max() - DEPTH]
        low, high = float(self.left[near[0]]), float(self.right[near[-1]])
        if self.even:
            # What b > 0 leaves of the other side.
            mirrored = (log + nodes * (0.5 * a * nodes - b)).max(axis=1)
            other = index[mirrored > exponent.max() - DEPTH]
            low = -float(self.right[other[-1]]) if len(other) else low
        return low, high

    # -------------------------------------------------------------------------------------------- refinement

    def window(self, a: FloatArray, b: FloatArray) -> NDArray[np.intp]:
        """Panels on which a tilted density of the batch has weight; all of them good."""
        if len(a) > 100:
            # Neighbouring tilts share their panels.
            some = np.unique(np.append(np.arange(0, len(a), 5), len(a) - 1))
            a, b = a[some], b[some]
        for _ in range(_ROUNDS):
            weighty, edge = self._weighty(a, b)
            if edge:
                self._extend(edge)
                continue
            index = np.flatnonzero(weighty)
            if not index.size:
                raise AccuracyNotReached(
                    "log_density: a tilted density has no weight that can be summed; its tails are thicker than "
                    "tail_coefficient= says, or its support ends too far out"
                )
            bent = self._bent(index, (float(a.min()), float(a.max())))
            bent |= self._steep(index, a, b) | self._coarse(index, a, b)
            unknown = ~self.good[index] | bent
            if not unknown.any():
                return index
            self._refine(index[unknown], bent[unknown])
            if len(self.left) > _MOST:
                break
        raise AccuracyNotReached(
            "log_density: its features are too many or too narrow to be resolved; give breakpoints=, or narrowest="
        )

    def _weighty(self, a: FloatArray, b: FloatArray) -> tuple[NDArray[np.bool_], int]:
        """Where any of the tilts puts weight, and the side on which the panels end too early (0: none)."""
        log, points = self._outline(np.arange(len(self.left)))
        chosen = np.zeros(len(log), dtype=bool)
        first = last = False
        block = max(1, 2**21 // log.size)
        for k in range(0, len(a), block):
            highest = _highest(log, points, a[k : k + block, None], b[k : k + block, None])
            near = highest > highest.max(axis=1, keepdims=True) - DEPTH
            chosen |= near.any(axis=0)
            first |= bool(near[:, 0].any())
            last |= bool(near[:, -1].any())
        # A panel next to one with weight may hide some.
        spread = chosen.copy()
        spread[1:] |= chosen[:-1]
        spread[:-1] |= chosen[1:]
        if last and self.right[-1] < self.support[1]:
            return spread, 1
        if first and not self.even and self.left[0] > self.support[0]:
            return spread, -1
        return spread, 0

    def _outline(self, index: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """The log-density at a few points of these panels, and the points."""
        ends = self.left[index, None], self.right[index, None]
        log = np.concatenate([self.log[index, ::3], self.ends[index]], axis=1)
        return log, np.concatenate([self.nodes[index, ::3], *ends], axis=1)

    def _extend(self, side: int) -> None:
        """One more panel on this side, as long as all of those that are there."""
        low, high = float(self.left[0]), float(self.right[-1])
        length = max(high - low, self.scale)
        if length > 1e12 * self.scale:
            raise AccuracyNotReached(
                "log_density: a tilted density reaches beyond 1e12 of its scale; its tails are too thick"
            )
        new = (
            (high, min(high + length, self.support[1]))
            if side > 0
            else (max(low - length, self.support[0]), low)
        )
        self._replace(np.zeros(0, dtype=np.intp), np.array([new[0]]), np.array([new[1]]))

    def _bent(self, index: NDArray[np.intp], tilts: tuple[float, float]) -> NDArray[np.bool_]:
        """Panels on which the tilted exponent is further from a straight line than its rule can bear."""
        with np.errstate(invalid="ignore"):
            far = [
                np.abs((self.log[index] + 0.5 * a * self._squares(index)) @ _BENDING).max(axis=1)
                for a in tilts
            ]
        known = self.good[index] & np.isfinite(self.log[index]).all(axis=1)
        return np.asarray(known & (np.maximum(*far) > _BEND))

    def _steep(self, index: NDArray[np.intp], a: FloatArray, b: FloatArray) -> NDArray[np.bool_]:
        """Panels at an end of the density into which a tilt presses it within a small part of the panel."""
        special = np.concatenate([self.cuts, np.array(self.support)])
        at_left, at_right = np.isin(self.left[index], special), np.isin(self.right[index], special)
        result = np.zeros(len(index), dtype=bool)
        for k in np.flatnonzero((at_left | at_right) & self.good[index]):
            nodes, log = self.nodes[index[k]], self.log[index[k]]
            if not np.isfinite(log).all():
                continue
            exponent = log + nodes * (0.5 * a[:, None] * nodes + b[:, None])
            fall = exponent[:, 0] - exponent[:, -1]
            result[k] = bool((at_left[k] and fall.max() > _STEEP) or (at_right[k] and fall.min() < -_STEEP))
        return result

    def _coarse(self, index: NDArray[np.intp], a: FloatArray, b: FloatArray) -> NDArray[np.bool_]:
        """Panels that are too wide for the exponential of a tilted exponent."""
        log, nodes = self.log[index], self.nodes[index]
        half = 0.5 * (self.right - self.left)[index, None]
        size, far = np.abs(log).max(axis=1), np.abs(nodes).max(axis=1)
        result = np.zeros(len(index), dtype=bool)
        block = max(1, 2**18 // log.size)
        for k in range(0, len(a), block):
            tilt, field = a[k : k + block, None, None], b[k : k + block, None, None]
            # Next to a singularity that has not been closed in on the density may be infinite.
            with np.errstate(over="ignore", invalid="ignore"):
                exponent = log + nodes * (0.5 * tilt * nodes + field)
                density = half * np.exp(exponent - exponent.max(axis=(1, 2), keepdims=True))
                # What is rounded off the exponents stays, however narrow the panels are.
                rounded = _ROUNDED * (size + far * (0.5 * np.abs(tilt[:, 0]) * far + np.abs(field[:, 0])))
                total = (density @ _RULE.weights).sum(axis=1, keepdims=True)
                tail = np.abs(density @ _LAST.T).max(axis=2)
            result |= (tail > (_COARSE + rounded) * total).any(axis=0)
        return result & self.good[index] & ~self.rough[index] & np.isfinite(log).all(axis=1)

    def _squares(self, index: NDArray[np.intp]) -> FloatArray:
        """h^2 up to a linear function of it, without rounding far from 0."""
        return np.asarray((self.nodes[index] - self.nodes[index, :1]) ** 2)

    def _refine(self, index: NDArray[np.intp], bent: NDArray[np.bool_]) -> None:
        """Halve those of these panels that are bent or not smooth."""
        width = self.right[index] - self.left[index]
        log = self.log[index]
        fine = self._smooth(index)
        fine[bent | ~np.isfinite(log).all(axis=1)] = False
        empty: NDArray[np.bool_] = np.asarray(np.isneginf(log).all(axis=1))
        for k in np.flatnonzero(fine | empty):
            fine[k] = self._seen(index[k], bool(empty[k]))
        special = np.concatenate([self.cuts, np.array(self.support)])
        at_left, at_right = np.isin(self.left[index], special), np.isin(self.right[index], special)
        edge = np.abs(np.where(at_left, self.left[index], self.right[index]))
        # Distances to an end that is not 0 are rounded; below this width that costs more than the power law of the end.
        rounded = np.where(at_left | at_right, np.sqrt(2.2e-16 * edge * self.scale), 0.0)
        shortest = width <= np.maximum(_NARROWEST * self.scale, rounded)
        for k in np.flatnonzero(~fine & shortest):
            if at_left[k] or at_right[k]:
                self._singular_end(index[k])
            else:
                self.rough[index[k]] = True
                self.log[index[k]] = np.where(np.isnan(log[k]), -np.inf, log[k])
            fine[k] = True
        self.good[index[fine]] = True
        halved = index[~fine]
        if len(halved):
            left, right = self.left[halved], self.right[halved]
            middle = np.where(
                (left == 0.0) | (right == 0.0), 0.5 * (left + right), left + 0.5 * (right - left)
            )
            self._replace(halved, np.concatenate([left, middle]), np.concatenate([middle, right]))

    def _smooth(self, index: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether the last Legendre coefficients of the log-density are negligible."""
        log, left, right = self.log[index], self.left[index], self.right[index]
        with np.errstate(invalid="ignore"):
            last = np.abs(log @ _LAST.T).max(axis=1)
            size = np.maximum(np.abs(log).max(axis=1), 1.0)
            # Rounding of a position is that of h, times the slope.
            slope = (log.max(axis=1) - log.min(axis=1)) / (right - left)
            rounding = 1e-15 * slope * np.maximum(np.abs(left), np.abs(right))
            return np.asarray(last <= 1e-11 * size + rounding)

    def _seen(self, k: int, empty: bool) -> bool:
        """Whether the polynomial of a panel is the log-density also where it was not looked at."""
        low, high = float(self.left[k]), float(self.right[k])
        count = 7
        if high > self.core[0] and low < self.core[1]:
            count = max(count, int(np.ceil((high - low) / self.spacing)))
        # Equidistant with an irrational offset: no period of the density agrees with all of them.
        place = -1.0 + 2.0 * ((np.arange(count) + _GOLDEN) / count)
        # Graded towards the ends, next to which a jump may hide.
        near = 2.0 ** -np.arange(2.0, 44.0)
        place = np.concatenate([place, near - 1.0, 1.0 - near])
        size = float(np.abs(self.log[k]).max(initial=1.0, where=np.isfinite(self.log[k])))
        for start in range(0, len(place), 4096):
            part = place[start : start + 4096]
            true = self.value(low + 0.5 * (high - low) * (1.0 + part))
            if empty:
                if not np.isneginf(true).all():
                    return False
                continue
            guess = np.polynomial.legendre.legval(part, _COEFFICIENTS @ self.log[k])
            # Rounding of a position is that of h, times the slope.
            slope = float(np.ptp(self.log[k])) / (high - low) * max(abs(low), abs(high))
            allowed = _SMOOTH * max(1.0, size) + 4e-15 * (size + slope)
            if not np.all(np.abs(true - guess) <= allowed):
                return False
        return True

    def _singular_end(self, k: int) -> None:
        """A panel at an end where the density goes as a power of the distance: its mass and its mean in closed form."""
        low, high = float(self.left[k]), float(self.right[k])
        from_left = low in (self.support[0], *self.cuts)
        end, sign = (low, 1.0) if from_left else (high, -1.0)
        distance = high - low
        near, far = self.value(np.array([end + sign * 0.5 * distance, end + sign * distance * 0.999999999]))
        power = (far - near) / np.log(2.0) if np.isfinite(far) and np.isfinite(near) else np.inf
        if not power > -0.999:
            raise AccuracyNotReached(
                f"log_density: its exponential has no integral at {end:g}, or too singular a one to be computed"
            )
        self.weights[k] = 0.0
        self.nodes[k] = end + sign * distance * _GOLDEN
        self.log[k] = -np.inf
        if np.isfinite(power):
            self.nodes[k, 0] = end + sign * distance * (1.0 + power) / (2.0 + power)
            self.log[k, 0] = far
            self.weights[k, 0] = distance / (1.0 + power)

    def _replace(self, gone: NDArray[np.intp], left: FloatArray, right: FloatArray) -> None:
        nodes, weights, log, ends = self._sampled(left, right)
        kept = np.ones(len(self.left), dtype=bool)
        kept[gone] = False
        order = np.argsort(np.concatenate([self.left[kept], left]), kind="stable")

        def joined(old: FloatArray, new: FloatArray) -> FloatArray:
            return np.asarray(np.concatenate([old[kept], new])[order])

        new = np.zeros(len(left), dtype=bool)
        self.good, self.rough = (np.concatenate([flag[kept], new])[order] for flag in (self.good, self.rough))
        self.nodes, self.weights = joined(self.nodes, nodes), joined(self.weights, weights)
        self.log, self.ends = joined(self.log, log), joined(self.ends, ends)
        self.left, self.right = joined(self.left, left), joined(self.right, right)

    # ----------------------------------------------------------------------------------------------- moments

    def moments(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """log Z, mean (for even densities mean / b) and variance of the tilts of a flat batch."""
        index = self.window(a, b)
        result = self._apart(index, a, b) if len(index) > _MANY else self._together(index, a, b)
        rough = self.rough[index]
        if rough.any():
            left_over = self._together(index[rough], a, b)[0]
            if not np.all(left_over - result[0] < np.log(_LEFT_OVER)):
                place = float(self.left[index[rough]][0])
                raise AccuracyNotReached(
                    f"log_density: it is not smooth at any width near {place:.6g}; give this place in breakpoints="
                )
        return result

    def _together(self, index: NDArray[np.intp], a: FloatArray, b: FloatArray) -> FloatArray:
        """Moments over the same panels for all tilts."""
        nodes, weights, log = (x[index].reshape(1, -1) for x in (self.nodes, self.weights, self.log))
        result = np.empty((3, len(a)))
        block = max(1, 2**17 // nodes.size)
        for k in range(0, len(a), block):
            rows = slice(k, k + block)
            result[:, rows] = _summed(nodes, weights, log, a[rows], b[rows], self.even)
        return result

    def _apart(self, index: NDArray[np.intp], a: FloatArray, b: FloatArray) -> FloatArray:
        """Moments over the panels on which each tilt has its weight, padded to equal numbers."""
        log, points = self._outline(index)
        result = np.empty((3, len(a)))
        block = max(1, 2**20 // log.size)
        for k in range(0, len(a), block):
            rows = np.arange(k, min(k + block, len(a)))
            highest = _highest(log, points, a[rows, None], b[rows, None])
            near = highest > highest.max(axis=1, keepdims=True) - DEPTH
            near[:, 1:] |= near[:, :-1].copy()
            near[:, :-1] |= near[:, 1:].copy()
            count = near.sum(axis=1)
            place = np.argsort(~near, axis=1, kind="stable")[:, : count.max()]
            used = np.arange(place.shape[1]) < count[:, None]
            chosen = index[place]
            weights = np.where(used[:, :, None], self.weights[chosen], 0.0)
            log_here = np.where(used[:, :, None], self.log[chosen], -np.inf)
            flat = (len(rows), -1)
            result[:, rows] = _summed(
                *(self.nodes[chosen].reshape(flat), weights.reshape(flat), log_here.reshape(flat)),
                *(a[rows], b[rows], self.even),
            )
        return result

    def deviation(self, a: FloatArray, b: FloatArray) -> float:
        """Largest difference of log Z, mean and variance (in units of the width) from an incommensurate rule on the
        same panels, with the log-density evaluated anew."""
        index = self.window(a, b)
        plain = index[~self.rough[index] & (self.weights[index] > 0).all(axis=1)]
        half = 0.5 * (self.right - self.left)[plain, None]
        nodes = self.left[plain, None] + half * (1.0 + _OTHER.nodes)
        special = np.setdiff1d(index, plain)
        joined = [
            np.concatenate([new.reshape(-1), old[special].reshape(-1)])
            for new, old in (
                (nodes, self.nodes),
                (half * _OTHER.weights, self.weights),
                (self.value(nodes), self.log),
            )
        ]
        one = self.moments(a, b)
        nodes, weights, log = (part[None] for part in joined)
        two = _summed(nodes, weights, log, a, b, self.even)
        width = np.sqrt(one[2])
        parts = (one[0] - two[0], (one[1] - two[1]) / width, one[2] / two[2] - 1.0)
        return float(max(np.abs(part).max() for part in parts))


def _highest(log: FloatArray, points: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Largest exponent at the points of each panel, (tilts, panels)."""
    columns = (log[:, j] + points[:, j] * (0.5 * a * points[:, j] + b) for j in range(points.shape[1]))
    return reduce(np.maximum, columns)


def _summed(
    nodes: FloatArray, weights: FloatArray, log: FloatArray, a: FloatArray, b: FloatArray, even: bool
) -> FloatArray:
    """log Z, mean (for even densities mean / b) and variance; nodes of shape (1 or tilts, nodes)."""
    result = np.empty((3, len(a)))
    summed(*(np.ascontiguousarray(part) for part in (nodes, weights, log)), a, b, even, result)
    return result
