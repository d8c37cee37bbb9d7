"""Points on which one parameter is sought: the scan of its interval, and the solution in the caller's shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import Approximation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...solution import Solution, Status
from ..model import Model
from .replica_symmetric import solve
from .saddle_point import Batch
from .state_equations import Equations

# Where a parameter is sought unless the caller says otherwise, and whether the scan is in its logarithm.
_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.02, 8.0),
    "load": (1e-4, 8.0),
    "layer_ratio": (1e-2, 100.0),
    "noise": (1e-2, 10.0),
    "spike": (1e-2, 10.0),
    "density": (1e-3, 1.0),
    "size": (10.0, 1e6),
    "variance": (1e-2, 10.0),
    "gaussian_weight": (1e-3, 1.0),
}
SCAN = 49


@dataclass(frozen=True)
class LineBatch:
    """A batch of points on which one parameter is sought."""

    model: Model
    unknown: str
    given: dict[str, FloatArray]
    shape: tuple[int, ...]
    between: tuple[float, float]

    @classmethod
    def of(
        cls, model: Model, unknown: str, between: tuple[float, float] | None, parameters: dict[str, ArrayLike]
    ) -> LineBatch:
        if unknown in parameters:
            raise InvalidArgument("solve_for", unknown, "a parameter that is not given")
        arrays = {name: validation.array(name, value) for name, value in parameters.items()}
        Batch(model, (*arrays, unknown))
        if between is None:
            between = _RANGES.get(unknown, (-3.0, 3.0))
        low, high = (validation.finite(f"between[{k}]", edge) for k, edge in enumerate(between))
        if not low < high:
            raise InvalidArgument("between", between, "an increasing pair of numbers")
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
        except ValueError:
            shapes = {name: a.shape for name, a in arrays.items()}
            raise InvalidArgument("parameters", shapes, "arrays whose shapes broadcast") from None
        flat = {name: np.array(np.broadcast_to(a, shape)).reshape(-1) for name, a in arrays.items()}
        return cls(model, unknown, flat, shape, (low, high))

    @property
    def points(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def grid(self) -> FloatArray:
        low, high = self.between
        if low > 0:
            return np.asarray(np.geomspace(low, high, SCAN))
        return np.linspace(low, high, SCAN)

    def scan(self, start: str) -> Solution:
        """The state over the whole interval, shape (points, scan)."""
        return solve(self.model, start, **self.plane(np.broadcast_to(self.grid(), (self.points, SCAN))))

    def plane(self, values: FloatArray) -> dict[str, Any]:
        """Parameters of a batch in which the unknown one takes these values, shape (points, any)."""
        return {name: given[:, None] for name, given in self.given.items()} | {self.unknown: values}

    def rows(self, index: NDArray[np.intp]) -> LineBatch:
        """Some of the points, as a flat batch."""
        given = {name: values[index] for name, values in self.given.items()}
        return replace(self, given=given, shape=(len(index),))

    def nothing(self, equations: Equations, approximation: Approximation) -> Solution:
        """No solution at any point."""
        none = np.zeros(0)
        empty = Solution(
            dict.fromkeys((*equations.names, self.unknown), none),
            *(none.astype(np.int8), none, none, none.astype(np.int64)),
            approximation,
        )
        all_of_it = empty.scattered(none.astype(np.intp), self.points)
        return self.finish(all_of_it, np.zeros(self.points, dtype=bool), equations)

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

    def finish(self, found: Solution, guessed: NDArray[np.bool_], equations: Equations) -> Solution:
        """The flat result in the caller's shape, with the fields of the state beside the parameter."""
        status = np.where(guessed, found.status, Status.NO_SOLUTION).astype(np.int8)
        status = np.where((status == Status.CONVERGED) & ~found.good, Status.NOT_CONVERGED, status)
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
