"""Lines of the phase diagram, each solved as what it is and for any continuous parameter.

- ``glass_line``: the paramagnet loses its stability in the replicon sector (paramagnet to spin glass).
- ``condensation_line``: the paramagnet loses its stability to an overlap with a pattern or spike; at load 0 the
  critical temperature of retrieval.
- ``at_line``: replica symmetry breaks in a state (de Almeida and Thouless): replicon = 0.
- ``spinodal``: the retrieval branch ends in a fold.
- ``first_order_line``: retrieval and the state without it have equal free entropies.

All other parameters are given as numbers or arrays that broadcast; ``solve_for`` names the unknown one, and
``between`` the interval in which it is sought. The guess comes from a scan of that interval; the result is the root of
the equations of the state and of the condition together, with the residual and the error of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.continuation import Phase, crossing, fold
from ...numerics.roots import bracketed, newton
from ...solution import Solution, Status
from ..couplings.patterns import tail
from ..model import Model
from .line_points import LineBatch
from .load_curves import applies, jacobian
from .replica_symmetric import dominant_state, solve
from .saddle_point import Batch
from .single_site import TOLERANCE
from .spinodal_guesses import explicit_ends, last_point
from .state_equations import Equations

# How far from 1 a stability must be at the cold end of the first interval for a line in the colder one.
_NOTHING_YET = 1e-3

_SOURCE = "Barra, Genovese, Sollich, Tantari, arXiv 1702.05882; derivations/rbm/replica_symmetric.py"
_WHERE = "N -> infinity; the line of the replica-symmetric theory, see the replicon beside it"


def _first_crossing(
    line: LineBatch, grid: FloatArray, unknowns: FloatArray, value: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Unknowns and parameter where a value changes its sign along rows of states, at the largest parameter, and
    whether it does."""
    usable = np.isfinite(value)
    crosses = usable[:, 1:] & usable[:, :-1] & (np.sign(value[:, 1:]) != np.sign(value[:, :-1]))
    guessed = crosses.any(axis=1)
    cell = np.where(guessed, crosses.shape[1] - 1 - crosses[:, ::-1].argmax(axis=1), 0)
    rows = np.arange(line.points)
    with np.errstate(all="ignore"):
        weight = value[rows, cell] / (value[rows, cell] - value[rows, cell + 1])
    weight = np.where(guessed, weight, 0.5)
    parameter = (1.0 - weight) * grid[rows, cell] + weight * grid[rows, cell + 1]
    x = (1.0 - weight)[:, None] * unknowns[rows, cell] + weight[:, None] * unknowns[rows, cell + 1]
    return x, parameter, guessed


def _over_whole_range(
    line: LineBatch,
    search: Callable[[LineBatch], Solution],
    promising: Callable[[LineBatch], NDArray[np.bool_]] | None = None,
    *,
    upwards: bool = False,
) -> Solution:
    """A line in the interval of the batch, then where it was not found in the promising rest of the whole range."""
    found = search(line.rows(np.arange(line.points)))
    for part in line.further(upwards=upwards):
        missing = np.flatnonzero(found.status == Status.NOT_CONVERGED)
        if len(missing) and promising is not None:
            missing = missing[promising(part.rows(missing))]
        if not len(missing):
            continue
        more = search(part.rows(missing))
        good = np.flatnonzero(more.good)
        found = _replaced(found, missing[good], more, good)
    return found.reshaped(line.shape)


def _no_colder(part: LineBatch) -> NDArray[np.bool_]:
    """Ends of states and equal weights have settled at the cold end of the first interval."""
    return np.full(part.points, part.unknown != "temperature")


def _marginal(line: LineBatch, start: str, name: str, approximation: Approximation) -> Solution:
    """Where the stability of this name vanishes in a state: its equations and that condition together."""

    def promising(part: LineBatch) -> NDArray[np.bool_]:
        """In the cold, 1 minus a stability grows as 1/temperature: none is near where it is nothing yet."""
        if part.unknown != "temperature":
            return np.ones(part.points, dtype=bool)
        warm = solve(part.model, start, **part.plane(np.full((part.points, 1), part.between[1])))
        return np.asarray(~(np.abs(warm[name][:, 0] - 1.0) < _NOTHING_YET))

    return _over_whole_range(
        line,
        lambda part: _marginal_between(part, start, name, approximation),
        promising,
        upwards=start == "paramagnet",
    )


