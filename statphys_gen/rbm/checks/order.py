"""Order parameters of restricted Boltzmann machines against simulation: every prior, ensemble and dynamics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...units.continuous import Gaussian, Mixture, ReLU, SoftThreshold, Spherical
from ...units.custom import FromLogDensity
from ...units.discrete import Binary, QState, Ternary, ZeroOne
from ..comparison import STARTS
from ..couplings.low_rank import LowRank
from ..couplings.pairs import Bidirectional, Repeated
from ..couplings.patterns import Patterns
from ..model import Model, visible_prior
from ..simulation.langevin import simulate_langevin
from ..simulation.measurement import Measurement, simulate
from ..simulation.single_spin import simulate_collapsed
from ..simulation.tempering import simulate_tempering
from ..theory.finite_size import condensed_signal, solve_sizes
from ..theory.replica_symmetric import solve
from .common import (
    GLASS,
    HIDDEN_GLASS,
    HIDDEN_SELF,
    SELF,
    description,
    estimates,
    scale,
    sqrt_beta,
    theory_value,
)

Simulation = Callable[[int, int, int], Measurement]


def extrapolated(
    name: str,
    model: Model,
    state: str,
    observables: Sequence[str],
    *,
    sizes: Sequence[int] = (250, 500, 1000),
    instances: Sequence[int] = (160, 80, 40),
    simulation: Simulation | None = None,
    resolution: float = 0.02,
    chains: int = 16,
    sweeps: int = 60,
) -> Check:
    """Order parameters of the limit against simulations of three sizes."""

    def run(size: int, count: int, seed: int) -> Measurement:
        if simulation is not None:
            return simulation(size, count, seed)
        return simulate(model, size, count, chains=chains, sweeps=sweeps, start=STARTS[state], seed=seed)

    def simulated(seed: int) -> Estimate:
        found = [run(size, count, seed) for size, count in zip(sizes, instances, strict=True)]
        return componentwise_limit(sizes, [estimates(f, observables, state == "retrieval") for f in found])

    return Check(
        name,
        f"{', '.join(observables)} of the {state}",
        approximation_of(solve),
        theory=lambda: np.concatenate([theory_value(model, state, o) for o in observables]),
        simulate=simulated,
        resolution=resolution,
        scale=lambda _: np.concatenate([scale(model, state, o) for o in observables]),
        model=model,
        sizes=description(model, list(sizes), list(instances)),
    )


def corrected(
    name: str,
    model: Model,
    state: str,
    observables: Sequence[str],
    *,
    sizes: Sequence[int] = (500, 1000, 2000),
    instances: Sequence[int] = (128, 64, 32),
    resolution: float = 0.02,
    chains: int = 8,
    sweeps: int = 60,
    reason: str = "",
) -> Check:
    """Deviation from the finite-size corrected theory of the same sizes, which is of order 1/N: its limit is zero.

    With a ``reason`` the deviation is reported and not judged.
    """

    def theory() -> FloatArray:
        rows = [[theory_value(model, state, o, size) for o in observables] for size in sizes]
        return np.array([np.concatenate(row) for row in rows])

    def simulated(seed: int) -> Estimate:
        found = [
            simulate(model, size, count, chains=chains, sweeps=sweeps, start=STARTS[state], seed=seed)
            for size, count in zip(sizes, instances, strict=True)
        ]
        return Estimate.stack([estimates(each, observables, True) for each in found])

    return Check(
        name,
        f"deviation of {', '.join(observables)} of the {state} from the finite-size corrected theory",
        approximation_of(solve_sizes),
        theory=theory,
        simulate=simulated,
        over_sizes=sizes,
        resolution=resolution,
        scale=lambda _: np.concatenate([scale(model, state, o, max(sizes)) for o in observables]),
        model=model,
        sizes=description(model, list(sizes), list(instances)),
        judged=not reason,
        reason=reason,
        # The signal of the condensed unit is where sizes enter.
        tests=(condensed_signal,) if state == "retrieval" else (),
    )


def prior_checks() -> list[Check]:
    """Each prior without an overlap with a pattern."""
    both = (HIDDEN_SELF, "interaction")
    paramagnets: list[tuple[str, Any, float, float, Sequence[str], int]] = [
        ("Gaussian", Gaussian(), 1.8, 0.1, both, 16),
        ("binary", Binary(), 1.3, 0.4, ("interaction",), 16),
        ("ternary", Ternary(1.0), 0.9, 0.4, both, 16),
        ("four-state", QState(4), 1.5, 0.3, both, 16),
        ("soft-threshold", SoftThreshold(0.5), 1.6, 0.2, both, 8),
        ("mixture", Mixture(0.5), 1.6, 0.2, both, 16),
    ]
    result = [
        extrapolated(
            f"paramagnet of {name} units", sqrt_beta(prior, t, load), "paramagnet", observables, chains=chains
        )
        for name, prior, t, load, observables, chains in paramagnets
    ]
    weakly = (GLASS, HIDDEN_GLASS, HIDDEN_SELF)
    many: dict[str, Any] = {"instances": (320, 160, 80), "chains": 8}
    return [
        *result,
        extrapolated(
            "spherical units, paramagnet",
            sqrt_beta(Spherical(), 1.6, 0.5),
            "paramagnet",
            ("interaction",),
            sizes=(100, 200, 400),
            chains=4,
            sweeps=30,
        ),
        extrapolated(
            "a user's density with two wells, paramagnet",
            sqrt_beta(FromLogDensity(lambda h: h**2 - 0.25 * h**4), 2.5, 0.2),
            "paramagnet",
            both,
            instances=(64, 32, 16),
            chains=8,
            sweeps=40,
        ),
        extrapolated("ReLU units, no retrieval", sqrt_beta(ReLU(0.5), 2.0, 0.3), "glass", weakly, **many),
        extrapolated(
            "zero-one units, no retrieval", sqrt_beta(ZeroOne(0.5), 0.8, 0.4), "glass", weakly, **many
        ),
        extrapolated(
            "ReLU units in the convention beta, no retrieval",
            Model(ReLU(0.5), 1.8, 0.2, convention="beta"),
            "glass",
            weakly,
            **many,
        ),
    ]


def visible_checks() -> list[Check]:
    zero_one, gaussian = visible_prior("zero-one"), visible_prior("gaussian")
    sparse = sqrt_beta(
        ReLU(0.5), 1 / 2.25, 0.3, visible=zero_one, couplings=Patterns("sparse", 0.3), visible_field=-0.5
    )
    all_four = (GLASS, SELF, HIDDEN_GLASS, HIDDEN_SELF)
    many: dict[str, Any] = {"instances": (320, 160, 80), "chains": 8}
    return [
        extrapolated(
            "zero-one visible units, Gaussian hidden units",
            sqrt_beta(Gaussian(), 1.2, 0.1, visible=zero_one),
            "glass",
            all_four,
            instances=(640, 320, 160),
            chains=8,
        ),
        extrapolated(
            "Gaussian visible units",
            sqrt_beta(Binary(), 2.0, 0.4, visible=gaussian),
            "paramagnet",
            (SELF, "interaction"),
        ),
        extrapolated("sparse ReLU machine", sparse, "glass", all_four, **many),
        extrapolated(
            "Gaussian patterns",
            sqrt_beta(Gaussian(), 1.8, 0.1, couplings=Patterns("gaussian")),
            "paramagnet",
            (HIDDEN_SELF, "interaction"),
            instances=(240, 120, 60),
        ),
    ]


def retrieval_checks() -> list[Check]:
    gaussian = sqrt_beta(Gaussian(), 0.4, 0.03)
    return [
        extrapolated(
            "Gaussian units, retrieval",
            gaussian,
            "retrieval",
            ("overlap", "hidden_overlap", GLASS, HIDDEN_SELF, "interaction"),
            sizes=(500, 1000, 2000),
            instances=(1024, 512, 256),
            chains=4,
        ),
        extrapolated(
            "Gaussian units in a field along a pattern",
            sqrt_beta(Gaussian(), 2.0, 0.1, pattern_field=0.3),
            "glass",
            ("overlap", GLASS, HIDDEN_GLASS, HIDDEN_SELF),
            instances=(640, 320, 160),
            chains=8,
        ),
        extrapolated(
            "ReLU units, retrieval",
            sqrt_beta(ReLU(), 0.3, 0.06),
            "retrieval",
            ("overlap", "hidden_overlap", GLASS, "interaction"),
            sizes=(500, 1000, 2000),
            instances=(160, 80, 40),
            chains=4,
        ),
        extrapolated(
            "retrieval of a user's density with normal tails",
            sqrt_beta(FromLogDensity(lambda h: -0.5 * h**2 - np.log1p(h**2)), 0.55, 0.03),
            "retrieval",
            ("overlap", "hidden_overlap", GLASS),
            sizes=(400, 800, 1600),
            instances=(96, 48, 24),
            chains=4,
            sweeps=40,
        ),
    ]


def corrected_checks() -> list[Check]:
    order = ("overlap", "hidden_overlap", GLASS)
    many: dict[str, Any] = {"sizes": (250, 500, 1000), "instances": (640, 320, 160)}
    return [
        corrected("mixture units, retrieval", sqrt_beta(Mixture(0.5), 0.2, 0.016), "retrieval", order),
        corrected(
            "ReLU units with threshold, retrieval in the convention beta",
            Model(ReLU(1.0), 0.3, 0.3, convention="beta"),
            "retrieval",
            order,
            sizes=(250, 500, 1000),
        ),
        corrected(
            "binary units, field along a pattern",
            sqrt_beta(Binary(), 1.2, 0.5, pattern_field=0.4),
            "glass",
            ("overlap", GLASS),
            **many,
        ),
        corrected(
            "ternary units, field along a pattern",
            sqrt_beta(Ternary(1.0), 0.8, 0.3, pattern_field=0.4),
            "glass",
            ("overlap", GLASS, HIDDEN_SELF),
            sweeps=40,
            **many,
        ),
    ]


def ensemble_checks() -> list[Check]:
    both = ("overlap", "hidden_overlap", GLASS, HIDDEN_GLASS)
    options: dict[str, Any] = {"sizes": (200, 400, 800), "instances": (128, 64, 32), "chains": 16}
    return [
        extrapolated(
            "bidirectional memory, binary",
            sqrt_beta(Binary(), 0.25, 0.05, couplings=Bidirectional()),
            "retrieval",
            both,
            **options,
        ),
        extrapolated(
            "bidirectional memory, ternary, half as many hidden units",
            sqrt_beta(Ternary(), 0.1, 0.02, couplings=Bidirectional(0.5)),
            "retrieval",
            (*both, HIDDEN_SELF),
            **options,
        ),
        extrapolated(
            "low-rank couplings",
            sqrt_beta(Binary(), 1.0, 0.5, couplings=LowRank(0.3, (2.0,))),
            "retrieval",
            both,
            **options | {"instances": (512, 256, 128)},
        ),
        extrapolated(
            "one pattern carried by a whole layer",
            sqrt_beta(Binary(), 0.5, 0.0, couplings=Repeated()),
            "retrieval",
            both,
            **options,
        ),
    ]


def dynamics_checks() -> list[Check]:
    collapsed, moving = sqrt_beta(Gaussian(), 0.5, 0.02), sqrt_beta(Gaussian(), 2.0, 0.1)

    in_field = sqrt_beta(Binary(), 1.3, 0.4, visible_field=0.35)

    def by_spins(size: int, count: int, seed: int) -> Measurement:
        return simulate_collapsed(collapsed, size, count, chains=4, sweeps=60, start="pattern", seed=seed)

    def by_tempering(size: int, count: int, seed: int) -> Measurement:
        ladder = [1.3, 1.6, 2.0]
        return simulate_tempering(
            in_field, ladder, size, count, ladders=4, sweeps=80, seed=seed
        ).measurements[0]

    def by_langevin(size: int, count: int, seed: int) -> Measurement:
        return simulate_langevin(moving, size, count, chains=64, sweeps=120, seed=seed).limit

    return [
        extrapolated(
            "Gaussian units, retrieval, by single spins",
            collapsed,
            "retrieval",
            ("overlap", GLASS),
            instances=(256, 128, 64),
            simulation=by_spins,
        ),
        extrapolated(
            "Gaussian units, paramagnet, by Langevin dynamics",
            moving,
            "paramagnet",
            (HIDDEN_SELF,),
            sizes=(60, 120, 240),
            instances=(124, 62, 31),
            simulation=by_langevin,
        ),
        extrapolated(
            "tempering in a field, binary units",
            in_field,
            "glass",
            (GLASS, HIDDEN_GLASS),
            sizes=(100, 200, 400),
            instances=(160, 80, 40),
            simulation=by_tempering,
        ),
    ]


def susceptibility_checks() -> list[Check]:
    chi = ("spin_glass_susceptibility",)
    many: dict[str, Any] = {"sizes": (200, 400, 800), "instances": (480, 240, 120), "chains": 32}
    return [
        extrapolated(
            "spin-glass susceptibility, no overlap", sqrt_beta(Binary(), 1.5, 0.4), "paramagnet", chi, **many
        ),
        extrapolated(
            "spin-glass susceptibility, finite overlap",
            sqrt_beta(Binary(), 1.3, 0.4, visible_field=0.4),
            "glass",
            chi,
            **many,
        ),
    ]
