"""Edge, outlier and overlap of the Hessian of phase retrieval against samples per dimension."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    hessian_spectrum,
    initial_transition,
    simulate_hessian,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: the outlier at a random start against samples per dimension"
CAPTION = (
    "Left: left edge of the bulk (grey) and signal outlier (coloured) of the Hessian at a random start, "
    "as eigenvalues with the multiplier added back. Right: squared overlap of the outlier's eigenvector "
    "with the signal. Offsets {offsets}, up to {largest:g} samples per dimension: a loss with a soft edge "
    "(offset 1) has overlap and distance grow continuously from the transition, one with a hard edge "
    "(offset 4) lets the overlap jump; transitions at {transition_0:.4f} and {transition_1:.4f}. Lines: "
    "theory (N to infinity). Symbols: {instances} instances of size N = {dimension} for each point, the "
    "eigenvector with the largest overlap among the 8 lowest; error bars, one standard error. Finite "
    "sizes round off the transitions and lie above the limit in the left panel. A reconstruction: the "
    "figures of the original work were not at hand."
)


def compute(
    preset: str, *, offsets: tuple[float, float] = (1.0, 4.0), largest: float = 6.0
) -> dict[str, Any]:
    dimension, instances, points = (160, 24, 6) if preset == "quick" else (500, 60, 10)
    data: dict[str, Any] = {"dimension": dimension, "instances": instances}
    for k, offset in enumerate(offsets):
        loss = Loss.normalised(offset)
        critical = float(initial_transition(loss).solution["samples_per_dimension"])
        ends = (0.4 * critical, largest)
        grid = np.unique(np.concatenate([np.linspace(*ends, 120), critical + np.geomspace(1e-6, 0.5, 20)]))
        found = hessian_spectrum(PhaseRetrieval(loss, ends[0]), samples_per_dimension=grid)
        mu = found.lagrange_multiplier
        alphas = np.linspace(*ends, points)
        rows = {"outlier": [], "overlap": []}  # type: dict[str, list[tuple[float, float]]]
        for alpha in alphas:
            hessians = simulate_hessian(
                PhaseRetrieval(loss, float(alpha)), dimension, instances=instances, count=8, threads=2
            )
            rows["outlier"].append(_pair(hessians.estimate("unshifted_outlier")))
            rows["overlap"].append(_pair(hessians.estimate("overlap_squared")))
        data |= {
            f"transition_{k}": critical,
            f"grid_{k}": grid,
            f"edge_{k}": found.bulk_edge["position"] + mu,
            f"outlier_{k}": found.outlier["position"] + mu,
            f"overlap_{k}": found.outlier["overlap_squared"],
            f"alpha_{k}": alphas,
            f"outlier_sim_{k}": np.array(rows["outlier"]),
            f"overlap_sim_{k}": np.array(rows["overlap"]),
        }
    return data


def _pair(estimate: Any) -> tuple[float, float]:
    return float(estimate.mean), float(estimate.standard_error)


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, offset in enumerate(data["offsets"]):
        colour = style.COLOURS[k]
        grid, overlap = data[f"grid_{k}"], data[f"overlap_{k}"]
        left.plot(grid, data[f"edge_{k}"], color="grey", linestyle=("-", "--")[k])
        left.plot(grid, data[f"outlier_{k}"], color=colour)
        right.plot(grid, np.where(np.isnan(overlap), 0.0, overlap), color=colour)
        alpha, outlier, other = (data[f"{name}_{k}"] for name in ("alpha", "outlier_sim", "overlap_sim"))
        beyond = alpha > data[f"transition_{k}"]
        style.simulation(
            left, alpha[beyond], outlier[beyond, 0], outlier[beyond, 1], k, f"outlier, offset {offset:g}"
        )
        style.simulation(right, alpha, other[:, 0], other[:, 1], k, f"offset {offset:g}")
    left.plot([], [], color="grey", label=f"left edge (dashed: offset {data['offsets'][1]:g})")
    left.set(xlabel="samples per dimension", ylabel="eigenvalue plus multiplier")
    right.set(xlabel="samples per dimension", ylabel="squared overlap of the eigenvector", ylim=(-0.02, None))
    left.legend()
    entries, _ = right.get_legend_handles_labels()
    notes = {"theory, $N\\to\\infty$": "-"}
    right.legend(handles=entries + style.keys(**notes))
    return figure
