"""An autoencoder with few samples: overlaps through the decision of the class, and the error of what it generates."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import Autoencoder, autoencoder_generation, autoencoder_speciation

PAPER = ("2412.07972", "", "ours")
TITLE = "Schedules: what an autoencoder with few samples learns"
CAPTION = (
    "Left: overlaps of the input weights (solid) and of the output weights (dashed) with the class mean against the "
    "dilated time, for {few} samples and for {many} of which 3/4 are of one class; dotted: the denoiser of the "
    "population. Right: squared error of the generated mean over the dimension against the number of samples, one "
    "noise for each (solid) and fresh noise (dashed); dotted: 1/n. Variance {variance:g}. Theory alone."
)
_RIDGE, _INPUT = 0.1, 0.02


def compute(preset: str, *, few: int = 8, many: int = 128, variance: float = 0.64) -> dict[str, Any]:
    time = np.linspace(0.4, 3.0, 12 if preset == "quick" else 40)
    shape = (2, len(time))
    inner, outer = np.empty(shape), np.empty(shape)
    for i, n in enumerate((few, many)):
        model = Autoencoder((3 * n // 4, n - 3 * n // 4), variance, _RIDGE, _INPUT)
        for j, t in enumerate(time.tolist()):
            found = autoencoder_speciation(model, t)
            inner[i, j], outer[i, j] = found.input_overlap, found.output_overlap
    samples = np.unique(np.geomspace(2, 2000, 30).round().astype(int))
    error = np.array(
        [
            [
                autoencoder_generation(Autoencoder((n, 0), variance, _RIDGE, noise_draws=k)).mean_error
                for n in samples.tolist()
            ]
            for k in (1, None)
        ]
    )
    return {"time": time, "inner": inner, "outer": outer, "samples": samples, "error": error}


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for i, label in enumerate(("few samples", "many samples")):
        left.plot(data["time"], data["inner"][i], color=style.COLOURS[i], label=label)
        left.plot(data["time"], data["outer"][i], "--", color=style.COLOURS[i])
    left.plot(data["time"], data["time"], ":", color="black")
    for k, (line, label) in enumerate((("-", "one noise"), ("--", "fresh noise"))):
        right.plot(data["samples"], data["error"][k], line, color=style.COLOURS[k], label=label)
    right.plot(data["samples"], 1.0 / data["samples"], ":", color="black")
    left.set(xlabel=r"dilated time $\kappa t$", ylabel="overlap with $m$")
    right.set(xscale="log", yscale="log", xlabel="samples $n$", ylabel="error of the mean over $d$")
    left.legend()
    right.legend()
    return figure
