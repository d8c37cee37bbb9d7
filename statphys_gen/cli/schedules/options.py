"""Options that several commands of ``statphys-gen schedules`` share: the law of the data, and the grid of steps."""

from __future__ import annotations

import argparse
import math
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, between, integer, number

INTERPOLANT_NAMES = (
    "vp-linear",
    "vp-trigonometric",
    "ve-linear",
    "ve-trigonometric",
    "dilated-vp-linear",
    "dilated-vp-trigonometric",
    "dilated-ve-linear",
    "dilated-ve-trigonometric",
)
GRID_NAMES = ("karras", "log-uniform", "flow-uniform", "tangent", "ddpm-linear")
SCHEME_NAMES = ("euler", "ddim", "heun", "dpmpp-2m")
_CLASS_FLAGS = ("dimension", "separation", "variance", "weight")


def noise_level(name: str, value: Any) -> float:
    """A number of at least 0, or infinity."""
    return math.inf if value == math.inf else validation.non_negative(name, value)


def add_weight(parser: Any, *, required: bool) -> None:
    parser.add_argument(
        "--weight",
        "--p",
        metavar="W",
        required=required,
        type=number("--weight", between(0.0, 1.0)),
        help="weight p of the class at +m, in (0, 1)",
    )


def add_variance(parser: Any, *, required: bool) -> None:
    parser.add_argument(
        "--variance",
        metavar="V",
        required=required,
        type=number("--variance", validation.non_negative),
        help="sigma^2 of each class in every direction",
    )


def add_model(parser: Any, *, data_flag: bool = True) -> None:
    """Two isotropic classes by numbers, a mixture, or a data set."""
    group = parser.add_argument_group("law of the data")
    group.add_argument(
        "--dimension",
        "-d",
        metavar="D",
        type=integer("--dimension", 1, 10**15),
        help="dimension of two classes at +-m",
    )
    group.add_argument(
        "--separation",
        metavar="M",
        type=number("--separation", between(0.0, 1e50)),
        help="|m|/sqrt(d), half the distance of their means",
    )
    add_variance(group, required=False)
    add_weight(group, required=False)
    group.add_argument(
        "--mixture",
        metavar="FILE",
        help="a mixture: .json with weights, means and covariances, in place of these",
    )
    if data_flag:
        group.add_argument("--data", metavar="FILE", help="a data set, whose modes and spectrum are fitted")
        group.add_argument("--labels", metavar="FILE", help="its classes, one label a sample")


def law_of(
    options: argparse.Namespace, data: str | None = None, flag: str = "--data"
) -> tuple[Any, list[str]]:
    """TwoClasses, a spectrum of a mixture, or fitted modes; and notes."""
    path = data if data is not None else getattr(options, "data", None)
    given = [name for name in _CLASS_FLAGS if getattr(options, name) is not None]
    if getattr(options, "labels", None) is not None and path is None:
        raise InvalidArgument("--labels", options.labels, f"left out without {flag}")
    chosen = [name for name, value in (("--mixture", options.mixture), (flag, path)) if value is not None]
    if len(chosen) > 1 or (chosen and given):
        other = f"--{given[0]}" if given else chosen[1]
        raise InvalidArgument(other, _shown(options, other, path), f"left out with {chosen[0]}")
    if options.mixture is not None:
        from ...data.laws import GaussianMixture

        mixture = GaussianMixture.from_json(options.mixture)
        notes = (
            []
            if mixture.common_covariance
            else ["the covariances differ: their mean stands for all (heuristic)"]
        )
        return mixture, notes
    if path is not None:
        from ...data.dataset import load_dataset
        from ...schedules.analysis.modes import fit_modes

        dataset = load_dataset(path, options.labels, name=flag)
        modes = fit_modes(dataset, seed=getattr(options, "seed", 0))
        options.dataset = dataset
        return modes, list(modes.notes)
    missing = [f"--{name}" for name in _CLASS_FLAGS if name not in given]
    if missing:
        raise BadUsage(
            f"{', '.join(missing)} missing: two classes need all four, or give --mixture or {flag}"
        )
    from ...schedules.model import TwoClasses

    return TwoClasses(options.dimension, options.separation, options.variance, options.weight), []


def refuse_data_beside_law(options: argparse.Namespace) -> None:
    """Refuse DATA where a law is given by options; before anything is loaded."""
    given = [name for name in (*_CLASS_FLAGS, "mixture") if getattr(options, name) is not None]
    if options.data is not None and given:
        raise BadUsage(f"unrecognized arguments: {options.data} (DATA is left out with --{given[0]})")


def _shown(options: argparse.Namespace, flag: str, path: str | None) -> Any:
    return getattr(options, flag.removeprefix("--"), path)


def model_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """What is printed of the law."""
    names = ("dimension", "separation", "variance", "weight", "mixture", "data", "labels")
    return {name: getattr(options, name) for name in names if getattr(options, name, None) is not None}


