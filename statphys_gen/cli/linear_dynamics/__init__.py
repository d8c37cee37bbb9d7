"""``statphys-gen linear-dynamics``: two-layer linear networks between lazy and active training."""

from __future__ import annotations

from typing import Any

from . import errors, plane, simulate, single, weights


def register(systems: Any) -> None:
    system = systems.add_parser(
        "linear-dynamics",
        help="two-layer linear networks: lazy, mixed and active training",
        description="How a network A = W2 W1 of given width and initial variance learns a noisy low-rank target: which "
        "directions\nlazily, which actively, with which errors, and when to stop.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    for module in (single, weights, errors, plane, simulate):
        module.register(quantities)
