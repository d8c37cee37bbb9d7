r"""Curie-Weiss data as drawn: the law of noised points at given places, and the magnetisation of large samples.

At a place x the density of noised data is the average of the law of the noise over drawn data; the score and the law of
the magnetisation given x are averages with the same weights. Quotients of averages are taken with the jackknife over
blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...data.laws import CurieWeiss
from ...data.sampling import sample_curie_weiss
from ...meaning import fingerprint
from ...statistics.estimate import Estimate
from ...statistics.jackknife import jackknife
from ...statistics.streams import generator


def simulate_curie_weiss_at(
    model: CurieWeiss, places: ArrayLike, time: float, *, walkers: int = 8000, blocks: int = 64, seed: int = 0
) -> tuple[Estimate, Estimate, Estimate]:
    """Density (P,), score (P, d) and law of the magnetisation (P, d + 1) at ``places`` (P, d) of x_t."""
    x, t = (
        validation.array("places", places, shape=(None, model.dimension)),
        validation.positive("time", time),
    )
    noise, scale = -np.expm1(-2.0 * t), np.exp(-t)
    key = {"purpose": "Curie-Weiss points", "law": fingerprint(model), "time": t}
    magnetisations = np.arange(-model.dimension, model.dimension + 1, 2)
    sums = []
    for block in range(validation.integer("blocks", blocks, minimum=2)):
        data = sample_curie_weiss(model, walkers, generator(seed, key, block))
        distances = ((x[:, None, :] - scale * data) ** 2).sum(axis=2)
        weights = np.exp(-0.5 * distances / noise) / (2.0 * np.pi * noise) ** (0.5 * model.dimension)
        of_value = np.equal.outer(data.sum(axis=1), magnetisations).astype(np.float64)
        sums.append(
            np.concatenate(
                [weights.mean(axis=1)[:, None], weights @ data / walkers, weights @ of_value / walkers],
                axis=1,
            )
        )
    drawn = np.stack(sums)
    d = model.dimension
    density = Estimate.from_samples(drawn[:, :, 0])
    score = jackknife(drawn, lambda mean: (scale * mean[:, 1 : d + 1] / mean[:, :1] - x) / noise)
    law = jackknife(drawn, lambda mean: mean[:, d + 1 :] / mean[:, :1])
    return density, score, law


def simulate_magnetisation(
    model: CurieWeiss, *, walkers: int = 4000, blocks: int = 64, seed: int = 0
) -> Estimate:
    """Share of the positive class, mean of |M|/d, and the root of d times the variance of M/d within a class; (3,)."""
    key = {"purpose": "magnetisation", "law": fingerprint(model)}
    found = np.empty((validation.integer("blocks", blocks, minimum=2), 3))
    for block in range(blocks):
        m = sample_curie_weiss(model, walkers, generator(seed, key, block)).mean(axis=1)
        spread = np.concatenate([m[m > 0.0] - m[m > 0.0].mean(), m[m < 0.0] - m[m < 0.0].mean()])
        found[block] = (m > 0.0).mean(), np.abs(m).mean(), np.sqrt(model.dimension * (spread**2).mean())
    return Estimate.from_samples(found)
