"""U-turns of a real data set from either class: scikit-learn's handwritten digits, with their own denoiser."""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import softmax

from statphys_gen import style
from statphys_gen.data import DataSet
from statphys_gen.errors import MissingExtra
from statphys_gen.schedules import ClassSpectrum, fit_modes, u_turn

PAPER = ("2412.07972", "2", "stand-in: handwritten digits 0 and 1 of scikit-learn for the image set")
TITLE = "Schedules: U-turns of handwritten digits"
CAPTION = (
    "Probability that an image of the digit {digit} (circles) or {other} (squares), noised to flow time s = S/(1 + S), "
    "up to {largest:g} and brought back, is of its class again; {points} images of scikit-learn, {kept} of them of the "
    "digit {other} (grey levels in [-1, 1]; larger class {share:.0f} %). Left: by the reverse process; right: by the "
    "probability flow, {steps} steps of Heun's rule on equal ratios of S. Symbols: with the denoiser of the images "
    "themselves, which knows each of them; {walkers} samples of each class, one standard error. Lines: two classes "
    "with a common covariance fitted to the images. Measured less predicted lies between {lowest:.3f} and "
    "{highest:.3f}. Dotted: share of the class, which is left at infinite noise."
)
_LAST = 0.05  # noise level at which no image is in doubt


def compute(
    preset: str, *, digit: int = 0, other: int = 1, kept: int = 44, steps: int = 24, largest: float = 0.97
) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure schedule_digits_u_turn", "scikit-learn", "examples") from None
    every = load_digits()
    first, second = every.data[every.target == digit], every.data[every.target == other][:kept]
    points = np.concatenate([first, second]) / 8.0 - 1.0
    labels = np.repeat([0, 1], [len(first), len(second)])
    spectrum = fit_modes(DataSet.from_arrays(points, labels)).spectrum
    walkers, times = (400, 9) if preset == "quick" else (20_000, 20)
    line, flow = np.linspace(0.35, largest, 80), np.linspace(0.45, largest, times)
    rng = np.random.default_rng(1)
    mean, error = np.empty((2, 2, times)), np.empty((2, 2, times))
    for k, s in enumerate(flow):
        for c in (0, 1):
            own = points[rng.choice(np.flatnonzero(labels == c), walkers)]
            level = float(s / (1.0 - s))
            noised = own + level * rng.standard_normal(own.shape)
            shares = _weights(points, noised, level)[:, labels == c].sum(axis=1)
            again = labels[_end(points, noised, level, steps)] == c
            for way, found in enumerate((shares, again.astype(np.float64))):
                mean[way, c, k] = found.mean()
                # Where all or none came back, as if one more had done the other.
                error[way, c, k] = max(found.std(), walkers**-0.5) / walkers**0.5
    data = {f"kept_{way}": mean[k] for k, way in enumerate(("reverse", "flow"))}
    data |= {f"error_{way}": error[k] for k, way in enumerate(("reverse", "flow"))}
    data |= {
        f"theory_{way}": found
        for way, found in zip(("reverse", "flow"), _theory(spectrum, line), strict=True)
    }
    apart = mean - _theory(spectrum, flow)
    return data | {
        "points": len(points),
        "share": 100.0 * float(spectrum.weights.max()),
        "walkers": walkers,
        "lowest": float(apart.min()),
        "highest": float(apart.max()),
        "time": flow,
        "line": line,
        "classes": np.repeat(spectrum.weights[:, None], 2, axis=1),
    }


def _weights(points: NDArray[Any], noised: NDArray[Any], level: float) -> NDArray[Any]:
    """(B, n) posterior probabilities of the images."""
    products = noised @ points.T - 0.5 * (points**2).sum(axis=1)
    return np.asarray(softmax(products / level**2, axis=1))


def _end(points: NDArray[Any], y: NDArray[Any], level: float, steps: int) -> NDArray[Any]:
    """The image to which the flow leads."""
    levels = np.geomspace(level, _LAST, steps + 1)
    for here, there in pairwise(levels):
        slope = (y - _weights(points, y, here) @ points) / here
        after = y + (there - here) * slope
        later = (after - _weights(points, after, there) @ points) / there
        y = y + 0.5 * (there - here) * (slope + later)
    return np.asarray(_weights(points, y, _LAST).argmax(axis=1))


def _theory(spectrum: ClassSpectrum, flow: NDArray[Any]) -> NDArray[Any]:
    """(2, 2, n): by the reverse process and by the flow, from either class.

    Both ways keep the weights of the classes: as many leave a class as enter it.
    """
    level = flow / (1.0 - flow)
    signal = (spectrum.half_difference() / (level[:, None] ** 2 + spectrum.eigenvalues)).sum(axis=1)
    turn = u_turn(signal, float(spectrum.weights[0]))
    agreement = np.stack([turn.stochastic, turn.deterministic])
    return np.asarray(1.0 - 0.5 * (1.0 - agreement[:, None]) / spectrum.weights[:, None])


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    for axes, way, label in zip(
        panels, ("reverse", "flow"), ("reverse process", "probability flow"), strict=True
    ):
        for c, name in enumerate(("first digit", "second digit")):
            style.simulation(axes, data["time"], data[f"kept_{way}"][c], data[f"error_{way}"][c], c, name)
            axes.plot(data["line"], data[f"theory_{way}"][c], color=style.COLOURS[c])
            axes.plot(data["line"][[0, -1]], data["classes"][c], ":", color=style.COLOURS[c])
        axes.set(xlabel="flow time $s$", ylabel=f"same class, {label}", ylim=(0.0, 1.05))
    panels[0].legend(loc="lower left")
    return figure
