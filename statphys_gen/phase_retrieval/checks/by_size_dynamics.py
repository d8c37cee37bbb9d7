"""Descents and the Hessians on their way against simulations at three dimensions.

Corrections of order 1/N are extrapolated, where that is cheap; of the other predictions every dimension is reported.
Null labels, and a start orthogonal to the signal, stand for the limit in which a random student keeps overlap 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...arrays import FloatArray
from ...numerics.blocks import map_blocks
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ..model import Loss, PhaseRetrieval
from ..schedule import geometric_steps
from ..simulation.descent import descend, simulate_descent
from ..simulation.instances import draw_instances, draw_students, instances_per_block
from ..simulation.reduced_edge import reduced_edge
from ..theory.bbp_time import bbp_time
from ..theory.dmft import descent_dynamics, gradient_flow_dynamics
from ..theory.success import largest_amplification
from ..theory.threshold_states import one_step_state
from .by_size import sized_check
from .dynamics import Descent, sizes_of, usual_descent


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [*descent_checks(), _loss_of_the_outlier(), _late_edge()]


# ------------------------------------------------------------------------------------------------------------ descents


def _limit(
    dimensions: Sequence[int], instances: Sequence[int], one: Callable[[int, int], Estimate]
) -> Estimate:
    return componentwise_limit(dimensions, [one(*each) for each in zip(dimensions, instances, strict=True)])


def descent_checks() -> list[Check]:
    dimensions = (64, 128, 256)
    null: dict[str, Any] = {"label_law": "null", "precision": "single"}
    descent, middle, end = usual_descent(2.2, 0.5, steps=24), 10, 24
    flow = usual_descent(1.6, 0.5, steps=7, paths=8192, replicas=16)
    grown = usual_descent(1.8, 0.5, steps=12)

    def along(correlation: FloatArray, energy: FloatArray) -> Estimate:
        """Of records (runs, 3, 3) and (runs, 3) at the start, in the middle and at the end."""
        columns = [correlation[:, 1, 0], correlation[:, 2, 0], correlation[:, 2, 1], energy[:, 1]]
        return Estimate.from_samples(np.array(columns).T)

    def predicted() -> Estimate:
        theory, kept = descent.theory(), [0, middle, end]
        return along(theory.correlations[:, kept][:, :, kept], theory.values["energy"][:, kept])

    def simulated(dimension: int, count: int, seed: int) -> Estimate:
        found = simulate_descent(
            descent.model,
            dimension,
            step_sizes=descent.step_sizes,
            instances=count,
            record=[0, middle, end],
            seed=seed,
            **null,
        ).require()
        return along(found.correlation[:, 0], found.energy[:, 0])

    def predicted_flow() -> Estimate:
        found = gradient_flow_dynamics(
            flow.model, flow.step_sizes, paths=flow.paths, replicas=flow.replicas, seed=1
        ).require()
        ends = [found.values[name][:, -1] for name in ("correlation", "energy")]
        return Estimate.from_samples(np.stack(ends, axis=1))

    def simulated_flow(dimension: int, count: int, seed: int) -> Estimate:
        rows = []
        for parts in (3, 6):
            sizes = np.repeat(flow.step_sizes / parts, parts)
            found = simulate_descent(
                flow.model,
                dimension,
                step_sizes=sizes,
                instances=count,
                record=[0, len(sizes)],
                seed=seed,
                **null,
            ).require()
            rows.append(np.stack([found.correlation[:, 0, 1, 0], found.energy[:, 0, 1]], axis=1))
        # The error of a step is linear in its size; both descents share their instances.
        return Estimate.from_samples(2.0 * rows[1] - rows[0])

    def predicted_growth() -> Estimate:
        found = largest_amplification(
            grown.model, grown.step_sizes, paths=grown.paths, replicas=grown.replicas, seed=1
        )
        return Estimate.stack([found.value])

    def one(
        what: str,
        prediction: str,
        predicting: Callable[..., object],
        theory: Callable[[], Estimate],
        simulation: Callable[[int, int, int], Estimate],
        instances: Sequence[int],
        of: Descent,
        **design: Any,
    ) -> Check:
        return sized_check(
            what,
            f"{prediction}, extrapolated in 1/N",
            predicting,
            theory,
            lambda seed: _limit(dimensions, instances, lambda size, count: simulation(size, count, seed)),
            sizes_of(of, dimension=list(dimensions), instances=list(instances), **design),
        )

    return [
        one(
            "descent",
            "correlations between start, middle and end, and energy in the middle",
            descent_dynamics,
            predicted,
            simulated,
            (3600, 1800, 900),
            descent,
            recorded=[0, middle, end],
            label_law="null",
        ),
        one(
            "gradient flow",
            "correlation with the start and energy at the end of the flow",
            gradient_flow_dynamics,
            predicted_flow,
            simulated_flow,
            (4200, 2100, 1050),
            flow,
            parts=[3, 6],
            label_law="null",
        ),
        one(
            "largest growth",
            "largest growth of an infinitesimal overlap on the way",
            largest_amplification,
            predicted_growth,
            lambda dimension, count, seed: _largest_growth(grown, dimension, count, seed),
            (4000, 2000, 1000),
            grown,
            label_law="signal",
        ),
    ]


def _largest_growth(descent: Descent, dimension: int, instances: int, seed: int) -> Estimate:
    """Of the mean over instances; the noise that two students w0 +- m w* share cancels in half their difference."""
    model, tiny = descent.model, 0.02
    per_block = instances_per_block(model, dimension)

    def block(index: int) -> FloatArray:
        first = index * per_block
        drawn = draw_instances(
            model, dimension, instances=min(per_block, instances - first), seed=seed, first=first
        )
        assert drawn.signals is not None
        start = math.sqrt(1.0 - tiny**2) * draw_students(drawn, seed=seed, first=first, orthogonal=True)
        moved = tiny * drawn.signals[:, None]
        both = np.concatenate([start + moved, start - moved], axis=1)
        overlap = descend(model.loss, drawn, both, descent.step_sizes).require().overlap
        assert overlap is not None
        return np.asarray((overlap[:, 0] - overlap[:, 1]) / (2.0 * tiny))

    found = Estimate.from_samples(np.concatenate(map_blocks(block, math.ceil(instances / per_block))))
    best = int(np.argmax(found.mean))
    return found[best : best + 1]


# ------------------------------------------------------------------------------------------- spectra along the descent


def _spectra(
    model: PhaseRetrieval,
    step_sizes: FloatArray,
    steps: Sequence[int],
    dimension: int,
    instances: int,
    groups: int,
    seed: int,
) -> FloatArray:
    """(groups, steps, 2): left edge and outlier criterion of the pairs that null-label descents of a group reach."""
    found = simulate_descent(
        model,
        dimension,
        step_sizes=step_sizes,
        instances=instances,
        label_law="null",
        record=list(steps),
        keep_pre_activations=True,
        seed=seed,
    ).require()
    assert found.pre_activations is not None
    assert found.labels is not None
    pairs, labels = found.pre_activations[:, 0], found.labels
    return np.array(
        [
            [
                reduced_edge(model, pairs[members, k].ravel(), labels[members].ravel())
                for k in range(len(steps))
            ]
            for members in np.array_split(np.arange(instances), groups)
        ]
    )


def _loss_of_the_outlier() -> Check:
    """Reported: a time to a few per cent at every dimension, not its limit."""
    descent = usual_descent(2.0, steps=32, paths=4096, replicas=48)
    dimensions, instances, groups, steps = (40, 80, 160), (8000, 4000, 2000), 24, (22, 25, 28, 31)

    def theory() -> Estimate:
        each = Estimate.from_samples(bbp_time(descent.theory()).values)
        return Estimate.stack([each] * len(dimensions))

    def simulate(seed: int) -> Estimate:
        time = np.concatenate([[0.0], np.cumsum(descent.step_sizes)])[list(steps)]
        found = []
        for size, count in zip(dimensions, instances, strict=True):
            criteria = _spectra(descent.model, descent.step_sizes, steps, size, count, groups, seed)[..., 1]
            # A straight line through the few steps around the crossing, of every group.
            slope, height = np.polyfit(time - time.mean(), criteria.T - 1.0, 1)
            found.append(Estimate.from_samples(time.mean() - height / slope))
        return Estimate.stack(found)

    return sized_check(
        "each loss of the outlier",
        "time at which the Hessian loses its signal outlier, at three dimensions",
        bbp_time,
        theory,
        simulate,
        sizes_of(
            descent,
            dimension=list(dimensions),
            instances=list(instances),
            groups=groups,
            steps_recorded=list(steps),
            label_law="null",
        ),
        resolution=0.05,
        kind="capacity",
        judged=False,
        reason="corrections of order 1/N, which are not extrapolated: a limit would need ten times the instances",
        # Twice the resolution of a time.
        bound=0.1,
    )


def _late_edge() -> Check:
    model, times = PhaseRetrieval(Loss.normalised(), 3.0), (12.5, 25.0, 50.0, 100.0)
    dimensions, instances = (100, 200, 400), (48, 24, 12)

    def simulate(seed: int) -> Estimate:
        sizes = geometric_steps(2000, 0.01, 1.02, 0.08)
        elapsed = np.concatenate([[0.0], np.cumsum(sizes)])
        steps = [int(np.argmin(np.abs(elapsed - time))) for time in times]
        line = np.stack([np.ones(len(times)), np.array(times) ** (-2.0 / 3.0)], axis=1)
        found = []
        for size, count in zip(dimensions, instances, strict=True):
            edges = _spectra(model, sizes[: steps[-1]], steps, size, count, count, seed)[..., 0]
            found.append(Estimate.from_samples((np.linalg.pinv(line) @ edges.T)[0]))
        return Estimate.stack(found)

    return sized_check(
        "each late edge",
        "left edge of the Hessian for time to infinity, from a straight line in time^(-2/3), at three dimensions",
        one_step_state,
        lambda: np.zeros(len(dimensions)),
        simulate,
        {
            "dimension": list(dimensions),
            "instances": list(instances),
            "offset": 1.0,
            "samples_per_dimension": 3.0,
            "times": list(times),
        },
        # The width of the bulk next to its edge: the edge itself starts at -11.
        scale=1.0,
        judged=False,
        reason="the edge approaches 0 as a power of time, and a finite system leaves the law of the infinite one the "
        "sooner the smaller it is; no bound follows from the theory, which knows neither the terms beyond this power "
        "nor the time of leaving",
    )
