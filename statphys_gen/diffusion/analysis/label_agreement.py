r"""The empirical law of a data set, noised, and its posterior over the data points.

For a noised copy x = exp(-t) a_s + sqrt(D_t) z of data point s, the posterior weight of point mu is proportional to
c_mu exp(-|x - exp(-t) a_mu|^2 / (2 D_t)) with c_mu its multiplicity. Relative to the weight of one copy of the source,

    log weight = log c_mu - |a_s - a_mu|^2 / (2 sigma^2) - z.(a_s - a_mu) / sigma,    sigma^2 = exp(2t) - 1,

so that the two matrix products (distances and projections of the noise) serve all times, and the source itself has the
logarithm 0 without rounding. :class:`PosteriorPass` is the one place where these weights are computed.

Label agreement: phi(t) = E sum_c p(c | x_t)^2 = E p(class of the source | x_t), the probability that a noised point is
denoised into its own class. Two estimates are made of it:

in-sample : E sum_c p(c | x_t)^2 under the empirical law itself. It contains the source, so it tends to 1 as t -> 0 for
    any labels whatever: below the collapse it measures memorisation and is biased upwards.
leave-one-out : E p(class of the source | x_t) with the source taken out of the posterior (all its copies). At infinite
    time it is unbiased for the sum of the squared class weights; as t -> 0 it becomes the accuracy of the nearest
    neighbour, which tends to phi(0) as n -> infinity. The sum of the squares would not do here: at small times one
    foreign point has all the weight, and the sum is 1 whether its class is right or not.

Errors are those of a delete-a-group jackknife: a group of samples is taken out both as sources and as competitors, so
that the finite reference sample is in the error as well as the finite number of sources.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray, IntArray
from ...data.dataset import DataSet
from ...meaning import fingerprint
from ...noising import edm_sigma
from ...numerics.blocks import map_blocks
from ...presentation import Curves
from ...statistics.streams import generator

GROUPS = 20
_ENTRIES = 4_000_000  # of a (block, points) array: 32 MB
_CHUNK = 2048  # points that are centred and multiplied at a time


@dataclass(frozen=True, repr=False)
class LabelAgreement(Curves):
    """phi(t) of a labelled data set; every array has the shape (times,) unless it says otherwise.

    Attributes
    ----------
    time : the diffusion times, increasing, above 0.
    in_sample, in_sample_standard_error : under the empirical law itself, with standard error.
    leave_one_out, leave_one_out_standard_error : with the source taken out, with standard error.
    confidence : E sum_c p(c|x)^2 of the leave-one-out posterior; far above ``leave_one_out`` where the posterior is
        sure of itself without reason.
    concentration : E sum_mu w_mu^2 of the leave-one-out posterior, one over its effective number of points.
    replicates : (groups, times) the leave-one-out agreement without one group, for errors of derived numbers.
    """

    further = ("group", "first")
    time: FloatArray
    in_sample: FloatArray
    in_sample_standard_error: FloatArray
    leave_one_out: FloatArray
    leave_one_out_standard_error: FloatArray
    confidence: FloatArray
    concentration: FloatArray
    replicates: FloatArray


class PosteriorPass:
    """Posterior weights of noised data points, in blocks of sources of bounded memory.

    Parameters
    ----------
    dataset : the data set; its points are visited in the order ``order`` (default: as stored).
    sources : (s,) index of the data point behind each noised point.
    seed, purpose : key of the noise, beside the data; the noise of a source is the same at all times.
    """

    def __init__(
        self, dataset: DataSet, sources: IntArray, *, seed: int, purpose: str, order: IntArray | None = None
    ) -> None:
        self.dataset = dataset
        self.sources = sources
        self.order = np.arange(len(dataset.points)) if order is None else order
        self.position = np.empty_like(self.order)
        self.position[self.order] = np.arange(len(self.order))
        self.mean = dataset.weights @ dataset.points
        self.log_multiplicities = np.log(dataset.multiplicities[self.order])
        self.size = int(np.clip(_ENTRIES // len(dataset.points), 8, 256))
        self.blocks = -(-len(sources) // self.size)
        self._seed = seed
        self._key = {"purpose": purpose, "data": fingerprint(dataset)}

    def block_sources(self, block: int) -> IntArray:
        return self.sources[block * self.size : (block + 1) * self.size]

    def distances_and_projections(self, block: int) -> tuple[FloatArray, FloatArray]:
        """|a_s - a_mu|^2 and z.(a_s - a_mu), each (sources of the block, points)."""
        samples = self.dataset.points
        own = samples[self.block_sources(block)] - self.mean
        noise = generator(self._seed, self._key, replica=block).standard_normal(own.shape)
        distances = np.empty((len(own), len(samples)))
        projections = np.empty_like(distances)
        for start in range(0, len(samples), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            points = samples[self.order[chunk]] - self.mean
            distances[:, chunk] = np.einsum("ij,ij->i", points, points) - 2.0 * (own @ points.T)
            projections[:, chunk] = -(noise @ points.T)
        distances += np.einsum("ij,ij->i", own, own)[:, None]
        projections += np.einsum("ij,ij->i", noise, own)[:, None]
        np.maximum(distances, 0.0, out=distances)
        place = np.arange(len(own)), self.position[self.block_sources(block)]
        distances[place] = projections[place] = 0.0
        return distances, projections

    def log_weights(
        self, block: int, distances: FloatArray, projections: FloatArray, time: float, *, without_source: bool
    ) -> FloatArray:
        """Log posterior weights at one time relative to one copy of the source; -inf for a source that is taken out."""
        sigma = float(edm_sigma(time))
        weights = distances * (-0.5 / sigma**2)
        weights -= projections / sigma
        weights += self.log_multiplicities
        if without_source:
            weights[np.arange(len(weights)), self.position[self.block_sources(block)]] = -np.inf
        return weights


def label_agreement(
    dataset: DataSet,
    times: FloatArray,
    *,
    sources: int = 2000,
    seed: int = 0,
    threads: int = 1,
    progress: bool = False,
) -> LabelAgreement:
    """phi(t) of a labelled data set, in-sample and leave-one-out, with jackknife errors.

    Parameters
    ----------
    dataset : with labels.
    times : (T,) above 0, increasing.
    sources : number of samples that are noised (all of them if there are fewer), drawn without replacement.
    seed : of the choice of the sources, the groups and the noise.
    threads : number of threads; the result has the same bits for any number.
    progress : show a bar of the blocks on standard error.
    """
    random = generator(seed, {"purpose": "sources and groups of the label agreement", "data": dataset})
    copies = np.repeat(np.arange(len(dataset.points)), dataset.multiplicities)
    if dataset.samples > sources:
        copies = np.sort(random.choice(copies, size=sources, replace=False))
    groups = _stratified_groups(dataset, random)
    segments = _Segments(dataset, groups)
    posterior = PosteriorPass(
        dataset, copies, seed=seed, purpose="noise of the label agreement", order=segments.order
    )

    def run(block: int) -> tuple[FloatArray, FloatArray]:
        pair = posterior.distances_and_projections(block)
        chosen = posterior.block_sources(block)
        outcome = [
            segments.agreement(posterior.log_weights(block, *pair, float(t), without_source=True), chosen)
            for t in times
        ]
        return np.stack([full for full, _ in outcome]), np.stack([deleted for _, deleted in outcome])

    parts = map_blocks(run, posterior.blocks, threads=threads, progress=progress)
    full = np.concatenate([part[0] for part in parts], axis=2).mean(axis=2)
    deleted_sum = np.sum([part[1] for part in parts], axis=0)
    kept = len(copies) - np.bincount(groups[copies], minlength=segments.groups)
    replicates = deleted_sum / kept
    count = segments.groups
    spread = replicates - replicates.mean(axis=2, keepdims=True)
    errors = np.sqrt((count - 1) / count * (spread**2).sum(axis=2))
    return LabelAgreement(
        time=times,
        in_sample=full[:, 0],
        in_sample_standard_error=errors[:, 0],
        leave_one_out=full[:, 1],
        leave_one_out_standard_error=errors[:, 1],
        confidence=full[:, 2],
        concentration=full[:, 3],
        replicates=replicates[:, 1].T,
    )


def _stratified_groups(dataset: DataSet, random: np.random.Generator) -> IntArray:
    """A jackknife group for each point: every class is dealt out evenly, in random order."""
    assert dataset.labels is not None
    shuffled = random.permutation(len(dataset.points))
    dealt = shuffled[np.argsort(dataset.labels[shuffled], kind="stable")]
    groups = np.empty(len(dealt), dtype=np.int64)
    groups[dealt] = np.arange(len(dealt)) % min(GROUPS, max(2, len(dealt) // 2))
    return groups


class _Segments:
    """Sums of posterior weights over the points of one class and one jackknife group, which lie side by side."""

    def __init__(self, dataset: DataSet, groups: IntArray) -> None:
        assert dataset.labels is not None
        self.classes = len(dataset.class_names)
        self.groups = int(groups.max()) + 1
        cell = dataset.labels * self.groups + groups
        self.order = np.argsort(cell, kind="stable")
        self.cells, self.starts, self.lengths = np.unique(
            cell[self.order], return_index=True, return_counts=True
        )
        self.labels = dataset.labels
        self.source_groups = groups
        self.log_multiplicities = np.log(dataset.multiplicities)

    def agreement(self, log_weights: FloatArray, sources: IntArray) -> tuple[FloatArray, FloatArray]:
        """From the log-weights without the source:

        (4, B) in-sample agreement, leave-one-out agreement, confidence and concentration of each noised point;
        (2, groups) in-sample and leave-one-out agreement without one group, summed over the sources outside it.
        """
        rows = np.arange(len(sources))
        own_class = self.labels[sources]
        own_weight = self.log_multiplicities[sources]
        cells, squares = self._sums(log_weights)
        shift = cells.max(axis=(1, 2))
        sums = np.exp(cells - shift[:, None, None]).sum(axis=2)[..., None]
        in_sample, alone, confidence = _agreements(sums, shift[:, None], rows, own_class, own_weight)
        concentration = np.exp(squares - 2.0 * (shift + np.log(sums.sum(axis=(1, 2)))))
        full = np.stack([in_sample[:, 0], alone[:, 0], confidence[:, 0], concentration])
        deleted = _agreements(*_all_but_one(cells), rows, own_class, own_weight)
        outside = self.source_groups[sources][:, None] != np.arange(self.groups)
        return full, np.stack([(entry * outside).sum(axis=0) for entry in deleted[:2]])

    def _sums(self, log_weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log of the sum of weights (B, classes, groups), and log of the sum of their squares (B,).

        Each segment has its own maximum, because deleting a group may take the largest weight of all away.
        """
        highest = np.maximum.reduceat(log_weights, self.starts, axis=1)
        shift = np.where(np.isneginf(highest), 0.0, highest)
        log_weights -= np.repeat(shift, self.lengths, axis=1)
        weights = np.exp(log_weights, out=log_weights)
        cells = np.full((len(weights), self.classes * self.groups), -np.inf)
        with np.errstate(divide="ignore"):
            cells[:, self.cells] = shift + np.log(np.add.reduceat(weights, self.starts, axis=1))
            weights *= weights
            squares = 2.0 * shift + np.log(np.add.reduceat(weights, self.starts, axis=1))
        return cells.reshape(-1, self.classes, self.groups), np.logaddexp.reduce(squares, axis=1)


