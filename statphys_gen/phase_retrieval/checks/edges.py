"""Edges of bulks and transitions at the start of the descent, of finite matrices and of drawn pairs (y, t).

Reduced simulations replace a matrix by the law of large numbers for the curvatures of its pairs; the edges and the
signal outliers of whole matrices are compared beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...numerics.blocks import map_blocks
from ...statistics.agreement import Check, Kind
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.spectral_edge import edge_of_extremes
from ..model import Loss, PhaseRetrieval
from ..simulation.hessians import hessian_extremes
from ..simulation.instances import draw_instances, draw_students
from ..simulation.reduced_edge import (
    draw_pairs,
    reduced_best_offset,
    reduced_edge,
    reduced_initial_transition,
    reduced_switch,
    reduced_transition,
)
from ..theory.spectral_law import optimal_spectral_curvature_law, spectral_curvature_law
from ..theory.spectrum import hessian_spectrum, lagrange_multiplier, left_edge, outlier_criterion
from ..theory.transition import (
    best_offset,
    initial_transition,
    initial_transition_curve,
    switch_offset,
    transition,
    universal_lower_bound,
)

_REDUCED = "reduced simulation: law of large numbers for drawn pairs"
_RESOLUTION = 0.02
# Of the numbers of samples at transitions, and of the edges of matrices.
_COARSE = 0.05
_PAIRS, _GROUPS = 4096, 24


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [*edge_checks(), *point_checks(), *transition_checks()]


# ------------------------------------------------------------------------------------------------- edges of matrices


def _edge_of_instance(model: PhaseRetrieval, size: int, seed: int, k: int) -> list[float]:
    drawn = draw_instances(model, size, seed=seed, first=k, label_law="null")
    student = draw_students(drawn, seed=seed, first=k)[0, 0]
    found = hessian_extremes(model.loss, drawn.sensing[0], drawn.labels[0], student, count=2)
    return [float(edge_of_extremes(*found.eigenvalues)) + found.lagrange_multiplier]


def edge_checks() -> list[Check]:
    """Null labels: there is no signal outlier beside the edge."""

    def edge_check(name: str, model: PhaseRetrieval, sizes: Sequence[int], instances: Sequence[int]) -> Check:
        def theory() -> FloatArray:
            found = hessian_spectrum(model)
            return np.array([float(found.bulk_edge.require()["position"]) + float(found.lagrange_multiplier)])

        def simulate(seed: int) -> Estimate:
            runs = [
                Estimate.from_samples(map_blocks(partial(_edge_of_instance, model, size, seed), count))
                for size, count in zip(sizes, instances, strict=True)
            ]
            return componentwise_limit(sizes, runs)

        return Check(
            name,
            "left edge of H + mu I, from the two smallest eigenvalues",
            approximation_of(left_edge),
            theory=theory,
            simulate=simulate,
            resolution=_COARSE,
            kind="eigenvalue",
            sizes={
                "dimension": list(sizes),
                "instances": list(instances),
                "loss": model.loss.name,
                "offset": "none" if model.loss.offset is None else model.loss.offset,
                "samples_per_dimension": model.samples_per_dimension,
                "label_law": "null",
            },
            tests=(hessian_spectrum,),
        )

    return [
        edge_check(
            "left edge at the start, offset 0.1, 6 samples",
            PhaseRetrieval(Loss.normalised(0.1), 6.0),
            (96, 192, 384),
            (1200, 600, 240),
        ),
        edge_check(
            "left edge at the start, offset 1, 9 samples",
            PhaseRetrieval(Loss.normalised(1.0), 9.0),
            (96, 192, 384),
            (1000, 500, 200),
        ),
        edge_check(
            "left edge at the start, truncated intensity loss, 10 samples",
            PhaseRetrieval(Loss.intensity().truncated(1.0), 10.0),
            (64, 128, 256),
            (800, 400, 160),
        ),
    ]


# ------------------------------------------------------------------------------------------------------- drawn pairs


def _groups(
    one: Callable[[FloatArray, FloatArray], Sequence[float]],
    overlap: float,
    pairs: int,
    groups: int,
    seed: int,
) -> Estimate:
    """Means over groups of pairs of what ``one`` makes of a group."""
    rows = [list(one(*draw_pairs(pairs, overlap, seed=seed, group=k))) for k in range(groups)]
    return Estimate.from_samples(rows)


def _of_pairs(
    name: str,
    prediction: str,
    source: Callable[..., object],
    theory: Callable[[], FloatArray],
    one: Callable[[FloatArray, FloatArray], Sequence[float]],
    *,
    overlap: float = 0.0,
    pairs: int = _PAIRS,
    groups: int = _GROUPS,
    resolution: float = _COARSE,
    kind: Kind = "capacity",
    sizes: dict[str, Any],
    tests: tuple[Callable[..., object], ...] = (),
) -> Check:
    return Check(
        name,
        f"{prediction} ({_REDUCED})",
        approximation_of(source),
        theory=theory,
        simulate=lambda seed: _groups(one, overlap, pairs, groups, seed),
        resolution=resolution,
        kind=kind,
        sizes={"pairs": pairs, "groups": groups, "overlap": overlap, **sizes},
        tests=tests,
    )


def point_checks() -> list[Check]:
    def point_check(name: str, offset: float, ratio: float, overlap: float) -> Check:
        model = PhaseRetrieval(Loss.normalised(offset), ratio, overlap)

        def theory() -> FloatArray:
            edge = float(left_edge(model).require()["position"]) + float(lagrange_multiplier(model))
            return np.array([edge, float(outlier_criterion(model))])

        def one(y: FloatArray, t: FloatArray) -> list[float]:
            edge, criterion = reduced_edge(model, y, t)
            return [edge + ratio * float((model.loss.slope(y, t) * y).mean()), criterion]

        return _of_pairs(
            name,
            "left edge of H + mu I and outlier criterion",
            outlier_criterion,
            theory,
            one,
            overlap=overlap,
            pairs=8192,
            groups=40,
            resolution=_RESOLUTION,
            kind="general",
            sizes={"offset": offset, "samples_per_dimension": ratio},
            tests=(left_edge,),
        )

    return [
        point_check("edge and outlier criterion of pairs, offset 0.7, 3 samples", 0.7, 3.0, 0.0),
        point_check("edge and outlier criterion of pairs, overlap 0.3, offset 0.1", 0.1, 7.0, 0.3),
        point_check("edge and outlier criterion of pairs, overlap -0.4, hard edge", 4.0, 4.5, -0.4),
    ]


def _bounded(t: FloatArray) -> FloatArray:
    """The preprocessing (t^2 - 1)/(t^2 + 1/2), bounded on both sides."""
    return (t * t - 1.0) / (t * t + 0.5)


def transition_checks() -> list[Check]:
    warm, offsets, between = 0.3, [0.1, 0.6, 4.0], (0.5, 2.0)
    truncated = Loss.intensity().truncated(1.0)

    def curve() -> FloatArray:
        found = initial_transition_curve(offsets, overlap=warm).solution
        return np.asarray(found.require()["samples_per_dimension"])

    def start() -> FloatArray:
        return np.atleast_1d(initial_transition(truncated).solution.require()["samples_per_dimension"])

    def spectral() -> FloatArray:
        law = spectral_curvature_law(_bounded, upper_bound=1.0)
        return np.atleast_1d(transition(law).solution.require()["samples_per_dimension"])

    def lowest() -> FloatArray:
        found = transition(optimal_spectral_curvature_law()).solution.require()
        return np.array([universal_lower_bound(), float(found["samples_per_dimension"])])

    def switch() -> FloatArray:
        found = switch_offset(overlap=warm).require()
        return np.array([float(found["offset"]), float(found["samples_per_dimension"])])

    def best() -> FloatArray:
        found = best_offset(overlap=warm)
        return np.array([found["offset"], found["samples_per_dimension"]])

    return [
        _of_pairs(
            "transition at the start, overlap 0.3, three offsets",
            "samples per dimension at which the signal outlier appears",
            initial_transition_curve,
            curve,
            lambda y, t: [reduced_initial_transition(Loss.normalised(a), y, t, warm) for a in offsets],
            overlap=warm,
            pairs=8192,
            groups=40,
            resolution=_RESOLUTION,
            sizes={"offset": offsets},
            tests=(initial_transition, transition),
        ),
        _of_pairs(
            "transition at the start, truncated intensity loss",
            "samples per dimension at which the signal outlier appears",
            initial_transition,
            start,
            lambda y, t: [reduced_initial_transition(truncated, y, t)],
            resolution=_RESOLUTION,
            sizes={"loss": truncated.name},
            tests=(transition,),
        ),
        _of_pairs(
            "transition of the spectral initialisation, bounded weights",
            "samples per dimension at which the signal outlier appears",
            transition,
            spectral,
            lambda y, t: [reduced_transition(-_bounded(t), -1.0, t)],
            groups=60,
            resolution=_RESOLUTION,
            sizes={"preprocessing": "(t^2 - 1)/(t^2 + 1/2)"},
        ),
        _of_pairs(
            "lowest transition of any weights",
            "samples per dimension at the transition of the best weights, beside the bound of all laws",
            universal_lower_bound,
            lowest,
            lambda y, t: [reduced_transition(1.0 / (t * t) - 1.0, -1.0, t)] * 2,
            groups=60,
            resolution=_RESOLUTION,
            sizes={"preprocessing": "1 - 1/t^2"},
            tests=(transition, optimal_spectral_curvature_law),
        ),
        _of_pairs(
            "offset at which the transition turns discontinuous, overlap 0.3",
            "offset, and samples per dimension at its transition",
            switch_offset,
            switch,
            lambda y, t: reduced_switch(Loss.normalised, y, t, warm, between),
            overlap=warm,
            sizes={"between": list(between)},
        ),
        _of_pairs(
            "offset of the lowest transition, overlap 0.3",
            "offset, and samples per dimension at its transition",
            best_offset,
            best,
            lambda y, t: reduced_best_offset(Loss.normalised, y, t, warm, between),
            overlap=warm,
            sizes={"between": list(between)},
        ),
    ]
