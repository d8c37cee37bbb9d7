"""``statphys-gen phase-retrieval success``: how often gradient descent finds the signal."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument, StoreError
from ..parsing import BadUsage, add_output_options, add_seed, between, integer, number, output_file
from .options import (
    add_loss,
    add_samples_per_dimension,
    add_step_sizes,
    add_temperature,
    chosen_loss,
    chosen_offset,
    chosen_step_sizes,
    echo,
    instance_checks,
)

if TYPE_CHECKING:
    from ...arrays import FloatArray
    from ...phase_retrieval.model import Loss
    from ...phase_retrieval.theory.success import SuccessMidpoint

_LARGEST_STEPS = 1_000_000
# Of the mean-field theory that predicts the slope.
_PREDICTED_STEPS = 100


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "success",
        help="how often gradient descent finds the signal, and how the midpoint moves with the size",
        description="Success rates of gradient descent from random or spectral starts on independent instances, with "
        "95 % binomial intervals;\nthe midpoint of each size with at least three rates between 0.05 and 0.95, and, for "
        "several sizes, its slope\nagainst log N. With --predict the amplification of a small overlap "
        "(dynamical mean-field theory) predicts the slope.",
    )
    add_samples_per_dimension(parser, several=True)
    add_loss(parser)
    sizes = parser.add_argument_group("sizes")
    sizes.add_argument(
        "--dimension",
        "-d",
        metavar="N",
        nargs="+",
        type=integer("--dimension", 2, 100_000),
        default=[64],
        help="one or several (default 64)",
    )
    sizes.add_argument(
        "--instances", metavar="I", type=integer("--instances", 2, 1_000_000), default=50, help="(default 50)"
    )
    sizes.add_argument(
        "--starts",
        metavar="S",
        type=integer("--starts", 1, 10_000),
        default=1,
        help="students on each instance; they share its sensing vectors and count as one cluster (default 1)",
    )
    descent = parser.add_argument_group("descent")
    descent.add_argument(
        "--start",
        choices=("sphere", "spectral"),
        default="sphere",
        help="random or spectral (default sphere)",
    )
    descent.add_argument(
        "--threshold",
        metavar="M",
        type=number("--threshold", between(0.0, 1.0)),
        default=0.98,
        help="overlap above which the signal is found (default 0.98)",
    )
    descent.add_argument(
        "--duration",
        metavar="T",
        type=number("--duration", validation.positive),
        default=100.0,
        help="after which a descent has failed (default 100)",
    )
    add_step_sizes(descent, growth=1.02, factor=8.0)
    add_temperature(descent)
    descent.add_argument(
        "--precision", choices=("double", "single"), default="double", help="of the descent (default double)"
    )
    parser.add_argument(
        "--predict", action="store_true", help="predict the slope by the amplification of an overlap"
    )
    parser.add_argument(
        "--store",
        metavar="FILE",
        type=output_file("--store"),
        help="keep finished points in this file, and resume from it",
    )
    add_seed(parser)
    add_output_options(parser)
    parser.set_defaults(run=_success)


def _success(options: argparse.Namespace) -> int:
    ratios, dimensions = options.samples_per_dimension, options.dimension
    instance_checks(options, ratios, dimensions)
    for flag, values in (("--samples-per-dimension", ratios), ("--dimension", dimensions)):
        if len(set(values)) < len(values):
            raise InvalidArgument(flag, " ".join(f"{value:g}" for value in values), "distinct")
    if options.start == "spectral" and options.starts > 1:
        raise InvalidArgument(
            "--starts", options.starts, "1 for a spectral start, which is the same every time"
        )
    if options.predict and len(ratios) < 2:
        raise InvalidArgument("--predict", True, "left out with a single --samples-per-dimension")
    offset = chosen_offset(options)
    first, largest = chosen_step_sizes(options, offset, factor=8.0)
    if options.duration / min(largest, first if options.step_growth == 1.0 else largest) > _LARGEST_STEPS:
        raise InvalidArgument("--duration", options.duration, f"shorter: at most {_LARGEST_STEPS} steps")
    loss = chosen_loss(options, offset)
    import warnings

    from ... import sweep
    from ...approximation import approximation_of
    from ...phase_retrieval.theory.success import amplification_shift
    from ...presentation import plain
    from ..output import emit

    parameters = echo(options, offset)
    settings = {name: getattr(options, name) for name in _SETTINGS} | {"first": first, "largest": largest}
    settings |= {"expression": options.expression, "largest_label": options.largest_label}
    settings |= {"loss": parameters["loss"], "offset": offset}
    grid = {"dimension": dimensions, "samples_per_dimension": ratios} | {
        name: sweep.constant(value) for name, value in settings.items()
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        # Points that failed are records with a bad status here.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            dataset = sweep.run(outcomes, grid, store=options.store, seed=options.seed)
        except StoreError as error:
            raise BadUsage(f"--store = {error}") from None
    records = [
        _rate(dataset.sel(dimension=size, samples_per_dimension=ratio), size, ratio, options.starts)
        for size in dimensions
        for ratio in ratios
    ]
    parameters |= {"samples_per_dimension": ratios, "dimension": dimensions, "step_size": first}
    parameters |= {"step_max": largest, "seed": options.seed}
    parameters |= {name: settings[name] for name in _SETTINGS if name not in parameters}
    midpoints, notes = _midpoints(records, dimensions)
    notes += [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]
    summary = _summary(midpoints)
    if options.predict:
        predicted, more = _prediction(loss, ratios, midpoints, (first, largest), options.seed)
        summary |= predicted
        notes += [*more, f"predicted slope: {approximation_of(amplification_shift)}"]

    def draw(path: Path) -> None:
        from ...phase_retrieval.plots import plot_success

        plot_success(plain(exact), midpoints, path)

    exact = records
    if not options.json:
        records = [_rounded(record) for record in records]
        summary = _rounded(summary)
    return emit(
        options, "phase-retrieval success", parameters, records, summary=summary, notes=notes, plot=draw
    )


_SETTINGS = (
    "instances",
    "starts",
    "start",
    "threshold",
    "duration",
    "step_growth",
    "temperature",
    "precision",
    "prefactor",
)


def outcomes(
    dimension: int,
    samples_per_dimension: float,
    *,
    seed: int,
    instances: int,
    starts: int,
    start: str,
    threshold: float,
    duration: float,
    step_growth: float,
    temperature: float,
    precision: str,
    prefactor: float,
    first: float,
    largest: float,
    loss: str,
    offset: float | None,
    expression: str | None,
    largest_label: float | None,
) -> dict[str, Any]:
    """One point of the sweep: successful starts of each instance, and the median time of the successes."""
    import numpy as np

    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.simulation.success import simulate_success

    words = argparse.Namespace(
        expression=expression,
        loss=None if loss == "expression" else loss,
        prefactor=prefactor,
        largest_label=largest_label,
    )
    found = simulate_success(
        PhaseRetrieval(chosen_loss(words, offset), samples_per_dimension),
        dimension,
        step_sizes=schedule(duration, first, step_growth, largest),
        instances=instances,
        threshold=threshold,
        starts=starts,
        start=start,  # type: ignore[arg-type] # a plain word of the sweep, checked there
        temperature=temperature,
        precision=precision,  # type: ignore[arg-type] # the same
        seed=seed,
    )
    reached = found.require().success_time[np.isfinite(found.success_time)]
    median = float(np.median(reached)) if len(reached) else math.nan
    return {"succeeded": found.succeeded, "median_success_time": median}


def schedule(duration: float, first: float, growth: float, largest: float) -> FloatArray:
    """Growing steps until their sum reaches the duration."""
    import numpy as np

    from ...phase_retrieval.schedule import geometric_steps

    count = min(_LARGEST_STEPS, 2 + math.ceil(duration / first))
    sizes = geometric_steps(count, first, growth, largest)
    return sizes[: int(np.searchsorted(np.cumsum(sizes), duration)) + 1]


def _rate(row: Any, dimension: int, ratio: float, starts: int) -> dict[str, Any]:
    from ...phase_retrieval.theory.success import success_rate

    record: dict[str, Any] = {"dimension": dimension, "samples_per_dimension": ratio}
    approximation = "simulation of finite instances"
    message = str(row["message"].item())
    if message:
        empty = dict.fromkeys(("rate", "standard_error", "lower", "upper", "median_success_time"))
        return record | empty | {"status": "not converged", "reason": message, "approximation": approximation}
    rate = success_rate(row["succeeded"].values.astype(int), starts)
    return record | {
        "rate": rate.rate,
        "standard_error": rate.standard_error,
        "lower": rate.lower,
        "upper": rate.upper,
        "effective_trials": rate.effective_trials,
        "median_success_time": float(row["median_success_time"]),
        "status": "converged",
        "approximation": approximation,
    }


def _rounded(record: dict[str, Any]) -> dict[str, Any]:
    """For people: measured numbers to three decimals."""
    return {name: f"{x:.3f}" if isinstance(x, float) else x for name, x in record.items()}


def _midpoints(
    records: list[dict[str, Any]], dimensions: list[int]
) -> tuple[dict[int, SuccessMidpoint], list[str]]:
    """The sizes that have a midpoint, and why the others have none."""
    from ...errors import InsufficientSamples
    from ...phase_retrieval.theory.success import success_midpoint

    notes, found = [], {}
    for size in dimensions:
        rows = [row for row in records if row["dimension"] == size and row["rate"] is not None]
        trials = [row["effective_trials"] for row in rows]
        successes = [row["rate"] * count for row, count in zip(rows, trials, strict=True)]
        try:
            if len(rows) < 3:
                raise InsufficientSamples(f"{len(rows)} ratios: a midpoint needs at least 3")
            found[size] = success_midpoint([r["samples_per_dimension"] for r in rows], successes, trials)
        except InsufficientSamples as error:
            notes.append(f"no midpoint at N = {size}: {error}")
    return found, notes


def _summary(midpoints: dict[int, SuccessMidpoint]) -> dict[str, Any]:
    from ...phase_retrieval.theory.success import size_shift
    from ...statistics.estimate import Estimate

    estimates = {size: found.samples_per_dimension for size, found in midpoints.items()}
    summary: dict[str, Any] = {}
    for size, estimate in estimates.items():
        summary[f"midpoint_{size}"] = float(estimate.mean)
        summary[f"midpoint_{size}_standard_error"] = float(estimate.standard_error)
    if len(estimates) >= 2:
        shift = size_shift(list(estimates), Estimate.stack(list(estimates.values())))
        summary |= {"slope": shift.slope, "slope_lower": shift.lower, "slope_upper": shift.upper}
        summary |= {"slope_p_value": shift.p_value}
    return summary


def _prediction(
    loss: Loss,
    ratios: list[float],
    midpoints: dict[int, SuccessMidpoint],
    steps: tuple[float, float],
    seed: int,
) -> tuple[dict[str, Any], list[str]]:
    """Predicted slope at the mean midpoint, and the verdict where the slope was measured."""
    from ...errors import InvalidArgument as Refused
    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.schedule import geometric_steps
    from ...phase_retrieval.theory.success import (
        amplification_shift,
        judge_shift,
        largest_amplification,
        size_shift,
    )
    from ...statistics.estimate import Estimate

    if not midpoints:
        return {}, ["no predicted slope: there is no midpoint"]
    estimates = [found.samples_per_dimension for found in midpoints.values()]
    place = sum(float(estimate.mean) for estimate in estimates) / len(estimates)
    sizes = geometric_steps(_PREDICTED_STEPS, steps[0], 1.04, 10.0 * steps[0])
    model, increasing = PhaseRetrieval(loss, ratios[0]), sorted(ratios)
    amplification = largest_amplification(model, sizes, samples_per_dimension=increasing, seed=seed)
    notes = []
    if amplification.still_growing.any():
        where = ", ".join(f"{r:g}" for r, e in zip(increasing, amplification.still_growing, strict=True) if e)
        notes.append(
            f"the amplification still grows after {_PREDICTED_STEPS} steps at {where}: a lower bound"
        )
    try:
        predicted, error = amplification_shift(amplification, place)
    except Refused as refusal:
        return {}, [*notes, f"no predicted slope: {refusal}"]
    summary: dict[str, Any] = {"predicted_slope": predicted, "predicted_slope_standard_error": error}
    if len(midpoints) >= 2:
        shift = size_shift(list(midpoints), Estimate.stack(estimates))
        truncated = amplification.truncated(place)
        verdict = judge_shift(shift, predicted, error, truncated=truncated)
        summary |= {"verdict": verdict.verdict, "bound": verdict.bound}
        notes.append(verdict.text)
    return summary, notes
