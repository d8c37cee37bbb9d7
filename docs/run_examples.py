"""Runs the scripts of ``examples/`` as a reader would, and keeps what they print for the pages."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

# These need a scheduler or a launcher.
_APART = ("slurm", "mpi")


def run_examples(docs: Path) -> None:
    """Write ``generated/examples/NAME.txt`` for every script; a script that fails stops the build."""
    folder = docs / "generated" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    for store in folder.glob("*.sqlite*"):
        store.unlink()
    scripts = [path for path in sorted((docs / "examples").glob("*.py")) if path.stem not in _APART]
    with ThreadPoolExecutor(2) as pool:
        for script, text in zip(
            scripts, pool.map(lambda s: _output([sys.executable, str(s)], folder, docs), scripts), strict=True
        ):
            (folder / f"{script.stem}.txt").write_text(text, encoding="utf-8")
    _short_examples(docs, folder)
    (folder / "slurm_job.txt").write_text(_slurm_job(folder, docs), encoding="utf-8")
    (folder / "mpi.txt").write_text(_mpi(folder, docs), encoding="utf-8")


def _short_examples(docs: Path, folder: Path) -> None:
    """Questions with their script and what it prints, for the first page; each script also as a notebook."""
    page = []
    for script in sorted((docs / "examples" / "short").glob("*.py")):
        code = script.read_text(encoding="utf-8")
        question = str(ast.get_docstring(ast.parse(code)))
        program = code.split('"""', 2)[2].strip() + "\n"
        printed = _output([sys.executable, str(script)], docs / "examples", docs)
        notebook = script.stem + ".ipynb"
        (folder / notebook).write_text(_notebook(question, program, printed), encoding="utf-8")
        page += [question, "~" * len(question), "", ".. code-block:: python", "", *_indented(program)]
        page += [".. code-block:: text", "", *_indented(printed)]
        links = f":download:`script <examples/short/{script.name}>`"
        page += [f"{links}, :download:`notebook <generated/examples/{notebook}>`", ""]
    (folder.parent / "short_examples.txt").write_text("\n".join(page), encoding="utf-8")


def _indented(text: str) -> list[str]:
    return [f"    {line}".rstrip() for line in text.splitlines()] + [""]


def _notebook(question: str, program: str, printed: str) -> str:
    """A notebook of the question, the script and its output, as Jupyter's format 4.5 has it."""
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    cells = [
        {"cell_type": "markdown", "id": "question", "metadata": {}, "source": f"# {question}"},
        {
            "cell_type": "code",
            "id": "program",
            "metadata": {},
            "execution_count": 1,
            "source": program.rstrip("\n"),
            "outputs": [output],
        },
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    return json.dumps(document, indent=1) + "\n"


def _output(command: list[str], folder: Path, docs: Path) -> str:
    environment = os.environ | {
        "MPLBACKEND": "Agg",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(docs / "examples"), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _slurm_job(folder: Path, docs: Path) -> str:
    """The script that would be handed to sbatch, checked for what the page promises."""
    program = "import slurm; cluster = slurm.cluster(); print(cluster.job_script()); cluster.close()"
    text = _output([sys.executable, "-c", program], folder, docs).replace(sys.executable, "python")
    lines = [line for line in text.splitlines() if line.startswith("#SBATCH")]
    for wanted in ("-p cpu", "-A my-project", "--cpus-per-task=8", "-t 02:00:00"):
        if not any(wanted in line for line in lines):
            raise RuntimeError(f"the job script asks for no {wanted}:\n{text}")
    return text.replace(text.partition("tcp://")[2].split()[0], "192.0.2.1:8786")


def _mpi(folder: Path, docs: Path) -> str:
    """What mpi.py leaves behind, run with two workers; or why it was not run."""
    beside = Path(sys.executable).with_name("mpiexec")
    launcher = str(beside) if beside.is_file() else shutil.which("mpiexec")
    if launcher is None or find_spec("mpi4py") is None:
        return "Not run: the machine that built this page has no mpi4py or no mpiexec.\n"
    for name in ("spectra.nc", "spectra.sqlite"):
        (folder / name).unlink(missing_ok=True)
    script = str(docs / "examples" / "mpi.py")
    _output([launcher, "-n", "3", sys.executable, "-m", "mpi4py.futures", script], folder, docs)
    program = "import xarray; print(xarray.open_dataset('spectra.nc')['outlier'].round(5).values)"
    return "Run with two workers when this page was built:\n" + _output(
        [sys.executable, "-c", program], folder, docs
    )
