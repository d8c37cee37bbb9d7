"""What one would otherwise run for a clone curve: Euler steps of all d coordinates, vectorised over the clones.

Two balanced classes at +-m, |m|^2 = d, of unit variance. One run goes from T = 10 to 0 in 1000 uniform steps; at every
branch time a second run parts from it, and the signs of m.x_0 are compared. The settings are those of the published
experiment of arXiv 2402.18491 (10^4 clones).

    python benchmarks/baselines/clone_curve_numpy.py [DIMENSION] [CLONES]
"""

import sys

import numpy as np

HORIZON, STEPS = 10.0, 1000
TIMES = np.arange(1.0, 7.01, 0.5)
CLONES = 10_000


def steps_of_curve() -> int:
    """Euler steps of one clone for the whole curve: the first run and one branch for each time."""
    return STEPS + round(float(TIMES.sum()) / HORIZON * STEPS)


def advance(x: np.ndarray, m: np.ndarray, first: int, last: int, rng: np.random.Generator) -> np.ndarray:
    """Euler steps ``first`` ... ``last`` - 1 of ``STEPS``."""
    h = HORIZON / STEPS
    for step in range(first, last):
        a = np.exp(-(HORIZON - step * h))
        score = np.tanh(a * (x @ m))[:, None] * (a * m) - x
        x = x + h * (x + 2.0 * score) + np.sqrt(2.0 * h) * rng.standard_normal(x.shape)
    return x


def clone_curve(dimension: int, clones: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    m = np.ones(dimension)
    x = rng.standard_normal((clones, dimension))
    step, branches = 0, {}
    for t in TIMES[::-1]:
        until = round((HORIZON - t) / HORIZON * STEPS)
        x = advance(x, m, step, until, rng)
        step = until
        branches[t] = advance(x.copy(), m, step, STEPS, rng) @ m > 0
    final = advance(x, m, step, STEPS, rng) @ m > 0
    return np.array([(branches[t] == final).mean() for t in TIMES])


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    for t, value in zip(TIMES, clone_curve(size, count), strict=True):
        print(f"{t:4.1f}  {value:.4f}")
