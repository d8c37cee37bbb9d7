"""Noised samples on the line and two-layer score networks: definitions only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import validation
from ..errors import InvalidArgument

# Sixth powers of ratios of these stay within double precision.
_SMALLEST, _LARGEST = 1e-20, 1e20


def _numbers(name: str, values: Any) -> tuple[float, ...]:
    """The numbers of a list, each within the range in which all formulas keep their accuracy."""
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise InvalidArgument(name, values, "a list of numbers")
    checked = []
    for k, value in enumerate(values):
        try:
            checked.append(validation.finite(f"{name}[{k}]", value))
        except OverflowError:  # of an integer that no float holds
            raise InvalidArgument(f"{name}[{k}]", str(value)[:40], "a finite number") from None
    for k, value in enumerate(checked):
        if abs(value) > _LARGEST:
            raise InvalidArgument(f"{name}[{k}]", value, f"at most {_LARGEST:g} in absolute value")
    return tuple(checked)


@dataclass(frozen=True)
class NoisedSample:
    r"""The law of y = mu x_i + sigma xi, with i uniform on the training points x_1, ..., x_n and xi ~ N(0, 1).

    Parameters
    ----------
    points : x_1, ..., x_n on the line, kept in increasing order; repeated points count as often as they stand there,
        and at least two are distinct.
    data_scale, noise_scale : mu and sigma, in [1e-20, 1e20].
    """

    points: tuple[float, ...]
    data_scale: float
    noise_scale: float

    def __post_init__(self) -> None:
        points = tuple(sorted(_numbers("points", self.points)))
        if len(set(points)) < 2:
            raise InvalidArgument("points", list(points[:5]), "at least two distinct numbers")
        object.__setattr__(self, "points", points)
        for name in ("data_scale", "noise_scale"):
            value = validation.inside(name, getattr(self, name), _SMALLEST, _LARGEST, closed=True)
            object.__setattr__(self, name, value)
        if len({self.data_scale * x for x in points}) < len(set(points)):
            allowed = f"such that points which differ do so after multiplication by {self.data_scale:g}"
            raise InvalidArgument("points", list(points[:5]), allowed)

    @classmethod
    def at_time(cls, points: Iterable[float], time: float) -> NoisedSample:
        """At diffusion time t: mu = exp(-t), sigma^2 = 1 - exp(-2t)."""
        t = validation.inside("time", time, 1e-39, 46.0)
        return cls(tuple(points), math.exp(-t), math.sqrt(-math.expm1(-2.0 * t)))

    @property
    def samples(self) -> int:
        """n, repeated points included."""
        return len(self.points)

    def replace(self, **changes: Any) -> NoisedSample:
        """The same sample with other parameters."""
        return dataclasses.replace(self, **changes)

    def _repr_latex_(self) -> str:
        return (
            rf"$y = {self.data_scale:g}\, x_i + {self.noise_scale:g}\, \xi,\; "
            rf"i \sim U\{{1..{self.samples}\}},\; \xi \sim N(0, 1)$"
        )


@dataclass(frozen=True)
class ScoreNetwork:
    r"""s(y) = (1/m) sum_l v_l relu(w_l y + b_l), of which v and b are trained.

    Parameters
    ----------
    inner : w_1, ..., w_m, not trained and not 0. The exact theory is that of weights +1 and -1.
    outer, bias : v and b, as many.
    """

    inner: tuple[float, ...]
    outer: tuple[float, ...]
    bias: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("inner", "outer", "bias"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))
        if not self.inner:
            raise InvalidArgument("inner", [], "at least one number")
        for name in ("outer", "bias"):
            if len(getattr(self, name)) != len(self.inner):
                raise InvalidArgument(
                    name,
                    f"{len(getattr(self, name))} numbers",
                    f"as many as inner weights ({len(self.inner)})",
                )
        for k, weight in enumerate(self.inner):
            if weight == 0.0:
                raise InvalidArgument(f"inner[{k}]", weight, "a number other than 0")

    @property
    def neurons(self) -> int:
        """m, the number of hidden units."""
        return len(self.inner)

    def replace(self, **changes: Any) -> ScoreNetwork:
        """The same network with other parameters."""
        return dataclasses.replace(self, **changes)

    def _repr_latex_(self) -> str:
        return (
            r"$s(y) = \frac{1}{m} \sum_l v_l\, \mathrm{relu}(w_l y + b_l),\; "
            rf"m = {self.neurons},\; w_l \in \{{{min(self.inner):g}..{max(self.inner):g}\}}$"
        )
