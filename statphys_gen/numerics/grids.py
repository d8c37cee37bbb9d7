"""Grids of points with a wanted density along a line."""

from __future__ import annotations

import numpy as np

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument


def points_of_density(grid: FloatArray, density: FloatArray, count: int) -> FloatArray:
    """(count,) points from the first of the grid on that divide the integral of a density into equal parts.

    Parameters
    ----------
    grid : (n,) monotone places.
    density : (n,) at least 0 there, not all 0; integrated by the trapezoidal rule.
    count : number of parts; the last part ends at the last place, which is not among the points.
    """
    places, values = (
        validation.array("grid", grid, ndim=1),
        validation.array("density", density, ndim=1, at_least=0.0),
    )
    number = validation.integer("count", count, minimum=1)
    widths = np.abs(np.diff(places))
    # A floor keeps the cumulative integral increasing where the density vanishes.
    values = np.maximum(values, 1e-12 * values.max())
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (values[1:] + values[:-1]) * widths)])
    if not cumulative[-1] > 0.0:
        raise InvalidArgument("density", 0.0, "above 0 somewhere")
    return np.interp(np.arange(number) / number * cumulative[-1], cumulative, places)


def equidistribute(
    grid: FloatArray, features: FloatArray, scale: FloatArray, count: int, *, rounds: int = 20
) -> FloatArray:
    """Points whose density minimises sum_i c_i eps_i^2 of several errors eps_i = (1/2) int f_i/density.

    The minimum has density^2 ~ sum_i c_i eps_i f_i, a fixed point that is iterated from eps = 1.

    Parameters
    ----------
    grid : (n,) monotone places.
    features : (n, m) f_i at least 0 there.
    scale : (m,) c_i, at least 0.
    count : number of points; the density integrates to it.
    rounds : iterations.
    """
    widths = np.abs(np.gradient(grid))
    widths[[0, -1]] *= 0.5
    errors = np.ones(features.shape[1])
    density = np.ones(len(grid))
    for _ in range(rounds):
        density = np.sqrt(np.maximum(features @ (scale * errors), 0.0))
        density = np.maximum(density, 1e-9 * density.max())
        density *= count / float(density @ widths)
        errors = 0.5 * (widths / density) @ features
    return points_of_density(grid, density, count)
