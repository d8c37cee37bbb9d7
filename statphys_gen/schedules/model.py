r"""Interpolants, grids of steps and classes: definitions only.

    x_t = A_t z + B_t a,    t from 0 (noise, B = 0) to 1 (data, A = 0),    z ~ N(0, I),   a ~ data

Noise level S = A/B, the standard deviation of y = x/B = a + S z.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from .. import validation
from ..errors import InvalidArgument

Scheme = Literal["ddim", "heun", "dpmpp-2m"]
Start = Literal["zero", "mean"]
INTERPOLANTS = (
    "vp-linear",
    "vp-trigonometric",
    "ve-linear",
    "ve-trigonometric",
    "dilated-vp-linear",
    "dilated-vp-trigonometric",
    "dilated-ve-linear",
    "dilated-ve-trigonometric",
)
NOISE_GRIDS = ("karras", "log-uniform", "flow-uniform", "tangent", "ddpm-linear")
SCHEMES = ("ddim", "heun", "dpmpp-2m")
MOST_STEPS = 100_000
_KARRAS = 7.0


@dataclass(frozen=True)
class TwoClasses:
    """a = +-m + sigma g in dimension D, |m|^2 = D separation^2; the origin is the midpoint of the means.

    Parameters
    ----------
    dimension : D, at least 1; up to 1e15.
    separation : |m| / sqrt(D), above 0.
    variance : sigma^2 of each class in every direction, at least 0.
    weight : p of the class at +m, in (0, 1).
    """

    dimension: int
    separation: float
    variance: float
    weight: float

    def __post_init__(self) -> None:
        validation.integer("dimension", self.dimension, minimum=1, maximum=10**15)
        validation.inside("separation", self.separation, 1e-100, 1e100)
        if validation.non_negative("variance", self.variance) > 1e100:
            raise InvalidArgument("variance", self.variance, "at most 1e+100")
        validation.inside("weight", self.weight, 0.0, 1.0)

    @property
    def squared_norm(self) -> float:
        """|m|^2."""
        return self.dimension * self.separation**2

    @property
    def norm(self) -> float:
        """|m|, half the distance of the class means."""
        return math.sqrt(self.squared_norm)

    @property
    def deviation(self) -> float:
        """sigma, the standard deviation of a detail."""
        return math.sqrt(self.variance)

    @property
    def log_odds(self) -> float:
        """h = log(p/(1-p))/2."""
        return 0.5 * (math.log(self.weight) - math.log1p(-self.weight))

    def _repr_latex_(self) -> str:
        return rf"$a=\pm m+\sigma g,\;|m|^2={self.squared_norm:g},\;\sigma^2={self.variance:g},\;p={self.weight:g}$"


class Interpolant(ABC):
    """x_t = A_t z + B_t a. A user's own gives three functions of the time: ``noise``, ``data`` and ``product``.

    Required: B_0 = 0, A_1 = 0, and A/B decreasing (``conformance`` tells).
    """

    @abstractmethod
    def noise(self, time: float) -> float:
        """A_t, at least 0."""

    @abstractmethod
    def data(self, time: float) -> float:
        """B_t, at least 0."""

    @abstractmethod
    def product(self, time: float) -> float:
        """A_t A'_t = (A^2)'/2, from the right; finite also where A' is not."""

    def data_rate(self, time: float) -> float:
        """B'_t from the right; by differences to about nine digits, unless it is given."""
        step, rows = 2.0**-9 * (1.0 - time), []
        here = self.data(time)
        for _ in range(5):
            rows.append((self.data(time + step) - here) / step)
            step *= 0.5
        for order in range(1, 5):
            rows = [(2**order * b - a) / (2**order - 1) for a, b in pairwise(rows)]
        return rows[0]

    def noise_level(self, time: float) -> float:
        """S = A/B; infinite where B is 0."""
        data = self.data(time)
        return math.inf if data == 0.0 else self.noise(time) / data


