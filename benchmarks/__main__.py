"""``python -m benchmarks [NAME ...]``: run the benchmarks, each in a process of its own, and keep what they print."""

import json
import os
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from statphys_gen import __version__

FOLDER = Path(__file__).parent
_NOT_BENCHMARKS = {"__main__", "measure", "baselines"}


def names() -> list[str]:
    return sorted(module.name for module in iter_modules([str(FOLDER)]) if module.name not in _NOT_BENCHMARKS)


def run(name: str) -> dict[str, Any]:
    environment = os.environ | dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    words = [sys.executable, "-m", f"benchmarks.{name}"]
    printed = subprocess.run(
        words, stdout=subprocess.PIPE, text=True, check=True, env=environment, cwd=FOLDER.parent
    )
    return {"benchmark": name, "version": __version__} | json.loads(printed.stdout)


def main(chosen: list[str]) -> int:
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"NAME = {unknown[0]}: must be one of {', '.join(names())}", file=sys.stderr)
        return 2
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    for name in chosen or names():
        document = json.dumps(run(name), indent=1)
        (results / f"{name}.json").write_text(document + "\n", encoding="utf-8")
        print(document, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
