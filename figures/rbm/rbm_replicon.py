"""Where replica symmetry may be trusted: maps of the replicon of the glass and of the retrieval state."""

from typing import Any

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.arrays import FloatArray
from statphys_gen.rbm import Model, glass_line, solve, spinodal
from statphys_gen.units import Gaussian, Prior, ReLU

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: the replicon of glass and retrieval"
CAPTION = (
    "Replicon (1 minus the de Almeida-Thouless product; replica symmetry is stable where it is positive, "
    "red where it is broken) of the state without retrieval (top) and of the retrieval state (bottom), "
    "one binary pattern for each hidden unit, convention g = sqrt(beta). White: the state does not exist "
    "or was not found. Black line: replicon 0. Grey: end of the retrieval state. In the Hopfield network the "
    "glass is unstable wherever it exists, below 1 + sqrt(load) (above it stands the paramagnet, shown as "
    "well); with ReLU units the state without retrieval is stable down to a line. The retrieval state breaks "
    "symmetry only where it is very cold, first near its largest load. Theory (N to infinity)."
)


def _units(thresholds: tuple[float, float]) -> list[tuple[str, Prior, float]]:
    """Name, prior and largest load of each column."""
    named = [(rf"ReLU $\theta = {t:g}$", ReLU(t)) for t in thresholds]
    return [("Gaussian", Gaussian(), 0.16), (*named[0], 0.32), (*named[1], 0.5)]


def compute(preset: str, *, thresholds: tuple[float, float] = (0.0, 1.0)) -> dict[str, Any]:
    points = 61 if preset == "quick" else 121
    temperature = np.linspace(0.02, 1.5, points)
    cold = np.geomspace(0.006, 1.0, points)
    loads, glass, retrieval, border, ends = [], [], [], [], []
    for _, hidden, widest in _units(thresholds):
        load = widest * np.linspace(0.02, 1.0, points)
        model = Model(hidden, 1.0, 0.1, convention="sqrt-beta")
        found = solve(model, "glass", temperature=temperature[:, None], load=load[None, :])["replicon"]
        if hidden.symmetric:
            hot = solve(model, "paramagnet", temperature=temperature[:, None], load=load[None, :])
            # The paramagnet is the state where there is no glass; between them the replicon touches 0.
            border.append(glass_line(model, between=(1.0002, 2.0), load=load)["temperature"])
            found = np.where(
                np.isfinite(found), found, np.where(hot["replicon"] > 0, hot["replicon"], np.nan)
            )
        else:
            border.append(np.full(points, np.nan))
        loads.append(load)
        glass.append(found)
        ends.append(spinodal(model, between=(0.01 * widest, widest), temperature=cold)["load"])
        retrieval.append(solve(model, "retrieval", temperature=cold[:, None], load=load[None, :])["replicon"])
    return {
        "temperature": temperature,
        "cold": cold,
        "loads": loads,
        "glass": glass,
        "border": border,
        "retrieval": retrieval,
        "ends": ends,
    }


def _continued(plane: FloatArray) -> FloatArray:
    """Each row goes on with its last value, so that the map reaches the end of the state, which is drawn as a line."""
    rows = plane.copy()
    for row in rows:
        known = np.flatnonzero(np.isfinite(row))
        if len(known):
            row[known[-1] :] = row[known[-1]]
    return rows


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, rows=2, height=4.2)
    norm = TwoSlopeNorm(0.0, -1.0, 1.0)
    for k, (name, _, _) in enumerate(_units(data["thresholds"])):
        for axes, axis, plane in (
            (panels[k], "temperature", data["glass"][k]),
            (panels[3 + k], "cold", data["retrieval"][k]),
        ):
            shown = plane if axis == "temperature" else _continued(plane)
            mesh = axes.pcolormesh(
                data["loads"][k],
                data[axis],
                np.clip(shown, -1.0, 1.0),
                cmap="RdBu",
                norm=norm,
                shading="nearest",
            )
            if np.isfinite(data["border"][k]).any() and axis == "temperature":
                axes.plot(data["loads"][k], data["border"][k], color="black", linewidth=0.8)
            elif (plane[np.isfinite(plane)] < 0).any():
                axes.contour(
                    data["loads"][k], data[axis], plane, levels=[0.0], colors="black", linewidths=0.8
                )
            axes.set(xlabel=r"load $\alpha$", ylabel="temperature $T$")
        end, cold = style.joined(data["ends"][k], data["cold"])
        right = float(data["loads"][k][-1]) * 1.01
        panels[3 + k].fill_betweenx(cold, end, right, color="white", zorder=2, linewidth=0)
        panels[3 + k].fill_between(
            [0.0, right], 0.99 * float(cold[-1]), 2.0, color="white", zorder=2, linewidth=0
        )
        panels[3 + k].plot(end, cold, color="0.6", linewidth=0.9, zorder=3, label="end of retrieval")
        panels[3 + k].set(xlim=panels[k].get_xlim(), ylim=(float(data["cold"][0]), 1.0))
        panels[k].set_title(f"{name}: without retrieval")
        panels[3 + k].set(title="retrieval", yscale="log")
    panels[3].legend(loc="lower left", fontsize=6, labelcolor="white")
    figure.colorbar(mesh, ax=panels, label="replicon", shrink=0.6)
    return figure
