"""Wrong arguments of phase retrieval."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import phase_retrieval
from statphys_gen.statistics import Estimate


def square(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 0.5 * (y * y - t * t) ** 2


def slope(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 2 * y * (y * y - t * t)


def curvature(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 6 * y * y - 2 * t * t


LOSS = phase_retrieval.Loss.normalised(1.0)
PAIRS = np.random.default_rng(1).standard_normal((200, 2))
WITH_NAN = PAIRS.copy()
WITH_NAN[7, 1] = math.nan
USUAL = phase_retrieval.PhaseRetrieval(LOSS, 3.0)
WARM = phase_retrieval.PhaseRetrieval(LOSS, 3.0, 0.2)
# Whose spectrum has no left edge.
UNBOUNDED = [phase_retrieval.Loss.intensity(), phase_retrieval.Loss.amplitude(1.0)]
NO_OFFSET = phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(0.0), 3.0)


def three(values: list[float]) -> Estimate:
    """Estimates with these means and an error of 0.1."""
    return Estimate(np.array(values), np.full(len(values), 0.1), np.full(len(values), 9.0))


def amplified(ratios: list[float], values: list[float]) -> phase_retrieval.Amplification:
    return phase_retrieval.Amplification(np.array(ratios), three(values), np.zeros(len(ratios), dtype=bool))


# fmt: off
TABLE: list[Row] = [
    row(phase_retrieval.Loss.normalised, dict(offset=1.0), offset=[-1.0, math.nan, -math.inf, "1", True],
        prefactor=[0.0, -2.0]),
    row(phase_retrieval.Loss.intensity, {}, prefactor=[math.inf]),
    row(phase_retrieval.Loss.amplitude, {}, offset=[0.0, math.inf]),
    row(phase_retrieval.Loss.named, dict(name="quartic"), loss=[Given(), Given(name=3)]),
    row(phase_retrieval.Loss.intensity().truncated, {}, largest_label=[0.0, math.nan]),
    row(phase_retrieval.Loss.from_expression, dict(expression="(y**2 - t**2"),
        expression=[Given(), "(y**2 - x**2)**2"],
        value=[Given(expression="(y - t)**2"), Given(expression="(y**2 - t**3)**2"),
            Given(expression="1/(y**2 - 0.29**2)")]),
    row(phase_retrieval.Loss, dict(value=square, slope=slope, curvature=curvature), name=[""],
        curvature=[3.0, slope, lambda y, t: 5.0 * curvature(y, t), lambda y, t: 1.0], slope=[curvature],
        value=[lambda y, t: square(y, t) + 1j, lambda y: y], lower_bound=[-2.0, math.nan], scale=[0.0],
        label_breakpoints=[(-1.0,), (math.nan,)]),
    row(phase_retrieval.PhaseRetrieval,
        dict(loss=phase_retrieval.Loss.normalised(), samples_per_dimension=2.0), loss=["normalised"],
        samples_per_dimension=[0.0, math.inf], overlap=[1.0, -1.5]),
    row(phase_retrieval.geometric_steps, dict(count=3, first=0.1), count=[0, 2.5], first=[0.0, -1.0, math.nan],
        growth=[0.0, 0.9], largest=[Given(growth=1.0, largest=0.0), Given(growth=1.1, largest=0.05),
            Given(growth=1.1, largest=math.nan)]),
    row(phase_retrieval.success_rate, dict(succeeded=[1, 0]), succeeded=[[1, 2], [0.5, 1]], level=[1.0]),
    row(phase_retrieval.success_midpoint,
        dict(samples_per_dimension=[1, 2, 3], successes=[1, 5, 8], instances=[9, 9, 9]),
        successes=[[1, 5], [1, 5, 10]], samples_per_dimension=[[1, 1, 3]]),
    row(phase_retrieval.one_step_threshold_curve, {}, offset=[-1.0, [], math.nan]),
    row(phase_retrieval.one_step_threshold, dict(loss=LOSS), loss=[None], state=["marginally"]),
    row(phase_retrieval.full_rsb_threshold, dict(loss=LOSS), loss=[None], steps=[2.5]),
    row(phase_retrieval.switch_offset, dict(lower=2.0), upper=[1.0], lower=[0.0]),
    row(phase_retrieval.full_rsb_state, dict(model=USUAL), model=["normalised"], overlap=[Given(model=WARM)],
        samples_per_dimension=[0.0, [5.0, math.inf], []], steps=[1, 3, 33]),
    row(phase_retrieval.full_rsb_curvature_law, dict(model=USUAL), model=[LOSS], overlap=[Given(model=WARM)],
        steps=[True]),
    row(phase_retrieval.breaking_report, dict(model=USUAL), model=["loss"], overlap=[Given(model=WARM)],
        steps=[(2, 4)]),
    row(phase_retrieval.one_step_state, dict(model=USUAL), model=["normalised"], overlap=[Given(model=WARM)],
        samples_per_dimension=[0.0, [5.0, -1.0], math.nan], state=["full", 1], largest_jump_fraction=[1.5]),
    row(phase_retrieval.one_step_curvature_law, dict(model=USUAL), model=[LOSS], overlap=[Given(model=WARM)],
        state=["final"]),
    row(phase_retrieval.consistency_report, dict(model=USUAL), overlap=[Given(model=WARM)],
        full=[3.0, {"replicon": 1.0}, {"energy": math.nan}]),
    row(phase_retrieval.initial_curvature_law, dict(loss=LOSS), loss=["normalised"], overlap=[1.0, -2.0, math.nan]),
    row(phase_retrieval.left_edge, dict(model=USUAL), model=["model"], samples_per_dimension=[0.0, -1.0],
        law=["law", *(Given(model=USUAL.replace(loss=loss)) for loss in UNBOUNDED), Given(model=NO_OFFSET)]),
    row(phase_retrieval.initial_transition, dict(loss=LOSS), loss=["loss"],
        overlap=[1.0]),
    row(phase_retrieval.initial_transition, dict(loss=LOSS), loss=UNBOUNDED),
    row(phase_retrieval.initial_transition_curve, {}, offset=[[1.0, math.inf], -1.0, "one"]),
    row(phase_retrieval.signal_outlier, dict(model=USUAL), samples_per_dimension=[math.nan, []]),
    row(phase_retrieval.hessian_spectrum, dict(model=USUAL), samples_per_dimension=["2"]),
    row(phase_retrieval.outlier_criterion, dict(model=USUAL), samples_per_dimension=[math.inf]),
    row(phase_retrieval.spectral_density, dict(model=USUAL, positions=[1.0]), positions=[[math.nan], []],
        model=[LOSS], smoothing=[-1.0, Given(law=phase_retrieval.sampled_curvature_law(LOSS, PAIRS))]),
    row(phase_retrieval.best_offset, dict(upper=1.0), upper=[Given(lower=1.0)], lower=[-1.0]),
    row(phase_retrieval.sampled_curvature_law, dict(loss=LOSS, points=PAIRS),
        points=[PAIRS.T, PAIRS[:, 0], PAIRS[:50], WITH_NAN, PAIRS * [1, 3], PAIRS + 1j,
            Given(loss=phase_retrieval.Loss.normalised(0.0), points=PAIRS * [1, 0] + [0, 1] * (PAIRS > 0))],
        overlap=[1.2], loss=["loss"]),
    row(phase_retrieval.sampled_spectrum, dict(model=USUAL, points=PAIRS), blocks=[2], model=[LOSS]),
    row(phase_retrieval.spectral_curvature_law, dict(preprocessing=lambda t: np.minimum(t, 2.0)),
        preprocessing=["T", lambda t: t * t, lambda t: np.ones(3), lambda t: np.log(t - 1.0)],
        upper_bound=[1.0]),
    row(phase_retrieval.density_positions, dict(model=USUAL, count=50), upper=[-20.0], count=[1]),
    *(
        row(solve, dict(model=USUAL, step_sizes=[0.01], paths=128, replicas=2), model=[3.0],
            offset=[Given(model=NO_OFFSET)],
            step_sizes=[[], [0.1, 0.0], [0.1, -0.1], [math.nan], [math.inf], 0.1, [[0.1]], ["a"],
                np.full(10_000, 0.01)],
            temperature=[-0.1, math.nan, "hot"], paths=[99, 1000.5, 2**21], replicas=[1, True])
        for solve in (phase_retrieval.descent_dynamics, phase_retrieval.gradient_flow_dynamics)
    ),
    row(phase_retrieval.largest_amplification, dict(model=USUAL, step_sizes=[0.01], paths=128, replicas=2),
        replicas=[1]),
    row(phase_retrieval.draw_instances, dict(model=USUAL, dimension=10), dimension=[1, 10.5], instances=[0]),
    row(phase_retrieval.draw_students, dict(instances=phase_retrieval.draw_instances(USUAL, 10, instances=2))),
    row(phase_retrieval.simulate_descent, dict(model=USUAL, dimension=10, instances=2, step_sizes=[0.01, 0.01]),
        model=[3.0], dimension=[1, 10.5], instances=[0], step_sizes=[[], 0.1, [0.1, 0.0], [math.nan]],
        temperature=[-0.1, math.inf],
        label_law=["none", Given(label_law="null", hold_overlap=True), Given(label_law="null", model=WARM)],
        precision=["half"], record=[[], [0, 3], [2, 1], [-1]]),
    row(phase_retrieval.simulate_hessian, dict(model=USUAL, dimension=20, instances=2), model=[1],
        dimension=[3], instances=[0], label_law=["both"], count=[1, 20], method=["power"], tolerance=[0.0],
        overlap=[Given(model=WARM, label_law="null")]),
    row(phase_retrieval.simulate_hessian_path,
        dict(model=USUAL, dimension=20, instances=2, step_sizes=[0.01], record=[1]), model=[1]),
    row(phase_retrieval.simulate_smoothed_density,
        dict(model=USUAL, dimension=20, instances=2, positions=[1.0], smoothing=0.1), model=[1]),
    row(phase_retrieval.simulate_spectral_overlap, dict(model=USUAL, dimension=20, instances=2), model=[1]),
    row(phase_retrieval.simulate_success, dict(model=USUAL, dimension=10, instances=2, step_sizes=[0.01]),
        model=["normalised"], dimension=[1], instances=[0], starts=[-1, Given(start="spectral", starts=2)],
        threshold=[1.0, 0.0], step_sizes=[[0.1, -0.1]], temperature=[-1.0],
        start=["warm", Given(start="spectral", model=WARM)],
        preprocessing=[np.sqrt, Given(preprocessing=lambda t: t[:-1], start="spectral"),
            Given(preprocessing=lambda t: t * math.nan, start="spectral")], precision=["quadruple"]),
    row(phase_retrieval.compare, dict(model=USUAL, dimension=20, instances=2, step_sizes=[0.01], paths=128, replicas=2),
        model=[1], label_law=["both"], paths=[99], starts=[Given(step_sizes=None, starts=2)],
        temperature=[Given(step_sizes=None, temperature=0.1)],
        hessian=[Given(step_sizes=None, hessian=True), Given(hessian=True, label_law="null")],
        overlap=[Given(hessian=True, model=WARM)]),
    row(phase_retrieval.size_shift, dict(dimension=[10, 20, 30], midpoints=three([1.0, 2.0, 3.0])),
        dimension=[[10, 20, 1]], midpoints=[three([1.0, 2.0])]),
    row(phase_retrieval.amplification_shift, dict(amplification=amplified([1, 2], [1.0, 3.0]), at=1.5), at=[2.5],
        samples_per_dimension=[Given(amplification=amplified([2, 1], [1.0, 3.0]))],
        amplification=[amplified([1, 2], [3.0, 1.0]), amplified([1, 2], [0.0, 1.0])]),
]
