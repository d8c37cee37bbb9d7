"""One look for every figure: readable in print at column width, and with colour vision deficiencies."""

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from statphys_gen.style import COLOURS, COLUMN_WIDTH, MARKERS, PAGE_WIDTH, PARAMETERS

__all__ = ["COLOURS", "COLUMN_WIDTH", "MARKERS", "PAGE_WIDTH", "apply", "panels", "simulation"]


def apply() -> None:
    rcParams.update(PARAMETERS)


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
