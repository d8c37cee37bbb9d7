"""Options that several commands of ``statphys-gen linear-dynamics`` share."""

from __future__ import annotations

from typing import Any

from ... import validation
from ..parsing import integer, number


def positive(flag: str) -> Any:
    return number(flag, validation.positive)


def non_negative(flag: str) -> Any:
    return number(flag, validation.non_negative)


def add_times(parser: Any, units: str) -> None:
    parser.add_argument(
        "--training-time",
        metavar="T",
        nargs="+",
        required=True,
        type=non_negative("--training-time"),
        help=f"training time, {units}",
    )


SCALED = "scaled: T = d t of the gradient flow"


def add_strengths(parser: Any) -> None:
    parser.add_argument(
        "--signal-strength",
        "-x",
        metavar="X",
        nargs="+",
        required=True,
        type=positive("--signal-strength"),
        help="strengths of the signals: singular values of A* over d",
    )


def add_noise(parser: Any) -> None:
    parser.add_argument(
        "--noise",
        metavar="S",
        type=positive("--noise"),
        default=1.0,
        help="standard deviation of the noise of an entry of the target (default 1)",
    )


def add_lazy_ratio(parser: Any, *, several: bool) -> None:
    parser.add_argument(
        "--lazy-ratio",
        "--kappa",
        metavar="K",
        nargs="+" if several else None,
        required=True,
        type=positive("--lazy-ratio"),
        help="kappa = c/d, the threshold over the dimension",
    )


def add_initial_noise(parser: Any, *, several: bool) -> None:
    parser.add_argument(
        "--initial-noise",
        "--omega",
        metavar="W",
        nargs="+" if several else None,
        type=non_negative("--initial-noise"),
        default=[0.0] if several else 0.0,
        help="omega, the variance of an entry of the product of the initial weights (default 0)",
    )


def add_dimension(parser: Any, *, required: bool = False, smallest: int = 2) -> None:
    text = "d" if required else "d, for the leading orders in 1/d (default: the limit)"
    parser.add_argument(
        "--dimension",
        "-d",
        metavar="D",
        required=required,
        type=integer("--dimension", smallest, 10**9 if not required else 10_000),
        help=text,
    )


def add_rates(parser: Any) -> None:
    parser.add_argument(
        "--rates",
        metavar=("E1", "E2"),
        nargs=2,
        type=positive("--rates"),
        default=[1.0, 1.0],
        help="learning rates of the first and the second layer (default 1 1)",
    )


def weak_note(strengths: list[float], dimension: int | None, noise: float) -> list[str]:
    """A caution where the next order in 1/d is several percent."""
    if dimension is None:
        return []
    weakest = min(strengths) * dimension**0.5 / noise
    if weakest >= 2.5:
        return []
    return [f"x sqrt(d) = {weakest:.3g} is below 2.5: the next order in 1/d may be several percent"]
