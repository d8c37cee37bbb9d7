"""Replica-symmetric states of any model: order parameters, free entropy, stability, and which state dominates.

A state is asked for by its name. "paramagnet": all overlaps zero, which needs symmetric priors and no field. "glass":
Edwards-Anderson overlaps without an overlap with a pattern (with priors that are not symmetric or with fields this is
the only state without retrieval, at every temperature). "retrieval": a finite overlap with the ``condensed`` patterns;
with several of them the state is a symmetric mixture, or a vector of overlaps when ``groups`` are given.

Batches: any continuous parameter may be given as an array; the arrays broadcast::

    solve(model, "retrieval", temperature=np.linspace(0.1, 1, 200)[:, None], load=np.linspace(0.01, 0.2, 200))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import attributes
from ...numerics.roots import newton
from ...presentation import Tabular
from ...solution import Solution, Status
from ..couplings.patterns import tail
from ..model import Model
from . import field_curves as noise_curves
from . import normal_layer
from .load_curves import UNRESOLVED, Solved, applies, jacobian, solve_points
from .saddle_point import Batch
from .single_site import TOLERANCE
from .state_equations import Equations

if TYPE_CHECKING:
    import xarray

_SOURCE = "Barra, Genovese, Sollich, Tantari, arXiv 1702.05882; derivations/rbm/replica_symmetric.py"
# An overlap below this is that of another state: the one that was asked for has ended.
_NONE_LEFT = 1e-7
# Rounding of q, and the largest one of g^2 (Q - q) in units of the pole: below temperatures of about 1e-8.
_ROUNDING, _KNOWN = 2.2e-16, 1e-8


@states(
    "replica symmetric",
    "N -> infinity; where the replicon is negative replica symmetry is broken and the state is approximate",
    source=_SOURCE,
    verification="derived and simulated",
)
def solve(
    model: Model, start: str, *, groups: Sequence[float] | None = None, **parameters: ArrayLike
) -> Solution:
    """The state of the model that is asked for, for one point or a batch.

    Parameters
    ----------
    model : the model; see :class:`~statphys_gen.rbm.Model`. With a ``size`` the condensed hidden unit of
        ``Patterns`` is treated exactly, which resums the leading corrections in 1/sqrt(size); ``error`` is that of
        these equations, and :func:`~statphys_gen.rbm.solve_sizes` adds what they leave out.
    start : "paramagnet", "glass" or "retrieval".
    groups : numbers of condensed patterns, each group with its own overlap (the field ``overlap`` then has an axis
        more); one group of model.condensed patterns by default.
    **parameters : temperature, load, visible_field, pattern_field, or a continuous parameter of the couplings (density,
        size, noise, spike, layer_ratio) or of the hidden prior (threshold, ...), as numbers or arrays that broadcast.

    Returns
    -------
    Solution with the fields overlap m, hidden_overlap (of ``Patterns`` that of the one unit that carries the pattern,
    over sqrt(N)), edwards_anderson_overlap q, self_overlap Q, hidden_edwards_anderson_overlap r, hidden_self_overlap
    R, free_entropy A, free_energy -A/beta, energy -dA/dbeta (fields do not count in the convention "sqrt-beta", where
    they are not multiplied by beta), entropy A + beta energy, replicon, inverse_spin_glass_susceptibility,
    pattern_stability (1 minus the gain of a further pattern) and, for mixtures, mixture_stability. The state is stable
    where the last four are positive. No solution: the state does not exist there (its branch has ended).

    Raises
    ------
    InvalidArgument : a parameter is outside its domain, or the state makes no sense in the model.
    """
    # A single point is a batch over its own temperature.
    arrays = _checked(model, parameters or {"temperature": model.temperature})
    names = tuple(arrays)
    equations = Equations(Batch(model, names, groups), start)
    shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
    flat = [np.array(np.broadcast_to(a, shape)).reshape(-1) for a in arrays.values()]
    values = equations.batch.values(*flat)
    if normal_layer.applies(equations):
        found = normal_layer.solve_points(equations, flat)
    elif start != "paramagnet" and applies(equations.batch):
        found = solve_points(equations.batch, start, values)
        missing = np.flatnonzero(found.status == UNRESOLVED)
        if len(missing):
            found.fill(missing, _iterated(equations, [a[missing] for a in flat]))
    else:
        found = _iterated(equations, flat)
    if equations.with_glass:
        # Q - q is known to rounding, and enters in units of the distance of the pole of the hidden units.
        known = values.noise_coupling**2 * tail(values, np.ones((len(found.x), 1)))[:, 0] * _ROUNDING
        found.status[(known > _KNOWN) & (found.status <= Status.NEAR_CRITICAL)] = Status.NOT_CONVERGED
    return _completed(equations, found, flat, shape)


def _iterated(equations: Equations, flat: Sequence[FloatArray]) -> Solved:
    """Damped iteration from a saturated state, then Newton's method."""
    points = len(flat[0])
    if noise_curves.applies(equations):
        guess, status = noise_curves.starting_points(equations, flat)
    else:
        guess, status = equations.starting_points(equations.batch.values(*flat), flat, points)
    guess = equations.inside(guess)
    x, alive = guess.copy(), status == Status.CONVERGED
    residual, error = np.zeros(points), np.full(points, 1e-15)
    iterations = np.zeros(points, dtype=np.int64)
    if equations.names and alive.any():
        lower, upper = equations.bounds()
        slopes = None
        if equations.start != "paramagnet" and applies(equations.batch):
            slopes = partial(jacobian, equations.batch, equations.start == "retrieval")
        found = newton(
            equations.residual,
            guess[alive],
            parameters=[a[alive] for a in flat],
            # Where q is next to 1, a difference has no room for a step.
            jacobian=slopes,
            lower=lower,
            upper=upper,
            tolerance=1e-11,
            accuracy=1e-9,
            residual_error=TOLERANCE,
            names=equations.names,
        )
        x[alive] = np.stack([found[name] for name in equations.names], axis=1)
        status[alive] = np.where(_ended(equations, x[alive]), Status.NO_SOLUTION, found.status)
        # Averages that are too steep for their rule are not the end of the state.
        lost = alive.copy()
        lost[alive] = (found.status == Status.LEFT_DOMAIN) & ~np.isfinite(found.residual)
        status[lost] = Status.NOT_CONVERGED
        if equations.deflated:
            # The only bound within reach is q = 0, the paramagnet.
            status[status == Status.LEFT_DOMAIN] = Status.NO_SOLUTION
        residual[alive], error[alive], iterations[alive] = found.residual, found.error, found.iterations
    residual[~alive] = np.nan
    return Solved(x, status, residual, error, iterations)


