"""What contradicts itself in a model: every rule between its parameters, in plain values, so that the command line can
refuse before anything heavy is loaded."""

from __future__ import annotations

from typing import Any

from ... import validation
from ...errors import InvalidArgument

LAWS = ("binary", "sparse", "gaussian", "diluted")
CONVENTIONS = ("sqrt-beta", "beta")
# Priors without an energy, which the convention "beta" would multiply.
_WITHOUT_ENERGY = ("mixture", "from-log-moments")


def checked_law(law: str, density: Any, carried_by_layer: bool) -> float:
    """The density of the entries of patterns."""
    validation.choice("law", law, LAWS)
    allowed = "a number above 0, at most 1"
    number = validation.finite("density", density, allowed)
    if not 0.0 < number <= 1.0:
        raise InvalidArgument("density", density, allowed)
    if law != "sparse" and number != 1.0:
        raise InvalidArgument("density", density, "left out unless the patterns are sparse")
    if law == "diluted" and carried_by_layer:
        raise InvalidArgument("law", law, "another law unless each pattern has its own hidden unit")
    return number


def checked_condensed(condensed: Any, law: str) -> float:
    """Number of condensed patterns; of diluted ones their mean number on a unit."""
    if law == "diluted":
        return validation.inside("condensed", condensed, 0.0, 1000.0)
    if isinstance(condensed, float) and condensed.is_integer():
        condensed = int(condensed)
    return validation.integer("condensed", condensed, minimum=0, maximum=1000)


def refuse_contradictions(
    *,
    hidden: str,
    convention: str,
    load: float,
    has_load: bool,
    corrected: bool,
    pattern_field: float,
    single: bool,
) -> None:
    """Refuse what no theory and no simulation could make sense of.

    ``has_load``: whether the couplings have extensively many patterns; ``corrected``: whether a finite size is given;
    ``single``: whether the first group of condensed patterns is one pattern.
    """
    validation.choice("convention", convention, CONVENTIONS)
    if convention == "beta" and hidden in _WITHOUT_ENERGY:
        raise InvalidArgument(
            "convention", convention, f"sqrt-beta for the prior {hidden}, which has no energy"
        )
    if load and not has_load:
        raise InvalidArgument("load", load, "0 for repeated couplings (finitely many patterns)")
    if corrected and hidden == "spherical":
        raise InvalidArgument("size", "given", "left out for the prior spherical")
    if pattern_field and not single:
        raise InvalidArgument("pattern_field", pattern_field, "0 unless one pattern is condensed")
