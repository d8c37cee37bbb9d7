"""``statphys-gen memorization``: the report on generated points, and distances between two samples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, add_seed, between, integer, number


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "report",
        help="does a generator copy, how much, and which points: a verdict with an error rate",
        description="Tests whether generated points lie on training points more often than on held-out ones, which has "
        "an exact level whatever\nthe generator does; counts near copies, names them at a false discovery rate, and "
        "says what could have been seen.\nThe exit status is 0 whatever the verdict.",
    )
    parser.add_argument(
        "generated", metavar="GENERATED", help="generated samples: a file, or a folder of PNG files"
    )
    parser.add_argument("training", metavar="TRAINING", help="the generator's training set, alike")
    parser.add_argument(
        "--held-out", metavar="FILE", help="samples of the same origin that no training has seen"
    )
    text = "files with an encoder's features of the rows of GENERATED, TRAINING and --held-out: distances between these"
    parser.add_argument("--features", metavar="FILE", nargs="+", help=text)
    text = "one label a row of TRAINING and of --held-out: rows of a group are assigned to a set together"
    parser.add_argument("--groups", metavar="FILE", nargs=2, help=text)
    text = (
        "one label a row of TRAINING and of --held-out: which rows are held out is random within a class only"
    )
    parser.add_argument("--strata", metavar="FILE", nargs=2, help=text)
    parser.add_argument(
        "--drop-duplicates",
        action="store_true",
        help="leave out held-out rows that stand in the training set",
    )
    open_unit = between(0.0, 1.0)
    for flag, letter, default, text in (
        (
            "--ratio",
            "K",
            "1/3",
            "a copy is nearer to its nearest point than this times the distance to the second",
        ),
        ("--level", "A", "0.05", "of the test of membership"),
        ("--false-discovery-rate", "Q", "0.1", "of the named copies"),
        ("--smallest-fraction", "P", "0.01", "of copies that the report is to find, or it cannot tell"),
    ):
        value = 1.0 / 3.0 if default == "1/3" else float(default)
        help_text = f"{text} (default {default})"
        parser.add_argument(flag, metavar=letter, type=number(flag, open_unit), default=value, help=help_text)
    parser.add_argument(
        "--no-distances", action="store_true", help="leave out the distances between the samples"
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="folder for the report, its picture, and tables of copies and neighbours",
    )
    add_seed(parser)
    add_output_options(parser)
    parser.set_defaults(run=_report)

    parser = quantities.add_parser(
        "distance",
        help="Frechet, sliced Wasserstein and kernel distance of two samples",
        description="Three distances between two samples, with bootstrap errors. They measure fidelity, not copying.",
    )
    parser.add_argument("first", metavar="FIRST", help="samples: a file, or a folder of PNG files")
    parser.add_argument("second", metavar="SECOND", help="samples, alike")
    parser.add_argument(
        "--directions",
        metavar="N",
        type=integer("--directions", 1, 100_000),
        default=256,
        help="random directions of the sliced distance (default 256)",
    )
    parser.add_argument(
        "--bandwidth",
        metavar="B",
        type=number("--bandwidth", validation.positive),
        help="of the Gaussian kernel (default: the median distance of two points)",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_distance)


def refuse_absent(flag: str, path: str) -> None:
    """A file or folder that is not there is refused before anything heavy is loaded."""
    if not validation.is_folder(path):
        validation.readable_file(flag, path)


def _report(options: argparse.Namespace) -> int:
    sets = {"GENERATED": options.generated, "TRAINING": options.training}
    if options.held_out is not None:
        sets["--held-out"] = options.held_out
    for flag, path in sets.items():
        refuse_absent(flag, path)
    for path in options.features or ():
        refuse_absent("--features", path)
    if options.features is not None and len(options.features) != len(sets):
        allowed = f"a readable file or folder for each of the {len(sets)} sets"
        raise InvalidArgument("--features", options.features, allowed)
    labels = {name: getattr(options, name) for name in ("groups", "strata")}
    for name, paths in labels.items():
        if paths is not None and options.held_out is None:
            raise InvalidArgument(f"--{name}", paths, "left out without --held-out")
        for path in paths or ():
            validation.readable_file(f"--{name}", path)
    folder = None if options.output is None else validation.writable_folder("--output", options.output)

    from ...approximation import approximation_of
    from ...data.dataset import load_dataset, read_labels
    from ...memorization.analysis.report import report
    from ..output import emit

    data = {flag: load_dataset(path, name=flag).without_labels() for flag, path in sets.items()}
    features = None
    if options.features is not None:
        features = [load_dataset(path, name="--features") for path in options.features]
    counts = [data[flag].samples for flag in ("TRAINING", "--held-out") if flag in data]
    settings: dict[str, Any] = {
        name: [read_labels(path, count, name=f"--{name}") for path, count in zip(paths, counts, strict=True)]
        for name, paths in labels.items()
        if paths is not None
    }
    names = ("ratio", "level", "false_discovery_rate", "smallest_fraction", "drop_duplicates", "seed")
    chosen = {name: getattr(options, name) for name in names}
    settings |= chosen | {"features": features, "distances": not options.no_distances, "progress": True}
    try:
        found = report(data["GENERATED"], data["TRAINING"], data.get("--held-out"), **settings)
    except InvalidArgument as error:
        flags = {"generated": "GENERATED", "training": "TRAINING"}
        flag = flags.get(error.argument, "--" + error.argument.replace("_", "-"))
        raise InvalidArgument(flag, error.value, error.allowed) from None
    record = found.record() | {"approximation": str(approximation_of(report))}
    files: list[Path] = []
    if folder is not None:
        from ...memorization.analysis.files import write_report
        from ...memorization.plots import plot_report

        files = write_report(found, record, folder)
        plot_report(found, folder / "neighbour_ratios.png", ratio=options.ratio)
        files.append(folder / "neighbour_ratios.png")

    def plot(path: Path) -> None:
        from ...memorization.plots import plot_report

        plot_report(found, path, ratio=options.ratio)

    names = ("generated", "training", "held_out", "features", "groups", "strata")
    parameters = {name: getattr(options, name) for name in names} | chosen
    rows = [record] if options.json or options.save else found.records()
    return emit(options, "memorization report", parameters, rows, notes=found.notes, files=files, plot=plot)


def _distance(options: argparse.Namespace) -> int:
    for flag, path in (("FIRST", options.first), ("SECOND", options.second)):
        refuse_absent(flag, path)
    from ...data.dataset import load_dataset
    from ...memorization.analysis.fidelity import sample_distances
    from ..output import emit

    first, second = load_dataset(options.first, name="FIRST"), load_dataset(options.second, name="SECOND")
    settings = {name: getattr(options, name) for name in ("directions", "bandwidth", "seed")}
    try:
        found = sample_distances(first, second, **settings)
    except InvalidArgument as error:
        raise InvalidArgument(error.argument.upper(), error.value, error.allowed) from None
    (record,) = found.records()
    notes = record.pop("notes")
    record["approximation"] = "estimates from finite samples, which few samples enlarge"
    parameters = {"first": options.first, "second": options.second} | settings
    return emit(options, "memorization distance", parameters, [record], notes=notes)
