r"""Analysis of a user's own data set: when does the backward process choose its class, and which rules can be trusted.

Criteria (never the same number, each named):

spectral : log(Lambda) / 2 with Lambda the largest eigenvalue of the covariance. It marks the moment when the leading
    direction stands out of the noise, whether or not anything is chosen along it.
bimodality : the latest time at which the noised projection on a leading direction has two modes; only where the
    projection has more than one mode at 1 %. For two balanced Gaussian classes it is the criterion bayes.
between-class : log(Lambda_B) / 2 with Lambda_B the largest eigenvalue of the covariance of the class means, corrected
    for the error of the means. Directions inside classes do not enter.
bayes : where the leave-one-out label agreement phi(t) crosses the value that two Gaussian classes have when the squared
    half distance of their noised means equals their noised variance (0.7752 for balanced classes).

The collapse onto the data points and its times are those of :mod:`statphys_gen.diffusion.analysis.collapse`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...data.dataset import DataSet
from ...data.dip_test import LEVEL, Modality, modality, noised_modes
from ...data.principal import PrincipalDirections, principal_directions
from ...noising import ddpm_times, edm_sigma, time_from_edm_sigma
from .collapse import analyse_collapse
from .label_agreement import LabelAgreement, label_agreement
from .report import CriticalTime, DataSetCollapse, DataSetReport, Direction

# E tanh^2(1 + z): the way from chance to certainty at which two balanced Gaussian classes count as chosen.
CHOSEN_FRACTION = 0.550400490793367366
_GRID = 36
_CHUNK = 2048
_FEW_POINTS = 0.1  # concentration: fewer than ten effective points
_SMALL_CLASS = 20


def analyse(
    dataset: DataSet,
    *,
    time: ArrayLike | None = None,
    seed: int = 0,
    directions: int = 5,
    sources: int = 2000,
    collapse: bool = True,
    threads: int = 1,
    progress: bool = False,
) -> DataSetReport:
    """Speciation and collapse times of a data set by every criterion that applies, with errors and warnings.

    Parameters
    ----------
    dataset : from :func:`~statphys_gen.data.load_dataset` or ``DataSet.from_arrays``.
    time : diffusion times of the curves, above 0; the default grid follows from the spectrum. The time ``bayes`` is
        interpolated in them. The curves of the collapse have a grid of their own, with these times added to it.
    seed : of every random number.
    directions : number of leading directions that are examined.
    sources : number of samples that are noised for the label agreement (all if there are fewer), and number of noised
        points for the collapse (the same sample again with other noise if there are fewer).
    collapse : also analyse the collapse onto the data points.
    threads : number of threads; the results have the same bits for any number.
    progress : show bars on standard error.

    Raises
    ------
    InvalidArgument : for an argument out of its domain.
    """
    seed = validation.integer("seed", seed, minimum=0)
    directions = validation.integer("directions", directions, minimum=1)
    sources = validation.integer("sources", sources, minimum=2)
    threads = validation.integer("threads", threads, minimum=1)
    principal = principal_directions(dataset, directions, seed=seed, threads=threads)
    grid = _default_grid(dataset, principal) if time is None else _checked_grid(time)
    examined = [_direction(dataset, principal, k, seed) for k in range(_examinable(principal))]
    times = [_spectral(dataset, principal, examined[0]), _bimodality(examined)]
    agreement: LabelAgreement | None = None
    level: float | None = None
    if dataset.labels is not None:
        agreement = label_agreement(
            dataset, grid, sources=sources, seed=seed, threads=threads, progress=progress
        )
        level = agreement_level(dataset.class_weights)
        times += [_between_class(dataset), _bayes(agreement, level)]
    collapsed: DataSetCollapse | None = None
    if collapse:
        collapsed = analyse_collapse(
            dataset,
            principal.eigenvalues if principal.complete else None,
            float(principal.eigenvalues[0]),
            times=None if time is None else grid,
            sources=sources,
            seed=seed,
            threads=threads,
            progress=progress,
        )
    return DataSetReport(
        source=dataset.source,
        samples=dataset.samples,
        distinct_samples=len(dataset.points),
        dimension=dataset.dimension,
        class_names=dataset.class_names,
        class_weights=dataset.class_weights,
        total_variance=principal.total_variance,
        variance_per_coordinate=principal.total_variance / dataset.dimension,
        effective_rank=principal.effective_rank,
        eigenvalues=principal.eigenvalues,
        spectrum_complete=principal.complete,
        unbiased_top_eigenvalue=float(principal.eigenvalues[0]) * dataset.samples / (dataset.samples - 1),
        times=tuple(times),
        directions=tuple(examined),
        grid=grid,
        modes=noised_modes(principal.projections[0], grid, dataset.multiplicities),
        agreement=agreement,
        agreement_level=level,
        collapse=collapsed,
        leading_projection=principal.projections[0],
        leading_multiplicities=dataset.multiplicities,
        leading_labels=dataset.labels,
        warnings=(
            *_warnings(dataset, principal, examined, times, agreement),
            *([] if collapsed is None else _warning_of_collapse(collapsed, times)),
        ),
        notes=(*dataset.notes, *_notes(dataset, principal, times)),
        seed=seed,
    )


def agreement_level(class_weights: ArrayLike) -> float:
    """The value of phi that counts as the choice of a class.

    For two classes of weights w and 1 - w: phi of two Gaussians whose squared half distance equals their variance,
    sum_c w_c E p(c | u) with log-odds 2u + log(w / (1 - w)) and u ~ N(+-1, 1). For more classes: the same way from
    chance, sum_c w_c^2, to certainty as for two balanced classes, 0.5504 of it.
    """
    weights = validation.probability_vector("class_weights", class_weights)
    if len(weights) > 2:
        chance = float((weights**2).sum())
        return chance + CHOSEN_FRACTION * (1.0 - chance)
    nodes, mass = np.polynomial.hermite_e.hermegauss(100)
    mass = mass / mass.sum()
    odds = math.log(weights[0] / weights[-1])
    first = 1.0 / (1.0 + np.exp(-2.0 * (nodes + 1.0) - odds))
    second = 1.0 / (1.0 + np.exp(2.0 * (nodes - 1.0) + odds))
    return float(mass @ (weights[0] * first + weights[-1] * second))


def _checked_grid(time: ArrayLike) -> FloatArray:
    return np.unique(validation.array("time", np.atleast_1d(np.asarray(time)), ndim=1, above=0.0))


def _default_grid(dataset: DataSet, principal: PrincipalDirections) -> FloatArray:
    """Noise levels from a fifth of the typical standard deviation to four times the largest, evenly in log(sigma)."""
    highest = 4.0 * math.sqrt(principal.eigenvalues[0])
    rank = min(len(dataset.points) - 1, dataset.dimension)
    lowest = min(0.2 * math.sqrt(principal.total_variance / rank), highest / 10.0)
    return time_from_edm_sigma(np.geomspace(lowest, highest, _GRID))


def _examinable(principal: PrincipalDirections) -> int:
    """Directions that carry variance at all."""
    leading = principal.eigenvalues[: len(principal.vectors)]
    return int((leading > 1e-12 * leading[0]).sum())


@dataclass(frozen=True)
class _Between:
    """Variance between the class means of one projection, corrected for their errors, and its standard error."""

    variance: float
    fraction: float
    fraction_error: float


def _between(dataset: DataSet, projection: FloatArray) -> _Between:
    assert dataset.labels is not None
    weights, labels = dataset.weights, dataset.labels
    class_weights = dataset.class_weights
    counts = class_weights * dataset.samples
    means = np.bincount(labels, weights * projection) / class_weights
    inside = projection - means[labels]
    spreads = np.bincount(labels, weights * inside**2) / class_weights
    total = float(weights @ projection**2)
    # Each mean has the variance s_c^2 / (n_c - 1) of its own; a class of one sample borrows the average spread.
    own = np.where(counts > 1, spreads / np.maximum(counts - 1.0, 1.0), class_weights @ spreads)
    between = float(class_weights @ means**2 - (class_weights * (1.0 - class_weights)) @ own)
    fraction = between / total
    influence = (2.0 * means[labels] * inside + means[labels] ** 2 - fraction * projection**2) / total
    influence -= weights @ influence
    return _Between(between, fraction, math.sqrt(weights @ influence**2 / (dataset.samples - 1)))


def _direction(dataset: DataSet, principal: PrincipalDirections, k: int, seed: int) -> Direction:
    value = float(principal.eigenvalues[k])
    projection = principal.projections[k]
    # Relative to the value, whose square may be out of range.
    spread = float(dataset.weights @ (projection**2 / value - 1.0) ** 2) if value > 0.0 else 0.0
    error = value * math.sqrt(spread / (dataset.samples - 1))
    inflation = principal.inflation(k, dataset.samples)
    shape: Modality = modality(projection, dataset.multiplicities, seed=seed)
    between = None if dataset.labels is None else _between(dataset, projection)
    class_time = None
    if between is not None and between.fraction > 0.5:
        class_time = 0.5 * math.log1p(2.0 * between.variance - value)
    return Direction(
        rank=k + 1,
        eigenvalue=value,
        eigenvalue_standard_error=error,
        corrected_eigenvalue=value / inflation if math.isfinite(inflation) else None,
        spectral_time=0.5 * math.log(value) if value > 1.0 else None,
        spectral_time_standard_error=error / (2.0 * value) if value > 1.0 else None,
        dip=shape.dip,
        dip_p_value=shape.p_value,
        bimodal=shape.bimodal,
        bimodality_time=shape.critical_time if shape.bimodal else None,
        bimodality_time_standard_error=shape.critical_time_standard_error,
        between_class_fraction=None if between is None else between.fraction,
        between_class_fraction_standard_error=None if between is None else between.fraction_error,
        class_time=class_time,
    )


def _spectral(dataset: DataSet, principal: PrincipalDirections, leading: Direction) -> CriticalTime:
    inflation = principal.inflation(0, dataset.samples)
    undefined = leading.spectral_time is None
    return CriticalTime(
        criterion="spectral",
        time=leading.spectral_time,
        standard_error=leading.spectral_time_standard_error,
        upward_bias=None if undefined or math.isinf(inflation) else 0.5 * math.log(inflation),
        meaning="half the logarithm of the largest eigenvalue of the covariance",
        approximation="leading order: large dimension, and classes that differ along the leading direction",
        reason=f"the largest eigenvalue {leading.eigenvalue:.4g} is at most 1 in this scale"
        if undefined
        else "",
    )


def _bimodality(examined: list[Direction]) -> CriticalTime:
    """The direction that turns bimodal first on the way back, among those that pass at 1 % for all together."""
    passed = [d for d in examined if d.dip_p_value * len(examined) <= LEVEL or (d.rank == 1 and d.bimodal)]
    chosen = max(passed, key=lambda d: d.bimodality_time or 0.0, default=None)
    where = "" if chosen is None else f" (direction {chosen.rank})"
    return CriticalTime(
        criterion="bimodality",
        time=None if chosen is None else chosen.bimodality_time,
        standard_error=None if chosen is None else chosen.bimodality_time_standard_error,
        meaning=f"latest time at which the noised projection on a leading direction has two modes{where}",
        approximation="exact for the empirical law; for two balanced Gaussian classes it tends to the criterion bayes",
        reason=""
        if chosen is not None
        else "no projection on a leading direction has more than one mode at 1 %",
    )


def _class_moments(dataset: DataSet) -> tuple[FloatArray, FloatArray]:
    """Class means about the common mean (K, d), and the trace of the covariance of each class (K,), unbiased."""
    assert dataset.labels is not None
    classes = len(dataset.class_names)
    mean = dataset.weights @ dataset.points
    sums = np.zeros((classes, dataset.dimension))
    squares = np.zeros(classes)
    for start in range(0, len(dataset.points), _CHUNK):
        block = slice(start, start + _CHUNK)
        centred = dataset.points[block] - mean
        member = (dataset.labels[block] == np.arange(classes)[:, None]) * dataset.multiplicities[block]
        sums += member @ centred
        squares += member @ np.einsum("ij,ij->i", centred, centred)
    counts = dataset.class_weights * dataset.samples
    means = sums / counts[:, None]
    scatter = squares - counts * np.einsum("ij,ij->i", means, means)
    pooled = scatter.sum() / max(dataset.samples - classes, 1)
    return means, np.where(counts > 1, scatter / np.maximum(counts - 1.0, 1.0), pooled)


def _between_class(dataset: DataSet) -> CriticalTime:
    means, traces = _class_moments(dataset)
    weights = dataset.class_weights
    centring = np.eye(len(weights)) - weights
    noise = centring @ np.diag(traces / (weights * dataset.samples)) @ centring.T
    root = np.sqrt(weights)
    gram = root[:, None] * (means @ means.T - noise) * root
    values, vectors = np.linalg.eigh(gram)
    value = float(values[-1])
    meaning = "half the logarithm of the largest eigenvalue of the covariance of the class means"
    approximation = "leading order: large dimension, classes that differ by their means"
    if value <= 1.0:
        return CriticalTime(
            criterion="between-class",
            time=None,
            standard_error=None,
            meaning=meaning,
            approximation=approximation,
            reason=f"the largest eigenvalue between the classes, {value:.4g}, is at most 1 in this scale",
        )
    direction = (root * vectors[:, -1]) @ means
    direction /= np.linalg.norm(direction)
    projection = dataset.points @ direction
    projection -= dataset.weights @ projection
    labels = dataset.labels
    along = (means @ direction)[labels]
    influence = 2.0 * along * (projection - along) + along**2
    influence -= dataset.weights @ influence
    error = math.sqrt(dataset.weights @ influence**2 / (dataset.samples - 1))
    return CriticalTime(
        criterion="between-class",
        time=0.5 * math.log(value),
        standard_error=error / (2.0 * value),
        meaning=meaning,
        approximation=approximation,
    )


def _bayes(agreement: LabelAgreement, level: float) -> CriticalTime:
    time, error, reason = _crossing(agreement, level)
    return CriticalTime(
        criterion="bayes",
        time=time,
        standard_error=error,
        meaning=f"where the leave-one-out label agreement crosses {level:.4f}",
        approximation="heuristic: exact as n -> infinity in fixed dimension; see the concentration of the posterior",
        reason=reason,
    )


def _crossing(agreement: LabelAgreement, level: float) -> tuple[float | None, float | None, str]:
    """Latest time at which the leave-one-out agreement falls through the level, interpolated in log(sigma)."""
    above = agreement.leave_one_out >= level
    if not above.any():
        return (
            None,
            None,
            "the label agreement stays below its level: the classes overlap, or the times start too late",
        )
    last = int(np.flatnonzero(above)[-1])
    if last == len(above) - 1:
        return None, None, "the label agreement stays above its level up to the last time"
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import brentq

    place = np.log(edm_sigma(agreement.time))
    curve = PchipInterpolator(place, agreement.leave_one_out)
    root = brentq(lambda s: float(curve(s)) - level, place[last], place[last + 1], xtol=1e-12)
    sigma = math.exp(root)
    time = float(time_from_edm_sigma(sigma))
    # dt / d log(sigma) = sigma^2 / (1 + sigma^2)
    slope = abs(float(curve(root, 1))) * (1.0 + sigma**2) / sigma**2
    return time, float(np.interp(root, place, agreement.leave_one_out_standard_error)) / slope, ""


def _notes(dataset: DataSet, principal: PrincipalDirections, times: list[CriticalTime]) -> list[str]:
    notes = [
        f"Every time is for the data in the scale given (total variance {principal.total_variance:.6g}, "
        f"{principal.total_variance / dataset.dimension:.6g} per coordinate): data multiplied by s have a spectral "
        "time larger by log(s)."
    ]
    if dataset.labels is None:
        notes.append(
            "Without labels there is no label agreement and no time by the criteria between-class and bayes."
        )
    if not principal.complete:
        notes.append(
            "Only the leading eigenvalues were computed; the effective rank is an estimate with random probes."
        )
    end = float(ddpm_times()[-1])
    if any(entry.time is not None and entry.time > end for entry in times):
        notes.append(f"Times beyond {end:.4f}, the end of the DDPM schedule, have no DDPM step.")
    return notes


def _warnings(
    dataset: DataSet,
    principal: PrincipalDirections,
    examined: list[Direction],
    times: list[CriticalTime],
    agreement: LabelAgreement | None,
) -> list[str]:
    found = [f"No spectral time: {times[0].reason}."] if times[0].time is None else []
    found += _warning_of_direction(examined)
    found += _warning_of_spectrum(dataset, principal, times[0])
    if agreement is not None:
        found += _warning_of_labels(dataset, times, agreement)
    return found


def _warning_of_collapse(collapse: DataSetCollapse, times: list[CriticalTime]) -> list[str]:
    found = []
    half = collapse.time("half-participation")
    if half.time is None:
        found.append(f"No collapse time: {half.reason}.")
    spectral = times[0].time
    if half.time is not None and spectral is not None and half.time > spectral:
        found.append(
            f"The collapse time {half.time:.3f} is later than the spectral time {spectral:.3f}: backward runs with the "
            "score of these samples commit to one of them before they have chosen along the leading direction."
        )
    if collapse.duplicates:
        found.append(
            f"{collapse.duplicates} samples repeat another one (up to {collapse.largest_multiplicity} times) and count "
            "as one point of larger weight for the collapse: near duplicates would be found among the points instead."
        )
    return found


def _warning_of_direction(examined: list[Direction]) -> list[str]:
    """The leading direction may lie inside the classes: then the spectral time marks nothing."""
    leading = examined[0]
    if leading.spectral_time is None:
        return []
    fraction = leading.between_class_fraction
    time = f"the spectral time {leading.spectral_time:.3f}"
    if fraction is not None:
        if fraction > 0.5:
            return []
        error = leading.between_class_fraction_standard_error
        return [
            f"The leading direction is a within-class one: only {max(fraction, 0.0):.1%} +- "
            f"{error:.1%} of its variance is between the classes, so {time} need not "
            "mark a choice of class; use the criteria between-class and bayes."
        ]
    if leading.bimodal:
        return []
    sentence = (
        f"The leading direction shows no sign of two modes (dip test, p = {leading.dip_p_value:.2g}): it may be a "
        f"within-class one, and then nothing is chosen at {time}"
    )
    others = [d for d in examined[1:] if d.dip_p_value * len(examined) <= LEVEL]
    if others:
        sentence += "; two modes are seen along direction " + ", ".join(
            f"{d.rank} (up to time {d.bimodality_time:.3f})" for d in others
        )
    return [sentence + "."]


def _warning_of_spectrum(
    dataset: DataSet, principal: PrincipalDirections, spectral: CriticalTime
) -> list[str]:
    found = []
    if spectral.time is not None and spectral.standard_error is not None:
        if spectral.upward_bias is None or spectral.upward_bias > max(spectral.standard_error, 0.02):
            size = (
                "an unknown amount" if spectral.upward_bias is None else f"about {spectral.upward_bias:.3f}"
            )
            found.append(
                f"The spectral time is biased upwards by {size}: {dataset.samples} samples in dimension "
                f"{dataset.dimension} do not determine the largest eigenvalue."
            )
        if len(principal.eigenvalues) > 1:
            gap = 0.5 * math.log(principal.eigenvalues[0] / max(principal.eigenvalues[1], 1e-300))
            if gap < 2.0 * math.sqrt(2.0) * spectral.standard_error:
                found.append(
                    "The two largest eigenvalues agree within their errors: the leading direction is not determined."
                )
    return found


def _warning_of_labels(dataset: DataSet, times: list[CriticalTime], agreement: LabelAgreement) -> list[str]:
    found = []
    by_name = {entry.criterion: entry for entry in times}
    spectral, bayes = by_name["spectral"], by_name["bayes"]
    if bayes.time is not None:
        few = float(np.interp(bayes.time, agreement.time, agreement.concentration))
        if few > _FEW_POINTS:
            found.append(
                f"At the time bayes the posterior rests on {1.0 / few:.1f} effective points: the data are too few "
                "there, and the label agreement of the law behind them may differ."
            )
        if (
            spectral.time is not None
            and bayes.standard_error is not None
            and spectral.standard_error is not None
        ):
            shift = spectral.time - bayes.time
            error = math.hypot(spectral.standard_error, bayes.standard_error)
            if abs(shift) > max(0.5 * math.log(2.0), 3.0 * error):
                found.append(f"The spectral time differs from the time bayes by {shift:+.3f} +- {error:.3f}.")
    small = [
        name
        for name, w in zip(dataset.class_names, dataset.class_weights, strict=True)
        if w * dataset.samples < _SMALL_CLASS
    ]
    if small:
        shown = ", ".join(small[:5]) + (", ..." if len(small) > 5 else "")
        found.append(
            f"Classes of fewer than {_SMALL_CLASS} samples ({shown}) make the label agreement uncertain."
        )
    return found
