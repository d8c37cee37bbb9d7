"""Hard edges, late diffusion times, extreme ratios: what float64 resolves is solved, the rest refused with a reason."""

import math

import mpmath as mp
import numpy as np
import pytest
from elimination import identity_polynomial

from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import AccuracyNotReached
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.edges import bulk_edges, edge_errors, offset_edges
from statphys_gen.random_features.theory.filters import gradient_flow
from statphys_gen.random_features.theory.learning_curves import bulk_contributions, learning_curves
from statphys_gen.random_features.theory.resolvent import dyson
from statphys_gen.random_features.theory.spectrum import atoms, spectrum
from statphys_gen.random_features.theory.timescales import timescales


@pytest.mark.parametrize(("features", "samples"), [(3.0, 2.0), (2.0, 1.0), (1.5, 0.5), (64.0, 63.0)])
def test_as_many_columns_as_features(features: float, samples: float) -> None:
    """p = n + d: the atom has gone, and the density grows as 1/sqrt(x - s_t^2) at the floor."""
    model = RandomFeatures("tanh", features, samples, 0.1)
    found = spectrum(model)
    assert found.atoms == ()
    assert found.bulks[0].lower == found.system.origin
    near = found.system.origin + found.bulks[0].boundary.upper * np.array([1e-10, 1e-8])
    one, two = found.density(near)
    assert one / two == pytest.approx(10.0, rel=0.02)
    table = identity_polynomial(model)
    for x in found.grid(5):
        roots = np.roots((table * np.array([1.0, x, x * x])[:, None]).sum(axis=0)[::-1])
        assert np.abs(roots.imag / np.pi - found.density(x)).min() < 1e-8 * found.density(x)
    rate = -2.0 * math.expm1(-0.2) * found.bulks[0].lower / features
    assert timescales(model).interpolation == pytest.approx(1.0 / rate, rel=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "sign", "erf"])
@pytest.mark.parametrize(("draws", "samples"), [(1, 2.0), (2, 1.0), (3, 2 / 3)])
def test_curves_exactly_at_the_threshold(activation: str, draws: int, samples: float) -> None:
    """p = n m: regular at finite training times, and between its neighbours."""
    model = RandomFeatures(activation, draws * samples, samples, 0.2, noise_draws=draws)
    here = learning_curves(model, [1.0, 10.0]).test_loss
    p = model.features_per_dimension
    around = [
        learning_curves(model.replace(features_per_dimension=x), [1.0, 10.0]).test_loss
        for x in (p * (1 - 1e-4), p * (1 + 1e-4))
    ]
    np.testing.assert_allclose(here, np.mean(around, axis=0), rtol=1e-7)
    assert spectrum(model).bulks[0].lower == 0.0
    assert timescales(model).overfitting == math.inf


@pytest.mark.parametrize("time", [10.0, 15.0, 20.0])
def test_late_times(time: float) -> None:
    """As v_t^2 -> 0 its bulk is a Marchenko-Pastur law that is narrower than the rounding of s_t^2, beside it."""
    model = RandomFeatures("tanh", 2.0, 3.0, time)
    found, v2 = spectrum(model), dyson(model).v2
    # p - d features outside of the range of w, n samples.
    expected = v2 * (1.0 + np.array([-1.0, 1.0]) * math.sqrt(1.0 / 3.0)) ** 2
    np.testing.assert_allclose(offset_edges(model)[0], expected, rtol=1e-4)
    assert [b.modes_per_dimension for b in found.bulks] == pytest.approx([1.0, 1.0], rel=1e-9)
    # The rest is the response to the noise, b^2 w w^T.
    b2 = dyson(model).b2
    np.testing.assert_allclose(
        bulk_edges(model)[1],
        found.system.origin + b2 * (1 + np.array([-1, 1]) * math.sqrt(2)) ** 2,
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("features", "samples", "modes"),
    [
        (1e-6, 1e6, [1e-6]),
        (1e-3, 1e-6, [1e-3 - 1e-6, 1e-6]),
        (1e6, 1e-3, [1e-3, 0.999, 1e-3]),
        (1e3, 1e6, [999.0, 1.0]),
        (1e6, 1e3, [1.0, 999.0, 1.0]),
    ],
)
def test_extreme_ratios(features: float, samples: float, modes: list[float]) -> None:
    """Masses, the mass of the train loss and three moments are asserted to 1e-8 on the way."""
    found = spectrum(RandomFeatures("tanh", features, samples, 0.01))
    assert found.residual < 1e-8
    assert [b.modes_per_dimension for b in found.bulks] == pytest.approx(modes, rel=1e-6)


