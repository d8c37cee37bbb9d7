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

_LEVEL, _RATE, _RUNS = 0.05, 0.1, 800
_WITHOUT_MEMORY = ("perfect", "fitted", "collapsed")
# Dimension, N, H, G, and a limit k that makes points suspicious at the dimension.
_SIZES = ((2, 120, 120, 150, 0.3), (6, 150, 120, 200, 0.6), (64, 200, 20, 200, 0.93))
_COPYING = dict(training=150, held_out=120, generated=200)


def law(dimension: int) -> GaussianMixture:
    """Two Gaussians with a spectrum that falls, unequal weights and a mean."""
    mean = np.where(np.arange(dimension) % 2, 0.7, -0.4)
    variances = np.stack([np.geomspace(1.6, 0.4, dimension), np.geomspace(0.3, 0.9, dimension)])
    return GaussianMixture([0.35, 0.65], np.stack([mean, -0.8 * mean]), variances)


def checks() -> list[Check]:
    return [
        *(_size("membership", case) for case in range(len(_SIZES))),
        *(_size("vote", case) for case in range(len(_SIZES))),
        _false_names(),
        _power(),
        _copies(),
    ]


def _trials(kind: str, case: int, seed: int) -> Trials:
    d, n, h, g, k = _SIZES[case]
    return simulate_reports(
        KnownGenerator(kind), law(d), training=n, held_out=h, generated=g, runs=_RUNS, ratio=k, seed=seed
    )


def _described(case: int) -> dict[str, float]:
    names = ("dimension", "training", "held_out", "generated", "ratio")
    return dict(zip(names, _SIZES[case], strict=True)) | {"runs": _RUNS}


def _size(test: str, case: int) -> Check:
    """A fitted Gaussian knows the training set, which the vote of all its points may see."""
    kinds = _WITHOUT_MEMORY if test == "membership" else ("perfect", "collapsed")

    def simulate(seed: int) -> Estimate:
        p_values = [getattr(_trials(kind, case, seed), f"{test}_p_value") for kind in kinds]
        return estimate_proportion([int((p <= _LEVEL).sum()) for p in p_values], _RUNS)

    return Check(
        f"size of the {test} test, D = {_SIZES[case][0]}",
        f"rejections at the level {_LEVEL:g} of generators without memory: {', '.join(kinds)}",
        approximation_of(report),
        theory=lambda: np.full(len(kinds), _LEVEL),
        simulate=simulate,
        resolution=1.0,
        kind="level",
        sizes=_described(case) | {"generators": list(kinds)},
        model=law(_SIZES[case][0]),
        id=f"memorization-size-{test}-{_SIZES[case][0]}",
    )


def _false_names() -> Check:
    def simulate(seed: int) -> Estimate:
        named = [_trials("perfect", case, seed).named_copies for case in range(2)]
        return estimate_proportion([int((entry > 0).sum()) for entry in named], _RUNS)

    return Check(
        "names of copies where there are none",
        f"reports on a perfect generator that name any point, at a false discovery rate of {_RATE:g}",
        approximation_of(smallest_nameable),
        theory=lambda: np.full(2, _RATE),
        simulate=simulate,
        resolution=1.0,
        kind="level",
        sizes={"first": _described(0), "second": _described(1)},
        model=[law(2), law(6)],
        id="memorization-false-names",
    )


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