def _ended(equations: Equations, x: FloatArray) -> NDArray[np.bool_]:
    """True where the overlap that was asked for is zero: the branch has merged with another."""
    with np.errstate(invalid="ignore"):
        if equations.start == "retrieval" and not equations.batch.along:
            groups = len(equations.batch.groups)
            return np.asarray((np.abs(x[:, :groups]) < _NONE_LEFT).any(axis=1))
    return np.zeros(len(x), dtype=bool)


def _completed(
    equations: Equations, found: Solved, flat: Sequence[FloatArray], shape: tuple[int, ...]
) -> Solution:
    """The solution with every reported field, evaluated at the good points only."""
    points = len(found.x)
    good = np.flatnonzero(found.status <= Status.NEAR_CRITICAL)
    reported: dict[str, FloatArray] = {}
    for start in range(0, max(len(good), 1), 4096):
        rows = good[start : start + 4096]
        probe = found.x[rows] if len(rows) else np.ones((1, found.x.shape[1]))
        part = equations.fields(probe, *_pick(flat, rows))
        for name, entry in part.items():
            if name not in reported:
                reported[name] = np.full((points, *entry.shape[1:]), np.nan)
            if len(rows):
                reported[name][rows] = entry
    # A state whose Gaussian integrals diverge is none.
    lost = ~np.all([np.isfinite(e).reshape(points, -1).all(axis=1) for e in reported.values()], axis=0)
    status = np.where(lost & (found.status <= Status.NEAR_CRITICAL), Status.NO_SOLUTION, found.status)
    flat_solution = Solution(
        reported, status, found.residual, found.error, found.iterations, approximation_of(solve)
    )
    return flat_solution.reshaped(shape)


