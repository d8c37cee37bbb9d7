"""``statphys-gen rbm phase-diagram``: the plane of temperature and load, a data set and a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import validation
from ..parsing import BadUsage, add_output_options, integer, number
from .options import add_model, chosen_model, early_checks, echo, ensemble_notes, ensemble_of

if TYPE_CHECKING:
    import xarray


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "phase-diagram",
        help="dominant phases over temperature and load: a data set and a picture",
        description="Dominant phases, metastable retrieval and lines over the plane of temperature and load, written "
        "as\nphase_diagram.nc, .png and .pdf.",
    )
    parser.add_argument(
        "--output", metavar="DIR", required=True, help="folder for the data set and its picture"
    )
    group = parser.add_argument_group("plane")
    for flag, symbol, low, high in (("--temperature", "-T", 0.05, 1.5), ("--load", "--alpha", 0.005, 0.25)):
        group.add_argument(
            flag,
            symbol,
            metavar=("LOW", "HIGH"),
            nargs=2,
            type=number(flag, lambda name, value: validation.inside(name, value, 1e-4, 1e4, closed=True)),
            default=[low, high],
            help=f"range (default {low:g} to {high:g})",
        )
    group.add_argument(
        "--points",
        metavar="K",
        nargs=2,
        type=integer("--points", 2, 2000),
        default=[60, 60],
        help="numbers of temperatures and loads (default 60 60)",
    )
    add_model(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_phase_diagram)


def _phase_diagram(options: argparse.Namespace) -> int:
    if ensemble_of(options) == "repeated":
        raise BadUsage("--ensemble = repeated: must be one with a load (finitely many patterns have none)")
    early_checks(options)
    for flag in ("temperature", "load"):
        low, high = getattr(options, flag)
        if not low < high:
            raise BadUsage(f"--{flag} = {low:g} {high:g}: must be an increasing pair of numbers")
    folder = validation.writable_folder("--output", options.output)
    model = chosen_model(options, temperature=options.temperature[0], load=options.load[0])
    import numpy as np

    from ...rbm.theory.phase_diagram import phase_diagram
    from ..output import emit

    axes = {
        name: np.linspace(getattr(options, name)[0], getattr(options, name)[1], points)
        for name, points in zip(("temperature", "load"), options.points, strict=True)
    }
    with np.errstate(all="ignore"):
        dataset = phase_diagram(model, temperature=axes["temperature"], load=axes["load"])
    files = _written(dataset, folder)
    phase = dataset["phase"].values
    lines = ("glass", "condensation", "spinodal", "first_order", "at")
    records = []
    for k, t in enumerate(axes["temperature"]):
        row = {f"{name}_load": dataset[f"{name}_load"] for name in lines if f"{name}_load" in dataset}
        worst = {
            name: max(
                [float(np.nanmax(dataset[name].values[k], initial=0.0))]
                + [
                    float(dataset[f"{line}_line_{name}"].values[k])
                    for line in lines
                    if _line_found(dataset, line, k)
                ]
            )
            for name in ("residual", "error")
        }
        records.append(
            {"temperature": float(t)}
            | {name: float(values.values[k]) for name, values in row.items()}
            | {"status": "not converged" if (phase[k] == 0).any() else "converged"}
            | worst
            | {"approximation": dataset.attrs["approximation"]}
        )
    notes = ensemble_notes(options)
    missing = int((phase == 0).sum())
    if missing:
        notes.append(f"no state was found at {missing} of {phase.size} points of the plane")
    unstable = int((dataset["replicon"].values < 0).sum())
    if unstable:
        notes.append(
            f"RS unstable at {unstable} of {phase.size} points: replica symmetry is broken, values are approximate"
        )
    parameters = echo(options) | {name: getattr(options, name) for name in ("temperature", "load", "points")}
    return emit(options, "rbm phase-diagram", parameters, records, notes=notes, files=files)


def _line_found(dataset: xarray.Dataset, line: str, k: int) -> bool:
    """Whether a line was found at the k-th temperature."""
    name = f"{line}_load"
    return name in dataset and bool(dataset[name].values[k] == dataset[name].values[k])


def _written(dataset: xarray.Dataset, folder: Path) -> list[Path]:
    """Data set and picture; the names of the files."""
    from ...rbm.plots import plot_phase_diagram
    from ...sweep.dataset import to_netcdf

    files = [folder / f"phase_diagram.{ending}" for ending in ("nc", "png", "pdf")]
    to_netcdf(dataset, files[0])
    plot_phase_diagram(dataset, *files[1:])
    return files
