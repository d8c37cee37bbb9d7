"""Denoising autoencoders on drawn data of finite dimension: minima of their losses, and the flow that they drive."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import Autoencoder

_ZETA, _SHARES = np.polynomial.hermite_e.hermegauss(60)
_SHARES = _SHARES / _SHARES.sum()
# Noise levels of a flow: its start at 0 leaves a share of the order 1/_FIRST of the overlap out.
_FIRST, _LAST = 1e4, 1e-3


def _drawn(
    model: Autoencoder, dimension: int, seed: int, instance: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """m with |m|^2 = d, signs s (n,), and the data (n, d)."""
    key = {"purpose": "data of an autoencoder", "model": model, "dimension": dimension}
    rng = generator(seed, key, instance)
    m = rng.standard_normal(dimension)
    m *= math.sqrt(dimension) / np.linalg.norm(m)
    signs = np.concatenate([np.ones(model.samples[0]), -np.ones(model.samples[1])])
    noise = rng.standard_normal((model.points, dimension))
    return m, signs, signs[:, None] * m + math.sqrt(model.variance) * noise


def _instances(instances: int, measure: Callable[[int], FloatArray]) -> Estimate:
    validation.integer("instances", instances, minimum=2, maximum=100_000)
    return Estimate.from_samples(np.stack([measure(k) for k in range(instances)]))


def _saturated(
    model: Autoencoder, data: FloatArray, signs: FloatArray, noise: FloatArray, a: float, b: float
) -> tuple[float, FloatArray, float]:
    """c, u and loss of the minimum of sum |x - c (A z + B x) - s u|^2/k + L |u|^2 over data and noises (n, k, d)."""
    draws = noise.shape[1]
    target = (signs[:, None] * data).sum(axis=0)
    inputs = a * noise.sum(axis=1) / draws + b * data
    pulled = (signs[:, None] * inputs).sum(axis=0)
    share = model.points + model.output_ridge
    # u = (target - c pulled)/share; what is left is a parabola in c.
    squares = (
        a * a * (noise**2).sum(axis=1) / draws + b * b * data**2 + 2 * a * b * data * noise.mean(axis=1)
    ).sum()
    cross = float((data * inputs).sum())
    top, bottom = cross - float(target @ pulled) / share, float(squares) - float(pulled @ pulled) / share
    c = top / bottom
    u = (target - c * pulled) / share
    loss = float((data**2).sum()) - float(target @ target) / share - top * top / bottom
    return c, u, loss


def simulate_details(
    model: Autoencoder,
    noise_scale: float,
    data_scale: float,
    dimension: int,
    *,
    instances: int = 20,
    seed: int = 0,
) -> Estimate:
    """(skip, overlap of u with m, |u|^2/d, loss/d) of the exact minimum with a saturated unit, on drawn data.

    Parameters
    ----------
    model : with a finite number of noise draws.
    noise_scale, data_scale : A and B.
    dimension : d.
    instances : independent data sets.
    seed : of them.

    Raises
    ------
    InvalidArgument : a model with fresh noise, or a scale outside its domain.
    """
    a, b = validation.positive("noise_scale", noise_scale), validation.non_negative("data_scale", data_scale)
    d = validation.integer("dimension", dimension, minimum=10, maximum=1_000_000)
    draws = _finite(model)

    def measure(instance: int) -> FloatArray:
        m, signs, data = _drawn(model, d, seed, instance)
        rng = generator(
            seed, {"purpose": "noises of an autoencoder", "model": model, "dimension": d}, instance
        )
        noise = rng.standard_normal((model.points, draws, d))
        c, u, loss = _saturated(model, data, signs, noise, a, b)
        return np.array([c, m @ u / d, u @ u / d, loss / d])

    return _instances(instances, measure)


def _finite(model: Autoencoder) -> int:
    if model.noise_draws is None:
        raise InvalidArgument("noise_draws", None, "finite in a simulation")
    return model.noise_draws


def simulate_generation(
    model: Autoencoder, dimension: int, *, steps: int = 400, instances: int = 10, seed: int = 0
) -> Estimate:
    """(overlap with m, standard deviation of the rest, squared distance of the mean from m over d) of the class of +m.

    Steps of equal ratio from S = 1e4 to 1e-3 on y, with c and u trained anew at every level on one set of data and
    noises.
    The mean is that of the flow from 0; the rest is the factor of the start.

    Parameters
    ----------
    model, dimension, instances, seed : as in :func:`simulate_details`.
    steps : of Heun's rule.

    Raises
    ------
    InvalidArgument : as in :func:`simulate_details`.
    """
    d = validation.integer("dimension", dimension, minimum=10, maximum=1_000_000)
    count = validation.integer("steps", steps, minimum=10, maximum=100_000)
    draws = _finite(model)
    levels = np.geomspace(_FIRST, _LAST, count + 1)

    def measure(instance: int) -> FloatArray:
        m, signs, data = _drawn(model, d, seed, instance)
        rng = generator(
            seed, {"purpose": "noises of an autoencoder", "model": model, "dimension": d}, instance
        )
        noise = rng.standard_normal((model.points, draws, d))
        trained = [_saturated(model, data, signs, noise, float(level), 1.0)[:2] for level in levels]
        mean, rest = np.zeros(d), float(levels[0])
        for k, (here, there) in enumerate(pairwise(levels)):
            (c, u), (later, pull) = trained[k], trained[k + 1]
            slope, turn = (mean - c * mean - u) / here, (1.0 - c) * rest / here
            guess, next_rest = mean + (there - here) * slope, rest + (there - here) * turn
            slope = 0.5 * (slope + (guess - later * guess - pull) / there)
            turn = 0.5 * (turn + (1.0 - later) * next_rest / there)
            mean, rest = mean + (there - here) * slope, rest + (there - here) * turn
        return np.array([m @ mean / d, rest, ((mean - m) ** 2).sum() / d])

    return _instances(instances, measure)


def simulate_speciation(
    model: Autoencoder, dilated_time: float, dimension: int, *, instances: int = 20, seed: int = 0
) -> Estimate:
    """(overlap of w with m, |w|^2/d, bias, overlap of u with m, loss/d) of the minimum over w in the span of the data.

    The mean over the noise is a quadrature on the line of w; the best u at given w and b is a ridge regression. The
    skip,
    of the order 1/sqrt(d), is left out, and A = 1.

    Parameters
    ----------
    model : with both ridges above 0.
    dilated_time : kappa t.
    dimension : d, of the drawn data.
    instances : independent data sets.
    seed : of them.
    """
    time = validation.positive("dilated_time", dilated_time)
    d = validation.integer("dimension", dimension, minimum=10, maximum=10_000_000)
    validation.positive("input_ridge", model.input_ridge)

    def measure(instance: int) -> FloatArray:
        drawn = _Speciation(model, d, seed, instance)
        x, u, loss = drawn.trained(time)
        return np.array([drawn.centre @ x[:-1], x[:-1] @ x[:-1], x[-1], drawn.centre @ u, loss])

    return _instances(instances, measure)


def simulate_weight(
    model: Autoencoder,
    dilation: float,
    steps: int,
    dimension: int,
    walkers: int,
    *,
    instances: int = 20,
    seed: int = 0,
) -> Estimate:
    """Share of samples that networks trained along the first half of a dilated schedule send to the class of +m.

    Each data set has networks of its own at the dilated times kappa j/K1, j <= K1, minima as in
    :func:`simulate_speciation`. Samples start from N(0, I) in the span of m and the data, move by (kappa/(K1 sqrt(d)))
    times the output of the networks j < K1, and are of the class of +m where the input of the last one is positive.

    Parameters
    ----------
    model, dimension, instances, seed : as in :func:`simulate_speciation`.
    dilation : kappa.
    steps : K1.
    walkers : samples of each data set.
    """
    kappa = validation.positive("dilation", dilation)
    d = validation.integer("dimension", dimension, minimum=10, maximum=10_000_000)
    validation.positive("input_ridge", model.input_ridge)

    def measure(instance: int) -> FloatArray:
        drawn = _Speciation(model, d, seed, instance)
        rng = generator(
            seed, {"purpose": "samples of an autoencoder", "model": model, "dimension": d}, instance
        )
        x = rng.standard_normal((walkers, len(drawn.centre)))
        for j in range(steps):
            network, u, _ = drawn.trained(kappa * j / steps)
            x += kappa / steps * np.tanh(x @ network[:-1] + network[-1])[:, None] * u
        last, _, _ = drawn.trained(kappa)
        # Of (w, b) and (-w, -b), one network with opposite outputs, the one along m.
        last = last if last[:-1] @ drawn.centre > 0.0 else -last
        return np.array((x @ last[:-1] + last[-1] > 0.0).mean())

    return _instances(instances, measure)


class _Speciation:
    """One data set in the span of m and its points, over sqrt(d): w, u and samples are coordinates in an orthonormal
    frame.

    Attributes
    ----------
    points : (n, n + 1) the data.
    centre : (n + 1,) m.
    """

    def __init__(self, model: Autoencoder, dimension: int, seed: int, instance: int) -> None:
        m, _, data = _drawn(model, dimension, seed, instance)
        frame, _ = np.linalg.qr(np.concatenate([m[None], data]).T)
        self.model = model
        self.points, self.centre = data @ frame / math.sqrt(dimension), m @ frame / math.sqrt(dimension)

    def trained(self, time: float) -> tuple[FloatArray, FloatArray, float]:
        """(w, b), u and the loss per dimension of the minimum at a dilated time."""
        model, points = self.model, self.points

        def outputs(x: FloatArray) -> tuple[FloatArray, FloatArray]:
            fields = x[-1] + time * points @ x[:-1]
            bent = np.tanh(fields[:, None] + np.linalg.norm(x[:-1]) * _ZETA)
            return bent @ _SHARES, (bent * bent) @ _SHARES

        def loss(x: FloatArray) -> float:
            first, second = outputs(x)
            total = first @ points
            quadratic = float(total @ total) / (model.output_ridge + float(second.sum()))
            return float((points**2).sum()) - quadratic + model.input_ridge * float(x[:-1] @ x[:-1])

        start = np.append(self.centre, 0.5 * math.log(model.samples[0] / model.samples[1]))
        x = minimize(loss, start, method="BFGS", options={"gtol": 1e-7}).x
        first, second = outputs(x)
        return x, first @ points / (model.output_ridge + second.sum()), loss(x)
