"""Dynamical mean-field theory against simulations of descents: null labels, true labels, Langevin, Hessians on the way.

The theory is itself an average over paths: its standard error is added to that of the simulation. Bulk quantities are
measured at one dimension where the corrections of order 1/N are below the resolution; eigenvalues are extrapolated in
1/N. Null labels and an overlap held at 0 stand for the limit N -> infinity, in which a random student keeps overlap 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..approximation import approximation_of
from ..numerics.blocks import map_blocks
from ..statistics.agreement import Check
from ..statistics.estimate import Estimate
from .dmft import DescentDynamics, bbp_time, descent_dynamics
from .model import Array, Loss, PhaseRetrieval
from .schedule import geometric_steps
from .simulation import (
    Labels,
    descend,
    draw_instances,
    draw_students,
    instances_per_block,
    simulate_descent,
)
from .simulation_spectra import hessian_extremes
from .spectrum import left_edge, outlier_criterion
from .threshold_states import one_step_state
from .weights import Weights, sampled_weights

_RESOLUTION = 0.02
_EIGENVALUE_RESOLUTION = 0.05
_PATHS, _REPLICAS = 8192, 8


def checks() -> list[Check]:
    """Every check of the dynamics, by name."""
    return [
        *null_checks(),
        *signal_checks(),
        *langevin_checks(),
        *growth_checks(),
        *outlier_checks(),
        *bbp_checks(),
        *marginality_checks(),
    ]


@dataclass(frozen=True, eq=False)
class _Descent:
    """A descent whose theory is computed once, when it is first asked for."""

    problem: PhaseRetrieval
    step_sizes: Array
    temperature: float = 0.0
    paths: int = _PATHS
    replicas: int = _REPLICAS

    def theory(self) -> DescentDynamics:
        key = id(self)
        if key not in _SOLVED:
            _SOLVED[key] = descent_dynamics(
                self.problem,
                self.step_sizes,
                self.temperature,
                paths=self.paths,
                replicas=self.replicas,
                seed=1,
            ).require()
        return _SOLVED[key]


_SOLVED: dict[int, DescentDynamics] = {}


def _combined(simulation: Estimate, theory: Estimate) -> Estimate:
    """The simulation with the theory's error added; degrees of freedom of Welch and Satterthwaite."""
    parts = np.array([simulation.standard_error**2, theory.standard_error**2])
    freedom = np.array([simulation.degrees_of_freedom, theory.degrees_of_freedom])
    total = parts.sum(axis=0)
    return Estimate(simulation.mean, np.sqrt(total), total**2 / (parts**2 / freedom).sum(axis=0))


def _sizes(descent: _Descent, **others: Any) -> dict[str, Any]:
    problem = descent.problem
    offset = problem.loss.offset
    return {
        "loss": problem.loss.name,
        "offset": "infinite" if offset == math.inf else offset,
        "samples_per_dimension": problem.samples_per_dimension,
        "overlap": problem.overlap,
        "temperature": descent.temperature,
        "steps": len(descent.step_sizes),
        "duration": float(descent.step_sizes.sum()),
        "paths": descent.paths,
        "replicas": descent.replicas,
        **others,
    }


# ------------------------------------------------------------------------------------------------------------ descents


def _pick(correlations: Array, rows: Sequence[int]) -> Array:
    """C(t, 0) of the chosen rows, and C between the last two of them; independent samples along the first axis."""
    columns = [correlations[:, row, 0] for row in rows] + [correlations[:, rows[-1], rows[-2]]]
    return np.array(columns).T