def test_a_covariance_at_a_late_time() -> None:
    found = spectrum(RandomFeatures("erf", 2.0, 3.0, 17.0, Covariance([0.5, 1.5], [0.5, 0.5])))
    assert found.residual < 1e-10


def test_what_rounding_hides_is_refused_with_the_reason() -> None:
    with pytest.raises(AccuracyNotReached, match="singular to within the rounding"):
        spectrum(RandomFeatures("tanh", 1.0, 2.0, 12.0))
    # The curves do not need the spectrum.
    assert np.isfinite(
        learning_curves(RandomFeatures("tanh", 1.0, 2.0, 12.0), [1.0, math.inf]).test_loss
    ).all()
    # Three hard edges in one.
    with pytest.raises(AccuracyNotReached):
        spectrum(RandomFeatures("linear", 1.0, 1.0, 0.2, noise_draws=1))


def test_errors_of_edges_are_small_and_hold() -> None:
    model = RandomFeatures("tanh", 64, 8, 0.01)
    relative = np.array(edge_errors(model)) / bulk_edges(model)
    assert (relative < 1e-11).all()
    assert (relative > 1e-13).all()
    assert atoms(model)[0].weight == 55 / 64


def double_root(model: RandomFeatures, near: float) -> float:
    """The edge as a double root of the equations for isotropic data, written out once more, at 30 digits."""
    system = dyson(model)
    a, b2, v2, s2 = (mp.mpf(x) for x in (system.linear, system.b2, system.v2, system.s2))
    psi, f, i = mp.mpf(model.features_per_dimension), mp.mpf(system.ratio), mp.mpf(1) / int(model.noise_draws)

    def equations(q: mp.mpf, g: mp.mpf, h: mp.mpf, z: mp.mpf) -> list[mp.mpf]:
        bar = i * g + (1 - i) * h
        s = 1 / (1 / q + psi * (b2 * bar + a * g))
        fresh = i * (b2 * s + s2 * q)
        return [
            1 / g - 1 - f * (a * s + v2 * q + fresh),
            1 / h - 1 - f * fresh,
            s2 * bar + v2 * g + (b2 * bar + a * g) * s / q - 1 / q - z,
        ]

    def marginal(q: mp.mpf, g: mp.mpf, h: mp.mpf, z: mp.mpf) -> list[mp.mpf]:
        found = equations(q, g, h, z)
        slopes = [
            [
                mp.diff(lambda *x, k=k: equations(*x)[k], (q, g, h, z), order)
                for order in np.eye(4, dtype=int)[:3]
            ]
            for k in range(3)
        ]
        return [*found, mp.det(mp.matrix(slopes))]

    with mp.workdps(30):
        start = system.resolvent(np.array([near * (1 - 1e-6)], dtype=complex))
        values = [float(x[0].real) for x in (start.q, start.gamma_1, start.gamma_2)]
        return float(mp.findroot(marginal, (*values, near), tol=1e-40)[3])


@pytest.mark.parametrize("features", [8.76, 8.769361601858867, 8.8])
def test_an_edge_beside_a_point_where_two_pieces_of_the_real_curve_meet(features: float) -> None:
    """The extremum is at mu = -2e-4; rounding made further ones where the curve passes mu = 0."""
    model = RandomFeatures("sin", features, 2.0, 0.2, noise_draws=2)
    edges = bulk_edges(model)
    assert edges.shape == (2, 2)
    assert edges[1, 0] == pytest.approx(double_root(model, edges[1, 0]), rel=1e-13)
    # Train loss from the densities on the real axis; the parts of single bulks are asserted to add up to the losses.
    algorithm, found = gradient_flow(model, [1.0, 100.0, 1e4]), spectrum(model)
    curves = learning_curves(model, [1.0, 100.0, 1e4])
    train = 1.0 + sum(
        found.integral(b, (lambda f: b.position * f * f - 2.0 * f)(algorithm(b.position)), "train")
        for b in found.bulks
    )
    np.testing.assert_allclose(curves.train_loss, train, rtol=0, atol=1e-9)
    parts = bulk_contributions(model, algorithm)
    np.testing.assert_allclose(1.0 + parts.test.sum(axis=(1, 2)), curves.test_loss, rtol=1e-9)
