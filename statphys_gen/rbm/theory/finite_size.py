"""Finite-size corrected replica-symmetric theory: the condensed hidden unit of a network of N visible units, exactly.

Where each pattern has its own hidden unit (``Patterns``) that unit carries an overlap m, in the field g sqrt(N) m. In
the limit its mean is Omega g sqrt(N) m; the next term, of relative order 1/(m sqrt(N)), is that of the bounded part of
its prior. Replacing g^2 Omega m by (g / sqrt(N)) H(g sqrt(N) m), with H the mean of a hidden unit in a field, resums
it: mixture +g sqrt(1 - delta)/sqrt(N), binary g/sqrt(N), ReLU -g threshold/sqrt(N) for m > 0. The other corrections
are of order 1/N. Give the couplings a ``size`` (or solve with ``size=`` an array) to have it in every prediction.

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
from ..model import Model
from .replica_symmetric import solve

_SOURCE = "derivations/rbm/finite_size.py"
_WHERE = (
    "in 1/sqrt(N), resummed for the condensed hidden unit; the rest is of order 1/N, or of a power of 1/(m sqrt(N)) "
    "where the field of the condensed unit, g sqrt(N) m, is not large against its width; residual and error are those "
    "of the equations, not of the expansion"
)


@states("leading order", _WHERE, source=_SOURCE, verification="derived and simulated")
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


@states("leading order", _WHERE, source=_SOURCE, verification="derived and simulated")
def solve_sizes(model: Model, start: str, size: ArrayLike, **parameters: ArrayLike) -> Solution:
    """The state of networks of these sizes; see :func:`~statphys_gen.rbm.solve`.

    Parameters
    ----------
    model, start, **parameters : as there.
    size : N, array that broadcasts with the parameters.
    """
    _check(model)
    found = solve(model, start, groups=None, **{**parameters, "size": size})
    return replace(found, approximation=approximation_of(solve_sizes))


def _check(model: Model) -> None:
    if "size" not in model.couplings.continuous:
        raise InvalidArgument("couplings", model.couplings, "Patterns for the finite-size correction")
    model.replace(size=1.0)  # refuses what has no corrected theory