def _marginal_between(line: LineBatch, start: str, name: str, approximation: Approximation) -> Solution:
    equations = line.equations(start)
    absent = np.zeros(line.points, dtype=bool)
    if start == "retrieval":
        absent = line.without_retrieval()
        if absent.all():
            return line.nothing(equations, absent, approximation)
    scanned = line.scan(start)
    value = np.where(scanned.good, scanned[name], np.nan)
    absent |= line.missed(value)
    low, high = line.between
    grid = np.broadcast_to(line.grid(), value.shape)
    x, parameter, guessed = _first_crossing(line, grid, line.unknowns(equations, scanned), value)
    usable = np.isfinite(value)
    missing = np.flatnonzero(~guessed & usable.any(axis=1) & ~usable.all(axis=1))
    if len(missing):
        # The line may lie between the edge of the state and the next point of the scan.
        part = line.rows(missing)
        closer = part.edges(start, name, usable[missing], crosses_zero=True)
        x[missing], parameter[missing], guessed[missing] = _first_crossing(part, *closer)
    parameter = np.clip(parameter, low + 1e-9 * (high - low), high - 1e-9 * (high - low))

    def residual(y: FloatArray, *values: FloatArray) -> FloatArray:
        inner, sought = y[:, :-1], y[:, -1]
        state_residual = equations.residual(inner, sought, *values)
        v = equations.batch.values(sought, *values)
        stability = equations.batch.stability(v, equations.full_state(inner, v))
        return np.concatenate([state_residual, stability[name][:, None]], axis=1)

    lower, upper = equations.bounds()
    rows = np.flatnonzero(guessed)
    if not len(rows):
        return line.nothing(equations, absent, approximation)
    found = newton(
        residual,
        np.concatenate([equations.inside(x), parameter[:, None]], axis=1)[rows],
        parameters=[given[rows] for given in line.given.values()],
        lower=np.append(lower, min(low, 0.5 * low)),
        upper=np.append(upper, max(high, 2.0 * high)),
        tolerance=1e-11,
        accuracy=1e-8,
        residual_error=10 * TOLERANCE,
        names=(*equations.names, line.unknown),
        approximation=approximation,
    )
    return line.finish(found.scattered(rows, line.points), guessed, absent, equations)


@states(
    "replica symmetric",
    "exact as N -> infinity for the stability of the paramagnet; a first-order transition may come before",
    source=_SOURCE,
    verification="derived and simulated",
)
def glass_line(
    model: Model,
    *,
    solve_for: str = "temperature",
    between: tuple[float, float] | None = None,
    **parameters: ArrayLike,
) -> Solution:
    """Paramagnet to spin glass: the replicon of the paramagnet vanishes (continuous transition).

    Parameters
    ----------
    model : symmetric priors without fields; otherwise there is no paramagnet and no such line (see ``at_line``).
    solve_for : the parameter to solve for; of several roots the one with the largest value.
    between : interval in which it is sought, and outside of which there is none. By default temperatures from 1e-4 to
        1e3, then, where a stability vanishes, down to 1e-6 (in the convention "sqrt-beta" times the tail coefficient
        of the hidden units); loads from 1e-8 to 1e3, then down to 1e-16, and for lines of the paramagnet up to 1e12;
        other parameters as far as they are of use.
    **parameters : the others, arrays that broadcast.

    The fields are those of :func:`~statphys_gen.rbm.solve`, with the parameters. Status, of all lines: *no solution*
    where it is known that there is none (the model has no such state, or in the interval that was asked for the
    condition is seen at every point of a scan, goes one way and keeps its sign); *not converged* where none was found.
    """
    line = LineBatch.of(model, solve_for, between, parameters)
    return _marginal(line, "paramagnet", "replicon", approximation_of(glass_line))


