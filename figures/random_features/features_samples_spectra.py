"""Spectra of random features with few and with many samples: the gaps close."""

from typing import Any

from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import RandomFeatures

from .features_spectrum import bulks_and_counts, draw_spectrum

PAPER = ("2505.17638", "11-14", "same parameters")
TITLE = "Random features: spectra at n/d = 8 and 32"
CAPTION = (
    "Spectrum of the feature matrix U for tanh at p/d = {features:g} and t = {time:g} with {samples} "
    "(from left to right) samples per dimension, as eigenvalue times density. Lines: theory (n, p, d to "
    "infinity). Open symbols: eigenvalues of {instances} instances of the Gaussian equivalent in "
    "dimension {dimension} (a reduced simulation), counted in bins; error bars, one standard error over "
    "instances. Dashed: the atom, of weight 1 - (1 + n/d)/(p/d). With more samples, the bulk of "
    "overfitting moves towards the atom and the bulk of interpolation is pushed against it."
)


def compute(
    preset: str, *, samples: tuple[int, ...] = (8, 32), features: float = 64.0, time: float = 0.01
) -> dict[str, Any]:
    dimension, instances = (10, 8) if preset == "quick" else (32, 8)
    data: dict[str, Any] = {"dimension": dimension, "instances": instances}
    for ratio in samples:
        model = RandomFeatures("tanh", features, ratio, time)
        for name, entry in bulks_and_counts(model, dimension, instances).items():
            data[f"{name}_{ratio}"] = entry
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(len(data["samples"]), 1, height=2.6)
    for axes, ratio in zip(panels, data["samples"], strict=True):
        draw_spectrum(axes, *(data[f"{name}_{ratio}"] for name in ("line", "counts", "atom")))
        axes.set_title(f"$n/d$ = {ratio}")
    panels[0].legend()
    return figure
