"""A trained machine: its couplings and biases, and the same machine with +-1 units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument

# Far above any coupling of a machine that fluctuates.
_LARGEST = 1e6


@dataclass(frozen=True)
class Machine:
    """A trained machine: couplings (visible, hidden) and the biases of both layers, zero by default.

    Attributes
    ----------
    couplings, visible_bias, hidden_bias : W, b and c of the weight exp(v W h + b v + c h).
    units : "zero-one" where the file says that both layers have {0, 1} units; "" where it does not say.
    notes : plain sentences on what was done to the arrays of the file.
    """

    couplings: FloatArray
    visible_bias: FloatArray | None = None
    hidden_bias: FloatArray | None = None
    units: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        matrix = validation.array("W", self.couplings, ndim=2)
        if min(matrix.shape) < 2:
            raise InvalidArgument("W", matrix, "a matrix of at least two rows and columns")
        largest = float(np.abs(matrix).max())
        if largest > _LARGEST:
            raise InvalidArgument("W", largest, f"couplings of at most {_LARGEST:g}")
        object.__setattr__(self, "couplings", matrix)
        for name, units in zip(("visible_bias", "hidden_bias"), matrix.shape, strict=True):
            given = np.zeros(units) if getattr(self, name) is None else np.asarray(getattr(self, name))
            flat = given.ravel() if given.ndim == 2 and 1 in given.shape else given
            object.__setattr__(self, name, validation.array(name, flat, shape=(units,)))

    @property
    def biases(self) -> tuple[FloatArray, FloatArray]:
        """Of the visible and of the hidden units."""
        return np.asarray(self.visible_bias), np.asarray(self.hidden_bias)

    def spins(self, *, visible: bool = True, hidden: bool = True) -> Machine:
        """The same machine, its {0, 1} units written as (1 + s)/2 with s = +-1.

        Exact: with both layers rewritten W becomes W/4, b becomes b/2 + sum_a W_ia / 4, c becomes c/2 + sum_i W_ia / 4;
        only the constant of the energy changes.

        Parameters
        ----------
        visible, hidden : whether the units of this layer are {0, 1}.
        """
        matrix, (on_visible, on_hidden) = self.couplings, self.biases
        if visible:
            matrix, on_visible, on_hidden = matrix / 2, on_visible / 2, on_hidden + matrix.sum(axis=0) / 2
        if hidden:
            matrix, on_hidden, on_visible = matrix / 2, on_hidden / 2, on_visible + matrix.sum(axis=1) / 2
        return replace(self, couplings=matrix, visible_bias=on_visible, hidden_bias=on_hidden, units="")