@dataclass(frozen=True)
class NamedInterpolant(Interpolant):
    """One of :data:`INTERPOLANTS`.

    Parameters
    ----------
    name : variance preserving (``vp``, c = 1) or exploding (``ve``, c = ``scale``); A = c (1 - tau) (``linear``) or
        c sqrt(1 - tau^2) (``trigonometric``); B = tau(t), which is t if the time is not dilated.
    scale : c of an exploding one, above 0; 1 otherwise.
    dilation : kappa/|m| of a dilated one, in (0, 1); 0 otherwise.
    """

    name: str
    scale: float = 1.0
    dilation: float = 0.0

    def __post_init__(self) -> None:
        validation.choice("name", self.name, INTERPOLANTS)
        validation.inside("scale", self.scale, 1e-100, 1e100)
        if self.dilated:
            validation.inside("dilation", self.dilation, 0.0, 1.0)
        elif self.dilation:
            raise InvalidArgument("dilation", self.dilation, "0 for an interpolant that is not dilated")
        if "vp" in self.name and self.scale != 1.0:
            raise InvalidArgument("scale", self.scale, "1 for a variance-preserving interpolant")

    @property
    def dilated(self) -> bool:
        return self.name.startswith("dilated")

    @property
    def linear(self) -> bool:
        """Whether A = c (1 - B)."""
        return self.name.endswith("-linear")

    def noise(self, time: float) -> float:
        rest = self._rest(time)
        return self.scale * (rest if self.linear else math.sqrt(rest * (2.0 - rest)))

    def data(self, time: float) -> float:
        return self._path(time)[0]

    def data_rate(self, time: float) -> float:
        return self._path(time)[1]

    def product(self, time: float) -> float:
        tau, rate = self._path(time)
        return -(self.scale**2) * rate * (self._rest(time) if self.linear else tau)

    def _path(self, t: float) -> tuple[float, float]:
        """tau and its derivative from the right."""
        k = self.dilation
        if not self.dilated:
            return t, 1.0
        if "vp" in self.name:
            return (2.0 * k * t, 2.0 * k) if t < 0.5 else (k + (1.0 - k) * (2.0 * t - 1.0), 2.0 * (1.0 - k))
        if self.linear:
            return (
                (2.0 * (1.0 - k) * t, 2.0 * (1.0 - k))
                if t < 0.5
                else (1.0 - k + k * (2.0 * t - 1.0), 2.0 * k)
            )
        if t < 0.5:
            slope = 2.0 * math.sqrt((1.0 - k) * (1.0 + k))
            return slope * t, slope
        left = k * (2.0 - 2.0 * t)
        root = math.sqrt((1.0 - left) * (1.0 + left))
        return root, 2.0 * k * left / root

    def _rest(self, t: float) -> float:
        """1 - tau, to full relative accuracy."""
        k = self.dilation
        if not self.dilated:
            return 1.0 - t
        if t < 0.5:
            return 1.0 - self._path(t)[0]
        late = 2.0 - 2.0 * t
        if "vp" in self.name:
            return (1.0 - k) * late
        if self.linear:
            return k * late
        left = k * late
        return left * left / (1.0 + math.sqrt((1.0 - left) * (1.0 + left)))


def interpolant(name: str, norm: float = 1.0, dilation: float | None = None) -> NamedInterpolant:
    """A named interpolant for classes at +-m.

    Parameters
    ----------
    name : one of :data:`INTERPOLANTS`.
    norm : |m|, the scale c of an exploding one.
    dilation : kappa in (0, |m|), of a dilated one only: the time passes the levels of the order |m| (``vp``) or 1
        (``ve``) in half of the steps.

    Raises
    ------
    InvalidArgument : a dilation that is missing, not wanted, or outside (0, |m|).
    """
    validation.choice("schedule", name, INTERPOLANTS)
    length = validation.positive("norm", norm)
    scale = length if "ve-" in name else 1.0
    if not name.startswith("dilated"):
        if dilation is not None:
            raise InvalidArgument("dilation", dilation, f"left out with the schedule {name}")
        return NamedInterpolant(name, scale)
    if dilation is None:
        raise InvalidArgument("dilation", None, f"given with the schedule {name}")
    kappa = validation.finite("dilation", dilation)
    if not 0.0 < kappa < length:
        raise InvalidArgument("dilation", dilation, f"in (0, {length:.6g}), below the norm of m")
    return NamedInterpolant(name, scale, kappa / length)


