"""``python -m tests.planted``: the bank of planted errors.

python -m tests.planted [run]                      all of them
python -m tests.planted run --random 10 --seed 7   ten, drawn by the seed
python -m tests.planted draw --count 150 --seed 0  add errors made by the operators, over all numerical files
python -m tests.planted tests FILE                 the test files that reach a source file
python -m tests.planted table                      README.md anew, from the outcomes that are kept
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from statphys_gen.systems import SYSTEMS
from tests.planted import bank, operators, reach, runner

ROOT = Path(__file__).parents[2]
README, OUTCOMES = Path(__file__).with_name("README.md"), Path(__file__).with_name("outcomes.jsonl")
PACKAGE = "statphys_gen"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.planted", description="The bank of planted errors."
    )
    commands = parser.add_subparsers(dest="command")
    run = commands.add_parser(
        "run", help="plant errors one at a time and run the tests that must notice them"
    )
    run.add_argument("--random", metavar="K", type=int, help="only K of them, drawn by --seed")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--only", metavar="TEXT", default="", help="only those whose file or kind contains TEXT")
    run.add_argument(
        "--checks", action="store_true", help="run the named checks where no test notices the error"
    )
    run.add_argument("--workers", metavar="K", type=int, default=1)
    run.add_argument(
        "--seconds", metavar="S", type=float, default=float("inf"), help="begin none after S seconds"
    )
    run.add_argument(
        "--tests-pass",
        action="store_true",
        help="the tests are known to pass: do not run them without an error",
    )
    run.add_argument(
        "--keep",
        metavar="FILE",
        type=Path,
        help="add outcomes to this file, and do not run again what stands there",
    )
    commands.add_parser("table", help="README.md of this folder anew, from outcomes.jsonl")
    draw = commands.add_parser("draw", help="add errors made by the operators on the syntax tree")
    draw.add_argument("--count", type=int, required=True)
    draw.add_argument("--seed", type=int, default=0)
    draw.add_argument(
        "--under", metavar="FOLDER", default=PACKAGE, help="only numerical files below this folder"
    )
    tests = commands.add_parser("tests", help="the test files that reach a source file")
    tests.add_argument("file")
    options = parser.parse_args(argv or ["run"])
    if options.command == "draw":
        return _draw(options)
    if options.command == "table":
        README.write_text(page(runner.read(OUTCOMES, bank.load()), len(bank.load())), encoding="utf-8")
        return 0
    if options.command == "tests":
        print("\n".join(reach.Reach(ROOT, PACKAGE).tests(options.file, most=1000)))
        return 0
    return _run(options)


def _draw(options: argparse.Namespace) -> int:
    folder = options.under.rstrip("/") + "/"
    if any(error.drawn and error.file.startswith(folder) for error in bank.load()):
        print(f"{folder} has drawn errors in the bank already; none is replaced", file=sys.stderr)
        return 2
    files = reach.numerical_files(ROOT, PACKAGE, [system.name for system in SYSTEMS])
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in files if file.startswith(folder)}
    if not texts:
        print(f"--under = {options.under!r}: must be a folder with numerical files", file=sys.stderr)
        return 2
    reached = reach.Reach(ROOT, PACKAGE)
    drawn = [
        entry(texts[file], file, site, reached.tests(file))
        for file, site in operators.draw(texts, options.count, options.seed)
    ]
    bank.append(drawn)
    print(f"{len(drawn)} errors drawn from {len(texts)} files")
    return 0


def entry(text: str, file: str, site: operators.Site, tests: tuple[str, ...]) -> bank.Error:
    """A drawn site as the bank holds it."""
    occurrence = text.splitlines()[: site.line].count(site.old)
    return bank.Error(file, site.old, site.new, site.kind, tests, occurrence, drawn=True)


def page(outcomes: list[runner.Outcome], count: int) -> str:
    """The table by kind, and every survivor with its reason."""
    lines = [
        "# Planted errors",
        "",
        f"{count} wrong lines stand in `errors.toml`, {len(outcomes)} of them were planted; by kind:",
        "",
        "```",
        runner.table(outcomes),
        "```",
        "",
        "*Explained*: nothing can notice it, for the reason below. *Gone*: the line has been rewritten since, and is",
        "not counted. Made by `python -m tests.planted table` from `outcomes.jsonl`, to which",
        "`python -m tests.planted run --keep tests/planted/outcomes.jsonl` adds.",
        "",
    ]
    for outcome in outcomes:
        if outcome.fate == "survived":
            error = outcome.error
            lines.append(f"- `{error.file}`, {error.kind}: `{error.old.strip()}`  ")
            lines.append(f"  became `{error.new.strip()}`: {error.survives or 'NOT EXPLAINED'}")
    lines += ["", "## The errors that an audit planted", "", "| error | file | noticed by |", "|---|---|---|"]
    for words in bank.AUDITED:
        for outcome in outcomes:
            if outcome.error.audit == words:
                said = words.replace("|", "\\|")
                lines.append(f"| {said} | `{outcome.error.file}` | `{outcome.by or outcome.fate}` |")
    return "\n".join(lines) + "\n"


def _run(options: argparse.Namespace) -> int:
    chosen = [error for error in bank.load() if options.only in error.file or options.only in error.kind]
    if options.random is not None:
        chosen = random.Random(options.seed).sample(chosen, min(options.random, len(chosen)))
    earlier = runner.read(options.keep, chosen) if options.keep else []
    done = {outcome.error.key for outcome in earlier}

    def each(outcome: runner.Outcome) -> None:
        print(outcome, flush=True)
        if options.keep:
            runner.write(options.keep, outcome)

    outcomes = earlier + runner.run_all(
        ROOT,
        [error for error in chosen if error.key not in done],
        workers=options.workers,
        checks=options.checks,
        seconds=options.seconds,
        clean=not options.tests_pass,
        each=each,
    )
    print(runner.table(outcomes))
    if len(outcomes) < len(chosen):
        print(f"{len(chosen) - len(outcomes)} were not begun within {options.seconds:g} s")
    for outcome in outcomes:
        if outcome.error.survives and outcome.fate == "killed":
            print(f"said to survive, and killed: {outcome.error}")
    return 3 if runner.failed(outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
