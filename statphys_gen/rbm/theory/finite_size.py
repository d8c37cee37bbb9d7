"""Networks of N visible units with one pattern for each hidden unit (``Patterns``).

Of a network with few patterns the equilibrium is a sum over all its states (:mod:`.enumeration`). Otherwise it is the
replica-symmetric state with the condensed hidden unit treated exactly: that unit carries an overlap m, in the field
g sqrt(N) m. In the limit its mean is Omega g sqrt(N) m; the next term, of relative order 1/(m sqrt(N)), is that of the
bounded part of its prior. Replacing g^2 Omega m by (g / sqrt(N)) H(g sqrt(N) m), with H the mean of a hidden unit in a
field, resums it: mixture +g sqrt(1 - delta)/sqrt(N), binary g/sqrt(N), ReLU -g threshold/sqrt(N) for m > 0. What this
leaves out, the fluctuations of the condensed unit first of all, is estimated in the error.

Derivation: derivations/rbm/finite_size.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...solution import Solution
from ...units.discrete import Discrete
from ..couplings.base import Values
from ..couplings.patterns import Patterns
from ..model import Model
from .enumeration import Network, equilibrium
from .remainder import remainder
from .replica_symmetric import dominant_state, solve
from .saddle_point import Batch

_SOURCE = "derivations/rbm/finite_size.py"
_WHERE = (
    "in 1/sqrt(N), resummed for the condensed hidden unit; the rest is of order 1/N, or of a power of 1/(m sqrt(N)) "
    "where the field of the condensed unit, g sqrt(N) m, is not large against its width"
)
_ENUMERATED = (
    "one pattern of +-1 entries, +-1 visible units without a uniform field: N <= 20000; two patterns 179, three 20, "
    "four 8; visible units in a uniform field or 0/1: one pattern 179, two 20, three 8"
)
# Two states are one where their overlaps differ by less.
_SAME = 1e-6


@states(
    "leading order",
    f"{_WHERE}; it says nothing about its error",
    source=_SOURCE,
    verification="derived and simulated",
)
def condensed_signal(model: Model, overlap: ArrayLike, size: ArrayLike) -> FloatArray:
    """Field along its pattern that a condensed hidden unit exerts on the visible units, (g/sqrt(N)) H(g sqrt(N) m).

    Parameters
    ----------
    model : with ``Patterns`` and independent hidden units.
    overlap, size : m and N, arrays that broadcast.
    """
    _check(model)
    m = validation.array("overlap", overlap)
    root = np.sqrt(validation.array("size", size, above=0.0))
    field = model.coupling * root * m
    return np.asarray(model.coupling / root * model.hidden.mean(0.0, field, model.prior_power))


@states(
    "leading order",
    f"{_WHERE}; error estimates it. Exact where all states are summed ({_ENUMERATED})",
    source=_SOURCE,
    verification="derived and simulated",
)
def solve_sizes(model: Model, start: str, size: ArrayLike, **parameters: ArrayLike) -> Solution:
    """The state of networks of these sizes; see :func:`~statphys_gen.rbm.solve`.

    Where load * size is a small number of patterns (load 0 counts as one) the state is the equilibrium of the network,
    exactly, averaged over the patterns. It is the state that is asked for where that dominates; a retrieval without a
    field that tells a pattern from its negative is, for one pattern, the half of the equilibrium with m > 0. Elsewhere,
    and for other patterns and visible units, it is the leading order.

    Parameters
    ----------
    model, start, **parameters : as there.
    size : N, array that broadcasts with the parameters.

    Returns
    -------
    Solution as there. ``error`` is that of the overlaps, q, Q, r and R: at leading order with an estimate, not a bound,
    of what it leaves out; of an exact half its distance from a state, which is large where the overlap changes sign.
    The hidden overlaps r and R of an exact sum are 0 where there is no further pattern; replicon, pattern_stability and
    mixture_stability are always those of the leading order. ``approximation`` says exact where all points are.
    """
    _check(model)
    given = {**parameters, "size": size}
    arrays = np.broadcast_arrays(*(validation.array(name, entry) for name, entry in given.items()))
    shape = arrays[0].shape
    flat = dict(zip(given, (entry.reshape(-1) for entry in arrays), strict=True))
    asked = Batch(model, tuple(given)).values(*flat.values())
    networks = [_network(model, asked, start, k, flat["size"][k]) for k in range(len(flat["size"]))]
    summed = np.array([network is not None for network in networks])
    if summed.any():
        # In a sum the condensed pattern is not one of the others as well.
        flat["load"] = np.where(summed, np.maximum(asked.load - 1.0 / flat["size"], 0.0), asked.load)
    compared = dominant_state(model, groups=None, **flat)
    found = compared.solutions.get(start) or solve(model, start, groups=None, **flat)
    batch = Batch(model, tuple(flat))
    leading = compared.dominant == start
    for name, other in compared.solutions.items():
        same = np.abs(other["overlap"] - found["overlap"]).reshape(len(leading), -1).max(axis=1) < _SAME
        leading |= batch.along & same & (compared.dominant == name)
    if batch.along and model.hidden.symmetric:
        # Against its field a state is not the equilibrium.
        leading &= ~(found["overlap"] * asked.along < 0.0)
    value, error = {name: entry.copy() for name, entry in found.value.items()}, found.error.copy()
    exact = found.good & leading & summed
    for k in np.flatnonzero(exact).tolist():
        network = networks[k]
        assert network is not None
        half = start == "retrieval" and _mirrored(model, asked, k)
        averages = equilibrium(network, asked.rows(np.array([k])), model.convention == "sqrt-beta", half)
        for name in value.keys() & averages.keys():
            value[name][k] = averages[name]
        largest = max(averages["overlap"], abs(averages["hidden_overlap"]))
        error[k] = averages["rounding"] + half * averages["barrier"] * largest
    rest = np.flatnonzero(found.good & ~exact)
    if len(rest):
        points = {name: entry[rest] for name, entry in flat.items()}
        state = {name: entry[rest] for name, entry in value.items()}
        error[rest] += remainder(batch, start, points, state, leading[rest])
    statement = approximation_of(solve_sizes)
    if exact.all():
        statement = replace(statement, level="exact", valid=f"the sum over all states ({_ENUMERATED})")
    return replace(found, value=value, error=error, approximation=statement).reshaped(shape)


def _mirrored(model: Model, v: Values, k: int) -> bool:
    """Whether nothing tells a pattern from its negative."""
    return bool(model.hidden.symmetric and v.along[k] == 0.0)


def _network(model: Model, v: Values, start: str, k: int, size: float) -> Network | None:
    """The network of a point, if a sum over its states has few enough terms and is the state that is asked for."""
    visible, couplings = model.visible, model.couplings
    if not isinstance(visible, Discrete) or type(couplings) is not Patterns or couplings.law != "binary":
        return None
    counted = v.load[k] * size if v.load[k] > 0.0 else 1.0
    patterns = round(counted)
    if (
        model.condensed != 1
        or size != round(size)
        or patterns < 1
        or abs(counted - patterns) > 1e-9 * counted
    ):
        return None
    alike = visible.symmetric and v.uniform[k] == 0.0
    # Without a field the sum has both signs of a glass, and the other patterns too.
    other = {"glass": alike, "retrieval": patterns > 1}
    if _mirrored(model, v, k) and other.get(start):
        return None
    (down, up), (weight_down, weight_up) = visible.states, visible.log_base - visible.energies
    network = Network(int(size), patterns, up, down, weight_up, weight_down, alike)
    return network if network.reachable else None


def _check(model: Model) -> None:
    if "size" not in model.couplings.continuous:
        raise InvalidArgument("couplings", model.couplings, "Patterns for the finite-size correction")
    model.replace(size=1.0)  # refuses what has no corrected theory
