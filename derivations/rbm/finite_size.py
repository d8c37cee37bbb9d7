"""The condensed hidden unit of a finite network: the shift of its signal at order 1/sqrt(N)."""

import sympy as sp

from derivations import claim

g, m, N = sp.symbols("g m N", positive=True)
theta, delta = sp.symbols("theta delta", positive=True)


@claim(
    "ReLU units exert g^2 m - g threshold/sqrt(N), mixtures g^2 delta m + g sqrt(1-delta)/sqrt(N), binary g/sqrt(N)"
)
def shifts() -> bool:
    b = g * sp.sqrt(N) * m
    # Far out in b the normal distribution function is 1 and tanh is 1, up to exponentially small terms.
    relu = sp.diff((b - theta) ** 2 / 2, m) / sp.diff(b, m)
    mixture = sp.diff(delta * b**2 / 2 + sp.sqrt(1 - delta) * b, m) / sp.diff(b, m)
    binary = sp.diff(b, m) / sp.diff(b, m)
    signals = [sp.expand(g / sp.sqrt(N) * f) for f in (relu, mixture, binary)]
    expected = [
        g**2 * m - g * theta / sp.sqrt(N),
        g**2 * delta * m + g * sp.sqrt(1 - delta) / sp.sqrt(N),
        g / sp.sqrt(N),
    ]
    return all(sp.simplify(a - b) == 0 for a, b in zip(signals, expected, strict=True))
