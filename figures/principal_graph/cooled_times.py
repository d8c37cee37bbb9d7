"""Three times at which two classes part: clustering, curvature and spectral."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import GaussianMixture, speciation_times

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures and diffusion: three speciation times"
CAPTION = (
    "Times of an Ornstein-Uhlenbeck diffusion for two equal classes at $\\pm m$ with variance {variance:g} in "
    "each direction, against $\\Lambda=|m|^2$ + {variance:g}: first split of a cooled mixture, change of "
    "curvature of the noised density between the classes, and $\\log(\\Lambda)/2$; exact for this law. Right: "
    "distance from the spectral time; dotted: $1/2\\Lambda$."
)


def compute(preset: str, *, variance: float = 0.6) -> dict[str, Any]:
    squares = np.geomspace(
        max(1.02, 1.05 - variance, 1.1 * variance), 100.0, 40 if preset == "quick" else 120
    )
    rows = [
        speciation_times(GaussianMixture([0.5, 0.5], [[np.sqrt(s)], [-np.sqrt(s)]], variance))
        for s in squares.tolist()
    ]
    times = {name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in NAMES}
    top = squares + variance
    return {
        "top": top,
        **times,
        **{f"{n}_apart": times[n] - times["spectral"] for n in NAMES[:2]},
        "rule": 0.5 / top,
    }


NAMES = ("cluster", "curvature", "spectral")


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, (name, look) in enumerate(zip(NAMES, ("-", "--", ":"), strict=True)):
        left.plot(data["top"], data[name], look, color=style.COLOURS[k], label=name)
        if name != "spectral":
            right.plot(data["top"], np.abs(data[f"{name}_apart"]), look, color=style.COLOURS[k], label=name)
    right.plot(data["top"], data["rule"], ":", color="grey", label=r"$1/2\Lambda$")
    left.set(xscale="log", xlabel=r"top eigenvalue $\Lambda$", ylabel="time $t$")
    right.set(
        xscale="log",
        yscale="log",
        xlabel=r"top eigenvalue $\Lambda$",
        ylabel="distance from the spectral time",
    )
    left.legend()
    right.legend()
    return figure
