"""Passes of block Gibbs sampling in plain numpy, float32: draw the units in their fields, add them to sums."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def _uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.random(shape, dtype=np.float32)


def summed(field: Floats, states: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """What the kernels return beside the states."""
    np.add(sums, states, out=sums)
    return np.einsum("ci,ci->c", field, states), np.einsum("ci,ci->c", states, states)


def binary(rng: np.random.Generator, field: Floats) -> Floats:
    probability = 1.0 / (1.0 + np.exp(-2.0 * field))
    return np.where(_uniform(rng, field.shape) < probability, np.float32(1.0), np.float32(-1.0))


def gaussian(rng: np.random.Generator, field: Floats) -> Floats:
    return field + rng.standard_normal(field.shape, dtype=np.float32)


def ternary(rng: np.random.Generator, field: Floats) -> Floats:
    plus, minus = np.exp(field), np.exp(-field)
    u = _uniform(rng, field.shape) * (1.0 + plus + minus)
    return (u < plus).astype(np.float32) - (u > 1.0 + plus).astype(np.float32)


def mixture(rng: np.random.Generator, field: Floats) -> Floats:
    jump = np.float32(np.sqrt(0.5))
    positive = _uniform(rng, field.shape) * (1.0 + np.exp(-2.0 * jump * field)) < 1.0
    noise = rng.standard_normal(field.shape, dtype=np.float32)
    return np.where(positive, jump, -jump) + np.float32(0.5) * field + jump * noise


def relu(rng: np.random.Generator, field: Floats) -> Floats:
    """exp(-h^2/2 + field h) on h >= 0 by rejection in rounds."""
    flat = field.ravel()
    result = np.empty_like(flat)
    pending = np.arange(flat.size)
    while len(pending):
        mean = flat[pending]
        rate = 0.5 * (np.sqrt(mean * mean + 4.0) - mean)
        exponential = rng.standard_exponential(len(pending), dtype=np.float32) / rate
        normal = mean + rng.standard_normal(len(pending), dtype=np.float32)
        far = mean < -0.5
        fits = _uniform(rng, mean.shape) <= np.exp(-0.5 * np.square(exponential - mean - rate))
        accepted = np.where(far, fits, normal >= 0)
        result[pending[accepted]] = np.where(far, exponential, normal)[accepted]
        pending = pending[~accepted]
    return result.reshape(field.shape)


PASSES = {"binary": binary, "gaussian": gaussian, "ternary": ternary, "mixture": mixture, "relu": relu}


def collapsed_sweep(
    rng: np.random.Generator, weights: Floats, strength: float, visible: Floats, projections: Floats
) -> None:
    """Heat bath of single spins with Gaussian hidden units integrated out, all chains at once."""
    for i in rng.permutation(len(weights)):
        w = weights[i]
        local = strength * (projections @ w - visible[:, i] * (w @ w))
        new = np.where(rng.random(len(visible)) * (1.0 + np.exp(-2.0 * local)) < 1.0, 1.0, -1.0)
        change = (new - visible[:, i]).astype(np.float32)
        moved = np.flatnonzero(change)
        projections[moved] += np.multiply.outer(change[moved], w)
        visible[:, i] = new


def descent_pass(
    order: NDArray[np.int64], weights: Floats, visible: NDArray[np.float64], projections: NDArray[np.float64]
) -> int:
    """Flips of one chain that lower -1/2 sum_a x_a^2."""
    flips = 0
    for i in order:
        change = -2.0 * visible[i] * weights[i]
        moved = projections + change
        if moved @ moved > projections @ projections + 2e-9:
            projections[:] = moved
            visible[i] = -visible[i]
            flips += 1
    return flips
