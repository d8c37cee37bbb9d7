"""Spectrum and learning curves of random features against what one would otherwise run.

Density: 400 positions in the bulks, against a general root-finder at each position with continuation in the
imaginary part, measured on a few positions and scaled linearly. The time of the theory includes finding the
edges of all bulks, which does not grow with the number of positions: it is given for 400 and for 20,000.
Residuals are of the same equations. Curves: train loss, test loss and score error at 400 training times,
against one direct simulation in d = 400 (its matrices, one eigendecomposition, the same 400 times), and
against gradient descent at d = 100, p = 6400, n = 800, t = 0.1 up to a training time of 10^4: a few steps are
measured and scaled to all of them, each as large as the inverse of the largest rate. One thread; nothing is
cached between repetitions unless it says so, compilation and imports are not counted.

    python -m benchmarks random_features_theory

"""

import json
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.simulation.instances import sample_matrices
from statphys_gen.random_features.simulation.training import GradientFlow
from statphys_gen.random_features.theory import coefficients, contour_tables, edges
from statphys_gen.random_features.theory import learning_curves as curves
from statphys_gen.random_features.theory import resolvent as equations
from statphys_gen.random_features.theory import spectrum as spectra
from statphys_gen.random_features.theory.coefficients import model_coefficients
from statphys_gen.random_features.theory.filters import gradient_flow, relaxation_rate

from .baselines import random_features_density as baseline
from .baselines import random_features_descent as descent
from .measure import cpu_seconds, machine

POINTS, MANY_POINTS, MEASURED_POINTS = 400, 20_000, 4
# The smallest imaginary part of the root-finder.
HEIGHT = float(baseline.HEIGHTS[-1])
DIMENSION = 400
DESCENT_STEPS, DESCENT_END = 4, 1e4
TIMES = np.geomspace(0.1, 1e5, 400)


def _forget() -> None:
    """Empty every cache of the theory."""
    for module in (equations, edges, spectra, curves, contour_tables, coefficients):
        for entry in vars(module).values():
            if hasattr(entry, "cache_clear"):
                entry.cache_clear()


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def density() -> dict[str, Any]:
    model = RandomFeatures("tanh", 2.0, 4.0, 0.01)
    c = model_coefficients(model)
    constants = (
        2.0,
        4.0,
        float(np.exp(-0.02) * c.a_t**2),
        float(c.b_t_squared),
        float(c.v_t_squared),
        float(c.s_t_squared),
    )
    found = spectra.spectrum(model)
    grid = found.grid(POINTS // len(found.bulks))
    few = grid[np.linspace(0, len(grid) - 1, MEASURED_POINTS + 2).astype(int)[1:-1]]

    def whole() -> object:
        _forget()
        return spectra.spectrum(model).density(grid)

    many = found.grid(MANY_POINTS // len(found.bulks))

    def dense() -> object:
        _forget()
        return spectra.spectrum(model).density(many)

    seconds = cpu_seconds(
        {
            "spectrum with edges, and density": whole,
            f"spectrum with edges, and density at {MANY_POINTS} positions": dense,
            "density on a known spectrum": lambda: found.density(grid),
            "batched Newton at the root-finder's imaginary part": lambda: found.system.resolvent(
                grid - found.system.origin + 1j * HEIGHT
            ),
            "root-finder": lambda: baseline.density(few, *constants),
        }
    )
    slow, errors = baseline.density(few, *constants)
    fast = found.density(few)
    bulks = found.bulks
    worst = 0.0
    for point in few:
        bulk = next(b for b in bulks if b.lower < point < b.upper)
        long = len(bulk.boundary.angle) > 150
        system = found.system
        at = np.array([point]) - system.origin
        x = bulk.boundary.polished(system.system, at) if long else bulk.boundary.interpolate(at)
        package = system.package(x, at.astype(complex))
        solution = np.array([package.q[0], package.r[0], package.s[0]])
        worst = max(worst, float(np.abs(baseline.residual(solution, point, *constants)).max()))
    each = seconds["root-finder"] / MEASURED_POINTS
    scaled = each * len(grid)
    dense_name = f"spectrum with edges, and density at {MANY_POINTS} positions"
    return {
        "positions": len(grid),
        "positions_measured_with_the_root_finder": MEASURED_POINTS,
        "cpu_seconds": {name: _digits(value) for name, value in (seconds | {"root-finder": scaled}).items()},
        "faster_than_the_root_finder": {
            name: _digits(each * (len(many) if name == dense_name else len(grid)) / value)
            for name, value in seconds.items()
            if name != "root-finder"
        },
        "residual": {"root-finder": _digits(float(errors.max())), "theory": _digits(worst)},
        "largest_difference_relative": _digits(float(np.abs(slow / fast - 1.0).max())),
    }


def learning_curves() -> dict[str, Any]:
    model = RandomFeatures("sin", 4.0, 2.0, 0.1)

    def theory() -> curves.LearningCurves:
        _forget()
        return curves.learning_curves(model, TIMES)

    def simulation() -> Any:
        matrices = sample_matrices(model, DIMENSION, np.random.default_rng(0))
        return GradientFlow(TIMES).losses(matrices, 4.0)

    curves.learning_curves(model, TIMES)
    seconds = cpu_seconds(
        {
            "theory": theory,
            "theory after set-up": lambda: curves.losses(model, gradient_flow(model, TIMES)),
        }
    )
    seconds |= cpu_seconds({"simulation": simulation}, repeats=1)
    one, other = theory(), simulation()
    return {
        "training_times": len(TIMES),
        "dimension": DIMENSION,
        "cpu_seconds": {name: _digits(value) for name, value in seconds.items()},
        "faster_than_one_simulation": {
            name: _digits(seconds["simulation"] / seconds[name]) for name in ("theory", "theory after set-up")
        },
        "largest_difference": {
            "train_loss": _digits(float(np.abs(one.train_loss - other.train_loss).max())),
            "test_loss": _digits(float(np.abs(one.test_loss - other.test_loss).max())),
        },
    }


def against_descent() -> dict[str, Any]:
    model = RandomFeatures("tanh", 64.0, 8.0, 0.1)
    largest = float(edges.bulk_edges(model)[-1, 1])
    learning_rate = 1.0 / (relaxation_rate(model) * largest)
    needed = int(DESCENT_END / learning_rate)
    times = np.geomspace(0.1, DESCENT_END, 400)

    def theory() -> object:
        _forget()
        return curves.learning_curves(model, times)

    theory()
    seconds = cpu_seconds({"theory": theory})
    seconds |= cpu_seconds(
        {"descent": lambda: descent.steps(DESCENT_STEPS, 100, 6400, 800, 0.1, learning_rate)}, repeats=1
    )
    whole = seconds["descent"] * needed / DESCENT_STEPS
    return {
        "steps": needed,
        "steps_measured": DESCENT_STEPS,
        "cpu_seconds": {"theory": _digits(seconds["theory"]), "descent, extrapolated": _digits(whole)},
        "faster_than_descent": _digits(whole / seconds["theory"]),
    }


def main() -> None:
    document = {
        "benchmark": "random_features_theory",
        "machine": machine(),
        "threads": 1,
        "density": density(),
        "curves": learning_curves(),
        "descent": against_descent(),
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
