"""Points on which one parameter is sought: the scan of its interval, and the solution in the caller's shape."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import Approximation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...solution import Solution, Status
from ..couplings.patterns import tail
from ..model import Model
from .load_curves import applies
from .replica_symmetric import never_retrieves, solve
from .saddle_point import Batch
from .state_equations import Equations

# Where a parameter is sought unless the caller says otherwise; the temperature in units of the model's own scale.
_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (1e-4, 1e3),
    "load": (1e-8, 1e3),
    "layer_ratio": (1e-2, 100.0),
    "noise": (1e-2, 10.0),
    "spike": (1e-2, 10.0),
    "density": (1e-3, 1.0),
    "size": (10.0, 1e6),
    "variance": (1e-2, 10.0),
    "gaussian_weight": (1e-3, 1.0),
}
# Where else it is sought if it was not found there, likewise.
_FURTHER: dict[str, tuple[tuple[float, float], ...]] = {
    "temperature": ((1e-6, 1e-4),),
    "load": ((1e-16, 1e-8), (1e3, 1e12)),
}
# Edges of existence of a state that are looked at along a scan, parts of their cell, and how often it is divided.
_MOST_EDGES, _PARTS, _CLOSER = 3, 8, 6
# Points of a scan: at least, and for each factor of ten.
_FEWEST, _EACH = 49, 19


def default_range(model: Model, unknown: str) -> tuple[float, float]:
    """Interval in which a parameter is sought first: for temperatures it goes with the variance or the tail of the
    hidden units, which set the scale of the temperatures of the model."""
    low, high = _RANGES.get(unknown, (-3.0, 3.0))
    scale = _scale(model, unknown)
    return low * scale, high * scale


def whole_range(model: Model, unknown: str, *, upwards: bool) -> tuple[float, float]:
    """All that is searched before a line counts as not found; see :meth:`LineBatch.further`."""
    first = _RANGES.get(unknown, (-3.0, 3.0))
    edges, scale = [first, *_FURTHER.get(unknown, ())], _scale(model, unknown)
    highest = max(high for _, high in edges) if upwards else first[1]
    return min(low for low, _ in edges) * scale, highest * scale


def _scale(model: Model, unknown: str) -> float:
    if unknown != "temperature" or model.convention != "sqrt-beta":
        return 1.0
    hidden = model.hidden
    size = max(float(hidden.tail_coefficient(1)), float(hidden.tail_coefficient(-1)))
    return size or float(hidden.second_moment(np.zeros(1), np.zeros(1))[0])


@dataclass(frozen=True)
class LineBatch:
    """A batch of points on which one parameter is sought; ``asked`` says that the interval is the caller's, so that a
    line outside is no line."""

    model: Model
    unknown: str
    given: dict[str, FloatArray]
    shape: tuple[int, ...]
    between: tuple[float, float]
    asked: bool

    @classmethod
    def of(
        cls, model: Model, unknown: str, between: tuple[float, float] | None, parameters: dict[str, ArrayLike]
    ) -> LineBatch:
        if unknown in parameters:
            raise InvalidArgument("solve_for", unknown, "a parameter that is not given")
        arrays = {name: validation.array(name, value) for name, value in parameters.items()}
        Batch(model, (*arrays, unknown))
        asked = between is not None
        if between is None:
            between = default_range(model, unknown)
        low, high = (validation.finite(f"between[{k}]", edge) for k, edge in enumerate(between))
        if not low < high:
            raise InvalidArgument("between", between, "an increasing pair of numbers")
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
        except ValueError:
            shapes = {name: a.shape for name, a in arrays.items()}
            raise InvalidArgument("parameters", shapes, "arrays whose shapes broadcast") from None
        flat = {name: np.array(np.broadcast_to(a, shape)).reshape(-1) for name, a in arrays.items()}
        return cls(model, unknown, flat, shape, (low, high), asked)

    @property
    def points(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    @property
    def count(self) -> int:
        """Points of a scan, equally dense in the logarithm however long the interval."""
        low, high = self.between
        return max(_FEWEST, math.ceil(_EACH * math.log10(high / low))) if low > 0 else _FEWEST

    def grid(self) -> FloatArray:
        low, high = self.between
        if low > 0:
            return np.asarray(np.geomspace(low, high, self.count))
        return np.linspace(low, high, self.count)

    def scan(self, start: str) -> Solution:
        """The state over the whole interval, shape (points, scan)."""
        return solve(self.model, start, **self.plane(np.broadcast_to(self.grid(), (self.points, self.count))))

    def edges(
        self, start: str, name: str, usable: NDArray[np.bool_], *, crosses_zero: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Parameters next to where the state begins to exist, its unknowns there, and the values of one field.

        A line may lie closer to that edge than the scan is fine; the cell with the edge is divided again and again.
        Where the line is a zero of the field (``crosses_zero``), that ends as soon as the field, which is regular in
        the root of the distance from the edge, has no room left to change its sign. The result has rows of increasing
        parameters, (points, any).
        """
        grid, equations = self.grid(), self.equations(start)
        change = usable[:, 1:] != usable[:, :-1]
        cells = [np.flatnonzero(row) for row in change]
        most = max((len(row) for row in cells), default=0)
        columns: list[tuple[FloatArray, FloatArray, FloatArray]] = []

        def look(values: FloatArray) -> FloatArray:
            found = solve(self.model, start, **self.plane(values))
            field = np.where(found.good, found[name], np.nan)
            columns.append((values, self.unknowns(equations, found), field))
            return field

        rows = np.arange(self.points)
        for k in range(min(most, _MOST_EDGES)):
            here = np.array([row[k] if k < len(row) else 0 for row in cells])
            low, high = grid[here].copy(), grid[here + 1].copy()
            exists_low = usable[rows, here]
            ends = look(np.stack([low, high], axis=1))
            nearest = np.where(exists_low, ends[:, 0], ends[:, 1])
            for _ in range(_CLOSER):
                inner = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _PARTS + 1)[1:-1]
                field = look(inner)
                # The part in which existence changes.
                same = np.isfinite(field) == exists_low[:, None]
                last = np.where(same.all(axis=1), _PARTS - 1, np.argmin(same, axis=1))
                step = (high - low) / _PARTS
                low, high = low + last * step, low + (last + 1) * step
                # The existing point next to the edge.
                place = np.where(exists_low, last - 1, last)
                inside = (place >= 0) & (place < _PARTS - 1)
                closest = np.where(inside, field[rows, np.clip(place, 0, _PARTS - 2)], nearest)
                settled = inside & (np.abs(closest) > np.abs(closest - nearest))
                nearest = closest
                if crosses_zero and settled.all():
                    break
        values, unknowns, field = (
            np.concatenate([column[part] for column in columns], axis=1) for part in range(3)
        )
        order = np.argsort(values, axis=1)
        return (
            np.take_along_axis(values, order, axis=1),
            np.take_along_axis(unknowns, order[:, :, None], axis=1),
            np.take_along_axis(field, order, axis=1),
        )

    def plane(self, values: FloatArray) -> dict[str, Any]:
        """Parameters of a batch in which the unknown one takes these values, shape (points, any)."""
        return {name: given[:, None] for name, given in self.given.items()} | {self.unknown: values}

    def rows(self, index: NDArray[np.intp]) -> LineBatch:
        """Some of the points, as a flat batch."""
        given = {name: values[index] for name, values in self.given.items()}
        return replace(self, given=given, shape=(len(index),))

    def further(self, *, upwards: bool) -> list[LineBatch]:
        """The same in the rest of the range of the unknown; above the first interval, where only a paramagnet is
        known without broad averages, on request."""
        if self.asked:
            return []
        scale = _scale(self.model, self.unknown)
        return [
            replace(self, between=(low * scale, high * scale))
            for low, high in _FURTHER.get(self.unknown, ())
            if upwards or low < _RANGES[self.unknown][0]
        ]

    def missed(self, value: FloatArray) -> NDArray[np.bool_]:
        """Where a value is seen at every point of the caller's interval, goes one way there and keeps its sign."""
        with np.errstate(invalid="ignore"):
            steps = np.diff(value, axis=1)
            one_way = (steps >= 0).all(axis=1) | (steps <= 0).all(axis=1)
            return np.asarray(self.asked & one_way & ((value > 0).all(axis=1) | (value < 0).all(axis=1)))

    def without_retrieval(self) -> NDArray[np.bool_]:
        """Where the model retrieves at no value of the unknown: a bounded unit would have to carry a pattern of an
        infinite network, or H = gain E tanh(H + sqrt(S) z) has no root H > 0, because gain = g^2 Omega <= 1."""
        names = (self.unknown, *self.given)
        batch = Batch(self.model, names)
        if never_retrieves(batch):
            return np.ones(self.points, dtype=bool)
        if not applies(batch) or (self.unknown == "temperature" and not self.asked):
            return np.zeros(self.points, dtype=bool)
        # The gain falls with the temperature and does not depend on the load.
        v = batch.values(np.full(self.points, self.between[0]), *self.given.values())
        return np.asarray(v.g**2 * tail(v, np.ones((self.points, 1)))[:, 0] <= 1.0)

    def nothing(
        self, equations: Equations, absent: NDArray[np.bool_], approximation: Approximation
    ) -> Solution:
        """No point found; no solution where the line is known to be absent."""
        none = np.zeros(0)
        empty = Solution(
            dict.fromkeys((*equations.names, self.unknown), none),
            *(none.astype(np.int8), none, none, none.astype(np.int64)),
            approximation,
        )
        all_of_it = empty.scattered(none.astype(np.intp), self.points)
        return self.finish(all_of_it, np.zeros(self.points, dtype=bool), absent, equations)

    def equations(self, start: str) -> Equations:
        """The state with the unknown parameter as the first of the batch."""
        return Equations(Batch(self.model, (self.unknown, *self.given)), start)

    def unknowns(self, equations: Equations, found: Solution) -> FloatArray:
        """The unknowns of the equations from reported fields, shape (..., unknowns)."""
        fields = {
            "q": found["edwards_anderson_overlap"],
            "Q": found["self_overlap"],
            "r": found["hidden_edwards_anderson_overlap"],
            "R": found["hidden_self_overlap"],
        }
        columns = []
        for name in equations.names:
            if name in fields:
                columns.append(fields[name])
            else:
                source, group = name.rsplit("_", 1)
                entry = found[source]
                columns.append(entry[..., int(group)] if entry.ndim > found.status.ndim else entry)
        return np.stack(columns, axis=-1) if columns else np.empty((*found.shape, 0))

    def finish(
        self, found: Solution, guessed: NDArray[np.bool_], absent: NDArray[np.bool_], equations: Equations
    ) -> Solution:
        """The flat result in the caller's shape, with the fields of the state beside the parameter.

        What was not found is *not converged*, also where the equations have no root next to a guess; *no solution*
        only where the line is known to be absent.
        """
        status = np.where(guessed, found.status, Status.NOT_CONVERGED).astype(np.int8)
        status[status == Status.NO_SOLUTION] = Status.NOT_CONVERGED
        status[absent & (status > Status.NEAR_CRITICAL)] = Status.NO_SOLUTION
        good = np.flatnonzero(status <= Status.NEAR_CRITICAL)
        value = {self.unknown: np.full(self.points, np.nan)}
        value[self.unknown][good] = found[self.unknown][good]
        # Without a good point the fields are those of any point, all of them NaN.
        rows = good if len(good) else np.zeros(1, dtype=np.intp)
        x = np.full((len(rows), len(equations.names)), 0.5)
        sought = np.full(len(rows), 0.5 * sum(self.between))
        if len(good):
            sought = value[self.unknown][good]
            for k, name in enumerate(equations.names):
                x[:, k] = found[name][good]
        with np.errstate(all="ignore"):
            fields = equations.fields(x, sought, *(a[rows] for a in self.given.values()))
        for name, entry in fields.items():
            value[name] = np.full((self.points, *entry.shape[1:]), np.nan)
            value[name][good] = entry[: len(good)]
        value |= {name: np.where(status <= Status.NEAR_CRITICAL, a, np.nan) for name, a in self.given.items()}
        return Solution(
            value, status, found.residual, found.error, found.iterations, found.approximation
        ).reshaped(self.shape)
