"""Phase diagram of the Hopfield network against point-by-point solution, and its spinodal against bisection.

Plane: 200 temperatures by 200 loads; paramagnet, glass and retrieval with free entropies, residuals, errors, replicon
and the dominant state. The other route solves glass and retrieval at each point with ``fsolve`` around ``quad``, from
starting points that lead to them where they exist; it is measured at points drawn at random from the plane (where both
states exist and where not) and scaled linearly. Its residual is that of the same two equations.

Spinodal: the end of retrieval at 20 temperatures, to rounding, against bisection on the overlap of the converged
iteration at one temperature to 1e-7 and at equal accuracy by the growth of its cost, which is measured: every digit
costs more iterations next to the end.

    python -m benchmarks.rbm_phase_diagram
"""

import json
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.lines import spinodal
from statphys_gen.rbm.theory.phase_diagram import phase_diagram
from statphys_gen.rbm.theory.replica_symmetric import dominant_state
from statphys_gen.units import Gaussian

from .baselines import rbm_fsolve as baseline
from .measure import cpu_seconds, machine

POINTS, MEASURED = 200, 60
HOPFIELD = Model(Gaussian(), 0.5, 0.1, convention="sqrt-beta")
TEMPERATURE, LOAD = np.linspace(0.05, 1.3, POINTS), np.linspace(0.002, 0.2, POINTS)
SPINODAL_TEMPERATURE = 0.4
ACCURACIES = (1e-5, 1e-6, 1e-7)


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def plane() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    chosen = [
        (float(t), float(a))
        for t, a in zip(rng.choice(TEMPERATURE, MEASURED), rng.choice(LOAD, MEASURED), strict=True)
    ]

    def theory() -> Any:
        return dominant_state(HOPFIELD, temperature=TEMPERATURE[:, None], load=LOAD[None, :])

    def with_lines() -> Any:
        return phase_diagram(HOPFIELD, temperature=TEMPERATURE, load=LOAD)

    def by_points() -> list[Any]:
        found = []
        for t, a in chosen:
            start = max(1.0 - 0.3 * t, 1.0 - t + 1e-3)
            found.append((baseline.solve((0.99, 1.0 - 1e-3), t, a), baseline.solve((0.0, start), t, a)))
        return found

    theory()
    seconds = cpu_seconds({"plane": theory, "plane with lines": with_lines, "fsolve and quad": by_points})
    compared = theory()
    states = {name: found for name, found in compared.solutions.items() if name != "paramagnet"}
    # The residual of the other route where its overlap is that of the same state.
    slow = by_points()
    residuals, differences = [], []
    for (t, a), pair in zip(chosen, slow, strict=True):
        at = int(np.flatnonzero(t == TEMPERATURE)[0]), int(np.flatnonzero(a == LOAD)[0])
        for name, (m, q, entropy, residual) in zip(("retrieval", "glass"), pair, strict=True):
            found = states[name]
            if (
                found.good[at]
                and abs(found["edwards_anderson_overlap"][at] - q) < 1e-3
                and abs(found["overlap"][at] - m) < 1e-3
            ):
                residuals.append(residual)
                differences.append(abs(found["free_entropy"][at] - entropy))
    ours = np.concatenate([found.residual[found.good] for found in states.values()])
    scaled = seconds["fsolve and quad"] / MEASURED * POINTS**2
    return {
        "points": POINTS**2,
        "points_measured_with_fsolve": MEASURED,
        "cpu_seconds": {
            "plane": _digits(seconds["plane"]),
            "plane with lines": _digits(seconds["plane with lines"]),
            "fsolve and quad, scaled": _digits(scaled),
        },
        "faster": {name: _digits(scaled / seconds[name]) for name in ("plane", "plane with lines")},
        "largest_residual": {"plane": _digits(float(ours.max())), "fsolve": _digits(max(residuals))},
        "median_residual": {
            "plane": _digits(float(np.median(ours))),
            "fsolve": _digits(float(np.median(residuals))),
        },
        "states_compared": len(residuals),
        "largest_difference_of_free_entropies": _digits(max(differences)),
        "states_without_verdict": int(
            sum((found.status == 2).sum() + (found.status == 4).sum() for found in states.values())
        ),
    }


def end_of_retrieval() -> dict[str, Any]:
    temperatures = np.linspace(0.1, 0.9, 20)

    def theory() -> Any:
        return spinodal(HOPFIELD, temperature=temperatures, between=(1e-4, 0.2))

    calls = {
        f"bisection to {accuracy:g}": lambda accuracy=accuracy: baseline.end_of_retrieval(
            SPINODAL_TEMPERATURE, accuracy, 0.05, 0.12
        )
        for accuracy in ACCURACIES
    }
    seconds = cpu_seconds({"spinodals": theory} | calls)
    found = theory().require()
    exact = float(
        spinodal(HOPFIELD, temperature=SPINODAL_TEMPERATURE, between=(0.05, 0.12)).require()["load"]
    )
    each = seconds["spinodals"] / len(temperatures)
    last, before = (seconds[f"bisection to {accuracy:g}"] for accuracy in (ACCURACIES[-1], ACCURACIES[-2]))
    # The number of iterations grows as the inverse root of the distance to the end.
    error = float(found.error.max())
    equal = last * (last / before) ** np.log10(ACCURACIES[-1] / error)
    return {
        "temperatures": len(temperatures),
        "cpu_seconds_each": {"fold": _digits(each)} | {name: _digits(seconds[name]) for name in calls},
        "error": {"fold": _digits(error)}
        | {
            f"bisection to {a:g}": _digits(
                abs(baseline.end_of_retrieval(SPINODAL_TEMPERATURE, a, 0.05, 0.12) - exact)
            )
            for a in ACCURACIES
        },
        "faster_than_bisection_to_1e-7": _digits(last / each),
        "faster_at_equal_accuracy_extrapolated": _digits(float(equal / each)),
    }


def main() -> None:
    document = {
        "benchmark": "rbm_phase_diagram",
        "machine": machine(),
        "threads": 1,
        "plane": plane(),
        "spinodal": end_of_retrieval(),
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
