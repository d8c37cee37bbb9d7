r"""Edge and outlier of the Hessian for points (y, t) of many paths, at overlap 0, by scalar root finding.

The equations are those of :mod:`statphys_gen.phase_retrieval.theory.spectrum`; its solvers look after batches and
quadrature errors, of which there are none here, and a descent asks for hundreds of such spectra. The infimum of the
curvatures is that of the loss, since every pair (y, t) is possible at any time; that of the points would move a hard
edge.

Source: derivations/phase_retrieval/spectrum.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...arrays import FloatArray
from ..model import PhaseRetrieval


class PathSpectrum:
    """Left edge and signal outlier for the pairs (y, label) of one replica at one step, each of shape (n,)."""

    def __init__(self, model: PhaseRetrieval, y: FloatArray, label: FloatArray) -> None:
        self.alpha = model.samples_per_dimension
        self.curvature, self.label_squared = model.loss.curvature(y, label), label**2
        self.multiplier = self.alpha * float((model.loss.slope(y, label) * y).mean())
        bound = model.loss.curvature_bound
        # Without negative curvatures alpha E r^2 - 1 has changed its sign long before 2^60, or never does.
        self.below = (-1.0 / bound if bound < 0.0 else 2.0**60) * (1.0 - 1e-13)
        self.lowest = 1e-12 / max(float(np.abs(self.curvature).max()), 1e-300)

    def response(self, argument: float) -> FloatArray:
        product = self.curvature * argument
        return np.asarray(product / (1.0 + product))

    def excess(self, argument: float) -> float:
        r = self.response(argument)
        return self.alpha * float(r @ r) / len(r) - 1.0

    def criterion(self, argument: float) -> float:
        return self.alpha * float((1.0 - self.label_squared) @ self.response(argument)) / len(self.curvature)

    def edge(self) -> float:
        """S of the soft edge, alpha E r^2 = 1, or the largest possible one."""
        return self.below if self.excess(self.below) <= 0.0 else self._root(self.excess, self.below)

    def spectrum(self) -> tuple[float, float, float]:
        """Edge, outlier and squared overlap; NaN for the last two where there is no outlier."""
        edge = self.edge()
        if self.criterion(edge) <= 1.0:
            return self._position(edge), math.nan, math.nan
        outlier = self._root(lambda s: self.criterion(s) - 1.0, edge)
        r = self.response(outlier)
        signal_second = self.alpha * float(self.label_squared @ r**2) / len(r)
        rest = -self.excess(outlier)
        return self._position(edge), self._position(outlier), rest / (rest + signal_second)

    def _position(self, argument: float) -> float:
        return (self.alpha * float(self.response(argument).mean()) - 1.0) / argument - self.multiplier

    def _root(self, function: Callable[[float], float], upper: float) -> float:
        from scipy.optimize import brentq

        root = brentq(function, self.lowest, upper, xtol=1e-4 * self.lowest, rtol=1e-13, maxiter=400)
        return float(root)
