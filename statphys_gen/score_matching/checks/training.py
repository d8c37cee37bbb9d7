"""Descent, the stability of a minimum, and stochastic descent around it, from the definition of the risk."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ..model import NoisedSample, ScoreNetwork
from ..simulation import (
    simulate_descent,
    simulate_growth,
    simulate_stochastic_descent,
)
from ..theory.descent import population_descent
from ..theory.empirical_score import optimal_risk
from ..theory.minima import stationary_point
from ..theory.network_risk import critical_learning_rate, network_risk, risk_hessian, sharpness
from ..theory.stationary_noise import stationary_excess_risk

_MEASURED = ("risk", "excess_risk", "gradient_norm", "total_variation")
_SAMPLE = NoisedSample((-1.0, 0.6, 0.9), 0.9, 0.6)
# A minimum of the risk of two neurons, both alive; eigenvalues of its Hessian .021, .099, .98 and 4.45.
_MINIMUM = ScoreNetwork(
    (1.0, -1.0),
    (-5.179798322774107, 1.1770277346347264),
    (-0.6560778859664559, 0.7585511350181173),
)
# A minimum whose eigenvalues, .071, .073, .67 and .69, are close enough for the noise to settle soon.
_WIDE_SAMPLE = NoisedSample((-0.9, 0.2, 0.5), 0.9, 1.2)
_WIDE_MINIMUM = ScoreNetwork(
    (1.0, -1.0),
    (-1.2340829508976343, 1.1143027917916823),
    (-0.018257601067624564, -0.03165118567039973),
)


def checks() -> list[Check]:
    growth = [
        _growth("well below the critical rate", 0.202),
        _growth("just below the critical rate", 0.2178),
        _growth("just above the critical rate", 0.2312),
        _growth("above the critical rate", 0.247),
    ]
    return [_descent(), _minimum(), *growth, _noise()]


def _descent() -> Check:
    sample = NoisedSample((-1.2, -0.3, 0.5, 0.5, 1.3), 0.95, 0.35)
    neurons, eta, steps, nodes, grids = 12, 0.02, 200, 1200, 12
    index = np.arange(1, neurons + 1)
    network = ScoreNetwork(
        tuple(1.0 - 2.0 * (index % 2)),
        tuple((2.0 * np.sin(0.7 * index**2 + 0.4 * index)).tolist()),
        tuple((1.5 * np.sin(1.3 * index**2 + 0.4 * index)).tolist()),
    )

    def theory() -> FloatArray:
        run = population_descent(sample, network, eta, steps)
        return np.array([getattr(run, name)[-1] for name in _MEASURED])

    def simulate(seed: int) -> Estimate:
        found = simulate_descent(sample, [network] * grids, eta, steps, nodes=nodes, seed=seed)
        return Estimate.stack([found.estimate(name)[-1] for name in _MEASURED])

    return Check(
        "exact descent",
        "risk, excess risk, norm of the gradient and total variation after 200 steps",
        approximation_of(population_descent),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "points": list(sample.points),
            "data_scale": sample.data_scale,
            "noise_scale": sample.noise_scale,
            "neurons": neurons,
            "learning_rate": eta,
            "steps": steps,
            "nodes": nodes,
            "grids": grids,
        },
        id="score-matching-exact-descent",
        tests=(sharpness,),
    )


def _design(**more: object) -> dict[str, object]:
    return {
        "points": list(_SAMPLE.points),
        "data_scale": _SAMPLE.data_scale,
        "noise_scale": _SAMPLE.noise_scale,
        "outer": list(_MINIMUM.outer),
        "bias": list(_MINIMUM.bias),
        **more,
    }


def _minimum() -> Check:
    start = ScoreNetwork((1.0, -1.0), (-4.8, 1.3), (-0.6, 0.7))
    eta, steps, nodes, grids = 0.15, 6000, 300, 6

    def simulate(seed: int) -> Estimate:
        found = simulate_descent(_SAMPLE, [start] * grids, eta, steps, nodes=nodes, seed=seed)
        return Estimate.stack([found.estimate("risk")[-1], found.estimate("excess_risk")[-1]])

    def theory() -> FloatArray:
        risk = float(stationary_point(_SAMPLE, start).require()["risk"])
        return np.array([risk, risk - optimal_risk(_SAMPLE)])

    return Check(
        "risk at a minimum",
        "risk and excess risk where descent ends",
        approximation_of(stationary_point),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes=_design(learning_rate=eta, steps=steps, nodes=nodes, grids=grids, start=[-4.8, 1.3, -0.6, 0.7]),
        id="score-matching-risk-at-a-minimum",
        tests=(network_risk,),
    )


def _growth(place: str, eta: float) -> Check:
    steps, nodes, grids, displacement = 4, 40_000, 12, 3e-3
    return Check(
        f"growth {place}",
        "|1 - 2 eta/eta_c|, the factor of a small displacement in each step of descent",
        approximation_of(critical_learning_rate),
        theory=lambda: np.array(abs(1.0 - 2.0 * eta / critical_learning_rate(_SAMPLE, _MINIMUM))),
        simulate=lambda seed: simulate_growth(
            _SAMPLE, _MINIMUM, eta, steps, displacement=displacement, instances=grids, nodes=nodes, seed=seed
        ),
        resolution=0.02,
        sizes=_design(learning_rate=eta, steps=steps, nodes=nodes, grids=grids, displacement=displacement),
        id="score-matching-growth-" + place.replace(" ", "-"),
        tests=(risk_hessian,),
    )


def _noise() -> Check:
    """Excess over the risk of the start, which is the minimum, divided by the learning rate and extrapolated to 0."""
    rates, batch, starts, looks, nodes = (0.04, 0.02, 0.01), 4, 13_000, 12, 100

    def theory() -> FloatArray:
        small = 1e-9
        return np.atleast_1d(stationary_excess_risk(_WIDE_SAMPLE, _WIDE_MINIMUM, small, batch=batch) / small)

    def simulate(seed: int) -> Estimate:
        found = []
        for eta in rates:
            # The slowest variance relaxes in 1/(4 eta .071) steps: nine of these times, then a look every three.
            kept = [0, *(round((31.0 + 11.0 * k) / eta) for k in range(looks))]
            run = simulate_stochastic_descent(
                _WIDE_SAMPLE,
                [_WIDE_MINIMUM] * starts,
                eta,
                kept[-1],
                batch=batch,
                kept=kept,
                nodes=nodes,
                seed=seed,
            )
            excess = run.risk[:, 1:].mean(axis=1) - run.risk[:, 0]
            found.append(Estimate.from_samples(excess / eta))
        limit = extrapolate([1.0 / eta for eta in rates], Estimate.stack(found), exponent=1.0).limit
        return Estimate.stack([limit])

    return Check(
        "noise floor of stochastic descent",
        "stationary excess risk over the learning rate, for small rates",
        approximation_of(stationary_excess_risk),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "points": list(_WIDE_SAMPLE.points),
            "data_scale": _WIDE_SAMPLE.data_scale,
            "noise_scale": _WIDE_SAMPLE.noise_scale,
            "outer": list(_WIDE_MINIMUM.outer),
            "bias": list(_WIDE_MINIMUM.bias),
            "learning_rates": list(rates),
            "batch": batch,
            "starts": starts,
            "looks": looks,
            "nodes": nodes,
        },
        id="score-matching-noise-floor-of-stochastic-descent",
    )
