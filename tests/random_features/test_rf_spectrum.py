"""Spectra: edges by three routes, masses, moments, atoms, groups, merging."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from elimination import identity_polynomial

from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.resolvent import dyson
from statphys_gen.random_features.theory.spectrum import atoms, mode_groups, spectrum

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "random_features.json").read_text())
TWO_ATOMS = Covariance([0.5, 1.5], [0.5, 0.5])
MODELS = [
    RandomFeatures("tanh", 64, 8, 0.01),
    RandomFeatures("tanh", 2, 4, 0.01),
    RandomFeatures("sin", 1.5, 4, 0.3),
    RandomFeatures("tanh", 64, 8, 0.01, TWO_ATOMS),
    RandomFeatures("tanh", 4, 0.5, 0.1),
    RandomFeatures("erf", 6, 2, 0.2),
    RandomFeatures("sin", 1.9, 2, 0.2, noise_draws=1),
    RandomFeatures("sin", 4, 2, 0.2, TWO_ATOMS, noise_draws=3),
    RandomFeatures("linear", 3, 2, 0.1),
    RandomFeatures("linear", 3, 2, 0.1, noise_draws=2),
    RandomFeatures("relu", 0.5, 2, 0.1),
    RandomFeatures("erf", 8, 4, 1e-5),
    RandomFeatures("tanh", 3, 5, 0.2, Covariance.marchenko_pastur(0.5, nodes=16)),
]


def model_of(case: list[str]) -> RandomFeatures:
    name, features, samples, time = case
    return RandomFeatures(name, float(Fraction(features)), float(Fraction(samples)), float(time))


@pytest.mark.parametrize("entry", REFERENCE["edges"], ids=lambda entry: "-".join(entry["case"]))
def test_edges_against_the_discriminant(entry: dict) -> None:
    found = bulk_edges(model_of(entry["case"])).ravel()
    np.testing.assert_allclose(found, [float(x) for x in entry["edges"]], rtol=1e-11)


@pytest.mark.parametrize("entry", REFERENCE["resolvent"], ids=lambda entry: "-".join(entry["case"]))
def test_resolvent_against_the_polynomial_at_high_precision(entry: dict) -> None:
    found = dyson(model_of(entry["case"])).resolvent(np.array([complex(entry["z"])])).q[0]
    assert found == pytest.approx(complex(*(float(x) for x in entry["q"])), rel=1e-12)


@pytest.mark.parametrize("model", MODELS[:3], ids=repr)
def test_density_against_the_roots_of_the_polynomial(model: RandomFeatures) -> None:
    table = identity_polynomial(model)
    assert table.shape == (3, 6)
    found = spectrum(model)
    positions = found.grid(7)
    for x, density in zip(positions, found.density(positions), strict=True):
        roots = np.roots((table * np.array([1.0, x, x * x])[:, None]).sum(axis=0)[::-1])
        assert np.abs(roots.imag / np.pi - density).min() < 1e-9 * density


@pytest.mark.parametrize("model", MODELS, ids=range(len(MODELS)))
def test_masses_moments_and_counts(model: RandomFeatures) -> None:
    found = spectrum(model)  # asserts mass and three moments to 1e-8
    for bulk in found.bulks:
        density = found.density(bulk.position)
        assert float(bulk.boundary.integral(density)) == pytest.approx(bulk.weight, rel=1e-8)
        assert (density > 0).all()
        assert bulk.groups
    counts = {name: 0.0 for name in mode_groups(model)}
    for bulk in found.bulks:
        if len(bulk.groups) == 1:
            counts[bulk.groups[0]] += bulk.modes_per_dimension
    if all(len(bulk.groups) == 1 for bulk in found.bulks):
        assert counts == pytest.approx(mode_groups(model), abs=1e-7)
    outside = [found.bulks[0].lower * 0.9, found.bulks[-1].upper * 1.1]
    assert (found.density(outside) == 0).all()


def test_three_bulks_and_their_modes() -> None:
    found = spectrum(RandomFeatures("tanh", 64, 8, 0.01))
    assert [bulk.groups for bulk in found.bulks] == [
        ("interpolation",),
        ("overfitting",),
        ("generalisation",),
    ]
    np.testing.assert_allclose([b.modes_per_dimension for b in found.bulks], [1.0, 7.0, 1.0], rtol=1e-9)
    assert found.atoms[0].weight == 55 / 64
    assert found.atoms[0].position == pytest.approx(0.001873549591066, rel=1e-12)


def test_weighted_densities_have_their_masses() -> None:
    model = RandomFeatures("tanh", 64, 8, 0.01, TWO_ATOMS)
    found, system = spectrum(model), dyson(model)
    totals = {
        kind: sum(float(found.integral(b, np.ones(len(b.boundary.angle)), kind)) for b in found.bulks)
        for kind in ("feature", "data", "train")
    }
    assert totals == pytest.approx({"feature": 1.0, "data": 1.0, "train": 64 * system.b2}, rel=1e-9)


def test_atoms() -> None:
    assert atoms(RandomFeatures("tanh", 8, 32, 0.1)) == ()
    assert atoms(RandomFeatures("tanh", 64, 32, 0.1))[0].weight == 31 / 64
    finite = atoms(RandomFeatures("tanh", 6, 2, 0.1, noise_draws=2))[0]
    assert (finite.position, finite.weight) == (0.0, pytest.approx(1 / 3))
    assert atoms(RandomFeatures("linear", 4, 2, 0.1))[0].weight == 0.75


def test_light_bulks_at_very_large_ratios() -> None:
    edges = bulk_edges(RandomFeatures("tanh", 1e7, 512, 0.01))
    assert edges.shape == (3, 2)