@states(
    "replica symmetric",
    "exact as N -> infinity for the stability of the paramagnet",
    source=_SOURCE,
    verification="derived and simulated",
)
def condensation_line(
    model: Model,
    *,
    solve_for: str = "temperature",
    between: tuple[float, float] | None = None,
    **parameters: ArrayLike,
) -> Solution:
    """Where the paramagnet becomes unstable against an overlap with a pattern (or the strongest spike).

    At load 0 this is the critical temperature of retrieval: T = Omega for ``Patterns`` with +-1 visible units in the
    convention "sqrt-beta", alpha g^2 Q R = 1 for ``Repeated``. At finite load ``Patterns`` and
    ``Bidirectional`` have no such line: the retrieval transition is of first order.

    Parameters: as for :func:`glass_line`.
    """
    line = LineBatch.of(model, solve_for, between, parameters)
    if not model.couplings.carried_by_layer:
        return _low_load(line, approximation_of(condensation_line))
    return _marginal(line, "paramagnet", "pattern_stability", approximation_of(condensation_line))


def _low_load(line: LineBatch, approximation: Approximation) -> Solution:
    """1 = g^2 E xi^2 Omega Q with the self-overlap Q of a free visible unit: the hidden layer does not react."""
    load = line.given.get("load", np.array(line.model.load))
    if line.unknown == "load" or np.any(load != 0.0):
        raise InvalidArgument("load", load, "0: at finite load retrieval has no continuous transition here")
    batch = Batch(line.model, (line.unknown, *line.given))
    own = line.model.visible
    spread = float(own.variance(0.0, 0.0) + own.mean(0.0, 0.0) ** 2)

    def gain(sought: FloatArray, *values: FloatArray) -> FloatArray:
        v = batch.values(sought, *values)
        omega = tail(v, np.ones((len(sought), 1)))[:, 0]
        return np.asarray(v.noise_coupling**2 * omega * spread - 1.0)

    low, high = (np.full(line.points, edge) for edge in line.between)
    found = bracketed(
        gain,
        low,
        high,
        parameters=list(line.given.values()),
        tolerance=1e-11,
        name=line.unknown,
        approximation=approximation,
    )
    value = {line.unknown: found[line.unknown]} | {
        name: np.where(found.good, entry, np.nan) for name, entry in line.given.items()
    }
    status = found.status.copy()
    status[(status == Status.NO_SOLUTION) & ~(line.asked | line.without_retrieval())] = Status.NOT_CONVERGED
    return replace(found, value=value, status=status).reshaped(line.shape)


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived and simulated")
def at_line(
    model: Model,
    start: str = "retrieval",
    *,
    solve_for: str = "temperature",
    between: tuple[float, float] | None = None,
    **parameters: ArrayLike,
) -> Solution:
    """De Almeida-Thouless line: the replicon of a state ("glass" or "retrieval") vanishes.

    Parameters: ``start`` names the state, the others are as for :func:`glass_line`. In a symmetric model without fields
    the glass is unstable wherever it exists, and the line is ``glass_line``.
    """
    line = LineBatch.of(model, solve_for, between, parameters)
    return _marginal(line, start, "replicon", approximation_of(at_line))


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived and simulated")
def spinodal(
    model: Model,
    *,
    solve_for: str = "load",
    between: tuple[float, float] | None = None,
    upwards: bool = True,
    **parameters: ArrayLike,
) -> Solution:
    """Where the retrieval branch ends: the fold of its equations.

    Parameters
    ----------
    model, solve_for, between, **parameters : as for :func:`glass_line`.
    upwards : whether the branch ends at the upper end of the parameter's interval of existence (default) or at the
        lower one.
    """
    line = LineBatch.of(model, solve_for, between, parameters)
    return _over_whole_range(line, lambda part: _ends(part, upwards), _no_colder)


