"""Records what the commands print, and compares with what was recorded.

``python tests/recorded/theory_commands.py record`` runs the calls of ``calls.py`` that have no record yet and adds them
to ``theory_commands.json``; what stands there is never rewritten. ``... compare [--only TEXT]`` runs them all again and
lists every difference: by call and, with the largest relative difference, by field. The exit status of ``compare`` is 1
when something moved: a number by more than 1e-12 of itself, or a key, a status, a length or an exit status. Calls that
use random streams are compared too, but do not count.

Run with one BLAS thread (``OPENBLAS_NUM_THREADS=1``), as every result of the package is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls import CALLS, RANDOM_COMMANDS

FOLDER = Path(__file__).parent
# The package of this checkout, also where another one is installed.
sys.path.insert(0, str(FOLDER.parents[1]))
RECORDED = FOLDER / "theory_commands.json"
TOLERANCE = 1e-12

# Of commands whose options have other names now: {"rbm simulate": {"--samples": "--instances"}}.
ARGUMENTS_RENAMED: dict[str, dict[str, str]] = {
    "diffusion collapse-time": {"--spectrum": "--eigenvalues"},
    "diffusion excess-entropy": {"--spectrum": "--eigenvalues"},
    "diffusion simulate": {"--data-sets": "--instances"},
    "random-features simulate": {
        "--samples": "--instances",
        "--spectrum": "--count-modes",
        "--step-size": "--learning-rate",
    },
    "random-features spectrum": {"--density": "--density-points"},
    "rbm simulate": {"--samples": "--instances"},
    "phase-retrieval spectrum": {"--samples": "--points", "--density": "--density-points", "-m": "--overlap"},
    "phase-retrieval threshold": {"-m": "--overlap"},
    "phase-retrieval dmft": {"-n": "--paths", "-m": "--overlap"},
    "phase-retrieval simulate": {"-N": "-d", "--labels": "--label-law", "-m": "--overlap"},
    "phase-retrieval success": {"-N": "-d"},
}
# Of commands whose output has other keys now: {"phase-retrieval dmft": {"time": "training_time"}}. A key with dots, as
# "parameters.samples", is the one at that place alone.
KEYS_RENAMED: dict[str, dict[str, str]] = {
    "diffusion collapse-time": {"parameters.spectrum": "eigenvalues"},
    "diffusion excess-entropy": {"parameters.spectrum": "eigenvalues"},
    "diffusion simulate": {"parameters.data_sets": "instances"},
    "diffusion analyse": {
        f"{name}_error": f"{name}_standard_error"
        for name in (
            *("eigenvalue", "spectral_time", "bimodality_time", "between_class_fraction"),
            *(
                "in_sample",
                "leave_one_out",
                "entropy",
                "participation",
                "top_one",
                "log_ratio",
                "condensation",
            ),
            *("half_time", "collapse_time"),
        )
    },
    "random-features learning-curves": {"ridge": "penalty"},
    "random-features norm-outliers": {"rows": "row_norms", "samples": "sample_norms"},
    "random-features simulate": {
        "ridge": "penalty",
        "parameters.samples": "instances",
        "parameters.step_size": "learning_rate",
    },
    "rbm simulate": {"parameters.samples": "instances"},
    "phase-retrieval spectrum": {"parameters.samples": "points"},
    "phase-retrieval dmft": {"time": "training_time"},
    "phase-retrieval simulate": {
        "parameters.labels": "label_law",
        "theory_standard_error": "theory_error",
    },
    "phase-retrieval success": {"effective_samples": "effective_trials"},
}

# Of commands whose records have further keys now.
KEYS_ADDED: dict[str, tuple[str, ...]] = {"phase-retrieval spectrum": ("outlier_status",)}

# Sentences, which may be reworded while nothing moves.
WORDING = ("version", "approximation", "outliers_approximation", "notes", "reason", "findings")

Call = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One place at which a call prints something else; ``relative`` is infinite unless both are numbers."""

    field: str
    recorded: Any
    printed: Any
    relative: float
    wording: bool = False

    @property
    def moved(self) -> bool:
        return not self.wording and self.relative > TOLERANCE


