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
    from ...phase_retrieval.model import Loss, PhaseRetrieval
    from ...phase_retrieval.theory.curvature_law import CurvatureLaw

# Half width of the Lorentzian that smooths the density of points, over the distance of edge and mean.
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
        "signal, at\ninitialisation or for points (y, t) of a training run. Eigenvalues are those with the multiplier "
        "subtracted.",
    )
    add_samples_per_dimension(parser, several=True)
    add_loss(parser)
    add_overlap(parser)
    parser.add_argument(
        "--points", metavar="FILE", help=".npy file of shape (n, 2): points (y, t) of a training run"
    )
    parser.add_argument(
        "--blocks",
        metavar="K",
        type=integer("--blocks", 5, 1000),
        help="blocks of the jackknife over the --points (default 20)",
    )
    parser.add_argument(
        "--density-points",
        metavar="K",
        type=integer("--density-points", 2, 100_000),
        help="print the density at this many eigenvalues",
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
    if options.points is not None:
        validation.readable_file("--points", options.points)
    elif options.blocks is not None:
        raise InvalidArgument("--blocks", options.blocks, "left out without --points")
    parameters = echo(options, offset) | {
        "samples_per_dimension": options.samples_per_dimension,
        "overlap": options.overlap,
    }
    loss = chosen_loss(options, offset)
    if options.points is not None:
        parameters["points"] = options.points
        return _sampled(options, loss, parameters)
    require_lower_bound(loss)
    if offset == 0.0:
        raise InvalidArgument("--offset", offset, "above 0: the Lagrange multiplier is infinite at 0")
    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.theory.spectrum import hessian_spectrum

    ratios = options.samples_per_dimension
    model = PhaseRetrieval(loss, ratios[0], options.overlap)
    records = hessian_spectrum(model, samples_per_dimension=ratios).records()
    return _finish(options, model, None, parameters, records, 0.0)


def _sampled(options: argparse.Namespace, loss: Loss, parameters: dict[str, Any]) -> int:
    """Spectra of points, with jackknife errors."""
    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.theory.sampled_law import sampled_curvature_law, sampled_spectrum
    from ...phase_retrieval.theory.spectrum import hessian_spectrum

    law = sampled_curvature_law(loss, options.points, overlap=options.overlap)
    assert law.points is not None
    blocks = options.blocks or min(20, len(law.points) // 20)
    parameters["blocks"] = blocks
    records: list[dict[str, Any]] = []
    model = PhaseRetrieval(loss, options.samples_per_dimension[0], options.overlap)
    for alpha in options.samples_per_dimension:
        here = model.replace(samples_per_dimension=alpha)
        (record,) = hessian_spectrum(here, law=law).records()
        estimates = sampled_spectrum(here, law.points, blocks=blocks)
        record |= {
            f"{name}_standard_error": float(estimates[name].standard_error)
            for name in ("bulk_edge", "outlier", "outlier_overlap_squared", "lagrange_multiplier")
            if name in estimates
        }
        records.append(record)
    notes = [f"standard errors: jackknife over {blocks} blocks of {len(law.points)} points"]
    return _finish(options, model, law, parameters, records, _SMOOTHING, notes)


def _finish(
    options: argparse.Namespace,
    model: PhaseRetrieval,
    law: CurvatureLaw | None,
    parameters: dict[str, Any],
    records: list[dict[str, Any]],
    smoothing: float,
    notes: Sequence[str] = (),
) -> int:
    """Add densities, draw, print. ``smoothing`` is relative to the distance of the edge from the mean eigenvalue."""
    from ...presentation import table
    from ..output import emit

    ratios = options.samples_per_dimension
    if options.density_points is not None:
        from ...phase_retrieval.theory.density import density_positions, spectral_density

        for record, alpha in zip(records, ratios, strict=True):
            here = model.replace(samples_per_dimension=alpha)
            grid, width = density_positions(here, options.density_points, law=law, upper=options.upper)
            density = spectral_density(here, grid, law=law, smoothing=smoothing * width)
            record["smoothing"] = smoothing * width
            record["density"] = [
                {"position": float(x), "density": float(y)} for x, y in zip(grid, density, strict=True)
            ]

    def plot(path: Path) -> None:
        from ...phase_retrieval.plots import plot_spectra

        plot_spectra(model, ratios, path, law=law, smoothing=smoothing, upper=options.upper)

    command = "phase-retrieval spectrum"
    status = emit(options, command, parameters, records, notes=notes, plot=plot)
    if not options.json:
        for record in records:
            if "density" in record:
                print(table(record["density"]))
    return status
