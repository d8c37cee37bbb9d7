"""``statphys-gen diffusion collapse-time | excess-entropy | simulate``."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, Parser, add_output_options, add_seed, integer, number

if TYPE_CHECKING:
    from ...data.laws import Spectrum
    from ...statistics.estimate import Estimate


def register(quantities: Any) -> None:
    collapse = quantities.add_parser(
        "collapse-time",
        help="time at which a trajectory falls onto a training point",
        description="Collapse time of n training points with a Gaussian law: log n = I(a; x_t); onset of the traps;\n"
        "mean shift and width of the time at which a single trajectory changes its nearest training point for the\n"
        "last time.",
    )
    _add_spectrum_options(collapse)
    add_output_options(collapse, plot=False)
    collapse.set_defaults(run=_collapse_time)

    entropy = quantities.add_parser(
        "excess-entropy",
        help="excess entropy and condensed phase against time",
        description="Excess entropy f(t) = [log n - I(a; x_t)]/d of n training points with a Gaussian law, and the "
        "condensed phase:\nParisi parameter and participation of points that are not in the training set.",
    )
    _add_spectrum_options(entropy)
    _add_times(entropy)
    add_output_options(entropy)
    entropy.set_defaults(run=_excess_entropy)

    simulate = quantities.add_parser(
        "simulate",
        help="simulate clones, collapse or first passages, beside the theory",
        description="Simulate and compare: clones of two classes at +m and -m; entropy and participation of noised "
        "training points;\nfirst passages to another nearest training point.",
    )
    simulate.add_argument("experiment", choices=("clones", "collapse", "first-passage"))
    _add_spectrum_options(simulate, required=False)
    simulate.add_argument(
        "--separation",
        "--mu-tilde",
        metavar="M",
        type=number("--separation", validation.positive),
        help="clones: norm of m over the square root of the dimension",
    )
    simulate.add_argument(
        "--walkers",
        metavar="K",
        type=integer("--walkers", 2),
        default=10_000,
        help="clones: pairs for each time (default 10000)",
    )
    simulate.add_argument(
        "--data-sets",
        metavar="K",
        type=integer("--data-sets", 2),
        default=16,
        help="collapse: independent data sets (default 16)",
    )
    _add_times(simulate, required=False)
    add_seed(simulate)
    add_output_options(simulate, plot=False)
    simulate.set_defaults(run=_simulate)


def _add_spectrum_options(parser: Parser, *, required: bool = True) -> None:
    group = parser.add_argument_group(
        "data", "an isotropic Gaussian law, or the eigenvalues of its covariance"
    )
    group.add_argument(
        "-n",
        "--samples",
        metavar="N",
        required=required,
        type=integer("--samples", 2),
        help="number of training points",
    )
    group.add_argument(
        "-d", "--dimension", metavar="D", type=integer("--dimension", 1), help="dimension of the data"
    )
    group.add_argument(
        "--variance",
        "--sigma2",
        metavar="V",
        type=number("--variance", validation.positive),
        help="variance in every direction (default 1)",
    )
    group.add_argument(
        "--spectrum", metavar="FILE", help=".npy file with the eigenvalues of the covariance, one a dimension"
    )


def _add_times(parser: Parser, *, required: bool = True) -> None:
    parser.add_argument(
        "-t",
        "--time",
        metavar="T",
        nargs="+",
        required=required,
        type=number("--time", validation.positive),
        help="diffusion times",
    )


def _spectrum(options: argparse.Namespace) -> tuple[Spectrum, dict[str, Any]]:
    """The law that the options describe, and the parameters to echo."""
    if options.spectrum is None:
        if options.dimension is None:
            raise BadUsage("--dimension is missing: it is needed without --spectrum")
        from ...data.laws import Spectrum

        variance = 1.0 if options.variance is None else options.variance
        parameters = {"samples": options.samples, "dimension": options.dimension, "variance": variance}
        return Spectrum.isotropic(options.dimension, variance), parameters
    if options.variance is not None:
        raise BadUsage(f"--variance = {options.variance}: must be left out with --spectrum")
    path = validation.readable_file("--spectrum", options.spectrum)
    import numpy as np

    from ...data.laws import Spectrum

    try:
        eigenvalues = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError):
        raise InvalidArgument("--spectrum", options.spectrum, "a .npy file of numbers") from None
    values = validation.array("--spectrum", eigenvalues, ndim=1, at_least=0.0)
    if options.dimension not in (None, len(values)):
        raise BadUsage(f"--dimension = {options.dimension}: must be {len(values)}, the length of --spectrum")
    parameters = {"samples": options.samples, "dimension": len(values), "spectrum": str(path)}
    return Spectrum(values), parameters


def _collapse_time(options: argparse.Namespace) -> int:
    law, parameters = _spectrum(options)
    from ...approximation import approximation_of
    from ...diffusion.theory.collapse_time import collapse_time, trap_onset_time
    from ...diffusion.theory.trajectory_collapse import trajectory_collapse
    from ...solution import Status
    from ..output import emit

    log_samples = math.log(options.samples)
    solution, traps = collapse_time(law, log_samples), trap_onset_time(law, log_samples)
    (record,) = solution.records()
    (onset,) = traps.records()
    values: dict[str, Any] = {
        "collapse_time": record["time"],
        "trap_onset_time": onset["time"],
        "width": None,
        "mean_shift": None,
    }
    notes = []
    if solution.good and traps.good:
        try:
            trajectory = trajectory_collapse(law, log_samples)
            values["width"] = float(trajectory.width)
            values["mean_shift"] = float(trajectory.mean_shift)
        except InvalidArgument as refusal:
            notes.append(f"width and mean_shift: {refusal}")
    else:
        notes.append(Status(int((traps if solution.good else solution).status)).advice)
    statements = [
        approximation_of(function) for function in (collapse_time, trap_onset_time, trajectory_collapse)
    ]
    names = ("collapse_time", "trap_onset_time", "width and mean_shift")
    record = {
        **values,
        "status": record["status"] if not solution.good else onset["status"],
        "residual": max(record["residual"], onset["residual"]),
        "error": max(record["error"], onset["error"]),
        "approximation": "; ".join(f"{name}: {text}" for name, text in zip(names, statements, strict=True)),
    }
    return emit(options, "diffusion collapse-time", parameters, [record], notes=notes)


def _excess_entropy(options: argparse.Namespace) -> int:
    law, parameters = _spectrum(options)
    from ...approximation import approximation_of
    from ...diffusion.theory.condensed_phase import condensed_phase
    from ...diffusion.theory.excess_entropy import excess_entropy
    from ..output import emit

    log_samples = math.log(options.samples)
    entropies = excess_entropy(law, log_samples, options.time)
    condensed = condensed_phase(law, log_samples, options.time)
    statement = (
        f"excess_entropy: {approximation_of(excess_entropy)}; the rest: {approximation_of(condensed_phase)}"
    )
    records = [
        {"time": time, "excess_entropy": float(entropy), **record, "approximation": statement}
        for time, entropy, record in zip(options.time, entropies, condensed.records(), strict=True)
    ]

    def plot(path: Any) -> None:
        from ...diffusion.plots import plot_excess_entropy

        plot_excess_entropy(law, log_samples, options.time, path)

    parameters["time"] = options.time
    return emit(options, "diffusion excess-entropy", parameters, records, plot=plot)


# What an experiment does not depend on.
_LEFT_OUT = {
    "clones": ("samples", "spectrum"),
    "collapse": ("separation",),
    "first-passage": ("separation", "time"),
}


def _simulate(options: argparse.Namespace) -> int:
    run = {
        "clones": _simulate_clones,
        "collapse": _simulate_collapse,
        "first-passage": _simulate_first_passage,
    }
    for name in _LEFT_OUT[options.experiment]:
        if getattr(options, name) is not None:
            flag = "--" + name.replace("_", "-")
            raise BadUsage(
                f"{flag} = {getattr(options, name)}: must be left out to simulate {options.experiment}"
            )
    parameters, records = run[options.experiment](options)
    from ..output import emit

    parameters["seed"] = options.seed
    return emit(options, f"diffusion simulate {options.experiment}", parameters, records)


def _need(options: argparse.Namespace, *names: str) -> None:
    for name in names:
        if getattr(options, name) is None:
            raise BadUsage(f"--{name} is missing: it is needed to simulate {options.experiment}")


def _comparison(
    observable: str, estimate: Estimate, theory: float | None, approximation: str
) -> dict[str, Any]:
    value, error = float(estimate.mean), float(estimate.standard_error)
    return {
        "observable": observable,
        "value": value,
        "standard_error": error,
        "theory": theory,
        "z": (value - theory) / error if theory is not None and error > 0 else None,
        "approximation": approximation,
    }


def _simulate_clones(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    _need(options, "dimension", "separation", "time")
    from ...data.laws import GaussianMixture
    from ...diffusion.simulation.backward_kernel import simulate_clones
    from ...diffusion.theory.clones import clone_agreement

    variance = 1.0 if options.variance is None else options.variance
    mixture = GaussianMixture.two_classes(options.dimension, options.separation, variance)
    estimate = simulate_clones(mixture, options.time, options.walkers, options.seed)
    theory = clone_agreement(mixture, options.time)
    records = [
        {"time": time}
        | _comparison("clone_agreement", estimate[k], float(theory.value[k]), str(theory.approximation))
        for k, time in enumerate(options.time)
    ]
    parameters = {
        "dimension": options.dimension,
        "separation": options.separation,
        "variance": variance,
        "time": options.time,
        "walkers": options.walkers,
    }
    return parameters, records


def _simulate_collapse(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    _need(options, "samples", "time")
    law, parameters = _spectrum(options)
    from ...approximation import approximation_of
    from ...diffusion.simulation.collapse import simulate_collapse
    from ...diffusion.theory.excess_entropy import FiniteSize, gaussian_window
    from ...diffusion.theory.finite_size_collapse import FiniteSizeCollapse, isotropic_collapse

    curves = simulate_collapse(law, options.samples, options.time, options.seed, data_sets=options.data_sets)
    theory: FiniteSize | FiniteSizeCollapse
    if len(law.eigenvalues) == 1:
        theory = isotropic_collapse(law.dimension, float(law.eigenvalues[0]), options.samples, options.time)
        statement = str(approximation_of(isotropic_collapse))
    else:
        theory = gaussian_window(law, math.log(options.samples), options.time)
        statement = str(approximation_of(gaussian_window))
    records = []
    for k, time in enumerate(options.time):
        for name, estimate, predicted in (
            ("entropy", curves.entropy, theory.entropy),
            ("participation", curves.participation, theory.participation),
        ):
            records.append({"time": time} | _comparison(name, estimate[k], float(predicted[k]), statement))
    return parameters | {"time": options.time, "data_sets": options.data_sets}, records


def _simulate_first_passage(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    _need(options, "samples")
    law, parameters = _spectrum(options)
    from ...approximation import approximation_of
    from ...diffusion.simulation.first_passage import simulate_first_passage
    from ...diffusion.theory.trajectory_collapse import trajectory_collapse

    passages = simulate_first_passage(law, options.samples, options.seed, data_sets=options.data_sets)
    statement = str(approximation_of(trajectory_collapse))
    predicted: tuple[float | None, float | None] = (None, None)
    try:
        theory = trajectory_collapse(law, math.log(options.samples))
        predicted = float(theory.mean), float(theory.width)
    except InvalidArgument as refusal:
        statement = f"no theory: {refusal}"
    records = [
        _comparison("mean time", passages.mean, predicted[0], statement),
        _comparison("width", passages.deviation, predicted[1], statement),
    ]
    return parameters | {"data_sets": options.data_sets}, records
