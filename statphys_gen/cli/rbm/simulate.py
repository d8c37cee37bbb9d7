"""``statphys-gen rbm simulate``: finite networks by Monte Carlo, beside the theory."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from ...errors import StatphysError
from ..parsing import BadUsage, add_output_options, add_seed, add_threads, integer
from .options import add_model, add_point, chosen_model, early_checks, echo, ensemble_notes

if TYPE_CHECKING:
    from ...rbm.model import Model
    from ...rbm.simulation.measurement import Measurement

_STARTS = {"paramagnet": "random", "glass": "random", "retrieval": "pattern"}
_OBSERVABLES = (
    "overlap",
    "hidden_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
    "hidden_self_overlap",
    "interaction",
    "spin_glass_susceptibility",
)


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="order parameters of finite networks by Monte Carlo, beside the theory",
        description="Block Gibbs sampling of finite networks, with errors over disorder samples, beside the theory: in "
        "the ensemble\npatterns the finite-size corrected one of the same size, otherwise the limit. retrieval starts "
        "at a pattern,\nparamagnet and glass at random.",
    )
    add_point(parser, required=True)
    parser.add_argument(
        "--start", metavar="STATE", required=True, choices=tuple(_STARTS), help=", ".join(_STARTS)
    )
    add_model(parser)
    group = parser.add_argument_group("simulation")
    for flag, default, low, high, text in (
        ("--visible-units", 500, 2, 100_000, "visible units of the networks"),
        ("--samples", 8, 2, 100_000, "disorder samples"),
        ("--chains", 16, 4, 4096, "independent chains of each sample"),
        ("--sweeps", 200, 1, 10_000_000, "measured sweeps, after half as many before them"),
    ):
        group.add_argument(
            flag,
            metavar="K",
            type=integer(flag, low, high),
            default=default,
            help=f"{text} (default {default})",
        )
    add_seed(parser)
    add_threads(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    early_checks(options)
    if options.patterns == "diluted":
        raise BadUsage("--patterns = diluted: must be binary, sparse or gaussian in a finite network")
    from ...rbm.simulation.measurement import simulate
    from ..output import emit

    points = [(t, a) for t in options.temperature for a in options.load]
    records: list[dict[str, Any]] = []
    for temperature, load in points:
        model = chosen_model(options, temperature=temperature, load=load)
        measured = simulate(
            model,
            options.visible_units,
            options.samples,
            chains=options.chains,
            sweeps=options.sweeps,
            start=_STARTS[options.start],
            seed=options.seed,
            threads=options.threads,
        )
        records += _records(model, options, measured)
    parameters = echo(options) | {
        name: getattr(options, name)
        for name in ("load", "temperature", "start", "visible_units", "samples", "chains", "sweeps", "seed")
    }
    notes = ensemble_notes(options)
    notes += list(dict.fromkeys(f"no theory: {r['reason']}" for r in records if r.get("reason")))
    if not options.json:
        for record in records:
            record.pop("reason", None)
    return emit(options, "rbm simulate", parameters, records, notes=notes)


def _records(model: Model, options: argparse.Namespace, measured: Measurement) -> list[dict[str, Any]]:
    theory, refused, approximation = _theory(model, options)
    records = []
    for name in _OBSERVABLES:
        samples = measured.samples[name]
        # With several condensed patterns the overlaps are equal by symmetry.
        flat = samples.reshape(len(samples), -1).mean(axis=1)
        value = float(flat.mean())
        error = float(flat.std(ddof=1)) / math.sqrt(len(flat))
        predicted, reason = theory.get(name), refused or _MISSING.get(name, "")
        z = None if predicted is None or error == 0.0 else (value - predicted) / error
        records.append(
            {
                "temperature": model.temperature,
                "load": model.load,
                "observable": name,
                "value": value,
                "standard_error": error,
                "theory": predicted,
                "z": z,
                "approximation": approximation,
            }
            | ({"reason": reason} if predicted is None else {})
        )
    return records


_MISSING = {
    "interaction": "in the convention beta the priors depend on the temperature as well",
    "spin_glass_susceptibility": "the state is unstable against replica-symmetry breaking",
}


def _theory(model: Model, options: argparse.Namespace) -> tuple[dict[str, float], str, str]:
    """Predictions by observable, the reason where there are none, and how exact they are."""
    import numpy as np

    from ...approximation import approximation_of
    from ...rbm.theory.finite_size import solve_sizes
    from ...rbm.theory.replica_symmetric import solve

    corrected = model.ensemble == "patterns" and model.hidden.name != "spherical"
    size = options.size or options.visible_units
    function: Any = solve_sizes if corrected else solve
    approximation = str(approximation_of(function))
    try:
        with np.errstate(all="ignore"):
            found = solve_sizes(model, options.start, size) if corrected else solve(model, options.start)
        found.require()
    except StatphysError as error:
        return {}, str(error), approximation
    theory = {
        name: float(np.mean(found[name]))
        for name in _OBSERVABLES
        if name not in ("interaction", "spin_glass_susceptibility")
    }
    inverse = float(np.mean(found["inverse_spin_glass_susceptibility"]))
    if inverse > 0.0:
        theory["spin_glass_susceptibility"] = 1.0 / inverse
    if model.convention == "sqrt-beta":
        theory["interaction"] = -2.0 * model.inverse_temperature * float(np.mean(found["energy"]))
    return theory, "", approximation
