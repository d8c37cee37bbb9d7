"""Options, losses and checks that the commands of ``statphys-gen phase-retrieval`` share."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import Parser, between, integer, number

if TYPE_CHECKING:
    from ...phase_retrieval.model import Loss

# Named here so that a wrong one is refused before the models are loaded.
LOSSES = ("normalised", "intensity", "amplitude")
_SMALLEST_RATIO, _LARGEST_RATIO = 1e-3, 1e6
_LARGEST_OFFSET = 1e6
# Numbers in the sensing vectors of one instance, of 8 bytes each.
_LARGEST_INSTANCE = 2.5e8


def ratio(name: str, value: Any) -> float:
    """Samples per dimension."""
    return validation.inside(name, value, _SMALLEST_RATIO, _LARGEST_RATIO, closed=True)


def _offset(name: str, value: Any) -> float:
    allowed = f"a number, at least 0 and at most {_LARGEST_OFFSET:g}, or inf"
    if isinstance(value, float) and value == math.inf:
        return value
    offset = validation.finite(name, value, allowed)
    if not 0.0 <= offset <= _LARGEST_OFFSET:
        raise InvalidArgument(name, value, allowed)
    return offset


def add_samples_per_dimension(parser: Parser, *, several: bool = False, required: bool = True) -> None:
    parser.add_argument(
        "--samples-per-dimension",
        "--alpha",
        metavar="A",
        required=required,
        type=number("--samples-per-dimension", ratio),
        nargs="+" if several else None,
        help="measurements over dimension, M/N",
    )


def add_loss(parser: Parser, *, several_offsets: bool = False) -> None:
    group = parser.add_argument_group("loss", "of one measurement, in y = x.w/sqrt(N) and the label t")
    kind = group.add_mutually_exclusive_group()
    kind.add_argument(
        "--loss",
        metavar="NAME",
        choices=LOSSES,
        help="normalised, (y^2 - t^2)^2 / (2 (a + t^2)) (default); intensity, (y^2 - t^2)^2 / 2; "
        "amplitude, (sqrt(a + y^2) - sqrt(a + t^2))^2 / 2",
    )
    kind.add_argument(
        "--expression",
        metavar="FORMULA",
        help="a formula in y and t, such as '(y**2 - t**2)**2 / (1 + t**2)'",
    )
    group.add_argument(
        "--offset",
        "-a",
        metavar="A",
        type=number("--offset", _offset),
        nargs="+" if several_offsets else None,
        help="the constant a (default 1); inf is the intensity loss",
    )
    group.add_argument(
        "--prefactor",
        metavar="C",
        type=number("--prefactor", between(1e-6, 1e6, closed=True)),
        default=1.0,
        help="factor before the loss (default 1); it changes no threshold",
    )
    group.add_argument(
        "--largest-label",
        metavar="T",
        type=number("--largest-label", between(1e-3, 1e3, closed=True)),
        help="leave out the measurements with |t| above this",
    )


def add_overlap(parser: Parser) -> None:
    parser.add_argument(
        "--overlap",
        metavar="M",
        type=number("--overlap", between(-1.0, 1.0)),
        default=0.0,
        help="overlap w.w*/N of student and signal (default 0)",
    )


def add_step_sizes(parser: Any, *, growth: float, factor: float) -> None:
    """The schedule min(first growth^k, largest); ``factor`` is the default of largest over first."""
    parser.add_argument(
        "--step-size",
        "--eta",
        metavar="E",
        type=number("--step-size", between(1e-12, 1e3)),
        help="the first one (default 0.01 min(a, 1) over the prefactor)",
    )
    parser.add_argument(
        "--step-growth",
        metavar="G",
        type=number("--step-growth", between(1.0, 10.0, closed=True)),
        default=growth,
        help=f"factor from one step to the next, at least 1 (default {growth:g})",
    )
    parser.add_argument(
        "--step-max",
        metavar="E",
        type=number("--step-max", between(1e-12, 1e3)),
        help=f"largest step size (default {factor:g} times the first)",
    )


def add_temperature(parser: Any) -> None:
    parser.add_argument(
        "--temperature",
        "-T",
        metavar="T",
        type=number("--temperature", validation.non_negative),
        default=0.0,
        help="of Langevin dynamics (default 0: gradient descent)",
    )


def add_paths(parser: Any) -> None:
    """Of dynamical mean-field theory."""
    parser.add_argument(
        "--paths",
        metavar="P",
        type=integer("--paths", 100, 2**20),
        default=4096,
        help="of the theory in each replica, best a power of 2 (default 4096)",
    )
    parser.add_argument(
        "--replicas",
        metavar="R",
        type=integer("--replicas", 2, 1000),
        default=6,
        help="of the theory: independent sets of paths (default 6)",
    )


def chosen_step_sizes(
    options: argparse.Namespace, offset: float | None, *, factor: float
) -> tuple[float, float]:
    """First and largest step size; ``factor`` as for :func:`add_step_sizes`."""
    usual = 0.01 * min(1.0, math.inf if offset is None else offset) / options.prefactor
    first = options.step_size or min(usual, options.step_max or math.inf)
    largest = options.step_max or factor * first
    if largest < first:
        raise InvalidArgument("--step-max", options.step_max, f"at least --step-size {first:g}")
    return float(first), float(largest)


def descent_checks(options: argparse.Namespace) -> None:
    """What a descent refuses before numpy is loaded."""
    early_checks(options)
    if options.offset == 0.0:
        raise InvalidArgument("--offset", 0.0, "above 0: without it the forces have no mean")


def instance_checks(options: argparse.Namespace, ratios: list[float], dimensions: list[int]) -> None:
    """What a descent of finite instances refuses before numpy is loaded."""
    descent_checks(options)
    if max(ratios) * max(dimensions) ** 2 > _LARGEST_INSTANCE:
        raise InvalidArgument(
            "--dimension", max(dimensions), f"smaller: at most {_LARGEST_INSTANCE:g} numbers in one instance"
        )
    if min(ratios) * min(dimensions) < 1.0:
        raise InvalidArgument("--dimension", min(dimensions), "larger: there must be a measurement")


def early_checks(options: argparse.Namespace) -> None:
    """What can be refused before numpy is loaded."""
    offsets = options.offset if isinstance(options.offset, list) else [options.offset]
    for name, chosen in (
        ("--loss intensity", options.loss == "intensity"),
        ("--expression", options.expression),
    ):
        if chosen and options.offset is not None:
            raise InvalidArgument("--offset", options.offset, f"left out with {name}")
    if options.expression and options.prefactor != 1.0:
        raise InvalidArgument("--prefactor", options.prefactor, "left out with --expression")
    if options.loss == "amplitude" and not all(a is None or 0.0 < a < math.inf for a in offsets):
        raise InvalidArgument("--offset", options.offset, "above 0 and finite with --loss amplitude")


def chosen_offset(options: argparse.Namespace) -> float | None:
    """The one offset of the loss; None where the loss has none."""
    if options.expression or options.loss == "intensity":
        return None
    return 1.0 if options.offset is None else float(options.offset)


def chosen_loss(options: argparse.Namespace, offset: float | None) -> Loss:
    """The loss with this offset."""
    from ...phase_retrieval.model import Loss

    if options.expression:
        loss = Loss.from_expression(options.expression, name=options.expression)
    elif offset is None:
        loss = Loss.intensity(options.prefactor)
    else:
        loss = Loss.named(options.loss or "normalised", offset, options.prefactor)
    return loss if options.largest_label is None else loss.truncated(options.largest_label)


def echo(options: argparse.Namespace, offset: Any) -> dict[str, Any]:
    """The loss as parameters of the output."""
    parameters: dict[str, Any] = {
        "loss": "expression" if options.expression else options.loss or "normalised"
    }
    if options.expression:
        parameters["expression"] = options.expression
    parameters |= {"offset": offset, "prefactor": options.prefactor}
    if options.largest_label is not None:
        parameters["largest_label"] = options.largest_label
    return parameters


def require_lower_bound(loss: Loss) -> None:
    """Refuse losses whose curvature is unbounded below where all labels are met."""
    if math.isinf(loss.curvature_bound):
        raise InvalidArgument(
            "--loss", loss.name, "one of curvature bounded below: the spectrum has no left edge otherwise"
        )
