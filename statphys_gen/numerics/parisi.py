r"""Replica-symmetry breaking at zero temperature: the Parisi equation for a given boundary function.

A model is a functional of a non-decreasing function s(q) >= 0 on [0, 1] (``parisi_function``) and of positive
parameters p, of which the minimum is sought:

    A[s, p] = C[s, p] + sum_l weight_l Psi_l(0, x0)
    d Psi_l/dq = -(Psi_l'' + s(q) Psi_l'^2)/2,     Psi_l(1, x) = boundary_l(x; p).

The boundary functions of the labels l and the coupling C say what is studied; minus the minimum is a ground-state
energy. Examples: Psi(1, x) = |x| with C = -int q s dq/2 is the Sherrington-Kirkpatrick model; a spherical model has
C = int dq/lambda(q)/2 with lambda(q) = p + int_q^1 s.

With k steps s is constant between the edges 0 = q_0 < ... < q_k = 1 and the equation is solved exactly, by

    Psi(q_{i-1}, x) = log E exp(s_i Psi(q_i, x + sqrt(q_i - q_{i-1}) z)) / s_i,     z a standard Gaussian,

on Gauss-Legendre nodes x. The derivative of Psi(0, x0) by Psi(q, x) is the law P(q, x) of the field at q, a Markov
chain that the same kernels make; that by s_i is (E Psi(q_i) - E Psi(q_{i-1}))/s_i. The minimum over functions with k
steps lies above that over all functions and falls with k; k = 1 is one-step replica-symmetry breaking with overlap 0.

Stationarity in s(q) is sum_l weight_l E Psi_l'^2 = c(q) wherever s grows, -c(q)/2 being the derivative of C, and its
derivative says whether the minimum is stable: replicon(q) = 1 - sum_l weight_l E Psi_l''^2 / c'(q), which vanishes
where s grows continuously.

The minimum is found by :mod:`statphys_gen.numerics.parisi_minimum`.

Source: derivations/numerics/parisi.py; Parisi 1980; Guerra 2003; Auffinger and Chen, arXiv 1606.05335 (T = 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import AccuracyNotReached, InvalidArgument
from .quadrature import legendre_rule

# Nodes in a panel.
_ORDER = 12
# Width of a panel in units of the narrowest Gaussian kernel.
_PANEL = 4.0
# Entries of the kernels below this are left out: they would only make subnormal numbers.
_SMALLEST = 1e-60
# Exponents s (max Psi - min Psi) above this would overflow.
# Of the law of the field, so much may lie within this distance of the end of the nodes.
_LARGEST_END, _END = 1e-9, 0.5
_LARGEST_EXPONENT = 600.0
# Values of s below this count as 0, where the recursion is the plain average.
_SMALLEST_FUNCTION = 1e-8


class Coupling(NamedTuple):
    """C[s, p] with its derivatives.

    Attributes
    ----------
    value : C.
    by_function : dC/ds_i, (k,).
    by_parameters : dC/dp, (P,).
    slope : c'(q) at the edges, (k + 1,), where -c(q)/2 is the functional derivative of C by s(q).
    """

    value: float
    by_function: FloatArray
    by_parameters: FloatArray
    slope: FloatArray


@dataclass(frozen=True, eq=False)
class ParisiModel:
    """What is studied.

    Parameters
    ----------
    boundary : (parameters (P,), field (n,)) -> Psi_l(1, x), (L, n), and its derivatives by the parameters, (P, L, n).
    coupling : (edges (k + 1,), parisi_function (k,), parameters (P,)) -> :class:`Coupling`.
    weight : (L,), above 0; of each label's Psi.
    parameters : (P,), above 0, where the search starts; empty for a model without any.
    boundary_curvature : (parameters, field) -> Psi_l''(1, x), (L, n); None if it does not exist everywhere.
    even : Psi_l(1, x) is even in x.
    external_field : x0; 0 if ``even``.
    farthest : the nodes end here, at so many standard deviations of the field at q = 1.
    scale : shortest length in x over which Psi(1, x) varies around 0, where the first panel ends; a kink at 0 is
        allowed. No kinks elsewhere.
    """

    boundary: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    coupling: Callable[[FloatArray, FloatArray, FloatArray], Coupling]
    weight: FloatArray
    parameters: FloatArray
    boundary_curvature: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    even: bool = True
    external_field: float = 0.0
    farthest: float = 8.5
    scale: float = math.inf

    def __post_init__(self) -> None:
        for name in ("boundary", "coupling"):
            if not callable(getattr(self, name)):
                raise InvalidArgument(name, getattr(self, name), "a function")
        if self.boundary_curvature is not None and not callable(self.boundary_curvature):
            raise InvalidArgument("boundary_curvature", self.boundary_curvature, "a function, or None")
        object.__setattr__(self, "weight", validation.array("weight", self.weight, ndim=1, above=0.0))
        start = validation.array("parameters", self.parameters, ndim=1, above=0.0, empty=True)
        object.__setattr__(self, "parameters", start)
        validation.finite("external_field", self.external_field)
        validation.positive("farthest", self.farthest)
        if self.scale != math.inf:
            validation.positive("scale", self.scale)
        if self.even and self.external_field != 0.0:
            raise InvalidArgument("external_field", self.external_field, "0 for an even boundary function")


def step_edges(steps: int, grading: float = 2.0) -> FloatArray:
    """Edges 1 - (1 - i/steps)^grading: even for grading 1, dense towards q = 1, where s varies fastest, above it."""
    count = validation.integer("steps", steps, minimum=1)
    power = validation.inside("grading", grading, 1.0, 4.0, closed=True)
    return np.asarray(1.0 - (1.0 - np.arange(count + 1) / count) ** power)


class Evaluation(NamedTuple):
    """The functional at one point: A, dA/ds_i (k,), dA/dp (P,); the law of the field at q = 1, rows of sum 1."""

    value: float
    by_function: FloatArray
    by_parameters: FloatArray
    law: FloatArray


class Recursion:
    """Nodes and kernels for the steps between given edges.

    Attributes
    ----------
    edges : (k + 1,); field : (n,), of one sign for an even model.
    """

    def __init__(self, model: ParisiModel, edges: ArrayLike, order: int = _ORDER) -> None:
        self.model = model
        self.edges = _checked_edges(edges)
        self.widths = np.diff(self.edges)
        rule = legendre_rule(self._panels(), order)
        self.field, self._measure = rule.nodes, rule.weights
        origin = np.array([model.external_field])
        made: dict[float, FloatArray] = {}
        self._kernels: list[FloatArray] = []
        for k, width in enumerate(self.widths.tolist()):
            if k == 0:
                self._kernels.append(self._kernel(origin, width)[0])
                continue
            key = round(width, 14)
            if key not in made:
                made[key] = self._kernel(self.field, width)[0]
            self._kernels.append(made[key])

    def _panels(self) -> FloatArray:
        model = self.model
        widest = _PANEL * math.sqrt(float(self.widths.min()))
        edges, width = [0.0], min(widest, model.scale, 1.0)
        while edges[-1] < model.farthest + abs(model.external_field):
            edges.append(edges[-1] + width)
            width = min(2.0 * width, widest, 1.0)
        half = np.array(edges)
        return half if model.even else np.concatenate([-half[:0:-1], half])

    def _kernel(self, start: FloatArray, width: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The Gaussian kernel from ``start`` to the nodes, and its first two derivatives by the start."""
        results = [np.zeros((len(start), len(self.field))) for _ in range(3)]
        for sign in (1.0, -1.0) if self.model.even else (1.0,):
            distance = sign * self.field - start[:, None]
            density = (
                np.exp(-(distance**2) / (2.0 * width)) / math.sqrt(2.0 * math.pi * width) * self._measure
            )
            density = np.where(density < _SMALLEST, 0.0, density)
            results[0] += density
            results[1] += density * distance / width
            results[2] += density * (distance**2 / width - 1.0) / width
        return results[0], results[1], results[2]

    def _backward(
        self, s: FloatArray, boundary: FloatArray
    ) -> tuple[list[FloatArray], list[FloatArray], list[FloatArray]]:
        """Psi at each edge, and at each step exp(s (Psi - max)) and its average."""
        psi, exponentials, averages = [boundary], [], []
        for k in range(len(s) - 1, -1, -1):
            if s[k] < _SMALLEST_FUNCTION:
                psi.append(psi[-1] @ self._kernels[k].T)
                exponentials.append(np.ones_like(psi[-2]))
                averages.append(np.ones_like(psi[-1]))
                continue
            top = psi[-1].max(axis=1, keepdims=True)
            if s[k] * float((top - psi[-1].min(axis=1, keepdims=True)).max()) > _LARGEST_EXPONENT:
                raise AccuracyNotReached(
                    f"Parisi equation: the exponents at s = {s[k]:.4g} exceed {_LARGEST_EXPONENT:g}"
                )
            exponential = np.exp(s[k] * (psi[-1] - top))
            average = exponential @ self._kernels[k].T
            psi.append(top + np.log(average) / s[k])
            exponentials.append(exponential)
            averages.append(average)
        return psi[::-1], exponentials[::-1], averages[::-1]

    def evaluate(
        self, s: FloatArray, parameters: FloatArray, model: ParisiModel | None = None, *, judged: bool = True
    ) -> Evaluation:
        """A and its gradient at the function s, of shape (k,), at least 0. ``model`` may have other labels.

        Raises :class:`~statphys_gen.errors.AccuracyNotReached` where the law of the field reaches the end of the nodes,
        unless the point is not ``judged``, as those on the way of a search.
        """
        model = self.model if model is None else model
        boundary, by_parameters = model.boundary(parameters, self.field)
        psi, exponentials, averages = self._backward(s, boundary)
        law = np.ones((len(boundary), 1))
        mean = psi[0][:, 0]
        slopes = np.empty((len(s), len(boundary)))
        for k in range(len(s)):
            before = law
            law = exponentials[k] * ((law / averages[k]) @ self._kernels[k])
            following = np.einsum("ln,ln->l", law, psi[k + 1])
            if s[k] < _SMALLEST_FUNCTION:
                slopes[k] = 0.5 * (
                    np.einsum("ln,ln->l", law, psi[k + 1] ** 2) - np.einsum("ln,ln->l", before, psi[k] ** 2)
                )
            else:
                slopes[k] = (following - mean) / s[k]
            mean = following
        outermost = np.abs(self.field) > np.abs(self.field).max() - _END
        if judged and float((law @ outermost).max()) > _LARGEST_END:
            raise AccuracyNotReached(
                f"Parisi equation: {float((law @ outermost).max()):.2g} of the field at q = 1 lies at the end of the "
                f"nodes; let them reach farther than {model.farthest:g}"
            )
        coupling = model.coupling(self.edges, s, parameters)
        return Evaluation(
            coupling.value + float(model.weight @ psi[0][:, 0]),
            coupling.by_function + slopes @ model.weight,
            coupling.by_parameters + np.einsum("l,ln,pln->p", model.weight, law, by_parameters),
            law,
        )

    def replicons(self, s: FloatArray, parameters: FloatArray) -> FloatArray:
        """The replicon at each edge, (k + 1,); NaN at q = 1 without a curvature of the boundary function."""
        model = self.model
        boundary, _ = model.boundary(parameters, self.field)
        psi, exponentials, averages = self._backward(s, boundary)
        law = np.ones((len(boundary), 1))
        squared = np.full(len(s) + 1, np.nan)
        for k, width in enumerate(self.widths.tolist()):
            start = np.array([model.external_field]) if k == 0 else self.field
            _, first, second = self._kernel(start, width)
            if s[k] < _SMALLEST_FUNCTION:
                curvature = psi[k + 1] @ second.T
            else:
                slope = exponentials[k] @ first.T / averages[k]
                curvature = (exponentials[k] @ second.T / averages[k] - slope**2) / s[k]
            squared[k] = float(model.weight @ np.einsum("ln,ln->l", law, curvature**2))
            law = exponentials[k] * ((law / averages[k]) @ self._kernels[k])
        if model.boundary_curvature is not None:
            curvature = model.boundary_curvature(parameters, self.field)
            squared[-1] = float(model.weight @ np.einsum("ln,ln->l", law, curvature**2))
        return np.asarray(1.0 - squared / model.coupling(self.edges, s, parameters).slope)


def _checked_edges(edges: ArrayLike) -> FloatArray:
    q = validation.array("edges", edges, ndim=1)
    if len(q) < 2 or q[0] != 0.0 or q[-1] != 1.0 or not (np.diff(q) > 0.0).all():
        raise InvalidArgument("edges", edges, "increasing from 0 to 1")
    return q
