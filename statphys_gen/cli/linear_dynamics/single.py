"""``statphys-gen linear-dynamics``: one direction, weak signals, and the lazy phase at any width."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, number
from .options import add_rates, add_times, non_negative, positive


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "mode",
        help="how far a singular direction of the target is learned",
        description="Amplitude of singular directions of the target in time, at infinite width. Below the threshold c "
        "a direction is\nlearned like a kernel machine (lazy), above it like a balanced network (active).",
    )
    parser.add_argument(
        "--singular-value",
        "-s",
        metavar="S",
        nargs="+",
        required=True,
        type=number("--singular-value", validation.finite),
        help="singular values of the target",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--threshold",
        "-c",
        metavar="C",
        type=positive("--threshold"),
        help="w times the variance of a weight",
    )
    which.add_argument(
        "--thresholds",
        metavar=("C1", "C2"),
        nargs=2,
        type=positive("--thresholds"),
        help="the same for each layer, where the variances differ",
    )
    add_rates(parser)
    parser.add_argument(
        "--initial",
        metavar="A0",
        type=number("--initial", validation.finite),
        default=0.0,
        help="amplitude at time 0 (default 0)",
    )
    add_times(parser, "t of the gradient flow, in inverse units of the singular values")
    add_output_options(parser)
    parser.set_defaults(run=_mode)

    parser = quantities.add_parser(
        "weak-signal",
        help="what is learned of a signal as weak as the noise's singular values",
        description="Overlap u^T A v with a signal of singular value tau sqrt(d), second moment of the bulk, and the "
        "outlier of the target.\nUnits: lengths over sqrt(d), times in units of 1/sqrt(d).",
    )
    parser.add_argument(
        "--spike",
        "--tau",
        metavar="TAU",
        nargs="+",
        required=True,
        type=positive("--spike"),
        help="singular values of the signals over sqrt(d)",
    )
    parser.add_argument(
        "--threshold",
        "-c",
        metavar="C",
        required=True,
        type=positive("--threshold"),
        help="threshold over sqrt(d)",
    )
    add_times(parser, "in units of 1/sqrt(d)")
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_weak_signal)

    parser = quantities.add_parser(
        "lazy-width",
        help="loss of a lazy network of any width, also below the dimension",
        description="Share of the train loss that is left, and test error of noise alone, for the centred network "
        "A(t) - A(0) and a target\nthat is small against the threshold.",
    )
    parser.add_argument(
        "--width-ratio",
        metavar="W/D",
        nargs="+",
        required=True,
        type=positive("--width-ratio"),
        help="width over dimension",
    )
    parser.add_argument(
        "--scaled-time",
        metavar="CT",
        nargs="+",
        required=True,
        type=non_negative("--scaled-time"),
        help="threshold times training time",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_lazy_width)


def _mode(options: argparse.Namespace) -> int:
    import math

    import numpy as np

    from ...approximation import approximation_of
    from ...linear_dynamics.theory.modes import active, amplitude, relaxation_rate
    from ...linear_dynamics.theory.units import combined_threshold, time_at_unit_rates
    from ..output import emit

    layers = options.thresholds or [options.threshold, options.threshold]
    threshold = combined_threshold(*layers, *options.rates)
    speed = math.sqrt(options.rates[0]) * math.sqrt(options.rates[1])
    values, times = np.array(options.singular_value), np.array(options.training_time)
    scaled = time_at_unit_rates(times, *options.rates)
    found = amplitude(values[:, None], threshold, scaled, options.initial)
    # The rate in real time.
    rates = time_at_unit_rates(relaxation_rate(values, threshold), *options.rates)
    records = [
        {
            "singular_value": s,
            "training_time": t,
            "amplitude": float(found[i, j]),
            "rate": float(rates[i]),
            "phase": "active" if active(s, threshold) else "lazy",
            "approximation": str(approximation_of(amplitude)),
        }
        for i, s in enumerate(options.singular_value)
        for j, t in enumerate(options.training_time)
    ]
    parameters = {
        "singular_value": options.singular_value,
        "threshold": threshold,
        "thresholds": layers,
        "rates": options.rates,
        "initial": options.initial,
        "training_time": options.training_time,
    }

    def plot(path: Path) -> None:
        from ...linear_dynamics.plots import plot_modes

        if options.initial != 0.0:
            raise InvalidArgument("--plot", str(path), "left out with --initial")
        plot_modes(values, threshold, times, path, speed)

    return emit(options, "linear-dynamics mode", parameters, records, plot=plot)


def _weak_signal(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...linear_dynamics.theory.weak_signal import bulk_second_moment, outlier, overlap
    from ..output import emit

    learned = overlap(options.spike, options.threshold, options.training_time)
    bulk = bulk_second_moment(options.threshold, options.training_time)
    places = outlier(options.spike)
    records = [
        {
            "spike": tau,
            "training_time": t,
            "overlap": float(learned[i, j]),
            "bulk_second_moment": float(bulk[j]),
            "outlier": float(places[i]),
            "approximation": str(approximation_of(overlap)),
        }
        for i, tau in enumerate(options.spike)
        for j, t in enumerate(options.training_time)
    ]
    parameters = {name: getattr(options, name) for name in ("spike", "threshold", "training_time")}
    return emit(options, "linear-dynamics weak-signal", parameters, records)


def _lazy_width(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...linear_dynamics.theory.lazy_width import lazy_noise_error, lazy_relative_loss
    from ..output import emit

    records = []
    for ratio in options.width_ratio:
        columns = (f(ratio, options.scaled_time) for f in (lazy_relative_loss, lazy_noise_error))
        for time, loss, error in zip(options.scaled_time, *columns, strict=True):
            records.append(
                {
                    "width_ratio": ratio,
                    "scaled_time": time,
                    "relative_loss": float(loss),
                    "noise_error": float(error),
                    "approximation": str(approximation_of(lazy_relative_loss)),
                }
            )
    parameters = {"width_ratio": options.width_ratio, "scaled_time": options.scaled_time}
    return emit(options, "linear-dynamics lazy-width", parameters, records)
