"""Size and power of the tests of a report, on generators whose answer is known."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.proportions import estimate_proportion
from ..analysis.report import report
from ..analysis.trials import Trials, simulate_reports
from ..simulation import KnownGenerator
from ..theory.detection import distinct_copies_needed, smallest_nameable

_LEVEL, _RATE, _RUNS = 0.05, 0.1, 1000
_WITHOUT_MEMORY = ("perfect", "fitted", "collapsed")
# Dimension, N, H, G, and a limit k that makes points suspicious at the dimension; by the end of the check's id.
_SIZES = {
    "2": (2, 120, 120, 150, 0.3),
    "6": (6, 150, 120, 200, 0.6),
    "64": (64, 200, 20, 200, 0.93),
    "2-of-few": (2, 200, 20, 200, 0.25),
    "16": (16, 180, 60, 200, 0.8),
}
# At the limit of detection: dimension, N, H, G, where hardly any point is suspicious by chance, and copies.
_LIMITS = [(d, 200, h, 400, copies) for d in (16, 64) for h, copies in ((200, 5), (67, 11), (20, 32))]
_COPYING = dict(training=150, held_out=120, generated=200)


def law(dimension: int) -> GaussianMixture:
    """Two Gaussians with a spectrum that falls, unequal weights and a mean."""
    mean = np.where(np.arange(dimension) % 2, 0.7, -0.4)
    variances = np.stack([np.geomspace(1.6, 0.4, dimension), np.geomspace(0.3, 0.9, dimension)])
    return GaussianMixture([0.35, 0.65], np.stack([mean, -0.8 * mean]), variances)


def checks() -> list[Check]:
    return [
        *map(_size, _SIZES),
        _power(),
        _limit(),
        _usual_test(),
        _copies(),
    ]


def _trials(kind: str, case: str, seed: int) -> Trials:
    d, n, h, g, k = _SIZES[case]
    return simulate_reports(
        KnownGenerator(kind), law(d), training=n, held_out=h, generated=g, runs=_RUNS, ratio=k, seed=seed
    )


def _described(case: str) -> dict[str, float]:
    names = ("dimension", "training", "held_out", "generated", "ratio")
    return dict(zip(names, _SIZES[case], strict=True)) | {"runs": _RUNS}


def _size(case: str) -> Check:
    """The Gaussian is fitted to the training set, which the votes of all its points may see: these are not judged."""
    claims = {f"membership, {kind}": _LEVEL for kind in _WITHOUT_MEMORY}
    claims |= {"vote, perfect": _LEVEL, "vote, collapsed": _LEVEL, "any name, perfect": _RATE}

    def simulate(seed: int) -> Estimate:
        trials = {kind: _trials(kind, case, seed) for kind in _WITHOUT_MEMORY}
        events = [trials[kind].membership_p_value <= _LEVEL for kind in _WITHOUT_MEMORY]
        events += [trials[kind].vote_p_value <= _LEVEL for kind in ("perfect", "collapsed")]
        events.append(trials["perfect"].named_copies > 0)
        return estimate_proportion([int(entry.sum()) for entry in events], _RUNS)

    return Check(
        f"size of the tests of copies, D = {_SIZES[case][0]}" + _named(case),
        f"rejections at the level {_LEVEL:g}, and names at the rate {_RATE:g}, of generators without memory",
        approximation_of(report),
        theory=lambda: np.array(list(claims.values())),
        simulate=simulate,
        resolution=1.0,
        kind="level",
        sizes=_described(case) | {"claims": list(claims)},
        model=law(_SIZES[case][0]),
        id=f"memorization-size-of-tests-{case}",
        tests=(smallest_nameable,),
    )


def _named(case: str) -> str:
    """What tells two cases of one dimension apart."""
    _, _, words = case.partition("-of-")
    return f", {words} held-out points" if words else ""


def _planted(fraction: float, runs: int, seed: int) -> Trials:
    return simulate_reports(
        KnownGenerator("perfect", copies=fraction), law(6), **_COPYING, runs=runs, seed=seed
    )


def _power() -> Check:
    """Twice the copies that are needed where no held-out point is suspicious leave room for some that are."""
    fraction, seen = 0.06, 0.9

    def theory() -> FloatArray:
        needed = distinct_copies_needed(_COPYING["training"], _COPYING["held_out"], _LEVEL)
        return np.array([seen if 2 * needed <= fraction * _COPYING["generated"] else 1.0])

    def simulate(seed: int) -> Estimate:
        p_values = _planted(fraction, 500, seed).membership_p_value
        return estimate_proportion([int((p_values <= _LEVEL).sum())], 500)

    return Check(
        "power at twice the detection limit",
        "reports that call a generator with twice the needed number of copies memorizing, at least 90 %",
        approximation_of(distinct_copies_needed),
        theory=theory,
        simulate=simulate,
        resolution=1.0,
        kind="coverage",
        sizes=_COPYING | {"copies": fraction, "runs": 500},
        model=law(6),
        id="memorization-power",
    )


def _reports(kind: str, cell: tuple[int, int, int, int], copies: int, runs: int, seed: int) -> Trials:
    """Reports on a generator with so many copies among its points."""
    dimension, training, held_out, generated = cell
    return simulate_reports(
        KnownGenerator(kind, copies=copies / generated),
        law(dimension),
        training=training,
        held_out=held_out,
        generated=generated,
        runs=runs,
        seed=seed,
    )


def _limit() -> Check:
    """As many copies as the closed form asks for are seen. It is a bound: one fewer may do, where H is small."""
    runs = 500

    def theory() -> FloatArray:
        needed = [distinct_copies_needed(n, h, _LEVEL) for _, n, h, _, _ in _LIMITS]
        reached = np.array([copies >= least for (*_, copies), least in zip(_LIMITS, needed, strict=True)])
        # What the closed form does not say is claimed so sharply that it would fail.
        return np.where(reached, 0.9, 0.999)

    def simulate(seed: int) -> Estimate:
        found = [_reports("perfect", cell[:4], cell[4], runs, seed) for cell in _LIMITS]
        events = [int((trials.membership_p_value <= _LEVEL).sum()) for trials in found]
        return estimate_proportion(events, runs)

    return Check(
        "power at the detection limit",
        "reports that see as many copies as are needed, at least 90 %",
        approximation_of(distinct_copies_needed),
        theory=theory,
        simulate=simulate,
        resolution=1.0,
        kind="coverage",
        sizes={"cells": [list(cell) for cell in _LIMITS], "fewer": 0, "runs": runs},
        model=[law(d) for d in (16, 64)],
        id="memorization-power-at-limit",
    )


def _usual_test() -> Check:
    """A collapsed generator copies nothing; the test of distances calls it nearer to the training set."""
    runs, called = 500, 0.9
    cells = [(d, 200, held_out, 400) for d in (6, 16, 64) for held_out in (200, 67)]

    def simulate(seed: int) -> Estimate:
        found = [
            _reports("collapsed", cell, 0, runs, seed).rejections(_LEVEL)["distance"].mean for cell in cells
        ]
        return estimate_proportion([round(float(entry) * runs) for entry in found], runs)

    return Check(
        "usual test of distances on a collapsed generator",
        "how often a Mann-Whitney test of distances rejects where nothing is copied, at least 90 %",
        approximation_of(report),
        theory=lambda: np.full(len(cells), called),
        simulate=simulate,
        resolution=1.0,
        kind="coverage",
        sizes={"cells": [list(cell) for cell in cells], "runs": runs},
        model=[law(d) for d in (6, 16, 64)],
        id="memorization-usual-test-of-distances",
    )


def _copies() -> Check:
    fractions, runs = (0.05, 0.2), 800

    def simulate(seed: int) -> Estimate:
        return Estimate.stack(
            [Estimate.from_samples(_planted(fraction, runs, seed).excess_fraction) for fraction in fractions]
        )

    return Check(
        "estimated fraction of copies",
        "excess of suspicious votes on training points at 5 % and 20 % of planted copies",
        approximation_of(report),
        theory=partial(np.array, fractions),
        simulate=simulate,
        resolution=0.02,
        sizes=_COPYING | {"copies": list(fractions), "runs": runs},
        model=law(6),
        id="memorization-estimated-copies",
    )
