"""What remains after a correction or a limit is of the stated order: it halves when the large number doubles.

At one size a wrong coefficient of the correction looks like a remainder; over sizes it does not fall as it should.
"""

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.curie_weiss import class_moments, log_magnetisation_weights
from statphys_gen.data.laws import CurieWeiss
from statphys_gen.diffusion.theory.curie_weiss import curie_weiss_agreement, curie_weiss_agreement_from_sum
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.learning_curves import learning_curves
from statphys_gen.random_features.theory.limits import kernel_train_loss


def halves(remainders, tolerance: float) -> None:
    """Successive ones are halves of one another, the more so the later."""
    ratios = np.array(remainders[1:]) / np.array(remainders[:-1])
    assert ratios[-1] == pytest.approx(0.5, abs=tolerance)
    assert abs(ratios[-1] - 0.5) <= abs(ratios[0] - 0.5)


def test_magnetisation_of_a_class_by_summation_over_all_values():
    """m* and chi are left by terms of order 1/d."""
    magnetisation, width, weight = [], [], []
    for d in (800, 1600, 3200):
        model = CurieWeiss(d, 1.4, 0.6)
        limit, logs = class_moments(model), log_magnetisation_weights(model)
        p, m = np.exp(logs - logs.max()), np.arange(-d, d + 1, 2) / d
        p /= p.sum()
        positive = m > 0.0
        share = p[positive].sum()
        mean = p[positive] @ m[positive] / share
        magnetisation.append(limit.magnetisation - mean)
        width.append(d * (p[positive] @ m[positive] ** 2 / share - mean**2) - limit.susceptibility)
        weight.append(limit.weight - share)
    for remainders in (magnetisation, width, weight):
        halves(remainders, 0.01)


def test_agreement_of_curie_weiss_data_at_a_fixed_signal():
    remainders = []
    for d in (200, 400, 800):
        squared = 0.8585603616**2  # of the magnetisation at inverse temperature 1.5
        time = 0.5 * float(np.log(0.7 * d * squared))
        exact = float(curie_weiss_agreement_from_sum(CurieWeiss(d, 1.5), time))
        remainders.append(exact - float(curie_weiss_agreement(CurieWeiss(d, 1.5), time)))
    halves(remainders, 0.02)


@pytest.mark.parametrize("training_time", [2.0, 8.0])
def test_kernel_limit_of_many_features(training_time):
    train = []
    for features in (128.0, 256.0, 512.0):
        model = RandomFeatures("tanh", features, 2.0, 0.3, Covariance.isotropic(1.7))
        exact = learning_curves(model, [training_time])
        train.append(float(exact.train_loss[0] - kernel_train_loss(model, [training_time])[0]))
    halves(train, 0.02)
