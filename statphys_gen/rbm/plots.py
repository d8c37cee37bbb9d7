"""Pictures of the command line's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..style import COLOURS, legend_below, picture
from .theory.phase_diagram import PHASES

if TYPE_CHECKING:
    import xarray

    from ..style import Axes


def plot_phase_diagram(dataset: xarray.Dataset, *paths: Path, axes: Axes | None = None) -> Axes:
    """Dominant phases in colour, the lines, and hatches where replica symmetry is broken, saved to every path."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    load, temperature = dataset["load"].values, dataset["temperature"].values
    phase = dataset["phase"].values
    shades = ("white", "#dfe7ef", "#f3d9b1", "#b9d8b0")
    with picture(*paths, height=3.4, axes=axes) as (_, (axes,)):
        axes.pcolormesh(
            load, temperature, phase, cmap=ListedColormap(shades), vmin=-0.5, vmax=3.5, shading="nearest"
        )
        entries: list[Any] = [
            Patch(facecolor=shades[k], edgecolor="0.6", label=name if k else "no state found")
            for k, name in enumerate(PHASES)
            if (phase == k).any()
        ]
        styles = {
            "glass": ("-", "paramagnet - glass"),
            "condensation": (":", "condensation on a spike"),
            "spinodal": ("--", "end of retrieval"),
            "first_order": ("-.", "first order"),
            "at": ((0, (1, 1)), "retrieval breaks replica symmetry"),
        }
        for label, (style, text) in styles.items():
            name = f"{label}_load"
            if name in dataset and np.isfinite(dataset[name].values).any():
                entries += axes.plot(
                    dataset[name].values, temperature, color="k", linestyle=style, label=text
                )
        broken = dataset["replicon"].values < 0
        if broken.any() and not broken.all():
            axes.contourf(load, temperature, broken, levels=[0.5, 1.5], colors="none", hatches=["///"])
        if broken.any():
            entries.append(
                Patch(facecolor="none", hatch="///", edgecolor="0.4", label="symmetry of replicas broken")
            )
        axes.set(xlabel="load", ylabel="temperature")
        axes.set(xlim=(load[0], load[-1]), ylim=(temperature[0], temperature[-1]))
        legend_below(axes, entries, 2)
    return axes


def plot_line(
    name: str, records: Sequence[Mapping[str, Any]], path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """A line of the phase diagram in the plane of load and temperature, or ``name`` against what is given.

    ``records`` hold the temperature, the load and the parameter that was solved for; where one of them is None the line
    was not found, and nothing is drawn. Several values of both given parameters make several lines.
    """
    given = [key for key in ("load", "temperature") if key != name]
    x, y = ("load", "temperature") if len(given) == 1 else (_varied(records, given), name)
    series = [key for key in given if key not in (x, y)]
    with picture(path, axes=axes) as (_, (axes,)):
        for value in dict.fromkeys(record[key] for key in series for record in records) or [None]:
            shown = [
                record
                for record in records
                if all(record[key] == value for key in series) and None not in (record[x], record[y])
            ]
            label = None if value is None else f"{series[0]} {value:g}"
            axes.plot([r[x] for r in shown], [r[y] for r in shown], "o-", label=label)
        axes.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
        if series and len({record[series[0]] for record in records}) > 1:
            axes.legend()
    return axes


def plot_states(
    start: str,
    records: Sequence[Mapping[str, Any]],
    path: Path | None = None,
    *,
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Overlaps and replicon of a state against temperature or load, whichever has more values."""
    x = _varied(records, ["temperature", "load"])
    (other,) = {"temperature", "load"} - {x}
    values = list(dict.fromkeys(record[other] for record in records))
    with picture(path, columns=2, axes=axes) as (_, (left, right)):
        for k, value in enumerate(values):
            shown = [record for record in records if record[other] == value]
            label = f"{other} {value:g}"
            for panel, key, style in (
                (left, "overlap", "-"),
                (left, "edwards_anderson_overlap", "--"),
                (right, "replicon", "-"),
            ):
                found = [(r[x], r[key]) for r in shown if r.get(key) is not None]
                series = label if style == "-" else None
                if found:
                    colour = COLOURS[k % len(COLOURS)]
                    panel.plot(*zip(*found, strict=True), "o" + style, color=colour, label=series)
        left.set(xlabel=x, ylabel="overlaps $m$ (solid), $q$ (dashed)", title=start)
        right.axhline(0.0, color="0.5", linewidth=0.7)
        right.set(xlabel=x, ylabel="replicon", title="replica symmetry is unstable below 0")
        left.legend()
    return [left, right]


def _varied(records: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> str:
    """The key with the most different values, the first of equals."""
    return max(keys, key=lambda key: len({record[key] for record in records}))
