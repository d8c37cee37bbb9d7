"""The drift potential of the backward process and its symmetry breaking at speciation."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.special import erf

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import NoisedMixture, critical_points, drift_time, potential
from statphys_gen.statistics import Estimate, generator

PAPER = ("2402.18491", "", "ours")
TITLE = "Speciation: the potential of the backward drift"
CAPTION = (
    "Two balanced classes in dimension {dimension}, separation {separation:g}, variance 1. Left: "
    "potential whose negative slope is the backward drift along the line through the classes, at times "
    "before, at and after its symmetry breaks (t_drift = {drift_time:.3f}); exact theory. Right: its "
    "minima (solid) and barrier (dashed) against time, and the modes of the density P_t along the same "
    "line (dotted), which appear at the later speciation time of the criterion bayes. The minima run "
    "ahead of the trajectories, because the potential keeps moving, and lie at about twice the modes; the "
    "simulation does not check them. Squares: mean distance from the midpoint over {walkers} backward "
    "trajectories in full dimension by the exact kernel, to be compared with the mean of |u| under P_t "
    "(solid, theory), two normal laws of variance 1 on the line. Error bars: one standard error, smaller "
    "than the symbols."
)


def compute(
    preset: str,
    *,
    dimension: int = 64,
    shifts: tuple[float, ...] = (0.6, 0.0, -0.4, -0.8),
    separation: float = 1.0,
) -> dict[str, Any]:
    walkers = 2000 if preset == "quick" else 20_000
    mixture = GaussianMixture.two_classes(dimension, separation, 1.0)
    transition = float(drift_time(mixture).require()["time"])
    projection = np.linspace(-8.0, 8.0, 401)
    grid = np.concatenate([np.linspace(0.8, transition, 200), np.linspace(transition, 4.0, 60)[1:]])
    points = critical_points(mixture, grid)
    times = np.arange(3.8, 0.75, -0.25)
    law = NoisedMixture(mixture)
    rng = generator(0, {"figure": "speciation_potential", "dimension": dimension})
    x = law.sample(law.draw_components(walkers, rng), float(times[0]), rng)
    direction = mixture.means[0] / np.linalg.norm(mixture.means[0])
    distances = [np.abs(x @ direction)]
    for start, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        x, _ = law.backward(x, start, end, rng)
        distances.append(np.abs(x @ direction))
    # The projection is normal around either mean; its modulus has a folded normal law.
    signal = float(np.linalg.norm(mixture.means[0])) * np.exp(-grid)
    expected = np.sqrt(2.0 / np.pi) * np.exp(-0.5 * signal**2) + signal * erf(signal / np.sqrt(2.0))
    estimate = Estimate.from_samples(np.array(distances), axis=1)
    return {
        "walkers": walkers,
        "drift_time": transition,
        "projection": projection,
        "potential": np.array([potential(mixture, projection, transition + shift) for shift in shifts]),
        "time": grid,
        "critical": points["projection"],
        "modes": critical_points(mixture, grid, "density")["projection"],
        "expected": expected,
        "simulated_time": times,
        "mean": estimate.mean,
        "error": estimate.standard_error,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, shift in enumerate(data["shifts"]):
        label = r"$t_\mathrm{drift}$" if shift == 0 else rf"$t_\mathrm{{drift}}{shift:+.1f}$"
        left.plot(data["projection"], data["potential"][series], color=style.COLOURS[series], label=label)
    left.set(xlabel=r"projection $u$", ylabel="drift potential $V(u)$", ylim=(-8.0, 6.0))
    left.legend()
    time, critical = data["time"], data["critical"]
    single = np.isnan(critical[:, 0])
    right.plot(time, critical[:, 0], color=style.COLOURS[0])
    right.plot(time, critical[:, 2], color=style.COLOURS[0], label="minima")
    right.plot(time[single], critical[single, 1], color=style.COLOURS[0])
    right.plot(time[~single], critical[~single, 1], "--", color=style.COLOURS[0], label="barrier")
    for column in (0, 2):
        name = "modes of the density" if column else None
        right.plot(time, data["modes"][:, column], ":", color=style.COLOURS[1], label=name)
    right.plot(time, data["expected"], color=style.COLOURS[2], label=r"$\langle|u|\rangle$, theory")
    style.simulation(
        right, data["simulated_time"], data["mean"], data["error"], 1, r"$\langle|u|\rangle$, simulation"
    )
    right.axvline(
        float(data["drift_time"]), color="grey", linewidth=0.6, linestyle="--", label=r"$t_\mathrm{drift}$"
    )
    right.set(xlabel="diffusion time $t$", ylabel="projection $u$")
    right.legend()
    return figure
