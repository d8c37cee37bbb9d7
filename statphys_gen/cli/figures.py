"""``statphys-gen figures list|make``: the figures carried by the package."""

from __future__ import annotations

import argparse
from typing import Any

from .. import validation
from .parsing import add_output_options


def register(commands: Any) -> None:
    parser = commands.add_parser("figures", help="regenerate figures", description="Regenerate figures.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="name, system and title of every figure")
    add_output_options(listing, plot=False)
    listing.set_defaults(run=_list)

    making = actions.add_parser("make", help="compute and draw figures")
    making.add_argument("names", metavar="NAME", nargs="*", help="figures to make (default: all)")
    making.add_argument("--preset", choices=("quick", "full"), default="quick", help="size (default quick)")
    making.add_argument(
        "--output", metavar="DIR", default="figures-output", help="folder (default figures-output)"
    )
    add_output_options(making, plot=False)
    making.set_defaults(run=_make)


def _list(options: argparse.Namespace) -> int:
    from ..figures.runner import manifest
    from .output import emit

    rows = [{"name": f.name, "system": f.system, "title": f.title} for f in manifest()]
    return emit(options, "figures list", {}, rows)


def _make(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..figures.runner import make_all
    from .output import emit

    folder = validation.writable_folder("--output", options.output)
    # Without a bar where nobody watches it.
    made = list(tqdm(make_all(options.names, options.preset, folder), unit="file", disable=None))
    rows = [{"name": path.stem, "file": str(path)} for path in made]
    return emit(options, "figures make", {"preset": options.preset}, rows)
