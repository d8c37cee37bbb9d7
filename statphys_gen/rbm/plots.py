"""Pictures of the command line's results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..style import picture
from .phase_diagram import PHASES

if TYPE_CHECKING:
    import xarray


def plot_phase_diagram(dataset: xarray.Dataset, *paths: Path) -> None:
    """Dominant phases in colour, the lines, and hatches where replica symmetry is broken, saved to every path."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    load, temperature = dataset["load"].values, dataset["temperature"].values
    phase = dataset["phase"].values
    shades = ("white", "#dfe7ef", "#f3d9b1", "#b9d8b0")
    with picture(*paths, height=3.4) as (figure, (axes,)):
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
        }
        for label, (style, text) in styles.items():
            name = f"{label}_load"
            if name in dataset and np.isfinite(dataset[name].values).any():
                entries += axes.plot(dataset[name].values, temperature, "k" + style, label=text)
        broken = dataset["replicon"].values < 0
        if broken.any() and not broken.all():
            axes.contourf(load, temperature, broken, levels=[0.5, 1.5], colors="none", hatches=["///"])
        if broken.any():
            entries.append(
                Patch(facecolor="none", hatch="///", edgecolor="0.4", label="symmetry of replicas broken")
            )
        axes.set(xlabel="load", ylabel="temperature")
        axes.set(xlim=(load[0], load[-1]), ylim=(temperature[0], temperature[-1]))
        figure.legend(handles=entries, loc="outside lower center", ncols=2)
