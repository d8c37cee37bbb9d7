"""Finite networks: one draw of the patterns and couplings of a model, and the densities of its units by definition.

A network of N visible units has hidden units and patterns in the ratios of its model, which have to be whole numbers,
and couplings W = g W_0 with g the model's coupling. ``weights`` is W_0, float32 (a rounding of 6e-8 of every
coupling): chains at several temperatures share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ... import validation
from ...arrays import FloatArray, SingleArray
from ...errors import InvalidArgument
from ...statistics.streams import generator
from ...units.base import Prior
from ...units.continuous import Gaussian, Mixture, ReLU, SoftThreshold, Spherical
from ...units.discrete import Binary, Discrete
from ..couplings.base import Drawn
from ..model import Model

_MOST_UNITS = 200_000


@dataclass(frozen=True)
class Network:
    """One draw of the disorder.

    Attributes
    ----------
    model : what it was drawn from.
    weights : W_0 of shape (visible, hidden), float32.
    patterns : the patterns on the visible units, (visible, K), float32: all of them, or the vectors u of the spikes.
    hidden_patterns : those on the hidden units, (hidden, K); None where each pattern belongs to one hidden unit.
    """

    model: Model
    weights: SingleArray
    patterns: SingleArray
    hidden_patterns: SingleArray | None

    @property
    def visible_units(self) -> int:
        return int(self.weights.shape[0])

    @property
    def hidden_units(self) -> int:
        return int(self.weights.shape[1])

    @property
    def condensed(self) -> int:
        """Hidden units that carry a condensed pattern each, and are left out of the averages over the hidden layer."""
        return min(self.model.couplings.carriers(int(self.model.condensed)), self.hidden_units)

    @property
    def along(self) -> SingleArray:
        """The pattern that the pattern field points to; zeros where there is none."""
        if self.patterns.shape[1] == 0:
            return np.zeros(self.visible_units, dtype=np.float32)
        return np.ascontiguousarray(self.patterns[:, 0])

    def aligned(self) -> SingleArray:
        """A visible state with an overlap with every condensed pattern: the sign of their sum, 0 where it vanishes."""
        number = max(1, int(self.model.condensed))
        total = self.patterns[:, :number].sum(axis=1)
        return np.asarray(np.sign(total), dtype=np.float32)

    def controls(self) -> FloatArray:
        """Numbers of the network that share its noise with the observables and whose expectation is exactly 0."""
        model = self.model
        drawn = Drawn(self.weights, self.patterns, self.hidden_patterns)
        one_sided = model.visible.support[0] == 0.0
        return model.couplings.controls(drawn, model.load, int(model.condensed), one_sided)


def stream(model: Model, visible_units: int, seed: int, instance: int, purpose: str) -> np.random.Generator:
    """The generator of one instance for one purpose.

    Those of different models are independent. An instance of one model is the same network in all its simulations.
    """
    # The size of the finite-size theory is no property of the machine that is simulated.
    machine = model.replace(size=None) if model.couplings.corrected else model
    return generator(seed, {"purpose": purpose, "model": machine, "visible_units": visible_units}, instance)


def draw_network(model: Model, visible_units: int, *, seed: int = 0, instance: int = 0) -> Network:
    """One draw of the disorder of the model.

    Parameters
    ----------
    model : its couplings' ``size`` is not used here.
    visible_units : N, such that the numbers of hidden units and of patterns are integers.
    seed, instance : which one. Instances of different models, at other temperatures and fields too, are independent;
        one network at another temperature is ``dataclasses.replace(network, model=...)`` with a model of that
        temperature, because ``weights`` do not contain the coupling.
    """
    if not isinstance(model, Model):
        raise InvalidArgument("model", model, "a Model")
    n = validation.integer("visible_units", visible_units, minimum=2, maximum=_MOST_UNITS)
    validation.integer("seed", seed, minimum=0)
    validation.integer("instance", instance, minimum=0)
    rng = stream(model, n, seed, instance, "patterns")
    return Network(model, *model.couplings.draw(rng, n, model.load, int(model.condensed)))


# ----------------------------------------------------------------------------------------------------------- densities


def log_density(prior: Prior, h: FloatArray, power: float = 1.0) -> FloatArray:
    """log rho_power(h) of a unit, with the normalisation of the model: -power U(h) plus a constant."""
    return np.asarray(-power * prior.energy(h) + _constant(prior, power))


def _constant(prior: Prior, power: float) -> float:
    if isinstance(prior, Binary):
        return math.log(prior.weight)
    if isinstance(prior, Discrete):
        return float(prior.log_base)
    if isinstance(prior, Gaussian):
        return 0.5 * math.log(power / (2.0 * math.pi * prior.variance_))
    if isinstance(prior, ReLU):
        return 0.5 * math.log(2.0 * power / math.pi)
    if isinstance(prior, SoftThreshold):
        return 0.5 * math.log(power / (2.0 * math.pi))
    return 0.0


def field_moments(
    prior: Prior, field: FloatArray, power: float = 1.0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """log of the integral of rho_power(h) exp(field h), and the mean of h and h^2, by summing the density itself.

    Discrete states are summed; continuous units are integrated on Gauss panels. Spherical layers, whose units are not
    independent, are refused.
    """
    if isinstance(prior, Spherical):
        raise InvalidArgument("hidden", prior.name, "a prior of independent units")
    field = np.asarray(field, dtype=np.float64)
    flat = field.reshape(-1, 1)
    if prior.states is not None:
        states = np.asarray(prior.states)
        exponent = log_density(prior, states, power) + flat * states
        weight = np.ones_like(states)
    elif isinstance(prior, Mixture) and prior.gaussian_weight == 0.0:
        states = np.array([-1.0, 1.0])
        exponent = math.log(0.5) + flat * states
        weight = np.ones(2)
    else:
        states, weight = _panels(prior, float(np.abs(flat).max(initial=0.0)), power)
        exponent = log_density(prior, states, power) + flat * states
    largest = exponent.max(axis=1, keepdims=True)
    mass = np.exp(exponent - largest) * weight
    total = mass.sum(axis=1)
    log = np.log(total) + largest[:, 0]
    shape = field.shape
    return (
        log.reshape(shape),
        (mass @ states / total).reshape(shape),
        (mass @ states**2 / total).reshape(shape),
    )


def _panels(prior: Prior, strongest: float, power: float) -> tuple[FloatArray, FloatArray]:
    """Gauss nodes on panels that cover the tilted density for every field up to the strongest."""
    low, high = prior.support
    reach = 12.0
    while True:
        # Widened until the density at the ends is negligible for every field.
        ends = np.array([max(low, -reach), min(high, reach)])
        inner = np.linspace(ends[0], ends[1], 4001)[1:-1]
        values = log_density(prior, inner, power)
        top = [(values + sign * strongest * inner).max() for sign in (-1.0, 1.0)]
        edge = log_density(prior, inner[[0, -1]], power)
        tails = [
            e + sign * strongest * x - t
            for sign, t in zip((-1.0, 1.0), top, strict=True)
            for e, x, end in zip(edge, inner[[0, -1]], (low, high), strict=True)
            if math.isinf(end)
        ]
        if all(tail < -45.0 for tail in tails) or reach > 1e6:
            break
        reach *= 1.5
    nodes, weights = np.polynomial.legendre.leggauss(16)
    cuts = [c for c in (0.0, *getattr(prior, "_cuts", ())) if ends[0] < c < ends[1]]
    edges = np.unique(np.concatenate([np.linspace(ends[0], ends[1], max(40, int(2.5 * reach))), cuts]))
    half = 0.5 * np.diff(edges)[:, None]
    middle = 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (middle + half * nodes).ravel(), (half * weights).ravel()
