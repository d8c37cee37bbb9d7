"""The options that say what covariance the data have, the same for every system: a law, or a file of eigenvalues."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from ..files import number as read_number

if TYPE_CHECKING:
    from ..data.covariance import Covariance

_ALLOWED = (
    "value:weight,value:weight,... (weights that sum to 1), or marchenko-pastur:RATIO, or power-law:EXPONENT"
)


def add_covariance(parser: Any) -> None:
    """``--covariance`` and ``--eigenvalues``, of which one at most can be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--covariance", metavar="SPECTRUM", type=_checked, help=_ALLOWED)
    group.add_argument("--eigenvalues", metavar="FILE", help="one-dimensional .npy file of all d eigenvalues")


def _checked(text: str) -> str:
    """The value of --covariance, checked as far as that takes no array."""
    kind, _, rest = text.partition(":")
    try:
        if kind in ("marchenko-pastur", "power-law"):
            good = math.isfinite(read_number(rest)) and read_number(rest) > 0
        else:
            pairs = [entry.split(":") for entry in text.split(",")]
            values = [read_number(pair[0]) for pair in pairs]
            weights = [read_number(pair[1]) if len(pair) > 1 else 1.0 for pair in pairs]
            good = all(len(pair) <= 2 for pair in pairs) and all(0 <= v < math.inf for v in values)
            good = good and max(values) > 0 and all(0 < w < math.inf for w in weights)
            good = good and abs(sum(weights) - 1.0) <= 1e-9
    except ValueError:
        good = False
    if not good:
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise argparse.ArgumentTypeError(f"--covariance = {shown}: must be {_ALLOWED}")
    return text


def chosen_covariance(options: argparse.Namespace) -> Covariance:
    """What the options say; the identity where they say nothing."""
    from ..data.covariance import Covariance

    if options.eigenvalues is not None:
        return Covariance.from_file(options.eigenvalues)
    if options.covariance is None:
        return Covariance.isotropic()
    kind, _, rest = options.covariance.partition(":")
    if kind == "marchenko-pastur":
        return Covariance.marchenko_pastur(read_number(rest))
    if kind == "power-law":
        return Covariance.power_law(read_number(rest))
    return Covariance.parse(options.covariance)
