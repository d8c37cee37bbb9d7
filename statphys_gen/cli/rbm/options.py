"""Options and models that the commands of ``statphys-gen rbm`` share, with the checks that take no array."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, Parser, between, integer, number

if TYPE_CHECKING:
    from ...rbm.model import Model
    from ...units.base import Prior

ENSEMBLES = ("patterns", "low-rank", "bidirectional", "repeated")
PATTERN_LAWS = ("binary", "sparse", "gaussian", "diluted")
VISIBLE = ("binary", "zero-one", "gaussian")
CONVENTIONS = ("sqrt-beta", "beta")
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
        value: Any = float(text)
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


def _inverse(name: str, value: Any) -> float:
    """The temperature that belongs to an inverse temperature."""
    return 1.0 / _thermal(name, value)


def _thermal(name: str, value: Any) -> float:
    return validation.inside(name, value, 1e-4, 1e4, closed=True)


def _load(name: str, value: Any) -> float:
    return validation.inside(name, value, 0.0, 1e4, closed=True)


def add_units(parser: Parser, *, hidden: str | None = None) -> None:
    """Laws of the units; ``hidden`` is the default, without which the option is required."""
    group = parser.add_argument_group("units")
    names = ", ".join(
        name + (f" ({', '.join(parameters)})" if parameters else "") for name, parameters in HIDDEN.items()
    )
    group.add_argument(
        "--hidden",
        metavar="NAME",
        required=hidden is None,
        default=hidden,
        choices=tuple(HIDDEN),
        help="prior of the hidden units, with its parameters: " + names,
    )
    group.add_argument(
        "--hidden-parameter",
        metavar="K=V",
        nargs="+",
        action="extend",
        help="parameters of the hidden prior, such as threshold=0.5 (default variance=1, threshold=0, inactive-cost=0, "
        "states=3, gaussian-weight=0.5)",
    )
    group.add_argument(
        "--visible",
        metavar="NAME",
        choices=VISIBLE,
        default="binary",
        help=", ".join(VISIBLE) + " (default binary)",
    )


def add_model(parser: Parser, *, convention: str | None = None) -> None:
    add_units(parser)
    group = parser.add_argument_group("couplings")
    group.add_argument(
        "--ensemble",
        metavar="NAME",
        choices=ENSEMBLES,
        help=", ".join(ENSEMBLES) + " (default patterns; bidirectional when both layers are binary)",
    )
    group.add_argument(
        "--patterns",
        metavar="LAW",
        choices=PATTERN_LAWS,
        default="binary",
        help=", ".join(PATTERN_LAWS) + " (default binary)",
    )
    group.add_argument(
        "--density",
        "-p",
        metavar="P",
        type=number("--density", _density),
        help="of sparse patterns: share of entries that are not 0 (default 1)",
    )
    group.add_argument(
        "--layer-ratio",
        metavar="R",
        type=number("--layer-ratio", validation.non_negative),
        help="hidden per visible units (default: the load; of bidirectional and repeated couplings 1)",
    )
    group.add_argument(
        "--noise",
        metavar="S",
        type=number("--noise", validation.non_negative),
        help="amplitude of the noise of low-rank couplings (default 1)",
    )
    group.add_argument(
        "--spike",
        metavar="W",
        nargs="+",
        type=number("--spike", validation.positive),
        help="strengths of the spikes of low-rank couplings",
    )
    group.add_argument(
        "--convention",
        metavar="NAME",
        choices=CONVENTIONS,
        required=convention is None,
        default=convention,
        help="sqrt-beta: coupling sqrt(beta), priors independent of the temperature; beta: coupling beta, priors "
        "exp(-beta U)" + ("" if convention is None else f" (default {convention})"),
    )
    _add_state(parser)


def _density(name: str, value: Any) -> float:
    allowed = "a number above 0, at most 1"
    density = validation.finite(name, value, allowed)
    if not 0.0 < density <= 1.0:
        raise InvalidArgument(name, value, allowed)
    return density


def _add_state(parser: Parser) -> None:
    group = parser.add_argument_group("fields, condensed patterns and size")
    group.add_argument(
        "--condensed",
        "-L",
        metavar="L",
        type=number("--condensed", between(0.0, 1000.0, closed=True)),
        default=1.0,
        help="number of patterns that share the overlap; of diluted patterns their mean number on a unit, and the "
        "overlap is divided by the density (default 1)",
    )
    group.add_argument(
        "--pattern-field",
        metavar="F",
        type=number("--pattern-field"),
        default=0.0,
        help="field along the first pattern; times beta in the convention beta (default 0)",
    )
    group.add_argument(
        "--visible-field",
        metavar="F",
        type=number("--visible-field"),
        default=0.0,
        help="uniform field on the visible units; times beta in the convention beta (default 0)",
    )
    group.add_argument(
        "--size",
        "-N",
        metavar="N",
        type=integer("--size", 1),
        help="visible units of the finite-size corrected theory (default: infinitely many)",
    )


def add_point(parser: Parser, *, required: bool) -> None:
    """Load and temperature, one or several values of each."""
    group = parser.add_argument_group("point")
    group.add_argument(
        "--load",
        "--alpha",
        metavar="A",
        nargs="+",
        required=required,
        type=number("--load", _load),
        help="patterns per visible unit; of low-rank couplings hidden per visible units",
    )
    both = group.add_mutually_exclusive_group(required=required)
    both.add_argument(
        "--temperature",
        "-T",
        metavar="T",
        nargs="+",
        type=number("--temperature", _thermal),
        help="temperature, from 1e-4 to 1e4",
    )
    both.add_argument(
        "--beta",
        metavar="B",
        nargs="+",
        dest="temperature",
        type=number("--beta", _inverse),
        help="inverse temperature",
    )


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


def early_checks(options: argparse.Namespace) -> None:
    """What contradicts itself is refused before numpy is loaded."""
    hidden_parameters(options)
    ensemble = ensemble_of(options)
    if options.convention == "beta" and options.hidden == "mixture":
        raise BadUsage("--convention = beta: must be sqrt-beta for the prior mixture, which has no energy")
    if options.density is not None and options.patterns != "sparse":
        raise BadUsage(f"--density = {options.density:g}: must be left out unless the patterns are sparse")
    for name in ("noise", "spike"):
        value = getattr(options, name)
        if value is not None and ensemble != "low-rank":
            shown = " ".join(f"{v:g}" for v in value) if isinstance(value, list) else f"{value:g}"
            raise BadUsage(f"--{name} = {shown}: must be left out unless the ensemble is low-rank")
    if options.layer_ratio is not None and ensemble in ("patterns", "low-rank"):
        raise BadUsage(
            f"--layer-ratio = {options.layer_ratio:g}: must be left out in the ensemble {ensemble}: it is the load"
        )
    if options.size is not None and ensemble != "patterns":
        raise BadUsage(f"--size = {options.size}: must be left out unless --ensemble is patterns")
    if options.size is not None and options.hidden == "spherical":
        raise BadUsage(f"--size = {options.size}: must be left out for the prior spherical")
    if options.patterns == "diluted":
        if ensemble != "patterns":
            raise BadUsage(f"--ensemble = {ensemble}: must be patterns when the patterns are diluted")
        if options.condensed == 0.0:
            raise BadUsage("--condensed = 0: must be above 0 when the patterns are diluted")
    elif not options.condensed.is_integer():
        raise BadUsage(f"--condensed = {options.condensed:g}: must be an integer unless patterns are diluted")
    if options.pattern_field and (options.condensed != 1.0 or options.patterns == "diluted"):
        raise BadUsage(f"--pattern-field = {options.pattern_field:g}: must be 0 unless --condensed is 1")
    load = getattr(options, "load", None)
    if ensemble == "repeated" and load and any(load):
        raise BadUsage(f"--load = {load[0]:g}: must be 0 in the ensemble repeated (finitely many patterns)")


def chosen_prior(options: argparse.Namespace) -> Prior:
    from ...units.named import prior

    return prior(options.hidden, **hidden_parameters(options))


def chosen_model(options: argparse.Namespace, *, temperature: float, load: float) -> Model:
    """The model of the options, at one point."""
    early_checks(options)
    from ...rbm.model import Model, Patterns, visible_prior

    density = 1.0 if options.density is None else options.density
    return Model(
        chosen_prior(options),
        temperature,
        load,
        convention=options.convention,
        visible=visible_prior(options.visible),
        patterns=Patterns(options.patterns, density),
        ensemble=ensemble_of(options),
        layer_ratio=options.layer_ratio,
        noise=1.0 if options.noise is None else options.noise,
        spikes=tuple(options.spike or ()),
        visible_field=options.visible_field,
        pattern_field=options.pattern_field,
        condensed=options.condensed if options.patterns == "diluted" else int(options.condensed),
        size=options.size,
    )


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
        "condensed": options.condensed if options.patterns == "diluted" else int(options.condensed),
        "pattern_field": options.pattern_field,
        "visible_field": options.visible_field,
        "size": options.size,
    }
    if ensemble == "low-rank":
        noise = 1.0 if options.noise is None else options.noise
        parameters |= {"noise": noise, "spike": options.spike or []}
    elif ensemble != "patterns":
        parameters["layer_ratio"] = 1.0 if options.layer_ratio is None else options.layer_ratio
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
