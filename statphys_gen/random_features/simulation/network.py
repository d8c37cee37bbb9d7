r"""A small fully connected score network, trained by denoising score matching; numpy matrices and no other library.

The score of x_t is s = -e/sqrt(D), and the noise e is predicted as the best linear guess for isotropic data of mean
square q, plus what the network F adds to it:

    e(x, t) = sqrt(D) x/G - (exp(-t) sqrt(q)/sqrt(G)) F(x/sqrt(G), u),   G = exp(-2t) q + D,  u = log(sqrt(D) exp(t)),

so that F has targets of variance about 1 at every time. The last layer starts at 0, that is, training starts from the
linear guess. The loss is that of the random-features model, the mean over samples, noise and times of

    |sqrt(D) s(x_t, t) + xi|^2 / d  =  |xi - e(x_t, t)|^2 / d .

Each step draws samples of the training set, none of them twice, with fresh noise and times: stochastic descent, or
Adam. Times are uniform in u between two bounds, or fixed. Numbers are in single precision, because the
noise of the steps is far above its rounding; :func:`batch_loss` has the precision of the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument

Parameters = NDArray[Any]

ACTIVATIONS = ("silu", "tanh", "relu")
# Frequencies of the sines and cosines of u that tell the network the time.
_FREQUENCIES = (1.0, 2.0, 4.0)
_TIME_FEATURES = 1 + 2 * len(_FREQUENCIES)


@dataclass(frozen=True)
class Architecture:
    """Layers of a fully connected network.

    Parameters
    ----------
    width : units of a hidden layer.
    hidden_layers : their number, at least 1.
    activation : one of silu, tanh, relu.
    """

    width: int = 128
    hidden_layers: int = 3
    activation: str = "silu"

    def __post_init__(self) -> None:
        validation.integer("width", self.width, minimum=1, maximum=8192)
        validation.integer("hidden_layers", self.hidden_layers, minimum=1, maximum=64)
        validation.choice("activation", self.activation, ACTIVATIONS)

    def sizes(self, dimension: int) -> list[int]:
        """Units of every layer, input and output included."""
        return [dimension + _TIME_FEATURES, *[self.width] * self.hidden_layers, dimension]

    def parameter_count(self, dimension: int) -> int:
        return sum((before + 1) * after for before, after in pairwise(self.sizes(dimension)))


@dataclass(frozen=True)
class NetworkTraining:
    """How a network is trained.

    Parameters
    ----------
    steps : numbers of steps after which the network is looked at, increasing, at least 0.
    batch : samples in a step; the whole training set if that is smaller.
    algorithm : adam, or descent with heavy-ball momentum.
    learning_rate : size of the steps.
    momentum : memory of descent, and of Adam's mean gradient, in [0, 1).
    shortest_time, longest_time : bounds of the diffusion times; equal for one fixed time.
    """

    steps: tuple[int, ...]
    batch: int = 128
    algorithm: str = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    shortest_time: float = 0.01
    longest_time: float = 3.0

    def __post_init__(self) -> None:
        steps = tuple(validation.integer(f"steps[{k}]", s, minimum=0) for k, s in enumerate(self.steps))
        if not steps or any(b <= a for a, b in pairwise(steps)):
            raise InvalidArgument("steps", self.steps, "increasing integers, at least 0")
        object.__setattr__(self, "steps", steps)
        validation.integer("batch", self.batch, minimum=1)
        validation.choice("algorithm", self.algorithm, ("adam", "descent"))
        validation.positive("learning_rate", self.learning_rate)
        if validation.inside("momentum", self.momentum, 0.0, 1.0, closed=True) == 1.0:
            raise InvalidArgument("momentum", self.momentum, "a number in [0, 1)")
        validation.positive("shortest_time", self.shortest_time)
        if validation.positive("longest_time", self.longest_time) < self.shortest_time:
            raise InvalidArgument(
                "longest_time", self.longest_time, f"at least shortest_time = {self.shortest_time:g}"
            )

    @property
    def fixed_time(self) -> bool:
        return self.longest_time == self.shortest_time


@dataclass(frozen=True, eq=False)
class ScoreNetwork:
    """A network with its parameters, all in one vector; ``mean_square`` is q of the training data."""

    architecture: Architecture
    dimension: int
    mean_square: float
    parameters: Parameters

    def layers(self, vector: Parameters | None = None) -> list[tuple[Parameters, Parameters]]:
        """Views (weights, bias) of every layer in ``vector``, by default the parameters."""
        values = self.parameters if vector is None else vector
        views, start = [], 0
        for before, after in pairwise(self.architecture.sizes(self.dimension)):
            stop = start + before * after
            views.append((values[start:stop].reshape(before, after), values[stop : stop + after]))
            start = stop + after
        return views

    def clean(self, x: FloatArray, time: float) -> FloatArray:
        """The network's guess of the clean data, exp(t) (x - sqrt(D) e), for x (count, d)."""
        kind = self.parameters.dtype
        noised = validation.array("x", x, shape=(None, self.dimension))
        u = _log_noise_to_signal(validation.positive("time", time))
        gain = _Scales(np.full(len(noised), u), self.mean_square, kind)
        output = _forward(self, gain.inputs(noised.astype(kind)))[-1].astype(np.float64)
        signal, noise = math.exp(-time), -math.expm1(-2.0 * time)
        total = signal**2 * self.mean_square + noise
        # The linear guess exp(-t) q x/G, and the network's correction.
        return (signal * self.mean_square / total) * noised + math.sqrt(
            noise * self.mean_square / total
        ) * output


