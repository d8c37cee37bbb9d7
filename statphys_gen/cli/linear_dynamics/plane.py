"""``statphys-gen linear-dynamics phase-diagram``: the plane of variance and width exponents."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, integer, number
from .options import add_dimension


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "phase-diagram",
        help="regimes and best test error over the exponents of variance and width",
        description="Weights of variance d^gs, width d^gw, and k signals of strength k^(-1/2): regime, lazy ratio, "
        "initial noise, best test\nerror and its scaled time T = d t. Below width d there is no wide limit, and no "
        "error.",
    )
    add_dimension(parser, required=True)
    parser.add_argument(
        "--rank", metavar="K", required=True, type=integer("--rank", 1, 10_000), help="number of signals"
    )
    for flag, text in (("--variance-exponent", "gs"), ("--width-exponent", "gw")):
        parser.add_argument(
            flag, metavar="G", nargs="+", required=True, type=number(flag, validation.finite), help=text
        )
    parser.add_argument(
        "--output", metavar="DIR", help="folder for phase_diagram.nc and phase_diagram.png of the whole plane"
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_phase_diagram)


def _phase_diagram(options: argparse.Namespace) -> int:
    if options.rank >= options.dimension:
        raise InvalidArgument("--rank", options.rank, f"below the dimension {options.dimension}")
    for exponent in options.width_exponent:
        if exponent < 0.0:
            raise InvalidArgument(
                "--width-exponent", exponent, "at least 0: the width d^exponent is at least 1"
            )
    folder = validation.writable_folder("--output", options.output) if options.output else None
    from ...linear_dynamics.model import Task
    from ...linear_dynamics.theory.phase_diagram import phase_diagram
    from ...solution import Status
    from ..output import emit

    data = phase_diagram(
        Task.equal(options.rank).signal_strengths,
        options.dimension,
        options.variance_exponent,
        options.width_exponent,
    )
    variables = ("regime", "lazy_ratio", "initial_noise", "threshold_over_bulk_edge")
    columns = (*variables, "test_error", "training_time", "residual", "error")
    records = []
    active = 0
    for i, gs in enumerate(options.variance_exponent):
        for j, gw in enumerate(options.width_exponent):
            record: dict[str, Any] = {"variance_exponent": gs, "width_exponent": gw}
            record |= {name: data[name][i, j].item() for name in columns}
            record["status"] = str(Status(int(data["status"][i, j])))
            record["approximation"] = data.attrs["approximation"]
            if record["threshold_over_bulk_edge"] < 1.0 and gw >= 1.0:
                record["approximation"] += "; not so here: at this dimension the bulk is not lazy"
                active += 1
            records.append(record)
    files: list[Path] = []
    if folder is not None:
        from ...linear_dynamics.plots import plot_phase_diagram

        files = [folder / "phase_diagram.nc", folder / "phase_diagram.png"]
        data.to_netcdf(files[0], engine="h5netcdf")
        plot_phase_diagram(data, files[1])
    keys = ("dimension", "rank", "variance_exponent", "width_exponent")
    parameters = {name: getattr(options, name) for name in keys}
    narrow = min(options.width_exponent) < 1.0
    notes = ["below width d (exponent 1) the wide limit is not defined"] if narrow else []
    if active:
        notes.append(
            f"at {active} point{'s' * (active > 1)} the threshold is below the largest singular value 2 sqrt(d) of the "
            "noise: the bulk is not lazy, and the test error not that of the limit; see best-error with --dimension"
        )
    return emit(options, "linear-dynamics phase-diagram", parameters, records, files=files, notes=notes)
