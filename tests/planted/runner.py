"""Plants errors in a copy of the tree, one at a time, and runs the tests that must notice them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from tests.planted.bank import Error

Fate = Literal["killed", "survived", "gone"]
TIMEOUT = 180.0  # seconds for the tests of one error, which take some; an endless loop is noticed
_LEFT_BEHIND = (".git", ".venv", "build", "dist", "_build", "output", "generated", "*.sqlite", "*.egg-info")
_LEFT_BEHIND += ("__pycache__", ".*_cache", ".hypothesis")
_PASSED, _FAILED, _BROKEN = 0, 1, 2  # exit codes of pytest; all others say that nothing was tested


@dataclass(frozen=True)
class Outcome:
    """``by`` is the test file or check that noticed the error."""

    error: Error
    fate: Fate
    by: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.fate:<8}  {self.error}" + (f"  [{self.by}, {self.seconds:.0f} s]" if self.by else "")


class Copy:
    """A copy of the tree in a temporary folder, in which errors are planted and taken out again."""

    def __init__(self, root: Path, target: Path, package: str = "statphys_gen") -> None:
        self.root = target
        shutil.copytree(root, target, ignore=shutil.ignore_patterns(*_LEFT_BEHIND))
        self._compiled = target / ".compiled"
        self._planted = 0
        self._environment = os.environ | {
            "PYTHONPATH": str(target),
            "NUMBA_CACHE_DIR": str(self._compiled),
            # The plugins of pytest take longer to load than most tests to run, and none of ours needs one.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        code = f"import {package}; print({package}.__file__)"
        found = subprocess.run(
            [sys.executable, "-c", code],
            cwd=target,
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        )
        if not Path(found.stdout.strip()).is_relative_to(target):
            raise RuntimeError(f"the tests would import {found.stdout.strip()}, not the copy")

    @contextmanager
    def planted(self, error: Error) -> Iterator[None]:
        path = self.root / error.file
        original = path.read_text(encoding="utf-8")
        try:
            self._write(path, error.planted(original))
            if "numba" in original:
                # Compiled kernels are kept by the file that they are in, not by what they call.
                self._environment["NUMBA_CACHE_DIR"] = str(self._compiled / str(self._planted))
            yield
        finally:
            self._write(path, original)
            self._environment["NUMBA_CACHE_DIR"] = str(self._compiled)

    def _write(self, path: Path, text: str) -> None:
        """With another date each time, in whole seconds: by date and size Python tells whether to compile anew."""
        path.write_text(text, encoding="utf-8")
        self._planted += 1
        date = 1_000_000_000 + 2 * self._planted
        os.utime(path, (date, date))

    def noticed_by_tests(self, files: Sequence[str]) -> str:
        """The first test file that fails, or the empty text."""
        for file in files:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", file]
            if self._code(command) not in (_PASSED, None):
                return file
        return ""

    def noticed_by_check(self, check: str) -> bool:
        """Whether the check at full size no longer agrees."""
        registry = json.loads((self.root / "validation" / "registry.json").read_text(encoding="utf-8"))
        system = next(entry["system"] for entry in registry["checks"] if entry["id"] == check)
        with tempfile.TemporaryDirectory() as folder:
            words = ["verify", system.replace("_", "-"), "--only", check, "--output", folder, "--json"]
            found = self._run([sys.executable, "-m", "statphys_gen.cli", *words])
        if found is None or found.returncode not in (0, 3):
            return True
        records = json.loads(found.stdout)["results"]
        return any(record["id"] == check and record["verdict"] != "agrees" for record in records)

    def _code(self, command: Sequence[str]) -> int | None:
        """Exit code of pytest; a run that does not end counts as a failure."""
        found = self._run(command)
        if found is None:
            return _FAILED
        if found.returncode not in (_PASSED, _FAILED, _BROKEN):
            raise RuntimeError(f"{command[-1]} was not run: {found.stdout[-500:]} {found.stderr[-500:]}")
        return found.returncode

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
        try:
            return subprocess.run(
                command,
                cwd=self.root,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None


def run_error(copy: Copy, error: Error, *, checks: bool = False) -> Outcome:
    """Plant one error and run its tests, and its check if asked and no test noticed it."""
    start = time.monotonic()
    if error.place((copy.root / error.file).read_text(encoding="utf-8")) is None:
        return Outcome(error, "gone")
    with copy.planted(error):
        by = copy.noticed_by_tests(error.tests)
        if not by and checks and error.check and copy.noticed_by_check(error.check):
            by = error.check
    return Outcome(error, "killed" if by else "survived", by, time.monotonic() - start)


def run_all(
    root: Path,
    errors: Sequence[Error],
    *,
    workers: int = 1,
    checks: bool = False,
    seconds: float = float("inf"),
    clean: bool = True,
    package: str = "statphys_gen",
    each: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """All errors, one after the other in each of several copies; none is begun after ``seconds``.

    ``clean`` first runs the named tests without any error: a test that fails by itself notices nothing.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for k in range(workers):
            copies.put(Copy(root, Path(folder) / str(k), package))
        if clean:
            copy = copies.get()
            failing = copy.noticed_by_tests(sorted({file for error in errors for file in error.tests}))
            copies.put(copy)
            if failing:
                raise RuntimeError(f"{failing} fails without a planted error")

        def one(error: Error) -> Outcome | None:
            if time.monotonic() - start > seconds:
                return None
            copy = copies.get()
            try:
                outcome = run_error(copy, error, checks=checks)
            finally:
                copies.put(copy)
            each(outcome)
            return outcome

        with ThreadPoolExecutor(workers) as pool:
            return [outcome for outcome in pool.map(one, errors) if outcome is not None]