@dataclass(frozen=True)
class TimeGrid:
    """Euler steps in the time of an interpolant, with the velocity of the left end.

    Parameters
    ----------
    interpolant : of the path from noise to data.
    times : t_0 = 0 < t_1 < ... < t_K = 1.
    """

    interpolant: Interpolant
    times: tuple[float, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.interpolant, Interpolant):
            raise InvalidArgument("interpolant", self.interpolant, "an Interpolant")
        times = _sequence("times", self.times)
        rising = all(a < b for a, b in pairwise(times))
        if len(times) < 2 or times[0] != 0.0 or times[-1] != 1.0 or not rising:
            raise InvalidArgument("times", list(times[:5]), "increasing from 0 to 1")
        object.__setattr__(self, "times", times)

    @classmethod
    def uniform(cls, interpolant: Interpolant, steps: int) -> TimeGrid:
        """t_k = k/K."""
        count = validation.integer("steps", steps, minimum=1, maximum=MOST_STEPS)
        return cls(interpolant, tuple(k / count for k in range(count + 1)))

    @property
    def steps(self) -> int:
        return len(self.times) - 1

    def levels(self, scheme: Scheme = "ddim") -> NoiseGrid:
        """The noise levels of the same times, from infinity on, for a solver on y = x/B."""
        found = [self.interpolant.noise_level(t) for t in self.times[:-1]]
        return NoiseGrid((math.inf, *found[1:], 0.0), scheme, "mean")


@dataclass(frozen=True)
class NoiseGrid:
    """Steps on y = a + S z between noise levels.

    Parameters
    ----------
    levels : S_0 > S_1 > ... > S_K = 0. S_0 may be infinite: the first step then lands on N(data mean, S_1^2 I), which
        is how flow matching from pure noise begins.
    scheme : "ddim" (y' = e y + (1 - e) D, e = S'/S; the same as Euler in S), "heun" (Euler predictor, mean of both
        slopes; the last step, and one from infinity, ddim), or "dpmpp-2m" (two-step; first and last step ddim).
    start : mean of the start N(mean, S_0^2 I): "zero", the origin, or "mean", that of the data.
    """

    levels: tuple[float, ...]
    scheme: Scheme = "ddim"
    start: Start = "zero"

    def __post_init__(self) -> None:
        validation.choice("scheme", self.scheme, SCHEMES)
        validation.choice("start", self.start, ("zero", "mean"))
        levels = _sequence("noise_levels", self.levels, infinite=True)
        if len(levels) < 2:
            raise InvalidArgument("noise_levels", list(levels), "at least two levels, the last 0")
        if levels[-1] != 0.0:
            raise InvalidArgument("noise_levels", levels[-1], "0 at the end")
        for k, (a, b) in enumerate(pairwise(levels)):
            if not a > b:
                raise InvalidArgument(f"noise_levels[{k + 1}]", b, f"below the level before it, {a:g}")
        if math.isinf(levels[0]) and len(levels) == 2:
            raise InvalidArgument("noise_levels", list(levels), "with a finite level between infinity and 0")
        for level in levels[:-1]:
            if not (1e-150 < level < 1e150 or math.isinf(level)):
                raise InvalidArgument(
                    "noise_levels", level, "in (1e-150, 1e150), or infinity at the beginning"
                )
        object.__setattr__(self, "levels", levels)

    @property
    def steps(self) -> int:
        return len(self.levels) - 1

    def replace(self, **changes: Any) -> NoiseGrid:
        """The same grid with other fields."""
        return replace(self, **changes)


Grid = TimeGrid | NoiseGrid


def noise_grid(
    name: str,
    steps: int,
    noise_level_range: tuple[float, float] | None = None,
    *,
    variance: float | None = None,
    scheme: Scheme = "ddim",
    start: Start = "zero",
) -> NoiseGrid:
    """A grid of noise levels by name.

    Parameters
    ----------
    name : one of :data:`NOISE_GRIDS`. "karras": S^(1/7) equidistant from hi to lo; "log-uniform": log S equidistant;
        "flow-uniform": s = S/(1+S) equidistant from hi to 0, hi may be infinite; "tangent": S = sigma tan(theta), theta
        equidistant from hi to 0; "ddpm-linear": equidistant in the steps of DDPM with 1000 linear betas from 1e-4
        to 2e-2, log S interpolated, between its ends or those of the range.
    steps : K, at least 1.
    noise_level_range : lo and hi, S_(K-1) and S_0.
    variance : sigma^2 of "tangent".
    scheme, start : of the :class:`NoiseGrid`.

    Raises
    ------
    InvalidArgument : an argument outside its domain, or one that is missing.
    """
    validation.choice("schedule", name, NOISE_GRIDS)
    count = validation.integer("steps", steps, minimum=1, maximum=MOST_STEPS)
    if noise_level_range is None and name != "ddpm-linear":
        raise InvalidArgument("noise_level_range", None, f"given with the schedule {name}")
    low, high = _range(name, noise_level_range)
    if name == "karras":
        a, b = high ** (1.0 / _KARRAS), low ** (1.0 / _KARRAS)
        inner = [(a + share * (b - a)) ** _KARRAS for share in _shares(count)]
    elif name == "log-uniform":
        inner = [high ** (1.0 - share) * low**share for share in _shares(count)]
    elif name == "flow-uniform":
        first = 0.0 if math.isinf(high) else 1.0 / (1.0 + high)
        taus = [first + (1.0 - first) * k / count for k in range(count)]
        inner = [math.inf if tau == 0.0 else (1.0 - tau) / tau for tau in taus]
    elif name == "tangent":
        if variance is None or not variance > 0.0:
            raise InvalidArgument("variance", variance, "above 0 with the schedule tangent")
        sigma = math.sqrt(variance)
        last = math.atan2(high, sigma)
        inner = [sigma * math.tan(last * (1.0 - k / count)) for k in range(count)]
    else:
        inner = _ddpm_levels(count, noise_level_range)
    if name in ("karras", "log-uniform"):
        inner[0] = high
    return NoiseGrid((*inner, 0.0), scheme, start)


