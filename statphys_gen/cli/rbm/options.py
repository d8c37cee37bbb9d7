"""Options and models that the commands of ``statphys-gen rbm`` share, with the checks that take no array."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ...files import number as read_number
from ...rbm.couplings.rules import CONVENTIONS, LAWS, checked_condensed, checked_law, refuse_contradictions
from ..parsing import BadUsage, Parser, between, integer, number

if TYPE_CHECKING:
    from ...rbm.model import Model
    from ...units.base import Prior

# The ensembles of couplings, and the parameters that each has besides the law of the patterns.
ENSEMBLES: dict[str, tuple[str, ...]] = {
    "patterns": ("size",),
    "low-rank": ("noise", "spike"),
    "bidirectional": ("layer-ratio",),
    "repeated": ("layer-ratio",),
}
VISIBLE = ("binary", "zero-one", "gaussian")
STARTS = ("paramagnet", "glass", "retrieval")
# Continuous parameters of a model, besides those of the hidden prior.
_CONTINUOUS = (
    "temperature",
    "load",
    "layer-ratio",
    "noise",
    "spike",
    "visible-field",
    "pattern-field",
    "density",
    "size",
)


def _states(name: str, text: str) -> Any:
    """A number of states, or their values."""
    if "," in text:
        return _numbers(name, text)
    return _parsed(name, text, lambda key, value: validation.integer(key, value, 2, 100_000))


def _numbers(name: str, text: str) -> list[float]:
    return [_parsed(name, word, validation.finite) for word in text.split(",")]


def _real(check: Callable[[str, Any], Any]) -> Callable[[str, str], Any]:
    return lambda name, text: _parsed(name, text, check)


def _parsed(name: str, text: str, check: Callable[[str, Any], Any]) -> Any:
    try:
        value: Any = read_number(text)
    except ValueError:
        value = text
    else:
        value = int(value) if value.is_integer() and check is not validation.finite else value
    return check(name, value)


# Named here so that a wrong one is refused before the priors are loaded.
HIDDEN: dict[str, dict[str, Callable[[str, str], Any]]] = {
    "gaussian": {"variance": _real(validation.positive)},
    "binary": {},
    "zero-one": {"threshold": _real(validation.finite)},
    "ternary": {"inactive-cost": _real(validation.finite)},
    "q-state": {"states": _states, "weights": _numbers},
    "relu": {"threshold": _real(validation.finite)},
    "soft-threshold": {"threshold": _real(validation.finite)},
    "mixture": {"gaussian-weight": _real(between(0.0, 1.0, closed=True))},
    "spherical": {},
}


# From the lowest to the highest temperature.
THERMAL = (1e-4, 1e4)


def _inverse(name: str, value: Any) -> float:
    """The temperature that belongs to an inverse temperature."""
    return 1.0 / validation.inside(name, value, *THERMAL, closed=True)


def _add(group: Any, flags: str, metavar: str, convert: Any, text: str, **more: Any) -> None:
    """An option whose value is a number that passes a check, or is converted by its own function."""
    names = flags.split()
    group.add_argument(*names, metavar=metavar, type=number(names[0], convert), help=text, **more)


def _choose(group: Any, flag: str, metavar: str, names: Any, text: str, **more: Any) -> None:
    """An option whose value is one of some names."""
    group.add_argument(flag, metavar=metavar, choices=tuple(names), help=text, **more)


def add_units(parser: Parser, *, hidden: str | None = None) -> None:
    """Laws of the units; ``hidden`` is the default, without which the option is required."""
    group = parser.add_argument_group("units")
    text = ", ".join(name + (f" ({', '.join(own)})" if own else "") for name, own in HIDDEN.items())
    text = f"prior of the hidden units, with its parameters: {text}"
    _choose(group, "--hidden", "NAME", HIDDEN, text, required=hidden is None, default=hidden)
    text = "parameters of the hidden prior, such as threshold=0.5 (default variance=1, threshold=0, inactive-cost=0, "
    text += "states=3, gaussian-weight=0.5)"
    group.add_argument("--hidden-parameter", metavar="K=V", nargs="+", action="extend", help=text)
    text = ", ".join(VISIBLE) + " (default binary)"
    _choose(group, "--visible", "NAME", VISIBLE, text, default="binary")


def add_model(parser: Parser, *, convention: str | None = None) -> None:
    add_units(parser)
    group = parser.add_argument_group("couplings")
    text = ", ".join(ENSEMBLES) + " (default patterns; bidirectional when both layers are binary)"
    _choose(group, "--ensemble", "NAME", ENSEMBLES, text)
    _choose(group, "--patterns", "LAW", LAWS, ", ".join(LAWS) + " (default binary)", default="binary")
    text = "of sparse patterns: share of entries that are not 0 (default 1)"
    _add(group, "--density -p", "P", lambda _, value: checked_law("sparse", value, False), text)
    text = "hidden per visible units (default: the load; of bidirectional and repeated couplings 1)"
    _add(group, "--layer-ratio", "R", validation.positive, text)
    text = "amplitude of the noise of low-rank couplings (default 1)"
    _add(group, "--noise", "S", validation.non_negative, text)
    text = "strengths of the spikes of low-rank couplings"
    _add(group, "--spike", "W", validation.positive, text, nargs="+")
    text = (
        "sqrt-beta: coupling sqrt(beta), priors independent of the temperature; beta: coupling beta, priors "
    )
    text += "exp(-beta U)" + ("" if convention is None else f" (default {convention})")
    given: dict[str, Any] = {"required": convention is None, "default": convention}
    _choose(group, "--convention", "NAME", CONVENTIONS, text, **given)

    group = parser.add_argument_group("fields, condensed patterns and size")
    text = (
        "number of patterns that share the overlap; of diluted patterns their mean number on a unit, and the "
    )
    text += "overlap is divided by the density (default 1)"
    _add(group, "--condensed -L", "L", between(0.0, 1000.0, closed=True), text, default=1.0)
    for flag, what in (
        ("--pattern-field", "field along the first pattern"),
        ("--visible-field", "uniform field on the visible units"),
    ):
        text = f"{what}; times beta in the convention beta (default 0)"
        _add(group, flag, "F", validation.finite, text, default=0.0)
    text = "visible units of the finite-size corrected theory (default: infinitely many)"
    group.add_argument("--size", "-N", metavar="N", type=integer("--size", 1), help=text)


def add_point(parser: Parser, *, required: bool) -> None:
    """Load and temperature, one or several values of each."""
    several: dict[str, Any] = {"nargs": "+"}
    group = parser.add_argument_group("point")
    text = "patterns per visible unit; of low-rank couplings hidden per visible units"
    _add(group, "--load --alpha", "A", between(0.0, 1e4, closed=True), text, required=required, **several)
    both = group.add_mutually_exclusive_group(required=required)
    _add(
        both,
        "--temperature -T",
        "T",
        between(*THERMAL, closed=True),
        "temperature, from 1e-4 to 1e4",
        **several,
    )
    _add(both, "--beta", "B", _inverse, "inverse temperature", dest="temperature", **several)


def continuous(hidden: str) -> tuple[str, ...]:
    """Names of the parameters that a line may be solved for."""
    own = () if hidden == "q-state" else tuple(HIDDEN[hidden])
    return (*_CONTINUOUS, *own)


def hidden_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """The checked parameters of the hidden prior."""
    allowed = HIDDEN[options.hidden]
    given: dict[str, Any] = {}
    for text in options.hidden_parameter or ():
        key, equals, value = text.partition("=")
        key = key.replace("_", "-")
        if not equals or key not in allowed or key in given:
            listed = " or ".join(f"{name}=NUMBER" for name in allowed) or "left out: there is no parameter"
            once = ", each once" if key in given else ""
            raise BadUsage(
                f"--hidden-parameter = {text}: must be {listed}{once} for the prior {options.hidden}"
            )
        try:
            given[key] = allowed[key](key, value)
        except InvalidArgument as error:
            raise BadUsage(f"--hidden-parameter = {text}: {key} must be {error.allowed}") from None
    return given


def ensemble_of(options: argparse.Namespace) -> str:
    if options.ensemble is not None:
        return str(options.ensemble)
    return "bidirectional" if options.hidden == options.visible == "binary" else "patterns"


def chosen_condensed(options: argparse.Namespace) -> float:
    return checked_condensed(options.condensed, options.patterns)


def early_checks(options: argparse.Namespace) -> None:
    """What contradicts itself is refused before numpy is loaded."""
    hidden_parameters(options)
    ensemble = ensemble_of(options)
    for flag in dict.fromkeys(flag for flags in ENSEMBLES.values() for flag in flags):
        value = getattr(options, flag.replace("-", "_"))
        if value is not None and flag not in ENSEMBLES[ensemble]:
            raise BadUsage(
                f"--{flag} = {_shown(value)}: must be left out unless the ensemble is {having(flag)}"
            )
    loads = getattr(options, "load", None) or [0.0]
    try:
        checked_law(
            options.patterns, 1.0 if options.density is None else options.density, ensemble != "patterns"
        )
        single = chosen_condensed(options) == 1 and options.patterns != "diluted"
        if ensemble == "low-rank":
            single = bool(options.condensed and options.spike)
        for load in loads:
            refuse_contradictions(
                hidden=options.hidden,
                convention=options.convention,
                load=load,
                has_load=ensemble != "repeated",
                corrected=options.size is not None,
                pattern_field=options.pattern_field,
                single=single,
            )
    except InvalidArgument as error:
        flag = {"law": "patterns"}.get(error.argument, error.argument).replace("_", "-")
        shown = _shown(getattr(options, flag.replace("-", "_")) if flag != "load" else error.value)
        raise BadUsage(f"--{flag} = {shown}: must be {error.allowed}") from None


def having(flag: str) -> str:
    """The ensembles that have this parameter."""
    return " or ".join(name for name, flags in ENSEMBLES.items() if flag in flags)


def _shown(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return " ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)


def chosen_prior(options: argparse.Namespace) -> Prior:
    from ...units.named import prior

    return prior(options.hidden, **hidden_parameters(options))


def chosen_model(options: argparse.Namespace, *, temperature: float, load: float) -> Model:
    """The model of the options, at one point."""
    early_checks(options)
    from ...rbm.couplings.low_rank import LowRank
    from ...rbm.couplings.pairs import Bidirectional, Repeated
    from ...rbm.couplings.patterns import Patterns
    from ...rbm.model import Model, visible_prior

    kinds = {kind.name: kind for kind in (Patterns, LowRank, Bidirectional, Repeated)}
    return Model(
        chosen_prior(options),
        temperature,
        load,
        convention=options.convention,
        visible=visible_prior(options.visible),
        couplings=kinds[ensemble_of(options)](**_couplings(options)),
        visible_field=options.visible_field,
        pattern_field=options.pattern_field,
        condensed=chosen_condensed(options),
    )


def _couplings(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters of the couplings that were given."""
    given = {
        "law": options.patterns,
        "density": options.density,
        "size": options.size,
        "noise": options.noise,
        "spikes": options.spike,
        "layer_ratio": options.layer_ratio,
    }
    return {name: value for name, value in given.items() if value is not None}


