"""What the dilation trades at a fixed number of steps, for Gaussian classes and Curie-Weiss data."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import curie_weiss_limit, limit

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: the dilation at fixed steps"
CAPTION = (
    "Limits of large dimension at {steps} steps and, dotted, at infinitely many. Left: weight that "
    "dilated-vp-linear generates of two classes of weight {weight:g} (blue) and of Curie-Weiss data (orange: J = "
    "{coupling:g}, tilt {tilt:g}), against the dilation. Right: details of dilated-ve-linear over sigma, variance "
    "{variance:g}: a small dilation biases the weight of the one and the details of the other. Theory alone."
)


def compute(
    preset: str,
    *,
    steps: int = 12,
    weight: float = 0.72,
    variance: float = 0.36,
    coupling: float = 1.6,
    tilt: float = 0.9,
) -> dict[str, Any]:
    kappa = np.geomspace(0.1, 10.0, 24 if preset == "quick" else 100)
    data: dict[str, Any] = {"kappa": kappa}
    for name, count in (("few", float(steps)), ("many", np.inf)):
        number = int(count) if np.isfinite(count) else count
        data[f"gaussian_{name}"] = np.array(
            [limit("dilated-vp-linear", weight, variance, number, k).weight for k in kappa]
        )
        data[f"spins_{name}"] = np.array([curie_weiss_limit(coupling, tilt, k, number).weight for k in kappa])
        details = [limit("dilated-ve-linear", weight, variance, number, k).detail_std for k in kappa]
        data[f"details_{name}"] = np.array(details) / np.sqrt(variance)
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for name, line in (("few", "-"), ("many", ":")):
        for k, (law, label) in enumerate((("gaussian", "two Gaussian classes"), ("spins", "Curie-Weiss"))):
            text = label if name == "few" else None
            left.plot(data["kappa"], data[f"{law}_{name}"], line, color=style.COLOURS[k], label=text)
        right.plot(data["kappa"], data[f"details_{name}"], line, color=style.COLOURS[2])
    left.set(xscale="log", xlabel=r"dilation $\kappa$", ylabel="weight")
    right.set(xscale="log", xlabel=r"dilation $\kappa$", ylabel=r"details over $\sigma$", ylim=(0.0, 1.05))
    left.legend()
    return figure