def _descent_check(
    name: str,
    descent: _Descent,
    steps: Sequence[int],
    energies: Sequence[int],
    *,
    dimension: int,
    instances: int,
    labels: Labels = "null",
    hold_overlap: bool = False,
) -> Check:
    """Correlations with the start and between the last two steps, overlap if there is one; energy at its own steps."""
    quantities = (
        ["correlation"] + ["overlap"] * (descent.problem.overlap != 0.0) + ["energy"] * bool(energies)
    )
    record = sorted({0, *steps, *energies})

    def columns(correlations: Array, overlap: Array | None, energy: Array, rows: dict[int, int]) -> Array:
        parts = [_pick(correlations, [rows[step] for step in steps])]
        if descent.problem.overlap:
            assert overlap is not None
            parts.append(overlap[:, [rows[step] for step in steps]])
        parts.append(energy[:, [rows[step] for step in energies]])
        return np.concatenate(parts, axis=1)

    def predicted() -> Estimate:
        theory = descent.theory()
        every = {step: step for step in record}
        samples = theory.samples
        return Estimate.from_samples(
            columns(theory.correlations, samples.get("overlap"), samples["energy"], every)
        )

    def simulated(seed: int) -> Estimate:
        found = simulate_descent(
            descent.problem,
            dimension,
            instances,
            seed,
            descent.step_sizes,
            temperature=descent.temperature,
            labels=labels,
            hold_overlap=hold_overlap,
            record=record,
            precision="single",
        ).require()
        rows = {step: row for row, step in enumerate(record)}
        overlap = None if found.overlap is None else found.overlap[:, 0]
        table = columns(found.correlation[:, 0], overlap, found.energy[:, 0], rows)
        return _combined(Estimate.from_samples(table), predicted())

    return Check(
        name,
        f"{', '.join(quantities)} along the descent",
        approximation_of(descent_dynamics),
        theory=lambda: predicted().mean,
        simulate=simulated,
        resolution=_RESOLUTION,
        sizes=_sizes(
            descent,
            dimension=dimension,
            instances=instances,
            labels=labels,
            hold_overlap=hold_overlap,
            steps_recorded=list(steps),
            energies_at=list(energies),
        ),
    )


def _usual(
    alpha: float, offset: float = 1.0, overlap: float = 0.0, steps: int = 45, **options: Any
) -> _Descent:
    first = 0.01 * offset if offset >= 1.0 else 0.02 * offset
    sizes = geometric_steps(steps, min(first, 0.01), 1.04, 0.1)
    return _Descent(PhaseRetrieval(Loss.normalised(offset), alpha, overlap), sizes, **options)


def null_checks() -> list[Check]:
    intensity = _Descent(
        PhaseRetrieval(Loss.intensity(), 2.0), geometric_steps(16, 0.004, 1.05, 0.02), paths=65536
    )
    amplitude = _Descent(PhaseRetrieval(Loss.amplitude(), 2.0), geometric_steps(30, 0.1, 1.03, 0.3))

    def null_check(
        label: str, descent: _Descent, steps: list[int], energies: list[int], instances: int
    ) -> Check:
        return _descent_check(
            f"null labels, {label}", descent, steps, energies, dimension=512, instances=instances
        )

    return [
        null_check("1.5 samples per dimension", _usual(1.5), [8, 20, 45], [8], 360),
        null_check("3 samples per dimension", _usual(3.0), [8, 20, 45], [8, 20], 320),
        null_check("6 samples per dimension", _usual(6.0, steps=30), [8, 18, 30], [8, 18], 200),
        null_check("offset 0.1, to step 45", _usual(3.0, 0.1), [15, 30, 45], [15, 45], 300),
        null_check("offset 0.01, to step 45", _usual(3.0, 0.01), [15, 30, 45], [45], 420),
        null_check("loss of squares", intensity, [4, 8, 16], [], 300),
        null_check("smooth amplitude loss", amplitude, [5, 10, 15], [10], 540),
    ]


def signal_checks() -> list[Check]:
    sizes: dict[str, Any] = {"dimension": 512, "instances": 300, "labels": "signal"}
    return [
        _descent_check(
            "signal at overlap 0, 3 samples", _usual(3.0), [8, 20, 45], [20], hold_overlap=True, **sizes
        ),
        _descent_check(
            "start at overlap 0.3, 3 samples",
            _usual(3.0, overlap=0.3, steps=28),
            [8, 18, 28],
            [8, 18],
            **sizes,
        ),
        _descent_check(
            "start at overlap -0.5, 1.5 samples", _usual(1.5, overlap=-0.5), [8, 20, 40], [8], **sizes
        ),
        _descent_check(
            "start at overlap 0.4, offset 0.1", _usual(2.0, 0.1, overlap=0.4), [15, 30, 45], [30], **sizes
        ),
    ]


def langevin_checks() -> list[Check]:
    sizes: dict[str, Any] = {"dimension": 400, "instances": 320}
    cold = _usual(2.0, steps=40, temperature=0.3, paths=16384)
    hot = _usual(3.0, 0.1, steps=40, temperature=1.0, paths=16384)
    warm = _usual(3.0, overlap=0.5, steps=28, temperature=0.5, paths=16384)
    return [
        _descent_check("Langevin at temperature 0.3", cold, [8, 20, 40], [8], **sizes),
        _descent_check("Langevin at temperature 1, offset 0.1", hot, [15, 30, 40], [15], **sizes),
        _descent_check("Langevin from overlap 0.5", warm, [8, 18, 28], [8], labels="signal", **sizes),
    ]


# -------------------------------------------------------------------------------------------------------------- growth


