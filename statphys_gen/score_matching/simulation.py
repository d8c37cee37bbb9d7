"""Score networks trained straight from the definition: on a randomly shifted grid of the noise, or with fresh noise.

Both take inner weights of any size. Nothing here knows the exact formulas: risks are means of (s(y) + xi/sigma)^2 over
training points and noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument
from ..glossary import dataset
from ..presentation import Tabular
from ..progress import keep, observe_part
from ..statistics.estimate import Estimate
from ..statistics.streams import generator
from .model import NoisedSample, ScoreNetwork

if TYPE_CHECKING:
    import xarray

OBSERVABLES = ("risk", "excess_risk", "gradient_norm", "total_variation")
_RANGE = 8.5  # of the noise on a grid, in standard deviations
_CHUNK = 200  # steps whose noise is drawn at once
_MEASURED = 10  # times as many nodes to measure on
_POWER = 200  # iterations towards the steepest direction
_MOST = 200_000_000  # numbers in one block of activations


@dataclass(frozen=True, eq=False, repr=False)
class Training(Tabular):
    """Networks in training.

    Attributes
    ----------
    step : (k,) numbers of steps taken.
    risk, excess_risk, gradient_norm, total_variation : (instances, k), on a grid of the noise; NaN after an overflow.
    outer, bias : (instances, m) at the end.
    """

    step: IntArray
    risk: FloatArray
    excess_risk: FloatArray
    gradient_norm: FloatArray
    total_variation: FloatArray
    outer: FloatArray
    bias: FloatArray

    def estimate(self, observable: str) -> Estimate:
        """Mean over the instances at each step, (k,).

        Raises
        ------
        InvalidArgument : an unknown observable, or one that is not finite because a run overflowed.
        """
        validation.choice("observable", observable, OBSERVABLES)
        samples = getattr(self, observable)
        if not np.isfinite(samples).all():
            raise InvalidArgument("learning_rate", "too large", "such that no run overflows")
        return Estimate.from_samples(samples)

    def records(self) -> list[dict[str, float]]:
        rows = []
        for k, step in enumerate(self.step.tolist()):
            means = {name: float(getattr(self, name)[:, k].mean()) for name in OBSERVABLES}
            rows.append({"step": step, **means})
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """By instance and step."""
        variables = {name: (("instance", "step"), getattr(self, name)) for name in OBSERVABLES}
        variables |= {name: (("instance", "neuron"), getattr(self, name)) for name in ("outer", "bias")}
        return dataset(variables, {"step": (("step",), self.step)})

    @classmethod
    def join(cls, parts: Sequence[Training]) -> Training:
        """One object from the instances of several."""
        names = [entry.name for entry in fields(cls)][1:]
        return cls(
            parts[0].step, *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
        )


def draw_network(
    neurons: int, *, inner: Literal["signs", "gaussian"] = "signs", seed: int = 0, replica: int = 0
) -> ScoreNetwork:
    """A network with independent outer weights and biases N(0, 1).

    Inner weights are +1 and -1 in turn ("signs"), or N(0, 1) too ("gaussian"), which the exact theory does not take.
    """
    m = validation.integer("neurons", neurons, minimum=1, maximum=1_000_000)
    validation.choice("inner", inner, ("signs", "gaussian"))
    rng = generator(seed, {"purpose": "start of a score network", "neurons": m}, replica)
    outer, bias = rng.standard_normal((2, m)).tolist()
    signs = [1.0 - 2.0 * (k % 2) for k in range(m)]
    weights = signs if inner == "signs" else rng.standard_normal(m).tolist()
    return ScoreNetwork(tuple(weights), tuple(outer), tuple(bias))


class _Grid:
    """Noised points on a grid of the noise, with what measures a network there."""

    def __init__(self, sample: NoisedSample, nodes: int, shift: float) -> None:
        centres = sample.data_scale * np.array(sample.points)
        self.sigma, self.centres = sample.noise_scale, centres
        step = 2.0 * _RANGE / nodes
        self.noise = -_RANGE + step * (np.arange(nodes) + shift)
        bell = np.exp(-0.5 * self.noise**2)
        self.bell = bell / bell.sum()
        self.y = (centres[:, None] + self.sigma * self.noise).ravel()
        self.target = np.tile(-self.noise / self.sigma, len(centres))
        self.weights = np.tile(self.bell / len(centres), len(centres))

    def score(self) -> FloatArray:
        """The mean of -xi/sigma given y, on the grid."""
        exponent = -0.5 * ((self.y[:, None] - self.centres) / self.sigma) ** 2
        exponent -= exponent.max(axis=1, keepdims=True)
        share = np.exp(exponent)
        return np.asarray(((share @ self.centres) / share.sum(axis=1) - self.y) / self.sigma**2)

    def gradient(
        self, inner: FloatArray, outer: FloatArray, bias: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Network on the grid, and the gradient of the risk by outer weights and biases."""
        m = len(inner)
        field = self.y[:, None] * inner + bias
        relu = np.maximum(field, 0.0)
        network = relu @ outer / m
        force = (2.0 / m) * self.weights * (network - self.target)
        return network, force @ relu, (force @ (field > 0.0)) * outer

    def measure(self, inner: FloatArray, outer: FloatArray, bias: FloatArray) -> list[float]:
        network, by_outer, by_bias = self.gradient(inner, outer, bias)
        risk = float(self.weights @ (network - self.target) ** 2)
        excess = float(self.weights @ (network - self.score()) ** 2)
        norm = float(np.hypot(np.linalg.norm(by_outer), np.linalg.norm(by_bias)))
        # |s''| of a network is |v_l w_l| at its knots.
        variation = np.abs(outer * inner) @ self.variation_weight(-bias / inner) / len(inner)
        return [risk, excess, norm, float(variation)]

    def variation_weight(self, position: FloatArray) -> FloatArray:
        """E min(pi_-, pi_+)(y - sigma xi) on the grid."""
        z = position[:, None] - self.sigma * self.noise
        distance = z[..., None] - self.centres
        n = len(self.centres)
        below = (distance > 0.0).sum(axis=-1) * np.maximum(distance, 0.0).sum(axis=-1) / n**2
        above = (distance < 0.0).sum(axis=-1) * np.maximum(-distance, 0.0).sum(axis=-1) / n**2
        return np.asarray(np.minimum(below, above) @ self.bell)


