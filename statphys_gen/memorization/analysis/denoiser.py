r"""What a trained denoiser is near to: the empirical optimal score, the Gaussian one, or that of the population.

Inputs y = mu x + sigma xi. The empirical score is s*(y) = (mu E[x | y] - y)/sigma^2 with the posterior over the
training points, the Gaussian one s(y) = -(mu^2 C + sigma^2)^{-1} (y - mu m) with their mean m and covariance C over n.
Outputs are turned into scores: of a guess c of the clean point, (mu c - y)/sigma^2; of a guess e of the noise,
-e/sigma.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.dataset import DataSet
from ...errors import InvalidArgument
from ...numerics.posterior import ROWS, EmpiricalPosterior
from ...presentation import Scalars
from ..theory.nulls import SOURCE
from .generator_data import Points, as_data, samples_of

PREDICTS = ("score", "clean", "noise")
_LARGEST = 1e100  # of inputs and outputs: squares of scores are added


@dataclass(frozen=True, repr=False)
class DenoiserReport(Scalars):
    """Distances of a denoiser from three scores; None where the score was not given.

    Attributes
    ----------
    noise_scale : sigma.
    to_empirical, to_gaussian, to_population : sum over inputs of |s - s_ref|^2 over that of |s_ref|^2.
    excess : mean of |s - s*|^2, the denoising loss above its least value on the training set.
    effective_samples : mean over inputs of the exponential of the entropy of the posterior weights.
    nearer : "empirical", "gaussian" or "population", the least of the three distances; "none" where two are equal.
    difference, cosine : of a second model's scores: sum of |s - s'|^2 over the mean of those of |s|^2 and |s'|^2, and
        mean cosine.
    gaussian_difference, gaussian_cosine : the same of the two Gaussian scores, where both training sets were given.
    """

    noise_scale: float
    to_empirical: float
    to_gaussian: float
    to_population: float | None
    excess: float
    effective_samples: float
    nearer: str
    difference: float | None
    cosine: float | None
    gaussian_difference: float | None
    gaussian_cosine: float | None


@states("exact", source=SOURCE, verification="derived and simulated")
def empirical_denoiser(
    inputs: Points, training: Points, *, data_scale: float, noise_scale: float
) -> tuple[FloatArray, FloatArray]:
    """The empirical optimal score (rows, d), and exp(entropy) of its posterior weights (rows,).

    Parameters
    ----------
    inputs : (rows, d) noised points y.
    training : (n, d); repeated points count as often.
    data_scale, noise_scale : mu and sigma, above 0.
    """
    mu, sigma = _scales(data_scale, noise_scale)
    data = as_data("training", training)
    y = _rows("inputs", inputs, data.dimension)
    posterior = EmpiricalPosterior(data.points, data.multiplicities)
    noised, variance = y / mu, (sigma / mu) ** 2
    score = (mu * posterior.means(noised, variance) - y) / sigma**2
    # The time at which exp(2t) - 1 is this variance; a point without noise of its own is its own data.
    time, entropies = np.array([0.5 * math.log1p(variance)]), []
    for start in range(0, len(y), ROWS):
        part = noised[start : start + ROWS]
        entropies.append(posterior.sums(time, np.zeros_like(part), data=part).entropy_of_others[0])
    return score, np.exp(np.concatenate(entropies))


@states("exact", source=SOURCE, verification="derived and simulated")
def gaussian_denoiser(
    inputs: Points, training: Points, *, data_scale: float, noise_scale: float
) -> FloatArray:
    """The score of a Gaussian with mean and covariance (over n) of the training points, noised alike; (rows, d).

    Parameters
    ----------
    inputs, training, data_scale, noise_scale : as for :func:`empirical_denoiser`.
    """
    mu, sigma = _scales(data_scale, noise_scale)
    data = as_data("training", training)
    y = _rows("inputs", inputs, data.dimension)
    mean = data.weights @ data.points
    centred = (data.points - mean) * np.sqrt(data.weights)[:, None]
    shifted = y - mu * mean
    # (mu^2 C + sigma^2)^{-1} = V diag(1/(l + sigma^2)) V^T + (1 - V V^T)/sigma^2 in the directions V of the points.
    _, singular, directions = np.linalg.svd(mu * centred, full_matrices=False)
    along = shifted @ directions.T
    score = -(along / (singular**2 + sigma**2)) @ directions
    if len(directions) < data.dimension:
        score -= (shifted - along @ directions) / sigma**2
    return np.asarray(score)


@states("exact", source=SOURCE, verification="derived and simulated")
def denoiser_report(
    inputs: Points,
    outputs: Points | None,
    training: Points,
    *,
    data_scale: float,
    noise_scale: float,
    predicts: str = "score",
    score: Callable[[FloatArray], Points] | None = None,
    population: Points | None = None,
    other: Points | None = None,
    other_training: Points | None = None,
) -> DenoiserReport:
    """Compare a denoiser with the score that copies, the linear one, and that of the population.

    Parameters
    ----------
    inputs : (rows, d) noised points y = mu x + sigma xi.
    outputs : (rows, d) of the denoiser; None with ``score``.
    training : its training points.
    data_scale, noise_scale : mu and sigma, above 0.
    predicts : what the outputs are: "score", "clean" (a guess of x) or "noise" (a guess of xi).
    score : the denoiser itself, which maps inputs to scores, in place of ``outputs``.
    population : (rows, d) scores of the population at the inputs.
    other : outputs of a second model at the same inputs, such as one that was trained on another half of the data.
    other_training : the training points of that model.

    Raises
    ------
    InvalidArgument : arrays of other shapes, or scales that are not above 0.
    """
    mu, sigma = _scales(data_scale, noise_scale)
    kind = validation.choice("predicts", predicts, PREDICTS)
    data = as_data("training", training)
    y = _rows("inputs", inputs, data.dimension)
    if (outputs is None) == (score is None):
        raise InvalidArgument("outputs", outputs, "given, or score in its place")
    if score is not None:
        if not callable(score):
            raise InvalidArgument(
                "score", score, "a function of the inputs; outputs in its place for an array"
            )
        own = _like("score(inputs)", score(y), y)
    else:
        assert outputs is not None
        own = _score(_like("outputs", outputs, y), y, mu, sigma, kind)
    known = None if population is None else _like("population", population, y)
    second = None if other is None else _score(_like("other", other, y), y, mu, sigma, kind)
    if other_training is not None and second is None:
        raise InvalidArgument("other_training", "points", "left out without other")
    halves = None if other_training is None else _second(other_training, data)
    empirical, effective = empirical_denoiser(y, data, data_scale=mu, noise_scale=sigma)
    gaussian = gaussian_denoiser(y, data, data_scale=mu, noise_scale=sigma)
    references = {"empirical": empirical, "gaussian": gaussian}
    if known is not None:
        references["population"] = known
    distances = {name: _relative(own, reference) for name, reference in references.items()}
    pair: tuple[float | None, float | None] = (None, None) if second is None else _pair(own, second)
    fits: tuple[float | None, float | None] = (None, None)
    if halves is not None:
        fits = _pair(gaussian, gaussian_denoiser(y, halves, data_scale=mu, noise_scale=sigma))
    return DenoiserReport(
        sigma,
        distances["empirical"],
        distances["gaussian"],
        distances.get("population"),
        float(((own - empirical) ** 2).sum(axis=1).mean()),
        float(effective.mean()),
        _least(distances),
        *pair,
        *fits,
    )


def _least(distances: dict[str, float]) -> str:
    """The name of the smallest, if it is one alone: a score of zeros is as far from all."""
    first, second = sorted(distances, key=lambda name: distances[name])[:2]
    return first if distances[first] < distances[second] else "none"


def _scales(data_scale: float, noise_scale: float) -> tuple[float, float]:
    return (
        validation.inside("data_scale", data_scale, 1e-20, 1e20),
        validation.inside("noise_scale", noise_scale, 1e-20, 1e20),
    )


def _rows(name: str, values: Points, dimension: int) -> FloatArray:
    """Points as rows: images are flattened, as those of a data set are."""
    raw = samples_of(values) if isinstance(values, DataSet) else np.asarray(values)
    if raw.ndim > 2 and len(raw):
        raw = raw.reshape(len(raw), -1)
    found = validation.array(name, raw, shape=(None, dimension))
    largest = float(np.abs(found).max(initial=0.0))
    if largest > _LARGEST:
        raise InvalidArgument(name, largest, f"numbers of at most {_LARGEST:g} in size")
    return found


def _like(name: str, values: Points, inputs: FloatArray) -> FloatArray:
    found = _rows(name, values, inputs.shape[1])
    if found.shape != inputs.shape:
        raise InvalidArgument(name, found, f"one row for each of the {len(inputs)} inputs")
    return found


def _second(training: Points, first: DataSet) -> DataSet:
    found = as_data("other_training", training)
    if found.dimension != first.dimension:
        raise InvalidArgument("other_training", found.source, f"of dimension {first.dimension}")
    return found


def _score(outputs: FloatArray, y: FloatArray, mu: float, sigma: float, kind: str) -> FloatArray:
    if kind == "clean":
        return (mu * outputs - y) / sigma**2
    return -outputs / sigma if kind == "noise" else outputs


def _relative(score: FloatArray, reference: FloatArray) -> float:
    size = float((reference**2).sum())
    return float(((score - reference) ** 2).sum()) / size if size > 0.0 else math.inf


def _pair(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Squared difference over the mean square, and mean cosine."""
    squares = (first**2).sum(axis=1), (second**2).sum(axis=1)
    size = 0.5 * float((squares[0] + squares[1]).sum())
    # Products of two squares may leave the range of a float.
    norms = np.sqrt(squares[0]) * np.sqrt(squares[1])
    cosine = (first * second).sum(axis=1) / np.where(norms > 0.0, norms, 1.0)
    return float(((first - second) ** 2).sum()) / size if size > 0.0 else 0.0, float(cosine.mean())
