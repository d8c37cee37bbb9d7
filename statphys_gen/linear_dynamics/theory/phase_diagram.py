r"""The plane of variance exponent and width exponent: regimes, and the best test error on it.

Weights of variance d^gs, width d^gw. Lines: gs + gw = 1 between active and lazy (threshold of the size of the signal),
gs + gw = 1/2 between lazy and active noise (threshold of the size of the noise, 2 sqrt(d)), 2 gs + gw = 0 where the
initial noise diverges, gw = log k/log d where the width falls below the rank of the signal. The first two and the
third meet at (gs, gw) = (-1, 2), where lazy ratio and initial noise are 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import attributes
from ..model import LARGEST, SMALLEST
from .best import best_error
from .crossover import LIMIT, SOURCE
from .units import scaled_variables

if TYPE_CHECKING:
    import xarray

_SOURCE = "public notebooks of arXiv 2405.17580; " + SOURCE


@states("leading order", "exponents, for d -> infinity", source=_SOURCE, verification="derived")
def regime(variance_exponent: ArrayLike, width_exponent: ArrayLike) -> NDArray[np.str_]:
    """lazy: signals and noise below the threshold; mixed: signals above, noise below; balanced: both above.

    At finite d the lines are crossovers.
    """
    gs, gw = validation.broadcast(
        variance_exponent=validation.array("variance_exponent", variance_exponent),
        width_exponent=validation.array("width_exponent", width_exponent),
    )
    total = gs + gw
    return np.where(total >= 1.0, "lazy", np.where(total > 0.5, "mixed", "balanced"))


@states(
    "exact as N -> infinity",
    LIMIT + "; none below width d; regimes are exponents",
    source=_SOURCE,
    verification="derived",
)
def phase_diagram(
    signal_strengths: Sequence[float] | FloatArray,
    dimension: int,
    variance_exponent: ArrayLike,
    width_exponent: ArrayLike,
) -> xarray.Dataset:
    """Best test error and its scaled time over the plane of exponents, in the limit at fixed kappa and omega.

    Parameters
    ----------
    signal_strengths : x_1, ..., x_k above 0; the authors' are k times k^(-1/2) (``Task.equal(k)``).
    dimension : d, from which kappa and omega follow.
    variance_exponent, width_exponent : (a,), (b,) the axes of the plane.

    Returns
    -------
    Dataset over both axes with ``regime``, ``lazy_ratio``, ``initial_noise``, ``threshold_over_bulk_edge``,
    ``test_error``, ``training_time``, ``status``, ``residual`` and ``error``. The test error is that of a lazy bulk:
    where the threshold is below the largest singular value 2 sqrt(d) of the noise (``threshold_over_bulk_edge`` < 1) it
    is off by several percent and more, and ``best_error`` with a dimension has the leading order in 1/d. Below width d
    (width_exponent < 1), where the wide limit is not defined, the
    test error is NaN with the status "no solution in the domain".
    """
    import xarray

    from ...solution import Status

    gs = np.atleast_1d(validation.array("variance_exponent", variance_exponent))
    gw = np.atleast_1d(validation.array("width_exponent", width_exponent, at_least=0.0))
    grid = np.meshgrid(gs, gw, indexing="ij")
    kappa, omega = scaled_variables(dimension, *grid)
    bad = (kappa < SMALLEST) | (kappa > LARGEST) | (omega > LARGEST)
    if bad.any():
        allowed = f"such that lazy ratio and initial noise lie in [{SMALLEST:g}, {LARGEST:g}]"
        given = f" (width exponent {grid[1][bad][0]:g}, dimension {dimension})"
        raise InvalidArgument("variance_exponent", float(grid[0][bad][0]), allowed + given)
    edge = kappa * math.sqrt(dimension) / 2.0
    wide = grid[1] >= 1.0
    shape = kappa.shape
    fields = {name: np.full(shape, np.nan) for name in ("test_error", "training_time", "residual", "error")}
    status = np.full(shape, int(Status.NO_SOLUTION))
    if wide.any():
        found = best_error(signal_strengths, kappa[wide], omega[wide]).solution
        for name in ("test_error", "training_time"):
            fields[name][wide] = found[name]
        fields["residual"][wide], fields["error"][wide] = found.residual, found.error
        status[wide] = found.status
    axes = ("variance_exponent", "width_exponent")
    entries = {"regime": regime(*grid), "lazy_ratio": kappa, "initial_noise": omega} | fields
    entries |= {"threshold_over_bulk_edge": edge, "status": status}
    return xarray.Dataset(
        {name: (axes, entry, attributes(name)) for name, entry in entries.items()},
        {name: ((name,), axis, attributes(name)) for name, axis in zip(axes, (gs, gw), strict=True)},
        {
            "approximation": str(approximation_of(phase_diagram)),
            "dimension": dimension,
            "signal_strengths": [float(x) for x in np.atleast_1d(signal_strengths)],
        },
    )
