"""Generators whose answer is known, and points around which the laws of neighbours are exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import validation
from ..arrays import FloatArray
from ..data.laws import GaussianMixture
from ..data.sampling import NoisedMixture
from ..errors import InvalidArgument
from ..numerics.neighbours import two_nearest
from ..progress import keep, observe_part
from ..statistics.estimate import Estimate
from ..statistics.streams import generator

KINDS = ("perfect", "fitted", "collapsed", "smoothed")
_POINTS = 2000  # of a box, on average


@dataclass(frozen=True)
class KnownGenerator:
    """A generator that is known to copy, or not to.

    Parameters
    ----------
    kind : what it draws: "perfect", the law of the data; "fitted", a Gaussian with mean and covariance of the training
        set; "collapsed", points of the law shrunk to their own mean; "smoothed", training points plus noise. Only
        "fitted" and "smoothed" know the training set.
    copies : fraction of the points, rounded, that are copies of distinct training points instead; in [0, 1].
    width : of the noise of a copy, and of "smoothed", in standard deviations of a coordinate of the training set.
    shrinkage : factor of "collapsed", in (0, 1).
    """

    kind: str
    copies: float = 0.0
    width: float = 1e-3
    shrinkage: float = 0.1

    def __post_init__(self) -> None:
        validation.choice("kind", self.kind, KINDS)
        validation.inside("copies", self.copies, 0.0, 1.0, closed=True)
        validation.non_negative("width", self.width)
        validation.inside("shrinkage", self.shrinkage, 0.0, 1.0)

    def draw(
        self, law: GaussianMixture, training: FloatArray, count: int, rng: np.random.Generator
    ) -> FloatArray:
        """(count, d) generated points; copies come first.

        Raises
        ------
        InvalidArgument : more copies than training points.
        """
        if not isinstance(law, GaussianMixture):
            raise InvalidArgument("law", law, "a GaussianMixture")
        points = validation.array("training", training, shape=(None, law.dimension))
        total = validation.integer("count", count, minimum=1)
        planted = round(self.copies * total)
        if planted > len(points):
            raise InvalidArgument(
                "copies", self.copies, f"at most one for each of {len(points)} training points"
            )
        spread = self.width * float(np.sqrt(points.var(axis=0).mean()))
        chosen = points[rng.choice(len(points), planted, replace=False)]
        copied = chosen + spread * rng.standard_normal(chosen.shape)
        return np.concatenate([copied, self._others(law, points, total - planted, spread, rng)])

    def _others(
        self, law: GaussianMixture, points: FloatArray, count: int, spread: float, rng: np.random.Generator
    ) -> FloatArray:
        if self.kind == "smoothed":
            chosen = points[rng.integers(len(points), size=count)]
            return np.asarray(chosen + spread * rng.standard_normal(chosen.shape))
        if self.kind == "fitted":
            covariance = np.cov(points.T, ddof=1).reshape(2 * points.shape[1:])
            return rng.multivariate_normal(points.mean(axis=0), covariance, count)
        drawn = NoisedMixture(law).draw(count, rng)
        if self.kind == "perfect":
            return drawn
        return np.asarray(drawn.mean(axis=0) + self.shrinkage * (drawn - drawn.mean(axis=0)))


def simulate_neighbour_fraction(
    dimension: int,
    ratio: float,
    *,
    point_density: float = 1.0,
    smoothing_width: float | None = None,
    instances: int = 20,
    walkers: int = 2000,
    seed: int = 0,
) -> Estimate:
    """How often a point is nearer to one of uniform points than ``ratio`` times the distance to the second.

    Parameters
    ----------
    dimension : D, 1 to 4.
    ratio : k in (0, 1).
    point_density : of the uniform points, a Poisson process in a box that is periodic.
    smoothing_width : h of points x_i + h z around them; None for uniform ones that have nothing to do with them.
    instances : independent sets of about 2000 uniform points, at least 2.
    walkers : asked points in each.

    Raises
    ------
    InvalidArgument : a width of more than a twentieth of the box, whose side is (2000/density)^(1/D).
    """
    k = validation.inside("ratio", ratio, 0.0, 1.0)
    runs = validation.integer("instances", instances, minimum=2)
    fractions = []
    for replica in range(runs):
        ratios = neighbour_ratios_in_a_box(
            dimension,
            walkers,
            point_density=point_density,
            smoothing_width=smoothing_width,
            seed=seed,
            replica=replica,
        )
        fractions.append((ratios < k).mean())
    return Estimate.from_samples(fractions)


def neighbour_ratios_in_a_box(
    dimension: int,
    walkers: int,
    *,
    point_density: float = 1.0,
    smoothing_width: float | None = None,
    seed: int = 0,
    replica: int = 0,
) -> FloatArray:
    """(walkers,) neighbour ratios among uniform points of one periodic box; arguments as for
    :func:`simulate_neighbour_fraction`.
    """
    d = validation.integer("dimension", dimension, 1, 4)
    density = validation.positive("point_density", point_density)
    side = (_POINTS / density) ** (1.0 / d)
    asked = validation.integer("walkers", walkers, minimum=1)
    width = None if smoothing_width is None else validation.non_negative("smoothing_width", smoothing_width)
    if width is not None and width > side / 20.0:
        raise InvalidArgument("smoothing_width", width, f"at most {side / 20.0:.3g}, a twentieth of the box")
    key = {"purpose": "neighbours of uniform points", "dimension": d, "density": density, "width": width}
    rng = generator(seed, key, replica)
    points = side * rng.random((rng.poisson(_POINTS), d))
    x = side * rng.random((asked, d))
    if width is not None:
        x = points[rng.integers(len(points), size=asked)] + width * rng.standard_normal((asked, d))
    return two_nearest(x % side, _periodic(points, side)).ratios


def _periodic(points: FloatArray, side: float) -> FloatArray:
    """The points with their images around the box, four spacings wide and half a box at most."""
    margin = side * min(0.5, 4.0 * _POINTS ** (-1.0 / points.shape[1]))
    for axis in range(points.shape[1]):
        x = points[:, axis]
        shift = np.zeros(points.shape[1])
        shift[axis] = side
        points = np.concatenate([points, points[x < margin] + shift, points[x > side - margin] - shift])
    return points


observe_part(neighbour_ratios_in_a_box)
keep(simulate_neighbour_fraction, "instances", part=neighbour_ratios_in_a_box)
