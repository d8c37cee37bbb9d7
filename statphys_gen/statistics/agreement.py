"""Agreement of theory and simulation: one check per prediction, one verdict each, one error rate per page.

The rule
--------
A check compares a prediction with an independent :class:`~statphys_gen.statistics.Estimate`:

1. t = (simulation - theory) / standard error, judged by Student's law with the degrees of freedom of that
   standard error, two-sided. Claims about how often something happens at most (false alarms at a level, misses of
   an interval, violations of a bound) are judged by the exact binomial law, one-sided. An estimate with k
   components counts as one check with p-value min(1, k min_i p_i) (Bonferroni); that is valid for components
   correlated in any way, hence needs no covariance.
2. Holm's procedure over all judged checks of the page keeps the probability of *any* false alarm at
   ``FAMILY_WISE_RATE``, whatever the dependence between checks. What it rejects *disagrees*.
3. A check that could not have seen an error is worth nothing. With m judged checks the level of a component
   is never stricter than FAMILY_WISE_RATE / (m k); the *detectable* error is the one that is rejected at that
   level with probability ``POWER`` (noncentral t with the actual degrees of freedom, the standard error taken as
   measured; exact for events). If it exceeds the declared resolution, the check is *inconclusive*.
4. Each check is judged a second time with the theory shifted by twice its resolution, one component at a
   time, with both signs; of events, with their probability raised by the resolution (doubled, where it is 1). If
   one of these is not rejected, the check is *insensitive*: far too noisy.
5. A limit that was extrapolated carries the p-value of its fit. Below ``FIT_LEVEL`` (Bonferroni over the
   components) the limit means nothing, and the check is *inconclusive*.

Only *agrees* passes. A check that raised one of this package's exceptions has *failed*. Checks with
``judged=False`` are *reported*: the theory is known not to hold there, and why. They take no part in Holm's procedure,
but state the ``bound`` of the deviation that is expected, and are *beyond bound* where the measured one is larger (a
theory that is off by a further twice the bound always is).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import Approximation, approximation_of
from ..errors import InvalidArgument, StatphysError
from .estimate import Estimate
from .extrapolation import Extrapolated, componentwise_limit, noted_extrapolations
from .multiple import holm
from .power import POWER, detectable_probability, detectable_shift, events_p_value, two_sided_p_value
from .streams import seed_sequence

FAMILY_WISE_RATE = 0.01
FIT_LEVEL = 1e-3

Kind = Literal["general", "eigenvalue", "capacity", "spread", "standard error", "level", "coverage", "bound"]
Verdict = Literal["agrees", "disagrees", "inconclusive", "insensitive", "failed", "reported", "beyond bound"]
Scale = ArrayLike | Callable[[NDArray[np.float64]], ArrayLike]

COARSEST_RESOLUTION: Mapping[str, float] = {
    "general": 0.02,
    "eigenvalue": 0.05,
    "capacity": 0.05,
    "spread": 0.1,
    "standard error": 0.5,
    "level": 1.0,
    "coverage": 1.0,
    "bound": 1.0,
}
EVENTS = ("level", "coverage", "bound")


@dataclass(frozen=True)
class Check:
    """One prediction and the simulation that tests it.

    Attributes
    ----------
    name : how the report shows it, unique there.
    prediction : one line saying what is predicted.
    approximation : how exact the prediction is.
    theory : returns the predicted number or array; as an Estimate where it is an average itself, whose error is then
        added to that of the simulation.
    simulate : called with :attr:`seed`, returns an Estimate of the theory's shape; its errors are over
        independent samples.
    resolution : error relative to ``scale`` that the check detects with 90 % power; at most 0.02, or what ``kind``
        allows.
    kind : what is predicted. "general"; "eigenvalue" or "capacity" (resolution at most 0.05); "spread", a standard
        deviation or width (0.1); "standard error", one that is stated against the scatter over seeds (0.5). Three kinds
        claim how often something happens, and are judged by counting: "level", the theory is the largest probability
        of the event, such as a false alarm; "bound", the same of the violation of a bound; "coverage", the theory is
        the smallest probability of the event, such as the truth lying in an interval, and the misses are counted.
        There the simulation returns :func:`~statphys_gen.statistics.estimate_proportion` of independent trials (or
        ``Estimate.from_samples`` of zeros and ones), and the resolution, at most 1, is relative to the probability of
        the event (of the miss).
    scale : what the resolution is relative to: a number, an array of the theory's shape, or a function of the
        theory (``lambda p: p - 0.5`` for the excess of a probability above chance). Default: the absolute
        value of the theory.
    sizes : the sizes of the simulation, for the report.
    model : what is studied, as a whole (a model, a law, a list of them), where ``sizes`` do not define it.
    over_sizes : where the theory holds up to terms of order 1/size, those sizes: theory and simulation give one row
        for each, and what is judged is the limit of their difference, whose prediction is 0.
    judged : False where the theory is known not to hold exactly; ``reason`` then says why.
    reason : why the deviation is reported and not judged.
    bound : of a check that is not judged, the largest deviation relative to ``scale`` that is expected.
    tests : public predictions that the check tests, beside the one whose ``approximation`` it states.
    id : unique in all reports and for ever; the simulation's seed derives from it. Default: the name in lower case with
        hyphens. A check whose name is changed keeps its id.
    """

    name: str
    prediction: str
    approximation: str | Approximation
    theory: Callable[[], ArrayLike | Estimate]
    simulate: Callable[[int], Estimate]
    resolution: float
    kind: Kind = "general"
    scale: Scale | None = None
    sizes: str | Mapping[str, Any] = field(default_factory=dict)
    judged: bool = True
    reason: str = ""
    id: str = ""
    bound: float | None = None
    model: Any = None
    over_sizes: Sequence[float] = ()
    tests: tuple[Callable[..., object], ...] = ()

    def __post_init__(self) -> None:
        for argument in ("name", "prediction"):
            text = getattr(self, argument)
            if not isinstance(text, str) or not text.strip() or "\n" in text:
                raise InvalidArgument(argument, text, "one line of text")
        validation.choice("kind", self.kind, tuple(COARSEST_RESOLUTION))
        resolution = validation.positive("resolution", self.resolution)
        coarsest = COARSEST_RESOLUTION[self.kind]
        if resolution > coarsest:
            raise InvalidArgument("resolution", resolution, f"at most {coarsest:g} for kind {self.kind!r}")
        if self.kind in EVENTS and self.scale is not None:
            raise InvalidArgument("scale", self.scale, f"left out for kind {self.kind!r}")
        if self.judged and self.reason:
            raise InvalidArgument("reason", self.reason, "empty for a check that is judged")
        if not self.judged and not self.reason.strip():
            raise InvalidArgument("reason", self.reason, "given for a check that is not judged")
        if self.bound is not None and self.judged:
            raise InvalidArgument("bound", self.bound, "left out for a check that is judged")
        if self.bound is not None:
            validation.positive("bound", self.bound)
        for function in self.tests:
            approximation_of(function)
        if not self.id:
            object.__setattr__(self, "id", _slug(self.name))
        elif self.id != _slug(self.id):
            raise InvalidArgument(
                "id", self.id, "of lower-case letters and digits with single hyphens between"
            )

    @property
    def seed(self) -> int:
        """Determined by the id alone, so that nobody can choose a seed for which a check passes."""
        return int(seed_sequence(0, {"check": self.id}).generate_state(1).item())

    @property
    def pilot_seed(self) -> int:
        """Of a pilot, whose draws are independent of those that are judged."""
        return int(seed_sequence(0, {"pilot of the check": self.id}).generate_state(1).item())

    @property
    def tested(self) -> tuple[Callable[..., object], ...]:
        """The public predictions that this check tests."""
        stated = getattr(self.approximation, "prediction", None)
        return tuple(dict.fromkeys([*([] if stated is None else [stated]), *self.tests]))

    def run(self, *, pilot: bool = False) -> CheckResult:
        """Compute the theory and simulate; this package's exceptions are recorded, all others are raised."""
        try:
            predicted = self.theory()
            mean = predicted.mean if isinstance(predicted, Estimate) else predicted
            theory = validation.array("theory", mean)
            with noted_extrapolations() as fits:
                found = self.simulate(self.pilot_seed if pilot else self.seed)
                if isinstance(predicted, Estimate):
                    found = found.with_error_of(predicted)
                if self.over_sizes:
                    rows = [_difference(found[k], theory[k]) for k in range(len(self.over_sizes))]
                    found, theory = componentwise_limit(self.over_sizes, rows), np.zeros(theory.shape[1:])
            return CheckResult(self, theory, found, at_sizes=_at_sizes(found, fits))
        except StatphysError as error:
            return CheckResult(self, None, None, f"{type(error).__name__}: {error}")


