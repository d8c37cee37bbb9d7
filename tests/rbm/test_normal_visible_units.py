"""The glass of normal visible units, against the machine with its layers exchanged and a plain iteration."""

import math

import numpy as np
import pytest

from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.solution import Status
from statphys_gen.units import Binary, Gaussian, ReLU, Spherical, Ternary

NORMAL = visible_prior("gaussian")


@pytest.mark.parametrize("convention", ["sqrt-beta", "beta"])
def test_exchanging_the_layers_gives_the_hopfield_network(convention):
    """W = g xi / sqrt(N) with alpha N hidden units: seen from them g'^2 = alpha g^2 and the load is 1/alpha."""
    temperature, load = (a.ravel() for a in np.meshgrid([0.02, 0.5, 0.8, 4.0], [0.05, 0.5, 2.0, 10.0]))
    machine = Model(Binary(), 1.0, 1.0, convention=convention, visible=NORMAL)
    hopfield = Model(Gaussian(), 1.0, 1.0, convention="sqrt-beta")
    square = temperature ** (-1.0 if convention == "sqrt-beta" else -2.0)
    here = solve(machine, "glass", temperature=temperature, load=load)
    there = solve(hopfield, "glass", temperature=1.0 / (load * square), load=1.0 / load)
    np.testing.assert_array_equal(here.status, there.status)
    assert (here.status == Status.CONVERGED).sum() > 8
    assert (here.status == Status.NO_SOLUTION).any()
    r, q = here["hidden_edwards_anderson_overlap"], there["edwards_anderson_overlap"]
    np.testing.assert_allclose(r, q, rtol=1e-12)
    # Per unit of the other layer, whose +-1 units have weight 1 each there and 1/2 here.
    expected = load * (there["free_entropy"] - math.log(2.0))
    np.testing.assert_allclose(here["free_entropy"], expected, rtol=1e-11)
    np.testing.assert_allclose(here["replicon"], there["replicon"], rtol=1e-9)


def test_the_glass_at_load_two():
    machine = Model(Binary(), 0.5, 2.0, convention="sqrt-beta", visible=NORMAL)
    assert float(solve(machine, "glass").require()["hidden_edwards_anderson_overlap"]) == pytest.approx(
        0.86366, abs=5e-6
    )


def _iterated(cost: float, beta: float, load: float, field: float) -> tuple[float, float]:
    """q and Q of ternary hidden units by damped iteration of the definition, with nodes of Gauss and Hermite."""
    z, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    q, spread = 3.0, 1.5
    for _ in range(20000):
        b = np.sqrt(beta * q) * z
        # Weights of h = -1, 0, 1 at the tilt beta (Q - q).
        active = np.exp(0.5 * beta * spread - cost)
        total = 1.0 + 2.0 * active * np.cosh(b)
        mean, square = 2.0 * active * np.sinh(b) / total, 2.0 * active * np.cosh(b) / total
        r, y = w @ mean**2, w @ (square - mean**2)
        new = 1.0 / (1.0 - load * beta * y) if load * beta * y < 0.95 else 0.5 * spread
        spread += 0.02 * (new - spread)
        q += 0.02 * (spread**2 * (load * beta * r + field**2) - q)
    return q, q + spread


def test_ternary_units_in_a_field():
    model = Model(Ternary(0.7), 1.6, 0.9, convention="sqrt-beta", visible=NORMAL, visible_field=0.3)
    found = solve(model, "glass").require()
    q, Q = _iterated(0.7, 1.0 / 1.6, 0.9, 0.3)
    assert float(found["edwards_anderson_overlap"]) == pytest.approx(q, rel=1e-8)
    assert float(found["self_overlap"]) == pytest.approx(Q, rel=1e-8)


def test_where_there_is_none():
    # Two layers of normal units are either free or without a partition function.
    both = Model(Gaussian(0.7), 2.0, 0.3, convention="sqrt-beta", visible=NORMAL)
    assert (solve(both, "glass", load=[0.05, 0.5, 4.0]).status == Status.NO_SOLUTION).all()
    # A normal unit alone takes units with a Gaussian tail beyond their pole at beta > 1.
    relu = Model(ReLU(0.3), 0.8, 0.3, convention="sqrt-beta", visible=NORMAL)
    assert solve(relu, "glass").status == Status.NO_SOLUTION
    # Above the temperature of the glass of +-1 or spherical units: q = 0 is all there is.
    for hidden in (Binary(), Spherical()):
        warm = Model(hidden, 2.0, 0.5, convention="sqrt-beta", visible=NORMAL)
        assert (solve(warm, "glass", load=[0.5, 4.0]).status == [Status.NO_SOLUTION, Status.CONVERGED]).all()
