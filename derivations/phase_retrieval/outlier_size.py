"""Fluctuations of the signal outlier at finite dimension: the two independent parts and the reaction to them."""

import sympy as sp

from derivations import claim

S, g, lam, k, slope, N = sp.symbols("S g lambda k slope N", positive=True)


@claim("Woodbury: D - D Z (Z^T D Z/N - z)^-1 Z^T D/N = (D^-1 - Z Z^T/(N z))^-1")
def woodbury() -> bool:
    d1, d2, x1, x2, z = sp.symbols("d1 d2 x1 x2 z")
    D, Z = sp.diag(d1, d2), sp.Matrix([x1, x2])
    left = D - D * Z * ((Z.T * D * Z)[0] / N - z) ** -1 * Z.T * D / N
    right = (D.inv() - Z * Z.T / (N * z)).inv()
    return sp.simplify(left - right) == sp.zeros(2)


@claim(
    "At fixed lambda, z(S) = lambda moves S by -S'(z) times the fluctuation of the mean of q = g/(1 + g S)"
)
def shift_of_the_transform() -> bool:
    # -1/S + m(S) + e = z with m' = -mean of q^2: dS/de at fixed z is -1/(1/S^2 + m') = -S'(z).
    m, e, z = sp.Function("m"), sp.symbols("e"), sp.symbols("z")
    s = sp.Function("s")
    equation = -1 / s(e) + m(s(e)) + e - z
    moved = sp.solve(sp.diff(equation, e), sp.diff(s(e), e))[0]
    by_z = 1 / (1 / S**2 + sp.diff(m(S), S))
    return sp.simplify(moved.subs(s(e), S).doit() + by_z) == 0


@claim(
    "dq/dS = -q^2, so the self-energy moves by k S' times the mean of q, and reacts to lambda with slope -k S'"
)
def self_energy_slope() -> bool:
    q = g / (1 + g * S)
    return sp.simplify(sp.diff(q, S) + q**2) == 0


@claim(
    "Small S: Q = D + D Z Z^T D/(N z) + ..., whose form in v has variance 2 (v^T D^2 v)^2/(N^3 z^2) = 2 k^2 S'/N"
)
def fluctuation_of_the_rest() -> bool:
    # |Z^T D v|^2 is |D v|^2 times a chi-squared variable with N degrees of freedom, of variance 2 N; the form is
    # divided by N; |D v|^2 = N k; S' = 1/z^2 at leading order.
    z = sp.symbols("z")
    size = N * k
    variance = size**2 * 2 * N / (N * z) ** 2 / N**2
    return sp.simplify(variance - 2 * k**2 / z**2 / N) == 0
