"""Does a generator copy? One report from arrays of generated, training and held-out points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray, IntArray
from ...errors import InsufficientSamples, InvalidArgument
from ...numerics.neighbours import Neighbours, two_nearest
from ...presentation import Tabular
from ...statistics.assignment import PERMUTATIONS
from ...statistics.multiple import benjamini_hochberg, conformal_p_values
from ...statistics.proportions import clopper_pearson, fisher_p_value, newcombe
from ...statistics.streams import generator
from ..theory.detection import distinct_copies_needed, smallest_membership_p_value, smallest_nameable
from ..theory.nulls import SOURCE, intrinsic_dimension
from .fidelity import SampleDistances, sample_distances
from .generator_data import GeneratorData, Points, Pool, as_data, as_sequence
from .membership import Vote, exchangeability_p_value, pooled, vote

Verdict = Literal["memorizes", "no-evidence", "cannot-tell"]
RATIO = 1.0 / 3.0
# Below this the two sets were not drawn alike; a level of 5 % would spoil one good report in twenty.
EXCHANGEABLE = 0.001
_MOST_LEFT_OUT = 5000
_WARNING = (
    "distances to the training and to the held-out set differ by at most that of the two sets: they measure fidelity, "
    "and cannot tell novelty from copying"
)


@dataclass(frozen=True)
class NamedCopy:
    """A generated row that is called a copy, the training row that it is nearest to, and how near.

    Rows count from 0, in the order of the given arrays.
    """

    generated: int
    training: int
    ratio: float
    p_value: float


@dataclass(frozen=True, repr=False)
class MemorizationReport(Tabular):
    """What the generated points say on copying; numbers that need a held-out set are None without one.

    Attributes
    ----------
    verdict : "memorizes", "no-evidence" or "cannot-tell".
    reason : one sentence.
    generated, training, held_out : G generated points, repeated ones counted; N and H distinct points.
    dimension : d, of a point.
    copied_fraction, copied_lower, copied_upper : fraction of generated points whose neighbour ratio among the training
        points is below k, with the Clopper-Pearson interval of coverage 1 - level.
    null_fraction : the same of the held-out points, or of training points among the others (``null_kind``).
    null_kind : "held-out" or "leave-one-out".
    corrected_fraction, corrected_lower, corrected_upper : (f - f0)/(1 - f0), with Newcombe's interval for f - f0 over
        1 - f0.
    fisher_p_value : of the hypothesis that f is not above f0, by Fisher's exact test.
    suspicious : generated points whose neighbour ratio among training and held-out points together is below k.
    suspicious_on_training : those of them whose nearest point is a training point.
    membership_p_value : probability of so many, or more, if labels are exchangeable: the verdict's test.
    excess_fraction, excess_fraction_standard_error : (S - (N/H) S_held)/G, an estimate of the fraction of copies.
    vote_fraction, vote_p_value : the same of all generated points, suspicious or not: fraction on the training set.
    distance_z : Mann-Whitney score of the distances to the training set, of generated against held-out points, below 0
        where generated ones are nearer. Sensitive to fidelity, and no part of the verdict.
    named_copies : generated points that are copies at the false discovery rate.
    smallest_nameable : how many generated points must be copies before any can be named.
    smallest_p_value : 1/(H + 1), the smallest that a generated point can have.
    distinct_copies_needed : training points that must have a copy before the test of membership can reject.
    intrinsic_dimension, intrinsic_dimension_standard_error : by the ratios of the null; None where all of them are
        ties, as between corners of a simplex.
    exchangeability_p_value : of training and held-out points.
    frechet, sliced_wasserstein_squared, mmd_squared : distances of generated to training points; ``*_held_out`` to
        held-out points, and ``*_baseline`` of held-out to training points.
    standard_error : of all distances, by name.
    notes : what was done to the data, and how the numbers are limited.
    ratio, pooled_ratio, nearest_training : of every generated row: both neighbour ratios, and its nearest training row.
    """

    verdict: Verdict
    reason: str
    generated: int
    training: int
    held_out: int | None
    dimension: int
    copied_fraction: float
    copied_lower: float
    copied_upper: float
    null_fraction: float
    null_kind: str
    corrected_fraction: float
    corrected_lower: float
    corrected_upper: float
    fisher_p_value: float
    suspicious: int | None
    suspicious_on_training: int | None
    membership_p_value: float | None
    excess_fraction: float | None
    excess_fraction_standard_error: float | None
    vote_fraction: float | None
    vote_p_value: float | None
    distance_z: float | None
    named_copies: tuple[NamedCopy, ...]
    smallest_nameable: int | None
    smallest_p_value: float | None
    distinct_copies_needed: int | None
    intrinsic_dimension: float | None
    intrinsic_dimension_standard_error: float | None
    exchangeability_p_value: float | None
    distances: dict[str, float | None] = field(repr=False)
    standard_error: dict[str, float | None] = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    ratio: FloatArray = field(repr=False)
    pooled_ratio: FloatArray | None = field(repr=False)
    nearest_training: IntArray = field(repr=False)

    def record(self) -> dict[str, Any]:
        """As the command prints it: everything but the arrays and the notes."""
        left_out = ("distances", "standard_error", "notes", "ratio", "pooled_ratio", "nearest_training")
        row = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in left_out}
        row["named_copies"] = [vars(copy) for copy in self.named_copies]
        return row | self.distances | {"standard_error": dict(self.standard_error)}

    def records(self) -> list[dict[str, Any]]:
        """One row for each quantity, with its standard error where it has one."""
        row = self.record()
        errors = row.pop("standard_error")
        row["named_copies"] = len(self.named_copies)
        return [
            {"quantity": name, "value": value}
            | ({"standard_error": errors[name]} if errors.get(name) is not None else {})
            for name, value in row.items()
        ]


@states(
    "exact",
    "of a generator that knows nothing of which points were held out, if training and held-out points are "
    "exchangeable; named copies: false discovery rate if its law were that of the data",
    source=SOURCE,
    verification="derived and simulated",
)
def report(
    generated: Points,
    training: Points,
    held_out: Points | None = None,
    *,
    features: Sequence[Points] | None = None,
    ratio: float = RATIO,
    level: float = 0.05,
    false_discovery_rate: float = 0.1,
    smallest_fraction: float = 0.01,
    groups: Sequence[ArrayLike] | None = None,
    strata: Sequence[ArrayLike] | None = None,
    drop_duplicates: bool = False,
    distances: bool = True,
    seed: int = 0,
    progress: bool = False,
) -> MemorizationReport:
    """Test whether generated points copy training points, count how many, and name them.

    Parameters
    ----------
    generated, training : arrays (rows, d), images with 3 or 4 axes, or data sets.
    held_out : points of the same origin as the training set that no training has seen; without them the verdict is
        "cannot-tell".
    features : of the same rows, in the same order, by one encoder: distances are taken between these. As many arrays as
        there are sets.
    ratio : k, in (0, 1): a generated point is a copy where its nearest point is nearer than k times the second.
    level : of the test of membership.
    false_discovery_rate : of the named copies.
    smallest_fraction : of copies that the report is to find: if that many could not have been seen, it cannot tell.
    groups : labels of training rows and of held-out rows; rows of a group, such as augmented copies of one image, are
        assigned to one of the two sets together.
    strata : the same of classes: which points were held out is random within a class only.
    drop_duplicates : leave out held-out points that stand in the training set, which are refused otherwise.
    distances : whether to compute distances between the samples.
    seed : of random assignments, directions and bootstraps.
    progress : bars on standard error.

    Raises
    ------
    InvalidArgument : sets that do not belong together, or an argument out of its domain.
    """
    k = validation.inside("ratio", ratio, 0.0, 1.0)
    # One less the level is a coverage of intervals.
    alpha = validation.inside("level", level, 1e-15, 1.0)
    rate = validation.inside("false_discovery_rate", false_discovery_rate, 0.0, 1.0)
    wanted = validation.inside("smallest_fraction", smallest_fraction, 0.0, 1.0)
    validation.integer("seed", seed, minimum=0)
    given = [generated, training, *([] if held_out is None else [held_out])]
    if features is not None:
        given = _features(features, given)
    for name, entry in (("groups", groups), ("strata", strata)):
        if entry is not None and held_out is None:
            raise InvalidArgument(name, "labels", "left out without a held-out set")
    data = GeneratorData.of(*given, drop_duplicates=drop_duplicates)
    pool = None if data.held_out is None else Pool.of(data, groups, strata)

    rows = data.generated.places
    near = two_nearest(data.generated.points, data.training.points, progress=progress)
    null = _null(data, seed, progress)
    total, copies = len(rows), int((near.ratios[rows] < k).sum())
    compared, null_copies = len(null.ratios), int((null.ratios < k).sum())
    own = clopper_pearson(copies, total, level=1.0 - alpha)
    apart = newcombe(copies, total, null_copies, compared, level=1.0 - alpha)
    rest = 1.0 - null_copies / compared
    dimension = _dimension(null.ratios[null.ratios > 0.0])
    _, first_rows = np.unique(data.training.places, return_index=True)
    corrected = [
        value / rest if rest > 0.0 else np.nan for value in (apart.fraction, apart.lower, apart.upper)
    ]
    common: dict[str, Any] = {
        "generated": total,
        "training": len(data.training.points),
        "dimension": data.generated.dimension,
        "copied_fraction": own.fraction,
        "copied_lower": own.lower,
        "copied_upper": own.upper,
        "null_fraction": null_copies / compared,
        "null_kind": "leave-one-out" if pool is None else "held-out",
        "corrected_fraction": corrected[0],
        "corrected_lower": corrected[1],
        "corrected_upper": corrected[2],
        "fisher_p_value": fisher_p_value(copies, total, null_copies, compared),
        "intrinsic_dimension": dimension[0],
        "intrinsic_dimension_standard_error": dimension[1],
        "ratio": near.ratios[rows],
        "nearest_training": first_rows[near.places[rows, 0]],
    }
    if pool is None or data.held_out is None:
        tested: dict[str, Any] = dict.fromkeys(_OF_HELD_OUT) | {"named_copies": (), "pooled_ratio": None}
        reason = "without held-out points nothing says how often a generator that does not copy is as near"
        verdict: tuple[Verdict, str] = ("cannot-tell", reason)
    else:
        tested, least = _tested(data, pool, near, null, first_rows, k, alpha, rate, seed, progress)
        verdict = _verdict(tested, least, own.upper, total, alpha, wanted)
    found, errors, limits = _fidelity(data, seed) if distances else ({}, {}, ())
    notes = (*data.notes, *((_WARNING,) if distances else ()), *limits)
    if pool is not None:
        notes += ("looks at the same held-out set again and again are not corrected for",)
    return MemorizationReport(
        verdict=verdict[0],
        reason=verdict[1],
        distances=found,
        standard_error=errors,
        notes=notes,
        **common,
        **tested,
    )


_OF_HELD_OUT = (
    "held_out",
    "suspicious",
    "suspicious_on_training",
    "membership_p_value",
    "excess_fraction",
    "excess_fraction_standard_error",
    "vote_fraction",
    "vote_p_value",
    "distance_z",
    "smallest_nameable",
    "smallest_p_value",
    "distinct_copies_needed",
    "exchangeability_p_value",
)


def _features(features: Sequence[Points], given: Sequence[Points]) -> list[Points]:
    """Features in the place of the data, after a look at whether they have the same rows."""
    encodings = as_sequence(
        "features", features, len(given), f"arrays, one for each of the {len(given)} sets"
    )
    found: list[Points] = []
    for name, entry, points in zip(("generated", "training", "held_out"), encodings, given, strict=False):
        encoded, data = as_data(f"features of {name}", entry), as_data(name, points)
        if encoded.samples != data.samples:
            allowed = f"one row for each of the {data.samples} rows of {name}; there are {encoded.samples}"
            raise InvalidArgument("features", encoded.source, allowed)
        found.append(encoded)
    return found


def _dimension(ratios: FloatArray) -> tuple[float | None, float | None]:
    """Intrinsic dimension and its error, if the ratios tell one."""
    try:
        found = intrinsic_dimension(ratios)
    except (InsufficientSamples, InvalidArgument):
        return None, None
    return float(found.mean), float(found.standard_error)


def _null(data: GeneratorData, seed: int, progress: bool) -> Neighbours:
    """Neighbours in the training set of points that are no copies: the held-out ones, or the training's own."""
    points = data.training.points
    if data.held_out is not None:
        return two_nearest(data.held_out.points, points, progress=progress)
    if len(points) < 3:
        raise InvalidArgument("training", data.training.source, "at least 3 distinct points")
    rng = generator(seed, {"purpose": "training points among the others", "points": len(points)})
    few = len(points) <= _MOST_LEFT_OUT
    own = np.arange(len(points)) if few else np.sort(rng.choice(len(points), _MOST_LEFT_OUT, False))
    return two_nearest(points[own], points, own=own, progress=progress)


