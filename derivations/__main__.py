"""``python -m derivations [PREFIX ...]``: run the derivations whose name starts with a prefix (default: all)."""

import sys

from . import all_derivations, run


def main(prefixes: list[str]) -> int:
    chosen = [d for d in all_derivations() if not prefixes or d.name.startswith(tuple(prefixes))]
    if not chosen:
        print(f"no derivation starts with {' or '.join(prefixes)}", file=sys.stderr)
        return 2
    failed = 0
    for outcome in run(chosen):
        failed += not outcome.holds
        verdict = "holds" if outcome.holds else "FAILS"
        print(
            f"{verdict}  {outcome.seconds:6.2f} s  {outcome.derivation.name}: {outcome.derivation.text}",
            flush=True,
        )
    print(f"{len(chosen) - failed} of {len(chosen)} derivations hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
