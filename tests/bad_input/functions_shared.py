"""."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import numerics
from statphys_gen.noising import (
    ddpm_step,
    ddpm_times,
    edm_sigma,
    noise_variance,
    signal_to_noise,
    time_from_vp_sigma,
)
from statphys_gen.numerics.parisi import step_edges
from statphys_gen.numerics.parisi_minimum import consistency_report, minimise_with
from statphys_gen.numerics.stieltjes import inverse_map


def _quadratic_overlap(edges: np.ndarray, s: np.ndarray, parameters: np.ndarray) -> numerics.Coupling:
    """-(1/2) int q s dq."""
    area = np.diff(edges**2) / 4
    return numerics.Coupling(-float(area @ s), -area, np.zeros(0), np.ones(len(edges)))


def _absolute(parameters: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (np.abs(field)[None], np.zeros((0, 1, len(field))))


def sherrington_kirkpatrick(**options: object) -> numerics.ParisiModel:
    return numerics.ParisiModel(_absolute, _quadratic_overlap, np.ones(1), np.zeros(0), **options)


def wigner() -> numerics.SelfConsistent:
    return inverse_map(lambda m: -m - 1.0 / m, lambda m: -1.0 + 1.0 / m**2, scale=2.0)


# fmt: off
TABLE: list[Row] = [
    row(numerics.ParisiModel,
        dict(boundary=_absolute, coupling=_quadratic_overlap, weight=[1.0], parameters=[]), boundary=[3],
        coupling=[None], weight=[[-1.0], []], parameters=[[0.0], [[1.0]]], boundary_curvature=[1.0],
        external_field=[1.0, math.nan], farthest=[0.0], scale=[-1.0]),
    row(step_edges, dict(steps=4), steps=[0, 2.5], grading=[0.5, math.inf]),
    row(numerics.minimise, dict(model=sherrington_kirkpatrick()),
        edges=[[0.0, 0.5], [0.0, 0.6, 0.5, 1.0], [[0.0, 1.0]], [0.0, math.nan, 1.0]]),
    row(minimise_with, dict(family=lambda c: sherrington_kirkpatrick(), conditions=None, edges=[0, 1]),
        control=[0.0]),
    row(consistency_report, dict(model=sherrington_kirkpatrick()), steps=[(), (2, 4), (1, 4, 4)]),
    row(numerics.resolve, dict(system=wigner()), z=[[1.0 - 1j], [np.nan + 0j]]),
    row(inverse_map, dict(position=lambda m: m, derivative=lambda m: m), scale=[0.0]),
    row(numerics.outliers, dict(lower=2.0, upper=1.0), upper=[Given(function=lambda x: x)],
        points=[Given(function=lambda x: x, lower=0.0, points=1)]),
    row(numerics.support, dict(system=wigner()), candidates=[[np.inf]]),
    row(noise_variance, {}, time=[-1.0]),
    row(signal_to_noise, {}, time=[[1.0, 0.0]]),
    row(ddpm_step, {}, time=[6.0]),
    row(time_from_vp_sigma, {}, sigma=[1.0]),
    row(ddpm_times, {}, steps=[1]),
    row(edm_sigma, {}, time=[np.nan]),
]
