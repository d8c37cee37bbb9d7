"""Quantities by name: what each name means, once, for labelled data sets and for tables.

All quantities are dimensionless unless their entry says otherwise: lengths are in units of the data, energies in units
of the coupling, and times as their entry says.
"""

from __future__ import annotations

QUANTITIES: dict[str, tuple[str, str]] = {
    # name: (long name, units)
    "active_directions": ("singular directions of the target above the threshold", "1"),
    "bulk_second_moment": ("mean square of the learned bulk, over d", "1"),
    "edwards_anderson_overlap": ("overlap of two replicas, visible layer", "1"),
    "energy": ("energy per visible unit or per dimension", "1"),
    "error": ("numerical error of the solver", "1"),
    "free_energy": ("free energy per visible unit", "1"),
    "free_entropy": ("free entropy per visible unit", "1"),
    "hidden_edwards_anderson_overlap": ("overlap of two replicas, hidden layer", "1"),
    "hidden_overlap": ("overlap of the hidden layer with a pattern", "1"),
    "hidden_self_overlap": ("self-overlap of the hidden layer", "1"),
    "initial_noise": ("variance of an entry of the product of the initial weights", "1"),
    "iterations": ("iterations of the solver", "1"),
    "largest_singular_value": ("largest singular value of the product of the layers", "1"),
    "lazy_ratio": ("threshold over dimension", "1"),
    "load": ("patterns per visible unit", "1"),
    "loss": ("half the squared distance from the target", "1"),
    "noise_draws": ("noise draws per sample", "1"),
    "observable": ("observable", ""),
    "overlap": ("overlap", "1"),
    "product": ("product of the layers", "1"),
    "product_norm": ("Frobenius norm of the product of the layers", "1"),
    "regime": ("regime", ""),
    "replicon": ("replicon eigenvalue, stable when positive", "1"),
    "residual": ("largest residual of the undamped equations", "1"),
    "samples_per_dimension": ("samples per dimension", "1"),
    "score_error": ("error of the learnt score", "1"),
    "self_overlap": ("self-overlap of the visible layer", "1"),
    "singular_values": ("singular values of the product of the layers", "1"),
    "stable_rank": ("stable rank of the product of the layers", "1"),
    "standard_error": ("standard error of the simulation", "1"),
    "status": ("status of the solver", ""),
    "temperature": ("temperature", "1"),
    "test_error": ("test error per entry", "1"),
    "test_loss": ("test loss", "1"),
    "theory": ("prediction", "1"),
    "theory_error": ("error of the prediction", "1"),
    "time": ("diffusion time", "1"),
    "train_error": ("train error per entry", "1"),
    "train_loss": ("train loss", "1"),
    "training_time": ("training time", "1"),
    "value": ("mean of the simulation", "1"),
    "variance_exponent": ("logarithm of the variance of the weights to base d", "1"),
    "wide_distance": ("distance from the wide limit over the norm of the target", "1"),
    "width_exponent": ("logarithm of the width to base d", "1"),
    "z": ("deviation in standard errors", "1"),
}


def attributes(name: str, units: str | None = None) -> dict[str, str]:
    """``long_name`` and ``units`` of a quantity, as netCDF files and xarray's plots read them."""
    long_name, known = QUANTITIES.get(name, (name.replace("_", " "), "1"))
    return {"long_name": long_name, "units": known if units is None else units}
