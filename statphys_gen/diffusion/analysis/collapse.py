r"""Collapse of the backward process onto the points of a data set, and what it would be with fewer or more of them.

For noised data points x_t with source s and posterior weights w_mu over the n points (duplicates merged):

H(mu|x_t) = E[-sum_mu w_mu log w_mu], the participation Y(t) = E[sum_mu w_mu^2], and top-1 = P(w_s is largest). Y is
also the probability that two backward runs which share x_t end at the same point.

The information I(t) of x_t on its source under the law behind the data lies, for independent samples and on average
over data sets, between two bounds,

    log n - H(mu|x_t)  <=  I(t)  <=  log(n - 1) - E log(Z_others / Z_source),

with Z the sums of posterior weights. The first says little where H is not large against the fluctuation of
log(Z_others / Z_source); the second is good as long as the posterior without the source spreads over many points (its
participation is the *condensation*). So n points tell where the information is log(n/8) or less, but not where it is
log n, which is the collapse time of the literature; and Y = 1/2 lies later than that by a finite-size *offset*.

Criteria, never the same number:

half-participation : where Y(t) = 1/2 for these points.
balance : where E log(Z_others / Z_source) = 0 for these points; nearly the same.
entropy : where I(t) = log n: half-participation less the offset, which is measured at n/8. For n/8 and less, I is known
    from all points and half-participation from subsets. Half of the offset is counted as a systematic error.
surrogate : where a Gaussian law of the same covariance has I = log n; as that law has the largest I, an upper bound of
    the time at which I(t) = log n.
subsample : the time half-participation of n points predicted from subsets of at most n/2 of them.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (collapse); Poole, Ozair, van den Oord, Alemi, Tucker,
arXiv 1905.06922 (the two bounds).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray, IntArray
from ...data.dataset import DataSet
from ...meaning import fingerprint
from ...noising import edm_sigma, time_from_edm_sigma
from ...numerics.blocks import map_blocks
from ...numerics.posterior import ROWS, EmpiricalPosterior, PosteriorSums
from ...statistics.streams import generator
from .report import CollapseCurves, CriticalTime, DataSetCollapse, SizePrediction

GROUPS = 20
_GRID = 40
_SUBSET_GRID = 16
_PILOT = 24
_SMALLEST_SUBSET = 16
_SUBSETS = 8
_FACTORS = (2.0, 4.0)  # predictions for more points than there are
_RELIABLE = 2.0  # nats below log n down to which the upper bound of the information is not used


@dataclass(frozen=True)
class _Curve:
    """Averages over the sources, and without one group of them, (groups, times): entropy, participation, ..."""

    place: FloatArray  # log sigma
    mean: dict[str, FloatArray]
    error: dict[str, FloatArray]
    replicates: dict[str, FloatArray]


def analyse_collapse(
    dataset: DataSet,
    eigenvalues: FloatArray | None,
    largest_eigenvalue: float,
    *,
    times: FloatArray | None = None,
    sources: int = 2000,
    seed: int = 0,
    threads: int = 1,
    progress: bool = False,
) -> DataSetCollapse:
    """H, participation and top-1 against time, the collapse time by each criterion, and for other numbers of samples.

    Parameters
    ----------
    dataset : the data; points that are equal but for their label are merged.
    eigenvalues : the whole spectrum of the covariance, or None if it is not known (then no surrogate).
    largest_eigenvalue : of the covariance; sets the latest time of the curves.
    times : further times of the curves, above 0, increasing.
    sources : number of noised points.
    seed, threads : as for :func:`~statphys_gen.diffusion.analyse`.
    progress : show a bar of the blocks on standard error.
    """
    merged = dataset.without_labels()
    everything = np.arange(len(merged.points))
    key: dict[str, object] = {"purpose": "collapse of a data set", "data": fingerprint(merged)}
    place = _places(merged, largest_eigenvalue, seed, key)
    if times is not None:
        place = np.unique(np.concatenate([place, np.log(edm_sigma(times))]))
    curve = _curve(merged, everything, place, sources, seed, key, threads=threads, progress=progress)
    levels = _levels(merged, curve, sources, seed, key, threads=threads, progress=progress)
    log_points = math.log(_effective_count(merged.multiplicities))
    predictions = _predictions(curve, levels, math.exp(log_points))
    return DataSetCollapse(
        points=len(merged.points),
        duplicates=merged.samples - len(merged.points),
        largest_multiplicity=int(merged.multiplicities.max()),
        log_points=log_points,
        sources=sources,
        curves=CollapseCurves(
            time=time_from_edm_sigma(np.exp(place)),
            **curve.mean,
            **{f"{name}_standard_error": value for name, value in curve.error.items()},
        ),
        times=(
            _crossing_time("half-participation", _half(curve)),
            _crossing_time("balance", _root(curve, "log_ratio", -1.0, 0.0)),
            _entropy_time(predictions, log_points),
            _surrogate(eigenvalues, log_points, dataset.samples),
            _from_subsets(levels, log_points),
        ),
        predictions=predictions,
    )


# ------------------------------------------------------------------------------------------------- curves


def _effective_count(multiplicities: IntArray) -> float:
    """exp of the entropy of the multiplicities; the number of points where there are no duplicates."""
    shares = multiplicities / multiplicities.sum()
    return float(np.exp(-(shares @ np.log(shares))))


_READINGS = {
    "entropy": lambda sums: sums.entropy,
    "participation": lambda sums: sums.participation,
    "top_one": lambda sums: sums.source_first.astype(np.float64),
    "log_ratio": lambda sums: sums.log_ratio,
    "condensation": lambda sums: sums.participation_of_others,
}


def _curve(
    data: DataSet,
    subset: IntArray,
    place: FloatArray,
    sources: int,
    seed: int,
    key: dict[str, object],
    *,
    threads: int = 1,
    progress: bool = False,
) -> _Curve:
    """Averages over noised points of a subset of the points, for noise of the standard deviations exp(place)."""
    whole = len(subset) == len(data.points)
    points = data.points if whole else data.points[subset]
    copies = data.multiplicities if whole else data.multiplicities[subset]
    posterior = EmpiricalPosterior(points, copies)
    key = key | {"subset": fingerprint(subset)}
    chosen = _sources(copies, sources, generator(seed, key | {"part": "sources"}))
    times = time_from_edm_sigma(np.exp(place))

    def run(block: int) -> FloatArray:
        own = chosen[block * ROWS : (block + 1) * ROWS]
        noise = generator(seed, key | {"part": "noise"}, block).standard_normal((len(own), data.dimension))
        sums: PosteriorSums = posterior.sums(times, noise, sources=own)
        return np.stack([read(sums) for read in _READINGS.values()])

    blocks = -(-len(chosen) // ROWS)
    values = np.concatenate(map_blocks(run, blocks, threads=threads, progress=progress), axis=2)
    groups = min(GROUPS, len(chosen))
    group = np.arange(len(chosen)) % groups
    sizes = np.bincount(group, minlength=groups)
    sums = np.stack([values[..., group == g].sum(axis=2) for g in range(groups)])
    replicates = (sums.sum(axis=0) - sums) / (len(chosen) - sizes)[:, None, None]
    spread = replicates - replicates.mean(axis=0)
    errors = np.sqrt((groups - 1) / groups * (spread**2).sum(axis=0))
    mean = values.mean(axis=2)
    names = list(_READINGS)
    return _Curve(
        place,
        dict(zip(names, mean, strict=True)),
        dict(zip(names, errors, strict=True)),
        {name: replicates[:, i] for i, name in enumerate(names)},
    )


def _sources(copies: IntArray, wanted: int, random: np.random.Generator) -> IntArray:
    """Indices of points, each as often as it has copies: all of them again and again, the last round at random."""
    everything = np.repeat(np.arange(len(copies)), copies)
    rounds, rest = divmod(wanted, len(everything))
    chosen = [np.tile(everything, rounds), random.choice(everything, rest, replace=False)]
    return random.permutation(np.concatenate(chosen))


def _places(data: DataSet, largest_eigenvalue: float, seed: int, key: dict[str, object]) -> FloatArray:
    """log sigma from where the participation is nearly 1 to where the posterior is nearly uniform, by a first look."""
    highest = math.log(4.0 * math.sqrt(largest_eigenvalue))
    look = np.linspace(highest - math.log(1e5), highest, _PILOT)
    curve = _curve(data, np.arange(len(data.points)), look, ROWS, seed, key | {"part": "first look"})
    narrow = np.flatnonzero(curve.mean["participation"] >= 0.98)
    uniform = np.flatnonzero(curve.mean["entropy"] >= math.log(_effective_count(data.multiplicities)) - 0.02)
    first = look[narrow[-1]] if len(narrow) else look[0]
    last = look[uniform[0]] if len(uniform) and look[uniform[0]] > first else highest
    return np.linspace(first, last, _GRID)


# --------------------------------------------------------------------------------------------- crossings


def _crossing(place: FloatArray, values: FloatArray, level: float) -> float | None:
    """Latest place at which a decreasing curve falls through a level; None if it does not."""
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import brentq

    above = np.flatnonzero(values >= level)
    if len(above) == 0 or above[-1] == len(values) - 1:
        return None
    last = int(above[-1])
    # Its piece there depends on two points on each side only.
    near = slice(max(last - 2, 0), last + 4)
    curve = PchipInterpolator(place[near], values[near])
    return float(brentq(lambda s: float(curve(s)) - level, place[last], place[last + 1], xtol=1e-12))


def _root(curve: _Curve, name: str, sign: float, level: float) -> tuple[float | None, float]:
    """Where sign * curve falls through a level, as log sigma, and its jackknife error over groups of sources."""
    root = _crossing(curve.place, sign * curve.mean[name], level)
    if root is None:
        return None, math.inf
    others = [_crossing(curve.place, sign * entry, level) for entry in curve.replicates[name]]
    if any(entry is None for entry in others):
        return root, math.inf
    values = np.array([entry for entry in others if entry is not None])
    return root, math.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum())


def _half(curve: _Curve) -> tuple[float | None, float]:
    return _root(curve, "participation", 1.0, 0.5)


def _half_place(curve: _Curve) -> float | None:
    return _crossing(curve.place, curve.mean["participation"], 0.5)


def _balance_place(curve: _Curve, excess: float = 0.0) -> float | None:
    """Where E log(Z_others / Z_source) = excess: where exp(-excess) times the number of points would collapse."""
    return _crossing(curve.place, -curve.mean["log_ratio"], -excess)


def _time(place: float) -> float:
    return float(time_from_edm_sigma(math.exp(place)))


def _slope(place: float) -> float:
    """dt / d log sigma."""
    return -math.expm1(-2.0 * _time(place))


_MEANING = {
    "half-participation": "where two backward runs that share x_t end at the same data point with probability 1/2",
    "balance": "where the other points together have the posterior weight of the source, on average of the logarithm",
}


def _crossing_time(criterion: str, found: tuple[float | None, float]) -> CriticalTime:
    place, error = found
    return CriticalTime(
        criterion=criterion,
        time=None if place is None else _time(place),
        standard_error=None if place is None or math.isinf(error) else error * _slope(place),
        meaning=_MEANING[criterion],
        approximation="exact for these points",
        reason=""
        if place is not None
        else "the curve does not cross its level: too few points, or points too close",
    )


def _surrogate(eigenvalues: FloatArray | None, log_points: float, samples: int) -> CriticalTime:
    from scipy.optimize import brentq

    place, error = None, 0.0
    if eigenvalues is not None:
        values = eigenvalues[eigenvalues > 1e-12 * eigenvalues[0]]

        def excess(s: float) -> float:
            return log_points - 0.5 * float(np.log1p(values * math.exp(-2.0 * s)).sum())

        middle = 0.5 * math.log(values[0])
        place = brentq(
            excess, middle - log_points - 5.0, middle + 0.5 * math.log(len(values)) + 5.0, xtol=1e-12
        )
        # The variance of an eigenvalue is 2 lambda^2 / n for Gaussian data.
        shares = values / (values + math.exp(2.0 * place))
        error = math.sqrt(0.5 * float((shares**2).sum()) / samples) / float(shares.sum())
    return CriticalTime(
        criterion="surrogate",
        time=None if place is None else _time(place),
        standard_error=None if place is None else error * _slope(place),
        meaning="collapse time of a Gaussian law with the covariance of these points: an upper bound",
        approximation="exact bound for a law with this covariance; its error is that of Gaussian data",
        reason="" if place is not None else "only the leading eigenvalues of the covariance are known",
    )


# ------------------------------------------------------------------------------------------ other numbers of points


@dataclass(frozen=True)
class _Level:
    """Disjoint random subsets of one size: mean place (log sigma) of half-participation and its error over subsets."""

    log_points: float
    half: float
    half_error: float


def _levels(
    data: DataSet,
    curve: _Curve,
    sources: int,
    seed: int,
    key: dict[str, object],
    *,
    threads: int,
    progress: bool,
) -> list[_Level]:
    """Subsets of n/2, n/4, ... points."""
    count = len(data.points)
    shuffled = generator(seed, key | {"part": "subsets"}).permutation(count)
    levels: list[_Level] = []
    size = count // 2
    while size >= _SMALLEST_SUBSET:
        number = min(count // size, _SUBSETS)
        subsets = [np.sort(shuffled[i * size : (i + 1) * size]) for i in range(number)]
        # The collapse of a part of the points is where E log(Z_others / Z_source) of all of them is log(count / size).
        centre = _balance_place(curve, math.log(count / size))
        if centre is not None:
            place = np.linspace(centre - 1.2, centre + 1.2, _SUBSET_GRID)
            each = max(ROWS, sources // number)
            parts = [
                _curve(data, subset, place, each, seed, key, threads=threads, progress=progress)
                for subset in subsets
            ]
            logs = [math.log(_effective_count(data.multiplicities[subset])) for subset in subsets]
            level = _level(logs, parts)
            if level is not None:
                levels.append(level)
        size //= 2
    return levels


def _level(logs: list[float], parts: list[_Curve]) -> _Level | None:
    places = np.array([place for place in map(_half_place, parts) if place is not None])
    if len(places) < len(parts):
        return None
    return _Level(
        float(np.mean(logs)), float(places.mean()), float(places.std(ddof=1) / math.sqrt(len(places)))
    )


def _from_subsets(levels: list[_Level], log_points: float) -> CriticalTime:
    """The time half-participation of all points, from the subsets alone."""
    time = error = None
    if len(levels) >= 3:
        place, spread = _extrapolate(levels, log_points)
        time, error = _time(place), spread * _slope(place)
    return CriticalTime(
        criterion="subsample",
        time=time,
        standard_error=error,
        meaning="the time half-participation as predicted from subsets of at most half of the points",
        approximation="heuristic: log sigma extrapolated in log n; the error contains that of the extrapolation",
        reason=""
        if time is not None
        else f"fewer than 3 sizes of subsets of at least {_SMALLEST_SUBSET} points",
    )


def _extrapolate(levels: list[_Level], target: float) -> tuple[float, float]:
    """Half-participation at another log n: a parabola through the largest four sizes, and its error.

    The error contains the distance from the straight line through the largest two and the error of the largest one.
    """
    largest = sorted(levels, key=lambda level: -level.log_points)[:4]
    logs = np.array([level.log_points - largest[0].log_points for level in largest])
    places = np.array([level.half for level in largest])
    curved = float(
        np.polyval(np.polyfit(logs, places, min(2, len(largest) - 1)), target - largest[0].log_points)
    )
    straight = float(np.polyval(np.polyfit(logs[:2], places[:2], 1), target - largest[0].log_points))
    steps = 1.0 + (target - largest[0].log_points) / math.log(2.0)
    return curved, math.hypot(curved - straight, steps * max(level.half_error for level in largest[:2]))


def _predictions(curve: _Curve, levels: list[_Level], count: float) -> tuple[SizePrediction, ...]:
    """Half-participation and the time at which the information is log n, for subsets, all points and more of them."""
    half, half_error = _half(curve)
    if half is None or len(levels) < 3:
        return ()
    spread = levels[0].half_error
    here = _Level(math.log(count), half, math.hypot(half_error, spread))
    known = [here, *levels]
    # The upper bound of the information is taken at face value for an eighth of the points and less.
    informed = [level for level in levels if level.log_points <= here.log_points - _RELIABLE]
    if not informed:
        return ()
    information = [(level, _balance_place(curve, here.log_points - level.log_points)) for level in informed]
    offsets = {level.log_points: level.half - place for level, place in information if place is not None}
    if not offsets:
        return ()
    common = offsets[max(offsets)]
    found = []
    for factor in _FACTORS:
        target = here.log_points + math.log(factor)
        place, error = _extrapolate(known, target)
        found.append(_prediction(target, place, math.hypot(error, here.half_error), common, measured=False))
    for level in known:
        offset = offsets.get(level.log_points, common)
        found.append(_prediction(level.log_points, level.half, level.half_error, offset, measured=True))
    return tuple(sorted(found, key=lambda prediction: prediction.samples))


def _prediction(
    log_points: float, half: float, error: float, offset: float, *, measured: bool
) -> SizePrediction:
    place = half - offset
    return SizePrediction(
        samples=round(math.exp(log_points)),
        measured=measured,
        half_time=_time(half),
        half_time_standard_error=error * _slope(half),
        collapse_time=_time(place),
        collapse_time_standard_error=math.hypot(error, 0.5 * offset) * _slope(place),
        offset=_time(half) - _time(place),
    )


def _entropy_time(predictions: tuple[SizePrediction, ...], log_points: float) -> CriticalTime:
    here = next((p for p in predictions if p.samples == round(math.exp(log_points))), None)
    return CriticalTime(
        criterion="entropy",
        time=None if here is None else here.collapse_time,
        standard_error=None if here is None else here.collapse_time_standard_error,
        meaning="where the information of x_t on its source is the logarithm of the number of points",
        approximation="heuristic: half-participation less the offset of an eighth of the points; half of the offset is "
        "in the error",
        reason=""
        if here is not None
        else f"too few points: an eighth of them must be at least {_SMALLEST_SUBSET}",
    )
