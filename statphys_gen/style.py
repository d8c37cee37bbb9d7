"""One look for every picture: readable in print at column width, and with colour vision deficiencies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import InvalidArgument

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from .arrays import FloatArray

COLUMN_WIDTH = 3.4  # inches, one column of a two-column page
PAGE_WIDTH = 7.0
WIDTHS = {"column": COLUMN_WIDTH, "page": PAGE_WIDTH}
_TALLEST_PANEL = 2.6
_asked: ContextVar[str | None] = ContextVar("width of pictures", default=None)
_maker: ContextVar[str] = ContextVar("what pictures say of their origin", default="")

# Okabe and Ito's palette, ordered so that neighbours also differ in lightness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

PARAMETERS = {
    "axes.prop_cycle": f"cycler('color', {list(COLOURS)})",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "legend.fontsize": 7.0,
    "legend.title_fontsize": 7.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "errorbar.capsize": 1.5,
    "legend.frameon": False,
    "figure.dpi": 150,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "statphys_gen",
    "figure.constrained_layout.use": True,
}


def apply() -> None:
    """Let matplotlib draw with this look from here on."""
    from matplotlib import rcParams

    rcParams.update(PARAMETERS)


@contextmanager
def picture_width(width: str | None) -> Iterator[None]:
    """Let pictures be as wide as a ``column`` (their panels below one another) or a ``page``, whatever they prefer."""
    token = _asked.set(width)
    try:
        yield
    finally:
        _asked.reset(token)


@contextmanager
def made_by(command: str) -> Iterator[None]:
    """Let the files of pictures carry what made them, beside the version of this package."""
    token = _maker.set(command)
    try:
        yield
    finally:
        _maker.reset(token)


def save(figure: Figure, path: Path) -> None:
    """Write a picture with the version of this package and what made it; no time of day, so that bytes repeat."""
    maker, program = _maker.get(), f"statphys_gen {__version__}"
    metadata: dict[str, dict[str, str | None]] = {
        ".png": {"Software": program, "Description": maker},
        ".pdf": {"Creator": program, "Subject": maker, "CreationDate": None},
        ".svg": {"Creator": program, "Description": maker, "Date": None},
    }
    figure.savefig(path, metadata=metadata.get(path.suffix.lower()))


def panels(
    columns: int = 1, rows: int = 1, *, height: float | None = None, **layout: Any
) -> tuple[Figure, list[Axes]]:
    """A figure and its axes in reading order, at column width (one panel) or page width (several).

    Within :func:`picture_width` at the width asked for there; ``height`` is that of the preferred layout. ``layout``
    goes to matplotlib's ``subplots``.
    """
    from matplotlib import pyplot

    asked = _asked.get()
    if asked == "column" and columns > 1:
        height = None if height is None else height * columns
        rows, columns, layout = rows * columns, 1, {k: v for k, v in layout.items() if k != "width_ratios"}
    width = COLUMN_WIDTH if columns == 1 and asked != "page" else PAGE_WIDTH
    tall = height if height is not None else rows * min(0.75 * width / columns, _TALLEST_PANEL)
    figure, grid = pyplot.subplots(rows, columns, figsize=(width, tall), squeeze=False, **layout)
    return figure, list(grid.flat)


@contextmanager
def picture(
    *paths: Path | None,
    columns: int = 1,
    rows: int = 1,
    height: float | None = None,
    axes: Axes | Sequence[Axes] | None = None,
    **layout: Any,
) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure and its axes, to be drawn on, saved to every path when all is drawn.

    They are those of :func:`panels` with this look, kept by pyplot only where no path is given; or ``axes`` of a figure
    of the caller, in the caller's look. The settings of the caller's matplotlib are as they were.

    Raises
    ------
    InvalidArgument : another number of axes than there are panels.
    """
    import numpy as np
    from matplotlib import pyplot, rc_context

    files = [path for path in paths if path is not None]
    if axes is not None:
        given: list[Axes] = (
            list(axes.flat if hasattr(axes, "flat") else axes) if np.iterable(axes) else [axes]
        )
        if len(given) != columns * rows:
            raise InvalidArgument(
                "axes", f"{len(given)} axes", f"as many as there are panels, {columns * rows}"
            )
        drawn: Any = given[0].figure
        yield drawn, given
        for path in files:
            save(drawn, path)
        return
    with rc_context(PARAMETERS):
        figure, own = panels(columns, rows, height=height, **layout)
        try:
            yield figure, own
            for path in files:
                save(figure, path)
        finally:
            if files:
                pyplot.close(figure)


