"""Neighbours by blocks against a partition of whole rows and against the matrix product alone; the exact law of votes
against permutations. One thread.

Neighbours: 2048 rows among 20,000 points in 256 dimensions; a large set, 1024 rows among 20,000 points in 3072. Votes:
180 voted points of 60,000, and 100,000 permutations of the labels. A report at size: 10,000 generated images of
32 x 32 x 3 bytes, of which 100 are copies with noise of 3 grey levels, 50,000 training and 10,000 held-out ones; its
memory is the peak of the process, beside that of the points in double precision.

    python -m benchmarks.memorization
"""

import json
import resource

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.memorization import report
from statphys_gen.numerics.neighbours import two_nearest
from statphys_gen.statistics.assignment import label_assignment

from .baselines.neighbour_partition import neighbour_ratios
from .measure import cpu_seconds, machine

SHAPES = ((2048, 20_000, 256), (1024, 20_000, 3072))
PERMUTATIONS = 100_000
SIZES = {"generated": 10_000, "training": 50_000, "held_out": 10_000}
COPIES = 100


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


def images(count: int, seed: int) -> np.ndarray:
    """(count, 32, 32, 3) bytes: random fields with a spectrum that falls as that of photographs."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.rfftfreq(32))
    frequency[0, 0] = 1 / 32
    colours = np.array([[1.0, 0.5, 0.2], [0.8, -0.2, 0.6], [0.9, 0.3, -0.5]])
    found = np.empty((count, 32, 32, 3), dtype=np.uint8)
    for start in range(0, count, 1000):
        part = found[start : start + 1000]
        waves = rng.standard_normal((2, len(part), 3, 32, 17))
        fields = np.fft.irfft2((waves[0] + 1j * waves[1]) * frequency**-1.3, s=(32, 32))
        pixels = np.einsum("ncij,kc->nijk", fields, colours)
        part[...] = np.clip(127.0 + 55.0 * pixels / pixels.std(), 0, 255)
    return found


def report_at_size() -> dict[str, float | str]:
    sets = {name: images(count, seed) for seed, (name, count) in enumerate(SIZES.items())}
    copied = sets["training"][:COPIES].astype(np.int64)
    noise = np.random.default_rng(3).integers(-3, 4, copied.shape)
    sets["generated"][:COPIES] = np.clip(copied + noise, 0, 255)
    found = []
    seconds = cpu_seconds({"report": lambda: found.append(report(**sets, distances=False))}, 1)
    return seconds | {
        "points in GB": 8e-9 * sum(entry.size for entry in sets.values()),
        "peak in GB": 1.024e-6 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "verdict": found[0].verdict,
        "excess fraction": found[0].excess_fraction,
    }


def main() -> None:
    two_nearest(np.eye(4), np.eye(4))  # compiled
    with threadpool_limits(1):
        found = {f"{r} x {n} x {d}": search(r, n, d) for r, n, d in SHAPES}
        found["votes"] = votes()
        found["report at size"] = report_at_size()
    print(json.dumps({"machine": machine(), **found}))


if __name__ == "__main__":
    main()
