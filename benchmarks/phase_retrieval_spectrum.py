"""Spectral density of the Hessian of phase retrieval against a damped fixed point in a Python loop.

Law at initialisation, offset 1, 4 samples per dimension, 2000 equally spaced positions from the left edge on, which
hold nine tenths of the eigenvalues. The baseline is measured on every fortieth position and scaled linearly, once
from the solution at the position before and from the same start everywhere with damping 0.5 and 0.9; it iterates to
the residual 1e-10 of z(S) = z, with a quadrature that makes its density that accurate. The residual of the
package's solution is that of the same equation, evaluated with the closed form of the average over y. The edge is
found anew each time, nothing is cached between repetitions; imports are not counted. One thread.

    python -m benchmarks.phase_retrieval_spectrum
"""

import json
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.theory import spectrum
from statphys_gen.phase_retrieval.theory.density import spectral_density
from statphys_gen.phase_retrieval.theory.initial_law import initial_curvature_law
from statphys_gen.phase_retrieval.theory.stieltjes_transform import stieltjes_on_bulk

from .baselines import phase_retrieval_density as baseline
from .measure import cpu_seconds, machine

ALPHA, OFFSET = 4.0, 1.0
POINTS, MEASURED, SPAN = 2000, 50, 60.0
# Calls of the package in one measurement, which is then as long as that of the loop.
CALLS = 20


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _residual(density: np.ndarray, positions: np.ndarray) -> float:
    """Largest |z(S) - z| of the solutions that the density is made from."""
    law = initial_curvature_law(Loss.normalised(OFFSET))
    ratio = np.array([ALPHA])
    edge, _ = spectrum._edge(law, ratio)
    left = float(spectrum.position(law, edge["stieltjes"], ratio)[0])
    z = positions + ALPHA * law.multiplier_per_sample
    s = stieltjes_on_bulk(law, ALPHA, z.astype(complex), left, float(edge["stieltjes"][0]))
    if np.abs(s.imag / np.pi - density).max() > 1e-12:
        raise RuntimeError("the density is made from other solutions")
    return float(np.abs((ALPHA * law.responses(s)[0] - 1.0) / s - z).max())


def density() -> dict[str, Any]:
    model = PhaseRetrieval(Loss.normalised(OFFSET), ALPHA)
    multiplier = float(spectrum.lagrange_multiplier(model))
    edge = float(spectrum.left_edge(model)["position"])
    # At the edge itself the fixed point does not converge.
    grid = np.linspace(edge, edge + SPAN, POINTS + 1)[1:]
    few = grid[POINTS // MEASURED // 2 :: POINTS // MEASURED]

    def whole() -> object:
        return spectral_density(model, grid)

    whole()
    seconds = cpu_seconds(
        {
            "theory, edge included": lambda: [whole() for _ in range(CALLS)],
            "damped loop from the neighbour": lambda: baseline.density(few, ALPHA, OFFSET, multiplier),
            "damped loop": lambda: baseline.density(few, ALPHA, OFFSET, multiplier, neighbour=False),
            "damped loop, damping 0.9": lambda: baseline.density(
                few, ALPHA, OFFSET, multiplier, neighbour=False, damping=0.9
            ),
        }
    )
    slow, worst, iterations = baseline.density(few, ALPHA, OFFSET, multiplier)
    fine, _, _ = baseline.density(few, ALPHA, OFFSET, multiplier, order=44)
    theory = seconds["theory, edge included"] / CALLS
    scaled = {name: value * POINTS / MEASURED for name, value in seconds.items() if name.startswith("damped")}
    everywhere = spectral_density(model, grid)
    fast = everywhere[POINTS // MEASURED // 2 :: POINTS // MEASURED]
    return {
        "positions": POINTS,
        "positions_measured_with_the_damped_loop": MEASURED,
        "iterations_per_position": _digits(iterations / MEASURED),
        "cpu_seconds": {
            name: _digits(value) for name, value in ({"theory, edge included": theory} | scaled).items()
        },
        "faster": {name: _digits(value / theory) for name, value in scaled.items()},
        "residual": {"damped loop": _digits(worst), "theory": _digits(_residual(everywhere, grid))},
        "largest_difference": _digits(float(np.abs(slow - fast).max())),
        "quadrature_error_of_the_damped_loop": _digits(float(np.abs(slow - fine).max())),
    }


def main() -> None:
    print(
        json.dumps(
            {
                "benchmark": "phase_retrieval_spectrum",
                "machine": machine(),
                "threads": 1,
                "samples_per_dimension": ALPHA,
                "offset": OFFSET,
                "density": density(),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