def _agreements(
    sums: FloatArray, shift: FloatArray, rows: IntArray, own_class: IntArray, own_weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """From sums of weights exp(shift) * sums over the competitors, (B, K, G) and (B, G), three arrays (B, G):

    sum_c p_c^2 with the source put back, p of the class of the source without it, and sum_c p_c^2 without it.
    Where no competitor is left, the class of the source has no support: the last two are 0.
    """
    total = sums.sum(axis=1)
    shares = sums / np.where(total > 0.0, total, 1.0)[:, None]
    top = np.maximum(shift, own_weight[:, None])
    complete = sums * np.exp(shift - top)[:, None]
    complete[rows, own_class] += np.exp(own_weight[:, None] - top)
    complete /= complete.sum(axis=1, keepdims=True)
    return (complete**2).sum(axis=1), shares[rows, own_class], (shares**2).sum(axis=1)


def _all_but_one(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sums of weights over all groups but one, (B, K, G), in units of exp(shift), (B, G).

    Running sums from both sides, in units of the largest weight. Where the group with that weight is the one left out,
    the sum is taken anew in units of the largest weight of the rest, so that nothing underflows as a whole.
    """
    peaks = cells.max(axis=1)
    rows = np.arange(len(cells))
    leader = peaks.argmax(axis=1)
    first = peaks[rows, leader]
    peaks[rows, leader] = -np.inf
    second = peaks.max(axis=1)
    second[np.isneginf(second)] = 0.0
    weights = np.exp(cells - first[:, None, None])
    sums = np.zeros_like(cells)
    sums[..., 1:] = np.cumsum(weights, axis=2)[..., :-1]
    sums[..., :-1] += np.cumsum(weights[..., ::-1], axis=2)[..., ::-1][..., 1:]
    rest = cells.copy()
    rest[rows, :, leader] = -np.inf
    sums[rows, :, leader] = np.exp(rest - second[:, None, None]).sum(axis=2)
    shift = np.repeat(first[:, None], cells.shape[2], axis=1)
    shift[rows, leader] = second
    return sums, shift
