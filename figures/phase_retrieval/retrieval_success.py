"""Success of gradient descent in phase retrieval against the number of samples, and its midpoint against the size."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import InvalidArgument
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    amplification_shift,
    geometric_steps,
    judge_shift,
    largest_amplification,
    size_shift,
    success_midpoint,
    success_rate,
)
from statphys_gen.statistics import Estimate

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: success of gradient descent at finite size"
CAPTION = (
    "A reconstruction, not a figure of the paper. Normalised loss, offset 1; gradient descent from random "
    "starts, successful when |m| exceeds 0.98 within time 200, at the sizes {sizes}. Left: success rate "
    "against samples per dimension, with 95 % binomial intervals over {fewest} to {most} independent "
    "instances; dotted, logistic curves in log(alpha) where the rate is between 0.05 and 0.95. Right: "
    "midpoints (one standard error) against N; dotted, straight line in log N, slope {slope:.2f} in "
    "[{lower:.2f}, {upper:.2f}] (95 %). Solid: slope {predicted:.2f} +- {error:.2f} that the "
    "amplification of a small overlap predicts, through the middle of the data (a heuristic; dynamical "
    "mean-field theory with {paths} paths up to time {time:.1f}, {steps} steps). Verdict: {verdict}. At "
    "the two largest sizes a sixth to two fifths of the successes near the midpoint come in the second "
    "half of the duration, on which the midpoint therefore depends. The counts are kept with their recipe "
    "(tests/reference/phase_retrieval_success.py)."
)

# Size: (samples per dimension, successes, instances); the table of tests/reference/phase_retrieval_success.json.
COUNTS = {
    32: (
        (1.5, 9, 400),
        (2, 94, 400),
        (2.25, 127, 400),
        (2.5, 196, 400),
        (2.75, 235, 400),
        (3, 277, 400),
        (3.25, 308, 400),
        (3.5, 332, 400),
        (4, 354, 400),
        (5, 385, 400),
    ),
    64: (
        (1.5, 1, 400),
        (2, 28, 400),
        (2.25, 87, 400),
        (2.5, 133, 400),
        (2.75, 207, 400),
        (3, 269, 400),
        (3.25, 282, 400),
        (3.5, 311, 400),
        (4, 355, 400),
        (5, 386, 400),
    ),
    128: (
        (1.5, 0, 100),
        (2, 0, 100),
        (2.25, 7, 100),
        (2.5, 45, 200),
        (2.75, 84, 200),
        (3, 102, 200),
        (3.25, 138, 200),
        (3.5, 154, 200),
        (4, 87, 100),
        (5, 94, 100),
    ),
    256: (
        (1.5, 0, 80),
        (2, 0, 80),
        (2.25, 2, 80),
        (2.5, 17, 200),
        (2.75, 54, 200),
        (3, 99, 200),
        (3.25, 133, 200),
        (3.5, 161, 200),
        (4, 74, 80),
        (5, 78, 80),
    ),
    512: ((2.5, 11, 200), (2.75, 37, 200), (3, 84, 200), (3.25, 123, 200), (3.5, 146, 200)),
    1024: ((2.75, 13, 200), (3, 48, 200), (3.25, 89, 200), (3.5, 139, 200)),
}


def compute(preset: str, *, sizes: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)) -> dict[str, Any]:
    quick = preset == "quick"
    paths, replicas, steps = (2048, 4, 100) if quick else (8192, 6, 110)
    ratios = (2.5, 3.5) if quick else (2.0, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0)
    if not set(sizes) <= set(COUNTS) or len(sizes) < 3:
        raise InvalidArgument("sizes", sizes, "three or more of " + ", ".join(map(str, COUNTS)))
    longest = max(len(COUNTS[size]) for size in sizes)
    rates = np.full((len(sizes), longest, 4), np.nan)
    found = []
    for k, size in enumerate(sizes):
        ratio, successes, instances = np.array(COUNTS[size], dtype=float).T
        for j, (alpha, good, count) in enumerate(COUNTS[size]):
            rate = success_rate((np.arange(count) < good).astype(int))
            rates[k, j] = alpha, rate.rate, rate.lower, rate.upper
        found.append(success_midpoint(ratio, successes, instances))
    midpoints = Estimate.stack([m.samples_per_dimension for m in found])
    data: dict[str, Any] = {
        "rates": rates,
        "midpoints": midpoints.mean,
        "midpoint_errors": midpoints.standard_error,
        "exponents": np.array([m.exponent for m in found]),
        "fewest": min(row[2] for rows in COUNTS.values() for row in rows),
        "most": max(row[2] for rows in COUNTS.values() for row in rows),
        "paths": paths * replicas,
        "steps": steps,
    }
    shift = size_shift(sizes, midpoints)
    sizes_of_steps = geometric_steps(steps, 0.01, 1.04, 0.1)
    amplification = largest_amplification(
        PhaseRetrieval(Loss.normalised(1.0), ratios[0]),
        sizes_of_steps,
        samples_per_dimension=ratios,
        paths=paths,
        replicas=replicas,
    )
    centre = float(midpoints.mean.mean())
    predicted, error = amplification_shift(amplification, centre)
    verdict = judge_shift(shift, predicted, error, truncated=amplification.truncated(centre))
    return data | {
        "time": float(sizes_of_steps.sum()),
        "slope": shift.slope,
        "lower": shift.lower,
        "upper": shift.upper,
        "intercept": shift.intercept,
        "predicted": predicted,
        "error": error,
        "verdict": verdict.text,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    grid = np.linspace(1.2, 5.2, 300)
    for k, size in enumerate(data["sizes"]):
        ratio, rate, lower, upper = data["rates"][k].T
        colour = style.COLOURS[k]
        style.simulation(left, ratio, rate, [rate - lower, upper - rate], k, f"$N$ = {size}")
        curve = 1.0 / (1.0 + (data["midpoints"][k] / grid) ** data["exponents"][k])
        left.plot(grid, curve, ":", color=colour, linewidth=0.9)
    left.axhline(0.5, color="0.7", linewidth=0.6, zorder=0)
    left.set(xlabel=r"samples per dimension $\alpha$", ylabel="success rate", ylim=(-0.03, 1.03))
    left.legend(loc="lower right", fontsize=6)
    style.simulation(right, data["sizes"], data["midpoints"], data["midpoint_errors"], 0, "midpoints")
    sizes = np.geomspace(0.8 * min(data["sizes"]), 1.25 * max(data["sizes"]), 50)
    right.plot(
        sizes,
        data["intercept"] + data["slope"] * np.log(sizes),
        ":",
        color=style.COLOURS[0],
        label="straight line fitted",
    )
    centre = float(np.log(data["sizes"]).mean())
    middle = data["intercept"] + data["slope"] * centre
    right.plot(
        sizes,
        middle + data["predicted"] * (np.log(sizes) - centre),
        color=style.COLOURS[1],
        label="small overlap amplified (heuristic)",
    )
    right.set(xscale="log", xlabel="dimension $N$", ylabel=r"midpoint $\alpha_{50}$", xticks=data["sizes"])
    right.set_xticklabels([str(size) for size in data["sizes"]])
    right.minorticks_off()
    right.legend(loc="upper left")
    return figure