def _log_noise_to_signal(time: float) -> float:
    """u = log(sqrt(D) exp(t)) = log(exp(2t) - 1)/2."""
    return time + 0.5 * math.log(-math.expm1(-2.0 * time))


class _Scales:
    """Signal, noise and the scales of input and output at given u, all (count, 1)."""

    def __init__(self, u: FloatArray, mean_square: float, kind: Any) -> None:
        ratio = np.exp(2.0 * u)
        signal, noise = 1.0 / np.sqrt(1.0 + ratio), np.sqrt(ratio / (1.0 + ratio))
        total = signal**2 * mean_square + noise**2
        self.u = u

        def column(values: FloatArray) -> Parameters:
            return values[:, None].astype(kind)

        self.signal, self.noise = column(signal), column(noise)
        self.inverse_root = column(1.0 / np.sqrt(total))
        self.skip = column(noise / total)
        self.gain = column(signal * np.sqrt(mean_square / total))

    def inputs(self, x: Parameters) -> Parameters:
        waves = np.multiply.outer(self.u, _FREQUENCIES)
        features = np.concatenate([0.5 * self.u[:, None], np.sin(waves), np.cos(waves)], axis=1)
        return np.concatenate([x * self.inverse_root, features.astype(x.dtype)], axis=1)


# --------------------------------------------------------------------------------------------- layers, gradient


def _activate(name: str, x: Parameters) -> tuple[Parameters, Parameters]:
    """sigma(x) and sigma'(x)."""
    if name == "relu":
        positive = x > 0
        return x * positive, positive.astype(x.dtype)
    if name == "tanh":
        value = np.tanh(x)
        return value, 1 - value * value
    gate = 0.5 * np.tanh(0.5 * x) + 0.5
    value = x * gate
    return value, gate + value * (1 - gate)


def _forward(
    network: ScoreNetwork, inputs: Parameters, slopes: list[Parameters] | None = None
) -> list[Parameters]:
    """What every layer puts out, the input first; the slopes of the hidden layers are appended to ``slopes``."""
    outputs = [inputs]
    layers = network.layers()
    for weights, bias in layers[:-1]:
        value, slope = _activate(network.architecture.activation, outputs[-1] @ weights + bias)
        outputs.append(value)
        if slopes is not None:
            slopes.append(slope)
    weights, bias = layers[-1]
    outputs.append(outputs[-1] @ weights + bias)
    return outputs


