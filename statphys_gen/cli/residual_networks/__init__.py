"""``statphys-gen residual-networks``: trained residual networks and their limit of infinite depth."""

from __future__ import annotations

from typing import Any

from . import solvable, training


def register(systems: Any) -> None:
    system = systems.add_parser(
        "residual-networks",
        help="residual networks with scaling 1/depth, and their limit of infinite depth",
        description="Whether trained weights of residual networks become a smooth function of depth, and how fast.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    for module in (training, solvable):
        module.register(quantities)
