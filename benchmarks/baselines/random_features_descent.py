"""Training by gradient descent as scripts do it: fresh noise for every sample in every step, numpy in float64."""

import numpy as np


def steps(count, dimension, features, samples, time, learning_rate, seed=0):
    """``count`` steps of size eta/d^2 = ``learning_rate`` from A = 0; returns A/sqrt(p)."""
    rng = np.random.default_rng(seed)
    noise = 1.0 - np.exp(-2.0 * time)
    w = rng.standard_normal((features, dimension)) / np.sqrt(dimension)
    x = np.exp(-time) * rng.standard_normal((dimension, samples))
    b = np.zeros((dimension, features))
    for _ in range(count):
        xi = rng.standard_normal((dimension, samples))
        phi = np.tanh(w @ (x + np.sqrt(noise) * xi))
        gradient = (noise * (b @ phi) + np.sqrt(noise) * xi) @ phi.T / samples
        b -= 2.0 * dimension / features * learning_rate * gradient
    return b
