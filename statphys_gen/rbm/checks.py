"""Theory against simulation for restricted Boltzmann machines.

Replica theory holds for N -> infinity: order parameters and free entropies are extrapolated in 1/N from three sizes,
unless the check compares networks of one size with the finite-size corrected theory. Points lie where replica symmetry
is stable (replicon above 0.1) and at loads of at most 0.7 of the spinodal. Deviations in the glass phase, where replica
symmetry is broken, and at crossings of free energies are reported and not judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..approximation import approximation_of
from ..statistics.agreement import Check
from ..statistics.estimate import Estimate
from ..statistics.extrapolation import extrapolate
from .finite_size import solve_sizes
from .model import Model, Patterns, visible_prior
from .one_step import solve_one_step
from .priors import (
    Binary,
    Gaussian,
    Mixture,
    QState,
    ReLU,
    SoftThreshold,
    Spherical,
    Ternary,
    ZeroOne,
)
from .replica_symmetric import solve
from .simulation import Measurement, simulate
from .simulation_free_entropy import simulate_free_entropy
from .simulation_langevin import simulate_langevin
from .simulation_single_spin import simulate_collapsed, simulate_descent
from .simulation_tempering import simulate_tempering
from .zero_temperature import retrieval_state

Array = NDArray[np.float64]
Simulation = Callable[[int, int, int], Measurement]

_STARTS = {"paramagnet": "random", "glass": "random", "retrieval": "pattern"}
_R, _Q, _SELF, _Q_HIDDEN = (
    "hidden_self_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
)


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [
        *prior_checks(),
        *visible_checks(),
        *retrieval_checks(),
        *corrected_checks(),
        *ensemble_checks(),
        *dynamics_checks(),
        *susceptibility_checks(),
        *zero_temperature_checks(),
        *free_entropy_checks(),
        *reported_checks(),
    ]


# ------------------------------------------------------------------------------------------------------------- builders


def _theory_value(model: Model, state: str, observable: str, size: int | None = None) -> Array:
    found = solve(model, state) if size is None else solve_sizes(model, state, size)
    found.require()
    if observable == "spin_glass_susceptibility":
        return 1.0 / np.atleast_1d(found["inverse_spin_glass_susceptibility"])
    if observable == "interaction":
        # The free entropy depends on the temperature through the coupling alone: dA/dg = <interaction>/g.
        return -2.0 * model.inverse_temperature * np.atleast_1d(found["energy"])
    return np.atleast_1d(np.asarray(found[observable], dtype=np.float64)).ravel()


def _scale(model: Model, state: str, observable: str, size: int | None = None) -> Array:
    """What a resolution is relative to: overlaps of two replicas are compared with the self-overlap of their layer."""
    largest = {_Q: _SELF, _Q_HIDDEN: _R}.get(observable, observable)
    return np.abs(_theory_value(model, state, largest, size))


def _estimates(found: Measurement, observables: Sequence[str], controlled: bool) -> Estimate:
    parts = [found.estimate(name, controlled=controlled) for name in observables]
    return Estimate(
        np.concatenate([np.atleast_1d(part.mean) for part in parts]),
        np.concatenate([np.atleast_1d(part.standard_error) for part in parts]),
        np.concatenate([np.atleast_1d(part.degrees_of_freedom) for part in parts]),
    )


def _limit(sizes: Sequence[int], estimates: Sequence[Estimate]) -> Estimate:
    """N -> infinity of every component, by straight lines in 1/N."""
    components = range(estimates[0].shape[0])
    limits = [
        extrapolate(sizes, Estimate.stack([e[k] for e in estimates]), exponent=1.0).limit for k in components
    ]
    return Estimate.stack(limits)


def _description(model: Model, sizes: Any, samples: Any, **others: Any) -> dict[str, Any]:
    text = {
        "visible_units": sizes,
        "samples": samples,
        "hidden": model.hidden.name,
        "ensemble": model.ensemble,
        "convention": model.convention,
        "load": model.load,
        "temperature": model.temperature,
    }
    return text | others


def _extrapolated(
    name: str,
    model: Model,
    state: str,
    observables: Sequence[str],
    *,
    sizes: Sequence[int] = (250, 500, 1000),
    samples: Sequence[int] = (160, 80, 40),
    simulation: Simulation | None = None,
    resolution: float = 0.02,
    chains: int = 16,
    sweeps: int = 60,
) -> Check:
    """Order parameters of the limit against simulations of three sizes."""

    def run(size: int, count: int, seed: int) -> Measurement:
        if simulation is not None:
            return simulation(size, count, seed)
        return simulate(model, size, count, chains=chains, sweeps=sweeps, start=_STARTS[state], seed=seed)

    def simulated(seed: int) -> Estimate:
        found = [run(size, count, seed) for size, count in zip(sizes, samples, strict=True)]
        return _limit(sizes, [_estimates(f, observables, state == "retrieval") for f in found])

    return Check(
        name,
        f"{', '.join(observables)} of the {state}",
        approximation_of(solve),
        theory=lambda: np.concatenate([_theory_value(model, state, o) for o in observables]),
        simulate=simulated,
        resolution=resolution,
        scale=lambda _: np.concatenate([_scale(model, state, o) for o in observables]),
        sizes=_description(model, list(sizes), list(samples)),
    )


def _corrected(
    name: str,
    model: Model,
    state: str,
    observables: Sequence[str],
    *,
    size: int = 2000,
    samples: int = 32,
    start: str | None = None,
    resolution: float = 0.02,
    chains: int = 8,
    sweeps: int = 100,
) -> Check:
    """Order parameters of one size against the finite-size corrected theory."""

    def simulated(seed: int) -> Estimate:
        found = simulate(
            model, size, samples, chains=chains, sweeps=sweeps, start=start or _STARTS[state], seed=seed
        )
        return _estimates(found, observables, True)

    return Check(
        name,
        f"{', '.join(observables)} of the {state}, condensed unit exact",
        approximation_of(solve_sizes),
        theory=lambda: np.concatenate([_theory_value(model, state, o, size) for o in observables]),
        simulate=simulated,
        resolution=resolution,
        scale=lambda _: np.concatenate([_scale(model, state, o, size) for o in observables]),
        sizes=_description(model, size, samples),
    )


def _sqrt_beta(hidden: Any, temperature: float, load: float, **others: Any) -> Model:
    return Model(hidden, temperature, load, convention="sqrt-beta", **others)


# --------------------------------------------------------------------------------------------------------------- checks


def prior_checks() -> list[Check]:
    """Each prior without an overlap with a pattern."""
    both = (_R, "interaction")
    paramagnets: list[tuple[str, Any, float, float, Sequence[str], int]] = [
        ("Gaussian", Gaussian(), 1.8, 0.1, both, 16),
        ("binary", Binary(), 1.3, 0.4, ("interaction",), 16),
        ("ternary", Ternary(1.0), 0.9, 0.4, both, 16),
        ("four-state", QState(4), 1.5, 0.3, both, 16),
        ("soft-threshold", SoftThreshold(0.5), 1.6, 0.2, both, 8),
        ("mixture", Mixture(0.5), 1.6, 0.2, both, 16),
    ]
    result = [
        _extrapolated(
            f"paramagnet of {name} units",
            _sqrt_beta(prior, t, load),
            "paramagnet",
            observables,
            chains=chains,
        )
        for name, prior, t, load, observables, chains in paramagnets
    ]
    weakly = (_Q, _Q_HIDDEN, _R)
    many: dict[str, Any] = {"samples": (320, 160, 80), "chains": 8}
    return [
        *result,
        _extrapolated(
            "paramagnet of spherical units",
            _sqrt_beta(Spherical(), 1.6, 0.5),
            "paramagnet",
            ("interaction",),
            sizes=(100, 200, 400),
            chains=4,
        ),
        _extrapolated("ReLU units, no retrieval", _sqrt_beta(ReLU(0.5), 2.0, 0.3), "glass", weakly, **many),
        _extrapolated(
            "zero-one units, no retrieval", _sqrt_beta(ZeroOne(0.5), 0.8, 0.4), "glass", weakly, **many
        ),
        _extrapolated(
            "ReLU units in the convention beta, no retrieval",
            Model(ReLU(0.5), 1.8, 0.2, convention="beta"),
            "glass",
            weakly,
            **many,
        ),
    ]


def visible_checks() -> list[Check]:
    zero_one, gaussian = visible_prior("zero-one"), visible_prior("gaussian")
    sparse = _sqrt_beta(
        ReLU(0.5), 1 / 2.25, 0.3, visible=zero_one, patterns=Patterns("sparse", 0.3), visible_field=-0.5
    )
    all_four = (_Q, _SELF, _Q_HIDDEN, _R)
    many: dict[str, Any] = {"samples": (320, 160, 80), "chains": 8}
    return [
        _extrapolated(
            "zero-one visible units",
            _sqrt_beta(Gaussian(), 1.2, 0.1, visible=zero_one),
            "glass",
            all_four,
            **many,
        ),
        _extrapolated(
            "Gaussian visible units",
            _sqrt_beta(Binary(), 2.0, 0.4, visible=gaussian),
            "paramagnet",
            (_SELF, "interaction"),
        ),
        _extrapolated("sparse ReLU machine", sparse, "glass", all_four, **many),
        _extrapolated(
            "Gaussian patterns",
            _sqrt_beta(Gaussian(), 1.8, 0.1, patterns=Patterns("gaussian")),
            "paramagnet",
            (_R, "interaction"),
        ),
    ]


def retrieval_checks() -> list[Check]:
    gaussian = _sqrt_beta(Gaussian(), 0.4, 0.03)
    return [
        _extrapolated(
            "Gaussian units, retrieval",
            gaussian,
            "retrieval",
            ("overlap", "hidden_overlap", _Q, _R, "interaction"),
            sizes=(500, 1000, 2000),
            samples=(1024, 512, 256),
            chains=4,
        ),
        _extrapolated(
            "Gaussian units in a field along a pattern",
            _sqrt_beta(Gaussian(), 2.0, 0.1, pattern_field=0.3),
            "glass",
            ("overlap", _Q, _Q_HIDDEN, _R),
            samples=(640, 320, 160),
            chains=8,
        ),
        _extrapolated(
            "ReLU units, retrieval",
            _sqrt_beta(ReLU(), 0.3, 0.06),
            "retrieval",
            ("overlap", "hidden_overlap", _Q, "interaction"),
            sizes=(500, 1000, 2000),
            samples=(160, 80, 40),
            chains=4,
        ),
    ]


def corrected_checks() -> list[Check]:
    order = ("overlap", "hidden_overlap", _Q)
    return [
        _corrected(
            "mixture, retrieval", _sqrt_beta(Mixture(0.5), 0.2, 0.015), "retrieval", order, samples=64
        ),
        _corrected(
            "ReLU with threshold, retrieval, convention beta",
            Model(ReLU(1.0), 0.3, 0.3, convention="beta"),
            "retrieval",
            order,
        ),
        _corrected(
            "binary units in a field along a pattern",
            _sqrt_beta(Binary(), 1.2, 0.5, pattern_field=0.4),
            "glass",
            ("overlap", _Q),
            samples=48,
            chains=16,
        ),
        _corrected(
            "ternary units in a field along a pattern",
            _sqrt_beta(Ternary(1.0), 0.8, 0.3, pattern_field=0.4),
            "glass",
            ("overlap", _Q, _R),
            samples=48,
            chains=8,
        ),
    ]


def ensemble_checks() -> list[Check]:
    both = ("overlap", "hidden_overlap", _Q, _Q_HIDDEN)
    pairs: dict[str, Any] = {"ensemble": "bidirectional"}
    options: dict[str, Any] = {"sizes": (200, 400, 800), "samples": (128, 64, 32), "chains": 16}
    return [
        _extrapolated(
            "bidirectional memory, binary",
            _sqrt_beta(Binary(), 0.25, 0.05, **pairs),
            "retrieval",
            both,
            **options,
        ),
        _extrapolated(
            "bidirectional memory, ternary, half as many hidden units",
            _sqrt_beta(Ternary(), 0.1, 0.02, layer_ratio=0.5, **pairs),
            "retrieval",
            (*both, _R),
            **options,
        ),
        _extrapolated(
            "low-rank couplings",
            _sqrt_beta(Binary(), 1.0, 0.5, ensemble="low-rank", noise=0.3, spikes=(2.0,)),
            "retrieval",
            both,
            **options,
        ),
        _extrapolated(
            "one pattern carried by a whole layer",
            _sqrt_beta(Binary(), 0.5, 0.0, ensemble="repeated"),
            "retrieval",
            both,
            **options,
        ),
    ]


def dynamics_checks() -> list[Check]:
    collapsed = _sqrt_beta(Gaussian(), 0.5, 0.02)
    moving = _sqrt_beta(Gaussian(), 2.0, 0.1)

    def by_spins(size: int, count: int, seed: int) -> Measurement:
        return simulate_collapsed(collapsed, size, count, chains=4, sweeps=60, start="pattern", seed=seed)

    def by_langevin(size: int, count: int, seed: int) -> Measurement:
        return simulate_langevin(moving, size, count, chains=16, sweeps=120, seed=seed)[1]

    return [
        _extrapolated(
            "Gaussian units, retrieval, by single spins",
            collapsed,
            "retrieval",
            ("overlap", _Q),
            samples=(256, 128, 64),
            simulation=by_spins,
        ),
        _extrapolated(
            "Gaussian units, paramagnet, by Langevin dynamics",
            moving,
            "paramagnet",
            (_R,),
            sizes=(60, 120, 240),
            samples=(64, 32, 16),
            simulation=by_langevin,
        ),
    ]


def susceptibility_checks() -> list[Check]:
    chi = ("spin_glass_susceptibility",)
    many: dict[str, Any] = {"sizes": (200, 400, 800), "samples": (480, 240, 120), "chains": 32}
    return [
        _extrapolated(
            "spin-glass susceptibility, no overlap", _sqrt_beta(Binary(), 1.5, 0.4), "paramagnet", chi, **many
        ),
        _extrapolated(
            "spin-glass susceptibility, finite overlap",
            _sqrt_beta(Binary(), 1.3, 0.4, visible_field=0.4),
            "glass",
            chi,
            **many,
        ),
    ]


def zero_temperature_checks() -> list[Check]:
    def check(name: str, model: Model) -> Check:
        def simulated(seed: int) -> Estimate:
            return _estimates(simulate_descent(model, 2000, 24, seed=seed), ("overlap", "energy"), True)

        def theory() -> Array:
            state = retrieval_state(model, model.load)
            return np.array([state.overlap, state.energy])

        return Check(
            name,
            "overlap and energy where descent from a pattern ends",
            approximation_of(retrieval_state),
            theory=theory,
            simulate=simulated,
            resolution=0.01,
            sizes=_description(model, 2000, 24) | {"temperature": 0.0},
        )

    return [
        check("descent, Gaussian units", Model(Gaussian(), 1.0, 0.08, convention="beta")),
        check("descent, ReLU with threshold", Model(ReLU(0.5), 1.0, 0.4, convention="beta")),
    ]


# ---------------------------------------------------------------------------------------------------------- free energy


def _free_entropy(
    name: str, model: Model, branch: str, sizes: Sequence[int], samples: Sequence[int], **options: Any
) -> Check:
    def simulated(seed: int) -> Estimate:
        return _free_entropy_limit(model, branch, sizes, samples, seed, **options)

    return Check(
        name,
        f"free entropy of the {branch}, by thermodynamic integration",
        approximation_of(solve),
        theory=lambda: _theory_value(model, branch, "free_entropy"),
        simulate=simulated,
        resolution=1e-3,
        sizes=_description(model, list(sizes), list(samples)),
    )


def _free_entropy_limit(
    model: Model, branch: str, sizes: Sequence[int], samples: Sequence[int], seed: int, **options: Any
) -> Estimate:
    path = "retrieval" if branch == "retrieval" else "paramagnet"
    found = [
        simulate_free_entropy(model, size, count, branch=path, seed=seed, **options)
        for size, count in zip(sizes, samples, strict=True)
    ]
    return _limit(sizes, [_estimates(f, ("free_entropy",), branch == "retrieval") for f in found])


def free_entropy_checks() -> list[Check]:
    pairs = _sqrt_beta(Binary(), 0.25, 0.05, ensemble="bidirectional")
    return [
        _free_entropy(
            "free entropy of the paramagnet",
            _sqrt_beta(Gaussian(), 1.8, 0.1),
            "paramagnet",
            (200, 400, 800),
            (64, 32, 16),
            sweeps=60,
        ),
        _free_entropy(
            "free entropy of retrieval",
            _sqrt_beta(Gaussian(), 0.4, 0.03),
            "retrieval",
            (400, 800, 1600),
            (128, 64, 32),
            sweeps=60,
            chains=4,
            nodes=6,
        ),
        _free_entropy(
            "free entropy of a bidirectional memory",
            pairs,
            "retrieval",
            (200, 400, 800),
            (64, 32, 16),
            sweeps=60,
            chains=4,
            nodes=6,
        ),
    ]


# ------------------------------------------------------------------------------------------------------------- reported


def reported_checks() -> list[Check]:
    glass = _sqrt_beta(Gaussian(), 0.6, 0.2)
    ladder = [float(t) for t in np.geomspace(0.6, 1.7, 15)]

    def theory() -> Array:
        return np.concatenate([_theory_value(glass, "glass", "interaction"), [_broken_interaction(glass)]])

    def tempered(seed: int) -> Estimate:
        found = simulate_tempering(glass, ladder, 200, 16, ladders=4, sweeps=600, seed=seed)
        return _estimates(found.measurements[0], ("interaction", "interaction"), False)

    return [
        Check(
            "glass of Gaussian units, replica-symmetric and one-step interaction",
            "interaction in the glass phase, by parallel tempering, against both theories",
            "replica symmetric, and 1RSB",
            theory=theory,
            simulate=tempered,
            resolution=0.02,
            sizes=_description(glass, 200, 16),
            judged=False,
            reason="replica symmetry is broken at every step, and the network is small",
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
    """Temperature at which retrieval and the state without it are equally likely, with its propagated error."""
    model = _sqrt_beta(ReLU(), 0.7, 0.02)
    sizes, samples, step = (400, 800, 1600), (64, 32, 16), 0.02

    def difference(temperature: float) -> float:
        here = model.with_(temperature=temperature)
        values = [float(_theory_value(here, state, "free_entropy")[0]) for state in ("retrieval", "glass")]
        return values[0] - values[1]

    def theory() -> Array:
        from .lines import first_order_line

        found = first_order_line(model, load=np.array([model.load]), solve_for="temperature")
        return np.atleast_1d(found.require()["temperature"])

    def simulate_crossing(seed: int) -> Estimate:
        options: dict[str, Any] = {"sweeps": 60, "chains": 4, "nodes": 6}
        retrieval, glass = (
            _free_entropy_limit(model, branch, sizes, samples, seed, **options)
            for branch in ("retrieval", "glass")
        )
        slope = (difference(model.temperature + step) - difference(model.temperature - step)) / (2.0 * step)
        error = math.hypot(float(retrieval.standard_error[0]), float(glass.standard_error[0])) / abs(slope)
        gap = float(retrieval.mean[0] - glass.mean[0])
        freedom = min(float(retrieval.degrees_of_freedom[0]), float(glass.degrees_of_freedom[0]))
        return Estimate(np.array([model.temperature - gap / slope]), np.array([error]), np.array([freedom]))

    return Check(
        "crossing of retrieval and the state without it, ReLU units",
        "temperature of equal free entropies",
        approximation_of(solve),
        theory=theory,
        simulate=simulate_crossing,
        resolution=0.02,
        sizes=_description(model, list(sizes), list(samples)),
        judged=False,
        reason="a crossing of branches that are metastable in networks of these sizes",
    )