def _range(name: str, given: tuple[float, float] | None) -> tuple[float, float]:
    if given is None:
        return 0.0, math.inf
    low, high = given
    if name == "flow-uniform" and high == math.inf:
        return 0.0, high
    validation.positive("noise_level_range", high)
    if name not in ("flow-uniform", "tangent"):
        validation.positive("noise_level_range", low)
        if not low < high:
            raise InvalidArgument("noise_level_range", [low, high], "a lower and a higher noise level")
    return low, high


def _shares(count: int) -> list[float]:
    return [0.0] if count == 1 else [k / (count - 1) for k in range(count)]


def _ddpm_levels(count: int, given: tuple[float, float] | None) -> list[float]:
    import numpy as np

    from ..noising import ddpm_times, edm_sigma

    table = np.log(edm_sigma(ddpm_times()))
    places = np.arange(len(table), dtype=np.float64)
    first, last = places[-1], places[0]
    if given is not None:
        ends = np.log(np.array(given))
        for level, end in zip(given, ends, strict=True):
            if not table[0] <= end <= table[-1]:
                low, high = np.exp(table[[0, -1]])
                raise InvalidArgument(
                    "noise_level_range", level, f"in [{low:.6g}, {high:.6g}], the levels of DDPM"
                )
        last, first = np.interp(ends, table, places)
    return np.exp(
        np.interp([first + share * (last - first) for share in _shares(count)], places, table)
    ).tolist()


def _sequence(name: str, values: Iterable[float], *, infinite: bool = False) -> tuple[float, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidArgument(name, values, "a list of numbers")
    checked: list[float] = []
    for k, value in enumerate(values):
        if infinite and k == 0 and isinstance(value, float) and value == math.inf:
            checked.append(value)
        else:
            checked.append(validation.non_negative(f"{name}[{k}]", value))
    if len(checked) > MOST_STEPS + 1:
        raise InvalidArgument(name, f"{len(checked)} numbers", f"at most {MOST_STEPS + 1}")
    return tuple(checked)


@dataclass(frozen=True)
class Autoencoder:
    r"""f(x) = c x + u tanh(w.x/sqrt(d) + b), trained on data a = s m + sigma g, |m|^2 = d, with noised inputs.

    Loss = (1/k) sum over data and noises of |a - f(A z + B a)|^2 + output_ridge |u|^2 + input_ridge |w|^2.

    Parameters
    ----------
    samples : training points of the two classes, (n_+, n_-).
    variance : sigma^2, above 0.
    output_ridge, input_ridge : above 0; the second matters where the unit is not saturated.
    noise_draws : k noises for each point; None for fresh noise at every step.
    """

    samples: tuple[int, int]
    variance: float
    output_ridge: float
    input_ridge: float = 0.0
    noise_draws: int | None = None

    def __post_init__(self) -> None:
        counts: Sequence[int] = self.samples
        for name, value in zip(("positive_samples", "negative_samples"), counts, strict=True):
            validation.integer(name, value, minimum=0, maximum=10**9)
        if sum(counts) < 1:
            raise InvalidArgument("samples", list(counts), "at least one training point")
        validation.non_negative("variance", self.variance)
        validation.positive("output_ridge", self.output_ridge)
        validation.non_negative("input_ridge", self.input_ridge)
        if self.noise_draws is not None:
            validation.integer("noise_draws", self.noise_draws, minimum=1, maximum=10**9)

    @property
    def points(self) -> int:
        """n = n_+ + n_-."""
        return sum(self.samples)
