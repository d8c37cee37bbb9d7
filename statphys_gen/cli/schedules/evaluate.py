"""``statphys-gen schedules``: exact errors of a grid, and the windows of the features."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ..parsing import add_output_options, add_seed
from .options import add_grid, add_model, grid_of, grid_parameters, law_of, model_parameters


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "evaluate",
        help="exact weight and detail errors of a grid of steps",
        description="What a schedule generates: the weight of the classes, the standard deviation of the details, and "
        "what the start alone\ncosts. Exact at any dimension and number of steps, for two isotropic classes and for "
        "classes with a common covariance.",
    )
    add_model(parser)
    add_grid(parser)
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_evaluate)

    parser = quantities.add_parser(
        "windows",
        help="noise levels at which weight and details are learned, and a U-turn decides",
        description="5, 50 and 95 % of the sensitivity of the weight and of the details to errors of the network over "
        "log S; of the U-turn,\nthe levels where 95, 50 and 5 % of the rise of the agreement are reached. area: "
        "integral of the best density of steps\n(of the weight for S from the lower of |m|/20 and sigma/1000 to 1000 "
        "times the larger of |m| and sigma); K steps leave\nan error of area^2/(2K).",
    )
    add_model(parser)
    add_output_options(parser)
    parser.set_defaults(run=_windows)


def spectrum_of_law(law: Any) -> Any:
    """The spectrum of any law that the options give."""
    from ...data.laws import GaussianMixture
    from ...schedules.model import TwoClasses
    from ...schedules.theory.common_covariance import ClassSpectrum
    from ...schedules.theory.error_density import spectrum_of

    if isinstance(law, TwoClasses):
        return spectrum_of(law)
    return ClassSpectrum.of(law) if isinstance(law, GaussianMixture) else law.spectrum


def grid_for(options: argparse.Namespace, law: Any) -> Any:
    """The grid of the options, with the scales of the law."""
    spectrum = spectrum_of_law(law)
    pairs = [float(spectrum.half_difference(a, b).sum()) for a in range(spectrum.classes) for b in range(a)]
    norm = (
        math.sqrt(max(pairs))
        if pairs and max(pairs) > 0.0
        else 1.0
        if "vp" in str(options.schedule)
        else None
    )
    return grid_of(options, norm, spectrum.trace / float(spectrum.multiplicities.sum()))


def _evaluate(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...schedules.model import TwoClasses
    from ...schedules.theory.common_covariance import generated_weights
    from ...schedules.theory.isotropic_map import generated_weight
    from ..output import emit

    law, notes = law_of(options)
    grid = grid_for(options, law)
    if isinstance(law, TwoClasses):
        record = generated_weight(law, grid).records()[0] | {
            "approximation": str(approximation_of(generated_weight))
        }
    else:
        record = _of_spectrum(spectrum_of_law(law), grid, options.seed)
        record["approximation"] = str(approximation_of(generated_weights))
    parameters = model_parameters(options) | grid_parameters(options) | {"seed": options.seed}
    return emit(options, "schedules evaluate", parameters, [record], notes=notes)


def _of_spectrum(spectrum: Any, grid: Any, seed: int) -> dict[str, Any]:
    import numpy as np

    from ...schedules.model import NoiseGrid, TimeGrid
    from ...schedules.theory.common_covariance import (
        detail_error,
        generated_weights,
        log_ratios,
        shares_of_data,
    )
    from ...schedules.theory.design import problem_of
    from ...schedules.theory.program import increasing_by_construction, program_of

    found, truth = generated_weights(spectrum, grid, seed=seed), shares_of_data(spectrum, seed=seed)
    ratios = np.exp(log_ratios(spectrum.eigenvalues[[-1, 0]], grid))
    begin: float | None = 0.0
    if isinstance(grid, NoiseGrid):
        begin = problem_of(spectrum, seed=seed).start_error(grid) if spectrum.separates() else None
    program = program_of(grid)
    increasing = all(increasing_by_construction(program, grid, float(v)) for v in spectrum.eigenvalues)
    one_step = isinstance(grid, TimeGrid) or grid.scheme == "ddim"
    return {
        "weight": float(found.mean[0]),
        "weight_error": float(found.mean[0] - truth.mean[0]),
        "start_error": begin,
        "detail_std": None,
        "detail_ratio": None,
        "separatrix": None,
        "monotone": increasing if one_step else None,
        "weights": found.mean.tolist(),
        "weights_standard_error": found.standard_error.tolist(),
        "detail_ratio_largest": float(ratios[0]),
        "detail_ratio_smallest": float(ratios[1]),
        "detail_error": detail_error(spectrum, grid),
        "status": "converged",
        "residual": 0.0,
        "error": float(np.hypot(found.standard_error, truth.standard_error).max()),
    }


def _windows(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...schedules.theory.windows import windows, windows_of
    from ..output import emit

    law, notes = law_of(options)
    spectrum = spectrum_of_law(law)
    found = windows_of(spectrum)
    if spectrum.classes > 2:
        notes.append("windows of the weight and of the U-turn are those of two classes; there are more")
    elif not spectrum.separates():
        notes.append("the class means do not differ: details only")
    said = {"approximation": str(approximation_of(windows))}

    def plot(path: Path) -> None:
        from ...schedules.plots import plot_densities

        plot_densities(spectrum, path)

    return emit(
        options,
        "schedules windows",
        model_parameters(options),
        [window.records()[0] | said for window in found],
        notes=notes,
        plot=plot,
    )
