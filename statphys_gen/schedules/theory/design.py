r"""The designer: a grid of noise levels for a mixture, with exact errors beside those of the usual grids.

J = (error of the weight/tolerance)^2 + sum_i w_i (log ratio_i)^2/tolerance^2, sum_i w_i = 1. To leading order in the
steps
the best density of steps per log S is

    density^2 = |eps_w| |e_w|/tolerance_w^2 + sum_i w_i eps_i u_i (1 - u_i)/tolerance_d^2

with eps the errors that it leaves: a fixed point. Grids of this density from several S_0 are evaluated exactly, those
of
first-order solvers are polished by descent on J, and the best is kept, or a usual grid where that has a lower J.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...numerics.grids import equidistribute
from ...statistics.estimate import Estimate
from ..model import NoiseGrid, Scheme, TwoClasses, noise_grid
from .common_covariance import ClassSpectrum, generated_weights, log_ratios, shares_of_data
from .designed import Alternative, DesignedSchedule, Errors
from .error_density import spectrum_of, total_weight_density
from .isotropic_map import generated_weight
from .start import share_of_data, start_error_of
from .steps import Tolerances, WeightMap, detail_objective

_SOURCE = "derivations/schedules/design.py"
_STARTS = (2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
_SPACING = 0.01
_ROUNDS = 20
_MOST_DESIGNED = 200
_MOST_POLISHED = 100
_POLISH = 300
_FLOW_END, _FLOW_SPACING, _FLOW_STEPS = 0.1, 0.13, 100
_USUAL = ("karras", "log-uniform", "flow-uniform")

Law = GaussianMixture | TwoClasses | ClassSpectrum


@dataclass(frozen=True)
class Problem:
    """What a grid is judged by.

    Attributes
    ----------
    spectrum : of the data.
    classes : the two isotropic classes that it stands for, if it does: the class is then the sign of m.x.
    tolerances : of the weight and of the details.
    shares : (U,) w_i of the eigenvalues; all 0 where there are no details.
    seed : of averages over starts.
    """

    spectrum: ClassSpectrum
    classes: TwoClasses | None
    tolerances: Tolerances
    shares: FloatArray
    seed: int

    @property
    def separated(self) -> bool:
        """Whether there are classes to tell apart."""
        return self.spectrum.classes > 1 and self.spectrum.separates()

    @property
    def weighted(self) -> FloatArray:
        """Eigenvalues of details that count."""
        return self.spectrum.eigenvalues[self.shares > 0.0]

    @property
    def length(self) -> float:
        """The largest scale of the data: half a distance of class means, or the largest standard deviation."""
        s = self.spectrum
        halves = [float(s.half_difference(a, b).sum()) for a in range(s.classes) for b in range(a)]
        return math.sqrt(max([*halves, float(s.eigenvalues[-1])]))

    def effective(self, a: int = 0, b: int = 1) -> TwoClasses:
        """Two of the classes as if alone, on the line through both means, with the variance along it."""
        s = self.spectrum
        squares, p = s.half_difference(a, b), float(s.weights[a] / (s.weights[a] + s.weights[b]))
        variance = float(squares @ s.eigenvalues / squares.sum())
        return TwoClasses(1, math.sqrt(float(squares.sum())), variance, p)

    def pairs(self) -> list[tuple[int, int, TwoClasses]]:
        """Pairs of classes of different means, each as if alone."""
        if self.classes is not None:
            return [(0, 1, self.classes)]
        s = self.spectrum
        both = [(a, b) for b in range(s.classes) for a in range(b) if s.half_difference(a, b).sum() > 0.0]
        return [(a, b, self.effective(a, b)) for a, b in both]

    def details(self, grid: NoiseGrid) -> float | None:
        """Root mean square log ratio of the details that count."""
        if not len(self.weighted):
            return None
        ratios = log_ratios(self.weighted, grid)
        return math.sqrt(float(self.shares[self.shares > 0.0] @ ratios**2))

    def errors(self, grid: NoiseGrid, *, exact: bool = True) -> Errors:
        """Of a grid; with ``exact`` False by the line through both means, where there are two classes."""
        detail = self.details(grid)
        objective = 0.0 if detail is None else (detail / self.tolerances.detail) ** 2
        if not self.separated:
            return Errors(None, None, None, None, detail, objective, (), 0.0)
        weights, misses, spread = self._weights(grid, exact)
        worst = float(misses[0] if len(misses) == 2 else misses[np.abs(misses).argmax()])
        objective += (worst / self.tolerances.weight) ** 2
        begin = self.start_error(grid) if len(weights) == 2 else None
        shown = tuple(weights.tolist()) if len(weights) > 2 else ()
        return Errors(float(weights[0]), worst, begin, spread, detail, objective, shown, spread)

    @cached_property
    def truth(self) -> Estimate:
        """(C,) shares of the data on the sides of the classes, which differ from the weights where they overlap."""
        return shares_of_data(self.spectrum, seed=self.seed)

    def _weights(self, grid: NoiseGrid, exact: bool) -> tuple[FloatArray, FloatArray, float]:
        """Generated weights, their errors and the standard error of these."""
        classes = self.classes
        if classes is None and not exact and self.spectrum.classes == 2 and grid.start == "mean":
            classes = self.effective()
        if classes is not None:
            found = generated_weight(classes, grid)
            miss = found.weight_error
            # From the error, which keeps its digits.
            weight = share_of_data(classes) + miss
            return np.array([weight, 1.0 - weight]), np.array([miss, -miss]), 0.0
        estimate, truth = generated_weights(self.spectrum, grid, seed=self.seed), self.truth
        spread = math.hypot(float(estimate.standard_error[0]), float(truth.standard_error[0]))
        return estimate.mean, estimate.mean - truth.mean, spread

    def with_start_error(self, errors: Errors, grid: NoiseGrid) -> Errors:
        """The same, where there are more than two classes with the start error of that of the largest error."""
        if not errors.weights:
            return errors
        worst = int(np.abs(np.array(errors.weights) - self.truth.mean).argmax())
        return errors._replace(start_error=self.start_error(grid, worst))

    def start_error(self, grid: NoiseGrid, own: int = 0) -> float:
        """Of one class. Two classes are seen along the direction that tells them apart at the start.

        The flow of more classes keeps the quantiles of no direction: it is run by many steps of Heun's rule, and the
        error has the standard error of the weights.
        """
        if math.isinf(grid.levels[0]):
            return 0.0
        if self.spectrum.classes != 2:
            flow = self._flow(grid)
            return float(
                generated_weights(self.spectrum, flow, seed=self.seed).mean[own] - self.truth.mean[own]
            )
        s, level = self.spectrum, grid.levels[0]
        spread = level**2 + s.eigenvalues
        gram = s.products
        middle = 0.25 * (gram[:, 0, 0] - gram[:, 1, 1])  # (half difference).(midpoint)
        if s.origin is not None:
            middle = middle + 0.5 * (s.origin[:, 0] - s.origin[:, 1])
        squares = s.half_difference()
        signal = float((squares / spread).sum())
        width = level * math.sqrt(float((squares / spread**2).sum()))
        p = float(s.weights[0])
        mean = 2.0 * p - 1.0 if grid.start == "mean" else 0.0
        if grid.start == "zero" and self.classes is None:
            mean = -float((middle / spread).sum()) / signal
        share = float(self.truth.mean[0]) if self.classes is None else share_of_data(self.classes)
        return start_error_of(p, signal, mean, signal / width, share)

    def _flow(self, grid: NoiseGrid) -> NoiseGrid:
        """Steps from the same start, so many that they leave hardly an error."""
        smallest = _FLOW_END * math.sqrt(float(self.spectrum.eigenvalues[0]))
        first = grid.levels[0]
        last = min(smallest, 0.5 * first)
        count = min(_FLOW_STEPS, math.ceil(math.log(first / last) / _FLOW_SPACING))
        return NoiseGrid((*np.geomspace(first, last, count + 1).tolist(), 0.0), "heun", grid.start)


def problem_of(
    law: Law,
    *,
    weight_tolerance: float = 0.01,
    detail_tolerance: float = 0.05,
    detail_weighting: str = "variance",
    detail_floor: float = 0.02,
    seed: int = 0,
) -> Problem:
    """What a grid for this law is judged by; arguments as in :func:`design_schedule`."""
    tolerances = Tolerances(
        validation.positive("weight_tolerance", weight_tolerance),
        validation.positive("detail_tolerance", detail_tolerance),
    )
    validation.choice("detail_weighting", detail_weighting, ("variance", "uniform"))
    floor = validation.inside("detail_floor", detail_floor, 0.0, 1.0, closed=True)
    classes = law if isinstance(law, TwoClasses) else None
    spectrum = spectrum_of(law) if isinstance(law, TwoClasses) else law
    spectrum = spectrum if isinstance(spectrum, ClassSpectrum) else ClassSpectrum.of(spectrum)
    if classes is None:
        spectrum.require_positive()
    values = spectrum.eigenvalues
    if detail_weighting == "variance":
        shares = values * spectrum.multiplicities
    else:
        shares = np.where((values > 0.0) & (values >= floor**2 * values[-1]), spectrum.multiplicities, 0.0)
    total = float(shares.sum())
    number = validation.integer("seed", seed, minimum=0)
    return Problem(spectrum, classes, tolerances, shares / total if total else shares, number)


@states(
    "exact",
    "for classes with a common covariance; the grid itself is the best that was found",
    source=_SOURCE,
    verification="derived and simulated",
)
def design_schedule(
    law: Law,
    steps: int | None = None,
    *,
    scheme: Scheme = "ddim",
    weight_tolerance: float = 0.01,
    detail_tolerance: float = 0.05,
    detail_weighting: str = "variance",
    detail_floor: float = 0.02,
    noise_level_range: tuple[float, float] | None = None,
    from_infinity: bool = False,
    seed: int = 0,
) -> DesignedSchedule:
    """A grid of noise levels with a small error of weight and details, and the usual grids beside it.

    Parameters
    ----------
    law : a mixture, two isotropic classes, or a spectrum.
    steps : K from 1 to 200; None for the smallest that keeps both tolerances.
    scheme : solver that will run the grid. Grids of first-order solvers are polished; of more than two classes only the
        best one, on the errors of their pairs.
    weight_tolerance, detail_tolerance : errors of the weight, and root mean square of the log ratio of details, that
    count
        as 1 in J.
    detail_weighting : "variance": each direction counts by its variance; "uniform": all whose standard deviation is at
        least ``detail_floor`` times the largest.
    noise_level_range : within which all levels but the last lie.
    from_infinity : whether the sampler starts from pure noise, whose first step goes to the data mean.
    seed : of averages over starts.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    problem = problem_of(
        law,
        weight_tolerance=weight_tolerance,
        detail_tolerance=detail_tolerance,
        detail_weighting=detail_weighting,
        detail_floor=detail_floor,
        seed=seed,
    )
    designer = _Designer(problem, scheme, noise_level_range, from_infinity)
    if steps is None:
        found = designer.smallest()
    else:
        found = designer.finished(validation.integer("steps", steps, minimum=1, maximum=_MOST_DESIGNED))
    return replace(found, errors=problem.with_start_error(found.errors, found.grid))


