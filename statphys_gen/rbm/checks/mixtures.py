"""Several condensed patterns against simulation: symmetric mixtures, their stability, and sparse patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...units.continuous import Gaussian, ReLU
from ...units.discrete import Binary
from ..couplings.pairs import Repeated
from ..couplings.patterns import Patterns
from ..model import Model, visible_prior
from ..simulation.gibbs import Settings
from ..simulation.network import draw_network, stream
from ..simulation.packed import make_chains
from ..theory.replica_symmetric import solve
from .common import GLASS, SELF, description, sqrt_beta, theory_value
from .order import corrected, extrapolated

_SIZES, _INSTANCES = (1600, 3200, 4800), (56, 40, 28)


def _repeated(temperature: float, ratio: float, patterns: int) -> Model:
    return Model(Binary(), temperature, 0.0, convention="beta", couplings=Repeated(ratio), condensed=patterns)


def mixture_checks() -> list[Check]:
    """Low load with an extensive hidden layer, two layers of +-1 units.

    Overlaps of the patterns with one another, of order 1/sqrt(N), drive small networks out of a mixture.
    """
    observables = ("overlap", "hidden_overlap", GLASS)
    options: dict[str, Any] = {"sizes": _SIZES, "instances": _INSTANCES, "chains": 4, "sweeps": 40}
    stable = [
        ("symmetric mixture of three patterns", _repeated(0.22, 1.0, 3)),
        ("symmetric mixture of three patterns, twice as many hidden units", _repeated(0.3, 2.0, 3)),
        ("symmetric mixture of five patterns", _repeated(0.15, 1.0, 5)),
    ]
    return [
        *(extrapolated(name, model, "retrieval", observables, **options) for name, model in stable),
        decay("a mixture of two patterns decays", _repeated(0.7, 1.0, 2)),
        decay("a mixture of three patterns decays above its stability", _repeated(0.65, 1.0, 3)),
    ]


def sparse_checks() -> list[Check]:
    """Retrieval of sparse patterns, one or several at once, in microscopic networks."""
    zero_one = visible_prior("zero-one")

    def relu(temperature: float, load: float, density: float, **others: Any) -> Model:
        sparse = Patterns("sparse", density)
        return Model(
            ReLU(0.5), temperature, load, convention="beta", visible=zero_one, couplings=sparse, **others
        )

    order = ("overlap", "hidden_overlap", GLASS)
    # Smaller networks leave these states: the condensed ReLU units are weaker by a share of order 1/sqrt(N), and
    # overlaps of the patterns with one another, of the same order, act on mixtures.
    large: dict[str, Any] = {"instances": (84, 63, 42), "chains": 4, "sweeps": 20}
    return [
        extrapolated(
            "retrieval of sparse patterns, Gaussian units",
            sqrt_beta(Gaussian(), 0.3, 0.02, couplings=Patterns("sparse", 0.8)),
            "retrieval",
            order,
            sizes=(1000, 2000, 4000),
            instances=(96, 48, 24),
            chains=4,
            sweeps=40,
        ),
        extrapolated(
            "a mixture of three sparse patterns, Gaussian units",
            sqrt_beta(Gaussian(), 0.15, 0.003, couplings=Patterns("sparse", 0.9), condensed=3),
            "retrieval",
            order,
            **large | {"instances": (148, 111, 74)},
            sizes=(12000, 18000, 30000),
        ),
        corrected(
            "retrieval of sparse patterns, ReLU machine",
            relu(0.05, 0.01, 0.5, visible_field=-0.12),
            "retrieval",
            (*order, SELF),
            sizes=(8000, 12000, 20000),
            **large | {"instances": (112, 80, 48)},
        ),
        corrected(
            "mixture of three sparse patterns, ReLU machine",
            relu(0.015, 0.005, 0.3, visible_field=-0.065, condensed=3),
            "retrieval",
            (*order, SELF),
            sizes=(12000, 18000, 30000),
            **large | {"instances": (248, 186, 124)},
            # Of other instances of 12000 units a tenth has left the mixture after these sweeps, with unequal overlaps
            # that are 10 to 20 % low on average, and of 18000 units a twenty-fifth; more sweeps take more of them.
            reason="no straight line in 1/N holds at these sizes (p = .0002), and the limits come out .4 to .7 % "
            "high: a tenth of the smallest networks leaves the mixture, few of the larger ones; it was judged "
            "until this came out; no bound is stated, as the theory is of networks that stay",
        ),
        corrected(
            "mixture of three sparse patterns, ReLU machine, networks that stay",
            relu(0.015, 0.005, 0.3, visible_field=-0.065, condensed=3),
            "retrieval",
            (*order, SELF),
            sizes=(30000, 40000, 60000),
            **large | {"instances": (66, 50, 33)},
        ),
        corrected(
            "twenty sparse patterns at once, ReLU machine",
            sqrt_beta(
                ReLU(3.0),
                0.0025,
                0.007,
                visible=zero_one,
                visible_field=-5.0,
                couplings=Patterns("sparse", 0.1),
                condensed=20,
            ),
            "retrieval",
            (*order, SELF),
            sizes=(3000, 5000, 10000),
            instances=(48, 32, 20),
            chains=4,
            sweeps=40,
            reason="networks of these sizes leave the state: in all of six others of 10000 units at least one of the "
            "twenty overlaps has turned, and their mean is 12 to 29 % low; in three of 40000 all stay, their mean "
            "within 1 %; no bound is stated, as the theory is of networks that stay",
        ),
    ]


def decay(
    name: str,
    model: Model,
    *,
    sizes: Sequence[int] = (200, 400, 800),
    instances: Sequence[int] = (96, 48, 24),
) -> Check:
    """Chains that start at an unstable mixture end at one of its patterns, with the overlap of a single one."""
    single = model.replace(condensed=1)

    def simulated(seed: int) -> Estimate:
        found = [
            Estimate.from_samples(np.array([largest_overlaps(model, size, seed, k) for k in range(count)]))
            for size, count in zip(sizes, instances, strict=True)
        ]
        return componentwise_limit(sizes, [Estimate.stack([one]) for one in found])

    return Check(
        name,
        "largest overlap with a pattern, after a start at a mixture whose stability is negative",
        approximation_of(solve),
        theory=lambda: theory_value(single, "retrieval", "overlap"),
        simulate=simulated,
        resolution=0.02,
        model=model,
        sizes=description(model, list(sizes), list(instances), condensed=model.condensed),
    )


def largest_overlaps(model: Model, size: int, seed: int, instance: int, start: str = "pattern") -> float:
    """Mean over chains of the largest average overlap with a pattern, long after the start (at the mixture)."""
    network = draw_network(model, size, seed=seed, instance=instance)
    state = make_chains(network, stream(model, size, seed, instance, "decay"), Settings.of(model, 8), start)
    for _ in range(80):
        state.sweep()
    total = np.zeros_like(state.overlaps())
    for _ in range(40):
        state.sweep()
        total += state.overlaps()
    return float(np.abs(total / 40).max(axis=1).mean())
