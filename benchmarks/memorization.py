"""Neighbours by blocks against a partition of whole rows and against the matrix product alone; the exact law of votes
against permutations. One thread.

Neighbours: 2048 rows among 20,000 points in 256 dimensions; a large set, 1024 rows among 20,000 points in 3072. Votes:
180 voted points of 60,000, and 100,000 permutations of the labels.

    python -m benchmarks.memorization
"""

import json

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.numerics.neighbours import two_nearest
from statphys_gen.statistics.assignment import label_assignment

from .baselines.neighbour_partition import neighbour_ratios
from .measure import cpu_seconds, machine

SHAPES = ((2048, 20_000, 256), (1024, 20_000, 3072))
PERMUTATIONS = 100_000


def search(rows: int, count: int, dimension: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    points, x = rng.standard_normal((count, dimension)), rng.standard_normal((rows, dimension))
    seconds = cpu_seconds(
        {
            "blocks": lambda: two_nearest(x, points),
            "partition": lambda: neighbour_ratios(x, points),
            "product": lambda: x @ points.T,
        }
    )
    over = {
        "partition over blocks": seconds["partition"] / seconds["blocks"],
        "blocks over product": seconds["blocks"] / seconds["product"],
    }
    return seconds | over


def votes() -> dict[str, float]:
    rng = np.random.default_rng(2)
    counts, labelled = np.zeros(60_000, dtype=np.int64), np.arange(60_000) < 50_000
    counts[rng.choice(60_000, 180, replace=False)] = rng.choice([1, 2, 3], 180, p=[0.8, 0.15, 0.05])

    def permutations() -> float:
        observed = counts[labelled].sum()
        return float(
            np.mean([rng.permutation(counts)[:50_000].sum() >= observed for _ in range(PERMUTATIONS)])
        )

    seconds = cpu_seconds(
        {"exact": lambda: label_assignment(counts, labelled), "permutations": permutations}, 1
    )
    return seconds | {"ratio": seconds["permutations"] / seconds["exact"]}


def main() -> None:
    two_nearest(np.eye(4), np.eye(4))  # compiled
    with threadpool_limits(1):
        found = {f"{r} x {n} x {d}": search(r, n, d) for r, n, d in SHAPES}
        found["votes"] = votes()
    print(json.dumps({"machine": machine(), **found}))


if __name__ == "__main__":
    main()
