"""Total variation of the empirical score against the noise, with its asymptote and the proved bound."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.score_matching import NoisedSample, bounds, irregularity

PAPER = ("2502.03435", "", "ours")
TITLE = "Score networks: how irregular the empirical score is"
CAPTION = (
    "Weighted total variation of the empirical score of the points {points} against the noise scale, data "
    "scale {data_scale:g}. Solid: exact; dashed: leading order in the noise; dotted: the lower bound that "
    "is proved (theorem 4), drawn where it applies, some hundred times below. Right axis: the learning "
    "rate 1/(2 TV) above which no network that equals the empirical score is a stable minimum. Theory "
    "alone."
)


def compute(
    preset: str, *, points: tuple[float, ...] = (-1.9, -1.1, -0.45, 0.2, 0.8, 1.6), data_scale: float = 0.95
) -> dict[str, Any]:
    sigma = np.geomspace(0.01, 1.0, 50 if preset == "quick" else 150)
    samples = [NoisedSample(points, data_scale, s) for s in sigma.tolist()]
    found = [irregularity(sample) for sample in samples]
    proved = [bounds(sample) for sample in samples]
    return {
        "sigma": sigma,
        "exact": np.array([row.total_variation for row in found]),
        "small": np.array([row.small_noise_total_variation for row in found]),
        "bound": np.array([row.lower_bound if row.lower_bound_applies else np.nan for row in proved]),
    }


def _inverse(value: Any) -> Any:
    """1/(2 value), of what an axis may ask for outside of its range too."""
    return 0.5 / np.maximum(value, 1e-300)


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    axes.plot(data["sigma"], data["exact"], color=style.COLOURS[0], label="exact")
    axes.plot(data["sigma"], data["small"], "--", color=style.COLOURS[1], label="small noise")
    axes.plot(data["sigma"], data["bound"], ":", color=style.COLOURS[2], label="lower bound (theorem 4)")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"noise scale $\sigma$",
        ylabel=r"total variation $\mathrm{TV}(s^*)$",
    )
    other = axes.secondary_yaxis("right", functions=(_inverse, _inverse))
    other.set_ylabel(r"learning rate $1/(2\,\mathrm{TV})$")
    axes.legend()
    return figure
