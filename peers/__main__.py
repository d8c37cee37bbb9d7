"""Drive the samplers of diffusers and k-diffusion with designed grids, and keep a record of what they did.

    python -m peers PYTHON [--output FILE]

PYTHON is the interpreter of an environment that holds them (``make peers`` makes one). For each target a grid is
designed, given to the library in the form that the target asks for, and run on the exact denoiser of the two classes.
Compared are the noise levels at which the library asked the network, to single precision, and the weight and details
that it generated, within four standard errors of the exact prediction. Exit 1 where one differs.
"""

import argparse
import json
import math
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from statphys_gen import __version__
from statphys_gen.schedules import (
    NamedInterpolant,
    NoiseGrid,
    TwoClasses,
    design_report,
    generated_weight,
    named_table,
)

# So far apart that several levels lie above the table of 1000 steps.
_LAW = TwoClasses(100, 2.0, 0.36, 0.72)
_STEPS, _WALKERS, _SEED = 10, 40_000, 1
_SIGMAS = 4.0
# Single precision of levels, of timesteps out of 1000 and of s/(1 - s), which loses digits near s = 1.
_LEVELS = 2e-5


def cases() -> list[tuple[dict[str, Any], NoiseGrid]]:
    """What each library is given, and the grid that it should run."""
    table = named_table("scaled-linear")
    inside = float(table[0]), float(table[-1])
    found: list[tuple[dict[str, Any], NoiseGrid]] = []

    def add(name: str, target: str, options: dict[str, Any] | None = None, **design: Any) -> None:
        report = design_report(_LAW, _STEPS, target=target, **design)
        entry = {"name": name, "target": target, "emitted": report.emitted, **(options or {})}
        found.append((entry | {"scheme": report.schedule.grid.scheme}, report.schedule.grid))

    add("k-diffusion sample_euler", "k-diffusion")
    add("k-diffusion sample_heun", "k-diffusion", scheme="heun")
    add("k-diffusion sample_dpmpp_2m", "k-diffusion", scheme="dpmpp-2m")
    add("EulerDiscreteScheduler within its table", "diffusers-euler", noise_level_range=inside)
    above = {"begin_index": True}
    add(
        "EulerDiscreteScheduler above its table, set_begin_index(0)",
        "diffusers-euler",
        above,
        begin_index=True,
    )
    add("EulerDiscreteScheduler, rounded timesteps", "ddpm-timesteps", table=table)
    add("FlowMatchEulerDiscreteScheduler", "flow-match", {"scheduler": {"shift": 1.0}})
    add("FlowMatchEulerDiscreteScheduler, shift 3", "flow-match", {"scheduler": {"shift": 3.0}}, shift=3.0)
    for kind, mu in (("exponential", 1.15), ("linear", 2.3)):
        shifted = {"scheduler": {"use_dynamic_shifting": True, "time_shift_type": kind}, "mu": mu}
        m = math.exp(mu) if kind == "exponential" else mu
        add(f"FlowMatchEulerDiscreteScheduler, {kind} dynamic shift", "flow-match", shifted, dynamic_shift=m)
    add(
        "torchdiffeq euler on the linear interpolant",
        "interpolant",
        interpolant=NamedInterpolant("vp-linear"),
    )
    return found


def traps(plan: list[tuple[dict[str, Any], NoiseGrid]]) -> list[tuple[dict[str, Any], NoiseGrid]]:
    """What goes wrong where a target's form is not kept: recorded, not judged."""
    by_name = {entry["name"]: (entry, grid) for entry, grid in plan}
    above, above_grid = by_name["EulerDiscreteScheduler above its table, set_begin_index(0)"]
    plain, _ = by_name["FlowMatchEulerDiscreteScheduler"]
    shifted, flow_grid = by_name["FlowMatchEulerDiscreteScheduler, shift 3"]
    below = [level / (1.0 + level) for level in above_grid.levels[:-1]]
    return [
        (
            above | {"name": "levels above the table without set_begin_index(0)", "begin_index": False},
            above_grid,
        ),
        (
            shifted | {"name": "flow times that are not unshifted, shift 3", "emitted": plain["emitted"]},
            flow_grid,
        ),
        (plain | {"name": "flow times that begin below 1, from pure noise", "emitted": below}, above_grid),
    ]


def asked(grid: NoiseGrid) -> list[float]:
    """Levels at which a solver asks the network."""
    levels = grid.levels
    if grid.scheme != "heun":
        return list(levels[:-1])
    return [level for pair in pairwise(levels) for level in pair if level]


def judged(grid: NoiseGrid, found: dict[str, Any]) -> dict[str, Any]:
    """One line of the record."""
    exact = generated_weight(_LAW, grid)
    line: dict[str, Any] = {"name": found["name"], "predicted_weight": exact.weight}
    if "error" in found:
        return line | {"error": found["error"], "passes": False}
    used, wanted = [float(s) for s in found["levels"]], asked(grid)
    apart = math.inf
    if len(used) == len(wanted):
        apart = max(0.0 if a == b else abs(a / b - 1.0) for a, b in zip(used, wanted, strict=True))
    weight = found["positive"] / _WALKERS
    error = math.sqrt(exact.weight * (1.0 - exact.weight) / _WALKERS)
    assert exact.detail_std is not None
    details = (found["detail_std"] - exact.detail_std) / found["detail_standard_error"]
    line |= {
        "largest_relative_difference_of_levels": apart if math.isfinite(apart) else "other levels",
        "weight": weight,
        "weight_z": (weight - exact.weight) / error,
        "predicted_detail_std": exact.detail_std,
        "detail_std": found["detail_std"],
        "detail_z": details,
    }
    passes = apart < _LEVELS and abs(line["weight_z"]) < _SIGMAS and abs(details) < _SIGMAS
    return line | {"passes": passes}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m peers", description="Designed grids in other libraries.")
    parser.add_argument("python", help="interpreter that has diffusers and k-diffusion")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("record.json"))
    options = parser.parse_args(words)
    judged_plan = cases()
    plan = [*judged_plan, *traps(judged_plan)]
    law = {name: getattr(_LAW, name) for name in ("dimension", "separation", "variance", "weight")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.json"
        content = {"law": law, "walkers": _WALKERS, "seed": _SEED, "cases": [entry for entry, _ in plan]}
        file.write_text(json.dumps(content), encoding="utf-8")
        driver = Path(__file__).with_name("drive.py")
        ran = subprocess.run([options.python, str(driver), str(file)], stdout=subprocess.PIPE, check=True)
    answer = json.loads(ran.stdout)
    lines = [judged(grid, found) for (_, grid), found in zip(plan, answer["results"], strict=True)]
    lines, ignored = lines[: len(judged_plan)], lines[len(judged_plan) :]
    passes = all(line["passes"] for line in lines)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "passes": passes,
        "versions": {"statphys-gen": __version__, "python": platform.python_version(), **answer["versions"]},
        "law": law,
        "steps": _STEPS,
        "walkers": _WALKERS,
        "cases": lines,
        "traps": [{name: value for name, value in line.items() if name != "passes"} for line in ignored],
    }
    options.output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for line in lines:
        print("passes" if line["passes"] else "FAILS ", line["name"])
    return 0 if passes else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
