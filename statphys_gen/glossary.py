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
    "a_t": ("linear part of a feature", "1"),
    "active_directions": ("singular directions of the target above the threshold", "1"),
    "amplification": ("largest amplification of a small overlap", "1"),
    "atom_position": ("eigenvalue of the atom", "1"),
    "atom_weight": ("share of the atom", "1"),
    "averaged_time": ("time at which the averaged excess entropy vanishes", "1"),
    "b_t_squared": ("squared response of a feature to the noise", "1"),
    "best": ("training time of least score error", "1"),
    "bulk_edge": ("left edge of the bulk of eigenvalues", "1"),
    "bulk_second_moment": ("mean square of the learned bulk, over d", "1"),
    "class": ("class", ""),
    "collapse_time": ("collapse time", "1"),
    "concentration": ("sum of the squared leave-one-out posterior weights", "1"),
    "condensation": ("sum of the squared posterior weights without the source", "1"),
    "confidence": ("confidence of the leave-one-out posterior", "1"),
    "correlation": ("correlation with the start", "1"),
    "correlation_matrix": ("correlation between two steps", "1"),
    "criterion": ("criterion", ""),
    "data_variance": ("trace of the covariance over the dimension", "1"),
    "degrees_of_freedom": ("degrees of freedom of the standard error", "1"),
    "density": ("density of eigenvalues", "1"),
    "diverged_step": ("first step at which the descent diverged, -1 for none", "1"),
    "duration": ("training time after which a descent has failed", "1"),
    "edge": ("left edge of the bulk of eigenvalues", "1"),
    "edge_kind": ("kind of the edge, soft or hard", ""),
    "edwards_anderson_overlap": ("overlap of two replicas, visible layer", "1"),
    "effective_trials": ("independent trials of the same error", "1"),
    "energy": ("energy per visible unit or per dimension", "1"),
    "entropy": ("entropy of the posterior over the training points, in nats", "1"),
    "error": ("numerical error of the solver", "1"),
    "excess_entropy": ("excess entropy per dimension, in nats", "1"),
    "features_per_dimension": ("features per dimension", "1"),
    "final_score_error": ("score error at infinite training time", "1"),
    "free_energy": ("free energy per visible unit", "1"),
    "free_entropy": ("free entropy per visible unit", "1"),
    "group": ("group of modes", ""),
    "groups": ("groups of modes in a bulk", ""),
    "half_time": ("time at which the participation is 1/2", "1"),
    "hidden_edwards_anderson_overlap": ("overlap of two replicas, hidden layer", "1"),
    "hidden_overlap": ("overlap of the hidden layer with a pattern", "1"),
    "hidden_self_overlap": ("self-overlap of the hidden layer", "1"),
    "in_sample": ("agreement of the label, the sample included", "1"),
    "initial_noise": ("variance of an entry of the product of the initial weights", "1"),
    "instance": ("instance", ""),
    "iterations": ("iterations of the solver", "1"),
    "jump_fraction": ("fraction of labels whose response jumps", "1"),
    "kind": ("continuous or discontinuous", ""),
    "lagrange_multiplier": ("Lagrange multiplier of the sphere", "1"),
    "largest_singular_value": ("largest singular value of the product of the layers", "1"),
    "lazy_ratio": ("threshold over dimension", "1"),
    "leave_one_out": ("agreement of the label, the sample left out", "1"),
    "load": ("patterns per visible unit", "1"),
    "log_ratio": ("mean logarithm of the weight of all others over that of the source", "1"),
    "log_samples": ("logarithm of the number of training points", "1"),
    "log_samples_per_dimension": ("logarithm of the number of training points per dimension", "1"),
    "loss": ("half the squared distance from the target", "1"),
    "lower": ("lower edge of a bulk", "1"),
    "mean_outlier": ("eigenvalue of the common mean of the features", "1"),
    "mean_shift": ("mean time of the last change less the collapse time", "1"),
    "merged": ("whether two groups of modes share a bulk", ""),
    "modes": ("modes of the noised leading projection", "1"),
    "modes_per_dimension": ("modes per dimension", "1"),
    "multiplicity": ("number of samples at a point", "1"),
    "neighbour_ratio": ("distance to the nearest over that to the second nearest point", "1"),
    "next_eigenvalue": ("smallest eigenvalue but the signal outlier", "1"),
    "noise_draws": ("noise draws per sample", "1"),
    "norm_outlier": ("eigenvalue of the fluctuating norms", "1"),
    "observable": ("observable", ""),
    "offset": ("constant of the loss", "1"),
    "outlier": ("signal outlier", "1"),
    "outlier_criterion": ("outlier criterion, above 1 with a signal outlier", "1"),
    "outlier_overlap_squared": ("squared overlap of the signal outlier's eigenvector with the signal", "1"),
    "overlap": ("overlap", "1"),
    "overlap_growth": ("growth of an infinitesimal overlap", "1"),
    "overlap_squared": ("squared overlap of an eigenvector with the signal", "1"),
    "own_nearest": ("probability that the own training point is the nearest", "1"),
    "parisi_function": ("Parisi function", "1"),
    "parisi_parameter": ("Parisi parameter", "1"),
    "participation": ("sum of the squared posterior weights", "1"),
    "penalty": ("ridge penalty", "1"),
    "pre_activations": ("student's pre-activations", "1"),
    "product": ("product of the layers", "1"),
    "product_norm": ("Frobenius norm of the product of the layers", "1"),
    "regime": ("regime", ""),
    "replicon": ("replicon eigenvalue, stable when positive", "1"),
    "residual": ("largest residual of the undamped equations", "1"),
    "response_matrix": ("response at one step to a force at another", "1"),
    "row_norms": ("eigenvalue of the norms of the weights' rows", "1"),
    "s_t_squared": ("variance of the fresh nonlinear part of a feature", "1"),
    "sample_norms": ("eigenvalue of the norms of the samples", "1"),
    "samples": ("number of training points", "1"),
    "samples_per_dimension": ("samples per dimension", "1"),
    "score_error": ("error of the learnt score", "1"),
    "score_error_standard_error": ("standard error of the score error", "1"),
    "self_overlap": ("self-overlap of the visible layer", "1"),
    "signal": ("signal between the two classes furthest apart", "1"),
    "singular_values": ("singular values of the product of the layers", "1"),
    "source_weight": ("posterior weight of the source", "1"),
    "stable_rank": ("stable rank of the product of the layers", "1"),
    "standard_error": ("standard error of the simulation", "1"),
    "start": ("first training time of the window", "1"),
    "status": ("status of the solver", ""),
    "step": ("step of the descent", "1"),
    "steps": ("steps of training", "1"),
    "stieltjes": ("Stieltjes transform of the spectrum", "1"),
    "still_growing": ("whether the amplification grew at the last step", "1"),
    "stop": ("last training time of the window", "1"),
    "success_time": ("training time of the success", "1"),
    "surprise": ("minus the logarithm of the posterior weight of the source, in nats", "1"),
    "susceptibility": ("susceptibility", "1"),
    "temperature": ("temperature", "1"),
    "test_error": ("test error per entry", "1"),
    "test_loss": ("test loss", "1"),
    "test_loss_standard_error": ("standard error of the test loss", "1"),
    "theory": ("prediction", "1"),
    "theory_error": ("error of the prediction", "1"),
    "time": ("diffusion time", "1"),
    "tolerance": ("score error allowed above the least, relative to it", "1"),
    "top_one": ("probability that the source has the largest posterior weight", "1"),
    "top_weight": ("largest posterior weight", "1"),
    "train_error": ("train error per entry", "1"),
    "train_loss": ("train loss", "1"),
    "train_loss_standard_error": ("standard error of the train loss", "1"),
    "training_time": ("training time", "1"),
    "trap_onset_time": ("time at which the training points begin to attract", "1"),
    "unshifted_outlier": ("signal outlier, multiplier not subtracted", "1"),
    "upper": ("upper edge of a bulk", "1"),
    "v_t_squared": ("variance of the shared nonlinear part of a feature", "1"),
    "value": ("mean of the simulation", "1"),
    "variance_exponent": ("logarithm of the variance of the weights to base d", "1"),
    "walker": ("walker", ""),
    "weight": ("share in a law", "1"),
    "wide_distance": ("distance from the wide limit over the norm of the target", "1"),
    "width": ("standard deviation of the time", "1"),
    "width_exponent": ("logarithm of the width to base d", "1"),
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


def axes_of(name: str, dimensions: int) -> tuple[str, ...]:
    """Names of the axes of an array along one quantity: its name, or numbered ones where there are several."""
    return (name,) if dimensions == 1 else tuple(f"{name}_{k}" for k in range(dimensions))
