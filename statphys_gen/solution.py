"""What an iterative solver returns: values with a status, the undamped residual, and an honest error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .approximation import Approximation
from .errors import InvalidArgument, NotConverged
from .glossary import attributes
from .presentation import html_table, short_table

if TYPE_CHECKING:
    import xarray

_NAMES = {
    0: "converged",
    1: "near-critical",
    2: "not converged",
    3: "no solution in the domain",
    4: "left the domain",
}

_ADVICE = {
    0: "The residual and the error are within the requested accuracy.",
    1: "The solution is near-critical: the Jacobian is almost singular, so trust only the digits that the error "
    "leaves; move away from the transition or ask for the transition itself.",
    2: "The iteration did not converge: start closer to the solution, allow more iterations, or follow the branch "
    "from a point that converges.",
    3: "No solution exists where it was looked for: the branch ends before this point; ask for its end (fold) "
    "instead, or start from another branch.",
    4: "The iteration left the domain where the equations make sense: restrict the start or the parameters.",
}


class Status(IntEnum):
    """How a solver ended at one point. The first two are good; their values are numbers, all others hold NaN."""

    CONVERGED = 0
    NEAR_CRITICAL = 1
    NOT_CONVERGED = 2
    NO_SOLUTION = 3
    LEFT_DOMAIN = 4

    def __str__(self) -> str:
        return _NAMES[self.value]

    @property
    def good(self) -> bool:
        return self <= Status.NEAR_CRITICAL

    @property
    def advice(self) -> str:
        """One sentence for a person: what it means and what to do."""
        return _ADVICE[self.value]


@dataclass(frozen=True, repr=False)
class Solution:
    """The batched result of an iterative solver.

    Attributes
    ----------
    value : named fields, each of the batch's shape (further axes may follow for vector-valued fields).
    status : :class:`Status` codes, of the batch's shape.
    residual : largest absolute residual of the *undamped* equations, of the batch's shape.
    error : bound or estimate of the largest absolute error over the fields, of the batch's shape; it contains the
        propagated residual, the quadrature error and the rounding of the equations, and is never below a few ulp.
    iterations : number of iterations spent, of the batch's shape.
    approximation : how exact the equations themselves are.

    Entries with a bad status hold NaN in every field. The constructor enforces it: it writes NaN under a bad status
    and refuses NaN or infinity under a good one.
    """

    value: Mapping[str, NDArray[np.float64]]
    status: NDArray[np.int8]
    residual: NDArray[np.float64]
    error: NDArray[np.float64]
    iterations: NDArray[np.int64]
    approximation: Approximation | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        status = np.asarray(self.status, dtype=np.int8)
        bad = status > Status.NEAR_CRITICAL
        value: dict[str, NDArray[np.float64]] = {}
        for name, entry in self.value.items():
            array = np.array(entry, dtype=np.float64)
            if array.shape[: status.ndim] != status.shape:
                raise ValueError(f"field {name!r} has shape {array.shape}, the batch has {status.shape}")
            array[bad] = np.nan
            if not np.isfinite(array[~bad]).all():
                raise ValueError(f"field {name!r} is not finite at a point with a good status")
            value[name] = array
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "status", status)
        for name, kind in (("residual", np.float64), ("error", np.float64), ("iterations", np.int64)):
            object.__setattr__(
                self, name, np.broadcast_to(np.asarray(getattr(self, name), dtype=kind), status.shape)
            )
        object.__setattr__(self, "error", np.where(bad, np.nan, self.error))

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.value[name]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.status.shape

    @property
    def good(self) -> NDArray[np.bool_]:
        """True where the value may be used."""
        return self.status <= Status.NEAR_CRITICAL

    def reshaped(self, shape: tuple[int, ...]) -> Solution:
        """The same points in a batch of another shape; further axes of a field stay."""
        ndim = self.status.ndim
        return Solution(
            {name: entry.reshape(shape + entry.shape[ndim:]) for name, entry in self.value.items()},
            self.status.reshape(shape),
            self.residual.reshape(shape),
            self.error.reshape(shape),
            self.iterations.reshape(shape),
            self.approximation,
        )

    def scattered(self, rows: NDArray[np.intp], points: int) -> Solution:
        """A flat batch of so many points whose ``rows`` are the first entries of this one; the others are none."""

        def among(entry: NDArray[Any], fill: float) -> NDArray[Any]:
            full = np.full((points, *entry.shape[1:]), fill, dtype=entry.dtype)
            full[rows] = entry[: len(rows)]
            return full

        return Solution(
            {name: among(entry, np.nan) for name, entry in self.value.items()},
            among(self.status, Status.NO_SOLUTION),
            among(self.residual, np.nan),
            among(self.error, np.nan),
            among(self.iterations, 0),
            self.approximation,
        )

    def require(self) -> Solution:
        """Return self if every point is good; otherwise raise with the advice and the first bad index."""
        bad = np.argwhere(~self.good)
        if len(bad):
            index = tuple(int(i) for i in bad[0])
            status = Status(int(self.status[index]))
            where = f"at index {index} of a batch of shape {self.shape}: " if self.shape else ""
            raise NotConverged(
                f"{where}{status} ({len(bad)} of {self.status.size} points; residual "
                f"{float(self.residual[index]):.2g}). {status.advice}"
            )
        return self

    def records(self) -> Iterator[dict[str, Any]]:
        """One plain dictionary per batch entry, in C order, with status, residual and error beside the fields."""
        for index in np.ndindex(self.shape):
            record: dict[str, Any] = {name: entry[index].tolist() for name, entry in self.value.items()}
            record["status"] = str(Status(int(self.status[index])))
            record["residual"] = float(self.residual[index])
            record["error"] = float(self.error[index])
            if self.approximation is not None:
                record["approximation"] = str(self.approximation)
            yield record

    def to_dataset(self, **coordinates: ArrayLike) -> xarray.Dataset:
        """The batch as a labelled dataset; one one-dimensional coordinate per batch axis, in the order of the axes."""
        import xarray

        grids = {name: np.asarray(entry) for name, entry in coordinates.items()}
        if tuple(grid.shape for grid in grids.values()) != tuple((n,) for n in self.shape):
            raise InvalidArgument(
                "coordinates",
                {name: grid.shape for name, grid in grids.items()},
                f"one-dimensional, one for each axis of the batch shape {self.shape}",
            )
        arrays: dict[str, NDArray[Any]] = {
            # A field that is also an axis is that axis.
            **{name: entry for name, entry in self.value.items() if name not in grids},
            "status": self.status,
            "residual": self.residual,
            "error": self.error,
            "iterations": self.iterations,
        }
        axes = tuple(grids)
        data = {
            name: (
                axes + tuple(f"{name}_{k}" for k in range(entry.ndim - len(axes))),
                entry,
                attributes(name),
            )
            for name, entry in arrays.items()
        }
        coords = {name: ((name,), grid, attributes(name)) for name, grid in grids.items()}
        said = {"status_meaning": "; ".join(f"{status.value} {status}" for status in Status)}
        if self.approximation is not None:
            said["approximation"] = str(self.approximation)
        return xarray.Dataset(data, coords=coords, attrs=said)

    def __repr__(self) -> str:
        return short_table(list(self.records()), self._title)

    def _repr_html_(self) -> str:
        return html_table(list(self.records()), self._title)

    @property
    def _title(self) -> str:
        exact = "" if self.approximation is None else f"; {self.approximation}"
        return (
            f"Solution of shape {self.shape}: {int(self.good.sum())} of {self.status.size} points good{exact}"
        )