def _ends(line: LineBatch, upwards: bool) -> Solution:
    """The fold in which the branch ends inside the interval of the batch."""
    equations = line.equations("retrieval")
    absent = line.without_retrieval()
    if absent.all():
        return line.nothing(equations, absent, approximation_of(spinodal))
    x, parameter, guessed, none = explicit_ends(line, equations, upwards)
    absent |= none
    unknown = np.flatnonzero(np.isnan(parameter) & guessed)
    if len(unknown):
        part = line.rows(unknown)
        scanned = part.scan("retrieval")
        good = scanned.good
        edge = line.count - 1 - good[:, ::-1].argmax(axis=1) if upwards else good.argmax(axis=1)
        found_edge = good.any(axis=1) & ((edge < line.count - 1) if upwards else (edge > 0))
        ends = last_point(part, equations, scanned, edge, found_edge, upwards)
        x[unknown], parameter[unknown] = ends
        guessed[unknown] = found_edge
    rows = np.flatnonzero(guessed)
    if not len(rows):
        return line.nothing(equations, absent, approximation_of(spinodal))
    lower, upper = equations.bounds()
    low, high = line.between
    derivative = None
    if applies(equations.batch):
        derivative = partial(jacobian, equations.batch, True)
    found = fold(
        equations.residual,
        equations.inside(x[rows]),
        parameter[rows],
        parameters=[given[rows] for given in line.given.values()],
        jacobian=derivative,
        lower=lower,
        upper=upper,
        parameter_lower=min(low, 0.5 * low),
        parameter_upper=max(high, 2.0 * high),
        tolerance=1e-10,
        accuracy=1e-7,
        names=equations.names,
        parameter_name=line.unknown,
        residual_error=10 * TOLERANCE,
        approximation=approximation_of(spinodal),
    )
    return line.finish(found.scattered(rows, line.points), guessed, absent, equations)


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived and simulated")
def first_order_line(
    model: Model,
    *,
    solve_for: str = "load",
    between: tuple[float, float] | None = None,
    **parameters: ArrayLike,
) -> Solution:
    """Where retrieval and the state without it (glass, or paramagnet where there is no glass) are equally likely.

    Parameters: as for :func:`glass_line`; of several loads the smallest one, up to which retrieval dominates. The
    fields are the parameters and those of the retrieval state;
    ``other_edwards_anderson_overlap`` is q of the other one.
    """
    line = LineBatch.of(model, solve_for, between, parameters)
    return _over_whole_range(line, _first_order_between, _no_colder)


def _first_order_between(line: LineBatch) -> Solution:
    found, usable = _first_order(line, np.broadcast_to(line.grid(), (line.points, line.count)))
    missing = np.flatnonzero(
        (found.status == Status.NOT_CONVERGED) & usable.any(axis=1) & ~usable.all(axis=1)
    )
    if len(missing):
        # The line may lie between the end of the retrieval state and the next point of the scan.
        part = line.rows(missing)
        values, _, _ = part.edges("retrieval", "free_entropy", usable[missing], crosses_zero=False)
        closer, _ = _first_order(part, values)
        found = _replaced(found, missing, closer, np.arange(len(missing)))
    return found


