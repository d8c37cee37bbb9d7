"""Predictions for many points against three numbers of them, or three dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ..analysis.fit import fit_principal_graph
from ..model import FitOptions
from ..simulation.ridges import draw_ridge
from ..simulation.spiked import simulate_first_split
from ..simulation.transitions import simulate_spinodal
from ..theory.order import landau
from ..theory.significance import spiked_split_temperature
from .transitions import SKEWED


def checks() -> list[Check]:
    return [
        # An outlier of a covariance moves as 1/D.
        _first_split("of two classes", 2.5, (300, 150, 80), 1.0),
        # The mean of Tracy and Widom's law is of the order D^(-2/3).
        _first_split("of noise", 0.3, (150, 75, 40), 2.0 / 3.0),
        _spinodal(),
        _background(),
    ]


def _first_split(what: str, signal: float, instances: Sequence[int], exponent: float) -> Check:
    dimensions, ratio = (100, 200, 400), 0.8

    def simulate(seed: int) -> Estimate:
        runs = [
            simulate_first_split(signal, d, round(d / ratio), instances=count, seed=seed)
            for d, count in zip(dimensions, instances, strict=True)
        ]
        return componentwise_limit(dimensions, [Estimate.stack([run]) for run in runs], exponent=exponent)

    return Check(
        f"first split {what}, by size",
        "first split of two classes in noise of as many dimensions as 0.8 of the points, extrapolated in the dimension",
        approximation_of(spiked_split_temperature),
        theory=lambda: np.array([spiked_split_temperature(signal, ratio)]),
        simulate=simulate,
        resolution=0.05,
        kind="eigenvalue",
        sizes={
            "dimension": list(dimensions),
            "instances": list(instances),
            "signal": signal,
            "ratio": ratio,
            "exponent": exponent,
        },
        id="principal-graph-by-size-first-split-" + what.replace(" ", "-"),
    )


def _each(
    what: str,
    prediction: str,
    predicting: Callable[..., object],
    theory: Callable[[], float],
    one: Callable[[int, int], Estimate],
    samples: Sequence[int],
    design: dict[str, Any],
    reason: str,
    **more: Any,
) -> Check:
    """``one(samples, seed)`` is a number, reported for three numbers of points."""
    return Check(
        f"{what}, by size",
        f"{prediction}, of three numbers of points",
        approximation_of(predicting),
        theory=lambda: np.full(len(samples), theory()),
        simulate=lambda seed: Estimate.stack([one(count, seed) for count in samples]),
        resolution=0.02,
        sizes={"samples": list(samples), **design},
        judged=False,
        reason=reason,
        id="principal-graph-by-size-each-" + what.replace(" ", "-"),
        **more,
    )


def _spinodal() -> Check:
    instances, halvings = 6, 6

    def theory() -> float:
        found = landau(SKEWED, 3)
        assert found.spinodal_temperature is not None
        return found.spinodal_temperature / found.linear_temperature

    return _each(
        "end of three components",
        "temperature over the first transition at which the split state of three equal components ends on heating",
        landau,
        theory,
        lambda samples, seed: simulate_spinodal(
            SKEWED, 3, samples, instances=instances, halvings=halvings, seed=seed
        ),
        (150, 300, 600),
        {"instances": instances, "halvings": halvings, "components": 3},
        "leading order in the skewness, which is that of the law and not of finitely many points; the next term is not "
        "known, so there is no bound",
        model=SKEWED,
    )


def _background() -> Check:
    instances, nodes = 6, 60

    def one(samples: int, seed: int) -> Estimate:
        shares = []
        for replica in range(instances):
            ridge = draw_ridge("loop", samples, seed=seed, replica=replica)
            options = FitOptions(nodes=nodes, stiffness=0.8 * samples, iterations=150, tolerance=1e-6)
            shares.append(fit_principal_graph(ridge.points, options).background_fraction)
        return Estimate.from_samples(shares)

    return _each(
        "share of outliers",
        "share of the background in fits to a loop with a fifth of outliers",
        fit_principal_graph,
        lambda: 0.2,
        one,
        (750, 1500, 3000),
        {"instances": instances, "nodes": nodes, "stiffness_per_point": 0.8},
        "part of the uniform points lies on the ridge, and the tails of the ridge in the background; few points "
        "scatter by more",
        # That of 3000 points, times the root of how many fewer there are.
        bound=0.2,
    )
