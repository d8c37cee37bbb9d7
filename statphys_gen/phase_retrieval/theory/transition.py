r"""Where the signal outlier appears: the transition (BBP) of the Hessian as one scalar equation.

With the moments of :mod:`.curvature_law`, eliminating alpha = samples_per_dimension from the soft edge,
alpha second(S) = 1, and the outlier's condition, alpha (first - signal_first) = 1, leaves one equation in S,

    first(S) - signal_first(S) = second(S),     alpha = 1/second(S)              (continuous: overlap from 0)

and where the left side still exceeds the right one at S_max the transition happens at the hard edge,

    alpha = 1/(first(S_max) - signal_first(S_max))                               (discontinuous: overlap jumps).

Cauchy-Schwarz with E (1 - u^2)^2 = 2 gives alpha >= 1/2 for every law of the curvatures; only r proportional to
1 - u^2 reaches it.

Source: derivations/phase_retrieval/spectrum.py, derivations/phase_retrieval/initialisation.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import Level, approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import attributes
from ...numerics.roots import bracketed
from ...presentation import Tabular
from ...solution import Solution, Status
from ..model import Loss, check_loss
from .curvature_law import CurvatureLaw
from .initial_law import initial_curvature_law
from .spectrum import require_left_edge, stieltjes_limits

if TYPE_CHECKING:
    import xarray

_SOURCE = "derivations/phase_retrieval/spectrum.py, derivations/phase_retrieval/initialisation.py"
# Points of S between which the transition is looked for.
_GRID = 60
LOWER_BOUND = 0.5
Family = Callable[[float], Loss]
_AT_START: tuple[Level, str] = ("exact as N -> infinity", "at the start of the descent")
# The excess at S_max is zero within rounding below this.
_MARGINAL = 1e-11


@dataclass(frozen=True, repr=False)
class Transition(Tabular):
    """Where the outlier appears, for a batch of laws.

    Attributes
    ----------
    solution : fields ``samples_per_dimension`` and ``stieltjes`` (S at the transition); *no solution* where no
        number of samples makes an outlier.
    kind : "continuous" (soft edge), "discontinuous" (hard edge) or "none", of the batch's shape.
    """

    solution: Solution
    kind: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each law."""
        pairs = zip(self.solution.records(), self.kind.ravel(), strict=True)
        return [
            {"samples_per_dimension": record.pop("samples_per_dimension"), "kind": str(kind)} | record
            for record, kind in pairs
        ]

    def to_dataset(self, **coordinates: ArrayLike) -> xarray.Dataset:
        """As :meth:`Solution.to_dataset <statphys_gen.solution.Solution.to_dataset>`, with the kind."""
        found = self.solution.to_dataset(**coordinates)
        return found.assign(kind=(tuple(coordinates), self.kind, attributes("kind")))


