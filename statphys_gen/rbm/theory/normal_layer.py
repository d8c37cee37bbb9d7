r"""The glass of normal visible units with one hidden unit for each pattern, from curves with an explicit load.

A normal visible unit is harmonic: with variance v it adds to the hidden layer only the tilt t = g_n^2 (Q - q) and the
variance S = g_n^2 q of its random field. Hold S fixed. With r(t, S) and y(t, S) = R - r of the hidden units and the
uniform field F the equations of the visible layer are

    t^2 (1/v + (y/r) F^2) - g_n^2 t - g_n^2 (y/r) S = 0,        load = (S/t^2 - F^2/g_n^2) / r.

The first determines t, which no load enters, and the second says which load the state has: the glass is the last part
of the curve on which the load rises with S. Exchanging the layers maps +-1 hidden units on a Hopfield network at
beta' = load beta (in the convention "sqrt-beta") and the load 1/load, whose Edwards-Anderson overlap is r.

Derivation: derivations/rbm/normal_layer.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...numerics.roots import newton
from ...solution import Status
from ...units.continuous import Gaussian, Spherical
from ..couplings.base import Values
from ..couplings.patterns import Patterns
from .load_curves import Solved
from .saddle_point import Batch
from .single_site import TOLERANCE, layer_moments
from .state_equations import Equations

# Nodes of a curve, S in units of the square of the field over which a hidden unit responds; of unbounded units, whose
# averages get steep next to their pole, the last decades are left out.
_NODES = 10.0 ** np.linspace(-8.0, 12.0, 101)
_UNBOUNDED = 66
_ROUGH = 1e-7
# Relative distance in load within which a curve does not decide whether there is a state.
_MARGIN = 1e-4
# Relative change of the load over the last decade of S below which the curve has reached its limit.
_FLAT = 1e-3
# What is asked of a good point, in the logarithms of S and t.
_RESIDUAL, _ACCURACY = 1e-11, 1e-9


def applies(equations: Equations) -> bool:
    """Whether the state is such a curve: a glass without overlap, normal visible units, one hidden unit for each
    pattern."""
    model = equations.model
    return (
        type(model.couplings) is Patterns
        and isinstance(model.visible, Gaussian)
        and equations.start == "glass"
        and not equations.with_overlap
    )


def solve_points(equations: Equations, flat: Sequence[FloatArray]) -> Solved:
    """The glass of every point of a flat batch, unknowns (q, Q)."""
    batch = equations.batch
    points = len(flat[0])
    v = batch.values(*flat)
    others = [a for name, a in zip(batch.names, flat, strict=True) if name != "load"]
    keys = np.stack(others, axis=1) if others else np.zeros((points, 1))
    _, first, row = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    row = row.reshape(-1)
    x = np.full((points, 2), np.nan)
    residual, error = np.full((2, points), np.nan)
    iterations = np.zeros(points, dtype=np.int64)
    with np.errstate(all="ignore"):
        curves = _Curves(batch, batch.values(*(a[first] for a in flat)))
        low, high, status = curves.brackets(row, v.load)
        chosen = np.flatnonzero(status == Status.CONVERGED)
        if len(chosen):
            start = _Layer(batch, v.rows(chosen)).start(low[chosen], high[chosen], v.load[chosen])
            lost = ~np.isfinite(start).all(axis=1)
            status[chosen[lost]] = Status.NOT_CONVERGED
            chosen, start = chosen[~lost], start[~lost]
        if len(chosen):
            layer = _Layer(batch, v.rows(chosen))
            found = newton(
                layer.residual,
                start,
                parameters=[np.arange(len(chosen)), v.load[chosen]],
                tolerance=_RESIDUAL,
                accuracy=_ACCURACY,
                residual_error=TOLERANCE,
                names=("log_S", "log_t"),
            )
            square = v.noise_coupling[chosen] ** 2
            q, spread = np.exp(found["log_S"]) / square, np.exp(found["log_t"]) / square
            x[chosen] = np.stack([q, q + spread], axis=1)
            # The search around one root says nothing about others.
            status[chosen] = np.where(found.good, found.status, Status.NOT_CONVERGED)
            residual[chosen], iterations[chosen] = found.residual, found.iterations
            error[chosen] = found.error * np.maximum(1.0, q + spread)
    return Solved(x, status, residual, error, iterations)


class _Layer:
    """The hidden layer of a batch of points, and the visible one that goes with it."""

    def __init__(self, batch: Batch, v: Values) -> None:
        self.batch, self.v = batch, v
        prior = batch.model.visible
        assert isinstance(prior, Gaussian)
        self.curvature = 1.0 / float(np.asarray(prior.variance_))
        self.square = v.noise_coupling**2
        # F^2 / g_n^2 on the visible units.
        self.field = v.uniform**2 / self.square
        hidden, power = v.hidden.shaped()
        omega = np.zeros(1)
        if not isinstance(batch.model.hidden, Spherical):
            omega = np.maximum(hidden.tail_coefficient(1, power), hidden.tail_coefficient(-1, power))
        self.omega = np.broadcast_to(np.asarray(omega, dtype=np.float64), self.square.shape)

    def hidden(
        self, t: FloatArray, S: FloatArray, index: NDArray[np.intp], tolerance: float
    ) -> tuple[FloatArray, FloatArray]:
        """r and y of the points ``index`` at the tilt t in the random field of variance S."""
        if isinstance(self.batch.model.hidden, Spherical):
            c = 0.5 + np.sqrt(0.25 + S)
            return S / c**2, 1.0 / c
        v = self.v.rows(index)
        none = np.zeros_like(S)
        found = layer_moments(
            v.hidden,
            v.classes_hidden,
            t,
            np.sqrt(S),
            none,
            np.zeros((len(S), 0)),
            full=False,
            tolerance=tolerance,
        )
        return found.glass, found.spread

    def tilt(self, S: FloatArray, index: NDArray[np.intp]) -> FloatArray:
        """t at fixed S, between none and the pole of the hidden units; NaN where no averages exist."""
        square = self.square[index]
        pole = 1.0 / self.omega[index]
        free = square / self.curvature
        low, high = np.log(1e-9 * free), np.log(np.minimum(pole, 1e9 * free))
        here = np.where(free < pole, np.log(free), np.nan)
        active = np.flatnonzero(free < pole)
        for step in range(120):
            at, x = index[active], here[active]
            r, y = self.hidden(np.exp(x), S[active], at, _ROUGH)
            ratio = y / r
            # The root at this y/r: the answer where the response of the hidden units does not vary with t. Averages
            # that are not finite are those at the pole.
            c = self.curvature + ratio * self.field[at] * square[active]
            root = np.log(
                square[active] + np.sqrt(square[active] ** 2 + 4.0 * c * square[active] * ratio * S[active])
            )
            root -= np.log(2.0 * c)
            below = root > x
            low[active] = np.where(below, x, low[active])
            high[active] = np.where(below, high[active], x)
            left, right = low[active], high[active]
            done = np.abs(root - x) < 1e-10
            inside = (root > left) & (root < right) & (step % 2 == 0)
            here[active] = np.where(done | inside, root, 0.5 * (left + right))
            active = active[~(done | (right - left < 1e-10))]
            if not len(active):
                break
        return np.exp(here)

    def load(self, S: FloatArray, index: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """The load of the state at S, and its t."""
        t = self.tilt(S, index)
        r, _ = self.hidden(t, S, index, _ROUGH)
        return (S / t**2 - self.field[index]) / r, t

    def start(self, low: FloatArray, high: FloatArray, load: FloatArray) -> FloatArray:
        """(log S, log t) of the states at these loads, by false position (Illinois) in the logarithms."""
        index = np.arange(len(load))
        left, right = np.log(low), np.log(high)
        below, above = (np.log(self.load(np.exp(x), index)[0] / load) for x in (left, right))
        side = np.zeros(len(load))
        for _ in range(12):
            middle = left + (right - left) * np.clip(below / (below - above), 0.02, 0.98)
            found, t = self.load(np.exp(middle), index)
            value = np.log(found / load)
            rising = ~(value < 0)
            above = np.where(rising, value, np.where(side < 0, 0.5 * above, above))
            below = np.where(rising, np.where(side > 0, 0.5 * below, below), value)
            left, right = np.where(rising, left, middle), np.where(rising, middle, right)
            side = np.where(rising, 1.0, -1.0)
        return np.stack([middle, np.log(t)], axis=1)

    def residual(self, x: FloatArray, index: FloatArray, load: FloatArray) -> FloatArray:
        """Relative errors of the two equations of the visible layer."""
        S, t = np.exp(x.T)
        rows = index.astype(np.intp)
        r, y = self.hidden(t, S, rows, TOLERANCE)
        square = self.square[rows]
        variance = t * t * (load * r + self.field[rows]) / S
        curvature = t * (self.curvature - load * square * y) / square
        return np.stack([variance - 1.0, curvature - 1.0], axis=1)


class _Curves:
    """The load along S for each row of a batch, arrays (rows, nodes)."""

    def __init__(self, batch: Batch, v: Values) -> None:
        layer = _Layer(batch, v)
        prior, power = v.hidden.shaped()
        units = _NODES[: _UNBOUNDED if layer.omega.any() else None]
        rows, nodes = len(v.g), len(units)
        # No partition function at any load: a normal unit alone takes the hidden ones beyond their pole.
        self.none = layer.square / layer.curvature * layer.omega >= 1.0
        t = layer.square / layer.curvature
        steepness: FloatArray = np.ones(1)
        if not isinstance(batch.model.hidden, Gaussian | Spherical):
            steepness = np.asarray(prior.steepness(np.zeros(rows), power))
        # No load at all leaves the variance of the uniform field.
        self.S = (layer.field * t**2)[:, None] + np.broadcast_to(steepness, rows)[:, None] ** -2.0 * units
        index = np.repeat(np.arange(rows), nodes)
        self.load = layer.load(self.S.reshape(-1), index)[0].reshape(rows, nodes)

    def brackets(
        self, row: NDArray[np.intp], load: FloatArray
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int8]]:
        """S below and above each load on the last rising part, and whether there is a state."""
        low, high = np.full((2, len(row)), np.nan)
        known = np.full(len(row), Status.NOT_CONVERGED, dtype=np.int8)
        for k, (r, asked) in enumerate(zip(row, load, strict=True)):
            if self.none[r]:
                known[k] = Status.NO_SOLUTION
                continue
            usable = np.flatnonzero(np.isfinite(self.load[r]) & (self.load[r] >= 0))
            if len(usable) < 10 or usable[0] + len(usable) - 1 != usable[-1]:
                continue
            S, loads = self.S[r, usable], self.load[r, usable]
            crossed = np.flatnonzero((loads[:-1] < asked) & (asked <= loads[1:]))
            if len(crossed):
                low[k], high[k] = S[crossed[-1]], S[crossed[-1] + 1]
                known[k] = Status.CONVERGED
            elif asked < loads.min() * (1.0 - _MARGIN) and usable[0] == 0:
                known[k] = Status.NO_SOLUTION
            elif asked > loads.max() * (1.0 + _MARGIN):
                # The load has its limit far beyond the fields over which the hidden units respond.
                last = loads[-1] - loads[-6]
                if abs(last) < _FLAT * loads[-1] and asked > loads.max() + 10.0 * abs(last):
                    known[k] = Status.NO_SOLUTION
        return low, high, known