class _Designer:
    def __init__(
        self,
        problem: Problem,
        scheme: Scheme,
        bounds: tuple[float, float] | None,
        from_infinity: bool,
    ) -> None:
        validation.choice("scheme", scheme, ("ddim", "heun", "dpmpp-2m"))
        self.problem, self.scheme, self.from_infinity = problem, scheme, from_infinity
        if bounds is not None:
            low, high = (validation.positive("noise_level_range", end) for end in bounds)
            if not low < high:
                raise InvalidArgument("noise_level_range", list(bounds), "a lower and a higher noise level")
            bounds = low, high
        self.bounds = bounds
        if not problem.separated and not len(problem.weighted):
            raise InvalidArgument(
                "variance", 0.0, "above 0 where class means do not differ: nothing to design for"
            )

    def grid(self, levels: FloatArray | tuple[float, ...]) -> NoiseGrid:
        """The grid that a sampler runs, of the finite levels above 0."""
        first = (math.inf,) if self.from_infinity else ()
        return NoiseGrid((*first, *(float(level) for level in levels), 0.0), self.scheme, "mean")

    def finished(self, steps: int) -> DesignedSchedule:
        """The best grid of so many steps, with the usual ones."""
        if self.from_infinity and steps < 2:
            raise InvalidArgument("steps", steps, "at least 2 from infinite noise")
        count = steps - self.from_infinity
        levels = self.best(count)
        designed = self.grid(levels)
        errors = self.problem.errors(designed)
        found: list[tuple[str, NoiseGrid, Errors]] = [("designed", designed, errors)]
        for name, grid in self.usual(count, (float(levels[-1]), float(levels[0]))):
            found.append((name, grid, self.problem.errors(grid)))
        chosen, grid, errors = min(found, key=lambda entry: entry[2].objective)
        others = tuple(
            Alternative(name, e.weight_error, e.detail_error, e.objective)
            for name, _, e in found
            if name != chosen
        )
        notes = []
        if chosen != "designed":
            notes.append(f"the usual grid {chosen} has a lower objective than the designed one, and is given")
        if not self.problem.separated:
            notes.append(
                f"no classes to tell apart: details only, decided near S = {self.problem.length:.4g}"
            )
        return DesignedSchedule(grid, chosen, errors, others, tuple(notes))

    def usual(self, count: int, ends: tuple[float, float]) -> list[tuple[str, NoiseGrid]]:
        """Karras', log-uniform and flow-uniform grids over the given range, else that of the designed grid."""
        low, high = self.bounds or ends
        if count > 1 and not low < high:
            return []
        grids = []
        for name in _USUAL:
            levels = noise_grid(name, count, (min(low, 0.5 * high), high)).levels[:-1]
            grids.append((name, self.grid(levels)))
        return grids

    def smallest(self) -> DesignedSchedule:
        """With the fewest steps, at most 200, that keep both tolerances."""

        def keeps(found: DesignedSchedule) -> bool:
            weight, detail = found.errors.weight_error, found.errors.detail_error
            tolerances = self.problem.tolerances
            within = weight is None or abs(weight) <= tolerances.weight
            return within and (detail is None or detail <= tolerances.detail)

        lower, upper = int(self.from_infinity), 4
        best = self.finished(upper)
        while not keeps(best):
            if upper == _MOST_DESIGNED:
                note = f"the tolerances are not kept with {_MOST_DESIGNED} steps, the most that are tried"
                return replace(best, notes=(*best.notes, note))
            lower, upper = upper, min(2 * upper, _MOST_DESIGNED)
            best = self.finished(upper)
        while upper - lower > 1:
            middle = (lower + upper) // 2
            found = self.finished(middle)
            if keeps(found):
                upper, best = middle, found
            else:
                lower = middle
        return best

    def best(self, count: int) -> FloatArray:
        """(count,) finite levels of the lowest J over several S_0, polished where the solver allows."""
        length = self.problem.length
        firsts = [factor * length for factor in _STARTS]
        if self.bounds is not None:
            firsts = list(
                dict.fromkeys(min(max(first, self.bounds[0] * 1.001), self.bounds[1]) for first in firsts)
            )
        found = [self.by_density(count, first) for first in firsts]
        if self.scheme == "ddim" and count <= _MOST_POLISHED:
            # Pairs of more classes are many, and their sum is no exact objective: only the best grid is polished.
            many = self.problem.spectrum.classes > 2
            found += [self.polished(levels) for levels in ([self._lowest(found)] if many else found)]
        return self._lowest(found)

    def _lowest(self, found: list[FloatArray]) -> FloatArray:
        costs = [self.problem.errors(self.grid(levels), exact=False).objective for levels in found]
        return found[int(np.argmin(costs))]

    def by_density(self, count: int, first: float) -> FloatArray:
        """Levels from S_0 whose density is the fixed point."""
        problem = self.problem
        values, shares = problem.weighted, problem.shares[problem.shares > 0.0]
        smallest = 0.5 * math.log(values[0]) if len(values) else math.log(problem.length) - 4.0
        bottom = smallest + math.log(0.02)
        if self.bounds is not None:
            bottom = math.log(self.bounds[0])
        top = math.log(first)
        bottom = min(bottom, top - 1e-6)
        grid = np.linspace(top, bottom, max(1500, math.ceil((top - bottom) / _SPACING)))
        levels = np.exp(grid)
        u = values / (levels[:, None] ** 2 + values)
        details = u * (1.0 - u)
        classes = (
            total_weight_density(levels, problem.spectrum) if problem.separated else np.zeros_like(levels)
        )
        scale = np.concatenate([[1.0 / problem.tolerances.weight**2], shares / problem.tolerances.detail**2])
        features = np.concatenate([classes[:, None], details], axis=1)
        return np.exp(equidistribute(grid, features, scale, count, rounds=_ROUNDS))

    def polished(self, levels: FloatArray) -> FloatArray:
        """Descent on J in log S_0 and the logarithms of the log-steps; the start where it leaves the range.

        More than two classes are taken as pairs, each as if alone, and its error times its share of the data; what the
        exact errors differ from this at the beginning is taken as constant.
        """
        problem = self.problem
        values, shares = problem.weighted, problem.shares[problem.shares > 0.0]
        tolerances = problem.tolerances
        lines = [
            (a, b, WeightMap(line, 2.0 * line.weight - 1.0), share_of_data(line))
            for a, b, line in (problem.pairs() if problem.separated else [])
        ]
        weights = problem.spectrum.weights

        def misses(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
            """(C,) errors of the weights from those of the lines, and their derivatives."""
            total, slopes = np.zeros(len(weights)), np.zeros((len(weights), len(logs)))
            for a, b, line, target in lines:
                found, slope = line(logs)
                share = float(weights[a] + weights[b])
                for own, sign in ((a, share), (b, -share)):
                    total[own] += sign * (found - target)
                    slopes[own] += sign * slope
            return total, slopes

        offset = np.zeros(len(weights))
        if len(weights) > 2 and lines:
            generated = generated_weights(problem.spectrum, self.grid(levels), seed=problem.seed)
            offset = generated.mean - problem.truth.mean - misses(np.log(levels))[0]

        def unpacked(x: FloatArray) -> FloatArray:
            return np.asarray(x[0] - np.concatenate([[0.0], np.cumsum(np.exp(x[1:]))]))

        def objective(x: FloatArray) -> tuple[float, FloatArray]:
            logs = unpacked(x)
            total, gradient = 0.0, np.zeros_like(logs)
            if len(values):
                total, gradient = detail_objective(logs, values, shares)
                total, gradient = total / tolerances.detail**2, gradient / tolerances.detail**2
            miss, slopes = misses(logs)
            miss = miss + offset
            total += 0.5 * float(miss @ miss) / tolerances.weight**2
            gradient = gradient + miss @ slopes / tolerances.weight**2
            later = np.cumsum(gradient[::-1])[::-1]
            return total, np.concatenate([[later[0]], -later[1:] * np.exp(x[1:])])

        start = np.concatenate([[math.log(levels[0])], np.log(-np.diff(np.log(levels)))])
        low, high = np.array(start) - 6.0, np.array(start) + 3.0
        if self.bounds is not None:
            low[0], high[0] = math.log(self.bounds[0]), math.log(self.bounds[1])
        box = list(zip(low, high, strict=True))
        found = minimize(
            objective, start, jac=True, method="L-BFGS-B", bounds=box, options={"maxiter": _POLISH}
        )
        result = np.exp(unpacked(found.x))
        usable = np.isfinite(result).all() and (np.diff(result) < 0.0).all() and result[-1] > 0.0
        if not usable or (self.bounds is not None and result[-1] < self.bounds[0]):
            return levels
        return np.asarray(result)
