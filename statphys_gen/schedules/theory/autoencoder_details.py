r"""A denoising autoencoder with few samples where its unit is saturated: what it learns and what it then generates.

f(x) = c x + u tanh(w.x/sqrt(d) + b), x = A z + B a with A and B of the order 1: the unit gives the class s of a
training
point, and the loss is a ridge regression of the residual on it. With n training points, k noises each, ridge L,

    B_c = 1 + sigma^2 - (n + sigma^2)/(n + L),   A_c = 1 - 1/(k (n + L)),   c = B B_c/(B^2 B_c + A^2 A_c),
    u = mo m + qe sum_mu s g^mu + qx sum_{mu,j} s z^{mu,j}.

Flowing with the trained c and u at every level generates s (M m + Qe sum s g + Qx sum s z) + perp N(0, I), whatever the
schedule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ... import validation
from ...approximation import states
from ...presentation import Scalars
from ..model import Autoencoder

_SOURCE = "derivations/schedules/autoencoder.py"


@dataclass(frozen=True, repr=False)
class LearnedDetails(Scalars):
    """The minimum of the loss.

    Attributes
    ----------
    skip : c.
    output_overlap : mo, of u with m.
    output_data_overlap, output_noise_overlap : qe and qx, of u with each s g and each s z, over d.
    output_norm_squared : |u|^2/d.
    loss : per dimension, the ridge of u included.
    """

    skip: float
    output_overlap: float
    output_data_overlap: float
    output_noise_overlap: float
    output_norm_squared: float
    loss: float


@states(
    "exact as N -> infinity", "with the unit saturated", source=_SOURCE, verification="derived and simulated"
)
def autoencoder_details(model: Autoencoder, noise_scale: float, data_scale: float) -> LearnedDetails:
    """What the autoencoder learns at noise of the order 1.

    Parameters
    ----------
    model : samples, variance, output ridge and noise draws; the classes' shares do not matter.
    noise_scale, data_scale : A and B of x = A z + B a, above 0 and at least 0.
    """
    a, b = validation.positive("noise_scale", noise_scale), validation.non_negative("data_scale", data_scale)
    n, variance = model.points, model.variance
    data, noise, share = _left(model)
    c = b * data / (b * b * data + a * a * noise)
    overlap = n * (1.0 - c * b) / share
    of_data = (1.0 - c * b) * math.sqrt(variance) / share
    k = math.inf if model.noise_draws is None else float(model.noise_draws)
    of_noise = 0.0 - c * a / (k * share)
    norm = overlap**2 + n * of_data**2 + n * (c * a / share) ** 2 / k
    loss = n * ((1.0 - c * b) ** 2 * data + c * c * a * a * noise)
    return LearnedDetails(c, overlap, of_data, of_noise, norm, loss)


def _left(model: Autoencoder) -> tuple[float, float, float]:
    """B_c, A_c and n + L; B_c without cancellation."""
    n, ridge = model.points, model.output_ridge
    share = n + ridge
    k = math.inf if model.noise_draws is None else float(model.noise_draws)
    # 1 + v - (n + v)/(n + L) = (L + v (n + L - 1))/(n + L), and n + L - 1 is at least L.
    return (ridge + model.variance * (n - 1 + ridge)) / share, (n - 1.0 / k + ridge) / share, share


@dataclass(frozen=True, repr=False)
class GeneratedDetails(Scalars):
    """Law of a generated sample of class s: s (M m + Qe sum s g + Qx sum s z) + perp N(0, I).

    Attributes
    ----------
    mean_overlap, data_overlap, noise_overlap : M, Qe and Qx.
    detail_std : perp.
    mean_error : squared distance of its mean from s m, over d.
    """

    mean_overlap: float
    data_overlap: float
    noise_overlap: float
    detail_std: float
    mean_error: float


@states(
    "exact as N -> infinity",
    "of the flow in continuous time",
    source=_SOURCE,
    verification="derived and simulated",
)
def autoencoder_generation(model: Autoencoder) -> GeneratedDetails:
    """What the flow generates with an autoencoder trained at every noise level of the order 1, by any schedule."""
    n = model.points
    data, noise, share = _left(model)
    k = math.inf if model.noise_draws is None else float(model.noise_draws)
    std = math.sqrt(data / noise)
    error = (model.output_ridge / share) ** 2 + n * model.variance / share**2 + n * (std / share) ** 2 / k
    return GeneratedDetails(n / share, math.sqrt(model.variance) / share, 0.0 - std / (k * share), std, error)