class AtSize(NamedTuple):
    """What a component was at one of the sizes from which it was extrapolated, linearly in size^(-exponent)."""

    component: int
    exponent: float
    size: float
    value: float
    standard_error: float
    degrees_of_freedom: float


@dataclass(frozen=True)
class CheckResult:
    """A check with the numbers it produced, or with the message of the exception that it raised.

    ``scale`` is what the resolution is relative to, of the theory's shape; by default what the check says.
    ``at_sizes`` are the values of those components that are limits, of which nothing is judged.
    """

    check: Check
    theory: NDArray[np.float64] | None
    estimate: Estimate | None
    error: str = ""
    scale: NDArray[np.float64] | None = None
    at_sizes: tuple[AtSize, ...] = ()

    def __post_init__(self) -> None:
        if self.error:
            return
        if self.theory is None or self.estimate is None:
            raise InvalidArgument("error", self.error, "given where theory or estimate is missing")
        theory = validation.array("theory", self.theory)
        if theory.shape != self.estimate.shape:
            raise InvalidArgument("theory", theory, f"of the estimate's shape {self.estimate.shape}")
        given: Any = self.check.scale if self.scale is None else self.scale
        if self.check.kind in EVENTS:
            given = _claimed(self.check, theory)
            _counts(self.check, self.estimate)
        elif given is None:
            given = np.abs(theory)
        scale = validation.array("scale", given(theory) if callable(given) else given, above=0.0)
        if scale.shape not in ((), theory.shape):
            raise InvalidArgument("scale", scale, f"a number or of the theory's shape {theory.shape}")
        object.__setattr__(self, "theory", theory)
        object.__setattr__(self, "scale", np.broadcast_to(scale, theory.shape))