@contextlib.contextmanager
def workplace() -> Iterator[None]:
    """A temporary working directory with the folder ``data``, so that printed file names are the same everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER / "data", Path(folder) / "data")
        with contextlib.chdir(folder):
            yield


def command_of(arguments: list[str]) -> str:
    """The command that the arguments begin with."""
    words = [" ".join(arguments[:count]) for count in (2, 1)]
    return next(name for name in words if name in CALLS)


def run(arguments: list[str]) -> dict[str, Any]:
    """Exit status, printed object (None if nothing was printed) and, where a data set is written, its arrays."""
    from statphys_gen.cli import main

    printed, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complaint):
        status = main([*arguments, "--json"])
    if complaint.getvalue():
        print(f"{shlex.join(arguments)}\n  {complaint.getvalue().strip()}", file=sys.stderr)
    text = printed.getvalue()
    found: dict[str, Any] = {"exit_code": status, "output": json.loads(text) if text else None}
    if "phase-diagram" in arguments and status == 0:
        found["dataset"] = _dataset(Path(arguments[arguments.index("--output") + 1]) / "phase_diagram.nc")
    return found


def _dataset(file: Path) -> dict[str, Any]:
    import xarray

    from statphys_gen.cli.output import plain

    with xarray.open_dataset(file, engine="h5netcdf") as dataset:
        return {str(name): plain(dataset[name].values) for name in dataset.variables}


def renamed_arguments(arguments: list[str]) -> list[str]:
    """The recorded arguments in the names that the options have now."""
    table = ARGUMENTS_RENAMED.get(command_of(arguments), {})
    return [table.get(word, word) for word in arguments]


def renamed_keys(value: Any, table: dict[str, str], place: str = "") -> Any:
    """The recorded output with the keys that it has now."""
    if isinstance(value, list):
        return [renamed_keys(entry, table, place) for entry in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, entry in value.items():
        path = f"{place}.{key}" if place else key
        found[table.get(path, table.get(key, key))] = renamed_keys(entry, table, path)
    return found


def differences(recorded: Any, printed: Any, field: str = "") -> Iterator[Difference]:
    """Every place at which the two are not the same; equal numbers are equal to the last bit."""
    if isinstance(recorded, dict) and isinstance(printed, dict):
        for key in dict.fromkeys([*recorded, *printed]):
            place = f"{field}.{key}" if field else key
            if key in WORDING and recorded.get(key) != printed.get(key):
                yield Difference(place, recorded.get(key), printed.get(key), math.inf, wording=True)
            elif key not in printed or key not in recorded:
                sides = ("here", "absent") if key in recorded else ("absent", "here")
                yield Difference(f"{place} (key)", *sides, math.inf)
            else:
                yield from differences(recorded[key], printed[key], place)
    elif isinstance(recorded, list) and isinstance(printed, list):
        if len(recorded) != len(printed):
            yield Difference(f"{field} (length)", len(recorded), len(printed), math.inf)
        for old, new in zip(recorded, printed, strict=False):
            yield from differences(old, new, field)
    elif type(recorded) is not type(printed) or recorded != printed:
        yield Difference(field, recorded, printed, _relative(recorded, printed))


def _relative(old: Any, new: Any) -> float:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (old, new))
    if not numbers:
        return math.inf
    return 0.0 if old == new else abs(old - new) / max(abs(old), abs(new))


def check(call: Call) -> list[Difference]:
    """Run a recorded call again; to be called in the :func:`workplace`."""
    found = run(renamed_arguments(call["arguments"]))
    names = ("exit_code", "output", "dataset")
    recorded = {name: call[name] for name in names if name in call}
    table = KEYS_RENAMED.get(command_of(call["arguments"]), {})
    recorded["output"] = renamed_keys(recorded["output"], table)
    added = {f"output.results.{key} (key)" for key in KEYS_ADDED.get(command_of(call["arguments"]), ())}
    return [
        entry
        for entry in differences(recorded, found)
        if not (entry.field in added and entry.recorded == "absent")
    ]


def load() -> list[Call]:
    calls: list[Call] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else []
    return calls


def record() -> int:
    """Add the calls that have no record yet."""
    calls = load()
    known = {call["name"] for call in calls}
    with workplace():
        for command, points in CALLS.items():
            for label, words in points.items():
                name = f"{command}: {label}"
                if name in known:
                    continue
                arguments = [*command.split(), *shlex.split(words)]
                start = time.process_time()
                found = run(arguments)
                seconds = time.process_time() - start
                print(f"{seconds:6.2f} s  exit {found['exit_code']}  {name}", flush=True)
                if found["exit_code"] == 2:
                    raise SystemExit(f"{name}: this call is refused")
                system = command.split()[0]
                calls.append(
                    {"name": name, "system": system, "arguments": arguments}
                    | {"random": command in RANDOM_COMMANDS}
                    | found
                )
    lines = ",\n".join(json.dumps(call, allow_nan=False) for call in calls)
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(calls) - len(known)} calls added, {len(calls)} in all")
    return 0


def compare(only: str) -> int:
    """Run every recorded call again and print what differs."""
    verdicts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    worst: dict[tuple[str, str], tuple[float, str, Difference]] = {}
    with workplace():
        for call in load():
            if only not in call["name"]:
                continue
            found = check(call)
            verdict = _verdict(found)
            verdicts[call["random"]][verdict] += 1
            if verdict != "identical":
                print(f"{verdict}{' (random)' if call['random'] else ''}: {call['name']}", flush=True)
            for difference in found:
                key = (command_of(call["arguments"]), difference.field)
                if key not in worst or difference.relative > worst[key][0]:
                    worst[key] = (difference.relative, call["name"], difference)
    if worst:
        print("\nlargest relative difference by field:")
    for (command, field), (relative, name, difference) in sorted(worst.items()):
        size = "wording" if difference.wording else f"{relative:.2g}"
        shown = " -> ".join(str(x)[:60] for x in (difference.recorded, difference.printed))
        print(f"  {command} | {field} | {size} | {shown} | {name.partition(': ')[2]}")
    for random, counts in verdicts.items():
        kind = "with random streams" if random else "without random streams"
        print(f"{kind}: " + (", ".join(f"{count} {name}" for name, count in counts.items()) or "none"))
    return 1 if verdicts[False]["moved"] else 0


def _verdict(found: list[Difference]) -> str:
    if not found:
        return "identical"
    if any(difference.moved for difference in found):
        return "moved"
    return "reworded" if all(difference.wording for difference in found) else "within 1e-12"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("record", "compare"))
    parser.add_argument(
        "--only", metavar="TEXT", default="", help="compare only calls whose name contains TEXT"
    )
    options = parser.parse_args()
    return record() if options.action == "record" else compare(options.only)


if __name__ == "__main__":
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("MPLBACKEND", "Agg")
    sys.exit(main())