def _growths(descent: _Descent, steps: Sequence[int], dimension: int, instances: int, seed: int) -> Array:
    """(instances, steps): half the difference of the overlaps of two students on one instance, w0 +- m w*, over m.

    Their overlaps share the fluctuations of a student at overlap 0, which cancel.
    """
    problem, tiny = descent.problem, 0.02
    per_block = instances_per_block(problem, dimension)

    def block(index: int) -> Array:
        first = index * per_block
        there = min(per_block, instances - first)
        drawn = draw_instances(problem, dimension, there, seed, first=first)
        assert drawn.signals is not None
        start = draw_students(drawn, 0.0, 1, seed, first=first, orthogonal=True)
        signals = drawn.signals[:, None, :]
        pair = np.concatenate(
            [math.sqrt(1.0 - tiny**2) * start + sign * tiny * signals for sign in (1, -1)], axis=1
        )
        found = descend(problem.loss, drawn, pair, descent.step_sizes, record=np.array(steps)).require()
        assert found.overlap is not None
        return np.asarray((found.overlap[:, 0] - found.overlap[:, 1]) / (2.0 * tiny))

    return np.concatenate(map_blocks(block, math.ceil(instances / per_block)))


def growth_checks() -> list[Check]:
    def growth_check(
        name: str, descent: _Descent, steps: Sequence[int], dimension: int, instances: int
    ) -> Check:
        def predicted() -> Estimate:
            return Estimate.from_samples(descent.theory().samples["overlap_growth"][:, steps])

        return Check(
            name,
            f"growth of an infinitesimal overlap after {', '.join(map(str, steps))} steps",
            approximation_of(descent_dynamics),
            theory=lambda: predicted().mean,
            simulate=lambda seed: _combined(
                Estimate.from_samples(_growths(descent, steps, dimension, instances, seed)), predicted()
            ),
            resolution=_RESOLUTION,
            sizes=_sizes(descent, dimension=dimension, instances=instances),
        )

    return [
        growth_check("growth of a small overlap, 1.5 samples", _usual(1.5), [5, 15, 22], 400, 320),
        growth_check("growth of a small overlap, 3 samples", _usual(3.0), [5, 12], 400, 320),
    ]


# ------------------------------------------------------------------------------------------------- outliers on the way


def _outliers(descent: _Descent, step: int, dimension: int, instances: int, seed: int) -> Array:
    """(instances, 2): eigenvalue and squared overlap of the eigenvector that points most to the signal."""
    problem = descent.problem
    per_block = instances_per_block(problem, dimension)

    def block(index: int) -> list[tuple[float, float]]:
        first = index * per_block
        there = min(per_block, instances - first)
        drawn = draw_instances(problem, dimension, there, seed, first=first)
        assert drawn.signals is not None
        start = draw_students(drawn, 0.0, 1, seed, first=first, orthogonal=True)
        found = descend(
            problem.loss,
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
                problem.loss,
                drawn.sensing[k],
                drawn.labels[k],
                found.students[k, 0, 0],
                drawn.signals[k],
                count=6,
            )
            assert extremes.overlaps_squared is not None
            best = extremes.informative
            rows.append((float(extremes.eigenvalues[best]), float(extremes.overlaps_squared[best])))
        return rows

    blocks = map_blocks(block, math.ceil(instances / per_block))
    return np.array([row for rows in blocks for row in rows])


def outlier_checks() -> list[Check]:
    def outlier_check(name: str, descent: _Descent, step: int, dimension: int, instances: int) -> Check:
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
            theory=lambda: predicted().mean,
            simulate=lambda seed: _combined(
                Estimate.from_samples(_outliers(descent, step, dimension, instances, seed)), predicted()
            ),
            resolution=_EIGENVALUE_RESOLUTION,
            kind="eigenvalue",
            sizes=_sizes(descent, dimension=dimension, instances=instances, step=step, labels="signal"),
        )

    return [
        outlier_check("signal outlier after 8 steps, 8 samples", _usual(8.0, steps=8), 8, 400, 400),
        outlier_check(
            "outlier with the signal after 25 steps, 8 samples",
            _usual(8.0, steps=25, replicas=48),
            25,
            400,
            900,
        ),
        outlier_check(
            "signal outlier after 25 steps, 8 samples, offset 0.1", _usual(8.0, 0.1, steps=25), 25, 400, 360
        ),
    ]


_FIELDS = ("mean", "standard_error", "degrees_of_freedom")


# ------------------------------------------------------------------------------------------------------------ BBP time


