"""Curie-Weiss data: the law of its modes, and dilated schedules in full dimension."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.curie_weiss import class_moments
from ...data.laws import CurieWeiss
from ...data.sampling import sample_curie_weiss
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import TimeGrid, TwoClasses, interpolant
from ..simulation.samplers import simulate_curie_weiss
from ..theory.curie_weiss_limit import curie_weiss_limit, curie_weiss_modes
from ..theory.isotropic_map import generated_weight

_COUPLING, _TILT, _KAPPA = 1.6, 0.9, 2.2


def checks() -> list[Check]:
    return [_modes(), _weight(4), _magnetisation()]


def _modes() -> Check:
    model, draws = CurieWeiss(61, _COUPLING, _TILT), 100_000

    def theory() -> FloatArray:
        found = curie_weiss_modes(model)
        return np.array([found.weight, found.mode_magnetisation])

    def simulate(seed: int) -> Estimate:
        rng = generator(seed, {"purpose": "modes of Curie-Weiss data", "model": model})
        m = sample_curie_weiss(model, draws, rng).mean(axis=1)
        positive = m > 0.0
        return Estimate.stack(
            [Estimate.from_samples(positive.astype(np.float64)), Estimate.from_samples(m[positive])]
        )

    return Check(
        "modes of Curie-Weiss data",
        "weight and magnetisation of the positive mode at 61 spins",
        approximation_of(curie_weiss_modes),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"draws": draws},
        model=model,
        id="schedules-curie-weiss-modes",
    )


def _weight(steps: int) -> Check:
    # After an even number of steps the spins follow, to the order 1/sqrt(d), two Gaussian classes at +-m*: the first
    # half is a map of their sum, with the scale and the gain of tau = O(1/sqrt(d)), and the first step of the second
    # half takes the sum to one side. What the classes of the same dimension leave is of the order 1/d. After an odd
    # number the sum meets the gain of tau = O(1), whose order 1/sqrt(d) knows the spins.
    sizes, walkers = (30, 60, 120), 40_000

    def theory() -> FloatArray:
        moments = class_moments(CurieWeiss(2, _COUPLING, _TILT))
        m = moments.magnetisation
        found = []
        for d in sizes:
            classes = TwoClasses(d, m, 1.0 - m * m, moments.weight)
            grid = TimeGrid.uniform(interpolant("dilated-vp-linear", d**0.5, _KAPPA), steps)
            found.append([generated_weight(classes, grid).weight])
        limit = curie_weiss_limit(_COUPLING, _TILT, _KAPPA, steps).weight
        far = TwoClasses(10**12, m, 1.0 - m * m, moments.weight)
        grid = TimeGrid.uniform(interpolant("dilated-vp-linear", 1e6, _KAPPA), steps)
        return np.array(found) + limit - generated_weight(far, grid).weight

    def simulate(seed: int) -> Estimate:
        rows = []
        for d in sizes:
            grid = TimeGrid.uniform(interpolant("dilated-vp-linear", d**0.5, _KAPPA), steps)
            rows.append(
                simulate_curie_weiss(CurieWeiss(d, _COUPLING, _TILT), grid, walkers, seed=seed)["weight"]
            )
        return Estimate.stack([Estimate.stack([row]) for row in rows])

    return Check(
        f"Curie-Weiss weight of a dilated schedule, {steps} steps",
        "weight of the positive mode, less what two classes of the size deviate, extrapolated in 1/d",
        approximation_of(curie_weiss_limit),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        scale=0.83,
        sizes={
            "sizes": list(sizes),
            "steps": steps,
            "dilation": _KAPPA,
            "inverse_temperature": _COUPLING,
            "tilt": _TILT,
            "walkers": walkers,
        },
        over_sizes=sizes,
        id=f"schedules-curie-weiss-{steps}-beside-classes",
    )


def _magnetisation() -> Check:
    # The second half begins at tau = kappa/sqrt(d), and a share of the order 1/sqrt(d) is undecided then.
    steps, roots, walkers = 4, (20, 40, 70), (4000, 1500, 600)

    def theory() -> FloatArray:
        return np.full((len(roots), 1), curie_weiss_limit(_COUPLING, _TILT, _KAPPA, steps).magnetisation)

    def simulate(seed: int) -> Estimate:
        rows = []
        for root, count in zip(roots, walkers, strict=True):
            grid = TimeGrid.uniform(interpolant("dilated-vp-linear", float(root), _KAPPA), steps)
            found = simulate_curie_weiss(CurieWeiss(root**2, _COUPLING, _TILT), grid, count, seed=seed)
            rows.append(Estimate.stack([found["magnetisation"]]))
        return Estimate.stack(rows)

    return Check(
        "Curie-Weiss magnetisation of a dilated schedule",
        "mean sign of the coordinates in the positive mode, extrapolated in 1/sqrt(d)",
        approximation_of(curie_weiss_limit),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        scale=0.9,
        sizes={
            "roots": list(roots),
            "steps": steps,
            "dilation": _KAPPA,
            "inverse_temperature": _COUPLING,
            "tilt": _TILT,
            "walkers": list(walkers),
        },
        over_sizes=roots,
        id="schedules-curie-weiss-magnetisation-by-root",
    )
