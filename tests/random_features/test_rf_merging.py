"""Where bulks merge: against the polynomial of isotropic data, the law of the closing gap, and counts of bulks."""

import math

import numpy as np
import pytest
from elimination import identity_polynomial

from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.merging import merging_line, merging_point

MODEL = RandomFeatures("tanh", 64, 8, 0.1)


def test_two_bulks_merge_where_the_inflection_is_horizontal() -> None:
    samples = merging_point(MODEL, "samples_per_dimension", 30.1, 30.4)
    assert len(bulk_edges(MODEL.replace(samples_per_dimension=samples * (1 - 1e-4)))) == 3
    assert len(bulk_edges(MODEL.replace(samples_per_dimension=samples * (1 + 1e-4)))) == 2
    # The gap closes with the power 3/2 of the distance.
    gaps = []
    for distance in (4e-3, 1e-3):
        edges = bulk_edges(MODEL.replace(samples_per_dimension=samples * (1 - distance)))
        gaps.append(edges[1, 0] - edges[0, 1])
    assert math.log(gaps[0] / gaps[1], 4) == pytest.approx(1.5, abs=0.02)
    # The same point, solved for the time.
    time = merging_point(MODEL.replace(samples_per_dimension=samples), "time", 0.0997, 0.1003)
    assert time == pytest.approx(0.1, rel=1e-7)


def test_a_line_through_its_turning_point() -> None:
    """Below p/d = 15.2 there is no third bulk; above, it exists between two numbers of samples."""
    line = merging_line(
        MODEL, "features_per_dimension", 15.0, 65.0, "samples_per_dimension", 30.1, 30.4, step=0.7
    ).require()
    p, n, position = (line[name] for name in ("features_per_dimension", "samples_per_dimension", "position"))
    assert p.min() == pytest.approx(15.2, abs=0.3)
    assert (p[0], p[-1]) == pytest.approx((65.0, 65.0))
    assert n[0] < n[-1]
    assert (line.error < 1e-8 * n.max()).all()
    # By the route of the polynomial P(q, z): q has a triple root, P = dP/dq = d^2P/dq^2 = 0.
    for k in range(0, len(p), 4):
        model = MODEL.replace(features_per_dimension=float(p[k]), samples_per_dimension=float(n[k]))
        table = identity_polynomial(model) * np.array([1.0, position[k], position[k] ** 2])[:, None]
        roots = np.roots(table.sum(axis=0)[::-1])
        distances = np.sort(np.abs(roots[:, None] - roots[None, :]), axis=1)
        assert distances[:, 2].min() < 1e-3 * np.abs(roots).max()
        off = np.roots(
            (identity_polynomial(model) * (1.01 * position[k]) ** np.arange(3)[:, None]).sum(axis=0)[::-1]
        )
        assert np.sort(np.abs(off[:, None] - off[None, :]), axis=1)[:, 2].min() > 2.0 * distances[:, 2].min()


def test_a_covariance_with_two_eigenvalues() -> None:
    """With more samples, the bulk of interpolation merges with that of overfitting."""
    model = RandomFeatures("tanh", 8.0, 6.0, 0.01, Covariance([0.2, 1.8], [0.5, 0.5]))
    point = merging_point(model, "samples_per_dimension", 6.0, 9.0)
    counts = [len(bulk_edges(model.replace(samples_per_dimension=point * (1 + s * 1e-3)))) for s in (-1, 1)]
    assert (counts[0], counts[1]) == (4, 3)
