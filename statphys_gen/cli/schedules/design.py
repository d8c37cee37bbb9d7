"""``statphys-gen schedules design``: a step grid for a sampler, from data or a law."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, add_output_options, add_seed, between, integer, number
from .evaluate import spectrum_of_law
from .options import INTERPOLANT_NAMES, add_model, add_range, law_of, model_parameters, refuse_data_beside_law

TARGET_NAMES = ("k-diffusion", "diffusers-euler", "flow-match", "ddpm-timesteps", "interpolant", "training")


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "design",
        help="a step grid for a sampler, from data or a law",
        description="Fits classes and spectrum of a data set (or takes a law), designs a grid of noise levels for "
        "them, compares it with\nthe usual ones, and gives the better in the form that a sampler takes. Errors are "
        "exact for the fitted law;\n--validate measures them with the denoiser of the data. Units: as the data are "
        "given.",
    )
    parser.add_argument("data", metavar="DATA", nargs="?", help="a data set; else a law by the options below")
    parser.add_argument("--labels", metavar="FILE", help="classes of the data, one label a sample")
    add_model(parser, data_flag=False)
    group = parser.add_argument_group("design")
    group.add_argument(
        "--steps",
        metavar="K",
        type=integer("--steps", 1, 200),
        help="number of steps (default: the fewest that keep both tolerances)",
    )
    group.add_argument(
        "--scheme",
        choices=("euler", "ddim", "heun", "dpmpp-2m"),
        default="ddim",
        help="solver (default ddim, the same as euler)",
    )
    for flag, default, text in (
        ("--weight-tolerance", 0.01, "error of the weight that counts as 1"),
        ("--detail-tolerance", 0.05, "error of the logarithm of a detail that counts as 1"),
    ):
        group.add_argument(
            flag,
            metavar="T",
            type=number(flag, validation.positive),
            default=default,
            help=f"{text} (default {default})",
        )
    group.add_argument(
        "--detail-weighting",
        choices=("variance", "uniform"),
        default="variance",
        help="how directions count (default variance)",
    )
    group.add_argument(
        "--detail-floor",
        metavar="F",
        type=number("--detail-floor", between(0.0, 1.0, closed=True)),
        default=0.02,
        help="with uniform: the least standard deviation over the largest (default .02)",
    )
    add_range(group)
    group.add_argument(
        "--target",
        choices=TARGET_NAMES,
        default="k-diffusion",
        help="form of the schedule: " + ", ".join(TARGET_NAMES) + " (default k-diffusion)",
    )
    group.add_argument(
        "--shift",
        metavar="S",
        type=number("--shift", validation.positive),
        help="shift of the flow-match scheduler",
    )
    group.add_argument(
        "--dynamic-shift",
        metavar="M",
        type=number("--dynamic-shift", validation.positive),
        help="shift of one with use_dynamic_shifting: exp(mu), or mu of the linear kind",
    )
    group.add_argument(
        "--begin-index",
        action="store_true",
        help="set_begin_index(0) will be called: allows levels above the table of diffusers-euler",
    )
    group.add_argument(
        "--table",
        metavar="NAME|FILE",
        help="noise levels of the steps of the sampler: scaled-linear, linear, or a .npy file",
    )
    group.add_argument(
        "--interpolant",
        choices=INTERPOLANT_NAMES[:4],
        default="vp-linear",
        help="of the target interpolant (default vp-linear)",
    )
    group.add_argument("--validate", action="store_true", help="run the grid with the denoiser of the data")
    group.add_argument(
        "--walkers",
        metavar="K",
        type=integer("--walkers", 10, 1_000_000),
        default=2000,
        help="samples of --validate (default 2000)",
    )
    group.add_argument("--output", metavar="DIR", help="folder for schedule.json")
    add_seed(parser)
    add_output_options(parser)
    parser.set_defaults(run=_design)


def _design(options: argparse.Namespace) -> int:
    _check(options)
    from ...approximation import approximation_of
    from ...schedules.analysis.report import design_report
    from ...schedules.model import interpolant
    from ...schedules.theory.design import design_schedule
    from ..output import emit

    table = None if options.table is None else _table(options.table)
    law, notes = law_of(options, options.data, "DATA")
    spectrum = spectrum_of_law(law)
    folder = None if options.output is None else validation.writable_folder("--output", options.output)
    try:
        report = design_report(
            law,
            options.steps,
            scheme="ddim" if options.scheme == "euler" else options.scheme,
            weight_tolerance=options.weight_tolerance,
            detail_tolerance=options.detail_tolerance,
            detail_weighting=options.detail_weighting,
            detail_floor=options.detail_floor,
            noise_level_range=None if options.noise_level_range is None else tuple(options.noise_level_range),
            target=options.target,
            shift=options.shift,
            dynamic_shift=options.dynamic_shift,
            begin_index=options.begin_index,
            table=table,
            interpolant=interpolant(options.interpolant, math.sqrt(max(spectrum.trace, 1e-30))),
            dataset=getattr(options, "dataset", None) if options.validate else None,
            walkers=options.walkers,
            seed=options.seed,
        )
    except InvalidArgument as error:
        raise _with_dashes(error) from None
    record = report.records()[0] | {"approximation": str(approximation_of(design_schedule))}
    files: list[Path] = []
    if folder is not None:
        files = [folder / "schedule.json"]
        report.save(files[0])

    def plot(path: Path) -> None:
        from ...schedules.plots import plot_design

        plot_design(spectrum, report.schedule, path)

    names: tuple[str, ...] = ("steps", "scheme", "weight_tolerance", "detail_tolerance", "detail_weighting")
    names += ("detail_floor",)
    names += (
        "noise_level_range",
        "target",
        "shift",
        "dynamic_shift",
        "begin_index",
        "table",
        "walkers",
        "seed",
    )
    parameters = model_parameters(options) | {name: getattr(options, name) for name in names}
    return emit(
        options,
        "schedules design",
        parameters,
        [record],
        notes=[*notes, *report.notes],
        files=files,
        plot=plot,
    )


def _with_dashes(error: InvalidArgument) -> InvalidArgument:
    flags = (
        "steps",
        "noise_level_range",
        "begin_index",
        "shift",
        "dynamic_shift",
        "table",
        "variance",
        "detail_floor",
    )
    name = f"--{error.argument.replace('_', '-')}" if error.argument in flags else error.argument
    return InvalidArgument(name, error.value, error.allowed)


def _check(options: argparse.Namespace) -> None:
    refuse_data_beside_law(options)
    if options.validate and options.data is None:
        raise BadUsage("DATA is missing: --validate needs a data set")
    for flag in ("shift", "dynamic_shift"):
        if getattr(options, flag) is not None and options.target != "flow-match":
            raise InvalidArgument(
                f"--{flag.replace('_', '-')}", getattr(options, flag), "left out but for flow-match"
            )
    if options.shift is not None and options.dynamic_shift is not None:
        raise InvalidArgument("--dynamic-shift", options.dynamic_shift, "left out with --shift")
    if options.begin_index and options.target != "diffusers-euler":
        raise InvalidArgument("--begin-index", True, "left out but for diffusers-euler")
    if options.table is not None and options.target not in ("diffusers-euler", "ddpm-timesteps"):
        raise InvalidArgument("--table", options.table, "left out but for diffusers-euler and ddpm-timesteps")
    if options.target == "ddpm-timesteps" and options.table is None:
        raise BadUsage("--table is missing")
    if options.target == "flow-match" and options.steps == 1:
        raise InvalidArgument(
            "--steps", 1, "at least 2 for flow-match, whose first step begins at pure noise"
        )


def _table(text: str) -> Any:
    """Increasing noise levels by name, or of a file with decreasing alpha_bar or with increasing levels."""
    import numpy as np

    from ...files import read_array
    from ...schedules.theory.targets import TABLES, named_table

    if text in TABLES:
        return named_table(text)
    allowed = (
        "scaled-linear, linear, or a .npy file of decreasing alpha_bar in (0, 1) or increasing noise levels"
    )
    file = Path(text)
    if not file.is_file():
        raise InvalidArgument("--table", text, allowed)
    values = validation.array("--table", read_array("--table", file), ndim=1, above=0.0)
    if len(values) > 1 and (np.diff(values) > 0.0).all():
        return values
    if len(values) > 1 and (np.diff(values) < 0.0).all() and values[0] < 1.0:
        return np.sqrt((1.0 - values) / values)
    raise InvalidArgument("--table", text, allowed)
