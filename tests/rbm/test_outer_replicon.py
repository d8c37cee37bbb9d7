"""The replicon between the states of one step of breaking, from double Gaussian integrals of the definition.

Along the field of a state M(b) is its magnetisation, the average of tanh over z_1 with the weight (2 cosh)^(p T). The
whole susceptibility is E dM/db over z_0, which defines X_2, and the replicon asks for E (dM/db)^2.
"""

import math

import numpy as np
import pytest

from statphys_gen.rbm import Bidirectional, Model, solve_one_step
from statphys_gen.units import Binary, Gaussian

T = 0.06
Z = np.linspace(-9.0, 9.0, 2401)
WEIGHT = np.exp(-0.5 * Z**2) / math.sqrt(2 * math.pi) * (Z[1] - Z[0])


def layer(signal: float, s0: float, s1: float, p: float) -> tuple[float, float, float]:
    """E M^2, E dM/db and E (dM/db)^2, the derivative by differences."""
    width, step = math.sqrt(s1 - s0), 1e-4

    def magnetisation(b: np.ndarray) -> np.ndarray:
        field = b[:, None] + width * Z
        energy = T * np.logaddexp(field / T, -field / T)
        weight = np.exp(p * (energy - energy.max(axis=1, keepdims=True))) * WEIGHT
        return (weight * np.tanh(field / T)).sum(axis=1) / weight.sum(axis=1)

    keep = np.abs(Z) < 7.0
    b = signal + math.sqrt(s0) * Z[keep][::3]
    share = 3 * WEIGHT[keep][::3]
    mean = magnetisation(b)
    slope = (magnetisation(b + step) - magnetisation(b - step)) / (2 * step)
    return float(share @ mean**2), float(share @ slope), float(share @ slope**2)


def test_one_layer() -> None:
    load = 0.1
    found = solve_one_step(
        Model(Gaussian(), T, load, convention="sqrt-beta"), "glass", load=load, temperature=T
    ).require()
    x1, p, q0 = (float(found[name]) for name in ("response", "p", "q_0"))
    # The susceptibility of the definition, to be found from the fields that it determines.
    x2 = x1 + p * (float(found["edwards_anderson_overlap"]) - q0)
    s0 = load * q0 / (1 - x2) ** 2
    s1 = s0 + load * (1 / (1 - x2) - 1 / (1 - x1)) / p
    outer, whole, squared = layer(0.0, s0, s1, p)
    assert outer == pytest.approx(q0, rel=1e-5)
    assert whole == pytest.approx(x2, rel=1e-5)
    assert float(found["outer_replicon"]) == pytest.approx(1 - load * squared / (1 - whole) ** 2, rel=1e-4)
    # It is not that within the states.
    assert abs(float(found["outer_replicon"]) - float(found["inner_replicon"])) > 0.05


def test_two_layers() -> None:
    load, a = 0.2, 1.7
    model = Model(Binary(), T, load, convention="beta", couplings=Bidirectional(a))
    found = solve_one_step(model, "glass", load=load, temperature=T).require()
    x1, y1, p = (float(found[name]) for name in ("response", "hidden_response", "p"))
    q0, r0 = float(found["q_0"]), float(found["r_0"])
    x2 = x1 + p * (float(found["edwards_anderson_overlap"]) - q0)
    y2 = y1 + p * (float(found["hidden_edwards_anderson_overlap"]) - r0)
    e1, e2 = 1 - a * x1 * y1, 1 - a * x2 * y2
    s0 = load * a * (r0 + a * y2**2 * q0) / e2**2
    s1 = s0 + load * a * (y2 / e2 - y1 / e1) / p
    t0 = load * (q0 + a * x2**2 * r0) / e2**2
    t1 = t0 + load * (x2 / e2 - x1 / e1) / p
    outer, x, own = layer(0.0, s0, s1, p)
    hidden, y, other = layer(0.0, t0, t1, p)
    assert (outer, hidden) == pytest.approx((q0, r0), rel=1e-5)
    assert (x, y) == pytest.approx((x2, y2), rel=1e-5)
    rest = (1 - a * x * y) ** 2
    gains = np.array([[load * own * (a * y) ** 2, load * own * a], [load * other, load * other * a * x * x]])
    largest = float(np.linalg.eigvals(gains / rest).real.max())
    assert float(found["outer_replicon"]) == pytest.approx(1 - largest**2, rel=1e-3, abs=1e-4)
