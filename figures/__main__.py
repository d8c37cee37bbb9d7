"""``python -m figures [NAME ...] [--paper ARXIV] [--preset quick|full] [--output DIR] [--workers K]``."""

import argparse
import sys

from statphys_gen.errors import StatphysError

from .runner import make_all


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m figures", description=__doc__)
    parser.add_argument("names", nargs="*", help="figures to make (default: all)")
    parser.add_argument("--paper", help="only the figures of one paper, as 2505.17638")
    parser.add_argument("--preset", choices=("quick", "full"), default="quick")
    parser.add_argument("--output", default="figures/output")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    options = parser.parse_args(arguments)
    try:
        given = {"paper": options.paper, "workers": options.workers}
        for path in make_all(options.names, options.preset, options.output, **given):
            print(path, flush=True)
    except StatphysError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
