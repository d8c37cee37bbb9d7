"""``statphys-gen rbm line``: a line of the phase diagram, in any parameter."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..parsing import BadUsage, add_output_options, number
from .options import (
    ENSEMBLES,
    STARTS,
    add_model,
    add_point,
    chosen_model,
    continuous,
    early_checks,
    echo,
    ensemble_notes,
    ensemble_of,
    having,
    unstable_note,
)

if TYPE_CHECKING:
    from ...rbm.model import Model
    from ...solution import Solution

# The states whose line it is; the first is the default.
_STATES_OF_LINE = {
    "glass": ("paramagnet",),
    "at": ("retrieval", "glass"),
    "spinodal": ("retrieval",),
    "first-order": ("retrieval",),
    "low-load": ("paramagnet",),
}


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "line",
        help="a line of the phase diagram, in any parameter",
        description="A line of the phase diagram, solved as what it is.\n\n"
        "  glass        the paramagnet becomes a spin glass (replicon 0)\n"
        "  at           de Almeida-Thouless line: replica symmetry breaks in a state (--start)\n"
        "  spinodal     the retrieval branch ends (fold)\n"
        "  first-order  retrieval and the state without it are equally likely\n"
        "  low-load     the paramagnet becomes unstable against an overlap (load 0, or a spike)",
    )
    parser.add_argument("line", metavar="LINE", choices=tuple(_STATES_OF_LINE))
    add_point(parser, required=False)
    parser.add_argument(
        "--solve-for",
        metavar="NAME",
        help="the unknown parameter (load or temperature, whichever is not given): any continuous parameter",
    )
    parser.add_argument(
        "--between",
        metavar=("LOW", "HIGH"),
        nargs=2,
        type=number("--between"),
        help="interval in which it is sought (default: temperature 1e-4 to 1e3 times the tail coefficient of the "
        "hidden units, load 1e-8 to 1e3, thresholds and fields -3 to 3; without it also colder, to 1e-6 times, "
        "at loads down to 1e-16, and for lines of the paramagnet up to 1e12)",
    )
    parser.add_argument(
        "--start",
        metavar="STATE",
        choices=STARTS,
        help="at: the state, retrieval or glass (default retrieval)",
    )
    parser.add_argument(
        "--lower-end", action="store_true", help="spinodal: the lower end of the branch, not the upper one"
    )
    add_model(parser)
    add_output_options(parser)
    parser.set_defaults(run=_line)


def _unknown(options: argparse.Namespace) -> str:
    """The parameter to solve for, checked against what is given; a load that must be 0 is set."""
    ensemble = ensemble_of(options)
    if options.load is None and (
        ensemble == "repeated" or (options.line == "low-load" and ensemble != "low-rank")
    ):
        options.load = [0.0]
    given = [name for name in ("temperature", "load") if getattr(options, name) is not None]
    if options.line == "low-load" and ensemble == "patterns" and any(options.load):
        shown = " ".join(f"{value:g}" for value in options.load)
        raise BadUsage(
            f"--load = {shown}: must be 0 on the line low-load: at finite load it is of first order"
        )
    name = options.solve_for
    if name is None:
        if len(given) == 2:
            raise BadUsage("--solve-for is missing: load and temperature are both known")
        if not given:
            raise BadUsage("--load is missing: it or --temperature is needed")
        return "load" if given == ["temperature"] else "temperature"
    name = str(name).replace("_", "-")
    if name not in continuous(options.hidden):
        raise BadUsage(
            f"--solve-for = {options.solve_for}: must be one of {', '.join(continuous(options.hidden))}"
        )
    if name in given:
        value = " ".join(f"{v:g}" for v in getattr(options, name))
        raise BadUsage(f"--{name} = {value}: must be left out with --solve-for {name}")
    for other in ("load", "temperature"):
        if other != name and other not in given:
            raise BadUsage(f"--{other} is missing: it is needed with --solve-for {name}")
    if name == "density" and options.patterns != "sparse":
        raise BadUsage("--solve-for = density: must be another parameter unless the patterns are sparse")
    if having(name) and name not in ENSEMBLES[ensemble]:
        raise BadUsage(
            f"--solve-for = {name}: must be another parameter unless the ensemble is {having(name)}"
        )
    if name == "load" and ensemble == "repeated":
        raise BadUsage("--solve-for = load: must be another parameter in the ensemble repeated")
    if name == "spike" and options.spike is not None:
        raise BadUsage("--spike: must be left out with --solve-for spike")
    return name


def _line(options: argparse.Namespace) -> int:
    early_checks(options)
    unknown = _unknown(options)
    states = _STATES_OF_LINE[options.line]
    if options.start not in (None, *states):
        raise BadUsage(
            f"--start = {options.start}: must be {' or '.join(states)} for the line {options.line}"
        )
    if options.lower_end and options.line != "spinodal":
        raise BadUsage("--lower-end: must be left out except for the spinodal")
    if options.between is not None and not options.between[0] < options.between[1]:
        low, high = options.between
        raise BadUsage(f"--between = {low:g} {high:g}: must be an increasing pair of numbers")
    if unknown == "spike":
        options.spike = [1.0]
    temperatures = options.temperature or [1.0]
    loads = options.load or [0.1]
    model = chosen_model(options, temperature=temperatures[0], load=loads[0])
    from ...presentation import plain
    from ..output import emit

    name = unknown.replace("-", "_")
    found, points = _solved_line(options, model, name, temperatures, loads)
    records = []
    for given, fields in zip(points, found.records(), strict=True):
        known = {key: value for key, value in given.items() if key != name}
        records.append({name: fields.pop(name)} | known | {"overlap": fields.pop("overlap", 0.0)} | fields)
        # A value that was given is known also where the line was not found.
        records[-1] |= known
        if records[-1]["status"] not in ("converged", "near-critical"):
            records[-1]["overlap"] = math.nan
    parameters = echo(options) | {"line": options.line, "solve_for": name, "between": options.between}
    parameters |= {key: getattr(options, key) for key in ("load", "temperature")}
    parameters |= {"start": options.start or states[0]} if options.line == "at" else {}
    notes = ensemble_notes(options)
    if options.line not in ("at", "glass"):
        notes += unstable_note(records)
    statuses = {record["status"] for record in records}
    if statuses - {"converged", "near-critical"}:
        from ...rbm.theory.line_points import whole_range

        low, high = options.between or whole_range(model, name, upwards=states == ("paramagnet",))
        interval = f"for {name} from {low:g} to {high:g}"
        if "no solution in the domain" in statuses:
            notes.append(f"no solution: there is no such line {interval}; see --between")
        if "not converged" in statuses:
            notes.append(
                f"not converged: no such line was found {interval} (--between), nor a reason why there is none"
            )
    if not options.json:
        shown = ("temperature", "load", "overlap", "edwards_anderson_overlap", "replicon", "status")
        kept = dict.fromkeys((name, *shown, "residual", "error", "approximation"))
        records = [{key: record[key] for key in kept if key in record} for record in records]

    def draw(path: Path) -> None:
        from ...rbm.plots import plot_line

        plot_line(name, plain(records), path)

    return emit(options, "rbm line", parameters, records, notes=notes, plot=draw)


def _solved_line(
    options: argparse.Namespace, model: Model, name: str, temperatures: list[float], loads: list[float]
) -> tuple[Solution, list[dict[str, float]]]:
    """The line as a flat batch, and load and temperature of every point."""
    import numpy as np

    from ...rbm.theory.lines import at_line, condensation_line, first_order_line, glass_line, spinodal

    points = [{"temperature": t, "load": a} for t in temperatures for a in loads]
    # A parameter with one value belongs to the model, so that a load of 0 is one.
    batch: dict[str, Any] = {
        key: np.array([point[key] for point in points])
        for key, values in (("temperature", temperatures), ("load", loads))
        if len(values) > 1
    }
    if not batch:
        other = "load" if name == "temperature" and model.load > 0 else "temperature"
        if other != name and (other != "load" or model.couplings.has_load):
            batch[other] = np.array([points[0][other]])
    common: dict[str, Any] = {"solve_for": name, "between": options.between and tuple(options.between)}
    with np.errstate(all="ignore"):
        if options.line == "at":
            found = at_line(model, options.start or "retrieval", **common, **batch)
        elif options.line == "spinodal":
            found = spinodal(model, upwards=not options.lower_end, **common, **batch)
        else:
            line = {"glass": glass_line, "first-order": first_order_line, "low-load": condensation_line}
            found = line[options.line](model, **common, **batch)
    return found, points
