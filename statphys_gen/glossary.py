"""Quantities by name: what each name means, once, for labelled data sets and for tables.

All quantities are dimensionless unless their entry says otherwise: lengths are in units of the data, energies in units
of the coupling, and times as their entry says.
"""

from __future__ import annotations

QUANTITIES: dict[str, tuple[str, str]] = {
    # name: (long name, units)
    "acceptance": ("share of accepted exchanges", "1"),
    "at_temperature": ("temperature below which replica symmetry is broken", "1"),
    "bulk_distance": ("distance of the bulk from the law of noise", "1"),
    "bulk_edge": ("largest singular value of the noise", "1"),
    "bulk_limit": ("distance above every distance of noise", "1"),
    "density": ("share of entries of a pattern that are not 0", "1"),
    "dominant": ("dominant state", ""),
    "edwards_anderson_overlap": ("overlap of two replicas, visible layer", "1"),
    "energy": ("energy per visible unit or per dimension", "1"),
    "entropy": ("entropy per visible unit", "1"),
    "error": ("numerical error of the solver", "1"),
    "exchange": ("exchange between a temperature and the next", ""),
    "free_energy": ("free energy per visible unit", "1"),
    "free_entropy": ("free entropy per visible unit", "1"),
    "hidden_edwards_anderson_overlap": ("overlap of two replicas, hidden layer", "1"),
    "hidden_overlap": ("overlap of the hidden layer with a pattern", "1"),
    "hidden_self_overlap": ("self-overlap of the hidden layer", "1"),
    "inner_replicon": ("replicon within the states of one step of breaking", "1"),
    "instance": ("instance of the disorder", ""),
    "interaction": ("interaction of the layers per visible unit", "1"),
    "inverse_spin_glass_susceptibility": ("inverse of the spin-glass susceptibility", "1"),
    "iterations": ("iterations of the solver", "1"),
    "layer_ratio": ("hidden per visible units", "1"),
    "load": ("patterns per visible unit", "1"),
    "mixture_stability": ("stability against unequal overlaps, stable when positive", "1"),
    "noise": ("amplitude of the noise of the couplings", "1"),
    "noise_draws": ("noise draws per sample", "1"),
    "observable": ("observable", ""),
    "outer_replicon": ("replicon between the states of one step of breaking", "1"),
    "overlap": ("overlap", "1"),
    "overlap_fourth_power": ("mean fourth power of the overlap of two chains", "1"),
    "overlap_square": ("mean square overlap of two chains", "1"),
    "p": ("Parisi parameter times the inverse temperature", "1"),
    "pattern": ("condensed pattern", ""),
    "pattern_field": ("field along the first pattern", "1"),
    "pattern_stability": ("stability against a further pattern, stable when positive", "1"),
    "phase": ("code of the dominant phase", ""),
    "q_0": ("overlap between states of one step of breaking, visible layer", "1"),
    "r_0": ("overlap between states of one step of breaking, hidden layer", "1"),
    "replicon": ("replicon eigenvalue, stable when positive", "1"),
    "residual": ("largest residual of the undamped equations", "1"),
    "response": ("inverse temperature times 1 - q within a state", "1"),
    "retrieval_exists": ("whether a retrieval state exists", ""),
    "round_trips": ("returns to the lowest temperature from the highest", "1"),
    "samples_per_dimension": ("samples per dimension", "1"),
    "score_error": ("error of the learnt score", "1"),
    "self_overlap": ("self-overlap of the visible layer", "1"),
    "singular_values": ("singular values of the couplings", "1"),
    "size": ("visible units", "1"),
    "spike": ("strength of the spike", "1"),
    "spin_glass_susceptibility": ("spin-glass susceptibility", "1"),
    "standard_error": ("standard error of the simulation", "1"),
    "state": ("state", ""),
    "status": ("status of the solver", ""),
    "step_size": ("step size", "1"),
    "strength": ("strength of a spike", "1"),
    "temperature": ("temperature", "1"),
    "test_loss": ("test loss", "1"),
    "theory": ("prediction", "1"),
    "theory_error": ("error of the prediction", "1"),
    "time": ("diffusion time", "1"),
    "train_loss": ("train loss", "1"),
    "training_time": ("training time", "1"),
    "value": ("mean of the simulation", "1"),
    "visible_field": ("uniform field on the visible units", "1"),
    "way": ("heating or cooling", ""),
    "z": ("deviation in standard errors", "1"),
}


def attributes(name: str, units: str | None = None) -> dict[str, str]:
    """``long_name`` and ``units`` of a quantity, as netCDF files and xarray's plots read them."""
    long_name, known = QUANTITIES.get(name, (name.replace("_", " "), "1"))
    return {"long_name": long_name, "units": known if units is None else units}
