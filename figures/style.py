"""One look for every figure: readable in print at column width, and with colour vision deficiencies."""

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

COLUMN_WIDTH = 3.4  # inches, one column of a two-column page
PAGE_WIDTH = 7.0

# Okabe and Ito's palette, ordered so that neighbours also differ in lightness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_PARAMETERS = {
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "legend.fontsize": 7.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "figure.dpi": 150,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}


def apply() -> None:
    rcParams.update(_PARAMETERS)


def panels(columns: int = 1, rows: int = 1, *, height: float | None = None) -> tuple[Figure, list[Axes]]:
    """A figure at column width (one panel) or page width (several), and its axes in reading order."""
    from matplotlib import pyplot

    width = COLUMN_WIDTH if columns == 1 else PAGE_WIDTH
    tall = height if height is not None else rows * min(0.75 * width / columns, 2.6)
    figure, grid = pyplot.subplots(rows, columns, figsize=(width, tall), squeeze=False)
    return figure, list(grid.flat)


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
