"""``statphys-gen diffusion``: Gaussian-mixture diffusion."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ... import validation
from ..data_files import add_data, read_data, refuse_absent
from ..parsing import add_output_options, add_seed, number
from . import collapse as diffusion_collapse
from . import simulate as diffusion_simulate
from .options import add_mixture, add_times, chosen_mixture, refuse, require


def register(systems: Any) -> None:
    system = systems.add_parser(
        "diffusion",
        help="speciation and collapse of Gaussian-mixture diffusion, and the analysis of a data set",
        description="When the backward process of a diffusion model chooses a class, and when it collapses.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    _register_clone_agreement(quantities)
    _register_speciation_time(quantities)
    _register_analyse(quantities)
    diffusion_collapse.register(quantities)
    diffusion_simulate.register(quantities)


def _register_clone_agreement(quantities: Any) -> None:
    parser = quantities.add_parser(
        "clone-agreement",
        help="probability that two trajectories sharing x_t end in the same class",
        description="Clone agreement phi(t): the probability that two backward trajectories that share x_t end in the "
        "same class.\nGive the signal x(t) of two classes, or two classes and times, or a mixture and times.",
    )
    parser.add_argument(
        "--signal",
        metavar="X",
        nargs="+",
        type=number("--signal", validation.non_negative),
        help="squared half distance of the two noised classes over their variance",
    )
    add_mixture(parser)
    add_times(parser)
    add_output_options(parser)
    parser.set_defaults(run=_clone_agreement)


def _register_speciation_time(quantities: Any) -> None:
    parser = quantities.add_parser(
        "speciation-time",
        help="time at which a trajectory commits to a class, by each definition",
        description="Speciation time by each of its definitions (criterion): spectral, asymptotic, bayes, drift.",
    )
    add_mixture(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_speciation_time)


def _register_analyse(quantities: Any) -> None:
    parser = quantities.add_parser(
        "analyse",
        help="speciation and collapse times of a data set",
        description="Spectrum, speciation and collapse times with errors, and label agreement of a data set "
        "(.npy, .npz, .csv, .tsv, .txt, .parquet, one sample a row; or a folder of PNG files).",
    )
    add_data(parser)
    add_times(parser)
    parser.add_argument("--output", metavar="DIR", help="folder for the report and its pictures")
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_analyse)


def _clone_agreement(options: argparse.Namespace) -> int:
    if options.signal is not None:
        refuse(options, ("dimension", "separation", "variance", "mixture", "time"), "with --signal")
        weight = 0.5 if options.weight is None else options.weight
        return _agreement_of_signal(options, weight)
    require(options, ("time",), "without --signal")
    mixture, parameters = chosen_mixture(options)
    from ...diffusion.theory.clones import clone_agreement
    from ..output import emit

    result = clone_agreement(mixture, options.time)
    records = [
        {
            "time": time,
            "signal": signal,
            "clone_agreement": value,
            "error": error,
            "approximation": str(result.approximation),
        }
        for time, signal, value, error in zip(
            options.time, result.signal, result.value, result.error, strict=True
        )
    ]

    def plot(path: Path) -> None:
        from ...diffusion.plots import plot_clone_agreement

        plot_clone_agreement(mixture, result, options.time, path)

    parameters["time"] = options.time
    return emit(options, "diffusion clone-agreement", parameters, records, plot=plot)


def _agreement_of_signal(options: argparse.Namespace, weight: float) -> int:
    from ...approximation import approximation_of
    from ...data.binary_channel import two_class_agreement
    from ..output import emit

    approximation = str(approximation_of(two_class_agreement))
    records = [
        {"signal": signal, "time": None, "clone_agreement": value, "approximation": approximation}
        for signal, value in zip(options.signal, two_class_agreement(options.signal, weight), strict=True)
    ]

    def plot(path: Path) -> None:
        from ...diffusion.plots import plot_signal_agreement

        plot_signal_agreement(options.signal, weight, path)

    parameters = {"signal": options.signal, "weight": weight}
    return emit(options, "diffusion clone-agreement", parameters, records, plot=plot)


def _speciation_time(options: argparse.Namespace) -> int:
    mixture, parameters = chosen_mixture(options)
    from ...diffusion.theory.speciation_time import speciation_times
    from ..output import emit

    times = speciation_times(mixture)
    notes = [times.warning] if times.warning else []
    if times.drift is None:
        notes.append("the criterion drift is defined for two classes with a common covariance only")
    return emit(options, "diffusion speciation-time", parameters, times.records(), notes=notes)


def _analyse(options: argparse.Namespace) -> int:
    refuse_absent(options)
    folder = None if options.output is None else validation.writable_folder("--output", options.output)
    from ...diffusion.analysis.data_set import analyse
    from ...diffusion.plots import plot_report
    from ...presentation import plain
    from ..output import emit

    report = analyse(read_data(options), time=options.time, seed=options.seed, progress=True)
    record = report.record() | {"approximation": "estimates from a finite sample; each time states its own"}
    files: list[Path] = []
    if folder is not None:
        files = plot_report(report, folder)
        text = json.dumps(plain(record), indent=1, allow_nan=False) + "\n"
        (folder / "report.json").write_text(text, encoding="utf-8")
        files.append(folder / "report.json")
    names = ("data", "labels", "key", "label_column", "time", "seed")
    parameters = {name: getattr(options, name) for name in names}
    if options.json:
        return emit(options, "diffusion analyse", parameters, [record], files=files)
    assert report.collapse is not None
    kinds = {"speciation": report.times, "collapse": report.collapse.times}
    times = [(kind, time) for kind, entries in kinds.items() for time in entries]
    rows = [
        {
            "transition": kind,
            "criterion": time.criterion,
            "time": time.time,
            "standard_error": time.standard_error,
            "error": time.standard_error,
            "approximation": time.approximation,
        }
        for kind, time in times
    ]
    undefined = [f"{time.criterion}: {time.reason}" for _, time in times if time.reason]
    print(
        f"{report.source}: {report.samples} samples in dimension {report.dimension}, total variance "
        f"{report.total_variance:.6g}, largest eigenvalue {report.eigenvalues[0]:.9g}"
    )
    notes = [*undefined, *(f"WARNING: {text}" for text in report.warnings), *report.notes]
    return emit(options, "diffusion analyse", parameters, rows, notes=notes, files=files)