@states(
    "exact as N -> infinity",
    "for a law that does not change with samples_per_dimension",
    source=_SOURCE,
    verification="derived and simulated",
)
def transition(law: CurvatureLaw) -> Transition:
    """The lowest samples_per_dimension at which the Hessian has a signal outlier, for one law of the curvatures.

    Parameters
    ----------
    law : with a finite infimum (offset 0 is allowed).
    """
    require_left_edge(law)
    limit, below = stieltjes_limits(law)
    grid = below * np.unique(
        np.concatenate([np.geomspace(1e-6, 0.5, _GRID), 1.0 - np.geomspace(1e-12, 0.5, _GRID)])
    )
    excess = _excess(law, grid)
    top = law.moments(np.array([below]))
    at_limit = float((top.first - top.signal_first - top.second)[0])
    error_at_limit = float(law.moment_error(np.array([below]))[0])
    if at_limit > -_MARGINAL and error_at_limit <= 1e-7:
        # Exactly at the switch the overlap still starts from 0.
        kind = "discontinuous" if at_limit > _MARGINAL else "continuous"
        alpha = 1.0 / float((top.first - top.signal_first)[0])
        error = alpha**2 * (2.0 * error_at_limit) + 8e-16 * alpha
        return _single(alpha, limit if math.isfinite(limit) else below, 0.0, error, Status.CONVERGED, kind)
    change = np.flatnonzero((excess[:-1] > 0.0) & (excess[1:] <= 0.0))
    if not len(change):
        return _single(math.nan, math.nan, math.nan, math.nan, Status.NO_SOLUTION, "none")
    # second(S) increases with S: the largest root has the lowest alpha.
    k = int(change[-1])
    root = bracketed(
        lambda s: _excess(law, s),
        grid[k],
        grid[k + 1],
        tolerance=1e-10,
        accuracy=1e-6,
        residual_error=lambda s: 3.0 * law.moment_error(s),
    )
    s = float(root["x"])
    second = float(law.responses(np.array([s]))[1][0])
    step = float(root.error)
    ends = law.responses(np.array([s - step, min(s + step, below)]))[1]
    moment = float(law.moment_error(np.array([s]))[0])
    error = float(np.abs(1.0 / ends - 1.0 / second).max()) + moment / second**2 + 4e-16 / second
    return _single(
        1.0 / second, s, float(root.residual), max(error, step), Status(int(root.status)), "continuous"
    )


def _excess(law: CurvatureLaw, s: FloatArray) -> FloatArray:
    """Positive where an alpha with its soft edge at S has an outlier."""
    moments = law.moments(s)
    return np.asarray(moments.first - moments.signal_first - moments.second)


def _single(alpha: float, s: float, residual: float, error: float, status: Status, kind: str) -> Transition:
    solution = Solution(
        {"samples_per_dimension": np.asarray(alpha), "stieltjes": np.asarray(s)},
        np.asarray(status, dtype=np.int8),
        np.asarray(residual),
        np.asarray(error),
        np.asarray(1),
        approximation_of(transition),
    )
    return Transition(solution, np.asarray(kind))


def _stacked(parts: list[Transition], shape: tuple[int, ...]) -> Transition:
    def gather(entries: list[Any]) -> FloatArray:
        return np.array([np.asarray(entry).item() for entry in entries]).reshape(shape)

    solutions = [part.solution for part in parts]
    return Transition(
        Solution(
            {name: gather([s[name] for s in solutions]) for name in ("samples_per_dimension", "stieltjes")},
            gather([s.status for s in solutions]).astype(np.int8),
            gather([s.residual for s in solutions]),
            gather([s.error for s in solutions]),
            gather([s.iterations for s in solutions]).astype(np.int64),
            approximation_of(transition),
        ),
        np.array([str(part.kind) for part in parts]).reshape(shape),
    )


@states(*_AT_START, source=_SOURCE, verification="derived and simulated")
def initial_transition(loss: Loss, *, overlap: float = 0.0) -> Transition:
    """The transition at the start of the descent.

    Parameters
    ----------
    loss : of curvature bounded below.
    overlap : m of the start.
    """
    check_loss(loss)
    if math.isinf(loss.curvature_bound):
        raise InvalidArgument(
            "loss", loss.name, "of curvature bounded below: there is no left edge otherwise"
        )
    return transition(initial_curvature_law(loss, overlap=overlap))


@states(*_AT_START, source=_SOURCE, verification="derived and simulated")
def initial_transition_curve(
    offset: ArrayLike, *, overlap: float = 0.0, family: Family = Loss.normalised
) -> Transition:
    """:func:`initial_transition` for each constant ``offset`` of a family of losses; of the shape of ``offset``.

    Parameters
    ----------
    offset : the constant a, at least 0, any shape.
    overlap : m of the start.
    family : offset -> Loss; :meth:`Loss.normalised` by default, whose transition is 3 at S = 1/8 for offset 0,
        continuous below offset 1.1087555 and discontinuous above.
    """
    values = validation.array("offset", offset, at_least=0.0)
    return _stacked(
        [initial_transition(family(float(a)), overlap=overlap) for a in values.ravel()], values.shape
    )


