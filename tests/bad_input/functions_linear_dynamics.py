"""Wrong arguments of linear networks."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import linear_dynamics

NETWORK = linear_dynamics.LinearNetwork(4, 4, 12, 0.2, 0.1)
NARROW = NETWORK.replace(width=7)
HUGE = linear_dynamics.LinearNetwork(1000, 1000, 200_000, 1e-6, 1e-6)
TASK = linear_dynamics.Task((0.8,))
START = linear_dynamics.Gram(np.eye(3), np.zeros((2, 3)), np.eye(2))
MATRIX = np.arange(6.0).reshape(2, 3)
WITH_NAN = np.where(MATRIX == 4.0, math.nan, MATRIX)
LAYERS = dict(first_layer=np.ones((5, 3)), second_layer=np.ones((2, 5)))
CURVE = dict(signal_strengths=[0.8], lazy_ratio=0.3, initial_noise=0.1, training_time=[1.0])
TRAINED = linear_dynamics.simulate_training(NETWORK, [0.1, 0.2], TASK, instances=3)


def gap(product: np.ndarray) -> np.ndarray:
    return product - MATRIX


def trained(times: list[float], error: list[float]) -> linear_dynamics.Training:
    """Three networks with this test error."""
    rows, nothing = np.tile(error, (3, 1)), np.zeros((3, len(times)))
    values = np.zeros((3, len(times), 1))
    return linear_dynamics.Training(
        np.array(times), nothing, rows, values, nothing, np.zeros((3, 0)), nothing, nothing, nothing
    )


# fmt: off
TABLE: list[Row] = [
    row(linear_dynamics.LinearNetwork,
        dict(inputs=3, outputs=4, width=9, first_variance=0.1, second_variance=0.2), inputs=[0, 2.5, "3", True],
        outputs=[0, math.nan], width=[0, -3, 9.5], first_variance=[0.0, -1.0, math.inf, "1"],
        second_variance=[0.0, math.nan], first_rate=[0.0, -1.0], second_rate=[0.0, math.inf]),
    row(linear_dynamics.LinearNetwork.from_exponents,
        dict(dimension=50, variance_exponent=-1.0, width_exponent=1.5), dimension=[1, 2.5, "50"],
        variance_exponent=[math.nan, "-1"], width_exponent=[-0.9, 30.0, math.inf]),
    row(linear_dynamics.Task, dict(signal_strengths=(0.5, 0.2)), signal_strengths=[1.0, "0.5", None],
        noise=[-1.0, math.nan, "1"], **{"signal_strengths[0]": [(0.0,), ("a",)],
            "signal_strengths[1]": [(0.5, -0.1), (0.5, math.inf)]}),
    row(linear_dynamics.Task.equal, dict(rank=3), rank=[0, 2.5], noise=[-1.0]),
    row(linear_dynamics.amplitude, dict(singular_value=1.0, threshold=0.5, training_time=1.0),
        singular_value=[math.nan, "1", []], threshold=[0.0, -1.0, math.inf], training_time=[-1.0, math.nan],
        initial=[math.inf, "0"], **{"training_time[1]": [[1.0, -1e-9]]}),
    row(linear_dynamics.relaxation_rate, dict(singular_value=1.0, threshold=0.5), singular_value=[math.inf],
        threshold=[0.0]),
    row(linear_dynamics.active, dict(singular_value=1.0, threshold=0.5), singular_value=[math.nan], threshold=[-0.5]),
    row(linear_dynamics.combined_threshold, dict(first=0.3, second=0.2),
        **{"thresholds[0]": [Given(first=0.0), Given(first=math.nan)], "thresholds[1]": [Given(second=-1.0)],
            "rates[0]": [Given(first_rate=0.0)], "rates[1]": [Given(second_rate=math.inf)]}),
    row(linear_dynamics.scaled_variables, dict(dimension=50, variance_exponent=-1.0, width_exponent=1.5),
        dimension=[1, 2.5], variance_exponent=[math.nan], width_exponent=[math.inf, "1"]),
    row(linear_dynamics.exponents, dict(dimension=50, lazy_ratio=0.3, initial_noise=0.1), dimension=[1],
        lazy_ratio=[0.0, math.nan], initial_noise=[0.0, -1.0]),
    row(linear_dynamics.regime, dict(variance_exponent=-1.0, width_exponent=1.5), variance_exponent=[math.nan],
        width_exponent=["2"]),
    row(linear_dynamics.wide_flow, dict(initial=np.zeros((2, 3)), target=MATRIX, threshold=0.5, training_time=[1.0]),
        initial=[np.zeros((3, 2)), np.zeros(3)], target=[[1.0, 2.0], [["a"]]], threshold=[0.0, math.nan],
        **{"training_time[0]": [[-1.0]], "target[1, 1]": [WITH_NAN]}),
    row(linear_dynamics.wide_errors, dict(target=MATRIX, signal=MATRIX, threshold=0.5, training_time=[1.0]),
        signal=[MATRIX.T, MATRIX[0]], threshold=[-0.5], **{"training_time[0]": [[math.inf]]}),
    row(linear_dynamics.generic_wide_flow,
        dict(gradient=gap, initial=np.zeros((2, 3)), threshold=0.5, training_time=[1.0]),
        gradient=[lambda a: 1.0, lambda a: a.T], initial=[[0.0]], threshold=[0.0], tolerance=[0.0, 1e-4, 1e-15],
        **{"training_time[0]": [[-1.0]]}),
    row(linear_dynamics.error_curves, CURVE, signal_strengths=[[], 0.8, "0.8"], lazy_ratio=[0.0, math.nan],
        initial_noise=[-1.0], training_time=[[[1.0]], []], noise=[-1.0, math.inf],
        **{"signal_strengths[1]": [[0.8, 0.0]], "training_time[0]": [[-1.0]]}),
    row(linear_dynamics.small_lazy_ratio, dict(signal_strength=1.0, lazy_ratio=1e-3), signal_strength=[0.0],
        lazy_ratio=[0.0, math.inf]),
    row(linear_dynamics.finite_dimension_errors, CURVE | dict(dimension=50),
        dimension=[2, 50.5, Given(signal_strengths=[0.1]), Given(dimension=4, signal_strengths=[3.0, 3.0])],
        signal_strengths=[[]], lazy_ratio=[0.0], initial_noise=[-0.1], training_time=[[[1.0]]], noise=[0.0, -1.0]),
    row(linear_dynamics.width_correction, CURVE, signal_strengths=[[]], lazy_ratio=[-0.3], initial_noise=[-0.1],
        noise=[0.0, math.nan], training_time=[[[1.0]]], **{"training_time[0]": [[-1.0]]}),
    row(linear_dynamics.lazy_relative_loss, dict(width_ratio=0.5, scaled_time=1.0), width_ratio=[0.0, math.inf],
        scaled_time=[-1.0, math.nan]),
    row(linear_dynamics.lazy_noise_error, dict(width_ratio=0.5, scaled_time=1.0), width_ratio=[-1.0],
        scaled_time=["1"]),
    row(linear_dynamics.best_error, dict(signal_strengths=[0.8], lazy_ratio=[0.3, 0.2]), signal_strengths=[[]],
        initial_noise=[-1.0, [0.1, 0.2, 0.3]], noise=[0.0, -1.0], dimension=[2, 10.5, Given(dimension=20,
            signal_strengths=[0.2])], **{"lazy_ratio[1]": [[0.3, 0.0]]}),
    row(linear_dynamics.lazy_ratio_for, dict(test_error=0.2, signal_strengths=[0.8]), test_error=[math.nan, "0.2"],
        signal_strengths=[[]], initial_noise=[-1.0, [0.1, 0.2]], noise=[0.0]),
    row(linear_dynamics.reachable_errors, dict(signal_strengths=[0.8]), signal_strengths=[[]], initial_noise=[-1.0],
        noise=[0.0]),
    row(linear_dynamics.phase_diagram,
        dict(signal_strengths=[0.5], dimension=50, variance_exponent=[-1.0], width_exponent=[1.5]),
        signal_strengths=[[]], dimension=[1, 2.5],
        **{"variance_exponent[0]": [[math.nan]], "width_exponent[0]": [[-0.2], [math.inf]]}),
    row(linear_dynamics.spiked_overlap, dict(function=np.tanh, spike=1.5, width=1.0),
        spike=[0.0, math.nan, [1.5]], width=[0.0, math.nan]),
    row(linear_dynamics.overlap, dict(spike=1.5, threshold=0.5, training_time=1.0), spike=[0.0, [[1.5]], "1"],
        threshold=[0.0, [0.5]], training_time=[-1.0, [[1.0]]]),
    row(linear_dynamics.bulk_second_moment, dict(threshold=0.5, training_time=1.0), threshold=[0.0],
        training_time=[-1.0, [[1.0]]]),
    row(linear_dynamics.outlier, dict(spike=1.5), spike=[0.0, math.inf]),
    row(linear_dynamics.active_fraction, dict(threshold=0.5), threshold=[0.0, -1.0]),
    row(linear_dynamics.gram_flow, dict(start=START, gradient=gap, training_time=[1.0]), training_time=["1", [[1.0]]],
        start=[linear_dynamics.Gram(np.eye(3), np.zeros((3, 2)), np.eye(2))], gradient=[lambda a: 1.0, lambda a: a.T],
        rates=[(1.0,), 1.0, (1.0, 1.0, 1.0)], tolerance=[0.0, -1.0, math.nan, 1.0],
        **{"training_time[0]": [[-1.0]], "rates[0]": [(0.0, 1.0)], "rates[1]": [(1.0, math.inf)]}),
    row(linear_dynamics.simulate_training, dict(network=NETWORK, training_time=[0.1], task=TASK, instances=2),
        instances=[0, 2.5], initialisation=["uniform"], width=[Given(network=NARROW, initialisation="orthogonal"),
            Given(network=NARROW, reference=True)], reference=[Given(initialisation="orthogonal", reference=True)],
        signal_strengths=[Given(task=linear_dynamics.Task((0.5,) * 5))], training_time=[[[0.1]]],
        gradient=[lambda a, t: 1.0], tolerance=[0.0, math.nan, 1.0], **{"training_time[0]": [[-0.1]]}),
    row(linear_dynamics.simulate_descent,
        dict(network=NETWORK, training_time=[0.1], task=TASK, learning_rate=0.01, instances=2), instances=[0],
        learning_rate=[0.0, math.nan], initialisation=["uniform"],
        width=[Given(network=NARROW, initialisation="orthogonal"), Given(network=HUGE)],
        signal_strengths=[Given(task=linear_dynamics.Task((0.5,) * 5))], training_time=[[[0.1]]],
        gradient=[lambda a, t: 1.0], **{"training_time[0]": [[-0.1]]}),
    row(linear_dynamics.compare, dict(network=NETWORK, task=TASK, training_time=[1.0]), instances=[1, 2.5],
        initialisation=["uniform"], algorithm=["adam"], training_time=[[[1.0]]],
        learning_rate=[0.1, Given(algorithm="descent"), Given(algorithm="descent", learning_rate=0.0)],
        width=[Given(network=HUGE, algorithm="descent", learning_rate=0.1)], **{"training_time[0]": [[-1.0]]}),
    row(TRAINED.samples, dict(observable="overlap"), observable=["loss", 3]),
    row(TRAINED.estimate, dict(observable="overlap"), observable=["loss", "wide_distance"]),
    row(lambda times, error: trained(times, error).best(), dict(times=[1.0, 2.0, 3.0, 4.0], error=[3.0, 1.0, 2.0, 3.0]),
        training_time=[Given(times=[1.0, 2.0, 3.0], error=[3.0, 1.0, 2.0]), Given(times=[0.0, 1.0, 2.0, 3.0]),
            Given(times=[1.0, 3.0, 2.0, 4.0]), Given(error=[4.0, 3.0, 2.0, 1.0])]),
    row(linear_dynamics.threshold_of_weights, LAYERS, first_layer=[np.ones(3), [["a"]]],
        second_layer=[np.ones((2, 4)), np.ones(5)], rates=[(1.0,), 1.0],
        **{"rates[0]": [(0.0, 1.0)], "rates[1]": [(1.0, -1.0)]}),
    row(linear_dynamics.flow_of_weights, LAYERS | dict(target=MATRIX, training_time=[0.1]),
        first_layer=[np.ones(3)], second_layer=[np.ones((2, 4))], target=[MATRIX.T, MATRIX[0]], rates=[(1.0,)],
        gradient=[lambda a: 1.0, lambda a: a.T], tolerance=[0.0, math.nan, 1e-4], training_time=[[[0.1]]],
        **{"training_time[0]": [[-1.0]], "target[1, 1]": [WITH_NAN]}),
]
