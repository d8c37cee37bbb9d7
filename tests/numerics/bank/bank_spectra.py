"""Spectral laws, contours and Parisi functionals in closed form."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp
import numpy as np
from bank_problem import Problem

from statphys_gen.numerics.bulk_series import boundary_values
from statphys_gen.numerics.contour import logarithmic_contour, one_point
from statphys_gen.numerics.parisi import Coupling, ParisiModel, Recursion, step_edges
from statphys_gen.numerics.parisi_minimum import minimise
from statphys_gen.numerics.spectral_edges import critical_points, outliers, support
from statphys_gen.numerics.stieltjes import SelfConsistent, inverse_map, resolve

PROBLEMS: list[Problem] = []


def asked(name: str, kind: str, solve: Any, right: Any, hard: bool = False) -> None:
    PROBLEMS.append(Problem(name, kind, solve, [np.asarray(right)], hard))


def wigner() -> SelfConsistent:
    return inverse_map(lambda m: -m - 1 / m, lambda m: -1 + 1 / m**2, scale=2.0)


def marchenko_pastur(ratio: float) -> SelfConsistent:
    """Of a sample covariance with ratio = dimension/samples."""
    return inverse_map(
        lambda m: -1 / m + 1 / (1 + ratio * m),
        lambda m: 1 / m**2 - ratio / (1 + ratio * m) ** 2,
        (1 + ratio**0.5) ** 2,
    )


def _edges(ratio: float) -> tuple[float, float]:
    return (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2


def _density(system: SelfConsistent, x: float, edge: float) -> tuple[float, float]:
    """The claim is that of ten roundings of the place."""
    value = float(resolve(system, [complex(x)])[0, 0].imag / math.pi)
    return value, value * (1e-12 + 1e-15 * abs(edge) / abs(edge - x))


for x in (0.0, 1.5, -1.999, 2 - 1e-6):
    asked(
        f"semicircle at {x:.7g}",
        "density",
        lambda x=x: _density(wigner(), x, math.copysign(2.0, x)),
        float(mp.sqrt(4 - mp.mpf(x) ** 2) / (2 * mp.pi)),
    )
for ratio in (0.01, 0.4, 0.99):
    for part in (0.01, 0.5, 0.99):
        low, high = _edges(ratio)
        x = low + part * (high - low)
        q = mp.mpf(ratio)
        a, b = (1 - mp.sqrt(q)) ** 2, (1 + mp.sqrt(q)) ** 2
        asked(
            f"Marchenko-Pastur {ratio:g} at {part:g}",
            "density",
            lambda x=x, r=ratio, p=part: _density(
                marchenko_pastur(r), x, _edges(r)[0] if p < 0.5 else _edges(r)[1]
            ),
            float(mp.sqrt((x - a) * (b - x)) / (2 * mp.pi * q * x)),
        )
for ratio in (0.01, 0.4, 0.99):

    def bulk(ratio: float = ratio) -> tuple[Any, Any]:
        return np.ravel(support(marchenko_pastur(ratio), [0.0, *_edges(ratio), 20.0])), 1e-12

    def moments(ratio: float = ratio) -> tuple[Any, Any]:
        found = boundary_values(marchenko_pastur(ratio), *_edges(ratio))
        density = found.value[:, 0].imag / np.pi
        return np.array([float(found.integral(density * found.position**k)) for k in range(4)]), 1e-9

    asked(f"support of Marchenko-Pastur {ratio:g}", "support", bulk, _edges(ratio))
    asked(
        f"moments of Marchenko-Pastur {ratio:g}", "bulk", moments, [1, 1, 1 + ratio, 1 + 3 * ratio + ratio**2]
    )
for strength in (1.01, 1.5, 10.0):

    def outlier(strength: float = strength) -> tuple[Any, Any]:
        return outliers(
            lambda x: (
                1
                + strength
                * resolve(wigner(), np.asarray(x, dtype=complex).ravel())[:, 0].real.reshape(np.shape(x))
            ),
            2 + 1e-8,
            50.0,
        ), 1e-9

    asked(f"outlier of strength {strength:g}", "outlier", outlier, [strength + 1 / strength])
asked(
    "no outlier of strength 0.9",
    "outlier",
    lambda: (
        np.sum(
            outliers(
                lambda x: (
                    1
                    + 0.9
                    * resolve(wigner(), np.asarray(x, dtype=complex).ravel())[:, 0].real.reshape(np.shape(x))
                ),
                2 + 1e-8,
                50.0,
            )
        ),
        0.0,
    ),
    0.0,
)
asked(
    "extrema of t^3 - 1e-6 t",
    "critical points",
    lambda: (
        np.sort(critical_points(lambda t, b: t**3 - 1e-6 * t, [(0, np.linspace(-1.01, 1.0, 30))]).parameter),
        1e-12,
    ),
    [-math.sqrt(1e-6 / 3), math.sqrt(1e-6 / 3)],
)
for name, curve in (
    ("t^3", lambda t, b: t**3),
    ("t", lambda t, b: t),
    ("a pole", lambda t, b: 1 / (t - 0.123) ** 2),
):
    asked(
        f"no extremum of {name}",
        "critical points",
        lambda c=curve: (float(critical_points(c, [(0, np.linspace(-1.01, 1.0, 30))]).value.size), 0.0),
        0.0,
    )

EIGENVALUES = np.geomspace(1e-6, 50.0, 12)
for name, function in {
    "trace": lambda z: np.ones_like(z),
    "inverse": lambda z: 1 / z,
    "logarithm": np.log,
    "root": np.sqrt,
    "exp(-1e3 z)": lambda z: np.exp(-1e3 * z),
    "ridge 1e-5": lambda z: 1 / (z + 1e-5),
}.items():

    def traced(function: Any = function) -> tuple[Any, Any]:
        contour = logarithmic_contour(EIGENVALUES[0], EIGENVALUES[-1])
        found = one_point(
            contour, function(contour.node), (1 / (EIGENVALUES - contour.node[:, None])).sum(axis=1)
        )
        return found.value, found.error

    asked(f"contour: {name}", "contour", traced, float(np.real(function(EIGENVALUES)).sum()))


def _absolute(parameters: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.abs(field)[None], np.zeros((0, 1, len(field)))


def _overlap(edges: np.ndarray, s: np.ndarray, parameters: np.ndarray) -> Coupling:
    area = np.diff(edges**2) / 4
    return Coupling(-float(area @ s), -area, np.zeros(0), np.ones(len(edges)))


def _sherrington_kirkpatrick(**options: Any) -> ParisiModel:
    return ParisiModel(_absolute, _overlap, np.ones(1), np.zeros(0), **options)


with mp.workdps(30):
    for s in (0.1, 1.0, 2.0, 5.0):
        # log E exp(s |z|)/s = (s^2/2 + log 2 Phi(s))/s
        right = (mp.mpf(s) ** 2 / 2 + mp.log(2 * mp.ncdf(s))) / s - mp.mpf(s) / 4
        asked(
            f"one step at {s:g}",
            "Parisi",
            lambda s=s: (
                Recursion(_sherrington_kirkpatrick(), step_edges(1))
                .evaluate(np.array([s]), np.zeros(0))
                .value,
                1e-9,
            ),
            float(right),
            hard=s > 2,
        )
    place = mp.findroot(lambda s: mp.diff(lambda u: mp.log(2 * mp.ncdf(u)) / u + u / 4, s), 0.8)

    def energy() -> tuple[Any, Any]:
        found = minimise(_sherrington_kirkpatrick(), step_edges(1)).solution.require()
        return float(found["value"]), float(found.error)

    asked(
        "ground state with one step", "Parisi", energy, float(mp.log(2 * mp.ncdf(place)) / place + place / 4)
    )
