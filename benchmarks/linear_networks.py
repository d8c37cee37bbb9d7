"""Error curves, planes of best errors and flows of finite networks against what one would otherwise run. One thread.

Curve: the closed form after one singular value decomposition against Euler steps with two of them each, at the number
of steps for which Euler's largest error in A along the curve is 2e-3 or 5e-4 of the target's norm. Plane: the batched
solver against an integrated mode and a scalar minimum at each point, both to 1e-10. Finite width: one right side of the
Gram flow against one of the full weights.

    python -m benchmarks.linear_networks
"""

import json

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.linear_dynamics.model import LinearNetwork, Task
from statphys_gen.linear_dynamics.simulation.starts import draw_target, draw_weights
from statphys_gen.linear_dynamics.theory.best import best_error
from statphys_gen.linear_dynamics.theory.modes import amplitude
from statphys_gen.linear_dynamics.theory.wide_limit import wide_errors

from .baselines import linear_networks_notebook as baseline
from .measure import cpu_seconds, machine

DIMENSION, TIMES = 200, 100
PLANE, LOOP = 200, 5  # points along an axis of the plane, and of its part that the loop computes
SIZES = ((60, 3600), (100, 31622))
STEPS_MEASURED = 6


def curve() -> dict[str, float]:
    network, task = LinearNetwork(DIMENSION, DIMENSION, 400, 0.1, 0.1), Task.equal(5)
    target = draw_target(network, task, 0, 0)
    threshold, last = 0.2 * DIMENSION, 4.0 / DIMENSION
    calls = {
        "closed form": lambda: wide_errors(
            target.matrix, target.signal, threshold, np.linspace(0.0, last, TIMES)
        ),
        "Euler": lambda: baseline.euler(
            target.matrix, target.signal, threshold, last * STEPS_MEASURED / 400, STEPS_MEASURED
        ),
    }
    seconds = cpu_seconds(calls)
    step = seconds["Euler"] / STEPS_MEASURED
    found = {"closed form, seconds": seconds["closed form"], "Euler step, seconds": step}
    # Euler's iterates have the singular vectors of the target: its error mode by mode.
    s = np.linalg.svd(target.matrix, compute_uv=False)
    for allowed in (2e-3, 5e-4):
        steps = next(n for n in range(20, 4000, 20) if _error_of_euler(s, threshold, last, n) < allowed)
        found[f"Euler steps for {allowed:g}"] = steps
        found[f"ratio at {allowed:g}"] = steps * step / seconds["closed form"]
    return found


def _error_of_euler(s: np.ndarray, threshold: float, last: float, steps: int) -> float:
    """Largest |A_Euler - A|/|T| along the curve."""
    a, worst = np.zeros_like(s), 0.0
    exact = amplitude(s, threshold, last / steps * np.arange(1, steps + 1)[:, None])
    for wanted in exact:
        a = a + last / steps * 2.0 * np.sqrt(a * a + threshold**2) * (s - a)
        worst = max(worst, float(np.linalg.norm(a - wanted) / np.linalg.norm(s)))
    return worst


def plane() -> dict[str, float]:
    kappa, omega = np.meshgrid(np.geomspace(0.02, 5.0, PLANE), np.linspace(0.0, 2.0, PLANE))
    rows = slice(None, None, PLANE // LOOP)
    part = list(zip(kappa[rows, rows].ravel(), omega[rows, rows].ravel(), strict=True))
    calls = {
        "batched": lambda: best_error([1.1], kappa, omega),
        "loop": lambda: [baseline.best_error(1.1, k, o) for k, o in part],
    }
    seconds = cpu_seconds(calls)
    batched = best_error([1.1], kappa, omega).test_error[rows, rows].ravel()
    difference = max(
        abs(b - baseline.best_error(1.1, k, o)[0]) for b, (k, o) in zip(batched, part, strict=True)
    )
    each = seconds["batched"] / kappa.size, seconds["loop"] / len(part)
    return {
        "batched, microseconds a point": 1e6 * each[0],
        "loop, microseconds a point": 1e6 * each[1],
        "largest difference": difference,
        "ratio": each[1] / each[0],
    }


def width() -> dict[str, float]:
    found = {}
    for d, w in SIZES:
        network, task = LinearNetwork(d, d, w, 0.3 * d / w, 0.3 * d / w), Task((1.0,))
        goal = draw_target(network, task, 0, 0).matrix
        first, second = draw_weights(network, task, 0, 0)
        c1, a, c2 = first.T @ first, second @ first, second @ second.T

        def gram(c1=c1, a=a, c2=c2, goal=goal) -> object:
            for _ in range(200):
                force = a - goal
                one, two = a.T @ force, a @ force.T
                result = one + one.T, c2 @ force + force @ c1, two + two.T
            return result

        def full(first=first, second=second, goal=goal) -> object:
            for _ in range(4):
                result = baseline.weights_slope(first, second, goal)
            return result

        seconds = cpu_seconds({"Gram": gram, "full": full}, repeats=5)
        found[f"d = {d}, w = {w}: Gram, microseconds"] = 1e6 * seconds["Gram"] / 200
        found[f"d = {d}, w = {w}: ratio"] = (seconds["full"] / 4) / (seconds["Gram"] / 200)
    return found


def main() -> None:
    measured = {"curve": curve(), "plane": plane(), "finite width": width()}
    print(
        json.dumps(
            {
                "benchmark": "linear_networks",
                "machine": machine(),
                "parameters": {"dimension": DIMENSION, "times": TIMES, "plane": PLANE**2, "threads": 1},
                **{
                    name: {key: float(f"{value:.3g}") for key, value in part.items()}
                    for name, part in measured.items()
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
