"""Theory against simulation for speciation: Gaussian mixtures, Curie-Weiss data and skewed classes.

The simulations draw data, noise and backward runs from their definitions in full dimension. The resolution of a
probability is relative to its excess over what independent classes would give.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ..simulation.backward_kernel import simulate_clones, simulate_u_turn
from ..simulation.langevin import reduced_clones_langevin, simulate_clones_langevin, step_bias
from ..simulation.times import simulate_bimodality_time, simulate_drift, simulate_drift_time

_RESOLUTION = 0.02


def checks() -> list[Check]:
    """Every check of speciation, by name."""
    return [
        *two_class_checks(),
        *label_checks(),
        *many_class_checks(),
        *different_covariance_checks(),
        *langevin_checks(),
        *potential_checks(),
    ]


def above_chance(chance: float) -> Callable[[FloatArray], ArrayLike]:
    return lambda probability: probability - chance


def _by_chance(weights: ArrayLike) -> Callable[[FloatArray], ArrayLike]:
    return above_chance(float((np.asarray(weights) ** 2).sum()))


def _sizes(mixture: GaussianMixture, walkers: int, **others: Any) -> dict[str, Any]:
    return {"dimension": mixture.dimension, "classes": mixture.classes, "walkers": walkers, **others}


# ------------------------------------------------------------------------------------------------ two classes


def _two_classes(
    name: str, prediction: str, mixture: GaussianMixture, time: list[float], walkers: int, **kind: Any
) -> Check:
    """Clones (or ``experiment``) of two classes with a common covariance against the exact function of the signal."""
    from ...data.binary_channel import two_class_agreement
    from ..theory.class_signal import signal

    experiment = kind.get("experiment", simulate_clones)
    return Check(
        name,
        prediction,
        approximation_of(two_class_agreement),
        theory=lambda: two_class_agreement(signal(mixture, time), float(mixture.weights[0])),
        simulate=lambda seed: experiment(mixture, time, walkers=walkers, seed=seed),
        resolution=_RESOLUTION,
        scale=_by_chance(mixture.weights),
        model=mixture,
        sizes=_sizes(mixture, walkers, time=time),
        tests=(signal,),
    )


def two_class_checks() -> list[Check]:
    rng = np.random.default_rng(0)
    direction = rng.standard_normal(24)
    factor = rng.standard_normal((12, 12)) / np.sqrt(12)
    tilted = GaussianMixture(
        [0.4, 0.6],
        np.stack([np.full(12, 0.7), np.linspace(-1.0, 0.3, 12)]),
        [factor @ factor.T + 0.1 * np.eye(12)],
    )
    diagonal = GaussianMixture(
        [0.5, 0.5], np.stack([direction, -direction]) * 0.4, [np.geomspace(0.1, 6.0, 24)]
    )
    clones = "clone agreement of two classes is a function of the signal alone"
    return [
        _two_classes(
            "two classes, d = 1", clones, GaussianMixture.two_classes(1, 3.0, 0.5), [0.7, 1.0, 1.2], 400_000
        ),
        _two_classes(
            "two classes, d = 64, variance 2",
            clones,
            GaussianMixture.two_classes(64, 0.5, 2.0),
            [0.6, 1.0, 1.3],
            300_000,
        ),
        _two_classes(
            "two classes, d = 1024", clones, GaussianMixture.two_classes(1024, 1.0), [3.0, 3.4], 210_000
        ),
        _two_classes(
            "two classes, d = 16384", clones, GaussianMixture.two_classes(16384, 1.0), [4.5], 72_000
        ),
        _two_classes(
            "two point masses, d = 4", clones, GaussianMixture.two_classes(4, 1.0, 0.0), [0.4, 0.7], 300_000
        ),
        _two_classes(
            "two classes, weight 0.2",
            "clone agreement of unbalanced classes",
            GaussianMixture.two_classes(36, 0.4, 1.3, 0.2),
            [0.2, 0.5],
            400_000,
        ),
        _two_classes(
            "two classes, tilted full covariance, weight 0.4",
            "the signal with a common full covariance decides the clone agreement",
            tilted,
            [0.3, 0.7],
            300_000,
        ),
        _two_classes(
            "U-turn, common diagonal covariance",
            "a U-turn keeps the class with the probability of clones",
            diagonal,
            [0.4, 0.7],
            460_000,
            experiment=simulate_u_turn,
        ),
    ]


# ----------------------------------------------------------------------------------- labels of overlapping classes


def label_checks() -> list[Check]:
    from ..theory.two_class_special import sign_agreement

    overlapping, unbalanced = (GaussianMixture.two_classes(4, 0.65, 1.0, w) for w in (0.5, 0.3))
    time = [0.1, 0.4]

    def by_sign(name: str, mixture: GaussianMixture, experiment: Callable[..., Estimate]) -> Check:
        # At late times the two signs are drawn independently, with the shares that they have in the data.
        share = _share_of_sign(mixture)
        return Check(
            name,
            "agreement of the signs of m.x_0 of overlapping classes",
            approximation_of(sign_agreement),
            theory=lambda: sign_agreement(mixture, time),
            simulate=lambda seed: experiment(mixture, time, walkers=300_000, seed=seed, label="sign"),
            resolution=_RESOLUTION,
            scale=above_chance(share**2 + (1.0 - share) ** 2),
            model=mixture,
            sizes=_sizes(mixture, 300_000, time=time),
        )

    return [
        _two_classes(
            "overlapping classes, label by component",
            "clone agreement of overlapping classes when the class is the component",
            overlapping,
            time,
            400_000,
        ),
        by_sign("overlapping classes, label by sign", overlapping, simulate_clones),
        by_sign("overlapping classes, weight 0.3, label by sign", unbalanced, simulate_clones),
        by_sign("U-turn of overlapping classes, label by sign", overlapping, simulate_u_turn),
    ]


def _share_of_sign(mixture: GaussianMixture) -> float:
    """P(m.x_0 > 0) of two isotropic classes at +-m."""
    from scipy.special import ndtr

    distance = float(np.linalg.norm(mixture.means[0])) / np.sqrt(float(mixture.covariance(0)))
    return float(mixture.weights @ ndtr([distance, -distance]))


# ------------------------------------------------------------------------------------------------ many classes


def tree_of_classes(dimension: int, upper: float, lower: float, variance: float) -> GaussianMixture:
    """Four balanced classes in a tree of two levels: means +-u +-v with |u| = upper and |v| = lower, orthogonal."""
    sign = np.where(np.arange(dimension) % 2, -1.0, 1.0)
    u, v = np.full(dimension, upper / np.sqrt(dimension)), sign * (lower / np.sqrt(dimension))
    return GaussianMixture([0.25] * 4, np.stack([u + v, u - v, -u + v, -u - v]), variance)


def many_class_checks() -> list[Check]:
    from ..theory.clones import hierarchical_agreement
    from ..theory.many_class import common_covariance_agreement

    def check(
        name: str,
        prediction: str,
        mixture: GaussianMixture,
        time: list[float],
        walkers: int,
        groups: list[int] | None = None,
    ) -> Check:
        levels = list(range(mixture.classes)) if groups is None else groups
        shares = np.bincount(levels, weights=mixture.weights)

        def theory() -> FloatArray:
            if groups is None:
                return common_covariance_agreement(mixture, time).value
            return hierarchical_agreement(mixture, time, [levels]).value[0]

        return Check(
            name,
            prediction,
            approximation_of(common_covariance_agreement if groups is None else hierarchical_agreement),
            theory=theory,
            simulate=lambda seed: simulate_clones(mixture, time, walkers=walkers, seed=seed, groups=groups),
            resolution=_RESOLUTION,
            scale=_by_chance(shares),
            model=mixture,
            sizes=_sizes(mixture, walkers, time=time),
        )

    tree = tree_of_classes(400, 10.0, 4.0, 1.0)
    rng = np.random.default_rng(1)
    triangle = GaussianMixture(
        [0.2, 0.3, 0.5], rng.standard_normal((3, 20)) * 0.6, [rng.uniform(0.2, 3.0, 20)]
    )
    orthogonal = GaussianMixture([0.1] * 10, 3.0 * np.eye(10, 16), 1.0)
    level = "clone agreement at a level of a tree of classes"
    return [
        check("tree of four classes, finest level", level, tree, [0.8, 1.3, 1.8], 210_000),
        check("tree of four classes, coarse level", level, tree, [1.9, 2.2], 150_000, [0, 0, 1, 1]),
        check("three unequal classes", "clone agreement of three classes", triangle, [0.3, 0.6], 400_000),
        check(
            "ten orthogonal classes",
            "clone agreement of many equidistant classes",
            orthogonal,
            [0.2, 0.4],
            130_000,
        ),
    ]


# ----------------------------------------------------------------------------------- covariances that differ


def different_covariance_checks() -> list[Check]:
    from ..theory.many_class import gaussian_ratio_agreement, isotropic_agreement
    from ..theory.two_class_special import two_variance_agreement

    def variances(
        name: str, dimension: int, pair: tuple[float, float], time: list[float], walkers: int
    ) -> Check:
        mixture = GaussianMixture([0.5, 0.5], np.zeros((2, dimension)), pair)
        return Check(
            name,
            "clone agreement of two classes that differ in variance only",
            approximation_of(two_variance_agreement),
            theory=lambda: two_variance_agreement(dimension, pair, 0.5, time),
            simulate=lambda seed: simulate_clones(mixture, time, walkers=walkers, seed=seed),
            resolution=_RESOLUTION,
            scale=above_chance(0.5),
            model=mixture,
            sizes=_sizes(mixture, walkers, time=time),
        )

    both = GaussianMixture([0.35, 0.65], np.stack([np.full(30, 0.2), np.full(30, -0.3)]), [0.5, 1.2])
    rng = np.random.default_rng(2)
    # At this dimension and time the leading order is off by less than 0.002 of the excess, by an average over 400,000
    # posteriors.
    mixed = GaussianMixture(
        [0.5, 0.5], rng.standard_normal((2, 4000)) * 0.1, np.exp(0.35 * rng.standard_normal((2, 4000)))
    )
    return [
        variances("two variances, d = 4000", 4000, (0.5, 2.0), [1.6], 86_000),
        variances("two variances, d = 3", 3, (0.01, 4.0), [0.1, 0.35], 300_000),
        Check(
            "means and variances that differ, d = 30",
            "clone agreement of isotropic classes of different variance",
            approximation_of(isotropic_agreement),
            theory=lambda: isotropic_agreement(both, [0.1, 0.5]).value,
            simulate=lambda seed: simulate_clones(both, [0.1, 0.5], walkers=300_000, seed=seed),
            resolution=_RESOLUTION,
            scale=_by_chance(both.weights),
            model=both,
            sizes=_sizes(both, 300_000, time=[0.1, 0.5]),
        ),
        Check(
            "means and diagonal covariances that differ, d = 4000",
            "a quarter of the symmetrised divergence stands for the signal when many weak coordinates differ",
            approximation_of(gaussian_ratio_agreement),
            theory=lambda: gaussian_ratio_agreement(mixed, [1.4]).value,
            simulate=lambda seed: simulate_clones(mixed, [1.4], walkers=92_000, seed=seed),
            resolution=_RESOLUTION,
            scale=above_chance(0.5),
            model=mixed,
            sizes=_sizes(mixed, 92_000, time=[1.4]),
        ),
    ]


# ---------------------------------------------------------------------------------- Euler steps in full dimension


def langevin_checks() -> list[Check]:
    from ...data.binary_channel import two_class_agreement
    from ..theory.class_signal import signal
    from ..theory.two_class_special import sign_agreement

    steps, horizon = [50, 100, 200], 6.0

    def full(name: str, mixture: GaussianMixture, time: float, walkers: int, share: float) -> Check:
        def simulate(seed: int) -> Estimate:
            runs = step_bias(mixture, time, walkers=walkers, seed=seed, steps=steps, horizon=horizon)
            return extrapolate(steps, runs, exponent=1.0).limit

        return Check(
            name,
            "clones made by Euler steps of all coordinates, extrapolated to steps of zero length",
            approximation_of(sign_agreement),
            theory=lambda: sign_agreement(mixture, time),
            simulate=simulate,
            resolution=_RESOLUTION,
            scale=above_chance(share**2 + (1.0 - share) ** 2),
            model=mixture,
            sizes=_sizes(mixture, walkers, time=time, steps=steps, horizon=horizon),
        )

    overlapping = GaussianMixture.two_classes(8, 0.46, 1.0, 0.4)
    separate = GaussianMixture.two_classes(32, 0.7, 0.8)
    distance, time, walkers = float(np.linalg.norm(separate.means[0])), 1.1, 150_000
    options: dict[str, Any] = {"steps": 100, "horizon": horizon}

    def full_minus_reduced(seed: int) -> Estimate:
        one = simulate_clones_langevin(separate, time, walkers=walkers, seed=seed, **options)
        other = reduced_clones_langevin(distance, 0.8, time, walkers=walkers, seed=seed, **options)
        error = np.hypot(one.standard_error, other.standard_error)
        return Estimate(one.mean - other.mean, error, one.degrees_of_freedom + other.degrees_of_freedom)

    return [
        full(
            "Euler steps, overlapping classes, d = 8", overlapping, 0.25, 210_000, _share_of_sign(overlapping)
        ),
        full("Euler steps, separate classes, d = 32", separate, 1.1, 136_000, 0.5),
        Check(
            "reduced simulation against all coordinates, d = 32",
            "Euler steps of the projection on m end in classes as those of all coordinates do",
            "exact for isotropic classes, at every step length",
            theory=lambda: 0.0,
            simulate=full_minus_reduced,
            resolution=_RESOLUTION,
            scale=lambda zero: two_class_agreement(signal(separate, time)) - 0.5,
            model=separate,
            sizes=_sizes(separate, walkers, time=time, **options),
        ),
    ]


# ------------------------------------------------------------------------------------- potential and speciation times


def potential_checks() -> list[Check]:
    from ..theory.drift_potential import critical_points, potential
    from ..theory.speciation_time import bayes_time, drift_time

    mixture = GaussianMixture.two_classes(16, 1.0, 0.5)
    unbalanced = GaussianMixture.two_classes(16, 1.0, 0.5, 0.45)
    time, samples, walkers, share_of_walkers = 1.3, 4_000, 1_200_000, 200_000
    unit = mixture.means[0] / np.linalg.norm(mixture.means[0])
    # The drift along m depends on the projection only: the other coordinates may be anything.
    elsewhere = np.linspace(-2.0, 2.0, 16) - unit * float(np.linspace(-2.0, 2.0, 16) @ unit)
    projections = np.array([-1.5, -0.4, 0.2, 0.9])

    def force(u: FloatArray) -> FloatArray:
        step = 1e-4
        return (potential(unbalanced, u - step, time) - potential(unbalanced, u + step, time)) / (2.0 * step)

    def place(u: FloatArray) -> FloatArray:
        return np.asarray(elsewhere + np.multiply.outer(u, unit))

    around = np.array([[-2.17, -2.07, -1.97], [1.95, 2.05, 2.15]])

    def zeros(seed: int) -> Estimate:
        """Where the drift vanishes, by a parabola through three points around each minimum."""
        drift = simulate_drift(
            unbalanced, time, place(around.ravel()), unit, walkers=share_of_walkers, seed=seed
        )
        return Estimate.stack([_zero(u, drift[3 * k : 3 * k + 3]) for k, u in enumerate(around)])

    def speciation(
        name: str, prediction: str, theory: Callable[..., Any], simulate: Callable[..., Estimate]
    ) -> Check:
        return Check(
            name,
            prediction,
            approximation_of(theory),
            theory=lambda: theory(mixture).require()["time"],
            simulate=lambda seed: simulate(mixture, walkers=samples, seed=seed),
            resolution=0.005,
            model=mixture,
            sizes={"dimension": 16, "samples": samples, "blocks": 32},
        )

    return [
        speciation(
            "bayes time, bimodality of the density",
            "the density along m turns bimodal at the speciation time bayes",
            bayes_time,
            simulate_bimodality_time,
        ),
        speciation(
            "drift time, instability of the drift",
            "the backward drift becomes unstable at the midpoint at the speciation time drift",
            drift_time,
            simulate_drift_time,
        ),
        Check(
            "drift potential, slope",
            "the mean backward drift along m is minus the slope of the drift potential",
            approximation_of(potential),
            theory=lambda: force(projections),
            simulate=lambda seed: simulate_drift(
                unbalanced, time, place(projections), unit, walkers=walkers, seed=seed
            ),
            resolution=_RESOLUTION,
            scale=lambda slope: np.abs(slope).max(),
            model=unbalanced,
            sizes=_sizes(unbalanced, walkers, time=time, projection=projections.tolist()),
        ),
        Check(
            "drift potential, minima",
            "the backward drift along m vanishes at the two minima of the drift potential",
            approximation_of(critical_points),
            theory=lambda: critical_points(unbalanced, time)["projection"][0, [0, 2]],
            simulate=zeros,
            resolution=_RESOLUTION,
            model=unbalanced,
            sizes=_sizes(unbalanced, share_of_walkers, time=time, projection=around.tolist()),
        ),
    ]


def _zero(u: FloatArray, drift: Estimate) -> Estimate:
    """The middle zero of the parabola through three values, with the error that theirs propagate."""
    parabola = np.polyfit(u - u[1], drift.mean, 2)
    roots = np.roots(parabola)
    root = float(roots[np.argmin(np.abs(roots))].real)
    basis = [np.polyfit(u - u[1], row, 2) for row in np.eye(3)]
    moves = np.array([np.polyval(each, root) for each in basis]) / np.polyval(np.polyder(parabola), root)
    parts = [
        Estimate(u[1] + root, abs(move) * each.standard_error, each.degrees_of_freedom)
        for move, each in zip(moves, (drift[k] for k in range(3)), strict=True)
    ]
    return reduce(Estimate.with_error_of, parts)
