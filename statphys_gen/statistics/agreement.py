"""Agreement of theory and simulation: one check per prediction, one verdict each, one error rate per report.

The rule
--------
A check compares a prediction with an independent :class:`~statphys_gen.statistics.Estimate`:

1. t = (simulation - theory) / standard error, judged by Student's law with the degrees of freedom of that
   standard error, two-sided. An estimate with k components counts as one check with p-value min(1, k min_i
   p_i) (Bonferroni); that is valid for components correlated in any way, hence needs no covariance.
2. Holm's procedure over all judged checks keeps the probability of *any* false alarm in the whole report at
   ``FAMILY_WISE_RATE``, whatever the dependence between checks. What it rejects *disagrees*.
3. A check that could not have seen an error is worth nothing. With m judged checks the level of a component
   is never stricter than FAMILY_WISE_RATE / (m k); the *detectable* error is the one that is rejected at that
   level with probability ``POWER`` (noncentral t, the standard error taken as measured). If it exceeds the
   declared resolution, the check is *inconclusive*.
4. Each check is judged a second time with the theory shifted by twice its resolution, one component at a
   time, with both signs. If one of these wrong theories is not rejected, the check is *insensitive*: far too
   noisy.

Only *agrees* passes. A check that raised one of this package's exceptions has *failed*. Checks with
``judged=False`` are *reported*: their deviation is shown, and why it is not judged; they take no part in
Holm's procedure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from .. import validation
from ..approximation import Approximation
from ..errors import InvalidArgument, StatphysError
from .estimate import Estimate
from .multiple import holm
from .streams import seed_sequence

FAMILY_WISE_RATE = 0.01
POWER = 0.9
COARSEST_RESOLUTION = {"general": 0.02, "eigenvalue": 0.05, "capacity": 0.05}

Kind = Literal["general", "eigenvalue", "capacity"]
Verdict = Literal["agrees", "disagrees", "inconclusive", "insensitive", "failed", "reported"]
Scale = ArrayLike | Callable[[NDArray[np.float64]], ArrayLike]


@dataclass(frozen=True)
class Check:
    """One prediction and the simulation that tests it.

    Attributes
    ----------
    name : how the report shows it, unique there.
    prediction : one line saying what is predicted.
    approximation : how exact the prediction is.
    theory : returns the predicted number or array.
    simulate : called with :attr:`seed`, returns an Estimate of the theory's shape; its errors are over
        independent samples.
    resolution : error relative to ``scale`` that the check detects with 90 % power; at most 0.02, or 0.05
        where ``kind`` is "eigenvalue" or "capacity".
    kind : what is predicted; decides the coarsest resolution allowed.
    scale : what the resolution is relative to: a number, an array of the theory's shape, or a function of the
        theory (``lambda p: p - 0.5`` for the excess of a probability above chance). Default: the absolute
        value of the theory.
    sizes : the sizes of the simulation, for the report.
    judged : False where the theory is known not to hold exactly; ``reason`` then says why.
    reason : why the deviation is reported and not judged.
    id : unique in all reports and for ever; the simulation's seed derives from it. Default: the name in lower case with
        hyphens. A check whose name is changed keeps its id.
    """

    name: str
    prediction: str
    approximation: str | Approximation
    theory: Callable[[], ArrayLike]
    simulate: Callable[[int], Estimate]
    resolution: float
    kind: Kind = "general"
    scale: Scale | None = None
    sizes: str | Mapping[str, Any] = field(default_factory=dict)
    judged: bool = True
    reason: str = ""
    id: str = ""

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
        if self.judged and self.reason:
            raise InvalidArgument("reason", self.reason, "empty for a check that is judged")
        if not self.judged and not self.reason.strip():
            raise InvalidArgument("reason", self.reason, "given for a check that is not judged")
        if not self.id:
            object.__setattr__(self, "id", _slug(self.name))
        elif self.id != _slug(self.id):
            raise InvalidArgument(
                "id", self.id, "of lower-case letters and digits with single hyphens between"
            )

    @property
    def seed(self) -> int:
        """Determined by the id alone, so that nobody can choose a seed for which a check passes."""
        return int(seed_sequence(0, {"check": self.id}).generate_state(1)[0])

    def run(self) -> CheckResult:
        """Compute the theory and simulate; this package's exceptions are recorded, all others are raised."""
        try:
            theory = validation.array("theory", self.theory())
            return CheckResult(self, theory, self.simulate(self.seed))
        except StatphysError as error:
            return CheckResult(self, None, None, f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class CheckResult:
    """A check with the numbers it produced, or with the message of the exception that it raised.

    ``scale`` is what the resolution is relative to, of the theory's shape.
    """

    check: Check
    theory: NDArray[np.float64] | None
    estimate: Estimate | None
    error: str = ""
    scale: NDArray[np.float64] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.error:
            return
        if self.theory is None or self.estimate is None:
            raise InvalidArgument("error", self.error, "given where theory or estimate is missing")
        theory = validation.array("theory", self.theory)
        if theory.shape != self.estimate.shape:
            raise InvalidArgument("theory", theory, f"of the estimate's shape {self.estimate.shape}")
        given = self.check.scale
        if given is None:
            given = np.abs(theory)
        scale = validation.array("scale", given(theory) if callable(given) else given, above=0.0)
        if scale.shape not in ((), theory.shape):
            raise InvalidArgument("scale", scale, f"a number or of the theory's shape {theory.shape}")
        object.__setattr__(self, "theory", theory)
        object.__setattr__(self, "scale", np.broadcast_to(scale, theory.shape))


@dataclass(frozen=True)
class Agreement:
    """The judgement of one check. Numbers that do not exist for its verdict are None.

    Attributes
    ----------
    result : the check and its numbers.
    verdict : one word, see the module.
    t : deviation in standard errors, of the estimate's shape.
    p_value : two-sided, for the check as a whole.
    adjusted_p_value : after Holm; the check disagrees when it is at most the family-wise rate.
    detectable : smallest relative error that the check detects with 90 % power (its worst component).
    note : one line of explanation where the verdict needs one.
    """

    result: CheckResult
    verdict: Verdict
    t: NDArray[np.float64] | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    detectable: float | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict in ("agrees", "reported")

    def record(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and None, valid in JSON."""
        check, estimate = self.result.check, self.result.estimate
        return {
            "id": check.id,
            "name": check.name,
            "prediction": check.prediction,
            "approximation": str(check.approximation),
            "kind": check.kind,
            "theory": _plain(self.result.theory),
            "value": _plain(estimate and estimate.mean),
            "standard_error": _plain(estimate and estimate.standard_error),
            "degrees_of_freedom": _plain(estimate and estimate.degrees_of_freedom),
            "t": _plain(self.t),
            "p_value": self.p_value,
            "adjusted_p_value": self.adjusted_p_value,
            "resolution": check.resolution,
            "scale": _plain(self.result.scale),
            "detectable": self.detectable,
            "sizes": check.sizes if isinstance(check.sizes, str) else _plain(check.sizes),
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
    def passed(self) -> bool:
        """Every check agrees; reported deviations do not count."""
        return all(agreement.passed for agreement in self.agreements)

    def records(self) -> list[dict[str, Any]]:
        return [agreement.record() for agreement in self.agreements]

    def __str__(self) -> str:
        verdicts = [agreement.verdict for agreement in self.agreements]
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts))
        outcome = "passed" if self.passed else "FAILED"
        return "\n".join([*map(str, self.agreements), f"{outcome}: {counts}"])


def run_checks(checks: Iterable[Check], *, progress: bool = False) -> list[CheckResult]:
    """Run the checks one after the other."""
    from tqdm import tqdm

    return [check.run() for check in tqdm(list(checks), disable=None if progress else True)]


def judge(results: Iterable[CheckResult]) -> Report:
    """Judge a family of checks together, by the rule of this module."""
    results = tuple(results)
    names = [result.check.name for result in results]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if not results:
        raise InvalidArgument("results", results, "at least one check")
    if repeated:
        raise InvalidArgument(
            "results", repeated[0], "checks with distinct names (the seed derives from the name)"
        )
    judged = sum(result.check.judged for result in results)
    deviations = [_Deviation.of(result, judged) for result in results]
    adjusted = iter(
        holm([deviation.p_value for deviation in deviations if deviation.result.check.judged]).tolist()
    )
    return Report(tuple(d.verdict(next(adjusted) if d.result.check.judged else None) for d in deviations))


@lru_cache(maxsize=4096)
def detectable_shift(degrees_of_freedom: float, level: float, power: float = POWER) -> float:
    """Shift, in standard errors, that a two-sided t-test at this level rejects with this power.

    The noncentrality nc with P(T' > t_c) = power, T' noncentral t and t_c the critical value; rejection on
    the wrong side is neglected (its probability is below the level).
    """
    critical = -special.stdtrit(degrees_of_freedom, level / 2)
    return float(special.nctdtrinc(degrees_of_freedom, 1 - power, critical))


def two_sided_p_value(t: ArrayLike, degrees_of_freedom: ArrayLike) -> NDArray[np.float64]:
    """P(|T| >= |t|) for Student's law; accurate in the far tail."""
    return 2.0 * special.stdtr(degrees_of_freedom, -np.abs(t))


@dataclass(frozen=True)
class _Deviation:
    """Deviation of one check, before the family is known to Holm's procedure."""

    result: CheckResult
    t: NDArray[np.float64] | None
    p_value: float
    detectable: float | None
    rejects_shifted: bool
    note: str = ""

    @classmethod
    def of(cls, result: CheckResult, judged: int) -> _Deviation:
        if result.error:
            return cls(result, None, 1.0, None, False, result.error)
        assert result.theory is not None
        assert result.estimate is not None
        assert result.scale is not None
        error, freedom = result.estimate.standard_error, result.estimate.degrees_of_freedom
        if not (error > 4 * np.finfo(float).eps * np.abs(result.estimate.mean)).all():
            return cls(result, None, 1.0, None, False, "the samples do not vary: no error bar")
        deviation = result.estimate.mean - result.theory
        t = deviation / error
        level = FAMILY_WISE_RATE / (max(judged, 1) * t.size)
        shift = result.scale / error
        in_errors = [detectable_shift(nu, level) for nu in freedom.ravel().tolist()]
        detectable = float((np.reshape(in_errors, t.shape) / shift).max())
        shifted = t + np.multiply.outer([-2.0, 2.0], result.check.resolution * shift)
        rejects = bool((two_sided_p_value(shifted, freedom) <= level).all())
        p_value = min(1.0, t.size * float(two_sided_p_value(t, freedom).min()))
        return cls(result, t, p_value, detectable, rejects)

    def verdict(self, adjusted: float | None) -> Agreement:
        check = self.result.check
        verdict: Verdict
        note = self.note
        if self.result.error:
            verdict = "failed"
        elif adjusted is None:
            verdict, note = "reported", check.reason
        elif self.t is None:
            verdict = "inconclusive"
        elif adjusted <= FAMILY_WISE_RATE:
            verdict = "disagrees"
        elif not self.rejects_shifted:
            verdict, note = "insensitive", f"would accept a theory off by {2 * check.resolution:.2g}"
        elif self.detectable is None or self.detectable > check.resolution:
            verdict, note = (
                "inconclusive",
                f"detects {self.detectable:.2g} at best, resolution {check.resolution:.2g}",
            )
        else:
            verdict = "agrees"
        measured = self.t is not None
        return Agreement(
            self.result,
            verdict,
            self.t,
            self.p_value if measured else None,
            adjusted if measured else None,
            self.detectable,
            note,
        )


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