def read(path: Path, errors: Iterable[Error]) -> list[Outcome]:
    """The last outcome of each of these errors in a file of earlier ones; of one whose line has gone since, that."""
    known = {error.key: error for error in errors}
    found: dict[str, Outcome] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        key, fate, by, seconds = json.loads(line)
        if key in known:
            error = known[key]
            found[key] = Outcome(error, "gone") if error.gone else Outcome(error, fate, by, seconds)
    return [found[key] for key in known if key in found]


def write(path: Path, outcome: Outcome) -> None:
    """Add one outcome to the file."""
    line = json.dumps([outcome.error.key, outcome.fate, outcome.by, round(outcome.seconds, 1)])
    with path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def table(outcomes: Iterable[Outcome]) -> str:
    """By kind: how many were planted, killed, survived for a stated reason, survived, or have lost their line."""
    outcomes = list(outcomes)
    lines = [f"{'kind':<24}{'planted':>8}{'killed':>8}{'explained':>11}{'survived':>10}{'gone':>6}"]
    kinds = sorted({outcome.error.kind for outcome in outcomes})
    for kind in [*kinds, "drawn", "all"]:
        these = [
            outcome
            for outcome in outcomes
            if kind in (outcome.error.kind, "all") or (kind == "drawn" and outcome.error.drawn)
        ]
        if not these:
            continue
        fates = Counter(
            "explained" if outcome.fate == "survived" and outcome.error.survives else outcome.fate
            for outcome in these
        )
        lines.append(
            f"{kind:<24}{len(these):>8}{fates['killed']:>8}{fates['explained']:>11}"
            f"{fates['survived']:>10}{fates['gone']:>6}"
        )
    there = [outcome for outcome in outcomes if outcome.fate != "gone"]
    killed = sum(outcome.fate == "killed" for outcome in there)
    if there:
        lines.append(f"killed of those whose line is there: {100.0 * killed / len(there):.1f} %")
    return "\n".join(lines)


def failed(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """What must not be: survivors without a reason, and lines that are gone without a word on what became of them."""
    return [
        outcome
        for outcome in outcomes
        if (outcome.fate == "gone" and not outcome.error.gone)
        or (outcome.fate == "survived" and not outcome.error.survives)
    ]