def _steps(steps: int, kept: ArrayLike | None) -> IntArray:
    count = validation.integer("steps", steps, minimum=0, maximum=10_000_000)
    numbers = (
        [count] if kept is None else [*validation.array("kept", kept, at_least=0.0).ravel().tolist(), count]
    )
    chosen = np.unique(np.array(numbers, dtype=np.int64))
    validation.integer("kept", int(chosen[-1]), maximum=count)
    return chosen


def _bounded(*parameters: FloatArray) -> bool:
    return all(bool((np.abs(entry) < 1e100).all()) for entry in parameters)


def simulate_descent(
    sample: NoisedSample,
    networks: Sequence[ScoreNetwork],
    learning_rate: float,
    steps: int,
    *,
    kept: ArrayLike | None = None,
    nodes: int = 400,
    seed: int = 0,
) -> Training:
    """Gradient descent theta <- theta - m eta grad R on a grid of the noise that is shifted at random in every step.

    On one grid the steps of the neurons' activity would bias a descent by the distance of its nodes.

    Parameters
    ----------
    sample : the data.
    networks : the starts, one an instance; give one several times for the error of the grid alone.
    learning_rate : eta above 0; R is a mean over points and noise.
    steps, kept : number of steps, and those after which everything is measured (default: the last).
    nodes : of the noise, for each training point.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    eta = validation.positive("learning_rate", learning_rate)
    chosen, count = _steps(steps, kept), validation.integer("nodes", nodes, minimum=10, maximum=100_000)
    return Training.join(
        [
            _descended(sample, network, eta, chosen, count, seed, replica)
            for replica, network in enumerate(networks)
        ]
    )


def _descended(
    sample: NoisedSample,
    network: ScoreNetwork,
    eta: float,
    chosen: IntArray,
    nodes: int,
    seed: int,
    replica: int,
) -> Training:
    """One instance of :func:`simulate_descent`."""
    key = {"purpose": "score matching on a grid", "sample": sample, "network": network, "nodes": nodes}
    rng = generator(seed, key, replica)
    shift = float(generator(seed, key | {"measured": True}, replica).random())
    _require_memory(sample.samples * nodes * network.neurons)
    inner, outer, bias = (np.array(entry) for entry in (network.inner, network.outer, network.bias))
    scale, at, rows = network.neurons * eta, 0, []
    for number in chosen.tolist():
        while at < number and _bounded(outer, bias):
            _, by_outer, by_bias = _Grid(sample, nodes, float(rng.random())).gradient(inner, outer, bias)
            outer, bias, at = outer - scale * by_outer, bias - scale * by_bias, at + 1
        if not _bounded(outer, bias):
            rows.append([np.nan] * 4)
            continue
        # On one grid for all runs the error of its nodes would be common to them, and unseen.
        rows.append(_Grid(sample, _MEASURED * nodes, shift).measure(inner, outer, bias))
    measured = dict(zip(OBSERVABLES, np.array(rows).T[:, None, :], strict=True))
    return Training(chosen, **measured, outer=outer[None], bias=bias[None])


def simulate_stochastic_descent(
    sample: NoisedSample,
    networks: Sequence[ScoreNetwork],
    learning_rate: float,
    steps: int,
    *,
    batch: int = 1,
    kept: ArrayLike | None = None,
    nodes: int = 200,
    each: Callable[[int], None] | None = None,
    seed: int = 0,
) -> Training:
    """Stochastic descent: in each step the mean gradient of ``batch`` fresh pairs of a training point and its noise.

    Parameters
    ----------
    sample : the data.
    networks : the starts, all of one size, one an instance with noise of its own.
    learning_rate : eta above 0 of theta <- theta - m eta g, g the mean gradient of (s(y) + xi/sigma)^2 over the batch.
    steps, kept : number of steps, and those after which everything is measured on a grid (default: the last).
    nodes : of the noise on that grid, for each training point.
    each : called with the number of steps from time to time; what it raises stops the training.

    Raises
    ------
    InvalidArgument : an argument outside its domain, or starts of several sizes.
    """
    eta = validation.positive("learning_rate", learning_rate)
    size = validation.integer("batch", batch, minimum=1, maximum=1_000_000)
    chosen, count = _steps(steps, kept), validation.integer("nodes", nodes, minimum=10, maximum=100_000)
    if len({network.neurons for network in networks}) != 1:
        raise InvalidArgument(
            "networks", f"{len(networks)} networks", "at least one, all with as many neurons"
        )
    m = networks[0].neurons
    _require_memory(max(sample.samples * count * m, len(networks) * size * m))
    inner, outer, bias = (
        np.array([getattr(n, name) for n in networks]) for name in ("inner", "outer", "bias")
    )
    key = {
        "purpose": "score matching with fresh noise",
        "sample": sample,
        "batch": size,
        "learning_rate": eta,
    }
    streams = [generator(seed, key | {"network": network}, k) for k, network in enumerate(networks)]
    centres, sigma = sample.data_scale * np.array(sample.points), sample.noise_scale
    shifts = [
        float(generator(seed, key | {"network": network, "measured": True}, k).random())
        for k, network in enumerate(networks)
    ]
    at, rows = 0, []
    for number in chosen.tolist():
        while at < number:
            chunk = min(_CHUNK, number - at)
            points = np.stack(
                [stream.integers(len(centres), size=(chunk, size)) for stream in streams], axis=1
            )
            noise = np.stack([stream.standard_normal((chunk, size)) for stream in streams], axis=1)
            with np.errstate(over="ignore", invalid="ignore"):
                for place, xi in zip(points, noise, strict=True):
                    outer, bias = _stochastic_step(
                        inner, outer, bias, centres[place] + sigma * xi, xi / sigma, eta
                    )
            at += chunk
            if each is not None:
                each(at)
        rows.append(
            [
                _Grid(sample, count, shift).measure(w, v, b) if _bounded(v, b) else [np.nan] * 4
                for w, v, b, shift in zip(inner, outer, bias, shifts, strict=True)
            ]
        )
    measured = dict(zip(OBSERVABLES, np.array(rows).transpose(2, 1, 0), strict=True))
    return Training(chosen, **measured, outer=outer, bias=bias)


def simulate_growth(
    sample: NoisedSample,
    network: ScoreNetwork,
    learning_rate: float,
    steps: int,
    *,
    displacement: float = 3e-3,
    instances: int = 4,
    nodes: int = 40_000,
    seed: int = 0,
) -> Estimate:
    """Factor a step by which two descents on a grid part that start a little apart along the steepest direction.

    Parameters
    ----------
    sample, network : the data, and the common start, a minimum of the risk.
    learning_rate, steps : of the descents, at least one step.
    displacement : Euclidean distance of the starts, in a direction from power iteration; several times the distance of
        nodes, 17 sigma/nodes, since the knots of the network must move past nodes to be felt.
    instances, nodes : grids of the noise with shifts of their own, and their nodes for each training point.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    eta, length = (
        validation.positive("learning_rate", learning_rate),
        validation.positive("displacement", displacement),
    )
    count = validation.integer("steps", steps, minimum=1, maximum=1_000_000)
    runs = validation.integer("instances", instances, minimum=2)
    size = validation.integer("nodes", nodes, minimum=10, maximum=100_000)
    _require_memory(sample.samples * size * network.neurons)
    return Estimate.from_samples(
        [_growth(sample, network, eta, count, length, size, seed, replica) for replica in range(runs)]
    )