def _tested(
    data: GeneratorData,
    pool: Pool,
    near: Neighbours,
    null: Neighbours,
    first_rows: IntArray,
    ratio: float,
    level: float,
    rate: float,
    seed: int,
    progress: bool,
) -> tuple[dict[str, Any], float]:
    """Everything that needs the held-out set, and the least p-value that the test of membership can have."""
    assert data.held_out is not None
    rows, held_out = data.generated.places, len(data.held_out.points)
    to_held_out = two_nearest(data.generated.points, data.held_out.points, progress=progress)
    joint = pooled(near, to_held_out, len(data.training.points))
    weights = data.generated.multiplicities
    suspicious = joint.ratios < ratio
    nearest = joint.places[:, 0]
    test: Vote = vote(pool, nearest[suspicious], weights[suspicious], seed=seed)
    drift: Vote = vote(pool, nearest, weights, seed=seed)
    p_values = conformal_p_values(near.ratios, null.ratios)[rows]
    named = np.flatnonzero(benjamini_hochberg(p_values) <= rate)
    total, labelled = len(rows), pool.labelled
    seen, fresh = (np.bincount(pool.strata[marks]) for marks in (labelled, ~labelled))
    strata = min(len(seen), len(fresh))  # of the others, one set has none
    seen, fresh = seen[:strata], fresh[:strata]
    mixed = (seen > 0) & (fresh > 0)
    needed = [
        distinct_copies_needed(n, h, level)
        for n, h in np.unique(np.stack([seen, fresh], axis=1)[mixed], axis=0).tolist()
    ]
    least = smallest_membership_p_value(seen, fresh)
    if not test.test.exact:
        least = max(least, 1.0 / (1.0 + PERMUTATIONS))
    found = {
        "held_out": held_out,
        "suspicious": test.cast,
        "suspicious_on_training": test.on_training,
        "membership_p_value": test.test.p_value,
        "excess_fraction": test.excess / total,
        "excess_fraction_standard_error": test.excess_standard_error / total,
        "vote_fraction": drift.on_training / total,
        "vote_p_value": drift.test.p_value,
        "distance_z": mann_whitney(near.distances[rows, 0], null.distances[:, 0]),
        "named_copies": tuple(
            NamedCopy(
                int(j),
                int(first_rows[near.places[rows[j], 0]]),
                float(near.ratios[rows[j]]),
                float(p_values[j]),
            )
            for j in named
        ),
        "smallest_nameable": smallest_nameable(total, held_out, rate),
        "smallest_p_value": 1.0 / (held_out + 1.0),
        "distinct_copies_needed": max(needed) if needed else None,
        "exchangeability_p_value": exchangeability_p_value(pool, seed=seed, progress=progress),
        "pooled_ratio": joint.ratios[rows],
    }
    return found, least


