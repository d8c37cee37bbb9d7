"""Training step by step, of random features and of the small network: the kernels against the same steps in numpy.

Random features: 100 steps of descent with momentum, and of Adam, for A of (dimension, features). Network: one update by
Adam or momentum of a vector of parameters in single precision, without the gradient. One thread; compilation is not
counted.

    python -m benchmarks random_features_training
"""

import json
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.random_features.simulation.kernels import adam_steps, descent_steps
from statphys_gen.random_features.simulation.kernels_network import adam_update, momentum_update

from .measure import cpu_seconds, machine

STEPS, REPEATS = 100, 7
SIZES = ((8, 16), (16, 64), (30, 240), (60, 480))
PARAMETERS = (10_000, 36_000)
UPDATES = 200


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _ratio(kernel: Any, plain: Any, count: int) -> dict[str, float]:
    kernel()
    spent = cpu_seconds({"kernel": kernel, "numpy": plain}, REPEATS)
    return {
        "kernel_microseconds": _digits(1e6 * spent["kernel"] / count),
        "numpy_microseconds": _digits(1e6 * spent["numpy"] / count),
        "ratio": _digits(spent["numpy"] / spent["kernel"]),
    }


def descent(dimension: int, features: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    w = rng.standard_normal((features, dimension)) / np.sqrt(dimension)
    gram, target = w @ w.T / features, rng.standard_normal((dimension, features))

    def kernel() -> None:
        new, old = np.zeros_like(target), np.zeros_like(target)
        descent_steps(new, old, gram, target, STEPS, 0.1, 0.9, False)

    def plain() -> None:
        new, old = np.zeros_like(target), np.zeros_like(target)
        for _ in range(STEPS):
            ahead = new + 0.9 * (new - old)
            old, new = new, ahead - 0.1 * (new @ gram + target)

    return _ratio(kernel, plain, STEPS)


def adam(dimension: int, features: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    w = rng.standard_normal((features, dimension)) / np.sqrt(dimension)
    gram, target = w @ w.T / features, rng.standard_normal((dimension, features))

    def kernel() -> None:
        a, m, v = (np.zeros_like(target) for _ in range(3))
        adam_steps(a, m, v, gram, target, 0, STEPS, 1e-3, 0.9, 0.999, 1e-8)

    def plain() -> None:
        a, m, v = (np.zeros_like(target) for _ in range(3))
        for k in range(1, STEPS + 1):
            g = a @ gram + target
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            a -= 1e-3 / (1 - 0.9**k) * m / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)

    return _ratio(kernel, plain, STEPS)


def updates(parameters: int) -> dict[str, dict[str, float]]:
    rng = np.random.default_rng(0)
    p, m, v, g = (rng.random(parameters, dtype=np.float32) for _ in range(4))
    rate, b1, b2, small = (np.float32(x) for x in (1e-3, 0.1, 0.001, 1e-8))

    def adam_kernel() -> None:
        for k in range(UPDATES):
            adam_update(p, m, v, g, k + 1, 1e-3, 0.9, 0.999, 1e-8)

    def adam_plain() -> None:
        for k in range(1, UPDATES + 1):
            np.add(m, b1 * (g - m), out=m)
            np.add(v, b2 * (g * g - v), out=v)
            scale = np.float32(1 / np.sqrt(1 - 0.999**k))
            np.subtract(p, rate / np.float32(1 - 0.9**k) * m / (np.sqrt(v) * scale + small), out=p)

    def momentum_kernel() -> None:
        for _ in range(UPDATES):
            momentum_update(p, m, g, 1e-3, 0.9)

    def momentum_plain() -> None:
        for _ in range(UPDATES):
            np.multiply(m, np.float32(0.9), out=m)
            np.subtract(m, rate * g, out=m)
            np.add(p, m, out=p)

    return {
        "adam": _ratio(adam_kernel, adam_plain, UPDATES),
        "momentum": _ratio(momentum_kernel, momentum_plain, UPDATES),
    }


def main() -> None:
    document = {
        "benchmark": "random_features_training",
        "machine": machine(),
        "threads": 1,
        "descent": {f"{d} x {p}": descent(d, p) for d, p in SIZES},
        "adam": {f"{d} x {p}": adam(d, p) for d, p in SIZES},
        "network_updates": {str(n): updates(n) for n in PARAMETERS},
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
