"""A clone curve in d = 16384: theory and faster simulations against the full-dimensional numpy loop.

Every simulation has the same number of clones, hence the same standard error: of a proportion, sqrt(phi (1 - phi) / n).
Simulations are measured over a stretch and scaled linearly in clones and steps; compilation is not counted. One thread.

    python -m benchmarks.clone_curve
"""

import json
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.data.binary_channel import two_class_agreement
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.simulation.backward_kernel import posterior_agreement, simulate_clones
from statphys_gen.diffusion.simulation.langevin import reduced_clones_langevin, simulate_clones_langevin
from statphys_gen.diffusion.theory.class_signal import signal

from .baselines import clone_curve_numpy as baseline
from .measure import cpu_seconds, machine

DIMENSION = 16384
TIMES, CLONES, STEPS, HORIZON = baseline.TIMES, baseline.CLONES, baseline.STEPS, baseline.HORIZON
# What is measured of each simulation: numpy loop (clones, steps), kernels (clones).
LOOP_CLONES, LOOP_STEPS = 128, 4
EULER_CLONES, EULER_STEPS = 32, 8
EXACT_CLONES, REDUCED_CLONES = 256, 1000


def main() -> None:
    mixture = GaussianMixture.two_classes(DIMENSION, 1.0)
    projected = GaussianMixture.two_classes(1, np.sqrt(DIMENSION))
    m = np.ones(DIMENSION)
    rng = np.random.default_rng(0)
    start = rng.standard_normal((LOOP_CLONES, DIMENSION))

    def short_euler() -> object:
        # From T to 0 and no branch: as many steps as asked for, whatever their size.
        return simulate_clones_langevin(
            mixture, HORIZON, walkers=EULER_CLONES, seed=0, steps=EULER_STEPS, horizon=HORIZON
        )

    calls: dict[str, Callable[[], object]] = {
        "theory": lambda: two_class_agreement(signal(mixture, TIMES)),
        "numpy loop, Euler, d coordinates": lambda: baseline.advance(start, m, 500, 500 + LOOP_STEPS, rng),
        "Euler, d coordinates": short_euler,
        "exact kernel, d coordinates": lambda: simulate_clones(mixture, TIMES, walkers=EXACT_CLONES, seed=0),
        "exact kernel, averaged over the redrawn class": lambda: posterior_agreement(
            mixture, TIMES, walkers=EXACT_CLONES, seed=0
        ),
        "reduced Euler": lambda: reduced_clones_langevin(
            float(np.sqrt(DIMENSION)),
            1.0,
            TIMES,
            walkers=REDUCED_CLONES,
            seed=0,
            steps=STEPS,
            horizon=HORIZON,
        ),
        "reduced exact kernel": lambda: simulate_clones(
            projected, TIMES, walkers=CLONES, seed=0, label="sign"
        ),
    }
    for name, call in calls.items():
        if "numpy" not in name:
            call()
    measured = cpu_seconds(calls)
    of_curve = baseline.steps_of_curve()
    scale = {
        "numpy loop, Euler, d coordinates": CLONES / LOOP_CLONES * of_curve / LOOP_STEPS,
        # At the branch time T both runs make all steps.
        "Euler, d coordinates": CLONES / EULER_CLONES * of_curve / (2 * EULER_STEPS),
        "exact kernel, d coordinates": CLONES / EXACT_CLONES,
        "exact kernel, averaged over the redrawn class": CLONES / EXACT_CLONES,
        "reduced Euler": CLONES / REDUCED_CLONES,
    }
    seconds = {name: value * scale.get(name, 1.0) for name, value in measured.items()}

    # The averaged estimate needs fewer walkers for the same error: the ratio of the variances, over the curve.
    theory = two_class_agreement(signal(mixture, TIMES))
    averaged = posterior_agreement(projected, TIMES, walkers=20_000, seed=0)
    decided = (theory > 0.51) & (theory < 0.999)
    gain = (theory * (1.0 - theory))[decided] / (averaged.standard_error[decided] ** 2 * 20_000)
    check = simulate_clones(projected, TIMES, walkers=CLONES, seed=0, label="sign")
    deviation = np.abs(check.mean - theory)[decided] / check.standard_error[decided]

    slowest = seconds["numpy loop, Euler, d coordinates"]
    print(
        json.dumps(
            {
                "benchmark": "clone_curve",
                "machine": machine(),
                "parameters": {
                    "dimension": DIMENSION,
                    "times": TIMES.tolist(),
                    "clones": CLONES,
                    "euler_steps_of_one_clone": of_curve,
                    "threads": 1,
                },
                "cpu_seconds_of_the_curve": {name: float(f"{value:.3g}") for name, value in seconds.items()},
                "measured_fraction": {name: float(f"{1.0 / value:.3g}") for name, value in scale.items()},
                "faster_than_the_numpy_loop": {
                    name: float(f"{slowest / value:.3g}")
                    for name, value in seconds.items()
                    if value != slowest
                },
                "theory_faster_than_exact_kernel": float(
                    f"{seconds['exact kernel, d coordinates'] / seconds['theory']:.3g}"
                ),
                "variance_of_clones_over_averaged": {
                    f"{t:g}": float(f"{value:.3g}") for t, value in zip(TIMES[decided], gain, strict=True)
                },
                "largest_deviation_in_standard_errors": float(f"{deviation.max():.3g}"),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