def keys(**meanings: str) -> list[Any]:
    """Entries of a legend that say what line styles and symbols mean, in black: ``keys(theory="-", simulation="o")``.

    Words of a name are joined by ``_``. A letter or mark of matplotlib is an open symbol, ``.o`` a filled one.
    """
    from matplotlib.lines import Line2D

    entries = []
    for name, look in meanings.items():
        line = look in ("-", "--", ":", "-.")
        entries.append(
            Line2D(
                [],
                [],
                color="black",
                linestyle=look if line else "none",
                marker="none" if line else look.removeprefix("."),
                markerfacecolor="black" if look.startswith(".") else "white",
                label=name.replace("_", " "),
            )
        )
    return entries


def legend_below(axes: Axes, handles: Sequence[Any], columns: int) -> None:
    """A legend outside of the panels where the layout makes room for it, else inside of one of them.

    It has as many columns as are asked for, or fewer in a picture too narrow for them.
    """
    figure: Any = axes.figure
    if type(figure.get_layout_engine()).__name__ != "ConstrainedLayoutEngine":
        axes.legend(handles=handles, ncols=columns)
        return
    for count in range(columns, 0, -1):
        legend = figure.legend(handles=handles, loc="outside lower center", ncols=count)
        if count == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def joined(*coordinates: ArrayLike, logarithmic: bool = False) -> tuple[FloatArray, ...]:
    """A smooth line through solved points of a theory, given by the coordinates of the points in their order.

    Each coordinate, or its logarithm, is a monotone cubic along the line, which has no extrema but those of the points.
    Points that are not finite are left out; fewer than three are returned as they are.
    """
    import numpy as np
    from scipy.interpolate import PchipInterpolator

    points = _finite(*coordinates)
    if points.shape[1] < 3:
        return tuple(points)
    scaled = np.log(points) if logarithmic else points
    scale = np.ptp(scaled, axis=1, keepdims=True)
    steps = np.linalg.norm(np.diff(scaled / np.where(scale > 0.0, scale, 1.0)), axis=0)
    place = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-9))])
    return tuple(_line(points, place, PchipInterpolator(place, scaled, axis=1), logarithmic))


def splined(
    parameter: ArrayLike, value: ArrayLike, *, logarithmic: bool = False
) -> tuple[FloatArray, FloatArray]:
    """A smooth line through few solved points of a theory without corners: the parameter, and a cubic spline over it.

    Both by their logarithms where it is ``logarithmic``. Points that are not finite are left out; fewer than four are
    returned as they are.
    """
    import numpy as np
    from scipy.interpolate import CubicSpline

    points = _finite(parameter, value)
    points = points[:, np.argsort(points[0])]
    if points.shape[1] < 4:
        return points[0], points[1]
    scaled = np.log(points) if logarithmic else points
    line = _line(points, scaled[0], CubicSpline(scaled[0], scaled, axis=1), logarithmic)
    return line[0], line[1]


def _finite(*coordinates: ArrayLike) -> FloatArray:
    import numpy as np

    points = np.array([np.asarray(entry, dtype=np.float64) for entry in coordinates])
    return np.asarray(points[:, np.isfinite(points).all(axis=0)])


def _line(
    points: FloatArray, place: FloatArray, through: Callable[[FloatArray], FloatArray], logarithmic: bool
) -> FloatArray:
    """The coordinates along a line at 200 places and at the points, which it meets exactly."""
    import numpy as np

    fine = np.union1d(np.linspace(place[0], place[-1], 200), place)
    line = through(fine)
    line = np.exp(line) if logarithmic else line
    line[:, np.searchsorted(fine, place)] = points
    return line


def simulation(
    axes: Axes, x: ArrayLike, mean: ArrayLike, error: ArrayLike, series: int = 0, label: str | None = None
) -> ErrorbarContainer:
    """Simulation points: never without an error bar."""
    return axes.errorbar(
        x,
        mean,
        yerr=error,
        fmt=MARKERS[series % len(MARKERS)],
        color=COLOURS[series % len(COLOURS)],
        markerfacecolor="white",
        elinewidth=0.8,
        capsize=1.5,
        label=label,
        zorder=3,
    )
