"""Posterior weights of noised points: the blocked pass against its matrix product, scipy's logsumexp and a loop.

float64, one thread, isotropic Gaussian data of variance 1.

pass        one block of noised points against all points at one time: CPU seconds of the matrix product alone over
            those of everything (product, weights, sums), at d = 1024 and d = 256.
fused       the sums over the weights at the collapse time, from products that stand: one scipy.special.logsumexp, or
            two of them for the sum of squares as well, over the fused kernel.
curve       H at many times: the loop over noised points, one time after the other, against the two products for all
            times. At equal error: the loop is scaled to as many noised points as its variance needs.

    python -m benchmarks.posterior_pass
"""

import json

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from statphys_gen.numerics.kernels_posterior import accumulate
from statphys_gen.numerics.posterior import COLUMNS, ROWS, EmpiricalPosterior

from .baselines.excess_entropy_loop import entropy_terms
from .measure import cpu_seconds, machine

POINTS = 20_000
CURVE_DIMENSION, CURVE_TIMES, LOOP_NOISED = 256, 20, 8


def collapse_time(points: int, dimension: int) -> float:
    """Where log n = (d/2) log(1 + 1/(exp(2t) - 1))."""
    return float(0.5 * np.log1p(1.0 / np.expm1(2.0 * np.log(points) / dimension)))


def one_pass(dimension: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((POINTS, dimension))
    posterior = EmpiricalPosterior(points)
    noise, sources = rng.standard_normal((ROWS, dimension)), np.arange(ROWS)
    time = np.array([collapse_time(POINTS, dimension)])
    blocks = [points[start : start + COLUMNS].T for start in range(0, POINTS, COLUMNS)]

    def products() -> None:
        for block in blocks:
            noise @ block

    def everything() -> object:
        return posterior.sums(time, noise, sources=sources)

    everything()
    spent = cpu_seconds({"product": products, "pass": everything}, repeats=7)
    return {
        "time": time[0],
        "cpu_seconds_of_the_pass": spent["pass"],
        "share_of_the_matrix_product": spent["product"] / spent["pass"],
        "gigaflops_of_the_pass": 2e-9 * POINTS * ROWS * dimension / spent["pass"],
    }


def fused_sums(dimension: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    points = rng.standard_normal((POINTS, dimension))
    excess = np.expm1(2.0 * collapse_time(POINTS, dimension))
    noise, sources = rng.standard_normal((ROWS, dimension)), np.arange(ROWS)
    products = (points[sources] / excess + noise / np.sqrt(excess)) @ points.T
    bias = -0.5 / excess * (points**2).sum(axis=1)
    excluded, ones, zeros = np.full(ROWS, -1), np.ones(1), np.zeros(1)
    state = [np.empty((1, ROWS)), np.empty((1, ROWS), dtype=np.int64)] + [
        np.empty((1, ROWS)) for _ in range(3)
    ]

    def fused() -> object:
        for entry, first in zip(state, (-np.inf, 0, 0.0, 0.0, 0.0), strict=True):
            entry[:] = first
        return accumulate(products, products, ones, zeros, bias[None], excluded, 0, *state)

    def scipy_sums() -> object:
        logs = products + bias
        total = logsumexp(logs, axis=1)
        return total, logsumexp(2.0 * logs, axis=1) - 2.0 * total

    def scipy_logsumexp() -> object:
        return logsumexp(products + bias, axis=1)

    def plain() -> object:
        logs = products + bias
        logs -= logs.max(axis=1, keepdims=True)
        weights = np.exp(logs, out=logs)
        total = weights.sum(axis=1)
        return total, np.einsum("ij,ij->i", weights, weights) / total**2

    fused()
    total, squares = scipy_sums()
    difference = np.abs(state[0][0] + np.log(state[2][0]) - total).max()
    participation = np.abs(state[3][0] / state[2][0] ** 2 - np.exp(squares)).max()
    spent = cpu_seconds(
        {"fused": fused, "once": scipy_logsumexp, "twice": scipy_sums, "plain": plain}, repeats=5
    )
    return {
        "nanoseconds_of_a_weight": 1e9 * spent["fused"] / products.size,
        "faster_than_scipy_logsumexp": spent["once"] / spent["fused"],
        "faster_than_scipy_logsumexp_twice": spent["twice"] / spent["fused"],
        "faster_than_plain_numpy": spent["plain"] / spent["fused"],
        "largest_difference_of_the_logarithm": difference,
        "largest_difference_of_the_participation": participation,
    }


def whole_curve() -> dict[str, object]:
    rng = np.random.default_rng(2)
    points = rng.standard_normal((POINTS, CURVE_DIMENSION))
    middle = collapse_time(POINTS, CURVE_DIMENSION)
    times = np.linspace(0.6 * middle, 3.0 * middle, CURVE_TIMES)
    posterior = EmpiricalPosterior(points)
    noise, sources = rng.standard_normal((ROWS, CURVE_DIMENSION)), np.arange(ROWS)

    def curve() -> np.ndarray:
        return posterior.sums(times, noise, sources=sources).entropy

    def loop() -> None:
        entropy_terms(points, float(times[0]), LOOP_NOISED, np.random.default_rng(0))

    entropy = curve()
    spent = cpu_seconds({"curve": curve, "loop": loop})
    variance = entropy.var(axis=1, ddof=1)
    loop_variance = np.array([entropy_terms(points, float(t), 64, rng).var(ddof=1) for t in times[::4]])
    per_point = spent["curve"] / ROWS
    loop_per_point = spent["loop"] / LOOP_NOISED * CURVE_TIMES
    # At equal error at the time where that costs the loop least, and in the median over the times.
    gain = loop_variance / np.maximum(variance[::4], 1e-300)
    return {
        "times": [round(float(times[0]), 3), round(float(times[-1]), 3), CURVE_TIMES],
        "faster_at_equal_numbers_of_noised_points": loop_per_point / per_point,
        "variance_of_the_loop_over_the_variance_here": {
            f"{t:.3g}": float(f"{value:.3g}") for t, value in zip(times[::4], gain, strict=True)
        },
        "faster_at_equal_error_at_the_least_favourable_time": loop_per_point / per_point * float(gain.min()),
    }


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    report = {
        "benchmark": "posterior_pass",
        "machine": machine(),
        "parameters": {"dtype": "float64", "points": POINTS, "noised": ROWS, "threads": 1},
        "pass": {f"d = {d}": one_pass(d) for d in (1024, 256)},
        "fused": {f"d = {d}": fused_sums(d) for d in (1024, 256)},
        f"curve, d = {CURVE_DIMENSION}": whole_curve(),
    }
    print(json.dumps(rounded(report), indent=2))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