def _law(problem: PhaseRetrieval, pairs: Array) -> Weights:
    """The sample's law, with the infimum that the weights of the loss have, and not the lowest one of the sample."""
    return replace(sampled_weights(problem.loss, pairs), lower_bound=problem.loss.curvature_bound)


def _criteria(
    descent: _Descent, steps: Sequence[int], dimension: int, instances: int, groups: int, seed: int
) -> Array:
    """(groups, steps): the outlier criterion from the pairs (y, t) of the null-label descents of each group."""
    problem = descent.problem
    found = simulate_descent(
        problem,
        dimension,
        instances,
        seed,
        descent.step_sizes,
        labels="null",
        record=list(steps),
        keep_pre_activations=True,
        precision="single",
    ).require()
    assert found.pre_activations is not None
    assert found.labels is not None
    rows = np.empty((groups, len(steps)))
    for g, members in enumerate(np.array_split(np.arange(instances), groups)):
        labels = found.labels[members].ravel()
        for k in range(len(steps)):
            pairs = np.stack([found.pre_activations[members, 0, k].ravel(), labels], axis=1)
            rows[g, k] = float(outlier_criterion(_law(problem, pairs), problem.samples_per_dimension))
    return rows


def bbp_checks() -> list[Check]:
    def bbp_check(
        name: str, descent: _Descent, steps: Sequence[int], dimension: int, instances: int, groups: int
    ) -> Check:
        def predicted() -> Estimate:
            return Estimate.from_samples(bbp_time(descent.theory()).samples[:, None])

        def simulated(seed: int) -> Estimate:
            time = np.concatenate([[0.0], np.cumsum(descent.step_sizes)])[list(steps)]
            criteria = _criteria(descent, steps, dimension, instances, groups, seed)
            # A parabola through the few steps around the crossing, of every group.
            crossings = []
            for row in criteria:
                roots = np.roots(np.polyfit(time, row - 1.0, 2))
                real = roots[np.abs(roots.imag) < 1e-12].real
                crossings.append(real[np.argmin(np.abs(real - time.mean()))])
            return _combined(Estimate.from_samples(np.array(crossings)[:, None]), predicted())

        return Check(
            name,
            "time at which the Hessian loses its signal outlier",
            approximation_of(bbp_time),
            theory=lambda: predicted().mean,
            simulate=simulated,
            resolution=0.05,
            kind="capacity",
            sizes=_sizes(descent, dimension=dimension, instances=instances, groups=groups, labels="null"),
        )

    descent = _usual(2.0, steps=32, paths=16384, replicas=144)
    return [bbp_check("time of the loss of the outlier, 2 samples", descent, [22, 25, 28, 31], 256, 7000, 70)]


# --------------------------------------------------------------------------------------------------------- marginality


def _late_edges(
    problem: PhaseRetrieval, times: Sequence[float], dimension: int, instances: int, seed: int
) -> Array:
    """(instances, times): left edge of the bulk from the pairs (y, t) of null-label descents."""
    sizes = geometric_steps(4000, 0.01, 1.02, 0.08)
    elapsed = np.concatenate([[0.0], np.cumsum(sizes)])
    steps = [int(np.argmin(np.abs(elapsed - time))) for time in times]
    found = simulate_descent(
        problem,
        dimension,
        instances,
        seed,
        sizes[: steps[-1]],
        labels="null",
        record=steps,
        keep_pre_activations=True,
    ).require()
    assert found.pre_activations is not None
    assert found.labels is not None
    rows = np.empty((instances, len(times)))
    for i in range(instances):
        for k in range(len(times)):
            law = _law(problem, np.stack([found.pre_activations[i, 0, k], found.labels[i]], axis=1))
            rows[i, k] = float(left_edge(law, problem.samples_per_dimension).require()["position"])
    return rows


def marginality_checks() -> list[Check]:
    problem, times = PhaseRetrieval(Loss.normalised(), 3.0), (12.5, 25.0, 50.0, 100.0, 200.0)
    dimension, instances = 400, 16

    def intercept(seed: int) -> Estimate:
        design = np.stack([np.ones(len(times)), np.array(times) ** (-2.0 / 3.0)], axis=1)
        edges = _late_edges(problem, times, dimension, instances, seed)
        return Estimate.from_samples((np.linalg.pinv(design) @ edges.T)[0][:, None])

    return [
        Check(
            "marginality of late null-label states",
            "left edge of the Hessian for time to infinity, from a straight line in time^(-2/3)",
            approximation_of(one_step_state),
            theory=lambda: np.zeros(1),
            simulate=intercept,
            resolution=_RESOLUTION,
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
            reason="the edge approaches 0 as a power of time, and a finite system leaves the law of the infinite one",
        )
    ]
