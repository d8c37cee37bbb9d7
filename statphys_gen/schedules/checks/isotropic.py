"""Two isotropic classes in full dimension: every named schedule, the solvers, starts, a designed grid, and U-turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import Grid, NoiseGrid, TimeGrid, TwoClasses, interpolant, noise_grid
from ..simulation.samplers import simulate_two_classes
from ..simulation.u_turns import simulate_u_turn
from ..theory.isotropic_map import detail_std, generated_weight
from ..theory.start import start_error
from ..theory.windows import u_turn

_CLASSES = TwoClasses(100, 0.8, 0.36, 0.72)
_REVERSED = TwoClasses(100, 1.3, 0.36, 0.28)
_WIDE = TwoClasses(100, 0.8, 1.44, 0.72)
_WALKERS = 40_000
# A grid of twelve steps that was designed for the first classes, rounded.
_DESIGNED = (47.0, 21.0, 11.6, 7.2, 4.3, 2.1, 1.05, 0.66, 0.44, 0.28, 0.165, 0.07, 0.0)


def checks() -> list[Check]:
    named = [
        _named("vp-linear", _CLASSES, 9),
        _named("vp-trigonometric", _REVERSED, 8),
        _named("ve-linear", _REVERSED, 9),
        _named("ve-trigonometric", _WIDE, 11),
        _named("dilated-vp-linear", _CLASSES, 12, 2.2),
        _named("dilated-vp-trigonometric", _CLASSES, 13, 2.2),
        _named("dilated-ve-linear", _REVERSED, 12, 2.2),
        _named("dilated-ve-trigonometric", _CLASSES, 12, 2.2, on_levels=True),
    ]
    solvers = [
        _check(
            "ddim on a designed grid",
            "ddim",
            _CLASSES,
            NoiseGrid(_DESIGNED, "ddim", "mean"),
            {"levels": list(_DESIGNED)},
        ),
        _check(
            "heun on a designed grid",
            "heun",
            _CLASSES,
            NoiseGrid(_DESIGNED, "heun", "mean"),
            {"levels": list(_DESIGNED)},
        ),
        _check(
            "dpmpp-2m on a designed grid",
            "two-step",
            _REVERSED,
            NoiseGrid(_DESIGNED, "dpmpp-2m", "mean"),
            {"levels": list(_DESIGNED)},
        ),
        _check(
            "flow matching from pure noise",
            "from-pure-noise",
            _REVERSED,
            noise_grid("flow-uniform", 14, (0.0, float("inf"))),
            {"grid": "flow-uniform", "steps": 14},
        ),
    ]
    return [*named, *solvers, _start("zero"), _start("mean"), *(_u_turn(level) for level in (6.0, 15.0))]


def _named(
    name: str, classes: TwoClasses, steps: int, kappa: float | None = None, *, on_levels: bool = False
) -> Check:
    grid: Grid = TimeGrid.uniform(interpolant(name, classes.norm, kappa), steps)
    if on_levels and isinstance(grid, TimeGrid):
        grid = grid.levels()
    design = {"schedule": name, "steps": steps, "dilation": kappa, "on_levels": on_levels}
    return _check(f"{name}, {steps} steps", name, classes, grid, design)


def _check(name: str, place: str, classes: TwoClasses, grid: Grid, design: dict[str, object]) -> Check:
    def theory() -> FloatArray:
        found = generated_weight(classes, grid)
        return np.array([found.weight, found.detail_std])

    def simulate(seed: int) -> Estimate:
        found = simulate_two_classes(classes, grid, _WALKERS, seed=seed)
        return Estimate.stack([found["weight"], found["detail_std"]])

    return Check(
        name,
        "weight and standard deviation of details",
        approximation_of(generated_weight),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        # A weight is compared with the larger of both shares.
        scale=lambda found: np.array([max(found[0], 1.0 - found[0]), found[1]]),
        sizes=design | {"walkers": _WALKERS},
        model=classes,
        id=f"schedules-{place}",
        tests=(detail_std,),
    )


def _levels(classes: TwoClasses, first: float) -> Sequence[float]:
    return (*np.geomspace(first * classes.norm, 0.02, 60).tolist(), 0.0)


def _start(start: str) -> Check:
    first = 3.0
    grid = NoiseGrid(tuple(_levels(_CLASSES, first)), "heun", "mean" if start == "mean" else "zero")
    return Check(
        f"start at the {'data mean' if start == 'mean' else 'midpoint'}",
        "weight of the flow from noise of three times the separation",
        approximation_of(start_error),
        theory=lambda: np.array(_CLASSES.weight + start_error(_CLASSES, first * _CLASSES.norm, start)),
        simulate=lambda seed: simulate_two_classes(_CLASSES, grid, _WALKERS, seed=seed)["weight"],
        resolution=0.02,
        sizes={"first": first, "steps": 60, "walkers": _WALKERS},
        model=_CLASSES,
        id=f"schedules-start-{start}",
    )


def _u_turn(level: float) -> Check:
    mixture = GaussianMixture.two_classes(60, 1.3, 0.36, 0.72)
    return Check(
        f"u-turn to noise level {level:g}",
        "probability of the same class, by the reverse process and by the flow",
        approximation_of(u_turn),
        theory=lambda: _both(60 * 1.3**2 / (level**2 + 0.36)),
        simulate=lambda seed: simulate_u_turn(mixture, level, 45_000, seed=seed),
        resolution=0.02,
        sizes={
            "level": level,
            "dimension": 60,
            "separation": 1.3,
            "variance": 0.36,
            "weight": 0.72,
            "walkers": 45_000,
        },
        id=f"schedules-u-turn-{level:g}",
    )


def _both(signal: float) -> FloatArray:
    found = u_turn(signal, 0.72)
    return np.array([float(found.stochastic), float(found.deterministic)])
