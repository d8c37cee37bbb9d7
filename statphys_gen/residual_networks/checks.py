"""Theory against training for residual networks."""

from __future__ import annotations

import numpy as np

from ..approximation import approximation_of
from ..arrays import FloatArray
from ..numerics.quadrature import legendre_rule
from ..statistics.agreement import Check
from ..statistics.estimate import Estimate
from ..statistics.streams import generator
from .model import RegressionTask, ResidualNetwork
from .simulation import depth_scaling, gradients, train
from .theory import alternating_weight, depth_limit, mean_initial_rate, tied_linear

_PARTS = ("mean", "standard_error", "degrees_of_freedom")
_INDEX = np.arange(1, 13).reshape(4, 3)
_TASK = RegressionTask(
    1.2 * np.sin(0.9 * _INDEX**2 + 0.4 * _INDEX), 1.1 * np.sin(1.5 * _INDEX**2 + 0.4 * _INDEX)
)
_INNER = 1.5 * np.sin(1.9 * np.arange(1, 16) ** 2 + 0.4 * np.arange(1, 16)).reshape(5, 3)


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [_depth(), _rate(), _alternating(), _tied(), _depth_by_size()]


def _depth() -> Check:
    """Extrapolated twice from L, 2 L, 4 L; the scatter over the smallest L is the error."""
    smallest, eta, steps = (20, 24, 28, 32, 36, 40), 0.1, 60

    def simulate(seed: int) -> Estimate:
        rows = []
        for first in smallest:
            run = depth_scaling(
                ResidualNetwork(1, "tanh", _INNER), _TASK, [first, 2 * first, 4 * first], eta, steps
            )
            columns = np.stack([run.loss, run.depth_times_jump])
            once = 2.0 * columns[:, 1:] - columns[:, :-1]
            rows.append((4.0 * once[:, 1] - once[:, 0]) / 3.0)
        return Estimate.from_samples(rows)

    def theory() -> FloatArray:
        found = depth_limit(ResidualNetwork(1, "tanh", _INNER), _TASK, eta, steps, nodes=32).require()
        return np.array([float(found["loss"]), float(found["largest_slope"])])

    return Check(
        "limit of depth",
        "loss and largest slope of the weights in depth after 60 steps",
        approximation_of(depth_limit),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"depths": list(smallest), "learning_rate": eta, "steps": steps, "width": 5, "samples": 4},
        id="residual-networks-limit-of-depth",
    )


def _depth_by_size() -> Check:
    """Reported: the mean over neighbouring depths, whose scatter is the error."""
    middles, beside, eta, steps = (20, 40, 80), 2, 0.1, 60
    task = RegressionTask(1.1 * _TASK.inputs, 0.9 * _TASK.targets)

    def theory() -> FloatArray:
        found = depth_limit(ResidualNetwork(1, "tanh", _INNER), task, eta, steps, nodes=32).require()
        return np.tile([float(found["loss"]), float(found["largest_slope"])], len(middles))

    def simulate(seed: int) -> Estimate:
        found = []
        for middle in middles:
            depths = list(range(middle - beside, middle + beside + 1))
            run = depth_scaling(ResidualNetwork(1, "tanh", _INNER), task, depths, eta, steps)
            found.append(Estimate.from_samples(np.stack([run.loss, run.depth_times_jump], axis=1)))
        return Estimate(*(np.concatenate([getattr(each, name) for each in found]) for name in _PARTS))

    return Check(
        "depth, by size",
        "loss and largest slope of the weights in depth after 60 steps, at three depths",
        approximation_of(depth_limit),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"depth": list(middles), "beside": beside, "learning_rate": eta, "steps": steps, "width": 5},
        judged=False,
        reason="networks of finite depth are off their limit by an order of one over the depth",
        # Four times one over the smallest depth.
        bound=0.2,
        id="residual-networks-by-size-each-depth",
    )