def batch_loss(
    network: ScoreNetwork,
    samples: Parameters,
    xi: Parameters,
    u: FloatArray,
    gradient: Parameters | None = None,
) -> float:
    """Mean of |xi - e(x_t, t)|^2/d over the rows of ``samples`` (count, d), with noise ``xi`` and times ``u`` (count,).

    The gradient with respect to the parameters is written to ``gradient`` if that is given.
    """
    kind = network.parameters.dtype
    scales = _Scales(u, network.mean_square, kind)
    noised = scales.signal * samples + scales.noise * xi
    slopes: list[Parameters] = []
    outputs = _forward(network, scales.inputs(noised), slopes)
    residual = xi - scales.skip * noised + scales.gain * outputs[-1]
    loss = float(np.einsum("ij,ij->", residual, residual, dtype=np.float64)) / residual.size
    if gradient is not None:
        back = residual * scales.gain * kind.type(2.0 / residual.size)
        views = network.layers(gradient)
        for k, (weights, _) in reversed(list(enumerate(network.layers()))):
            np.matmul(outputs[k].T, back, out=views[k][0])
            back.sum(axis=0, out=views[k][1])
            if k:
                back = (back @ weights.T) * slopes[k - 1]
    return loss


def initial_network(
    architecture: Architecture, points: FloatArray, rng: np.random.Generator, kind: Any = np.float32
) -> ScoreNetwork:
    """Weights of variance 2/(number of inputs) (1 for tanh), no biases, and a last layer of 0."""
    dimension = points.shape[1]
    parameters = np.zeros(architecture.parameter_count(dimension), dtype=kind)
    network = ScoreNetwork(architecture, dimension, float(np.mean(points**2)), parameters)
    gain = 1.0 if architecture.activation == "tanh" else 2.0
    for weights, _ in network.layers()[:-1]:
        weights[...] = math.sqrt(gain / len(weights)) * rng.standard_normal(weights.shape)
    return network


def train_network(
    points: FloatArray,
    architecture: Architecture,
    training: NetworkTraining,
    rng: np.random.Generator,
    observe: Callable[[int, ScoreNetwork], None],
) -> None:
    """Train on ``points`` (n, d); ``observe(step, network)`` is called at each of ``training.steps``.

    The network that ``observe`` sees goes on being trained: it must be used at once.

    Raises
    ------
    InvalidArgument : a training that diverges (the learning rate is too large).
    """
    from .kernels_network import adam_update, momentum_update

    data = validation.array("points", points, shape=(None, None)).astype(np.float32)
    network = initial_network(architecture, points, rng)
    parameters = network.parameters
    first, second, gradient = (np.zeros_like(parameters) for _ in range(3))
    batch = min(training.batch, len(data))
    low, high = (_log_noise_to_signal(t) for t in (training.shortest_time, training.longest_time))
    done = 0
    for stop in training.steps:
        for step in range(done + 1, stop + 1):
            chosen = data if batch == len(data) else data[rng.choice(len(data), batch, replace=False)]
            xi = rng.standard_normal(chosen.shape, dtype=np.float32)
            u = rng.uniform(low, high, batch)
            loss = batch_loss(network, chosen, xi, u, gradient)
            if not loss < 1e6:
                raise InvalidArgument(
                    "learning_rate", training.learning_rate, f"smaller: the training diverged in step {step}"
                )
            if training.algorithm == "adam":
                adam_update(
                    parameters,
                    first,
                    second,
                    gradient,
                    step,
                    training.learning_rate,
                    training.momentum,
                    0.999,
                    1e-8,
                )
            else:
                momentum_update(parameters, first, gradient, training.learning_rate, training.momentum)
        done = stop
        observe(stop, network)
