"""What the checks of linear networks share."""

from __future__ import annotations

from ..model import LinearNetwork


def orthogonal_network(dimension: int, threshold: float, width: int | None = None) -> LinearNetwork:
    """A square network with this threshold; its width does not matter for orthogonal weights."""
    w = 2 * dimension if width is None else width
    return LinearNetwork(dimension, dimension, w, threshold / w, threshold / w)


def gaussian_network(
    dimension: int, lazy_ratio: float, initial_noise: float, ratio: float = 1.0
) -> LinearNetwork:
    """The square network with this lazy ratio and initial noise; ``ratio`` of first to second variance."""
    mean = lazy_ratio * dimension
    first, second = 2.0 * mean * ratio / (1.0 + ratio), 2.0 * mean / (1.0 + ratio)
    width = round(first * second / initial_noise)
    return LinearNetwork(dimension, dimension, width, first / width, second / width)
