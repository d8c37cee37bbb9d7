"""A simulated number with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import InsufficientSamples, InvalidArgument
from ..glossary import attributes
from ..presentation import html_table, short_table

if TYPE_CHECKING:
    import xarray

ENTRIES = ("mean", "standard_error", "degrees_of_freedom", "fit_p_value")


@dataclass(frozen=True, repr=False)
class Estimate:
    """Mean, its standard error and the degrees of freedom of that: scalars or arrays of one common shape.

    The degrees of freedom are those of the standard error: number of independent samples minus one. An estimate that is
    the parameter of a fit carries the probability of a chi-square at least as large if the fitted law holds, as
    ``fit_p_value``; 1, the default, where nothing was fitted.
    """

    mean: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    degrees_of_freedom: NDArray[np.float64]
    fit_p_value: NDArray[np.float64] = field(default_factory=lambda: np.ones(()))

    def __post_init__(self) -> None:
        mean = validation.array("mean", self.mean)
        error = validation.array("standard_error", self.standard_error, at_least=0.0)
        freedom = validation.array("degrees_of_freedom", self.degrees_of_freedom, above=0.0)
        fit = validation.array("fit_p_value", self.fit_p_value, at_least=0.0)
        shape = np.broadcast_shapes(mean.shape, error.shape, freedom.shape)
        for name, entry in zip(ENTRIES, (mean, error, freedom, fit), strict=True):
            object.__setattr__(self, name, entry if entry.shape == shape else np.broadcast_to(entry, shape))

    @classmethod
    def from_samples(cls, samples: ArrayLike, axis: int = 0) -> Estimate:
        """From *independent* samples along one axis: chains or disorder samples, never correlated sweeps."""
        checked = validation.array("samples", samples)
        count = checked.shape[axis]
        if count < 2:
            raise InsufficientSamples(f"{count} independent sample(s): an error bar needs at least 2")
        mean = checked.mean(axis=axis)
        error = checked.std(axis=axis, ddof=1) / np.sqrt(count)
        return cls(mean, error, np.full(mean.shape, count - 1.0))

    @classmethod
    def stack(cls, estimates: Sequence[Estimate]) -> Estimate:
        """One estimate with a new first axis from several of equal shape, one for each size for instance."""
        return cls(*(np.stack([getattr(estimate, name) for estimate in estimates]) for name in ENTRIES))

    def with_error_of(self, other: Estimate) -> Estimate:
        """The same mean with the error of an independent estimate added, by the rule of Welch and Satterthwaite.

        Of two that were fitted, the worse fit counts.
        """
        parts = np.array([self.standard_error**2, other.standard_error**2])
        freedom = np.array([self.degrees_of_freedom, other.degrees_of_freedom])
        total = parts.sum(axis=0)
        combined = total**2 / (parts**2 / freedom).sum(axis=0)
        return Estimate(self.mean, np.sqrt(total), combined, np.minimum(self.fit_p_value, other.fit_p_value))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.mean.shape

    def __getitem__(self, index: int | tuple[int, ...] | slice) -> Estimate:
        return Estimate(*(getattr(self, name)[index] for name in ENTRIES))

    def __str__(self) -> str:
        if self.shape:
            return "[" + ", ".join(str(self[i]) for i in range(len(self.mean))) + "]"
        return f"{float(self.mean):.6g} +- {float(self.standard_error):.2g}"

    def __repr__(self) -> str:
        if not self.shape:
            return f"Estimate({self}, {float(self.degrees_of_freedom):.4g} degrees of freedom)"
        return short_table(self._records(), f"Estimate of shape {self.shape}")

    def _repr_html_(self) -> str:
        return html_table(self._records(), f"Estimate of shape {self.shape}")

    def _records(self) -> list[dict[str, float | int]]:
        return [
            {f"axis {k}": i for k, i in enumerate(index)}
            | {
                "value": float(self.mean[index]),
                "standard_error": float(self.standard_error[index]),
                "degrees_of_freedom": float(self.degrees_of_freedom[index]),
            }
            for index in np.ndindex(self.shape)
        ]

    def to_dataset(self, **coordinates: ArrayLike) -> xarray.Dataset:
        """Labelled by one one-dimensional coordinate per axis, in the order of the axes."""
        import xarray

        grids = {name: np.asarray(entry) for name, entry in coordinates.items()}
        if tuple(grid.shape for grid in grids.values()) != tuple((n,) for n in self.shape):
            shapes = {name: grid.shape for name, grid in grids.items()}
            raise InvalidArgument(
                "coordinates", shapes, f"one-dimensional, one for each axis of {self.shape}"
            )
        data = {
            name: (tuple(grids), entry, attributes(name))
            for name, entry in (
                ("value", self.mean),
                ("standard_error", self.standard_error),
                ("degrees_of_freedom", self.degrees_of_freedom),
            )
        }
        return xarray.Dataset(data, {name: ((name,), grid, attributes(name)) for name, grid in grids.items()})
