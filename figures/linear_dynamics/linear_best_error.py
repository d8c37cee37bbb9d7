"""Best test error of linear networks against the lazy ratio, from several dimensions."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import LinearNetwork, Task, best_error, simulate_training

PAPER = ("2405.17580", "", "ours")
TITLE = "Best test error between active and lazy training"
CAPTION = (
    "Best test error in time (left) and its scaled time (right) against the lazy ratio, one signal of "
    "strength {signal:g} in unit noise, for the initial noises omega = {noises} (colours), simulated at "
    "kappa = {ratios}. Solid lines: theory for d, w to infinity at fixed kappa and omega; dotted on the "
    "left: its limits for kappa to 0 and to infinity. Symbols with errors: networks with Gaussian weights "
    "and width kappa^2 d^2/omega, by the flow of their Gram matrix, extrapolated to d to infinity from d "
    "= {sizes} with {instances} instances each (none where the smallest would have a width below 2 d); "
    "for omega = 0, orthogonal weights. Smaller symbols on the left: d = {smallest}."
)


def _network(size: int, kappa: float, omega: float) -> LinearNetwork:
    width = 2 * size if omega == 0.0 else round(kappa**2 * size**2 / omega)
    return LinearNetwork(size, size, width, kappa * size / width, kappa * size / width)


def compute(
    preset: str,
    *,
    noises: tuple[float, ...] = (0.0, 0.1, 0.4),
    ratios: tuple[float, ...] = (0.15, 0.3, 0.8, 2.0),
    signal: float = 1.1,
) -> dict[str, Any]:
    sizes, instances = ((16, 32, 64), 14) if preset == "quick" else ((40, 80, 160), 40)
    kappa = np.geomspace(0.03, 6.0, 120)
    lines = [best_error([signal], kappa, omega) for omega in noises]
    shape = (len(noises), len(ratios), len(sizes))
    mean, error, time = np.empty(shape), np.empty(shape), np.empty(shape)
    for i, omega in enumerate(noises):
        for j, ratio in enumerate(ratios):
            # The theory is that of wide networks: none of a width below 2 d.
            if _network(sizes[0], ratio, omega).width < 2 * sizes[0]:
                mean[i, j], error[i, j], time[i, j] = np.nan, 1.0, np.nan
                continue
            guess = float(best_error([signal], ratio, omega).training_time)
            for k, d in enumerate(sizes):
                # The lowest of the mean curve; its value has no first-order error.
                times = guess * np.geomspace(0.65, 1.5, 7)
                found = simulate_training(
                    _network(d, ratio, omega),
                    times / d,
                    Task((signal,)),
                    instances=instances,
                    tolerance=1e-4,
                    initialisation="orthogonal" if omega == 0.0 else "gaussian",
                ).estimate("test_error")
                fit = np.polynomial.Polynomial.fit(np.log(times), found.mean, 6)
                fine = np.linspace(np.log(times[0]), np.log(times[-1]), 2000)
                place = int(np.argmin(fit(fine)))
                mean[i, j, k], time[i, j, k] = fit(fine)[place], np.exp(fine[place])
                error[i, j, k] = found.standard_error[int(np.argmin(found.mean))]
    # Least squares in 1/d with the measured errors.
    design = np.stack([np.ones(len(sizes)), 1.0 / np.array(sizes)], axis=1)
    limit, limit_error, limit_time = np.empty(shape[:2]), np.empty(shape[:2]), np.empty(shape[:2])
    for i, j in np.ndindex(shape[:2]):
        weight = design / error[i, j][:, None]
        covariance = np.linalg.inv(weight.T @ weight)
        limit[i, j] = (covariance @ weight.T @ (mean[i, j] / error[i, j]))[0]
        limit_error[i, j] = covariance[0, 0] ** 0.5
        limit_time[i, j] = (np.linalg.pinv(design) @ time[i, j])[0]
    return {
        "sizes": ", ".join(map(str, sizes)),
        "smallest": sizes[0],
        "instances": instances,
        "kappa": kappa,
        "line": np.array([found.test_error for found in lines]),
        "line_time": np.array([found.training_time for found in lines]),
        "limit": limit,
        "limit_error": limit_error,
        "limit_time": limit_time,
        "small": mean[..., 0],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, omega in enumerate(data["noises"]):
        colour = style.COLOURS[k]
        left.plot(data["kappa"], data["line"][k], color=colour)
        right.plot(data["kappa"], data["line_time"][k], color=colour, label=rf"$\omega$ = {omega:g}")
        style.simulation(
            left, data["ratios"], data["limit"][k], data["limit_error"][k], k, rf"$\omega$ = {omega:g}"
        )
        left.plot(data["ratios"], data["small"][k], style.MARKERS[k], color=colour, markersize=2.0)
        right.plot(
            data["ratios"], data["limit_time"][k], style.MARKERS[k], color=colour, markerfacecolor="white"
        )
        power = data["signal"] ** 2 + omega
        for level in (omega / (1.0 + omega), power / (1.0 + power)):
            left.axhline(level, color=colour, linewidth=0.7, linestyle=":")
    left.set(xscale="log", xlabel=r"lazy ratio $\kappa = c/d$", ylabel="best test error", ylim=(-0.02, 0.75))
    right.set(
        xscale="log", yscale="log", xlabel=r"lazy ratio $\kappa = c/d$", ylabel="best scaled time $T^*$"
    )
    notes = {"theory": "-", "limits": ":", "simulation, $d\\to\\infty$": "o", "smallest $d$": ".o"}
    left.legend(handles=style.keys(**notes), loc="lower right", fontsize=6)
    right.legend()
    return figure
