"""K classes: the kernel that is all that matters for a common covariance, and its leading order for others."""

from itertools import combinations

import sympy as sp

from derivations import claim

_MEANS = sp.Matrix([[2, -1, 0], [sp.Rational(1, 2), 1, 3], [-1, 0, 1], [0, sp.Rational(2, 3), -1]])
_COVARIANCE = sp.Matrix([[2, 1, 0], [1, 3, sp.Rational(1, 2)], [0, sp.Rational(1, 2), 1]])
_WEIGHTS = [sp.Rational(n, 10) for n in (1, 2, 3, 4)]


def _kernel(reference: sp.Matrix) -> sp.Matrix:
    centred = _MEANS - sp.ones(4, 1) * reference
    return centred * _COVARIANCE.inv() * centred.T


@claim(
    "Given the class c, the log-weights are log w_k + K_kc - K_kk/2 + g_k with g ~ N(0, K), up to a common term"
)
def log_weights() -> bool:
    average = sp.Matrix([_WEIGHTS]) * _MEANS
    kernel = _kernel(average)
    x = sp.Matrix(sp.symbols("x0:3"))
    inverse = _COVARIANCE.inv()
    log_likelihood = [-((x - _MEANS[k, :].T).T * inverse * (x - _MEANS[k, :].T))[0] / 2 for k in range(4)]
    centred = _MEANS - sp.ones(4, 1) * average
    for c in range(4):
        noise = centred * inverse * (x - _MEANS[c, :].T)  # linear in the noise of class c
        form = [noise[k] + kernel[k, c] - kernel[k, k] / 2 for k in range(4)]
        common = sp.expand(log_likelihood[0] - form[0])
        if any(sp.expand(log_likelihood[k] - form[k] - common) != 0 for k in range(4)):
            return False
    covariance = (centred * inverse) * _COVARIANCE * (centred * inverse).T
    return sp.simplify(covariance - kernel) == sp.zeros(4)


@claim("The posterior does not depend on the point from which the kernel is counted")
def reference_point() -> bool:
    kernels = [_kernel(reference) for reference in (sp.zeros(1, 3), sp.Matrix([[1, -2, sp.Rational(1, 5)]]))]

    def differences(kernel: sp.Matrix, c: int) -> list[sp.Expr]:
        drift = [kernel[k, c] - kernel[k, k] / 2 for k in range(4)]
        return [sp.simplify(drift[k] - drift[0]) for k in range(1, 4)]

    def noise(kernel: sp.Matrix) -> list[sp.Expr]:
        return [
            kernel[k, m] - kernel[k, 0] - kernel[0, m] + kernel[0, 0]
            for k in range(1, 4)
            for m in range(1, 4)
        ]

    same_drift = all(differences(kernels[0], c) == differences(kernels[1], c) for c in range(4))
    return bool(same_drift and noise(kernels[0]) == noise(kernels[1]))


@claim("Squared distances in the kernel are four times the signals of the pairs")
def distances() -> bool:
    kernel = _kernel(sp.zeros(1, 3))
    for k, m in combinations(range(4), 2):
        gap = (_MEANS[k, :] - _MEANS[m, :]).T
        signal = (gap.T * _COVARIANCE.inv() * gap)[0] / 4
        if kernel[k, k] + kernel[m, m] - 2 * kernel[k, m] != 4 * signal:
            return False
    return True


@claim("Covariances that differ: 4 x_kl = exp(-2t)|m_k - m_l|^2 + exp(-4t)||C_k - C_l||^2/2 to leading order")
def leading_order() -> bool:
    q, size = sp.symbols(
        "q epsilon", positive=True
    )  # q = exp(-2t); epsilon scales the difference of the classes
    gap = sp.Matrix([1, -2])
    base = sp.Matrix([[2, 1], [1, 3]])
    change = sp.Matrix([[2, 1], [1, -2]])
    noised = [(1 - q) * sp.eye(2) + q * (base + sign * size * change / 2) for sign in (1, -1)]
    inverses = [s.adjugate() / s.det() for s in noised]
    total = (noised[0] * inverses[1]).trace() + (noised[1] * inverses[0]).trace() - 4  # determinants cancel
    means = q * size**2 * (gap.T * (inverses[0] + inverses[1]) * gap)[0]
    quadratic = sp.cancel(sp.cancel((total + means) / 8) / size**2).subs(size, 0)
    # At any t the quadratic term is that of the common covariance; as t -> infinity its inverse becomes the identity.
    common = ((1 - q) * sp.eye(2) + q * base).inv()
    from_means = q * (gap.T * common * gap)[0]
    from_covariances = q**2 * (change * common * change * common).trace() / 2
    same = sp.cancel(4 * quadratic - from_means - from_covariances) == 0
    first = sp.cancel(from_means / q).subs(q, 0) == gap.dot(gap)
    return bool(
        same and first and sp.cancel(from_covariances / q**2).subs(q, 0) == (change * change).trace() / 2
    )


@claim("1 - phi is at most the sum over pairs of sqrt(w_k w_l) int sqrt(p_k p_l) dx, at every x")
def overlap_bound() -> bool:
    # With r_k = sqrt(w_k p_k): 1 - sum p_k^2 = sum_{k<l} 2 r_k^2 r_l^2 / P^2, and each term is at most r_k
    # r_l / P because P - 2 r_k r_l = (r_k - r_l)^2 + the squares of the others.
    r = sp.symbols("r0:4", nonnegative=True)
    density = sum(value**2 for value in r)
    disagreement = 1 - sum((value**2 / density) ** 2 for value in r)
    pairs = sum(2 * r[k] ** 2 * r[m] ** 2 for k, m in combinations(range(4), 2)) / density**2
    squares = density - 2 * r[0] * r[1] - ((r[0] - r[1]) ** 2 + r[2] ** 2 + r[3] ** 2)
    return sp.simplify(disagreement - pairs) == 0 and sp.expand(squares) == 0