def _growth(
    sample: NoisedSample,
    network: ScoreNetwork,
    eta: float,
    steps: int,
    length: float,
    nodes: int,
    seed: int,
    replica: int,
) -> float:
    """One instance of :func:`simulate_growth`."""
    inner, m = np.array(network.inner), network.neurons
    start = np.array([*network.outer, *network.bias])
    key = {"purpose": "growth of a displacement", "sample": sample, "network": network, "nodes": nodes}
    rng = generator(seed, key, replica)
    grid = _Grid(sample, nodes, float(rng.random()))

    def gradient(theta: FloatArray) -> FloatArray:
        return np.concatenate(grid.gradient(inner, theta[:m], theta[m:])[1:])

    direction = rng.standard_normal(2 * m)
    direction *= length / np.linalg.norm(direction)
    for _ in range(_POWER):
        before = direction
        direction = gradient(start + before) - gradient(start - before)
        direction *= length / np.linalg.norm(direction)
        if np.linalg.norm(direction - before) < 1e-6 * length:
            break
    here, there = start, start + direction
    for _ in range(steps):
        here, there = here - m * eta * gradient(here), there - m * eta * gradient(there)
    return float(abs((there - here) @ direction) / length**2) ** (1.0 / steps)


def _stochastic_step(
    inner: FloatArray, outer: FloatArray, bias: FloatArray, y: FloatArray, noise: FloatArray, eta: float
) -> tuple[FloatArray, FloatArray]:
    """One step of every instance; y and noise (R, B), weights (R, m)."""
    m, size = inner.shape[1], y.shape[1]
    field = y[..., None] * inner[:, None] + bias[:, None]
    relu = np.maximum(field, 0.0)
    force = (relu @ outer[..., None])[..., 0] / m + noise
    scale = 2.0 * eta / size
    by_outer = (force[:, None] @ relu)[:, 0]
    by_bias = (force[:, None] @ (field > 0.0))[:, 0] * outer
    return outer - scale * by_outer, bias - scale * by_bias


def _require_memory(numbers: int) -> None:
    if numbers > _MOST:
        raise InvalidArgument(
            "nodes", f"{numbers} activations at once", f"such that there are at most {_MOST}"
        )


observe_part(_descended)
keep(simulate_descent, "networks", part=_descended)
observe_part(_growth)
keep(simulate_growth, "instances", part=_growth)
