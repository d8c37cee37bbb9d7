"""``statphys-gen rbm``: restricted Boltzmann machines and Hopfield networks."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import validation
from . import rbm_simulate
from .parsing import BadUsage, add_output_options, integer, number
from .rbm_options import (
    add_model,
    add_point,
    add_units,
    chosen_model,
    chosen_prior,
    continuous,
    early_checks,
    echo,
    ensemble_notes,
    ensemble_of,
    hidden_parameters,
    unstable_note,
)

if TYPE_CHECKING:
    import xarray

    from ..rbm.model import Model
    from ..solution import Solution

STARTS = ("paramagnet", "glass", "retrieval")
# The states whose line it is; the first is the default.
_STATES_OF_LINE = {
    "glass": ("paramagnet",),
    "at": ("retrieval", "glass"),
    "spinodal": ("retrieval",),
    "first-order": ("retrieval",),
    "low-load": ("paramagnet",),
}
_SHOWN = (
    "temperature",
    "load",
    "overlap",
    "hidden_overlap",
    "edwards_anderson_overlap",
    "hidden_edwards_anderson_overlap",
    "free_entropy",
    "replicon",
    "dominant",
    "status",
)
_BOUNDED = (
    "bounded hidden units, one pattern per hidden unit, N -> infinity: one of them cannot carry a pattern; "
    "see --size, --pattern-field and --ensemble"
)


def register(systems: Any) -> None:
    system = systems.add_parser(
        "rbm",
        help="phase diagrams of restricted Boltzmann machines and Hopfield networks",
        description="Replica-symmetric states, lines and capacities of restricted Boltzmann machines with any prior "
        "of the hidden units.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    _register_solve(quantities)
    _register_line(quantities)
    _register_capacity(quantities)
    _register_phase_diagram(quantities)
    _register_place(quantities)
    rbm_simulate.register(quantities)


# ------------------------------------------------------------------------------------------------------- solve


def _register_solve(quantities: Any) -> None:
    parser = quantities.add_parser(
        "solve",
        help="order parameters, free entropy and stability of a state",
        description="Order parameters, free entropy and stability of a replica-symmetric state, and which state "
        "dominates.\nSeveral loads and temperatures make a grid.",
    )
    add_point(parser, required=True)
    parser.add_argument("--start", metavar="STATE", required=True, choices=STARTS, help=", ".join(STARTS))
    add_model(parser)
    add_output_options(parser)
    parser.set_defaults(run=_solve)


def _solve(options: argparse.Namespace) -> int:
    model = chosen_model(options, temperature=options.temperature[0], load=options.load[0])
    import numpy as np

    from ..rbm.replica_symmetric import compare, solve
    from ..solution import Status
    from .output import emit, plain

    grid: dict[str, Any] = {"temperature": np.repeat(options.temperature, len(options.load))}
    if len(set(options.load)) > 1:
        grid["load"] = np.tile(options.load, len(options.temperature))
    elif len(options.load) > 1:
        raise BadUsage("--load: must be different values")
    # Where numbers overflow the state is lost, and its status says so.
    with np.errstate(all="ignore"):
        compared = compare(model, **grid)
        found = compared.solutions.get(options.start) or solve(model, options.start, **grid)
    points = [(t, a) for t in options.temperature for a in options.load]
    records = []
    for k, ((temperature, load), fields) in enumerate(zip(points, found.records(), strict=True)):
        # A state that does not exist cannot dominate; one that was not found might.
        unknown = [
            name
            for name, other in compared.solutions.items()
            if other.status[k] in (Status.NOT_CONVERGED, Status.LEFT_DOMAIN)
        ]
        dominant = None if unknown else str(compared.dominant[k]) or None
        records.append({"temperature": temperature, "load": load} | fields | {"dominant": dominant})
    if options.size is not None:
        from ..approximation import approximation_of
        from ..rbm.finite_size import solve_sizes

        records = [record | {"approximation": str(approximation_of(solve_sizes))} for record in records]
    notes = ensemble_notes(options) + unstable_note(records)
    if options.start == "retrieval" and "retrieval" not in compared.solutions:
        notes.append(_BOUNDED)
    bad = {str(Status(int(code))): Status(int(code)).advice for code in found.status if code > 1}
    notes += [f"{name}: {advice}" for name, advice in bad.items()]
    if any(record["dominant"] is None for record in records):
        notes.append("dominant is undefined where another state was not found")
    parameters = echo(options) | {
        "load": options.load,
        "temperature": options.temperature,
        "start": options.start,
    }
    if not options.json:
        kept = (*_SHOWN, "residual", "error", "approximation")
        records = [{name: record.get(name) for name in kept} for record in records]

    def draw(path: Path) -> None:
        from ..rbm.plots import plot_states

        plot_states(options.start, plain(records), path)

    return emit(options, "rbm solve", parameters, records, notes=notes, plot=draw)


# -------------------------------------------------------------------------------------------------------- line


def _register_line(quantities: Any) -> None:
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
        help="interval in which it is sought",
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
    if name in ("noise", "spike") and ensemble != "low-rank":
        raise BadUsage(f"--solve-for = {name}: must be another parameter unless the ensemble is low-rank")
    if name == "layer-ratio" and ensemble in ("patterns", "low-rank"):
        raise BadUsage(f"--solve-for = layer-ratio: must be load in the ensemble {ensemble}")
    if name == "load" and ensemble == "repeated":
        raise BadUsage("--solve-for = load: must be another parameter in the ensemble repeated")
    if name == "size" and ensemble != "patterns":
        raise BadUsage("--solve-for = size: must be another parameter unless --ensemble is patterns")
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
    from .output import emit, plain

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
    if any(record["status"] == "no solution in the domain" for record in records):
        notes.append("no solution: there is no such line in the interval; see --between")
    if not options.json:
        shown = ("temperature", "load", "overlap", "edwards_anderson_overlap", "replicon", "status")
        kept = dict.fromkeys((name, *shown, "residual", "error", "approximation"))
        records = [{key: record[key] for key in kept if key in record} for record in records]

    def draw(path: Path) -> None:
        from ..rbm.plots import plot_line

        plot_line(name, plain(records), path)

    return emit(options, "rbm line", parameters, records, notes=notes, plot=draw)


def _solved_line(
    options: argparse.Namespace, model: Model, name: str, temperatures: list[float], loads: list[float]
) -> tuple[Solution, list[dict[str, float]]]:
    """The line as a flat batch, and load and temperature of every point."""
    import numpy as np

    from ..rbm.lines import at_line, condensation_line, first_order_line, glass_line, spinodal

    points = [{"temperature": t, "load": a} for t in temperatures for a in loads]
    # A parameter with one value belongs to the model, so that a load of 0 is one.
    batch: dict[str, Any] = {
        key: np.array([point[key] for point in points])
        for key, values in (("temperature", temperatures), ("load", loads))
        if len(values) > 1
    }
    if not batch:
        other = "load" if name == "temperature" and model.load > 0 else "temperature"
        if other != name and not (other == "load" and model.ensemble == "repeated"):
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


# ---------------------------------------------------------------------------------------------------- capacity


def _register_capacity(quantities: Any) -> None:
    parser = quantities.add_parser(
        "capacity",
        help="largest load with retrieval at zero temperature",
        description="The largest load with a retrieval state at T = 0, and the state there; convention beta unless "
        "given.\nWith --one-step also with one step of replica-symmetry breaking.",
    )
    add_model(parser, convention="beta")
    parser.add_argument(
        "--one-step",
        action="store_true",
        help="add a record with one step of replica-symmetry breaking (gaussian; binary in both layers)",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_capacity)


def _capacity(options: argparse.Namespace) -> int:
    early_checks(options)
    load = 0.0 if ensemble_of(options) == "repeated" else 0.1
    model = chosen_model(options, temperature=1.0, load=load)
    from ..approximation import approximation_of
    from ..rbm.zero_temperature import capacity, first_order_load
    from .output import emit

    state = capacity(model)
    first_order = None
    if model.ensemble == "patterns" and state.load > 0.0:
        first_order = first_order_load(model).load
    records: list[dict[str, Any]] = [
        {
            "load": state.load,
            "overlap": state.overlap,
            "energy": state.energy,
            "first_order_load": first_order,
            "at_temperature": state.at_temperature,
            "approximation": str(approximation_of(capacity)),
        }
    ]
    notes = ensemble_notes(options)
    if state.reason:
        notes.append(f"capacity 0: {state.reason}")
    if state.at_temperature > 0.0:
        notes.append(
            f"RS unstable at the capacity below the temperature {state.at_temperature:.4g} (leading order): replica "
            "symmetry is broken, the load is approximate"
        )
    if options.one_step:
        from ..rbm.one_step import one_step_capacity

        (broken,) = one_step_capacity(model).records()
        records.append({"load": broken.pop("load"), "overlap": broken.pop("overlap"), **broken})
    return emit(options, "rbm capacity", echo(options) | {"temperature": 0.0}, records, notes=notes)


# ----------------------------------------------------------------------------------------------- phase diagram


def _register_phase_diagram(quantities: Any) -> None:
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

    from ..rbm.phase_diagram import phase_diagram
    from .output import emit

    axes = {
        name: np.linspace(getattr(options, name)[0], getattr(options, name)[1], points)
        for name, points in zip(("temperature", "load"), options.points, strict=True)
    }
    with np.errstate(all="ignore"):
        dataset = phase_diagram(model, temperature=axes["temperature"], load=axes["load"])
    files = _written(dataset, folder)
    phase = dataset["phase"].values
    lines = ("glass", "condensation", "spinodal", "first_order")
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
    from ..rbm.plots import plot_phase_diagram
    from ..sweep import to_netcdf

    files = [folder / f"phase_diagram.{ending}" for ending in ("nc", "png", "pdf")]
    to_netcdf(dataset, files[0])
    plot_phase_diagram(dataset, *files[1:])
    return files


# ------------------------------------------------------------------------------------------------------- place


def _register_place(quantities: Any) -> None:
    parser = quantities.add_parser(
        "place",
        help="where a trained machine lies on the diagram of the low-rank ensemble",
        description="Noise level, spikes and layer ratio of trained couplings, and the phase of the low-rank ensemble "
        "with these.\nThe file holds W (visible, hidden) and optionally visible_bias and hidden_bias.",
    )
    parser.add_argument("weights", metavar="WEIGHTS.npz")
    parser.add_argument(
        "--margin",
        metavar="X",
        type=number("--margin", validation.positive),
        help="a singular value is a spike above the edge of the bulk by this relative amount (default 4 N^(-2/3))",
    )
    add_units(parser, hidden="binary")
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_place)


def _place(options: argparse.Namespace) -> int:
    hidden_parameters(options)
    path = validation.readable_file("WEIGHTS.npz", options.weights)
    import numpy as np

    from ..approximation import approximation_of
    from ..rbm.model import visible_prior
    from ..rbm.placement import phases, place, read_weights
    from .output import emit

    found = place(read_weights(path), margin=options.margin)
    laws = {"hidden": chosen_prior(options), "visible": visible_prior(options.visible)}
    with np.errstate(all="ignore"):
        compared = phases(found, **laws)
    states = {name: next(solution.records()) for name, solution in compared.solutions.items()}
    dominant = str(compared.dominant.reshape(-1)[0]) or None
    spikes = [
        {"strength": w, "visible_overlap_squared": u, "hidden_overlap_squared": v}
        for w, u, v in zip(found.spikes, found.visible_overlaps, found.hidden_overlaps, strict=True)
    ]
    record = {
        "layer_ratio": found.layer_ratio,
        "noise": found.noise,
        "bulk_edge": found.bulk_edge,
        "number_of_spikes": len(spikes),
        "largest_spike": found.spikes[0] if spikes else None,
        "spikes": spikes,
        "visible_field": found.visible_field,
        "hidden_field": found.hidden_field,
        "bulk_distance": found.bulk_distance,
        "bulk_limit": found.bulk_limit,
        "bulk_is_noise": found.bulk_is_noise,
        "dominant": dominant,
        "states": states,
        "status": "converged" if dominant else "not converged",
        "approximation": f"noise and spikes: {approximation_of(place)}; states: {approximation_of(phases)}",
    }
    notes = unstable_note([states[dominant]]) if dominant else []
    if not found.bulk_is_noise:
        notes.append(
            f"the bulk is not noise: distance {found.bulk_distance:.3g} from the Marchenko-Pastur law, limit "
            f"{found.bulk_limit:.3g}; noise too large, weak spikes hidden, the place is not to be trusted"
        )
    if found.hidden_field or (found.visible_field and options.visible != "zero-one"):
        notes.append("the biases are reported, but do not enter the phase")
    parameters = {
        "weights": str(path),
        "hidden": options.hidden,
        "hidden_parameter": hidden_parameters(options),
        "visible": options.visible,
        "margin": options.margin,
    }
    return emit(options, "rbm place", parameters, [record], notes=notes)