def add_grid(parser: Any) -> None:
    """A named schedule, noise levels, or a file."""
    group = parser.add_argument_group("grid of steps")
    group.add_argument(
        "--schedule",
        metavar="NAME",
        choices=(*INTERPOLANT_NAMES, *GRID_NAMES),
        help=", ".join((*INTERPOLANT_NAMES, *GRID_NAMES)),
    )
    add_dilation(group, required=False)
    group.add_argument("--steps", metavar="K", type=integer("--steps", 1, 100_000), help="number of steps")
    add_range(group)
    group.add_argument(
        "--noise-level",
        "--sigmas",
        metavar="S",
        nargs="+",
        type=number("--noise-level", noise_level),
        help="noise levels S_0 > ... > S_K = 0 in place of a schedule",
    )
    group.add_argument(
        "--grid", metavar="FILE", help="a grid that design --output wrote, or .json with noise_levels"
    )
    group.add_argument(
        "--scheme",
        choices=SCHEME_NAMES,
        help="solver: euler in the time of an interpolant (its default), or on levels ddim (default), heun, dpmpp-2m",
    )
    group.add_argument(
        "--start",
        choices=("zero", "mean"),
        help="mean of the start at finite noise: the origin (default; the midpoint of two classes) or the data mean",
    )


def add_dilation(parser: Any, *, required: bool) -> None:
    parser.add_argument(
        "--dilation",
        "--kappa",
        metavar="K",
        required=required,
        type=number("--dilation", validation.positive),
        help="kappa of a dilated schedule: half of its steps lie beyond kappa/|m|",
    )


def add_range(parser: Any) -> None:
    parser.add_argument(
        "--noise-level-range",
        metavar=("LO", "HI"),
        nargs=2,
        type=number("--noise-level-range", noise_level),
        help="noise levels S_(K-1) and S_0",
    )


def grid_of(options: argparse.Namespace, norm: float | None, variance: float | None) -> Any:
    """The grid of steps.

    ``norm`` is |m| and ``variance`` sigma^2 of the law, where schedules refer to them; None where they are not defined.
    """
    from ...schedules.model import NoiseGrid, TimeGrid, interpolant, noise_grid
    from ...schedules.theory.designed import load_grid

    given = {"--schedule": options.schedule, "--noise-level": options.noise_level, "--grid": options.grid}
    chosen = [flag for flag, value in given.items() if value is not None]
    if not chosen:
        raise BadUsage("--schedule, --noise-level or --grid is missing")
    if len(chosen) > 1:
        raise InvalidArgument(chosen[1], given[chosen[1]], f"left out with {chosen[0]}")
    if options.schedule is None:
        for flag in ("dilation", "steps", "noise_level_range"):
            if getattr(options, flag) is not None:
                raise InvalidArgument(
                    f"--{flag.replace('_', '-')}", getattr(options, flag), f"left out with {chosen[0]}"
                )
    scheme = options.scheme
    if options.grid is not None:
        return load_grid("--grid", options.grid, scheme=scheme, start=options.start)
    on_levels: Any = "ddim" if scheme in (None, "euler") else scheme
    start: Any = options.start or "zero"
    if options.noise_level is not None:
        return _named(lambda: NoiseGrid(tuple(options.noise_level), on_levels, start))
    if options.steps is None:
        raise BadUsage("--steps is missing")
    if options.schedule in INTERPOLANT_NAMES:
        if options.noise_level_range is not None:
            raise InvalidArgument(
                "--noise-level-range", options.noise_level_range, "left out with an interpolant"
            )
        if options.start is not None:
            raise InvalidArgument(
                "--start", options.start, "left out with an interpolant, which starts from its own noise"
            )
        if norm is None:
            raise InvalidArgument(
                "--schedule", options.schedule, "a noise grid: the classes have no common distance"
            )
        uniform = _named(
            lambda: TimeGrid.uniform(interpolant(options.schedule, norm, options.dilation), options.steps)
        )
        if scheme in (None, "euler"):
            return uniform
        return _named(lambda: uniform.levels(scheme))
    if options.dilation is not None:
        raise InvalidArgument(
            "--dilation", options.dilation, f"left out with the schedule {options.schedule}"
        )
    bounds = None if options.noise_level_range is None else tuple(options.noise_level_range)
    return _named(
        lambda: noise_grid(
            options.schedule, options.steps, bounds, variance=variance, scheme=on_levels, start=start
        )
    )


def _named(build: Any) -> Any:
    """Build from options, whose names in messages have dashes before them."""
    try:
        return build()
    except InvalidArgument as error:
        name = error.argument.replace("_", "-")
        raise InvalidArgument(
            f"--{name}".replace("--noise-levels", "--noise-level"), error.value, error.allowed
        ) from None


def grid_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """What is printed of the grid."""
    names = ("schedule", "dilation", "steps", "noise_level_range", "noise_level", "grid", "scheme", "start")
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}
