"""The tests of a report on generators whose answer is known: how often they reject, at sizes of the user's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture
from ...errors import InvalidArgument
from ...meaning import fingerprint
from ...numerics.neighbours import two_nearest
from ...presentation import Scalars
from ...progress import keep, observe_part
from ...statistics.estimate import Estimate
from ...statistics.multiple import benjamini_hochberg, conformal_p_values
from ...statistics.proportions import estimate_proportion
from ...statistics.streams import generator
from ..simulation import KnownGenerator
from .generator_data import GeneratorData, Pool
from .membership import pooled, vote
from .report import RATIO, mann_whitney


@dataclass(frozen=True, repr=False)
class Trials(Scalars):
    """Reports on independent draws of training set, held-out set and generated points, each an array (runs,).

    Attributes
    ----------
    membership_p_value, vote_p_value : of the two tests.
    distance_z : Mann-Whitney score of the distances to the training set.
    copied_fraction, null_fraction : neighbour ratios below k, of generated and of held-out points.
    excess_fraction, excess_fraction_standard_error : estimated fraction of copies.
    named_copies : points that are called copies.
    """

    membership_p_value: FloatArray
    vote_p_value: FloatArray
    distance_z: FloatArray
    copied_fraction: FloatArray
    null_fraction: FloatArray
    excess_fraction: FloatArray
    excess_fraction_standard_error: FloatArray
    named_copies: NDArray[np.float64]

    def rejections(self, level: float = 0.05) -> dict[str, Estimate]:
        """Fraction of runs in which a test rejects at a level: membership, vote, and distances (nearer than held-out
        points by a one-sided score).
        """
        from scipy.special import ndtri

        alpha = validation.inside("level", level, 0.0, 1.0)
        events = {
            "membership": self.membership_p_value <= alpha,
            "vote": self.vote_p_value <= alpha,
            "distance": self.distance_z <= float(ndtri(alpha)),
        }
        return {name: estimate_proportion(int(e.sum()), len(e)) for name, e in events.items()}


def simulate_reports(
    known: KnownGenerator,
    law: GaussianMixture,
    *,
    training: int,
    held_out: int,
    generated: int,
    runs: int = 300,
    ratio: float = RATIO,
    false_discovery_rate: float = 0.1,
    seed: int = 0,
) -> Trials:
    """What reports say of a generator whose answer is known, run by run.

    Parameters
    ----------
    known, law : the generator, and the law of training and held-out points.
    training, held_out, generated : N >= 2, H >= 20 and G >= 2.
    runs : independent ones, at least 2.
    ratio, false_discovery_rate : as for :func:`report`.
    seed : of the streams; another generator or law has independent ones.
    """
    if not isinstance(known, KnownGenerator):
        raise InvalidArgument("known", known, "a KnownGenerator")
    sizes = {
        "training": validation.integer("training", training, minimum=2),
        "held_out": validation.integer("held_out", held_out, minimum=20),
        "generated": validation.integer("generated", generated, minimum=2),
    }
    k = validation.inside("ratio", ratio, 0.0, 1.0)
    rate = validation.inside("false_discovery_rate", false_discovery_rate, 0.0, 1.0)
    count = validation.integer("runs", runs, minimum=2)
    sampler = NoisedMixture(law)
    key = {
        "purpose": "reports on a known generator",
        "study": fingerprint({"generator": known, "law": law} | sizes),
    }
    rows = []
    for replica in range(count):
        rng = generator(seed, key, replica)
        seen, fresh = (sampler.draw(sizes[name], rng) for name in ("training", "held_out"))
        data = GeneratorData.of(known.draw(law, seen, sizes["generated"], rng), seen, fresh)
        rows.append(_numbers(data, k, rate))
    return Trials(*np.array(rows).T)


def _numbers(data: GeneratorData, ratio: float, rate: float) -> list[float]:
    assert data.held_out is not None
    pool, made = Pool.of(data), data.generated
    near = two_nearest(made.points, data.training.points)
    null = two_nearest(data.held_out.points, data.training.points)
    joint = pooled(near, two_nearest(made.points, data.held_out.points), len(data.training.points))
    suspicious, places = joint.ratios < ratio, joint.places[:, 0]
    test = vote(pool, places[suspicious], made.multiplicities[suspicious])
    drift = vote(pool, places, made.multiplicities)
    ratios, total = near.ratios[made.places], made.samples
    named = benjamini_hochberg(conformal_p_values(ratios, null.ratios)) <= rate
    return [
        test.test.p_value,
        drift.test.p_value,
        mann_whitney(near.distances[made.places, 0], null.distances[:, 0]),
        float((ratios < ratio).mean()),
        float((null.ratios < ratio).mean()),
        test.excess / total,
        test.excess_standard_error / total,
        float(named.sum()),
    ]


observe_part(_numbers)
keep(simulate_reports, "runs", part=_numbers)
