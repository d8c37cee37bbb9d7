r"""Laws of the curvatures g of H0 = (1/N) sum_i g_i x_i x_i^T, whose spectrum is the Hessian's apart from a shift.

In the limit N -> infinity the spectrum and its signal outlier depend on the joint law of the curvature g and of the
label's component u orthogonal to the student, u = (t - m y)/sqrt(1 - m^2), through four functions of the Stieltjes
transform S, with the response r = g S / (1 + g S):

    first = E r,   second = E r^2,   signal_first = E u^2 r,   signal_second = E u^2 r^2.

Laws are made at the start of a descent (:mod:`.initial_law`), from points of a training run (:mod:`.sampled_law`), of
threshold states (:mod:`.threshold_states`, :mod:`.full_rsb`) and of dynamical mean-field theory (:mod:`.dmft`), and for
the matrices of spectral initialisation (:mod:`.spectral_law`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...arrays import FloatArray

Values = NDArray[np.float64] | NDArray[np.complex128]

# In place of an infinite curvature: the product with any S is finite.
_INFINITE = 1e250
# Elements of one chunk of arguments times nodes.
_CHUNK = 2**18


class ResponseMoments(NamedTuple):
    """E r, E r^2, E u^2 r, E u^2 r^2 at each argument S; r = g S / (1 + g S)."""

    first: Values
    second: Values
    signal_first: Values
    signal_second: Values


# (arguments (n,), with the moments of u^2?) -> (4, n), or (2, n) without them.
MomentRule = Callable[[Values, bool], Values]


@dataclass(frozen=True, eq=False)
class CurvatureLaw:
    """A law of the curvatures g; for spectral initialisation of g = -T(t) in their place.

    Attributes
    ----------
    name : how it is shown.
    lower_bound : essential infimum of the curvatures; -inf if there is none (then there is no left edge).
    overlap : m between student and signal.
    multiplier_per_sample : E F y, the Lagrange multiplier is samples_per_dimension times this; 0 without a sphere.
    energy_per_sample : E l; None where there is no loss.
    rules : two quadrature rules of the moments, of which the first is the finer; equal for a discrete law.
    points : (y, t) of an empirical law, of shape (n, 2).
    """

    name: str
    lower_bound: float
    overlap: float
    multiplier_per_sample: float
    energy_per_sample: float | None
    rules: tuple[MomentRule, MomentRule] = field(repr=False)
    points: FloatArray | None = field(default=None, repr=False)

    def _repr_latex_(self) -> str:
        bound = r"-\infty" if self.lower_bound == -math.inf else f"{self.lower_bound:g}"
        return (
            r"$H_0=\frac{1}{N}\sum_i g_i x_i x_i^T,\quad "
            rf"g\sim\text{{{self.name}}},\quad \inf g={bound},\quad m={self.overlap:g}$"
        )

    @property
    def largest_argument(self) -> float:
        """S_max: 1 + g S > 0 for every curvature below it; infinite for curvatures that are nowhere negative."""
        return -1.0 / self.lower_bound if self.lower_bound < 0.0 else math.inf

    def moments(self, argument: ArrayLike) -> ResponseMoments:
        """The four moments at real S in (0, S_max), or complex S with positive imaginary part; any shape."""
        s = np.asarray(argument)
        return ResponseMoments(*(entry.reshape(s.shape) for entry in self.rules[0](s.reshape(-1), True)))

    def responses(self, argument: ArrayLike) -> tuple[Values, Values]:
        """(E r, E r^2) alone, which make the bulk."""
        s = np.asarray(argument)
        first, second = self.rules[0](s.reshape(-1), False)
        return first.reshape(s.shape), second.reshape(s.shape)

    def moment_error(self, argument: ArrayLike) -> FloatArray:
        """Largest difference between the two rules over the four moments; an estimate of the coarser rule's error."""
        s = np.asarray(argument).reshape(-1)
        fine = self.rules[0](s, True)
        coarse = fine if self.rules[1] is self.rules[0] else self.rules[1](s, True)
        with np.errstate(invalid="ignore"):
            difference = np.abs(fine - coarse).max(axis=0)
        return np.asarray(np.where(np.isnan(difference), np.inf, difference)).reshape(np.shape(argument))


@dataclass(frozen=True, eq=False)
class NodeRule:
    """Moments of a discrete law: curvatures g, u^2 and probabilities, each of shape (n,)."""

    curvature: FloatArray
    signal_squared: FloatArray
    probability: FloatArray

    def __call__(self, s: Values, signal: bool) -> Values:
        factors = np.stack([self.probability, self.probability * self.signal_squared])
        # An infinite curvature has the response 1.
        finite = np.minimum(self.curvature, _INFINITE)
        count = 2 if signal else 1
        results = np.empty((2 * count, len(s)), dtype=np.result_type(s, np.float64))
        rows = max(1, _CHUNK // len(finite))
        for start in range(0, len(s), rows):
            part = slice(start, start + rows)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                # Not 1 - 1/(1 + g S), which cancels where responses are small.
                response = s[part, None] * finite
                response /= 1.0 + response
                results[::2, part] = np.einsum("kn,sn->ks", factors[:count], response)
                results[1::2, part] = np.einsum("kn,sn->ks", factors[:count], response * response)
        return results


def graded_edges(
    scale: float, farthest: float, breakpoints: tuple[float, ...] = (), widest: float = 1.0
) -> FloatArray:
    """Panel edges on [0, farthest]: doubling from scale/4 up to ``widest``, and graded towards the breakpoints."""
    first = min(scale, 1.0) / 4.0
    doubling = first * 2.0 ** np.arange(max(1, math.ceil(math.log2(1.0 / first))))
    edges = [np.zeros(1), doubling, np.arange(1.0, farthest + widest, widest)]
    grades = 0.5 ** np.arange(1, 8)
    for point in breakpoints:
        edges.append(point + np.concatenate([-grades, [0.0], grades]))
    together = np.unique(np.concatenate(edges))
    return together[(together >= 0.0) & (together <= farthest)]
