"""Updates of a graph fit as zeros of the gradient of what they maximise, and the bound that makes it not decrease."""

import sympy as sp

from derivations import claim


@claim("given memberships, the updates of nodes, widths, weights and background are zeros of the gradient")
def zeros_of_the_gradient() -> bool:
    lam, gamma, extra = sp.symbols("lambda gamma extra", positive=True)
    N, F, S = (sp.symbols(f"{name}1:3", positive=True) for name in ("N", "F", "S"))
    old = sp.symbols("o1:3", real=True)
    mu, width = sp.symbols("m1:3", real=True), sp.symbols("l1:3", real=True)
    D = 3
    # sum_i r_ik |x_i - mu_k|^2 about another place, in one coordinate beside D - 1 that stay.
    spread = [S[k] - 2 * (mu[k] - old[k]) * F[k] + N[k] * (mu[k] - old[k]) ** 2 for k in range(2)]
    Q = sum(-D * N[k] * width[k] / 2 - spread[k] * sp.exp(-width[k]) / 2 for k in range(2))
    Q += -lam / 2 * (mu[0] - mu[1]) ** 2 - gamma / 2 * (width[0] - width[1]) ** 2
    laplacian = sp.Matrix([[1, -1], [-1, 1]])
    precision = [sp.exp(-width[k]) for k in range(2)]
    system = sp.diag(*(N[k] * precision[k] for k in range(2))) + lam * laplacian
    right = sp.Matrix([precision[k] * (F[k] + N[k] * old[k]) for k in range(2)])
    equations = sp.Matrix([sp.diff(Q, m) for m in mu])
    if sp.simplify(equations - (right - system * sp.Matrix(mu))) != sp.zeros(2, 1):
        return False
    slopes = [
        sp.simplify(
            sp.diff(Q, width[k])
            - (spread[k] * sp.exp(-width[k]) / 2 - D * N[k] / 2 - gamma * (width[k] - width[1 - k]))
        )
        for k in range(2)
    ]
    p = sp.symbols("p", positive=True)
    of_weights = sp.diff((N[0] + extra) * sp.log(p) + (N[1] + extra) * sp.log(1 - p), p)
    best = (N[0] + extra) / (N[0] + N[1] + 2 * extra)
    return slopes == [0, 0] and bool(sp.simplify(of_weights.subs(p, best)) == 0)


@claim(
    "log sum_k a_k is at least sum_k r_k log(a_k/r_k), with equality at r_k = a_k/sum a: no update lowers J"
)
def bound() -> bool:
    a, b, r = sp.symbols("a b r", positive=True)
    lower = r * sp.log(a / r) + (1 - r) * sp.log(b / (1 - r))
    at = sp.simplify(sp.expand_log(sp.diff(lower, r).subs(r, a / (a + b)), force=True))
    equal = sp.simplify(sp.expand_log(lower.subs(r, a / (a + b)) - sp.log(a + b), force=True))
    curvature = sp.simplify(sp.diff(lower, r, 2) + 1 / (r * (1 - r)))
    return bool(sp.simplify(at) == 0 and equal == 0 and curvature == 0)
