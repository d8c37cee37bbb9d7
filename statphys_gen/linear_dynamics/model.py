"""Two-layer linear networks and what they are trained on: definitions only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import validation
from ..errors import InvalidArgument

# Lengths within so many orders of magnitude of 1, so that products of a few of them stay in the range of a float.
SMALLEST, LARGEST = 1e-75, 1e75


def in_range(argument: str, value: float) -> float:
    """A length above 0, in whatever unit, whose products are in the range of a float."""
    if not SMALLEST <= validation.positive(argument, value) <= LARGEST:
        raise InvalidArgument(argument, value, f"in [{SMALLEST:g}, {LARGEST:g}]: choose other units")
    return float(value)


@dataclass(frozen=True)
class LinearNetwork:
    r"""A = W2 W1 with w hidden units, from independent Gaussian weights, trained by gradient flow on a cost C(A):

        dW1/dt = -eta1 W2^T G,    dW2/dt = -eta2 G W1^T,    G = grad C(A),
        (W1)_{ij} ~ N(0, sigma1^2),    (W2)_{ij} ~ N(0, sigma2^2).

    Parameters
    ----------
    inputs, outputs, width : n, p and w, at least 1; W1 is w x n and W2 is p x w.
    first_variance, second_variance : sigma1^2 and sigma2^2 of the initial weights, above 0.
    first_rate, second_rate : eta1 and eta2, learning rates of the two layers, above 0.
    """

    inputs: int
    outputs: int
    width: int
    first_variance: float
    second_variance: float
    first_rate: float = 1.0
    second_rate: float = 1.0

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs", "width"):
            object.__setattr__(self, name, validation.integer(name, getattr(self, name), minimum=1))
        for name in ("first_variance", "second_variance", "first_rate", "second_rate"):
            object.__setattr__(self, name, validation.positive(name, getattr(self, name)))
        for name in ("first_variance", "second_variance"):
            value = getattr(self, name)
            if not SMALLEST <= value * self.width <= LARGEST:
                allowed = f"such that its product with the width lies in [{SMALLEST:g}, {LARGEST:g}]"
                raise InvalidArgument(name, value, allowed)

    @classmethod
    def from_exponents(cls, dimension: int, variance_exponent: float, width_exponent: float) -> LinearNetwork:
        """A square network of dimension d with weights of variance d^variance_exponent and width d^width_exponent.

        The width is rounded to an integer.

        Raises
        ------
        InvalidArgument : the width is below 1, or too large for a number.
        """
        size = validation.integer("dimension", dimension, minimum=2)
        first = validation.finite("variance_exponent", variance_exponent)
        second = validation.finite("width_exponent", width_exponent)
        log_width = second * math.log(size)
        if not (math.log(0.5) <= log_width < 43.0):
            raise InvalidArgument(
                "width_exponent", width_exponent, f"such that the width {size}^exponent lies in [1, 2^62]"
            )
        variance = math.exp(min(max(first * math.log(size), -700.0), 700.0))
        return cls(size, size, max(1, round(math.exp(log_width))), variance, variance)

    def replace(self, **changes: Any) -> LinearNetwork:
        """The same network with other parameters."""
        return dataclasses.replace(self, **changes)

    def _repr_latex_(self) -> str:
        return (
            rf"$A = W_2 W_1,\; W_1 \in \mathbb{{R}}^{{{self.width}\times{self.inputs}}},\; "
            rf"W_2 \in \mathbb{{R}}^{{{self.outputs}\times{self.width}}},\; "
            rf"(W_1)_{{ij}} \sim N(0, {self.first_variance:g}),\; (W_2)_{{ij}} \sim N(0, {self.second_variance:g}),\; "
            rf"\eta_1 = {self.first_rate:g},\; \eta_2 = {self.second_rate:g}$"
        )


@dataclass(frozen=True)
class Task:
    r"""A noisy low-rank target, T = A* + noise E with independent E_ij ~ N(0, 1), and A* = d sum_i x_i u_i v_i^T.

    The u_i (in the p outputs) and v_i (in the n inputs) are orthonormal with random directions, d = sqrt(n p).

    Parameters
    ----------
    signal_strengths : x_1, ..., x_k, above 0: singular values of A* over d. May be empty (noise alone).
    noise : standard deviation of an entry's noise, at least 0.
    """

    signal_strengths: tuple[float, ...]
    noise: float = 1.0

    def __post_init__(self) -> None:
        strengths = self.signal_strengths
        if not isinstance(strengths, Iterable) or isinstance(strengths, str):
            raise InvalidArgument("signal_strengths", strengths, "a list of numbers above 0")
        checked = tuple(in_range(f"signal_strengths[{k}]", x) for k, x in enumerate(strengths))
        object.__setattr__(self, "signal_strengths", checked)
        object.__setattr__(self, "noise", validation.non_negative("noise", self.noise))
        if self.noise > 0.0:
            in_range("noise", self.noise)

    @property
    def rank(self) -> int:
        """k, the number of signals."""
        return len(self.signal_strengths)

    @classmethod
    def equal(cls, rank: int, noise: float = 1.0) -> Task:
        """k signals of strength k^(-1/2), so that an entry of A* has variance 1."""
        count = validation.integer("rank", rank, minimum=1)
        return cls((count**-0.5,) * count, noise)

    def replace(self, **changes: Any) -> Task:
        """The same task with other parameters."""
        return dataclasses.replace(self, **changes)

    def _repr_latex_(self) -> str:
        strengths = ", ".join(f"{x:g}" for x in self.signal_strengths)
        return rf"$T = d \sum_i x_i u_i v_i^\top + {self.noise:g}\, E,\; x = ({strengths}),\; E_{{ij}} \sim N(0, 1)$"
