"""Wrong arguments of residual networks."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import residual_networks

TASK = residual_networks.RegressionTask(np.ones((4, 3)), np.zeros((4, 3)))
NETWORK = residual_networks.ResidualNetwork(2, "tanh", np.ones((5, 3)))
OTHER = NETWORK.replace(inner=np.ones((5, 2)))
RECTIFIED = NETWORK.replace(activation="relu")
BOTH = dict(network=NETWORK, task=TASK)
RUN = BOTH | dict(learning_rate=0.1, steps=2)

# fmt: off
TABLE: list[Row] = [
    row(residual_networks.ResidualNetwork, dict(depth=2, activation="erf", inner=[[1.0]]), depth=[0, 1.5, 10**6],
        activation=["sin", 3], inner=[[1.0], "a", [[1e60]]], **{"inner[0, 0]": [[[math.nan]]]}),
    row(residual_networks.RegressionTask, dict(inputs=[[1.0, 2.0]], targets=[[0.0, 1.0]]), inputs=[[1.0], 3.0],
        targets=[[[1.0]], "a"], **{"targets[0, 1]": [[[0.0, math.inf]]]}),
    row(residual_networks.first_step, BOTH | dict(learning_rate=0.1), learning_rate=[0.0],
        inner=[Given(network=OTHER)]),
    row(residual_networks.initial_rate, BOTH, inner=[Given(network=OTHER)]),
    row(residual_networks.train, RUN, learning_rate=[0.0, math.inf], steps=[-1, 1.5], inner=[Given(network=OTHER)]),
    row(residual_networks.depth_scaling, RUN | dict(depths=[2]), depths=[[0], [1], [4, 1]], learning_rate=[-1.0]),
    row(residual_networks.depth_limit, RUN, learning_rate=[0.0], steps=[-1], nodes=[3, 10**6],
        activation=[Given(network=RECTIFIED)], inner=[Given(network=OTHER)]),
    row(residual_networks.compare, RUN | dict(depths=[2, 4]), depths=[[2], [3, 3]]),
    row(residual_networks.draw_task, dict(dimension=2, width=3, samples=4), dimension=[0], width=[0.5], samples=[0],
        replica=[-1]),
    row(residual_networks.tied_linear, dict(target=3.0, inputs=1.0, depth=[2], training_time=[1.0, 2.0]),
        target=[0.0, -1.0, 1e7], inputs=[0.0, math.nan], depth=[[0], [1.5]],
        training_time=[Given(depth=[1, 2, 3])], **{"training_time[0]": [[-1.0]]}),
    row(residual_networks.alternating_weight, dict(target=3.0, half_depth=4), target=[0.0, -1.0],
        half_depth=[0, 2.5, Given(target=[1.0, 2.0], half_depth=[1, 2, 3])]),
]
# fmt: on
