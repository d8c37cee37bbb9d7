"""The lazy phase at any width: the residual, its mean square, and the test error of noise."""

import mpmath as mp
import sympy as sp

from derivations import claim


@claim("R(t) = exp(-C2 t) R0 exp(-C1 t) solves R' = -(C2 R + R C1) (2 x 2, series)")
def residual() -> bool:
    t = sp.Symbol("t")
    c1 = sp.Matrix([[2, 1], [1, 3]]) / 5
    c2 = sp.Matrix([[1, -1], [-1, 4]]) / 7
    r0 = sp.Matrix([[1, 2], [0, -1]])
    order = 6

    def series(matrix: sp.Matrix) -> sp.Matrix:
        return sum(((-t * matrix) ** k / sp.factorial(k) for k in range(order + 1)), sp.zeros(2))

    r = series(c2) * r0 * series(c1)
    defect = (sp.diff(r, t) + c2 * r + r * c1).expand()
    return all(sp.series(entry, t, 0, order).removeO() == 0 for entry in defect)


@claim(
    "For isotropic R0, |R|^2/|R0|^2 = phi(2 c t)^2 with phi^2 from both kernels, and <R, R0>/|R0|^2 = phi(c t)^2"
)
def isotropic_average() -> bool:
    # E tr(R0^T f(C2) R0 g(C1)) = tr f tr g for independent entries of variance 1.
    f, g = sp.symbols("f0:2"), sp.symbols("g0:2")
    entries = sp.symbols("r0:4")
    r = sp.Matrix(2, 2, entries)
    trace = sp.expand((r.T * sp.diag(*f) * r * sp.diag(*g)).trace())
    mean = sum(trace.coeff(entry, 2) for entry in entries)
    relative = mean / 4
    return sp.expand(relative - sum(f) / 2 * sum(g) / 2) == 0


@claim(
    "phi over mu = 1 + g + 2 sqrt(g) cos has the Marchenko-Pastur moments 1, 1 + g, 1 + 3 g + g^2, and the atom 1 - 1/g"
)
def marchenko_pastur() -> bool:
    mp.mp.dps = 20
    for g in (mp.mpf("0.25"), mp.mpf("0.8"), mp.mpf(2)):
        for k, value in enumerate((min(mp.mpf(1), 1 / g), mp.mpf(1), 1 + g, 1 + 3 * g + g * g)):

            def moment(phi: mp.mpf, g: mp.mpf = g, k: int = k) -> mp.mpf:
                mu = 1 + g + 2 * mp.sqrt(g) * mp.cos(phi)
                return 2 / mp.pi * mp.sin(phi) ** 2 * mu ** (k - 1)

            if abs(mp.quad(moment, [0, mp.pi / 2, mp.pi]) - value) > 1e-12:
                return False
    return True
