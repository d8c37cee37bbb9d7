"""Where a gap closes from three numbers of samples, with exact edges in place of measured ones."""

import numpy as np

from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.checks.merging import _closing
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.edges import absolute_edges
from statphys_gen.random_features.theory.merging import merging_point


def test_the_merging_point_from_exact_edges() -> None:
    model, ratios = RandomFeatures("sin", 10.0, 6.0, 0.01, Covariance.isotropic(1.3)), [3.0, 5.0, 7.0]
    gaps = []
    for ratio in ratios:
        edges = np.array(absolute_edges(model.replace(samples_per_dimension=ratio)))
        gaps.append(np.log(edges[1, 0] / edges[0, 1]))
    exact = merging_point(model, "samples_per_dimension", 4.0, 9.5, gap_near=0.01)
    np.testing.assert_allclose(_closing(ratios, np.array(gaps)), exact, rtol=0.003)


def test_no_place_where_the_gap_does_not_close() -> None:
    assert np.isnan(_closing([3.0, 5.0, 7.0], np.array([1.0, 1.5, 2.5])))
