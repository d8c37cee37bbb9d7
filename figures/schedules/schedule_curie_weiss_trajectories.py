"""Trajectories of the mean coordinate of Curie-Weiss data along dilated schedules."""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from statphys_gen import style
from statphys_gen.data import curie_weiss_posterior_field
from statphys_gen.schedules import CurieWeiss, curie_weiss_modes, interpolant

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: trajectories of Curie-Weiss data"
CAPTION = (
    "Mean coordinate of {walkers} samples (lines) from noise to data of inverse temperature {coupling:g} and tilt "
    "{tilt:g}, {steps} Euler steps, each with the posterior mean of all spins. Left: dilated-vp-linear, {first} spins, "
    "dilation {preserved_dilation:g} (scale linear within 0.1); right: dilated-ve-linear, {second} spins, dilation "
    "{exploded_dilation:g}. Dashed, over the half in which the mode is decided: the map of large size from the same "
    "starts, which differs from these by at most {apart_vp:.4f} and {apart_ve:.4f}. Dotted: the modes of the data. The "
    "full preset has {preserved:g} and {exploded:g} spins."
)
_QUICK = 1600  # the most spins at the quick preset


def compute(
    preset: str,
    *,
    coupling: float = 2.0,
    tilt: float = 0.7,
    steps: int = 50,
    preserved: int = 50_000,
    preserved_dilation: float = 5.0,
    exploded: int = 10_000,
    exploded_dilation: float = 3.0,
) -> dict[str, Any]:
    walkers = 8 if preset == "quick" else 16
    settings = {"vp": (preserved, preserved_dilation), "ve": (exploded, exploded_dilation)}
    time = np.arange(steps + 1) / steps
    early = time[time <= 0.5]
    data: dict[str, Any] = {"walkers": walkers, "time": time, "early": early}
    for form, (dimension, dilation) in settings.items():
        d = min(dimension, _QUICK) if preset == "quick" else dimension
        model = CurieWeiss(d, coupling, tilt)
        path = interpolant(f"dilated-{form}-linear", float(d) ** 0.5, dilation)
        taus = np.array([path.data(float(t)) for t in time])
        scale = path.noise(0.0)
        x = scale * np.random.default_rng(1).standard_normal((walkers, d))
        found = [x.mean(axis=1)]
        for tau, after in pairwise(taus):
            x = x + (after - tau) / (1.0 - tau) * (_posterior_mean(model, x, tau, scale) - x)
            found.append(x.mean(axis=1))
        magnetisation = curie_weiss_modes(model).spontaneous_magnetisation
        data[f"paths_{form}"] = np.array(found).T
        data[f"map_{form}"] = _map(form, found[0], taus[: len(early)], d, magnetisation, tilt)
        data[f"apart_{form}"] = float(
            np.abs(data[f"map_{form}"] - data[f"paths_{form}"][:, : len(early)]).max()
        )
        data["first" if form == "vp" else "second"] = d
        data["modes"] = np.array([[magnetisation] * 2, [-magnetisation] * 2])
    return data


def _posterior_mean(model: CurieWeiss, x: NDArray[Any], tau: float, scale: float) -> NDArray[Any]:
    """E[a | x] of every spin, x = scale (1 - tau) z + tau a."""
    level = scale * (1.0 - tau) / max(tau, 1e-9)
    t = 0.5 * float(np.log1p(level**2))
    nodes, shares, fields = curie_weiss_posterior_field(model, np.exp(-t) * x / max(tau, 1e-9), t)
    total = np.zeros_like(x)
    for node, share in zip(nodes, shares.T, strict=True):
        if share.max() > 1e-12:
            total += share[:, None] * np.tanh(node + fields)
    return total


def _map(
    form: str, start: NDArray[Any], taus: NDArray[Any], size: int, magnetisation: float, tilt: float
) -> NDArray[Any]:
    """(walkers, steps) mean coordinates of large size: what the classes pull towards, and noise that shrinks."""
    mean = start
    found = [mean]
    for tau, after in pairwise(taus):
        # Preserving, tau is of the order 1/sqrt(d), and its share of the noise is left out.
        gain, left = (size * tau, 0.0) if form == "vp" else (tau / (1.0 - tau) ** 2, 1.0)
        pull = magnetisation * np.tanh(magnetisation * (tilt + gain * mean))
        mean = mean + (after - tau) / (1.0 - left * tau) * (pull - left * mean)
        found.append(mean)
    return np.array(found).T


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    for k, (axes, form, name) in enumerate(
        zip(panels, ("vp", "ve"), ("preserving", "exploding"), strict=True)
    ):
        for path, limit in zip(data[f"paths_{form}"], data[f"map_{form}"], strict=True):
            axes.plot(data["time"], path, color=style.COLOURS[k], linewidth=0.8)
            axes.plot(data["early"], limit, "--", color="black", linewidth=0.8)
        for mode in data["modes"]:
            axes.plot(data["time"][[0, -1]], mode, ":", color="black")
        axes.set(xlabel="time $t$", ylabel=f"mean coordinate, {name}")
    panels[0].set_yscale("symlog", linthresh=0.1)
    panels[0].set_yticks([-1.0, -0.1, 0.0, 0.1, 1.0])
    return figure
