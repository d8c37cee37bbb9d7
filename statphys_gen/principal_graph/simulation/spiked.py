"""Covariances of drawn points: noise, and two classes in noise."""

from __future__ import annotations

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...progress import keep, observe_part
from ...statistics.estimate import Estimate
from ...statistics.streams import generator


def two_classes_in_noise(
    signal: float, dimension: int, samples: int, *, seed: int = 0, replica: int = 0
) -> FloatArray:
    """(N, D) points +-sqrt(signal) e_1 + N(0, 1)."""
    theta = validation.non_negative("signal", signal)
    D = validation.integer("dimension", dimension, 1, 20_000)
    N = validation.integer("samples", samples, 2, 1_000_000)
    random = generator(
        seed, {"purpose": "two classes in noise", "signal": theta, "dimension": D, "samples": N}, replica
    )
    x = random.standard_normal((N, D))
    x[:, 0] += np.sqrt(theta) * random.choice([-1.0, 1.0], size=N)
    return x


def simulate_first_split(
    signal: float, dimension: int, samples: int, *, instances: int = 10, seed: int = 0
) -> Estimate:
    """The temperature at which an infinitesimal split of all points neither grows nor shrinks: a power iteration.

    A step of EM maps a small split d of two replicas at the mean to <x (x.d)>/T.
    """
    R = validation.integer("instances", instances, 2, 10_000)
    return Estimate.from_samples(
        [_first_split(signal, dimension, samples, seed, replica) for replica in range(R)]
    )


def _first_split(signal: float, dimension: int, samples: int, seed: int, replica: int) -> float:
    """One instance of :func:`simulate_first_split`."""
    x = two_classes_in_noise(signal, dimension, samples, seed=seed, replica=replica)
    x -= x.mean(0)
    random = generator(seed, {"purpose": "direction of a first split", "dimension": dimension}, replica)
    # A block of directions: single ones come slowly to the edge of a bulk.
    d = random.standard_normal((dimension, min(12, dimension)))
    last = 0.0
    for step in range(3000):
        d = np.linalg.qr(x.T @ (x @ d) / len(x))[0]
        if step % 10 == 9:
            u = x @ d
            value = float(np.linalg.eigvalsh(u.T @ u / len(x))[-1])
            if abs(value - last) < 1e-7 * value:
                break
            last = value
    return value


observe_part(_first_split)
keep(simulate_first_split, "instances", part=_first_split)
