"""``statphys-gen figures list|make|gallery``: the figures carried by the package."""

from __future__ import annotations

import argparse
from typing import Any

from .. import validation
from ..style import WIDTHS
from .parsing import add_output_options

_FOLDER = "figures-output"


def register(commands: Any) -> None:
    parser = commands.add_parser("figures", help="regenerate figures", description="Regenerate figures.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser(
        "list", help="name, system, title, parameters with defaults, and paper of every figure"
    )
    _add_paper(listing)
    add_output_options(listing, plot=False)
    listing.set_defaults(run=_list)

    making = actions.add_parser("make", help="compute and draw figures")
    making.add_argument("names", metavar="NAME", nargs="*", help="figures to make (default: all)")
    _add_paper(making)
    making.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="settings",
        nargs="+",
        action="extend",
        default=[],
        help="parameters of the one figure that is made, as load=0.2 or time=1,2,3 (`figures list` shows them)",
    )
    making.add_argument(
        "--width",
        choices=tuple(WIDTHS),
        help="width of the pictures, panels below one another in a column (default: as each figure prefers)",
    )
    making.add_argument("--preset", choices=("quick", "full"), default="quick", help="size (default quick)")
    _add_folder(making)
    add_output_options(making, plot=False)
    making.set_defaults(run=_make)

    gallery = actions.add_parser("gallery", help="one page of all pictures that a folder holds")
    _add_folder(gallery)
    add_output_options(gallery, plot=False)
    gallery.set_defaults(run=_gallery)


def _add_paper(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--paper", metavar="ARXIV", help="only the figures of one paper, as 2505.17638")


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", metavar="DIR", default=_FOLDER, help=f"folder (default {_FOLDER})")


def _list(options: argparse.Namespace) -> int:
    from ..figures.runner import manifest
    from .output import emit

    return emit(options, "figures list", {}, [figure.record() for figure in manifest(options.paper)])


def _make(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..figures.parameters import from_text
    from ..figures.runner import make_all
    from .output import emit

    parameters = from_text(options.settings)
    folder = validation.writable_folder("--output", options.output)
    files = make_all(
        options.names,
        options.preset,
        folder,
        paper=options.paper,
        width=options.width,
        parameters=parameters,
    )
    # Without a bar where nobody watches it.
    made = list(tqdm(files, unit="file", disable=None))
    rows = [{"name": path.stem, "file": str(path)} for path in made]
    return emit(options, "figures make", {"preset": options.preset}, rows)


def _gallery(options: argparse.Namespace) -> int:
    from ..figures.gallery import write_gallery
    from ..figures.runner import manifest
    from .output import emit

    page = write_gallery(manifest(), validation.writable_folder("--output", options.output))
    return emit(options, "figures gallery", {}, [{"name": page.stem, "file": str(page)}])