def _pick(flat: Sequence[FloatArray], rows: NDArray[np.intp]) -> list[FloatArray]:
    return [a[rows] if len(rows) else a[:1] for a in flat]


def _checked(model: Model, parameters: dict[str, ArrayLike]) -> dict[str, FloatArray]:
    """The arrays of a batch, each checked by making the model of its extremes."""
    arrays = {name: validation.array(name, value) for name, value in parameters.items()}
    Batch(model, tuple(arrays))
    for name, values in arrays.items():
        for extreme in (float(values.min()), float(values.max())):
            if name in model.hidden.continuous:
                model.hidden.with_arrays(**{name: np.array([extreme])})
            else:
                model.replace(**{name: extreme})
    try:
        np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        raise InvalidArgument(
            "parameters", {name: a.shape for name, a in arrays.items()}, "arrays whose shapes broadcast"
        ) from None
    return arrays


@dataclass(frozen=True, repr=False)
class Dominance(Tabular):
    """Every state at every point, and the one that dominates.

    Attributes
    ----------
    solutions : the states by name.
    dominant : name of the dominant state, "" where none was found; of the batch's shape.
    """

    solutions: dict[str, Solution]
    dominant: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """One row for each point and state, with the name of the dominant one."""
        rows = zip(
            self.dominant.ravel(), *(found.records() for found in self.solutions.values()), strict=True
        )
        return [
            {"state": name, "dominant": str(best) or None} | record
            for best, *records in rows
            for name, record in zip(self.solutions, records, strict=True)
        ]

    def to_dataset(self, **coordinates: ArrayLike) -> xarray.Dataset:
        """All states along the dimension ``state``, and ``dominant``; one coordinate for each axis of the batch."""
        import xarray

        states = [found.to_dataset(**coordinates) for found in self.solutions.values()]
        joined = xarray.concat(states, "state", join="override", combine_attrs="override").assign_coords(
            state=("state", list(self.solutions), attributes("state"))
        )
        return joined.assign(dominant=(tuple(coordinates), self.dominant, attributes("dominant")))


@states(
    "replica symmetric",
    "N -> infinity; where the replicon is negative replica symmetry is broken and the state is approximate",
    source=_SOURCE,
    verification="derived and simulated",
)
def dominant_state(
    model: Model, *, groups: Sequence[float] | None = None, **parameters: ArrayLike
) -> Dominance:
    """All states of the model and which of them has the largest weight.

    Without retrieval the state is the glass where it exists and otherwise the paramagnet (replica theory maximises the
    free energy in q, so that the two are not compared by their free entropies); retrieval dominates where its free
    entropy is larger than that of the state without it.

    Parameters
    ----------
    model, groups, **parameters : as for :func:`solve`.
    """
    batch = Batch(model, tuple(parameters), groups)
    solutions: dict[str, Solution] = {}
    if batch.has_paramagnet:
        solutions["paramagnet"] = solve(model, "paramagnet", groups=groups, **parameters)
    if model.couplings.has_load:
        solutions["glass"] = solve(model, "glass", groups=groups, **parameters)
    if batch.groups and not never_retrieves(batch):
        solutions["retrieval"] = solve(model, "retrieval", groups=groups, **parameters)
    shape = next(iter(solutions.values())).shape
    dominant = np.full(shape, "", dtype="<U10")
    best = np.full(shape, -np.inf)
    for name in ("paramagnet", "glass", "retrieval"):
        if name in solutions:
            found = solutions[name]
            value = np.where(found.good, found["free_entropy"], -np.inf)
            better = found.good if name == "glass" else found.good & (value > best)
            dominant[better] = name
            best = np.where(better, value, best)
    return Dominance(solutions, dominant)


def never_retrieves(batch: Batch) -> bool:
    """True where a single bounded hidden unit would have to carry the pattern of an infinite network."""
    if batch.model.couplings.carried_by_layer or batch.corrected or batch.along:
        return False
    if set(batch.names) & set(batch.model.hidden.continuous):
        return False
    return max(batch.model.hidden.tail_coefficient(side) for side in (1, -1)) == 0.0