def _difference(found: Estimate, theory: NDArray[np.float64]) -> Estimate:
    return Estimate(found.mean - theory, found.standard_error, found.degrees_of_freedom, found.fit_p_value)


def _at_sizes(found: Estimate, fits: Sequence[Extrapolated]) -> tuple[AtSize, ...]:
    """The values at the sizes for every component that is a limit as it was extrapolated, known by all its bits."""
    of_limit = {float(fit.limit.mean): fit for fit in reversed(fits)}
    return tuple(
        AtSize(component, fit.exponent, *map(float, row))
        for component, mean in enumerate(found.mean.ravel().tolist())
        if (fit := of_limit.get(mean)) is not None
        for row in zip(
            fit.sizes,
            fit.values.mean,
            fit.values.standard_error,
            fit.values.degrees_of_freedom,
            strict=True,
        )
    )


def _claimed(check: Check, theory: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest probability that is claimed for the event, of a coverage for the miss."""
    level = 1.0 - theory if check.kind == "coverage" else theory
    if not ((level > 0.0) & (level < 0.5)).all():
        allowed = "between 0.5 and 1" if check.kind == "coverage" else "between 0 and 0.5"
        raise InvalidArgument("theory", theory, f"{allowed} for kind {check.kind!r}")
    return level


def _counts(check: Check, estimate: Estimate) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Events (of a coverage the misses) and trials, from the estimate of a proportion."""
    trials = np.round(estimate.degrees_of_freedom + 1.0)
    events = np.round(estimate.mean * trials)
    if not np.allclose(events / trials, estimate.mean, rtol=1e-9, atol=1e-12):
        allowed = f"a share of independent trials for kind {check.kind!r}, as estimate_proportion returns it"
        raise InvalidArgument("estimate", estimate.mean, allowed)
    return (trials - events if check.kind == "coverage" else events), trials


@dataclass(frozen=True)
class Agreement:
    """The judgement of one check. Numbers that do not exist for its verdict are None.

    Attributes
    ----------
    result : the check and its numbers.
    verdict : one word, see the module.
    t : deviation in standard errors, of the estimate's shape; of events, in those of the claimed probability.
    deviation : largest deviation relative to the scale.
    p_value : for the check as a whole.
    adjusted_p_value : after Holm; the check disagrees when it is at most the family-wise rate.
    detectable : smallest relative error that the check detects with 90 % power (its worst component).
    note : one line of explanation where the verdict needs one.
    """

    result: CheckResult
    verdict: Verdict
    t: NDArray[np.float64] | None = None
    deviation: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    detectable: float | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """A judged check agrees; one that is reported cannot pass."""
        return self.verdict == "agrees"

    @property
    def failed(self) -> bool:
        return self.verdict not in ("agrees", "reported")

    def record(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and None, valid in JSON."""
        check, estimate = self.result.check, self.result.estimate
        return {
            "id": check.id,
            "name": check.name,
            "prediction": check.prediction,
            "approximation": str(check.approximation),
            "kind": check.kind,
            "tests": [getattr(function, "__name__", "") for function in check.tested],
            "judged": check.judged,
            "bound": check.bound,
            "theory": _plain(self.result.theory),
            "value": _plain(estimate and estimate.mean),
            "standard_error": _plain(estimate and estimate.standard_error),
            "degrees_of_freedom": _plain(estimate and estimate.degrees_of_freedom),
            "fit_p_value": _plain(estimate and estimate.fit_p_value),
            "t": _plain(self.t),
            "deviation": self.deviation,
            "p_value": self.p_value,
            "adjusted_p_value": self.adjusted_p_value,
            "resolution": check.resolution,
            "scale": _plain(self.result.scale),
            "detectable": self.detectable,
            "sizes": check.sizes if isinstance(check.sizes, str) else _plain(check.sizes),
            "at_sizes": [list(row) for row in self.result.at_sizes],
            "seed": check.seed,
            "verdict": self.verdict,
            "note": self.note,
        }

    def __str__(self) -> str:
        check, estimate = self.result.check, self.result.estimate
        text = f"{self.verdict:<12}  {check.name}"
        if estimate is not None and self.t is not None:
            worst = tuple(int(i) for i in np.unravel_index(np.argmax(np.abs(self.t)), self.t.shape))
            assert self.result.theory is not None
            freedom = float(estimate.degrees_of_freedom[worst])
            text += f": theory {float(self.result.theory[worst]):.6g}, simulation {estimate[worst]}, "
            text += f"t = {float(self.t[worst]):.2f} ({freedom:.4g} degrees of freedom)"
            text += f", worst of {self.t.size} components" if self.t.size > 1 else ""
        return text + (f"; {self.note}" if self.note else "")


@dataclass(frozen=True)
class Report:
    """All judgements of one family of checks, which share one rate of false alarms."""

    agreements: tuple[Agreement, ...]
    family_wise_rate: float = FAMILY_WISE_RATE

    @property
    def judged(self) -> tuple[Agreement, ...]:
        return tuple(agreement for agreement in self.agreements if agreement.result.check.judged)

    @property
    def passed(self) -> bool:
        """There are judged checks, all of them agree, and no reported deviation is beyond its bound."""
        return bool(self.judged) and not any(agreement.failed for agreement in self.agreements)

    @property
    def without_bound(self) -> tuple[str, ...]:
        """Ids of the reported checks that state no bound, which nothing can fail."""
        checks = [agreement.result.check for agreement in self.agreements]
        return tuple(check.id for check in checks if not check.judged and check.bound is None)

    def records(self) -> list[dict[str, Any]]:
        return [agreement.record() for agreement in self.agreements]

    def __str__(self) -> str:
        verdicts = [agreement.verdict for agreement in self.agreements if not agreement.passed]
        others = "".join(f", {verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts))
        agreeing = sum(agreement.passed for agreement in self.judged)
        outcome = "passed" if self.passed else "FAILED"
        lines = [
            *map(str, self.agreements),
            f"{outcome}: {agreeing} of {len(self.judged)} judged checks agree{others}",
        ]
        if self.without_bound:
            lines.append("reported without bound: " + ", ".join(self.without_bound))
        return "\n".join(lines)


def run_checks(checks: Iterable[Check], *, progress: bool = False) -> list[CheckResult]:
    """Run the checks one after the other."""
    from tqdm import tqdm

    return [check.run() for check in tqdm(list(checks), disable=None if progress else True)]


def judge(results: Iterable[CheckResult]) -> Report:
    """Judge a family of checks together, by the rule of this module.

    A check of the family that was not run takes part as a result with an ``error``: it counts, with p-value 1.
    """
    results = tuple(results)
    ids = [result.check.id for result in results]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if not results:
        raise InvalidArgument("results", results, "at least one check")
    if repeated:
        raise InvalidArgument(
            "results", repeated[0], "checks with distinct ids (the seed derives from the id)"
        )
    judged = max(1, sum(result.check.judged for result in results))
    deviations = [_Deviation.of(result, judged) for result in results]
    of_family = [deviation.p_value for deviation in deviations if deviation.result.check.judged]
    adjusted = iter(holm(of_family).tolist())
    return Report(tuple(d.agreement(next(adjusted) if d.result.check.judged else None) for d in deviations))


class _Measured(NamedTuple):
    """Of each component: t, its p-value, the detectable relative error; whether the planted errors are rejected."""

    t: NDArray[np.float64]
    p_value: NDArray[np.float64]
    detectable: NDArray[np.float64]
    rejects: bool


def _by_student(result: CheckResult, level: float) -> _Measured:
    assert result.theory is not None and result.estimate is not None and result.scale is not None  # noqa: PT018 (no test: tells mypy)
    error, freedom = result.estimate.standard_error, result.estimate.degrees_of_freedom
    t, shift = (result.estimate.mean - result.theory) / error, result.scale / error
    in_errors = [detectable_shift(nu, level, POWER) for nu in freedom.ravel().tolist()]
    shifted = t + np.multiply.outer([-2.0, 2.0], result.check.resolution * shift)
    rejects = bool((two_sided_p_value(shifted, freedom) <= level).all())
    return _Measured(t, two_sided_p_value(t, freedom), np.reshape(in_errors, t.shape) / shift, rejects)


def _by_counting(result: CheckResult, level: float) -> _Measured:
    assert result.theory is not None and result.estimate is not None and result.scale is not None  # noqa: PT018 (no test: tells mypy)
    claimed = result.scale
    events, trials = _counts(result.check, result.estimate)
    t = (events - trials * claimed) / np.sqrt(trials * claimed * (1.0 - claimed))
    pairs = zip(trials.ravel().tolist(), claimed.ravel().tolist(), strict=True)
    found = np.array([detectable_probability(round(n), p, level, POWER) for n, p in pairs])
    planted = np.floor(trials * claimed * (1.0 + result.check.resolution))
    rejects = bool((events_p_value(planted, trials, claimed) <= level).all())
    detectable = found.reshape(t.shape) / claimed - 1.0
    return _Measured(t, events_p_value(events, trials, claimed), detectable, rejects)


@dataclass(frozen=True)
class _Deviation:
    """Deviation of one check, before the family is known to Holm's procedure."""

    result: CheckResult
    measured: _Measured | None = None
    p_value: float = 1.0
    note: str = ""

    @classmethod
    def of(cls, result: CheckResult, judged: int) -> _Deviation:
        if result.error:
            return cls(result, note=result.error)
        estimate = result.estimate
        assert estimate is not None
        level = FAMILY_WISE_RATE / (judged * max(estimate.mean.size, 1))
        if result.check.kind in EVENTS:
            measured = _by_counting(result, level)
        elif (estimate.standard_error > 4 * np.finfo(float).eps * np.abs(estimate.mean)).all():
            measured = _by_student(result, level)
        else:
            return cls(result, note="the samples do not vary: no error bar")
        fit = estimate.mean.size * float(estimate.fit_p_value.min())
        if fit < FIT_LEVEL:
            return cls(result, measured, note=f"the fit does not hold (p = {fit:.1g})")
        return cls(result, measured, min(1.0, estimate.mean.size * float(measured.p_value.min())))

    def agreement(self, adjusted: float | None) -> Agreement:
        """``adjusted`` is Holm's p-value; None for a check that is reported."""
        if self.measured is None:
            verdict: Verdict = "failed" if self.result.error else "inconclusive"
            if not self.result.error and adjusted is None and self.result.check.bound is None:
                verdict = "reported"
            return Agreement(self.result, verdict, note=self.note)
        result = self.result
        assert result.theory is not None and result.estimate is not None  # noqa: PT018 (no test: tells mypy)
        deviation = float(np.max(np.abs(result.estimate.mean - result.theory) / result.scale))
        detectable = float(self.measured.detectable.max())
        verdict, note = self._reported(deviation) if adjusted is None else self._judged(adjusted, detectable)
        return Agreement(
            result, verdict, self.measured.t, deviation, self.p_value, adjusted, detectable, note
        )

    def _judged(self, adjusted: float, detectable: float) -> tuple[Verdict, str]:
        assert self.measured is not None
        resolution = self.result.check.resolution
        if self.note:
            return "inconclusive", self.note
        if adjusted <= FAMILY_WISE_RATE:
            return "disagrees", ""
        if not self.measured.rejects:
            planted = resolution if self.result.check.kind in EVENTS else 2 * resolution
            return "insensitive", f"would accept a theory off by {planted:.2g}"
        if not detectable <= resolution:
            return "inconclusive", f"detects {detectable:.2g} at best, resolution {resolution:.2g}"
        return "agrees", ""

    def _reported(self, deviation: float) -> tuple[Verdict, str]:
        check = self.result.check
        if check.bound is None:
            return "reported", f"{check.reason}; reported without bound"
        if self.note:
            return "inconclusive", self.note
        if deviation > check.bound:
            return "beyond bound", f"off by {deviation:.2g}, bound {check.bound:.2g}; {check.reason}"
        return "reported", check.reason


def _slug(name: str) -> str:
    spoken = name.lower().replace("<", " below ").replace(">", " above ")
    return re.sub(r"[^a-z0-9]+", "-", spoken).strip("-")


def _plain(value: Any) -> Any:
    """Arrays as lists, numpy scalars as numbers, mappings as dicts of plain values; all else as it is."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return value
