"""Recipe of ``phase_retrieval_success.json``: how often gradient descent finds the signal, for several sizes.

    nice python tests/reference/phase_retrieval_success.py

simulates independent instances from random starts and writes for each size and ratio how many descents succeeded within
the duration. The largest size takes hours; every finished point is kept in ``phase_retrieval_success.sqlite`` beside
this file, a run that was cut off resumes, and the table holds whatever is finished.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from statphys_gen import sweep
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.simulation.success import simulate_success

TABLE = Path(__file__).with_suffix(".json")
OFFSET, THRESHOLD, DURATION, SEED = 1.0, 0.98, 200.0, 0
FIRST, GROWTH, LARGEST = 0.01, 1.02, 0.08
INSTANCES = 20
# Size: ratios, blocks of instances at each of them, precision.
NEAR, FAR = (2.5, 2.75, 3.0, 3.25, 3.5), (1.5, 2.0, 2.25, 4.0, 5.0)
# The ratios near the midpoint come first: a run that is cut off should still have midpoints.
STAGES = (
    (64, (*FAR, *NEAR), 20, "double"),
    (128, NEAR, 10, "double"),
    (32, (*FAR, *NEAR), 20, "double"),
    (256, NEAR, 10, "single"),
    (512, NEAR, 10, "single"),
    # At 2.5 the rate is below the 0.05 from which the midpoint is fitted.
    (1024, NEAR[1:], 10, "single"),
    (128, FAR, 5, "double"),
    (256, FAR, 5, "single"),
    (512, FAR, 5, "single"),
    (1024, FAR, 2, "single"),
)


def schedule() -> np.ndarray:
    steps = geometric_steps(100_000, FIRST, GROWTH, LARGEST)
    return steps[: int(np.searchsorted(np.cumsum(steps), DURATION)) + 1]


def outcomes(
    dimension: int, samples_per_dimension: float, precision: str, seed: int
) -> dict[str, np.ndarray]:
    found = simulate_success(
        PhaseRetrieval(Loss.normalised(OFFSET), samples_per_dimension),
        dimension,
        step_sizes=schedule(),
        instances=INSTANCES,
        threshold=THRESHOLD,
        precision=precision,
        seed=seed,
    )
    return {"success_time": found.require().success_time[:, 0]}


def rows(stage: tuple, blocks: int) -> Iterator[dict[str, float]]:
    dimension, ratios, _, precision = stage
    grid = {"dimension": dimension, "samples_per_dimension": list(ratios), "precision": precision}
    store = TABLE.with_suffix(".sqlite")
    found = sweep.run(
        outcomes, grid, store=store, version="1", seed=SEED, replicas=blocks, key="phase_retrieval_success"
    )
    for ratio in ratios:
        times = found["success_time"].sel(samples_per_dimension=ratio).values.ravel()
        reached = np.sort(times[np.isfinite(times)])
        yield {
            "dimension": dimension,
            "samples_per_dimension": ratio,
            "instances": len(times),
            "successes": len(reached),
            "median_success_time": float(np.median(reached)) if len(reached) else None,
            "late_successes": int((reached > DURATION / 2).sum()),
        }


def write(table: dict[tuple[int, float], dict]) -> None:
    recipe = {"offset": OFFSET, "threshold": THRESHOLD, "duration": DURATION}
    recipe |= {"step_sizes": {"first": FIRST, "growth": GROWTH, "largest": LARGEST}, "seed": SEED}
    recipe["precision"] = {str(stage[0]): stage[3] for stage in STAGES}
    lines = [json.dumps(table[place]) for place in sorted(table)]
    text = '{"recipe": ' + json.dumps(recipe) + ',\n "rows": [\n  ' + ",\n  ".join(lines) + "\n ]}\n"
    TABLE.write_text(text, encoding="utf-8")


def kept() -> dict[tuple[int, float], dict]:
    """The rows that stand: they stay until they are replaced by rows of at least as many instances."""
    if not TABLE.is_file():
        return {}
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    return {(row["dimension"], row["samples_per_dimension"]): row for row in rows}


def main() -> None:
    table = kept()
    for stage in STAGES:
        for blocks in range(1, stage[2] + 1):
            for row in rows(stage, blocks):
                place = row["dimension"], row["samples_per_dimension"]
                if row["instances"] >= table.get(place, row)["instances"]:
                    table[place] = row
            write(table)


if __name__ == "__main__":
    main()