def _verdict(
    tested: dict[str, Any], least: float, upper: float, generated: int, level: float, wanted: float
) -> tuple[Verdict, str]:
    """Exchangeability first; then the test of membership; then whether it could have seen anything."""
    p, needed, alike = (
        tested[name] for name in ("membership_p_value", "distinct_copies_needed", "exchangeability_p_value")
    )
    if alike < EXCHANGEABLE:
        text = f"training and held-out points were not drawn alike (p = {alike:.2g}), which every test here supposes"
        return "cannot-tell", text
    if p < level:
        where = f"{tested['suspicious_on_training']} of {tested['suspicious']} suspicious points lie on training points"
        return "memorizes", f"{where}, which chance brings about with p = {p:.2g}"
    if needed is None:
        return "cannot-tell", "no stratum has training and held-out points"
    if least >= level:
        text = f"copies of all training points have a p-value of {least:.2g}, which is not below the level {level:g}"
        return "cannot-tell", text
    if needed > wanted * generated:
        text = (
            f"{needed} copied points are needed to be seen, and a fraction of {wanted:g} of {generated} generated "
            f"points makes {wanted * generated:.3g}: generate more, or hold out more"
        )
        return "cannot-tell", text
    return "no-evidence", f"membership p = {p:.2g}; at most {upper:.3g} of the generated points are copies"


