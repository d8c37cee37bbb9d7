r"""Finite-size experiments on speciation: clones and U-turns of a Gaussian mixture, in full dimension.

Law: a ~ sum_k w_k N(m_k, C_k); noising x_t = exp(-t) a + sqrt(D_t) z with D_t = 1 - exp(-2t)
(:mod:`statphys_gen.noising`). The backward process is sampled without a time step
(:class:`statphys_gen.data.NoisedMixture`).

Experiments, each repeated for independent *walkers*:

clones
    x_t ~ P_t is shared by two independent backward runs; do they end in the same class?
U-turn
    a data point of known class is noised to time t and generated back; is its class unchanged?

The class of a generated point is read by one of two labels, which differ when the classes overlap:

``"component"``
    the component of the mixture that the backward process draws: the class in the sense of Bayes. Its law
    given x_0 is p(k|x_0), so even two runs that end at the same x_0 may differ where the components overlap.
``"sign"``
    which of the two means is nearer to x_0: for means +-m the sign of m.x_0, what one reads off a generated
    sample. For two components only.

Nothing here evaluates a formula for the agreement; only :func:`posterior_agreement` averages over the redrawn
class instead of drawing it.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (clones). The Euler scheme of the same process
is in :mod:`statphys_gen.diffusion.simulation.langevin`, other laws in
:mod:`statphys_gen.diffusion.simulation.beyond_gaussian`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture, draw_index, outcomes, proportion
from ...errors import InvalidArgument
from ...meaning import fingerprint
from ...statistics.estimate import Estimate

Label = Literal["component", "sign"]
ClassReader = Callable[[FloatArray, IntArray], IntArray]


def simulate_clones(
    mixture: GaussianMixture,
    time: ArrayLike,
    *,
    walkers: int = 10_000,
    label: Label = "component",
    groups: ArrayLike | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Probability that two backward runs which share x_t end in the same class, by the exact kernel.

    Parameters
    ----------
    mixture : the law of the data, K components in dimension d.
    time : branch times t, any shape, at least 0; above 0 where a covariance is singular.
    walkers : number of independent pairs of runs for each time, at least 2.
    label : "component" or "sign", see the module.
    groups : (K,) integers; components with equal integers are one class (a level of a hierarchy of classes).
        Only with the label "component".
    seed : of the random streams; a time has the same stream whichever other times are asked for. Different mixtures and
        labels have independent streams; other groups are another reading of the same runs.
    threads : the bits of the result do not depend on it.

    Returns
    -------
    Estimate of the shape of ``time``. Its standard error is that of a proportion, with half an event added to
    each outcome so that it is not zero where all walkers agree.

    Raises
    ------
    InvalidArgument : a time below 0, or 0 with a singular covariance; "sign" without two different means.
    """
    law, read = NoisedMixture(mixture), class_reader(mixture, label, groups)

    def agree(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        components = law.draw_components(count, rng)
        if label == "component":
            # The class of a run is its component: the rest of x_0 need not be drawn.
            posterior = law.sample_posterior(components, t, rng)
            of_group = group_numbers(mixture, groups)
            return of_group[draw_index(posterior, rng)] == of_group[draw_index(posterior, rng)]
        x = law.sample(components, t, rng)
        first = read(*law.backward(x, t, 0.0, rng))
        return first == read(*law.backward(x, t, 0.0, rng))

    _require_density(law, time)
    key = experiment_key("clones", mixture, label)
    return proportion(agree, key, mixture.dimension, time, walkers, seed, threads)


def simulate_u_turn(
    mixture: GaussianMixture,
    time: ArrayLike,
    *,
    walkers: int = 10_000,
    label: Label = "component",
    groups: ArrayLike | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Probability that a data point noised to time t and generated back keeps its class, by the exact kernel.

    With the label "component" the class of the data point is the component from which it was drawn.
    Parameters, result and errors as for :func:`simulate_clones`.
    """
    law, read = NoisedMixture(mixture), class_reader(mixture, label, groups)

    def unchanged(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        components = law.draw_components(count, rng)
        data = law.sample(components, 0.0, rng)
        x = np.exp(-t) * data + np.sqrt(-np.expm1(-2.0 * t)) * rng.standard_normal(data.shape)
        return read(data, components) == read(*law.backward(x, t, 0.0, rng))

    _require_density(law, time)
    key = experiment_key("u-turn", mixture, label)
    return proportion(unchanged, key, mixture.dimension, time, walkers, seed, threads)


def posterior_agreement(
    mixture: GaussianMixture,
    time: ArrayLike,
    *,
    walkers: int = 10_000,
    groups: ArrayLike | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """E sum_g p(g|x_t)^2 over x_t ~ P_t: clones with the average over the redrawn class done, not sampled.

    Of smaller variance than :func:`simulate_clones`, but it *uses* the identity of clones and posterior and is
    therefore no support of it. Parameters and errors as for :func:`simulate_clones`.
    """
    law, of_group = NoisedMixture(mixture), group_numbers(mixture, groups)
    members = np.equal.outer(of_group, np.unique(of_group)).astype(np.float64)

    def agreement(t: float, count: int, rng: np.random.Generator) -> FloatArray:
        posterior = law.sample_posterior(law.draw_components(count, rng), t, rng)
        return ((posterior @ members) ** 2).sum(axis=1)

    _require_density(law, time)
    key = experiment_key("posterior agreement", mixture, "component")
    return Estimate.from_samples(outcomes(agreement, key, mixture.dimension, time, walkers, seed, threads))


def group_numbers(mixture: GaussianMixture, groups: ArrayLike | None) -> IntArray:
    """The number of the class of each component: its own, or that of its group."""
    if groups is None:
        return np.arange(mixture.classes)
    numbers = np.asarray(groups)
    if numbers.shape != (mixture.classes,) or numbers.dtype.kind not in "iu":
        raise InvalidArgument("groups", groups, f"{mixture.classes} integers, one for each component")
    return numbers.astype(np.int64)


def experiment_key(purpose: str, mixture: GaussianMixture, label: str) -> dict[str, Any]:
    """What the stream of an experiment is made of, besides its time, seed and block of walkers."""
    return {"purpose": purpose, "law": fingerprint(mixture), "label": label}


def class_reader(mixture: GaussianMixture, label: str, groups: ArrayLike | None) -> ClassReader:
    """The function of (x_0, components) that returns the classes of the rows."""
    validation.choice("label", label, ["component", "sign"])
    if label == "component":
        of_group = group_numbers(mixture, groups)
        return lambda x, components: of_group[components]
    if mixture.classes != 2 or (mixture.means[0] == mixture.means[1]).all():
        raise InvalidArgument("label", label, "component for a mixture without two different means")
    if groups is not None:
        raise InvalidArgument("groups", groups, "left out with the label sign")
    direction = mixture.means[0] - mixture.means[1]
    threshold = 0.5 * direction @ (mixture.means[0] + mixture.means[1])
    return lambda x, components: (x @ direction < threshold).astype(np.int64)


def _require_density(law: NoisedMixture, time: ArrayLike) -> None:
    if law.smallest_variance <= 0.0:
        validation.array("time", time, above=0.0)
