"""The registry of checks and the ledger of their runs.

A check is designed before it is run. ``registry.json`` pins the seed and the design of every check of all systems; a
design that changes, or a check that is dropped, is withdrawn there with the reason and never deleted.
``ledger.jsonl`` holds one line for each run of a check, whatever it said, and each line the hash of the line before.
The registry and the reports hold the hash of the last run that they knew, so that its removal is seen too::

    python -m statphys_gen.registry register [--folder validation]
    python -m statphys_gen.registry withdraw ID REASON
    python -m statphys_gen.registry join LEDGER

``join`` adds the runs of another ledger, which were made beside these, to the end of this one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import InvalidArgument, StatphysError, StoreError
from .files import read_json
from .meaning import fingerprint
from .statistics.agreement import Check

_DIGITS = 9  # sizes that are computed differ in their last digits between machines
_FIRST = "0" * 64
_OF_A_RUN = ("id", "sources", "date", "previous")


def design_hash(check: Check) -> str:
    """SHA-256 of a check: its model, sizes and parameters, what it can resolve, whether it is judged, its bound."""
    design: dict[str, Any] = {
        "sizes": check.sizes,
        "resolution": check.resolution,
        "kind": check.kind,
        "judged": check.judged,
    }
    if check.bound is not None:
        design["bound"] = check.bound
    if check.model is not None:
        design["model"] = fingerprint(check.model, digits=_DIGITS)
    if check.over_sizes:
        design["over_sizes"] = list(check.over_sizes)
    return fingerprint(_rounded(design))


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(entry) for name, entry in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def entry(system: str, check: Check) -> dict[str, Any]:
    """A check as the registry holds it."""
    return {"id": check.id, "system": system, "seed": check.seed, "design": design_hash(check)}


def read_checks(what: str, path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """A JSON object whose ``checks`` are objects with these texts.

    Raises
    ------
    InvalidArgument : one line for every other file.
    """
    document = read_json(what, path)
    checks = document.get("checks") if isinstance(document, dict) else None
    if not isinstance(checks, list) or not all(_has_texts(each, names) for each in checks):
        allowed = f'a JSON object with "checks", each an object with {", ".join(names)}'
        raise InvalidArgument(what, str(path), allowed)
    return dict(document)


def _has_texts(entry: Any, names: Iterable[str]) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in names)


def load(folder: str | Path) -> list[dict[str, Any]]:
    """All entries; one that is withdrawn carries the reason as ``withdrawn``.

    Raises
    ------
    InvalidArgument : the file is no registry.
    """
    path = Path(folder) / "registry.json"
    if not path.is_file():
        return []
    entries: list[dict[str, Any]] = read_checks("registry", path, ("id", "system", "design"))["checks"]
    return entries


def unregistered(folder: str | Path, present: Iterable[Mapping[str, Any]]) -> list[str]:
    """What keeps these checks from being run: each is registered as it is, if the folder holds a registry at all."""
    if not (Path(folder) / "registry.json").is_file():
        return []
    present = list(present)
    ids = {each["id"] for each in present}
    return differences([each for each in load(folder) if each["id"] in ids], present)


def withdrawn(folder: str | Path, system: str) -> list[dict[str, Any]]:
    """The withdrawn designs of a system: id, design, reason, and when and with what verdict each was last run."""
    last = {
        (run["id"], run.get("design")): run for run in read_ledger(folder) if run.get("verdict") != "pilot"
    }
    found = []
    for each in load(folder):
        if each["system"] == system and "withdrawn" in each:
            run = last.get((each["id"], each["design"]), {})
            found.append(
                {
                    "id": each["id"],
                    "design": each["design"],
                    "reason": each["withdrawn"],
                    "last_verdict": run.get("verdict"),
                    "date": run.get("date"),
                }
            )
    return found


def differences(entries: Iterable[Mapping[str, Any]], present: Iterable[Mapping[str, Any]]) -> list[str]:
    """What keeps the registry and the checks of the code apart, one line each; empty when they agree."""
    entries, present = list(entries), list(present)
    valid = [registered for registered in entries if "withdrawn" not in registered]
    lines = [
        f"{registered['id']}: withdrawn without a reason"
        for registered in entries
        if "withdrawn" in registered and not str(registered["withdrawn"]).strip()
    ]
    for where, these in (("registered", valid), ("in the code", present)):
        counts = Counter(each["id"] for each in these)
        lines += [f"{name}: {count} times {where}" for name, count in counts.items() if count > 1]
    registered, found = ({each["id"]: each for each in these} for these in (valid, present))
    lines += [f"{name}: not registered" for name in found if name not in registered]
    for name, pinned in registered.items():
        if name not in found:
            lines.append(f"{name}: no longer in the code, but not withdrawn")
            continue
        for what in ("system", "seed", "design"):
            if pinned.get(what) != found[name][what]:
                lines.append(f"{name}: another {what} than registered")
    return lines


def register(folder: str | Path, present: Iterable[Mapping[str, Any]]) -> list[str]:
    """Write new checks into the registry; returns what then still keeps it and the code apart."""
    entries, present = load(folder), list(present)
    valid = {registered["id"] for registered in entries if "withdrawn" not in registered}
    entries += [dict(each) for each in present if each["id"] not in valid]
    _write(folder, entries)
    return differences(entries, present)


def withdraw(folder: str | Path, name: str, reason: str) -> None:
    """Mark the valid entry of a check as withdrawn, because of what the reason says."""
    entries = load(folder)
    chosen = [each for each in entries if each["id"] == name and "withdrawn" not in each]
    if not chosen:
        raise InvalidArgument("id", name, "registered and not withdrawn")
    if not reason.strip():
        raise InvalidArgument("reason", reason, "given")
    for each in chosen:
        each["withdrawn"] = reason
    _write(folder, entries)


def _write(folder: str | Path, entries: Iterable[Mapping[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(each, sort_keys=True) for each in entries)
    text = f'{{"checks": [\n{lines}\n],\n"ledger": "{last_run(folder)}"}}\n'
    (Path(folder) / "registry.json").write_text(text, encoding="utf-8")


def conditions() -> tuple[str, str]:
    """Machine and time of a run, without anything that names the machine."""
    import numpy as np

    machine = f"{platform.machine()}, python {platform.python_version()}, numpy {np.__version__}"
    return machine, datetime.now(UTC).isoformat()


def read_ledger(folder: str | Path) -> list[dict[str, Any]]:
    """All lines of a ledger.

    Raises
    ------
    StoreError : a line does not follow from the one before it, or the last run that the registry or a report knew is
        gone: something was changed, taken out or put in.
    """
    path = Path(folder) / "ledger.jsonl"
    records: list[dict[str, Any]] = []
    before = _FIRST
    for number, line in enumerate(_lines(path), 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = {}
        if not _has_texts(record, _OF_A_RUN) or record["previous"] != before:
            raise StoreError(f"{path}: line {number} does not follow from the line before it")
        records.append(record)
        before = hashlib.sha256(line.encode()).hexdigest()
    known = [_FIRST, *map(_content, records)]
    for other in sorted(Path(folder).glob("*.json")):
        content = read_json("folder", other)
        if isinstance(content, dict) and content.get("ledger", _FIRST) not in known:
            raise StoreError(f"{path}: the last run that {other.name} knew is gone")
    return records


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    except UnicodeDecodeError:
        raise StoreError(f"{path}: the file is no text in UTF-8") from None


def _content(run: Mapping[str, Any]) -> str:
    """Hash of a run, wherever it stands in a ledger."""
    own = {name: value for name, value in run.items() if name != "previous"}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def last_run(folder: str | Path) -> str:
    """Hash of the last run in the ledger, for what is to be read with it; it stays when ledgers are joined."""
    runs = read_ledger(folder)
    return _content(runs[-1]) if runs else _FIRST


def append_to_ledger(folder: str | Path, runs: Iterable[Mapping[str, Any]]) -> None:
    """One line for each run that is not there yet: a result that was only read again is no run.

    A run is told by its id, sources and date.
    """
    known = {_run_key(each) for each in read_ledger(folder)}
    path = Path(folder) / "ledger.jsonl"
    lines = _lines(path)
    before = hashlib.sha256(lines[-1].encode()).hexdigest() if lines else _FIRST
    with path.open("a", encoding="utf-8") as file:
        for run in runs:
            if _run_key(run) in known:
                continue
            line = json.dumps({**run, "previous": before}, sort_keys=True, allow_nan=False)
            before = hashlib.sha256(line.encode()).hexdigest()
            file.write(line + "\n")
    if (Path(folder) / "registry.json").is_file():
        _write(folder, load(folder))


def _run_key(run: Mapping[str, Any]) -> tuple[Any, ...]:
    return run["id"], run["sources"], run["date"]


def join(folder: str | Path, other: str | Path) -> int:
    """Append the runs of another ledger that are not in this one, and return their number."""
    path = Path(other)
    if path.name != "ledger.jsonl" or not path.is_file():
        raise InvalidArgument("ledger", str(other), "a file ledger.jsonl")
    before = len(read_ledger(folder))
    runs = [
        {key: value for key, value in run.items() if key != "previous"} for run in read_ledger(path.parent)
    ]
    append_to_ledger(folder, runs)
    return len(read_ledger(folder)) - before


def main(argv: list[str] | None = None) -> int:
    from .verification import SYSTEMS, checks_of

    parser = argparse.ArgumentParser(
        prog="python -m statphys_gen.registry", description="The registry of checks."
    )
    parser.add_argument("--folder", default="validation", help="folder of registry.json (default validation)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("register", help="register new checks, and say what differs from the code")
    leaving = commands.add_parser("withdraw", help="mark a check, or its present design, as withdrawn")
    leaving.add_argument("id")
    leaving.add_argument("reason")
    joining = commands.add_parser("join", help="add the runs of another ledger to the end of this one")
    joining.add_argument("ledger")
    options = parser.parse_args(argv)
    try:
        if options.command == "withdraw":
            withdraw(options.folder, options.id, options.reason)
        elif options.command == "join":
            print(f"{join(options.folder, options.ledger)} runs added")
        else:
            present = [entry(system, check) for system in SYSTEMS for check in checks_of(system)]
            lines = register(options.folder, present)
            print("\n".join(lines or [f"{len(present)} checks, as registered"]))
            return 3 if lines else 0
    except StatphysError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