@states(*_AT_START, source=_SOURCE, verification="derived and simulated")
def switch_offset(
    *, overlap: float = 0.0, family: Family = Loss.normalised, lower: float = 0.1, upper: float = 10.0
) -> Solution:
    """The offset at which the transition at initialisation turns from continuous to discontinuous.

    Parameters
    ----------
    overlap : m of the start.
    family : of losses, offset -> Loss, with one switch between ``lower`` and ``upper``.

    Returns
    -------
    Solution with ``offset`` and ``samples_per_dimension``; *no solution* if the kinds at the two ends agree.
    """
    low, high = validation.positive("lower", lower), validation.positive("upper", upper)
    if not low < high:
        raise InvalidArgument("upper", upper, f"above lower = {low:g}")

    def at_limit(offset: float) -> tuple[float, float, float]:
        if not offset > 0.0:
            return math.nan, math.nan, math.nan
        law = initial_curvature_law(family(offset), overlap=overlap)
        require_left_edge(law)
        _, below = stieltjes_limits(law)
        moments = law.moments(np.array([below]))
        gap = moments.first - moments.signal_first
        error = float(law.moment_error(np.array([below]))[0])
        return float((gap - moments.second)[0]), float(gap[0]), error

    found = bracketed(
        lambda a: np.array([at_limit(float(entry))[0] for entry in a]),
        low,
        high,
        tolerance=1e-10,
        accuracy=1e-6,
        name="offset",
        residual_error=lambda a: np.array([3.0 * at_limit(float(entry))[2] for entry in a]),
        approximation=approximation_of(switch_offset),
    )
    if not found.good:
        value = {"offset": np.asarray(math.nan), "samples_per_dimension": np.asarray(math.nan)}
    else:
        offset = float(found["offset"])
        value = {"offset": found["offset"], "samples_per_dimension": np.asarray(1.0 / at_limit(offset)[1])}
    return Solution(
        value,
        found.status,
        found.residual,
        4.0 * found.error,
        found.iterations,
        approximation_of(switch_offset),
    )


@states(*_AT_START, source=_SOURCE, verification="derived and simulated")
def best_offset(
    *, overlap: float = 0.0, family: Family = Loss.normalised, lower: float = 1e-3, upper: float = 1e2
) -> dict[str, float]:
    """The offset with the lowest transition at initialisation, by a search over its logarithm.

    Parameters
    ----------
    overlap : m of the start.
    family : of losses, offset -> Loss, with one minimum in the range.
    lower, upper : the range searched.

    Returns
    -------
    ``offset``, ``samples_per_dimension``, ``excess`` over the universal bound 1/2, and ``offset_error`` (the last
    bracket of the search). For the normalised loss the minimum is a kink, at :func:`switch_offset`.
    """
    from scipy.optimize import minimize_scalar

    low, high = validation.positive("lower", lower), validation.positive("upper", upper)
    if not low < high:
        raise InvalidArgument("upper", upper, f"above lower = {low:g}")

    def threshold(log_offset: float) -> float:
        found = initial_transition(family(math.exp(log_offset)), overlap=overlap)
        return float(found.solution.require()["samples_per_dimension"])

    tolerance = 1e-9
    result = minimize_scalar(
        threshold, bounds=(math.log(low), math.log(high)), method="bounded", options={"xatol": tolerance}
    )
    offset = math.exp(float(result.x))
    return {
        "offset": offset,
        "samples_per_dimension": float(result.fun),
        "excess": float(result.fun) - LOWER_BOUND,
        "offset_error": 3.0 * tolerance * offset,
    }


@states(
    "exact as N -> infinity", "for every loss and law", source=_SOURCE, verification="derived and simulated"
)
def universal_lower_bound() -> float:
    """1/2: no loss and no other law makes a signal outlier at fewer samples per dimension.

    :func:`~statphys_gen.phase_retrieval.optimal_spectral_curvature_law` reaches it.
    """
    return LOWER_BOUND