def _rate() -> Check:
    width, depth, instances, step = 40, 3, 1800, 1e-4

    def simulate(seed: int) -> Estimate:
        rates = []
        for replica in range(instances):
            key = {"purpose": "initial rate of residual networks", "width": width, "depth": depth}
            inner = generator(seed, key, replica).standard_normal((width, 3))
            network = ResidualNetwork(depth, "erf", inner)
            outer, moved = train(network, _TASK, step, 1)
            after = gradients(network, _TASK, outer, moved)[2]
            before = float(np.sum((_TASK.inputs - _TASK.targets) ** 2) / len(_TASK.inputs))
            rates.append((before - after) / step)
        return Estimate.from_samples(np.array(rates)[:, None])

    return Check(
        "rate of the first step",
        "-dl/dt at the start for erf, averaged over inner weights",
        approximation_of(mean_initial_rate),
        theory=lambda: np.array([mean_initial_rate(_TASK)]),
        simulate=simulate,
        resolution=0.02,
        sizes={"width": width, "depth": depth, "instances": instances, "learning_rate": step},
        id="residual-networks-rate-of-the-first-step",
    )


def _alternating() -> Check:
    """Targets are drawn, C uniform in [1.5, 4]; trained layer by layer from the definition."""
    half, instances, lowest, highest, x, eta, steps = 6, 8000, 1.5, 4.0, 0.8, 0.02, 3000

    def theory() -> FloatArray:
        rule = legendre_rule([lowest, highest], 20)
        return np.atleast_1d(rule.average(alternating_weight(rule.nodes, half)) / (highest - lowest))

    def simulate(seed: int) -> Estimate:
        rng = generator(seed, {"purpose": "alternating layers", "half_depth": half})
        goal = rng.uniform(lowest, highest, instances)
        depth = 2 * half
        weights = np.tile((-1.0) ** np.arange(1, depth + 1) / depth, (instances, 1))
        for _ in range(steps):
            before = np.empty((depth, instances))
            h = np.full(instances, x)
            for k in range(depth):
                before[k] = h
                h = h + np.maximum(weights[:, k] * h, 0.0) / depth
            p = 2.0 * (h - goal * x)
            for k in range(depth - 1, -1, -1):
                active = (weights[:, k] * before[k] > 0.0) / depth
                slope = p * active * before[k]
                p = p * (1.0 + active * weights[:, k])
                weights[:, k] -= eta * depth * slope
        return Estimate.from_samples(weights[:, 1::2].mean(axis=1)[:, None])

    return Check(
        "alternating layers",
        "weight that every second layer reaches, averaged over targets",
        approximation_of(alternating_weight),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"half_depth": half, "instances": instances, "targets": [lowest, highest], "input": x},
        id="residual-networks-alternating-layers",
    )


def _tied() -> Check:
    """Inputs are drawn, x uniform in [0.5, 1.5]; descent with small steps on one weight from the definition."""
    depths, goal, time, instances, lowest, highest, steps = (1, 4, 16), 3.0, 0.12, 26_000, 0.5, 1.5, 2000

    def theory() -> FloatArray:
        rule = legendre_rule([lowest, highest], 20)
        found = [[float(tied_linear(goal, x, depth, time)) for x in rule.nodes] for depth in depths]
        return np.array([rule.average(row) / (highest - lowest) for row in np.array(found)])

    def simulate(seed: int) -> Estimate:
        rows = []
        for depth in depths:
            x = generator(seed, {"purpose": "tied weight", "depth": depth}).uniform(
                lowest, highest, instances
            )
            weight, eta = np.zeros(instances), time / steps
            for _ in range(steps):
                factor = 1.0 + weight / depth
                power = factor ** (depth - 1)
                weight = weight - eta * 2.0 * (factor * power - goal) * x * x * power
            rows.append(Estimate.from_samples(weight))
        return Estimate.stack(rows)

    return Check(
        "tied linear network",
        "weight at time 0.12 at three depths, averaged over inputs",
        approximation_of(tied_linear),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "depths": list(depths),
            "target": goal,
            "training_time": time,
            "instances": instances,
            "steps": steps,
        },
        id="residual-networks-tied-linear-network",
    )
