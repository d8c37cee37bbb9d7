"""Hessians along the descent, against simulations: the signal outlier, the time of its loss, late marginal states.

Null labels and an overlap held at 0 stand for the limit N -> infinity, in which a random student keeps overlap 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...numerics.blocks import map_blocks
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import Loss, PhaseRetrieval
from ..schedule import geometric_steps
from ..simulation.descent import descend, simulate_descent
from ..simulation.hessians import hessian_extremes
from ..simulation.instances import draw_instances, draw_students, instances_per_block
from ..simulation.reduced_edge import reduced_edge
from ..theory.bbp_time import bbp_time
from ..theory.dmft import descent_dynamics
from ..theory.threshold_states import one_step_state
from .dynamics import Descent, sizes_of, usual_descent

_EIGENVALUE_RESOLUTION = 0.05
# Of the edge of late states, in units of the width of the bulk next to it.
_EDGE_RESOLUTION = 0.02


def checks() -> list[Check]:
    """Every check of Hessians along the descent, by name."""
    return [*outlier_checks(), *bbp_checks(), *marginality_checks()]


# ------------------------------------------------------------------------------------------------- outliers on the way


def _outliers(descent: Descent, step: int, dimension: int, instances: int, seed: int) -> FloatArray:
    """(instances, 2): eigenvalue and squared overlap of the eigenvector that points most to the signal."""
    model = descent.model
    per_block = instances_per_block(model, dimension)

    def block(index: int) -> list[tuple[float, float]]:
        first = index * per_block
        there = min(per_block, instances - first)
        drawn = draw_instances(model, dimension, instances=there, seed=seed, first=first)
        assert drawn.signals is not None
        start = draw_students(drawn, seed=seed, first=first, orthogonal=True)
        found = descend(
            model.loss,
            drawn,
            start,
            descent.step_sizes[:step],
            held_overlap=0.0,
            record=np.array([step]),
            keep_students=True,
        ).require()
        assert found.students is not None
        rows = []
        for k in range(there):
            extremes = hessian_extremes(
                model.loss,
                drawn.sensing[k],
                drawn.labels[k],
                found.students[k, 0, 0],
                drawn.signals[k],
                count=6,
            )
            assert extremes.overlap_squared is not None
            best = extremes.informative
            rows.append((float(extremes.eigenvalues[best]), float(extremes.overlap_squared[best])))
        return rows

    blocks = map_blocks(block, math.ceil(instances / per_block))
    return np.array([row for rows in blocks for row in rows])


def outlier_checks() -> list[Check]:
    def outlier_check(
        name: str,
        descent: Descent,
        step: int,
        dimension: int,
        instances: int,
        reported: dict[str, Any] | None = None,
    ) -> Check:
        def predicted() -> Estimate:
            found = descent.theory().spectra([step])
            parts = [found["outlier"], found["outlier_overlap_squared"]]
            present = [part for part in parts if part is not None]
            assert len(present) == 2, "the outlier is lost"
            return Estimate(*(np.concatenate([getattr(p, f) for p in present]) for f in _FIELDS))

        return Check(
            name,
            f"signal outlier of the Hessian and its squared overlap after {step} steps",
            approximation_of(descent_dynamics),
            theory=predicted,
            simulate=lambda seed: Estimate.from_samples(_outliers(descent, step, dimension, instances, seed)),
            resolution=_EIGENVALUE_RESOLUTION,
            kind="eigenvalue",
            sizes=sizes_of(descent, dimension=dimension, instances=instances, step=step, label_law="signal"),
            **({} if reported is None else reported),
        )

    def early(name: str, descent: Descent, step: int, dimension: int, instances: int, size: float) -> Check:
        reason = f"one dimension, not large against N = {size:.0f}, at which the outlier fluctuates by its distance "
        bound = 2.0 * _EIGENVALUE_RESOLUTION
        reported = {
            "judged": False,
            "reason": reason + "from the edge and shares the signal with it",
            "bound": bound,
        }
        return outlier_check(name, descent, step, dimension, instances, reported)

    return [
        outlier_check("signal outlier after 8 steps, 8 samples", usual_descent(8.0, steps=8), 8, 400, 400),
        outlier_check(
            "outlier with the signal after 25 steps, 8 samples",
            usual_descent(8.0, steps=25, replicas=48),
            25,
            400,
            900,
        ),
        outlier_check(
            "signal outlier after 25 steps, 8 samples, offset 0.1",
            usual_descent(8.0, 0.1, steps=25),
            25,
            400,
            360,
        ),
        outlier_check(
            "signal outlier after 25 steps, 6 samples, offset 0.1",
            usual_descent(6.0, 0.1, steps=25),
            25,
            400,
            400,
        ),
        early("signal outlier after 8 steps, 4 samples", usual_descent(4.0, steps=8), 8, 512, 360, 305),
        early("signal outlier after 25 steps, 6 samples", usual_descent(6.0, steps=25), 25, 512, 360, 197),
        early(
            "signal outlier after 25 steps, 5 samples, offset 0.1",
            usual_descent(5.0, 0.1, steps=25),
            25,
            512,
            300,
            196,
        ),
    ]


_FIELDS = ("mean", "standard_error", "degrees_of_freedom")


# ------------------------------------------------------------------------------------------------------------ BBP time


def _criteria(
    descent: Descent, steps: Sequence[int], dimension: int, instances: int, groups: int, seed: int
) -> FloatArray:
    """(groups, steps): the outlier criterion from the pairs (y, t) of the null-label descents of each group."""
    model = descent.model
    found = simulate_descent(
        model,
        dimension,
        step_sizes=descent.step_sizes,
        instances=instances,
        label_law="null",
        record=list(steps),
        keep_pre_activations=True,
        precision="single",
        seed=seed,
    ).require()
    assert found.pre_activations is not None
    assert found.labels is not None
    rows = np.empty((groups, len(steps)))
    for g, members in enumerate(np.array_split(np.arange(instances), groups)):
        labels = found.labels[members].ravel()
        for k in range(len(steps)):
            rows[g, k] = reduced_edge(model, found.pre_activations[members, 0, k].ravel(), labels)[1]
    return rows


def bbp_checks() -> list[Check]:
    def bbp_check(
        name: str, descent: Descent, steps: Sequence[int], dimension: int, instances: int, groups: int
    ) -> Check:
        def predicted() -> Estimate:
            return Estimate.from_samples(bbp_time(descent.theory()).values[:, None])

        def simulated(seed: int) -> Estimate:
            time = np.concatenate([[0.0], np.cumsum(descent.step_sizes)])[list(steps)]
            criteria = _criteria(descent, steps, dimension, instances, groups, seed)
            # A parabola through the few steps around the crossing, of every group.
            crossings = []
            for row in criteria:
                roots = np.roots(np.polyfit(time, row - 1.0, 2))
                real = roots[np.abs(roots.imag) < 1e-12].real
                crossings.append(real[np.argmin(np.abs(real - time.mean()))])
            return Estimate.from_samples(np.array(crossings)[:, None])

        return Check(
            name,
            "time at which the Hessian loses its signal outlier",
            approximation_of(bbp_time),
            theory=predicted,
            simulate=simulated,
            resolution=0.05,
            kind="capacity",
            sizes=sizes_of(
                descent, dimension=dimension, instances=instances, groups=groups, label_law="null"
            ),
        )

    descent = usual_descent(2.0, steps=32, paths=16384, replicas=144)
    return [bbp_check("time of the loss of the outlier, 2 samples", descent, [22, 25, 28, 31], 256, 7000, 70)]


# --------------------------------------------------------------------------------------------------------- marginality


def _late_edges(
    model: PhaseRetrieval, times: Sequence[float], dimension: int, instances: int, seed: int
) -> FloatArray:
    """(instances, times): left edge of the bulk from the pairs (y, t) of null-label descents."""
    sizes = geometric_steps(4000, 0.01, 1.02, 0.08)
    elapsed = np.concatenate([[0.0], np.cumsum(sizes)])
    steps = [int(np.argmin(np.abs(elapsed - time))) for time in times]
    found = simulate_descent(
        model,
        dimension,
        step_sizes=sizes[: steps[-1]],
        instances=instances,
        label_law="null",
        record=steps,
        keep_pre_activations=True,
        seed=seed,
    ).require()
    assert found.pre_activations is not None
    assert found.labels is not None
    rows = np.empty((instances, len(times)))
    for i in range(instances):
        for k in range(len(times)):
            rows[i, k] = reduced_edge(model, found.pre_activations[i, 0, k], found.labels[i])[0]
    return rows


def marginality_checks() -> list[Check]:
    model, times = PhaseRetrieval(Loss.normalised(), 3.0), (12.5, 25.0, 50.0, 100.0, 200.0)
    dimension, instances = 400, 16

    def intercept(seed: int) -> Estimate:
        design = np.stack([np.ones(len(times)), np.array(times) ** (-2.0 / 3.0)], axis=1)
        edges = _late_edges(model, times, dimension, instances, seed)
        return Estimate.from_samples((np.linalg.pinv(design) @ edges.T)[0][:, None])

    return [
        Check(
            "marginality of late null-label states",
            "left edge of the Hessian for time to infinity, from a straight line in time^(-2/3)",
            approximation_of(one_step_state),
            theory=lambda: np.zeros(1),
            simulate=intercept,
            resolution=_EDGE_RESOLUTION,
            # The width of the bulk next to its edge: the edge itself starts at -11.
            scale=1.0,
            sizes={
                "offset": 1.0,
                "samples_per_dimension": 3.0,
                "dimension": dimension,
                "instances": instances,
                "times": list(times),
            },
            judged=False,
            reason="the edge approaches 0 as a power of time, and a finite system leaves the law of the infinite one; "
            "no bound follows from the theory, which knows neither the terms beyond this power nor the time of leaving",
        )
    ]
