"""Random densities, activations and losses with known features, each against brute force that knows where they are.

A seed makes the inputs: sums of terms with kinks, jumps, spikes, oscillations and tails, on scales over twelve decades.
What a user has to declare (breakpoints, support, scale, tails that values do not tell) is declared. The slow route
integrates the definition over panels that are cut at every feature and graded down to its width, at two orders; it
imports nothing from the package.
An input counts where the two orders agree::

    python -m tests.statistical.grammar --count 300 --seed 0 [--family densities] [--show] [--output FILE]

A number is *wrong* where the package returns it under a good status and it is off by more than ``TOLERANCE`` of its
natural scale; *refused* where it raises, or returns NaN. A density whose tails are thicker than Gaussian has to be
refused. Allowed are no wrong number, and refusals of one in twenty of what the slow route solves. What came out, with
the refusals by kind, is kept in ``validation/grammar.json`` (``--output``: families that are not run stay in it).
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import math
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
# Of the natural scale of each number; the package promises 1e-12 or refuses.
TOLERANCE = 1e-8
# What the two orders of the slow route have to agree in.
RESOLVED = 1e-10
REFUSED = 0.05
_ORDERS = (16, 24)


# ------------------------------------------------------------------------------------------------------ the slow route


@dataclass(frozen=True)
class Features:
    """Places with the lengths over which something happens there, cuts, and the shortest wavelength."""

    places: tuple[tuple[float, float], ...]
    cuts: tuple[float, ...] = ()
    wavelength: float = math.inf

    def edges(self, low: float, high: float) -> Array:
        """Panels on [low, high]: doubling away from every place and cut, and shorter than the wavelength nearby."""
        found = [np.array([low, high])]
        narrow = min([width for _, width in self.places], default=1.0)
        for place, width in (*self.places, *((cut, narrow) for cut in self.cuts)):
            count = int(math.ceil(math.log2(max(4.0 * (high - low) / width, 2.0)))) + 1
            steps = 0.25 * width * 2.0 ** np.arange(count)
            found.append(place + np.concatenate([-steps[::-1], [0.0], steps]))
        edges = np.unique(np.clip(np.concatenate(found), low, high))
        if math.isfinite(self.wavelength):
            parts = np.minimum(np.ceil(np.diff(edges) / self.wavelength), 4000).astype(int)
            edges = np.unique(
                np.concatenate(
                    [np.linspace(a, b, n + 1) for a, b, n in zip(edges[:-1], edges[1:], parts, strict=True)]
                )
            )
        return edges[np.append(True, np.diff(edges) > 4e-16 * np.abs(edges[1:]))]


def nodes(edges: Array, order: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(order)
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + x)).ravel(), (half * w).ravel()


# ---------------------------------------------------------------------------------------------------------- the inputs


@dataclass(frozen=True)
class Case:
    """One input: the kinds of its features, what the package is asked, and the slow values with their scales."""

    kinds: tuple[str, ...]
    text: str
    fast: Callable[[], Array]
    slow: Callable[[int], tuple[Array, Array]]
    must_refuse: bool = False


@dataclass
class Recipe:
    """A function of one variable as a sum of terms, and its features."""

    terms: list[Callable[[Array], Array]] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    wavelength: float = math.inf
    kinds: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def add(self, kind: str, text: str, term: Callable[[Array], Array]) -> None:
        self.kinds.append(kind)
        self.text.append(text)
        self.terms.append(term)

    def __call__(self, x: Array) -> Array:
        return np.sum([term(x) for term in self.terms], axis=0)

    def features(self) -> Features:
        return Features(tuple(self.places), tuple(self.cuts), self.wavelength)


def decades(rng: np.random.Generator, low: float, high: float) -> float:
    return float(10.0 ** rng.uniform(low, high))


def densities(rng: np.random.Generator) -> Case:
    """log rho(h) = tail + kinks and ripples + the logarithm of one plus spikes, in units of a scale over 12 decades."""
    from statphys_gen.units import FromLogDensity

    s = decades(rng, -6.0, 6.0)
    body, peaks = Recipe(), Recipe()
    body.places.append((0.0, s))
    tail = str(
        rng.choice(
            ["normal", "thin", "slow", "half line", "interval", "thick"], p=[0.3, 0.15, 0.1, 0.2, 0.15, 0.1]
        )
    )
    support, omega = (-math.inf, math.inf), s * s
    if tail == "thin":
        power = float(rng.choice([3.0, 4.0, 6.0]))
        body.add("thin tail", f"-|h/s|^{power:g}", lambda h: -(np.abs(h / s) ** power))
        body.cuts.append(0.0)
        omega = 0.0
    elif tail == "slow":
        power, c = float(rng.uniform(1.2, 1.9)), float(rng.uniform(0.1, 0.5))
        body.add(
            "slow tail",
            f"-x^2/2 + {c:.3g} |x|^{power:.3g}",
            lambda h: -0.5 * (h / s) ** 2 + c * np.abs(h / s) ** power,
        )
        body.cuts.append(0.0)
    elif tail == "thick":
        power = float(rng.choice([1.0, 1.5, 1.9]))
        body.add("thick tail", f"-|h/s|^{power:.3g}", lambda h: -(np.abs(h / s) ** power))
        body.cuts.append(0.0)
    elif tail == "interval":
        body.add("interval", "0 on (-s, 2s)", lambda h: np.zeros_like(h))
        support, omega = (-s, 2.0 * s), 0.0
    else:
        body.add(tail, "-x^2/2", lambda h: -0.5 * (h / s) ** 2)
    if tail == "half line":
        support = (0.0, math.inf)
        if rng.random() < 0.4:
            root = float(rng.choice([-0.5, -0.25, 0.5]))
            body.add("root at the end", f"{root:g} log x", lambda h: root * np.log(h / s))
            body.places.append((0.0, 1e-60 * s))
    inside = (max(support[0], -2.5 * s), min(support[1], 2.5 * s))
    if rng.random() < 0.35:
        place, slope = float(rng.uniform(*inside)), float(rng.uniform(0.5, 6.0))
        body.add("kink", f"-{slope:.3g} |x - {place / s:.4g}|", lambda h: -slope * np.abs(h - place) / s)
        body.cuts.append(place)
    if rng.random() < 0.25:
        place, height = float(rng.uniform(*inside)), float(rng.uniform(0.5, 4.0))
        body.add("jump", f"{height:.3g} for x > {place / s:.4g}", lambda h: height * (h > place))
        body.cuts.append(place)
    if rng.random() < 0.35:
        k, c = decades(rng, 0.0, 3.0) / s, float(rng.uniform(0.1, 0.95))
        body.add("ripple", f"log(1 + {c:.3g} cos({k * s:.4g} x))", lambda h: np.log1p(c * np.cos(k * h)))
        body.wavelength = 0.7 / k
    for _ in range(int(rng.integers(0, 3))):
        place, width = float(rng.uniform(*inside)), s * decades(rng, -6.0, -0.5)
        weight = decades(rng, -2.0, 1.0)
        height = math.log(weight * s / width)
        peaks.add(
            "spike",
            f"{weight:.3g} of width {width / s:.3g} at {place / s:.5g}",
            lambda h, p=place, w=width, top=height: top - 0.5 * ((h - p) / w) ** 2,
        )
        body.places.append((place, width))

    def log_density(h: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = body(h)
            for term in peaks.terms:
                value = np.logaddexp(value, term(h))
            return value

    a = float(rng.uniform(0.0, 0.6)) / s**2 if omega > 0.0 else float(rng.uniform(0.0, 1.5)) / s**2
    b = float(rng.normal(0.0, 2.0)) / s
    a = 0.0 if rng.random() < 0.3 else a
    cuts = {cut for cut in body.cuts if support[0] < cut < support[1]}
    # Declared as its docstring asks: spikes below 1e-4 of the part with the mass, and tails that values do not tell.
    cuts |= {place for place, width in body.places if width < 1e-3 * s and support[0] < place < support[1]}
    declared = omega if tail == "slow" else None

    def fast() -> Array:
        prior = FromLogDensity(log_density, support, sorted(cuts), declared)
        return np.array([float(np.ravel(part)[0]) for part in prior.log_partition_and_moments([a], [b])])

    def slow(order: int) -> tuple[Array, Array]:
        centre = b * omega / (1.0 - a * omega) if omega else 0.0
        far = 60.0 * s + 3.0 * abs(centre)
        features = dataclasses.replace(body.features(), places=(*body.places, (centre, s)))
        h, w = nodes(features.edges(max(support[0], -far), min(support[1], far)), order)
        exponent = log_density(h) + h * (0.5 * a * h + b)
        top = np.nanmax(exponent)
        mass = w * np.exp(exponent - top)
        total = mass.sum()
        mean = float(mass @ h / total)
        variance = float(mass @ (h - mean) ** 2 / total)
        return np.array([math.log(total) + top, mean, variance]), np.array(
            [1.0, math.sqrt(variance), variance]
        )

    text = (
        f"s = {s:.3g}, support {support}: "
        + ", ".join([*body.text, *peaks.text])
        + f"; a s^2 = {a * s * s:.4g}, b s = {b * s:.4g}"
    )
    return Case((*body.kinds, *peaks.kinds[:1]), text, fast, slow, must_refuse=tail == "thick")


def activations(rng: np.random.Generator) -> Case:
    """sigma = amplitude (12 decades) times a sum of saturating, oscillating, kinked, jumping, peaked terms."""
    from statphys_gen.random_features import Activation, coefficients

    amplitude, recipe = decades(rng, -6.0, 6.0), Recipe()
    recipe.places.append((0.0, 1.0))
    names = ["tanh", "sine", "cosine", "kink", "jump", "peak", "powers", "shifted tanh"]
    for name in rng.choice(names, size=int(rng.integers(1, 4)), replace=False).tolist():
        c = float(rng.choice([-1.0, 1.0])) * decades(rng, -1.5, 0.5)
        place = float(rng.uniform(-2.5, 2.5))
        if name in ("tanh", "shifted tanh"):
            k, at = decades(rng, -1.0, 4.0), place if name != "tanh" else 0.0
            recipe.add(
                "step of tanh" if k > 10.0 else "tanh",
                f"{c:.3g} tanh({k:.4g} (x - {at:.4g}))",
                lambda x, c=c, k=k, at=at: c * np.tanh(k * (x - at)),
            )
            recipe.places.append((at, 1.0 / k))
        elif name in ("sine", "cosine"):
            k = decades(rng, -0.5, 2.0)
            function = np.sin if name == "sine" else np.cos
            recipe.add(
                "fast oscillation" if k > 8.0 else "oscillation",
                f"{c:.3g} {name}({k:.4g} x)",
                lambda x, c=c, k=k, f=function: c * f(k * x),
            )
            recipe.wavelength = min(recipe.wavelength, 2.0 / k)
        elif name == "kink":
            recipe.add("kink", f"{c:.3g} |x - {place:.4g}|", lambda x, c=c, p=place: c * np.abs(x - p))
            recipe.cuts.append(place)
        elif name == "jump":
            recipe.add("jump", f"{c:.3g} for x > {place:.4g}", lambda x, c=c, p=place: c * (x > p))
            recipe.cuts.append(place)
        elif name == "peak":
            width = decades(rng, -5.0, -0.3)
            recipe.add(
                "peak",
                f"{c:.3g} peak of width {width:.3g} at {place:.5g}",
                lambda x, c=c, p=place, w=width: c * np.exp(-0.5 * ((x - p) / w) ** 2),
            )
            recipe.places.append((place, width))
        else:
            power = int(rng.integers(1, 6))
            recipe.add("powers", f"{c:.3g} x^{power}", lambda x, c=c, p=power: c * x**p)
    t, variance = decades(rng, -3.0, 0.7), decades(rng, -1.0, 1.0)
    # Declared as its docstring asks: what is narrower than the nodes may stand unseen between them.
    cuts = tuple(sorted({*recipe.cuts, *(place for place, width in recipe.places if width < 2e-3)}))

    def sigma(x: Array) -> Array:
        return amplitude * recipe(x)

    def fast() -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = coefficients(Activation(sigma, "a", cuts), t, variance)
        return np.array(
            [float(getattr(found, name)) for name in ("a_t", "b_t_squared", "v_t_squared", "s_t_squared")]
        )

    def slow(order: int) -> tuple[Array, Array]:
        noise = -math.expm1(-2.0 * t)
        signal = math.exp(-2.0 * t) * variance
        gamma = math.sqrt(signal + noise)
        # The noise's kernel is a feature of the outer average.
        width = math.sqrt(noise)
        features = dataclasses.replace(recipe.features(), wavelength=min(recipe.wavelength, 2.0 * width))
        x, w = nodes(features.edges(-11.0 * gamma, 11.0 * gamma), order)
        weight = w * np.exp(-0.5 * (x / gamma) ** 2) / (gamma * math.sqrt(2.0 * math.pi))
        values = sigma(x) / amplitude
        mean = weight @ values
        # a_t is the slope of the best line, c_1/Gamma.
        slope = weight @ (values * x) / gamma**2
        rest = values - mean - slope * x
        # E over the noise of what is left beyond the line, at data y: its square is v^2.
        blurred = dataclasses.replace(
            features,
            places=tuple((p, max(w, min(width, 1.0))) for p, w in recipe.places),
            wavelength=max(features.wavelength, 2.0 * width),
        )
        shift = math.sqrt(signal)
        y, wy = nodes(blurred.edges(-11.0 * shift, 11.0 * shift), order)
        wy = wy * np.exp(-0.5 * (y / shift) ** 2) / (shift * math.sqrt(2.0 * math.pi))
        # The noise reaches 11 of its widths.
        blocks = [slice(start, start + 128) for start in range(0, len(y), 128)]
        seen = [slice(*np.searchsorted(x, [y[b][0] - 11.0 * width, y[b][-1] + 11.0 * width])) for b in blocks]
        if sum(128 * (there.stop - there.start) for there in seen) > 4e8:
            raise MemoryError
        inner = np.empty(len(y))
        for part, there in zip(blocks, seen, strict=True):
            kernel = np.exp(-0.5 * ((x[there] - y[part, None]) / width) ** 2) * w[there]
            inner[part] = kernel @ rest[there] / (width * math.sqrt(2.0 * math.pi))
        shared = float(wy @ inner**2)
        total = float(weight @ rest**2)
        found = np.array([slope, slope**2 * noise, shared, total - shared])
        second = float(weight @ values**2)
        scales = np.array([math.sqrt(second) / gamma, second, second, second])
        powers = np.array([amplitude, *[amplitude**2] * 3])
        return found * powers, scales * powers

    text = (
        f"amplitude {amplitude:.3g}: " + " + ".join(recipe.text) + f"; t = {t:.4g}, variance {variance:.4g}"
    )
    return Case(tuple(recipe.kinds), text, fast, slow)


Point = Callable[[Array, Array], tuple[Array, Array, Array]]


def _base(a: float) -> Point:
    def term(y: Array, t: Array) -> tuple[Array, Array, Array]:
        d = a + t * t
        return (
            (y * y - t * t) ** 2 / (2.0 * d),
            2.0 * y * (y * y - t * t) / d,
            (6.0 * y * y - 2.0 * t * t) / d,
        )

    return term


def _dip(c: float, p: float, q: float, w: float) -> Point:
    def term(y: Array, t: Array) -> tuple[Array, Array, Array]:
        value = c * np.exp(-((y * y - p) ** 2 + (t * t - q) ** 2) / w**2)
        log_slope = -4.0 * y * (y * y - p) / w**2
        return value, value * log_slope, value * (log_slope**2 - (12.0 * y * y - 4.0 * p) / w**2)

    return term


def _ripple(c: float, k: float) -> Point:
    def term(y: Array, t: Array) -> tuple[Array, Array, Array]:
        zero = np.zeros(np.broadcast_shapes(np.shape(y), np.shape(t)))
        return c * np.cos(k * y) + zero, -c * k * np.sin(k * y) + zero, -c * k * k * np.cos(k * y) + zero

    return term


def _fold(c: float, p: float) -> Point:
    def term(y: Array, t: Array) -> tuple[Array, Array, Array]:
        zero = np.zeros(np.broadcast_shapes(np.shape(y), np.shape(t)))
        beyond = np.maximum(np.abs(y) - p, 0.0)
        return c * beyond**2 + zero, 2.0 * c * beyond * np.sign(y) + zero, 2.0 * c * (np.abs(y) > p) + zero

    return term


def _logarithm(c: float, w: float) -> Point:
    def term(y: Array, t: Array) -> tuple[Array, Array, Array]:
        zero = np.zeros(np.broadcast_shapes(np.shape(y), np.shape(t)))
        u = w * w + y * y
        return (
            c * np.log1p(y * y / w**2) + zero,
            2.0 * c * y / u + zero,
            2.0 * c * (w * w - y * y) / u**2 + zero,
        )

    return term


def losses(rng: np.random.Generator) -> Case:
    """A prefactor (12 decades) times the normalised loss with dips, ripples, folds, logarithms."""
    from statphys_gen.phase_retrieval import Loss, initial_curvature_law

    prefactor, a = decades(rng, -6.0, 6.0), decades(rng, -2.0, 1.0)
    terms, kinds, text = [_base(a)], ["smooth"], [f"offset {a:.3g}"]
    places, cuts, wavelength, labels = [(0.0, 0.3)], [], math.inf, [(0.0, min(1.0, math.sqrt(a)))]
    for name in rng.choice(
        ["dip", "ripple", "fold", "logarithm"], size=int(rng.integers(0, 3)), replace=False
    ).tolist():
        if name == "dip":
            p, q, w = float(rng.uniform(0.2, 4.0)), float(rng.uniform(0.1, 3.0)), decades(rng, -2.0, -0.2)
            c = -decades(rng, -3.0, -0.5) * w**2
            terms.append(_dip(c, p, q, w))
            text.append(f"dip {c:.3g} of width {w:.3g} at y^2 = {p:.4g}, t^2 = {q:.4g}")
            places.append((math.sqrt(p), 0.5 * w / math.sqrt(p)))
            labels.append((math.sqrt(q), 0.5 * w / math.sqrt(q)))
        elif name == "ripple":
            k = decades(rng, 0.0, 2.0)
            c = decades(rng, -1.5, 0.3) / k**2
            terms.append(_ripple(c, k))
            text.append(f"{c:.3g} cos({k:.4g} y)")
            wavelength = 0.7 / k
        elif name == "fold":
            c, p = decades(rng, -1.0, 0.5), float(rng.uniform(0.2, 2.5))
            terms.append(_fold(c, p))
            text.append(f"{c:.3g} max(|y| - {p:.4g}, 0)^2")
            cuts.append(p)
        else:
            c, w = decades(rng, -1.5, 0.5), decades(rng, -1.5, 0.5)
            terms.append(_logarithm(c * w * w, w))
            text.append(f"{c:.3g} w^2 log(1 + y^2/w^2), w = {w:.3g}")
            places.append((0.0, w))
        kinds.append(name)

    def part(k: int) -> Callable[[Array, Array], Array]:
        return lambda y, t: (
            prefactor * np.sum([term(np.asarray(y), np.asarray(t))[k] for term in terms], axis=0)
        )

    scale = min(
        [0.7 / k for k in [1.0 / wavelength] if k] + [width for _, width in (*places, *labels)] + [1.0]
    )
    argument = float(rng.uniform(0.05, 0.9))

    @functools.cache
    def lowest() -> float:
        """The infimum of the curvature, by a fine grid that knows the features, and by descents from its minima."""
        from scipy.optimize import minimize, minimize_scalar

        far = np.geomspace(10.0, 1e8, 60)
        y = np.unique(
            np.concatenate(
                [
                    np.linspace(0.0, 12.0, 2401),
                    *(np.abs(p + w * np.linspace(-4, 4, 161)) for p, w in places),
                    cuts,
                    np.add(cuts, 1e-12),
                    far,
                ]
            )
        )
        t = np.unique(
            np.concatenate(
                [
                    np.linspace(0.0, 12.0, 241),
                    *(np.abs(p + w * np.linspace(-4, 4, 81)) for p, w in labels),
                    far,
                ]
            )
        )
        values = np.stack([part(2)(y, np.full_like(y, label)) for label in t]) / prefactor
        best = float(values.min())
        # Every minimum along y, at its best label, and the other way round.
        starts = []
        for axis in (0, 1):
            profile, there = values.min(axis=axis), values.argmin(axis=axis)
            padded = np.pad(profile, 1, constant_values=np.inf)
            minima = np.flatnonzero((profile <= padded[:-2]) & (profile <= padded[2:]))
            minima = minima[np.argsort(profile[minima], kind="stable")[:20]]
            starts += [(k, there[k])[:: 1 if axis == 0 else -1] for k in minima.tolist()]
        for column, row in starts:
            around = (y[max(column - 1, 0)], y[min(column + 1, len(y) - 1)])
            along = minimize_scalar(
                lambda x, label=t[row]: float(part(2)(x, label)) / prefactor,
                bounds=around,
                method="bounded",
                options={"xatol": 1e-10},
            )
            found = minimize(
                lambda x: float(part(2)(x[0], x[1])) / prefactor,
                [along.x, t[row]],
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-13},
            )
            best = min(best, float(along.fun), float(found.fun))
        return prefactor * best

    def fast() -> Array:
        known = {entry.name for entry in dataclasses.fields(Loss)}
        declared: dict[str, Any] = {"breakpoints": tuple(cuts)} if cuts and "breakpoints" in known else {}
        loss = Loss(part(0), part(1), part(2), scale=scale, **declared)
        law = initial_curvature_law(loss)
        s = argument / abs(lowest())
        return np.array(
            [loss.curvature_bound, law.multiplier_per_sample, *(float(v) for v in law.moments(s))]
        )

    def slow(order: int) -> tuple[Array, Array]:
        bound = lowest()
        s = argument / abs(bound)
        y, wy = nodes(Features(tuple(places), tuple(cuts), wavelength).edges(0.0, 11.0), order)
        t, wt = nodes(Features(tuple(labels)).edges(0.0, 11.0), order)
        py = wy * np.exp(-0.5 * y * y) * math.sqrt(2.0 / math.pi)
        pt = wt * np.exp(-0.5 * t * t) * math.sqrt(2.0 / math.pi)
        sums = np.zeros(5)
        for label, weight in zip(t, pt, strict=True):
            here = np.full_like(y, label)
            g = part(2)(y, here)
            r = g * s / (1.0 + g * s)
            force = py @ (part(1)(y, here) * y)
            first, second = py @ r, py @ (r * r)
            sums += weight * np.array([force, first, second, label**2 * first, label**2 * second])
        found = np.array([bound, *sums])
        return found, np.array([abs(bound), max(abs(sums[0]), prefactor), 1.0, 1.0, 1.0, 1.0])

    return Case(
        tuple(kinds[1:] or kinds),
        f"prefactor {prefactor:.3g}: " + ", ".join(text) + f"; S at {argument:.3g} of the pole",
        fast,
        slow,
    )


FAMILIES: dict[str, Callable[[np.random.Generator], Case]] = {
    "densities": densities,
    "activations": activations,
    "losses": losses,
}


# --------------------------------------------------------------------------------------------------------- the verdict


VERDICTS = ("right", "wrong", "accepted", "crashed", "refused", "unsolved")


@dataclass(frozen=True)
class Outcome:
    """right, wrong, refused, unsolved (by the slow route), accepted (where it had to be refused), or crashed."""

    verdict: str
    case: Case
    number: int
    reason: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.verdict in ("wrong", "accepted", "crashed")


def cases(family: str, count: int, seed: int) -> Iterator[Case]:
    """The inputs of one seed; each has a stream of its own, so that a longer run begins with a shorter one."""
    place = list(FAMILIES).index(family)
    for number in range(count):
        yield FAMILIES[family](np.random.default_rng([seed, place, number]))


def judged(case: Case, number: int = 0) -> Outcome:
    from statphys_gen.errors import StatphysError

    try:
        with np.errstate(all="ignore"):
            slow, scales = case.slow(_ORDERS[1])
            coarse, _ = case.slow(_ORDERS[0])
    except MemoryError:
        return Outcome("unsolved", case, number, "too many nodes")
    if not case.must_refuse and not (np.abs(slow - coarse) <= RESOLVED * scales).all():
        return Outcome("unsolved", case, number, "the two orders differ")
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            fast = case.fast()
    except StatphysError as error:
        reason = f"{type(error).__name__}: {error}"
        return Outcome(
            "right" if case.must_refuse else "refused", case, number, reason, time.process_time() - start
        )
    except Exception as error:
        return Outcome("crashed", case, number, f"{type(error).__name__}: {error}")
    seconds = time.process_time() - start
    if case.must_refuse:
        return Outcome("accepted", case, number, f"{fast}", seconds)
    if np.isnan(fast).any():
        return Outcome("refused", case, number, "NaN", seconds)
    off = np.abs(fast - slow) / scales
    if (off > TOLERANCE).any():
        reason = f"off by {np.array2string(off, precision=2)}; returned {fast}, right {slow}"
        return Outcome("wrong", case, number, reason, seconds)
    return Outcome("right", case, number, "", seconds)


def run(count: int, seed: int, families: tuple[str, ...] = tuple(FAMILIES)) -> list[Outcome]:
    return [
        judged(case, number) for family in families for number, case in enumerate(cases(family, count, seed))
    ]


def share_refused(outcomes: list[Outcome]) -> float:
    solved = [each for each in outcomes if each.verdict != "unsolved" and not each.case.must_refuse]
    return sum(each.verdict == "refused" for each in solved) / max(len(solved), 1)


def kind_of(reason: str) -> str:
    """A refusal without its numbers."""
    return re.sub(r"[-+]?\d[\d.]*(e[-+]?\d+)?", "#", reason.partition(";")[0])


def summary(outcomes: list[Outcome], seed: int) -> dict[str, Any]:
    """What is kept of the run of a family."""
    verdicts = Counter(each.verdict for each in outcomes)
    return {
        "seed": seed,
        "inputs": len(outcomes),
        **{verdict: verdicts[verdict] for verdict in VERDICTS},
        "refused of the solved": round(share_refused(outcomes), 4),
        "refusals": dict(
            Counter(kind_of(each.reason) for each in outcomes if each.verdict == "refused").most_common()
        ),
        "features of the refused": dict(
            Counter(
                " + ".join(sorted(set(e.case.kinds))) for e in outcomes if e.verdict == "refused"
            ).most_common()
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=300, help="inputs of each family")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", choices=tuple(FAMILIES), action="append")
    parser.add_argument("--show", action="store_true", help="print every input that is wrong or refused")
    parser.add_argument("--output", type=Path, help="keep what came out of these families in this file")
    options = parser.parse_args()
    failed = False
    kept = {}
    for family in options.family or FAMILIES:
        outcomes = run(options.count, options.seed, (family,))
        kept[family] = summary(outcomes, options.seed)
        print(family, json.dumps(kept[family], indent=1), sep=": ")
        slowest = max(outcomes, key=lambda each: each.seconds)
        print(f"  slowest {slowest.seconds:.3g} s of processor time: {slowest.case.text}")
        if options.show:
            for each in outcomes:
                if each.verdict != "right":
                    print(f"  {each.verdict} {each.number}: {each.case.text}\n      {each.reason}")
        failed |= any(each.failed for each in outcomes) or share_refused(outcomes) > REFUSED
    if options.output is not None:
        before = json.loads(options.output.read_text()) if options.output.exists() else {}
        kept = before | kept
        ordered = {family: kept[family] for family in FAMILIES if family in kept}
        options.output.write_text(json.dumps(ordered, indent=1) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
