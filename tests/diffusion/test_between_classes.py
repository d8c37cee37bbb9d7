"""The variance between classes, less the errors of their means, by enumeration of every sample of five points."""

import itertools

import numpy as np
import pytest

from statphys_gen.data import DataSet, GaussianMixture
from statphys_gen.diffusion import class_collapse, isotropic_collapse_time, signal
from statphys_gen.diffusion.analysis.data_set import _between
from statphys_gen.diffusion.theory.total_covariance import leading_directions
from statphys_gen.errors import InvalidArgument

CLASSES = GaussianMixture.two_classes(dimension=5, separation=0.8, variance=0.6)


def test_the_corrected_variance_is_unbiased() -> None:
    """Two points of one class, three of another, noise +-1/2: the mean over all 32 samples is w_1 w_2 (m_1 - m_2)^2."""
    labels, centres = np.array([0, 0, 1, 1, 1]), np.array([0.4, -1.1])
    found = []
    for signs in itertools.product((-0.5, 0.5), repeat=5):
        values = centres[labels] + np.array(signs)
        values = values - values.mean()
        dataset = DataSet.from_arrays(values[:, None] + 1e-9 * np.arange(5)[:, None], labels)
        found.append(_between(dataset, dataset.points[:, 0]).variance)
    assert np.mean(found) == pytest.approx(0.4 * 0.6 * 1.5**2, rel=1e-7)


def test_directions_beyond_those_of_the_classes_are_orthonormal() -> None:
    """Two classes have one direction; the next one is any unit vector across it, with the variance within."""
    mixture = GaussianMixture.two_classes(dimension=5, separation=0.8, variance=0.6)
    values, vectors = leading_directions(mixture, 2)
    np.testing.assert_allclose(values, [5 * 0.64 + 0.6, 0.6], rtol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(2), atol=1e-12)


def test_the_signal_is_between_two_classes_that_there_are() -> None:
    assert signal(CLASSES, [0.4], 0, 1) == pytest.approx(signal(CLASSES, [0.4], 1, 0))
    for first, second in ((0, 2), (2, 1), (0, -1)):
        with pytest.raises(InvalidArgument, match=r"^(first|second)"):
            signal(CLASSES, [0.4], first, second)


def test_a_class_collapses_with_its_own_share_of_the_points() -> None:
    """Isotropic classes of variances 0.25 and 4 with weights 0.2 and 0.8: the closed form at log(n w_k)."""
    mixture = GaussianMixture([0.2, 0.8], np.array([[3.0] * 8, [-3.0] * 8]), [0.25, 4.0])
    found = class_collapse(mixture, 6.0).classes["time"]
    for k, (weight, variance) in enumerate(((0.2, 0.25), (0.8, 4.0))):
        exact = isotropic_collapse_time(8, variance, 6.0 + np.log(weight))
        assert float(found[k]) == pytest.approx(float(exact), rel=1e-9)