def echo(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters of the model, as they were understood."""
    ensemble = ensemble_of(options)
    parameters: dict[str, Any] = {
        "hidden": options.hidden,
        "hidden_parameter": hidden_parameters(options),
        "visible": options.visible,
        "patterns": options.patterns,
        "density": 1.0 if options.density is None else options.density,
        "ensemble": ensemble,
        "convention": options.convention,
        "condensed": chosen_condensed(options),
        "pattern_field": options.pattern_field,
        "visible_field": options.visible_field,
        "size": options.size,
    }
    defaults = {"noise": 1.0, "spike": [], "layer-ratio": 1.0}
    for flag in ENSEMBLES[ensemble]:
        if flag in defaults:
            name = flag.replace("-", "_")
            value = getattr(options, name)
            parameters[name] = defaults[flag] if value is None else value
    return parameters


def ensemble_notes(options: argparse.Namespace) -> list[str]:
    """What a default chose."""
    if options.ensemble is None and ensemble_of(options) == "bidirectional":
        return ["both layers are binary: ensemble bidirectional; --ensemble patterns for one pattern a unit"]
    return []


def unstable_note(records: list[dict[str, Any]]) -> list[str]:
    """A note where replica symmetry is broken."""
    values = [r["replicon"] for r in records if r.get("replicon") is not None and r["replicon"] <= 0.0]
    if not values:
        return []
    where = "" if len(records) == 1 else f" in {len(values)} of {len(records)} records"
    return [
        f"RS unstable{where} (replicon down to {min(values):.4g}): replica symmetry is broken, the values are "
        "approximate"
    ]
