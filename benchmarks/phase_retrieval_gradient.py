"""Gradient of the loss of phase retrieval: fused kernel, matrix-vector products, and a batch of students.

N = 1000, M = 3 N, the normalised loss with offset 1, one thread. CPU seconds.

one       the fused kernel for one student against the two matrix-vector products that a gradient needs (X w and X^T F,
          without the slopes between them), and against products and slopes together.
batch     32 students that share the sensing vectors: CPU seconds of one student alone over those of a student in the
          batch, where "one" is the fused kernel, or the two products with their slopes.
slopes    of a batch: the kernel against numpy's evaluation of loss and slope.

    python -m benchmarks.phase_retrieval_gradient
"""

import json

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.phase_retrieval.model import Loss
from statphys_gen.phase_retrieval.simulation.gradient import Gradients, kernel_code
from statphys_gen.phase_retrieval.simulation.kernels import slopes_of_batch

from .baselines.phase_retrieval_gradient_blas import gradient, two_products
from .measure import cpu_seconds, machine

DIMENSION, RATIO, BATCH, REPEATS = 1000, 3, 32, 25


def ratios(kind: type) -> dict[str, float]:
    rng = np.random.default_rng(0)
    loss = Loss.normalised(1.0)
    x = rng.standard_normal((RATIO * DIMENSION, DIMENSION)).astype(kind)
    labels = rng.standard_normal(RATIO * DIMENSION)
    students = rng.standard_normal((BATCH, DIMENSION)).astype(kind)
    slopes = rng.standard_normal(RATIO * DIMENSION).astype(kind)
    instance, first = np.zeros(BATCH, dtype=np.int64), np.zeros(1, dtype=np.int64)
    fused = Gradients(loss, x[None], labels[None], 1)
    products = Gradients(loss, x[None], labels[None], BATCH)
    y = np.empty((len(x), BATCH), dtype=kind)
    fresh = (x @ students.T / np.sqrt(DIMENSION)).astype(kind)
    sums = np.zeros((2, BATCH))
    code = kernel_code(loss)
    assert code is not None

    def slopes_by_kernel() -> None:
        np.copyto(y, fresh)
        slopes_of_batch(y, labels, *code, sums[0], sums[1])

    def slopes_by_numpy() -> None:
        label = np.broadcast_to(labels[:, None], fresh.shape)
        slope = loss.slope(fresh, label)
        loss.value(fresh, label).sum(axis=0)
        np.einsum("mp,mp->p", slope, fresh)

    slopes_by_kernel()
    calls = {
        "slopes_by_kernel": slopes_by_kernel,
        "slopes_by_numpy": slopes_by_numpy,
        "fused": lambda: fused(students[:1], first),
        "products": lambda: two_products(x, students[0], slopes),
        "numpy": lambda: gradient(x, labels, students[0]),
        "batch": lambda: products(students, instance),
    }
    reference = gradient(x.astype(np.float64), labels, students[0].astype(np.float64))
    worst = max(
        np.abs(found - reference).max() / np.abs(reference).max()
        for found in (fused(students[:1], first)[0][0], products(students, instance)[0][0])
    )
    spent = cpu_seconds(calls, repeats=REPEATS)
    return {
        "milliseconds_of_the_fused_gradient": 1e3 * spent["fused"],
        "faster_than_two_products": spent["products"] / spent["fused"],
        "faster_than_products_and_slopes": spent["numpy"] / spent["fused"],
        "batch_per_student_against_one_fused": BATCH * spent["fused"] / spent["batch"],
        "batch_per_student_against_one_of_products": BATCH * spent["numpy"] / spent["batch"],
        "slopes_faster_than_numpy": spent["slopes_by_numpy"] / spent["slopes_by_kernel"],
        "largest_relative_difference": float(worst),
    }


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    report = {
        "benchmark": "phase_retrieval_gradient",
        "machine": machine(),
        "parameters": {"dimension": DIMENSION, "samples_per_dimension": RATIO, "batch": BATCH, "threads": 1},
        "float64": ratios(np.float64),
        "float32": ratios(np.float32),
    }
    print(json.dumps(rounded(report), indent=2))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
