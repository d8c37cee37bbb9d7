"""``statphys-gen score-matching``: score networks on the line, memorization and large learning rates."""

from __future__ import annotations

from typing import Any

from . import networks, scores


def register(systems: Any) -> None:
    system = systems.add_parser(
        "score-matching",
        help="two-layer score networks on the line: irregularity, sharpness, large learning rates",
        description="The empirical optimal score of noised points on the line, how irregular it is, and which learning "
        "rates two-layer\nReLU networks survive at a minimum of the risk.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    for module in (scores, networks):
        module.register(quantities)
