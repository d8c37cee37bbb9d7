"""Quantities by name: what each name means, once, for labelled data sets and for tables.

All quantities are dimensionless unless their entry says otherwise: lengths are in units of the data, energies in units
of the coupling, and times as their entry says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

QUANTITIES: dict[str, tuple[str, str]] = {
    # name: (long name, units)
    "edwards_anderson_overlap": ("overlap of two replicas, visible layer", "1"),
    "energy": ("energy per visible unit or per dimension", "1"),
    "error": ("numerical error of the solver", "1"),
    "free_energy": ("free energy per visible unit", "1"),
    "free_entropy": ("free entropy per visible unit", "1"),
    "hidden_edwards_anderson_overlap": ("overlap of two replicas, hidden layer", "1"),
    "hidden_overlap": ("overlap of the hidden layer with a pattern", "1"),
    "hidden_self_overlap": ("self-overlap of the hidden layer", "1"),
    "iterations": ("iterations of the solver", "1"),
    "load": ("patterns per visible unit", "1"),
    "noise_draws": ("noise draws per sample", "1"),
    "observable": ("observable", ""),
    "overlap": ("overlap", "1"),
    "replicon": ("replicon eigenvalue, stable when positive", "1"),
    "residual": ("largest residual of the undamped equations", "1"),
    "samples_per_dimension": ("samples per dimension", "1"),
    "score_error": ("error of the learnt score", "1"),
    "self_overlap": ("self-overlap of the visible layer", "1"),
    "standard_error": ("standard error of the simulation", "1"),
    "status": ("status of the solver", ""),
    "temperature": ("temperature", "1"),
    "test_loss": ("test loss", "1"),
    "theory": ("prediction", "1"),
    "theory_error": ("error of the prediction", "1"),
    "time": ("diffusion time", "1"),
    "train_loss": ("train loss", "1"),
    "training_time": ("training time", "1"),
    "value": ("mean of the simulation", "1"),
    "z": ("deviation in standard errors", "1"),
}


def attributes(name: str, units: str | None = None) -> dict[str, str]:
    """``long_name`` and ``units`` of a quantity, as netCDF files and xarray's plots read them."""
    long_name, known = QUANTITIES.get(name, (name.replace("_", " "), "1"))
    return {"long_name": long_name, "units": known if units is None else units}


def dataset(
    variables: Mapping[str, tuple[tuple[str, ...], Any]],
    coordinates: Mapping[str, tuple[tuple[str, ...], Any]],
    approximation: object = None,
) -> xarray.Dataset:
    """Arrays, each with the names of its axes, as one data set with long names and units."""
    import xarray

    described, along = (
        {name: (axes, entry, attributes(name)) for name, (axes, entry) in part.items()}
        for part in (variables, coordinates)
    )
    said = {} if approximation is None else {"approximation": str(approximation)}
    return xarray.Dataset(described, along, said)
