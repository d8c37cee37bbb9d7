"""The glass of normal visible units: equations at a given variance of the hidden field, and the exchange of layers."""

import sympy as sp

from derivations import claim

S, t, r, y, g, v, F, load = sp.symbols("S t r y g v F load", positive=True)


@claim(
    "Q - q = 1/(1/v - load g^2 y) and q = (Q-q)^2 (load g^2 r + F^2) for a normal visible unit of variance v"
)
def visible_layer() -> bool:
    z, h = sp.symbols("z h", real=True)
    # A Gaussian with precision 1/v - tilt in the field F + sqrt(variance) z: mean h/c, and E mean^2 over z.
    precision = 1 / v - load * g**2 * y
    mean = (F + sp.sqrt(load * g**2 * r) * z) / precision
    average = sp.integrate(sp.expand(mean**2) * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi), (z, -sp.oo, sp.oo))
    exponent = -precision * h**2 / 2 + h * F
    top = sp.solve(sp.diff(exponent, h), h)[0]
    return (
        sp.simplify(average - (load * g**2 * r + F**2) / precision**2) == 0
        and sp.simplify(top - F / precision) == 0
        and sp.simplify(-1 / sp.diff(exponent, h, 2) - 1 / precision) == 0
    )


@claim(
    "At fixed S = g^2 q and t = g^2 (Q-q) the load is (S/t^2 - F^2/g^2)/r, and t solves a quadratic without the load"
)
def load_of_a_state() -> bool:
    explicit = (S / t**2 - F**2 / g**2) / r
    variance = t**2 * (load * r + F**2 / g**2) - S
    precision = g**2 / t - (1 / v - load * g**2 * y)
    quadratic = t**2 * (1 / v + y / r * F**2) - g**2 * t - g**2 * y / r * S
    return (
        sp.simplify(variance.subs(load, explicit)) == 0
        and sp.simplify(precision.subs(load, explicit) * t**2 + quadratic) == 0
    )


@claim(
    "Exchanging the layers: +-1 hidden units are a Hopfield network with g'^2 = load g^2 at the load 1/load"
)
def exchange_of_layers() -> bool:
    square = load * g**2
    # The visible layer of the exchanged machine: normal hidden units of variance 1 at the tilt g'^2 (1 - r).
    precision = 1 - square * (1 - r)
    hidden_mean_square = square * r / precision**2
    # Variance of the field of its +-1 units, against S of the original machine with v = 1, F = 0.
    there = square * hidden_mean_square / load
    here = g**2 * load * g**2 * r / (1 - load * g**2 * (1 - r)) ** 2
    return sp.simplify(there - here) == 0
