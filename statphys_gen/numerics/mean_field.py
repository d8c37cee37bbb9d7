"""A mean-field model in four names: parameters, equations, free energy, starting points.

Everything else (batched solution, status, error, the branch of lowest free energy) comes from the methods here. The
equations need not be the gradient of the free energy, but must vanish where it is stationary in the unknowns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import Approximation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..solution import Solution
from .roots import newton


@dataclass(frozen=True)
class MeanFieldModel:
    """Order parameters x that solve F(x; parameters) = 0, and the free energy of each solution.

    Parameters
    ----------
    parameters : names of the parameters, in the order of the functions' arguments.
    unknowns : names of the order parameters.
    residual : ``residual(x, *parameters)``, x of shape (points, unknowns), parameters of shape (points,); returns
        (points, unknowns). Points are independent.
    free_energy : ``free_energy(x, *parameters)``, of the same arguments; returns (points,).
    starts : by the name of a branch, where to look for it: one number for each unknown.
    lower, upper : open bounds of the unknowns.
    approximation : how exact the equations are.
    """

    parameters: Sequence[str]
    unknowns: Sequence[str]
    residual: Callable[..., FloatArray]
    free_energy: Callable[..., FloatArray]
    starts: Mapping[str, ArrayLike]
    lower: ArrayLike | None = None
    upper: ArrayLike | None = None
    approximation: Approximation | None = None

    def solve(self, start: str, **parameters: ArrayLike) -> Solution:
        """The branch found from one start, with its ``free_energy``, at parameters that broadcast to a batch.

        Raises
        ------
        InvalidArgument : an unknown start, or other parameters than those of the model.
        """
        validation.choice("start", start, tuple(self.starts))
        if set(parameters) != set(self.parameters):
            raise InvalidArgument("parameters", sorted(parameters), "exactly " + ", ".join(self.parameters))
        values = np.broadcast_arrays(*(validation.array(name, parameters[name]) for name in self.parameters))
        found = newton(
            self.residual,
            validation.array("start", self.starts[start], shape=(len(self.unknowns),)),
            parameters=values,
            lower=self.lower,
            upper=self.upper,
            names=list(self.unknowns),
            approximation=self.approximation,
        )
        x = np.stack([found[name].ravel() for name in self.unknowns], axis=-1)
        energy = np.full(len(x), np.nan)
        good = found.good.ravel()
        if good.any():
            energy[good] = self.free_energy(x[good], *(value.ravel()[good] for value in values))
        fields = {**found.value, "free_energy": energy.reshape(found.shape)}
        return Solution(
            fields, found.status, found.residual, found.error, found.iterations, self.approximation
        )

    def dominant(self, **parameters: ArrayLike) -> tuple[Solution, NDArray[np.intp]]:
        """At each point the solution of lowest free energy, and the index of its start among ``starts``."""
        branches = [self.solve(start, **parameters) for start in self.starts]
        energies = np.stack([np.where(b.good, b["free_energy"], np.inf) for b in branches])
        best = np.asarray(energies.argmin(axis=0))

        def pick(entries: list[NDArray[np.generic]]) -> NDArray[np.generic]:
            return np.take_along_axis(np.stack(entries), best[None], axis=0)[0]

        solution = Solution(
            {name: np.asarray(pick([b[name] for b in branches])) for name in branches[0].value},
            np.asarray(pick([b.status for b in branches]), dtype=np.int8),
            np.asarray(pick([b.residual for b in branches]), dtype=np.float64),
            np.asarray(pick([b.error for b in branches]), dtype=np.float64),
            np.asarray(pick([b.iterations for b in branches]), dtype=np.int64),
            self.approximation,
        )
        return solution, best