def mann_whitney(first: FloatArray, second: FloatArray) -> float:
    """Score of the number of pairs in which the first is larger, ties counted half; 0 where all are equal."""
    from scipy.stats import rankdata

    n, m = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]))
    larger = ranks[:n].sum() - n * (n + 1) / 2.0
    _, ties = np.unique(ranks, return_counts=True)
    spread = n * m / 12.0 * (n + m + 1.0 - (ties**3.0 - ties).sum() / ((n + m) * (n + m - 1.0)))
    return float((larger - n * m / 2.0) / np.sqrt(spread)) if spread > 0.0 else 0.0


def _fidelity(
    data: GeneratorData, seed: int
) -> tuple[dict[str, float | None], dict[str, float | None], tuple[str, ...]]:
    """Distances between the sets, with one bandwidth, their errors, and what limits them."""
    base = sample_distances(data.generated, data.training, seed=seed)
    found: dict[str, SampleDistances] = {"": base}
    if data.held_out is not None:
        width = base.bandwidth
        found["_held_out"] = sample_distances(data.generated, data.held_out, bandwidth=width, seed=seed)
        found["_baseline"] = sample_distances(data.held_out, data.training, bandwidth=width, seed=seed)
    names = ("frechet", "sliced_wasserstein_squared", "mmd_squared")
    values: dict[str, float | None] = {}
    errors: dict[str, float | None] = {}
    for ending in ("", "_held_out", "_baseline"):
        for name in names:
            one = found.get(ending)
            values[name + ending] = None if one is None else getattr(one, name)
            errors[name + ending] = None if one is None else one.standard_error[name]
    limits = dict.fromkeys(text for one in found.values() for text in one.notes)
    return values, errors, tuple(limits)
