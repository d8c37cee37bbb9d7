"""``statphys-gen memorization``: how often points look like copies by chance, and of a smoothed training set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ... import validation
from ..parsing import BadUsage, add_output_options, between, number


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "null",
        help="fraction of points that look like copies: by chance, or of a smoothed training set",
        description="Probability that a point is nearer to its nearest neighbour than --ratio times the distance to "
        "the second, for locally uniform\npoints: k^D by chance; with --point-density and --smoothing-width, of points "
        "x_i + h z around them.",
    )
    parser.add_argument(
        "--dimension",
        "-d",
        metavar="D",
        nargs="+",
        required=True,
        type=number("--dimension", between(0.0, 1000.0)),
        help="of the law of the points; need not be an integer",
    )
    parser.add_argument(
        "--ratio",
        metavar="K",
        required=True,
        type=number("--ratio", between(0.0, 1.0)),
        help="of the distances to the nearest and to the second nearest point",
    )
    parser.add_argument(
        "--point-density",
        metavar="RHO",
        type=number("--point-density", validation.positive),
        help="training points in a unit of volume; with --smoothing-width",
    )
    parser.add_argument(
        "--smoothing-width",
        metavar="H",
        type=number("--smoothing-width", validation.non_negative),
        help="standard deviation of the noise on a coordinate; with --point-density",
    )
    add_output_options(parser)
    parser.set_defaults(run=_null)


def _null(options: argparse.Namespace) -> int:
    smoothed = {"--point-density": options.point_density, "--smoothing-width": options.smoothing_width}
    given = [flag for flag, value in smoothed.items() if value is not None]
    if len(given) == 1:
        missing = next(flag for flag in smoothed if flag not in given)
        raise BadUsage(f"{missing} is missing: it belongs to {given[0]}")
    import numpy as np

    from ...approximation import approximation_of
    from ...memorization.theory.nulls import null_fraction
    from ...memorization.theory.smoothed_set import smoothed_fraction
    from ..output import emit

    dimensions = np.array(options.dimension)
    if given:
        said = approximation_of(smoothed_fraction)
        density, width = options.point_density, options.smoothing_width
        found = [float(smoothed_fraction(d, options.ratio, density, width)) for d in options.dimension]
    else:
        said = approximation_of(null_fraction)
        found = null_fraction(dimensions, options.ratio).tolist()
    records = [
        {"dimension": d, "ratio": options.ratio, "fraction": f, "approximation": str(said)}
        for d, f in zip(options.dimension, found, strict=True)
    ]

    def plot(path: Path) -> None:
        from ...memorization.plots import plot_null

        plot_null(
            dimensions,
            options.ratio,
            path,
            point_density=options.point_density,
            width=options.smoothing_width,
        )

    names = ("dimension", "ratio", "point_density", "smoothing_width")
    parameters = {name: getattr(options, name) for name in names}
    return emit(options, "memorization null", parameters, records, plot=plot)
