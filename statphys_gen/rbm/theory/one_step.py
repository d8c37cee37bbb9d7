"""One step of replica-symmetry breaking: states and capacities of Hopfield networks and of bidirectional memories.

The equations are in :py:mod:`statphys_gen.rbm.theory.one_step_equations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import NotConverged
from ...numerics.roots import newton
from ...solution import Solution, Status
from ..model import Model
from .lines import spinodal
from .one_step_branch import RetrievalBranch, along_branch, end_of_branch
from .one_step_equations import QUADRATURE, OneStepEquations, checked
from .replica_symmetric import solve
from .zero_temperature import capacity

_SOURCE = (
    "Crisanti, Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95 (1994) 249; "
    "derivations/rbm/one_step.py"
)
_WHERE = (
    "N -> infinity; one step of replica-symmetry breaking: unstable where inner_replicon or outer_replicon is "
    "negative, and at T = 0, where the inner one is -infinity"
)
# A retrieval state further than this from the symmetric overlap is another one.
_SAME_BRANCH = 0.02
# Starting points (X_1, q_0, p) of the glass.
_GLASS = (
    (0.2, 0.3, 0.6),
    (0.2, 0.5, 1.0),
    (0.4, 0.5, 0.5),
    (0.15, 0.6, 1.5),
    (0.3, 0.7, 0.3),
    (0.1, 0.8, 2.0),
)
# Of the replica-symmetric response, the part that stays in X_1; and p.
_PARTS, _PARISI = (0.25, 0.4), (8.0, 20.0, 50.0, 100.0)


def _starts(model: Model, equations: OneStepEquations, loads: FloatArray) -> tuple[Any, ...]:
    """Starting points of shape (starts, points, unknowns), the replica-symmetric overlaps, and where to start."""
    if not equations.retrieval:
        T = equations.temperature
        # Fields grow as the root of the load, and responses fall with it.
        scale = 1.3 / (1.0 + np.sqrt(loads))
        table: list[FloatArray] = []
        for small, q, strong in _GLASS:
            own = [scale * small, np.maximum(scale * strong * (1.0 - T * scale * small - q), 0.05 * scale)]
            inverse = np.maximum(1.0 / (scale * strong), 1.1 * T)
            table.append(np.stack([*own, inverse, *(own * equations.two_layers)], axis=1))
        return np.stack(table), np.zeros(loads.size), np.ones(loads.size, dtype=bool)
    m, n, response, hidden, possible = _symmetric(model, equations, loads)
    temperature = equations.temperature
    rows: list[FloatArray] = []
    for part in _PARTS:
        for parisi in _PARISI:
            p = min(parisi, 0.9 / temperature) if temperature > 0 else parisi
            columns = [part * response, (1.0 - part) * response, np.full(loads.size, 1.0 / p)]
            if equations.two_layers:
                columns += [part * hidden, (1.0 - part) * hidden]
            columns += [m] + [n] * equations.two_layers
            rows.append(np.stack(columns, axis=1))
    if temperature > 0.0 and possible.any():
        cold = solve_one_step(model, "retrieval", load=loads)
        frozen = OneStepEquations(model, True, 0.0)
        states = [
            _unknowns(frozen, _point(cold, k)) if cold.good[k] else rows[0][k] for k in range(loads.size)
        ]
        rows.insert(0, np.array(states))
    return np.stack(rows), m, possible


def _symmetric(model: Model, equations: OneStepEquations, loads: FloatArray) -> tuple[Any, ...]:
    """Overlaps and responses beta (1 - q) of the replica-symmetric retrieval state, near T = 0 if T = 0, and whether
    it is unstable or absent."""
    temperature = equations.temperature if equations.temperature > 0 else 2e-3
    plain = model.replace(convention="beta")
    found = solve(plain, "retrieval", temperature=temperature, load=loads)
    m, n = found["overlap"], found["hidden_overlap"]
    response = (1.0 - found["edwards_anderson_overlap"]) / temperature
    hidden = (1.0 - found["hidden_edwards_anderson_overlap"]) / temperature
    with np.errstate(invalid="ignore"):
        possible = ~(found.good & (found["replicon"] >= 0.0)) | (equations.temperature == 0.0)
    return *(np.nan_to_num(x, nan=0.5) for x in (m, n, response, hidden)), possible


@states("1RSB", _WHERE, source=_SOURCE, verification="derived and simulated")
def solve_one_step(
    model: Model,
    start: str,
    *,
    temperature: float = 0.0,
    load: ArrayLike | None = None,
    guess: ArrayLike | None = None,
) -> Solution:
    """The state with one step of replica-symmetry breaking.

    Parameters
    ----------
    model : ``Patterns`` with Gaussian hidden units of variance 1 (Hopfield), or ``Bidirectional`` with +-1 hidden
        units in the convention "beta"; +-1 visible units, binary patterns, no fields. Its temperature is not used.
    start : "glass" or "retrieval".
    temperature : T, at least 0 (default 0).
    load : array of loads; that of the model by default.
    guess : starting unknowns (X_1, X_2 - X_1, 1/p, Y_1, Y_2 - Y_1, overlaps), for following a branch; several
        built-in ones by default.

    Returns
    -------
    Solution with response X_1 = (1 - q_1)/T, q_0, p (Parisi parameter times beta), overlap, free_energy and
    edwards_anderson_overlap q_1; for ``Bidirectional`` also those of the hidden layer; outer_replicon and, at T > 0,
    inner_replicon: the state is stable against a second step where both are positive. Retrieval is the branch on which
    the overlap falls with the load, which ends at that of :func:`one_step_capacity`; it is followed from there where
    the starting points lead nowhere or to the lower, unstable branch of larger free energy. A bad status: no state with
    broken symmetry was found (then give a ``guess``); no solution, for ``retrieval``: above the end of the branch, and
    at T > 0 where the replica-symmetric state is stable and none was sought.
    """
    temperature = validation.non_negative("temperature", temperature)
    checked(model, temperature)
    validation.choice("start", start, ("glass", "retrieval"))
    loads = validation.array("load", model.load if load is None else load, above=0.0)
    equations = OneStepEquations(model, start == "retrieval", temperature)
    flat = loads.reshape(-1)
    if guess is None:
        found, rows = _from_own_starts(model, equations, flat)
        if equations.retrieval and len(rows):
            found = _followed(model, equations, found, flat, rows)
    else:
        first = np.broadcast_to(validation.array("guess", guess), (1, flat.size, len(equations.names)))
        found = _newton(equations, first, flat, np.full(flat.size, np.nan))
    return _reported(equations, found, loads)


def _newton(
    equations: OneStepEquations, first: FloatArray, loads: FloatArray, near: FloatArray, steps: int = 100
) -> Solution:
    """Of the solutions from these starting points (starts, loads, unknowns) the one that is wanted at each load."""
    lower, upper = equations.bounds()
    found = newton(
        equations.residual,
        np.clip(first, lower + 1e-9, np.where(np.isfinite(upper), upper - 1e-9, 1e9)),
        parameters=[loads],
        lower=lower,
        upper=upper,
        tolerance=1e-10,
        accuracy=1e-7,
        residual_error=QUADRATURE,
        max_iterations=steps,
        names=equations.names,
        approximation=approximation_of(solve_one_step),
    )
    return _chosen(found, near)


def _from_own_starts(
    model: Model, equations: OneStepEquations, loads: FloatArray
) -> tuple[Solution, NDArray[np.intp]]:
    """The states from the built-in starting points, and the loads at which a broken one is possible."""
    first, near, possible = _starts(model, equations, loads)
    rows = np.flatnonzero(possible)
    # Newton's method needs a point; where none is possible its result is not used.
    tried = rows if len(rows) else np.zeros(1, dtype=np.intp)
    found = _newton(equations, first[:, tried], loads[tried], near[tried], 100 if len(rows) else 1)
    if equations.retrieval and len(rows):
        found = _without_unstable(model, equations, found, loads[tried])
    return found.scattered(rows, loads.size), rows


def _followed(
    model: Model, equations: OneStepEquations, found: Solution, loads: FloatArray, rows: NDArray[np.intp]
) -> Solution:
    """What the starting points have missed, from the stable branch followed down from its end; above the end there is
    no such state."""
    missing = rows[~found.good[rows]]
    if not len(missing):
        return found
    try:
        end, x = _broken_end(model, equations.temperature)
    except NotConverged:
        return found
    status = found.status.copy()
    highest = float(end["load"][0])
    status[missing[loads[missing] > highest + float(end.error[0])]] = Status.NO_SOLUTION
    value = {name: entry.copy() for name, entry in found.value.items()}
    residual, error = found.residual.copy(), found.error.copy()
    states = along_branch(model, equations.temperature, x[0], highest, loads[missing])
    for k, state in zip(missing, states, strict=True):
        if state is not None:
            here, unknowns = state
            for name, entry in zip(equations.names, unknowns, strict=True):
                value[name][k] = entry
            status[k], residual[k], error[k] = here.status[0], here.residual[0], here.error[0]
    return replace(found, value=value, status=status, residual=residual, error=error)


def _without_unstable(
    model: Model, equations: OneStepEquations, found: Solution, loads: FloatArray
) -> Solution:
    """States on the lower branch, which meets the stable one in the fold at its end, are not what was asked for: along
    the stable branch the overlap falls with the load."""
    status = found.status.copy()
    for k in np.flatnonzero(found.good):
        branch = RetrievalBranch(model, equations.temperature, float(loads[k]))
        x = np.array([float(found[name][k]) for name in equations.names])
        slope = branch.tangent(float(x[branch.place]), branch.without_overlap(x, float(loads[k])))[-1]
        if not slope < 0.0:
            status[k] = Status.NOT_CONVERGED
    return replace(found, status=status)


def _chosen(found: Solution, near: FloatArray) -> Solution:
    """Of the starting points (first axis) the first good one, for retrieval that closest to the symmetric overlap."""
    rank = np.where(found.good, 0.0, np.inf)
    if "overlap" in found.value and np.isfinite(near).all():
        distance = np.abs(np.nan_to_num(found["overlap"], nan=9.0) - near)
        rank = np.where(found.good & (distance < _SAME_BRANCH), distance, np.inf)
    index = rank.argmin(axis=0)
    points = np.arange(rank.shape[1])
    none = ~np.isfinite(rank[index, points])
    status = np.where(none & found.good[index, points], Status.NOT_CONVERGED, found.status[index, points])
    return Solution(
        {name: entry[index, points] for name, entry in found.value.items()},
        status.astype(np.int8),
        found.residual[index, points],
        found.error[index, points],
        found.iterations[index, points],
        found.approximation,
    )


def _reported(equations: OneStepEquations, found: Solution, loads: FloatArray) -> Solution:
    """All fields in the shape of the loads."""
    x = np.stack([found[name] for name in equations.names], axis=1)
    c = equations.columns(x)
    names = ["response", "p", "q_0", "overlap"]
    names += ["hidden_response", "r_0", "hidden_overlap"] * equations.two_layers
    value = {name: c[name] for name in names if name in c}
    value["free_energy"] = -equations.free_entropy_over_beta(x, loads.reshape(-1))
    inner, outer = equations.replicons(x, loads.reshape(-1))
    value["outer_replicon"] = outer
    if equations.temperature > 0:
        value["inner_replicon"] = inner
    value["edwards_anderson_overlap"] = 1.0 - equations.temperature * found["response"]
    if equations.two_layers:
        value["hidden_edwards_anderson_overlap"] = 1.0 - equations.temperature * found["hidden_response"]
    return replace(found, value=value).reshaped(loads.shape)


@states("1RSB", _WHERE, source=_SOURCE, verification="derived")
def one_step_capacity(model: Model, *, temperature: float = 0.0) -> Solution:
    """The load at which the retrieval state with one step of replica-symmetry breaking ends (a fold).

    Parameters: as for :func:`solve_one_step`. The fields are its fields and the load. Where the replica-symmetric state
    is stable at its own end (at temperatures above 0.0251 for Hopfield networks, 0.0527 for memories of equal
    layers) nothing is broken: its end is returned, with q_0 = q_1 and p = 1/T (Parisi parameter 1).
    """
    temperature = validation.non_negative("temperature", temperature)
    checked(model, temperature)
    if temperature > 0.0:
        symmetric = spinodal(model, temperature=temperature)
        none = bool((symmetric.status == Status.NO_SOLUTION).all())
        if none or (symmetric.good.all() and float(symmetric["replicon"]) >= 0.0):
            return _unbroken(symmetric, model, temperature)
    equations = OneStepEquations(model, True, temperature)
    try:
        found, x = _broken_end(model, temperature)
    except NotConverged:
        return _lost(equations)
    load = np.asarray(found["load"])
    state = replace(found, value=dict(zip(equations.names, x.T, strict=True)))
    reported = _reported(equations, state, load)
    value = {**reported.value, "load": load}
    return replace(reported, value=value, approximation=approximation_of(one_step_capacity)).reshaped(())


def _broken_end(model: Model, temperature: float) -> tuple[Solution, FloatArray]:
    """The end of the broken state, followed from the one at T = 0."""
    cold = OneStepEquations(model, True, 0.0)
    edge = capacity(model).load
    near = _from_own_starts(model, cold, np.array([0.99 * edge]))[0].require()
    state = np.array([float(near[name][0]) for name in cold.names])
    found, x = end_of_branch(model, 0.0, state, 0.99 * edge)
    if temperature > 0.0:
        found, x = end_of_branch(model, temperature, x[0], float(found["load"][0]))
    return found, x


def _lost(equations: OneStepEquations) -> Solution:
    """An end that was not found, which does not say that there is none."""
    names = ["response", "p", "q_0", "overlap", "free_energy", "edwards_anderson_overlap", "load"]
    names += ["outer_replicon"] + ["inner_replicon"] * (equations.temperature > 0)
    if equations.two_layers:
        names += ["hidden_response", "r_0", "hidden_overlap", "hidden_edwards_anderson_overlap"]
    none = np.array(np.nan)
    return Solution(
        dict.fromkeys(names, none),
        np.array(Status.NOT_CONVERGED, dtype=np.int8),
        *(none, none, np.array(0)),
        approximation_of(one_step_capacity),
    )


def _unbroken(symmetric: Solution, model: Model, temperature: float) -> Solution:
    """A replica-symmetric state in the fields of one with broken symmetry."""
    q, r = symmetric["edwards_anderson_overlap"], symmetric["hidden_edwards_anderson_overlap"]
    value = {
        "response": (1.0 - q) / temperature,
        "p": np.where(symmetric.good, 1.0 / temperature, np.nan),
        "q_0": q,
        "overlap": symmetric["overlap"],
        "edwards_anderson_overlap": q,
    }
    if model.couplings.joint:
        value |= {
            "hidden_response": (1.0 - r) / temperature,
            "r_0": r,
            "hidden_overlap": symmetric["hidden_overlap"],
            "hidden_edwards_anderson_overlap": r,
        }
    value |= {"free_energy": symmetric["free_energy"], "load": symmetric["load"]}
    value |= {"outer_replicon": symmetric["replicon"], "inner_replicon": symmetric["replicon"]}
    return replace(symmetric, value=value, approximation=approximation_of(one_step_capacity))


def _point(found: Solution, k: int) -> dict[str, float]:
    return {name: float(entry[k]) for name, entry in found.value.items()}


def _unknowns(equations: OneStepEquations, state: Mapping[str, Any]) -> FloatArray:
    """The unknowns of one reported state."""
    value = {name: float(entry) for name, entry in state.items()}
    value["inverse_parisi"] = 1.0 / value["p"]
    value["breaking"] = value["p"] * (value["edwards_anderson_overlap"] - value["q_0"])
    if equations.two_layers:
        value["hidden_breaking"] = value["p"] * (value["hidden_edwards_anderson_overlap"] - value["r_0"])
    return np.array([value[name] for name in equations.names])
