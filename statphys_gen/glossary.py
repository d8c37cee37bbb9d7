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
    "amplification": ("largest amplification of a small overlap", "1"),
    "bulk_edge": ("left edge of the bulk of eigenvalues", "1"),
    "correlation": ("correlation with the start", "1"),
    "correlation_matrix": ("correlation between two steps", "1"),
    "diverged_step": ("first step at which the descent diverged, -1 for none", "1"),
    "duration": ("training time after which a descent has failed", "1"),
    "edge": ("left edge of the bulk of eigenvalues", "1"),
    "edge_kind": ("kind of the edge, soft or hard", ""),
    "edwards_anderson_overlap": ("overlap of two replicas, visible layer", "1"),
    "effective_trials": ("independent trials of the same error", "1"),
    "energy": ("energy per visible unit or per dimension", "1"),
    "error": ("numerical error of the solver", "1"),
    "free_energy": ("free energy per visible unit", "1"),
    "free_entropy": ("free entropy per visible unit", "1"),
    "hidden_edwards_anderson_overlap": ("overlap of two replicas, hidden layer", "1"),
    "hidden_overlap": ("overlap of the hidden layer with a pattern", "1"),
    "hidden_self_overlap": ("self-overlap of the hidden layer", "1"),
    "iterations": ("iterations of the solver", "1"),
    "jump_fraction": ("fraction of labels whose response jumps", "1"),
    "kind": ("continuous or discontinuous", ""),
    "lagrange_multiplier": ("Lagrange multiplier of the sphere", "1"),
    "load": ("patterns per visible unit", "1"),
    "next_eigenvalue": ("smallest eigenvalue but the signal outlier", "1"),
    "noise_draws": ("noise draws per sample", "1"),
    "observable": ("observable", ""),
    "offset": ("constant of the loss", "1"),
    "outlier": ("signal outlier", "1"),
    "outlier_criterion": ("outlier criterion, above 1 with a signal outlier", "1"),
    "outlier_overlap_squared": ("squared overlap of the signal outlier's eigenvector with the signal", "1"),
    "overlap": ("overlap", "1"),
    "overlap_growth": ("growth of an infinitesimal overlap", "1"),
    "overlap_squared": ("squared overlap of an eigenvector with the signal", "1"),
    "parisi_function": ("Parisi function", "1"),
    "parisi_parameter": ("Parisi parameter", "1"),
    "pre_activations": ("student's pre-activations", "1"),
    "replicon": ("replicon eigenvalue, stable when positive", "1"),
    "residual": ("largest residual of the undamped equations", "1"),
    "response_matrix": ("response at one step to a force at another", "1"),
    "samples_per_dimension": ("samples per dimension", "1"),
    "score_error": ("error of the learnt score", "1"),
    "self_overlap": ("self-overlap of the visible layer", "1"),
    "standard_error": ("standard error of the simulation", "1"),
    "status": ("status of the solver", ""),
    "step": ("step of the descent", "1"),
    "stieltjes": ("Stieltjes transform of the spectrum", "1"),
    "still_growing": ("whether the amplification grew at the last step", "1"),
    "success_time": ("training time of the success", "1"),
    "susceptibility": ("susceptibility", "1"),
    "temperature": ("temperature", "1"),
    "test_loss": ("test loss", "1"),
    "theory": ("prediction", "1"),
    "theory_error": ("error of the prediction", "1"),
    "time": ("diffusion time", "1"),
    "train_loss": ("train loss", "1"),
    "training_time": ("training time", "1"),
    "unshifted_outlier": ("signal outlier, multiplier not subtracted", "1"),
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
