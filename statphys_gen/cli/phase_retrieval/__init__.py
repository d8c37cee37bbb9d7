"""``statphys-gen phase-retrieval``: Hessian spectra, thresholds and gradient descent of phase retrieval."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, integer, number
from . import dmft as phase_retrieval_dmft
from . import simulate as phase_retrieval_simulate
from . import success as phase_retrieval_success
from . import thresholds as phase_retrieval_thresholds
from .options import (
    add_loss,
    add_overlap,
    add_samples_per_dimension,
    chosen_loss,
    chosen_offset,
    early_checks,
    echo,
    require_lower_bound,
)

if TYPE_CHECKING:
    from ...phase_retrieval.model import Loss
    from ...phase_retrieval.theory.curvature_laws import CurvatureLaw

# Half width of the Lorentzian that smooths the density of a sample, over the distance of edge and mean.
_SMOOTHING = 0.005


def register(systems: Any) -> None:
    system = systems.add_parser(
        "phase-retrieval",
        help="Hessian spectra, BBP thresholds and gradient descent of phase retrieval",
        description="When the Hessian of phase retrieval shows a direction towards the signal: at the start, along "
        "the descent,\nand at the states in which it may end.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    _register_spectrum(quantities)
    phase_retrieval_thresholds.register(quantities)
    phase_retrieval_dmft.register(quantities)
    phase_retrieval_simulate.register(quantities)
    phase_retrieval_success.register(quantities)


# -------------------------------------------------------------------------------------------------- spectrum


def _register_spectrum(quantities: Any) -> None:
    parser = quantities.add_parser(
        "spectrum",
        help="left edge, signal outlier and its overlap",
        description="Left edge of the Hessian's bulk, the signal outlier below it and its squared overlap with the "
        "signal, at\ninitialisation or for a sample of pairs (y, t). Eigenvalues are those with the multiplier "
        "subtracted.",
    )
    add_samples_per_dimension(parser, several=True)
    add_loss(parser)
    add_overlap(parser)
    parser.add_argument(
        "--samples", metavar="FILE", help=".npy file of shape (n, 2): pairs (y, t) of a training run"
    )
    parser.add_argument(
        "--blocks",
        metavar="K",
        type=integer("--blocks", 5, 1000),
        help="blocks of the jackknife over the pairs of --samples (default 20)",
    )
    parser.add_argument(
        "--density",
        metavar="POINTS",
        type=integer("--density", 2, 100_000),
        help="print the density at this many points",
    )
    parser.add_argument(
        "--upper",
        metavar="X",
        type=number("--upper", validation.finite),
        help="largest eigenvalue of the density and the plot (default: three times as far from the edge as the mean "
        "eigenvalue)",
    )
    add_output_options(parser)
    parser.set_defaults(run=_spectrum)


def _spectrum(options: argparse.Namespace) -> int:
    early_checks(options)
    offset = chosen_offset(options)
    if options.samples is not None:
        validation.readable_file("--samples", options.samples)
    elif options.blocks is not None:
        raise InvalidArgument("--blocks", options.blocks, "left out without --samples")
    parameters = echo(options, offset) | {
        "samples_per_dimension": options.samples_per_dimension,
        "overlap": options.overlap,
    }
    loss = chosen_loss(options, offset)
    if options.samples is not None:
        parameters["samples"] = options.samples
        return _sampled(options, loss, parameters)
    require_lower_bound(loss)
    if offset == 0.0:
        raise InvalidArgument("--offset", offset, "above 0: the Lagrange multiplier is infinite at 0")
    from ...phase_retrieval.theory.curvature_laws import initial_curvature_law
    from ...phase_retrieval.theory.spectrum import hessian_spectrum

    law = initial_curvature_law(loss, options.overlap)
    records = [
        {"samples_per_dimension": alpha} | record
        for alpha, record in zip(
            options.samples_per_dimension,
            hessian_spectrum(law, options.samples_per_dimension).records(),
            strict=True,
        )
    ]
    return _finish(options, law, parameters, records, 0.0)


def _sampled(options: argparse.Namespace, loss: Loss, parameters: dict[str, Any]) -> int:
    """Spectra of a sample, with jackknife errors."""
    from ...phase_retrieval.theory.curvature_laws import sampled_curvature_law
    from ...phase_retrieval.theory.spectrum import hessian_spectrum, sampled_spectrum

    law = sampled_curvature_law(loss, options.samples, options.overlap)
    assert law.sample is not None
    blocks = options.blocks or min(20, len(law.sample) // 20)
    parameters["blocks"] = blocks
    records: list[dict[str, Any]] = []
    for alpha in options.samples_per_dimension:
        (record,) = hessian_spectrum(law, alpha).records()
        estimates = sampled_spectrum(loss, law.sample, alpha, options.overlap, blocks=blocks)
        record |= {
            f"{name}_standard_error": float(estimates[name].standard_error)
            for name in ("bulk_edge", "outlier", "outlier_overlap_squared", "lagrange_multiplier")
            if name in estimates
        }
        records.append({"samples_per_dimension": alpha} | record)
    notes = [f"standard errors: jackknife over {blocks} blocks of {len(law.sample)} pairs"]
    return _finish(options, law, parameters, records, _SMOOTHING, notes)


def _finish(
    options: argparse.Namespace,
    law: CurvatureLaw,
    parameters: dict[str, Any],
    records: list[dict[str, Any]],
    smoothing: float,
    notes: Sequence[str] = (),
) -> int:
    """Add densities, draw, print. ``smoothing`` is relative to the distance of the edge from the mean eigenvalue."""
    from ...presentation import table
    from ..output import emit

    ratios = options.samples_per_dimension
    if options.density is not None:
        from ...phase_retrieval.theory.spectrum import density_positions, spectral_density

        for record, alpha in zip(records, ratios, strict=True):
            grid, width = density_positions(law, alpha, options.density, upper=options.upper)
            density = spectral_density(law, alpha, grid, smoothing=smoothing * width)
            record["smoothing"] = smoothing * width
            record["density"] = [
                {"position": float(x), "density": float(y)} for x, y in zip(grid, density, strict=True)
            ]

    def plot(path: Path) -> None:
        from ...phase_retrieval.plots import plot_spectra

        plot_spectra(law, ratios, path, smoothing=smoothing, upper=options.upper)

    command = "phase-retrieval spectrum"
    status = emit(options, command, parameters, records, notes=notes, plot=plot)
    if not options.json:
        for record in records:
            if "density" in record:
                print(table(record["density"]))
    return status