def _replaced(found: Solution, rows: NDArray[np.intp], other: Solution, taken: NDArray[np.intp]) -> Solution:
    """A flat solution with these rows taken from those of another one."""

    def joined(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        result = old.copy()
        result[rows] = new[taken]
        return result

    return replace(
        found,
        value={name: joined(entry, other[name]) for name, entry in found.value.items()},
        status=joined(found.status, other.status),
        residual=joined(found.residual, other.residual),
        error=joined(found.error, other.error),
        iterations=joined(found.iterations, other.iterations),
    )


def _first_order(line: LineBatch, grid: FloatArray) -> tuple[Solution, NDArray[np.bool_]]:
    """The crossing along rows of parameters (points, any), and where both states exist."""
    scanned = dominant_state(line.model, **line.plane(grid)).solutions
    if "retrieval" not in scanned:
        raise InvalidArgument("model", line.model.hidden.name, "one with a retrieval state")
    retrieval = scanned["retrieval"]
    normal, names = _normal(scanned)
    with np.errstate(invalid="ignore"):
        difference = np.where(retrieval.good, retrieval["free_entropy"], np.nan) - normal
    usable = np.isfinite(difference)
    crosses = usable[:, 1:] & usable[:, :-1] & (np.sign(difference[:, 1:]) != np.sign(difference[:, :-1]))
    guessed = crosses.any(axis=1)
    first, final = crosses.argmax(axis=1), crosses.shape[1] - 1 - crosses[:, ::-1].argmax(axis=1)
    cell = np.where(guessed, first if line.unknown == "load" else final, 0)
    rows = np.arange(line.points)
    results = {}
    for name in ("glass", "paramagnet"):
        chosen = guessed & (names[rows, cell] == name)
        if chosen.any():
            results[name] = (chosen, _equal(line, name, scanned, cell, chosen, difference, grid))
    return _assembled(line, results, guessed, line.without_retrieval() | line.missed(difference)), usable


def _normal(scanned: dict[str, Solution]) -> tuple[FloatArray, NDArray[np.str_]]:
    """Free entropy and name of the state without retrieval: the glass where it exists."""
    shape = scanned["retrieval"].shape
    value, names = np.full(shape, np.nan), np.full(shape, "", dtype="<U10")
    for name in ("paramagnet", "glass"):
        if name in scanned:
            good = scanned[name].good
            value[good] = scanned[name]["free_entropy"][good]
            names[good] = name
    return value, names


def _equal(
    line: LineBatch,
    other: str,
    scanned: dict[str, Solution],
    cell: NDArray[np.intp],
    chosen: NDArray[np.bool_],
    difference: FloatArray,
    grid: FloatArray,
) -> Solution:
    """The crossing for the points whose other state has this name."""
    retrieval, normal = line.equations("retrieval"), line.equations(other)
    rows = np.flatnonzero(chosen)
    cells = cell[rows]
    good = scanned[other].good[rows, cells]
    cells = np.where(good, cells, cells + 1)
    left, right = difference[rows, cell[rows]], difference[rows, cell[rows] + 1]
    weight = left / (left - right)
    parameter = (1.0 - weight) * grid[rows, cell[rows]] + weight * grid[rows, cell[rows] + 1]

    def phase(equations: Equations, solution: Solution, prefix: str) -> Phase:
        lower, upper = equations.bounds()

        def value(x: FloatArray, *values: FloatArray) -> FloatArray:
            v = equations.batch.values(*values)
            return equations.batch.free_entropy(v, equations.full_state(x, v))

        return Phase(
            residual=equations.residual,
            value=value,
            start=equations.inside(line.unknowns(equations, solution)[rows, cells]),
            names=tuple(prefix + name for name in equations.names),
            lower=lower,
            upper=upper,
        )

    low, high = line.between
    return crossing(
        phase(retrieval, scanned["retrieval"], ""),
        phase(normal, scanned[other], "other_"),
        parameter,
        parameters=[a[rows] for a in line.given.values()],
        parameter_lower=min(low, 0.5 * low),
        parameter_upper=max(high, 2.0 * high),
        tolerance=1e-11,
        accuracy=1e-7,
        parameter_name=line.unknown,
        residual_error=10 * TOLERANCE,
        approximation=approximation_of(first_order_line),
    )


def _assembled(
    line: LineBatch,
    results: dict[str, tuple[NDArray[np.bool_], Solution]],
    guessed: NDArray[np.bool_],
    absent: NDArray[np.bool_],
) -> Solution:
    """The crossings with either state in one flat solution."""
    equations = line.equations("retrieval")
    names: Sequence[str] = (*equations.names, line.unknown)
    value = {name: np.full(line.points, np.nan) for name in names}
    status = np.full(line.points, Status.NOT_CONVERGED, dtype=np.int8)
    residual, error = np.full(line.points, np.nan), np.full(line.points, np.nan)
    iterations = np.zeros(line.points, dtype=np.int64)
    for chosen, found in results.values():
        for name in names:
            value[name][chosen] = found[name]
        status[chosen], residual[chosen] = found.status, found.residual
        error[chosen], iterations[chosen] = found.error, found.iterations
    both = Solution(value, status, residual, error, iterations, approximation_of(first_order_line))
    return line.finish(both, guessed, absent, equations)


LINES: dict[str, Callable[..., Solution]] = {
    "glass": glass_line,
    "at": at_line,
    "spinodal": spinodal,
    "first-order": first_order_line,
    "low-load": condensation_line,
}
