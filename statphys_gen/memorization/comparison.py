"""Theory beside simulation for one set of uniform points of a user's."""

from __future__ import annotations

from ..approximation import approximation_of
from ..comparison import Observable, Observables
from .simulation import simulate_neighbour_fraction
from .theory.nulls import null_fraction
from .theory.smoothed_set import smoothed_fraction


def compare(
    dimension: int,
    ratio: float,
    point_density: float,
    smoothing_width: float,
    *,
    instances: int = 20,
    walkers: int = 2000,
    seed: int = 0,
) -> Observables:
    """Fractions of points that look like copies, of uniform points and of a smoothed set of them.

    Parameters
    ----------
    dimension, ratio, point_density, smoothing_width : D, k, rho and h, as for :func:`smoothed_fraction`.
    instances, walkers, seed : as for :func:`simulate_neighbour_fraction`.
    """
    drawn = {"point_density": point_density, "instances": instances, "walkers": walkers, "seed": seed}
    uniform = simulate_neighbour_fraction(dimension, ratio, **drawn)  # type: ignore[arg-type] # of several types
    smoothed = simulate_neighbour_fraction(dimension, ratio, smoothing_width=smoothing_width, **drawn)  # type: ignore[arg-type] # the same
    rows = (
        ("null_fraction", uniform, float(null_fraction(dimension, ratio)), null_fraction),
        (
            "smoothed_fraction",
            smoothed,
            float(smoothed_fraction(dimension, ratio, point_density, smoothing_width)),
            smoothed_fraction,
        ),
    )
    return Observables(tuple(Observable(n, e, t, str(approximation_of(f))) for n, e, t, f in rows))
