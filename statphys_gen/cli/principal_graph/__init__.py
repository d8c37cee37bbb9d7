"""``statphys-gen principal-graph``: mixtures that are cooled, and principal graphs of points."""

from __future__ import annotations

from typing import Any

from . import clusters, graphs, states


def register(systems: Any) -> None:
    system = systems.add_parser(
        "principal-graph",
        help="cooled mixtures, their cascade of transitions, and principal graphs of points",
        description="When a mixture that is cooled splits, exactly, and which splits are noise; and smooth skeletons "
        "of noisy points, with\nwidths, outliers, cycles and error bars.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    for module in (states, clusters, graphs):
        module.register(quantities)
