"""``statphys-gen memorization``: does a generator copy its training set?"""

from __future__ import annotations

from typing import Any

from . import laws, looks, reports


def register(systems: Any) -> None:
    system = systems.add_parser(
        "memorization",
        help="does a generator copy: a verdict with an error rate, from arrays",
        description="Reports on a generator from arrays of generated, training and held-out points, whatever the "
        "generator is; when in training\ncopies set in; what a denoiser is near to.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    for module in (reports, laws, looks):
        module.register(quantities)
