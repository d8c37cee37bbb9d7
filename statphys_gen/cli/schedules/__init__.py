"""``statphys-gen schedules``: errors of noise schedules, and step grids for samplers."""

from __future__ import annotations

from typing import Any

from . import autoencoder, design, evaluate, limits, simulate


def register(systems: Any) -> None:
    system = systems.add_parser(
        "schedules",
        help="noise schedules of the probability flow: exact errors, windows, step grids from data",
        description="What a schedule with few steps loses: the weight of the classes, which is decided at large noise, "
        "and the details within them,\nat small noise. Exact errors of any grid, limits of large dimension, and grids "
        "designed for a data set.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    for module in (evaluate, limits, autoencoder, design, simulate):
        module.register(quantities)
