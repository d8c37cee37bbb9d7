"""Dynamical mean-field theory against the simulation that gives the same standard error.

Spherical descent at offset 1, M/N = 3, 45 growing steps. The theory's standard errors come from its replicas; those of
the simulation from independent null-label instances at N = 500 (whose corrections of order 1/N are not counted against
it), by plain numpy with one matrix for each instance. Its cost at the theory's error is its measured cost times the
ratio of the squared errors. The outlier criterion of the simulation is that of groups of instances. One thread, calls
take turns; the theory gives the response and the growth of the overlap in addition, which are not counted.

    python -m benchmarks.phase_retrieval_dmft
"""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.theory.dmft import DescentDynamics, descent_dynamics
from statphys_gen.phase_retrieval.theory.sampled_law import sampled_curvature_law
from statphys_gen.phase_retrieval.theory.spectrum import outlier_criterion

from .baselines.phase_retrieval_null_descent import null_descents
from .measure import cpu_seconds, machine

RATIO, STEPS = 3.0, 45
PATHS, REPLICAS = 16384, 8
DIMENSION, INSTANCES, GROUPS = 500, 48, 8
MODEL = PhaseRetrieval(Loss.normalised(), RATIO)


def _theory(seed: int = 0) -> DescentDynamics:
    sizes = geometric_steps(STEPS, 0.01, 1.04, 0.1)
    return descent_dynamics(MODEL, sizes, paths=PATHS, replicas=REPLICAS, seed=seed)


def _criteria(fields: Any, known: Any) -> Any:
    rows = []
    for members in np.array_split(np.arange(len(fields)), GROUPS):
        points = np.stack([fields[members].ravel(), known[members].ravel()], axis=1)
        law = replace(sampled_curvature_law(MODEL.loss, points), lower_bound=MODEL.loss.curvature_bound)
        rows.append(float(outlier_criterion(MODEL, law=law)))
    return np.array(rows)


def _error(samples: Any) -> float:
    return float(np.std(samples, ddof=1)) / math.sqrt(len(samples))


def run() -> dict[str, Any]:
    sizes = geometric_steps(STEPS, 0.01, 1.04, 0.1)
    with threadpool_limits(limits=1):
        spent = cpu_seconds(
            {"theory": _theory, "simulation": lambda: null_descents(RATIO, sizes, DIMENSION, INSTANCES, 1)}, 3
        )
        theory = _theory()
        energy, correlation, fields, known = null_descents(RATIO, sizes, DIMENSION, INSTANCES, 1)
    measured = {"energy": energy, "correlation": correlation, "outlier_criterion": _criteria(fields, known)}
    rows = {}
    for name, samples in measured.items():
        ours = theory.estimate(name)[STEPS]
        error = _error(samples)
        ratio = spent["simulation"] / spent["theory"] * (error / float(ours.standard_error)) ** 2
        rows[name] = {
            "theory": float(f"{float(ours.mean):.5g}"),
            "theory_standard_error": float(f"{float(ours.standard_error):.2g}"),
            "simulation": float(f"{float(samples.mean()):.5g}"),
            "simulation_standard_error": float(f"{error:.2g}"),
            "cost_ratio_at_equal_error": float(f"{ratio:.2g}"),
        }
    return {
        "seconds": {name: float(f"{value:.3g}") for name, value in spent.items()},
        "paths": PATHS,
        "replicas": REPLICAS,
        "dimension": DIMENSION,
        "instances": INSTANCES,
        "observables_after_the_last_step": rows,
        "machine": machine(),
    }


def main() -> int:
    print(json.dumps(run(), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
