"""Energies, zero temperature and free entropies of restricted Boltzmann machines against simulation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...units.continuous import Gaussian, ReLU
from ...units.discrete import Ternary
from ..model import Model
from ..simulation.free_entropy import simulate_free_entropy
from ..simulation.network import draw_network, stream
from ..simulation.single_spin import descend, simulate_descent
from ..simulation.tempering import simulate_tempering
from ..theory.lines import first_order_line
from ..theory.one_step import solve_one_step
from ..theory.replica_symmetric import solve
from ..theory.zero_temperature import glass_state, retrieval_state
from .common import description, estimates, sqrt_beta, theory_value


def zero_temperature_checks() -> list[Check]:
    sizes, instances = (500, 1000, 2000), (192, 96, 48)

    def check(name: str, model: Model, observables: Sequence[str]) -> Check:
        def simulated(seed: int) -> Estimate:
            found = [
                simulate_descent(model, size, count, seed=seed)
                for size, count in zip(sizes, instances, strict=True)
            ]
            return componentwise_limit(sizes, [estimates(f, observables, True) for f in found])

        def theory() -> FloatArray:
            state = retrieval_state(model, model.load)
            return np.array([getattr(state, name) for name in observables])

        return Check(
            name,
            f"{' and '.join(observables)} where descent from a pattern ends",
            approximation_of(retrieval_state),
            theory=theory,
            simulate=simulated,
            resolution=0.01,
            model=model,
            sizes=description(model, list(sizes), list(instances)) | {"temperature": 0.0},
        )

    return [
        check(
            "descent from a pattern, Gaussian units",
            Model(Gaussian(), 1.0, 0.08, convention="beta"),
            ("overlap", "energy"),
        ),
        # The energy of the condensed unit has a correction of order threshold/sqrt(N).
        check(
            "descent from a pattern, ReLU units with threshold",
            Model(ReLU(0.5), 1.0, 0.4, convention="beta"),
            ("overlap",),
        ),
    ]


def ground_state_checks() -> list[Check]:
    """The lowest of many descents, which in networks of these sizes is the ground state in nearly all of them.

    Symmetry is broken at T = 0: one step raises the energy by 2.0 % (of variance 1, to which energies are
    proportional), and further steps by less than that one.
    """
    variance, load, descents = 0.7, 0.5, 400
    model = Model(Gaussian(variance), 1.0, load, convention="beta")
    sizes, instances = (32, 64, 128), (1200, 600, 300)

    def lowest(size: int, seed: int, instance: int) -> float:
        network = draw_network(model, size, seed=seed, instance=instance)
        rng = stream(model, size, seed, instance, "lowest of many descents")
        ends = descend(network, rng.choice([-1.0, 1.0], size=(descents, size)), rng)
        return -0.5 * variance * float(np.square(ends @ network.weights).sum(axis=1).max()) / size

    def simulated(seed: int) -> Estimate:
        rows = [
            Estimate.from_samples([[lowest(size, seed, k)] for k in range(count)])
            for size, count in zip(sizes, instances, strict=True)
        ]
        # As that of the glass of Sherrington and Kirkpatrick, the energy approaches its limit as size^(-2/3).
        return componentwise_limit(sizes, rows, exponent=2.0 / 3.0)

    return [
        Check(
            "ground state of the glass, Gaussian units of variance 0.7",
            "lowest energy per visible unit",
            approximation_of(glass_state),
            theory=lambda: np.array([glass_state(model, load).energy]),
            simulate=simulated,
            resolution=0.02,
            model=model,
            sizes=description(model, list(sizes), list(instances), descents=descents) | {"temperature": 0.0},
            judged=False,
            reason="replica symmetry is broken at zero temperature: one step of breaking raises the energy by 2.0 %, "
            "further steps by less; the bound adds the resolution",
            bound=0.04,
        )
    ]


def _free_entropy(
    name: str, model: Model, branch: str, sizes: Sequence[int], instances: Sequence[int], **options: Any
) -> Check:
    def simulated(seed: int) -> Estimate:
        return _free_entropy_limit(model, branch, sizes, instances, seed, **options)

    return Check(
        name,
        f"free entropy of the {branch}, by thermodynamic integration",
        approximation_of(solve),
        theory=lambda: theory_value(model, branch, "free_entropy"),
        simulate=simulated,
        resolution=1e-3,
        model=model,
        sizes=description(model, list(sizes), list(instances)),
    )


def _free_entropy_limit(
    model: Model, branch: str, sizes: Sequence[int], instances: Sequence[int], seed: int, **options: Any
) -> Estimate:
    path = "retrieval" if branch == "retrieval" else "paramagnet"
    found = [
        simulate_free_entropy(model, size, count, branch=path, seed=seed, **options)
        for size, count in zip(sizes, instances, strict=True)
    ]
    return componentwise_limit(sizes, [estimates(f, ("free_entropy",), branch == "retrieval") for f in found])


def free_entropy_checks() -> list[Check]:
    small: dict[str, Any] = {"sizes": (200, 400, 800), "instances": (64, 32, 16), "sweeps": 60}
    return [
        _free_entropy(
            "free entropy of the paramagnet", sqrt_beta(Gaussian(), 1.8, 0.1), "paramagnet", **small
        ),
        _free_entropy(
            "free entropy of the paramagnet, ternary units",
            sqrt_beta(Ternary(1.0), 0.9, 0.4),
            "paramagnet",
            **small,
        ),
        _free_entropy(
            "free entropy of retrieval, Gaussian units",
            sqrt_beta(Gaussian(), 0.4, 0.03),
            "retrieval",
            (400, 800, 1600),
            (480, 240, 120),
            sweeps=60,
            chains=2,
            nodes=6,
        ),
    ]


def reported_checks() -> list[Check]:
    glass = sqrt_beta(Gaussian(), 0.6, 0.2)
    ladder = [float(t) for t in np.geomspace(0.6, 1.7, 15)]

    def theory() -> FloatArray:
        return np.concatenate([theory_value(glass, "glass", "interaction"), [_broken_interaction(glass)]])

    def tempered(seed: int) -> Estimate:
        found = simulate_tempering(glass, ladder, 200, 16, ladders=4, sweeps=600, seed=seed)
        return estimates(found.measurements[0], ("interaction", "interaction"), False)

    return [
        Check(
            "glass of Gaussian units, replica-symmetric and one-step interaction",
            "interaction in the glass phase, by parallel tempering, against both theories",
            "replica symmetric, and 1RSB",
            theory=theory,
            simulate=tempered,
            resolution=0.02,
            model=glass,
            sizes=description(glass, 200, 16),
            judged=False,
            reason="replica symmetry is broken at every step, and the network is small; no bound follows from the "
            "theory, as neither the steps beyond the first nor the correction of a network of this size are known",
            tests=(solve, solve_one_step),
        ),
        _crossing(),
    ]


def _broken_interaction(model: Model) -> float:
    """Interaction of the glass with one step of breaking: 2 beta dA/dbeta by a central difference."""
    beta, step = model.inverse_temperature, 0.01

    def free_entropy(b: float) -> float:
        found = solve_one_step(model, "glass", temperature=1.0 / b)
        return -b * float(found.require()["free_energy"].item())

    return (
        2.0 * beta * (free_entropy(beta * (1 + step)) - free_entropy(beta * (1 - step))) / (2 * step * beta)
    )


def _crossing() -> Check:
    """Temperature at which retrieval and the state without it are equally likely, from a line in temperature."""
    model = sqrt_beta(ReLU(), 0.7, 0.02)
    sizes, instances, temperatures = (800, 1600, 3200), (64, 32, 16), (0.68, 0.7)

    def theory() -> FloatArray:
        found = first_order_line(model, load=np.array([model.load]), solve_for="temperature")
        return np.atleast_1d(found.require()["temperature"])

    def simulate_crossing(seed: int) -> Estimate:
        options: dict[str, Any] = {"sweeps": 60, "chains": 4, "nodes": 6}
        limits = [
            [
                _free_entropy_limit(model.replace(temperature=t), branch, sizes, instances, seed, **options)
                for branch in ("retrieval", "glass")
            ]
            for t in temperatures
        ]
        gaps = np.array([retrieval.mean - glass.mean for retrieval, glass in limits])
        share = gaps[0] / (gaps[0] - gaps[1])
        low, length = temperatures[0], temperatures[1] - temperatures[0]
        # What the crossing low + length g/(g - g') moves by with either gap g and g'.
        moves = np.abs(np.array([1.0 - share, share]) * length / (gaps[0] - gaps[1]))
        parts = [
            Estimate(
                low + share * length, move * each.standard_error, each.degrees_of_freedom, each.fit_p_value
            )
            for move, pair in zip(moves, limits, strict=True)
            for each in pair
        ]
        return reduce(Estimate.with_error_of, parts)

    return Check(
        "crossing of retrieval and the state without it, ReLU units",
        "temperature of equal free entropies",
        approximation_of(solve),
        theory=theory,
        simulate=simulate_crossing,
        resolution=0.02,
        model=model,
        sizes=description(model, list(sizes), list(instances), temperature=list(temperatures)),
        judged=False,
        reason="a crossing of branches that are metastable in networks of these sizes; the bound is the resolution "
        "that is asked of critical points",
        bound=0.05,
        tests=(first_order_line,),
    )
