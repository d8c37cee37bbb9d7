"""Every module is imported, and some commands are run, with warnings as errors from the start of the process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import contextlib
import importlib
import io
from pathlib import Path

from statphys_gen.cli import main

for folder in ("statphys_gen", "figures"):
    for path in sorted(Path(folder).rglob("*.py")):
        if path.name != "__main__.py":
            importlib.import_module(".".join(path.with_suffix("").parts))
for line in (
    "diffusion clone-agreement --signal 0.5 2 --json",
    "diffusion collapse-time --samples 1000 --dimension 32 --variance 1 --json",
    "random-features coefficients --activation relu --time 0.1 --json",
    "random-features spectrum --activation sin --psi-p 4 --psi-n 2 --time 0.1",
    "rbm solve --hidden gaussian --load 0.05 --temperature 0.2 --convention sqrt-beta --start retrieval",
    "phase-retrieval spectrum --samples-per-dimension 4",
    "linear-dynamics best-error --signal-strength 1 --lazy-ratio 0.1 0.3 --initial-noise 0.2",
    "phase-retrieval spectrum --samples-per-dimension -4",
):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        status = main(line.split())
    assert status == (2 if "-4" in line else 0), (line, err.getvalue())
"""


def test_modules_and_commands() -> None:
    words = [sys.executable, "-W", "error", "-c", PROGRAM]
    found = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert found.stderr == ""
    assert found.returncode == 0
