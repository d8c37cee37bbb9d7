"""."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import phase_retrieval
from statphys_gen.statistics import Estimate

ONE = phase_retrieval.Loss.normalised(1.0)


def square(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 0.5 * (y * y - t * t) ** 2


def slope(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 2 * y * (y * y - t * t)


def curvature(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 6 * y * y - 2 * t * t


ONE = phase_retrieval.initial_weights(phase_retrieval.Loss.normalised(1.0))
PAIRS = np.random.default_rng(1).standard_normal((200, 2))
WITH_NAN = PAIRS.copy()
WITH_NAN[7, 1] = math.nan

LOSS = phase_retrieval.Loss.normalised(1.0)

USUAL = phase_retrieval.PhaseRetrieval(LOSS, 3.0)
WARM = phase_retrieval.PhaseRetrieval(LOSS, 3.0, 0.2)


def three(values: list[float]) -> Estimate:
    """Estimates with these means and an error of 0.1."""
    return Estimate(np.array(values), np.full(len(values), 0.1), np.full(len(values), 9.0))


# fmt: off
TABLE: list[Row] = [
    row(phase_retrieval.full_rsb_state, dict(loss=LOSS, samples_per_dimension=5.0), loss=["normalised"],
        samples_per_dimension=[0.0, [5.0, math.inf], []], steps=[1, 3, 33]),
    row(phase_retrieval.full_rsb_threshold, dict(loss=LOSS), loss=[None], steps=[2.5]),
    row(phase_retrieval.full_rsb_weights, dict(loss=LOSS, samples_per_dimension=5.0),
        samples_per_dimension=[-1.0], steps=[True]),
    row(phase_retrieval.breaking_report, dict(loss=LOSS, samples_per_dimension=5.0),
        samples_per_dimension=[math.nan], steps=[(2, 4)], loss=["loss"]),
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
    row(phase_retrieval.one_step_state, dict(loss=LOSS, samples_per_dimension=5.0), loss=["normalised"],
        samples_per_dimension=[0.0, [5.0, -1.0], math.nan], state=["full", 1], largest_jump_fraction=[1.5]),
    row(phase_retrieval.one_step_threshold, dict(loss=LOSS), loss=[None], state=["marginally"]),
    row(phase_retrieval.one_step_threshold_curve, {}, offset=[-1.0, [], math.nan]),
    row(phase_retrieval.one_step_weights, dict(loss=LOSS, susceptibility=0.3, parisi_parameter=1.0),
        susceptibility=[0.0], parisi_parameter=[-1.0]),
    row(phase_retrieval.consistency_report, dict(loss=LOSS, samples_per_dimension=5.0),
        samples_per_dimension=[0.0], full=[3.0, {"replicon": 1.0}, {"energy": math.nan}]),
    row(phase_retrieval.initial_weights, dict(loss=phase_retrieval.Loss.normalised(1.0)), loss=["normalised"],
        overlap=[1.0, -2.0, math.nan]),
    row(phase_retrieval.left_edge, dict(weights=ONE, samples_per_dimension=3.0),
        weights=[phase_retrieval.initial_weights(phase_retrieval.Loss.intensity()),
            phase_retrieval.initial_weights(phase_retrieval.Loss.amplitude(1.0)),
            phase_retrieval.initial_weights(phase_retrieval.Loss.normalised(0.0)), "weights"],
        samples_per_dimension=[0.0, -1.0]),
    row(phase_retrieval.transition, {},
        weights=[phase_retrieval.initial_weights(phase_retrieval.Loss.intensity())]),
    row(phase_retrieval.initial_transition, {}, offset=[[1.0, math.inf], -1.0, "one"]),
    row(phase_retrieval.signal_outlier, dict(weights=ONE), samples_per_dimension=[math.nan, []]),
    row(phase_retrieval.hessian_spectrum, dict(weights=ONE), samples_per_dimension=["2"]),
    row(phase_retrieval.outlier_criterion, dict(weights=ONE), samples_per_dimension=[math.inf]),
    row(phase_retrieval.spectral_density, dict(weights=ONE, samples_per_dimension=2.0, positions=[1.0]),
        positions=[[math.nan], []], samples_per_dimension=[[2.0, 3.0]],
        smoothing=[-1.0,
            Given(weights=phase_retrieval.sampled_weights(phase_retrieval.Loss.normalised(1.0), PAIRS))]),
    row(phase_retrieval.switch_offset, dict(lower=2.0), upper=[1.0], lower=[0.0]),
    row(phase_retrieval.best_offset, dict(lower=1.0, upper=1.0), upper=[Given()], lower=[-1.0]),
    row(phase_retrieval.sampled_weights, dict(loss=phase_retrieval.Loss.normalised(1.0), samples=PAIRS),
        samples=[PAIRS.T, PAIRS[:, 0], PAIRS[:50], WITH_NAN, PAIRS * [1, 3], PAIRS + 1j,
            Given(loss=phase_retrieval.Loss.normalised(0.0), samples=PAIRS * [1, 0] + [0, 1] * (PAIRS > 0))],
        overlap=[1.2], loss=["loss"]),
    row(phase_retrieval.sampled_spectrum,
        dict(loss=phase_retrieval.Loss.normalised(1.0), samples=PAIRS, samples_per_dimension=2.0, blocks=5),
        blocks=[2], samples_per_dimension=[-2.0]),
    row(phase_retrieval.spectral_weights, dict(preprocessing=lambda t: np.minimum(t, 2.0)),
        preprocessing=["T", lambda t: t * t, lambda t: np.ones(3), lambda t: np.log(t - 1.0)],
        upper_bound=[1.0]),
    row(phase_retrieval.geometric_steps, dict(count=3, first=0.1), count=[0, 2.5], first=[0.0, -1.0, math.nan],
        growth=[0.0, 0.9], largest=[Given(growth=1.0, largest=0.0), Given(growth=1.1, largest=0.05),
            Given(growth=1.1, largest=math.nan)]),
    *(
        row(solve, dict(problem=USUAL, step_sizes=[0.01], paths=128, replicas=2), problem=[3.0],
            offset=[Given(problem=phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(0.0), 3.0))],
            step_sizes=[[], [0.1, 0.0], [0.1, -0.1], [math.nan], [math.inf], 0.1, [[0.1]], ["a"],
                np.full(10_000, 0.01)],
            temperature=[-0.1, math.nan, "hot"], paths=[99, 1000.5, 2**21], replicas=[1, True])
        for solve in (phase_retrieval.descent_dynamics, phase_retrieval.gradient_flow_dynamics)
    ),
    row(phase_retrieval.largest_amplification,
        dict(loss=LOSS, samples_per_dimension=[2.0, 3.0], step_sizes=[0.01], paths=128, replicas=2), replicas=[1]),
    row(phase_retrieval.draw_instances, dict(problem=USUAL, dimension=10, count=2, seed=0), dimension=[1, 10.5]),
    row(phase_retrieval.draw_students, dict(instances=phase_retrieval.draw_instances(USUAL, 10, 2, 0), overlap=0.0,
            starts=1, seed=0)),
    row(phase_retrieval.simulate_descent,
        dict(problem=USUAL, dimension=10, instances=2, seed=0, step_sizes=[0.01, 0.01]), problem=[3.0],
        dimension=[1, 10.5], instances=[0], step_sizes=[[], 0.1, [0.1, 0.0], [math.nan]],
        temperature=[-0.1, math.inf],
        labels=["none", Given(labels="null", hold_overlap=True), Given(labels="null", problem=WARM)],
        precision=["half"], record=[[], [0, 3], [2, 1], [-1]]),
    row(phase_retrieval.simulate_hessian, dict(problem=USUAL, dimension=20, instances=2, seed=0), problem=[1],
        dimension=[3], instances=[0], labels=["both"], count=[1, 20], method=["power"], tolerance=[0.0],
        overlap=[Given(problem=WARM, labels="null")]),
    row(phase_retrieval.simulate_hessian_path,
        dict(problem=USUAL, dimension=20, instances=2, seed=0, step_sizes=[0.01], record=[1]), problem=[1]),
    row(phase_retrieval.simulate_smoothed_density,
        dict(problem=USUAL, dimension=20, instances=2, seed=0, positions=[1.0], smoothing=0.1), problem=[1]),
    row(phase_retrieval.simulate_spectral_overlap, dict(problem=USUAL, dimension=20, instances=2, seed=0),
        problem=[1]),
    row(phase_retrieval.simulate_success,
        dict(problem=USUAL, dimension=10, instances=2, seed=0, step_sizes=[0.01]), problem=["normalised"],
        dimension=[1], instances=[0], starts=[-1, Given(start="spectral", starts=2)], threshold=[1.0, 0.0],
        step_sizes=[[0.1, -0.1]], temperature=[-1.0], start=["warm", Given(start="spectral", problem=WARM)],
        preprocessing=[np.sqrt, Given(preprocessing=lambda t: t[:-1], start="spectral"),
            Given(preprocessing=lambda t: t * math.nan, start="spectral")], precision=["quadruple"]),
    row(phase_retrieval.compare_start, dict(problem=USUAL, dimension=20, instances=2, seed=0), problem=[1]),
    row(phase_retrieval.compare_descent,
        dict(problem=USUAL, dimension=20, instances=2, seed=0, step_sizes=[0.01], paths=128, replicas=2), problem=[1]),
    row(phase_retrieval.compare_hessian_after,
        dict(problem=USUAL, dimension=20, instances=2, seed=0, step_sizes=[0.01], paths=128, replicas=2), problem=[1]),
    row(phase_retrieval.success_rate, dict(succeeded=[1, 0]), succeeded=[[1, 2], [0.5, 1]], level=[1.0]),
    row(phase_retrieval.success_midpoint,
        dict(samples_per_dimension=[1, 2, 3], successes=[1, 5, 8], instances=[9, 9, 9]),
        successes=[[1, 5], [1, 5, 10]], samples_per_dimension=[[1, 1, 3]]),
    row(phase_retrieval.size_shift, dict(dimensions=[10, 20, 30], midpoints=three([1.0, 2.0, 3.0])),
        dimensions=[[10, 20, 1]], midpoints=[three([1.0, 2.0])]),
    row(phase_retrieval.amplification_shift,
        dict(samples_per_dimension=[1, 2], amplification=three([1.0, 3.0]), at=1.5), at=[2.5],
        samples_per_dimension=[[2, 1]], amplification=[three([3.0, 1.0]), three([0.0, 1.0])]),
    row(phase_retrieval.density_positions, dict(weights=ONE, samples_per_dimension=4.0, points=50), upper=[-20.0],
        points=[1]),
]
