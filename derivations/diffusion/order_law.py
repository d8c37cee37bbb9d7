"""Classes that first differ in their moments of order k: x(t) = exp(-2kt) ||Delta kappa_k||^2 / (4 k!)."""

from itertools import product

import mpmath as mp
import sympy as sp

from derivations import claim

z, a, q = sp.symbols("z a q")  # q = exp(-t)


def _hermite(order: int, argument: sp.Expr) -> sp.Expr:
    polynomials = [sp.Integer(1), argument]
    while len(polynomials) <= order:
        n = len(polynomials) - 1
        polynomials.append(sp.expand(argument * polynomials[n] - n * polynomials[n - 1]))
    return polynomials[order]


def _gaussian_average(polynomial: sp.Expr) -> sp.Expr:
    terms = sp.Poly(sp.expand(polynomial), z).terms()
    return sum(c * (sp.factorial2(p - 1) if p else 1) for (p,), c in terms if p % 2 == 0)


@claim("The noise multiplies the n-th Hermite moment by exp(-nt)")
def hermite_moments_decay() -> bool:
    # Even powers of sqrt(D) only, so that D = 1 - q^2 may stand for it.
    root = sp.symbols("root")
    for order in range(1, 7):
        noisy = _gaussian_average(_hermite(order, q * a + root * z))
        if sp.expand(noisy.subs(root, sp.sqrt(1 - q**2)) - q**order * _hermite(order, a)) != 0:
            return False
    return True


@claim(
    "Where all lower cumulants agree, the difference of the k-th Hermite moments is that of the k-th cumulants"
)
def first_difference_is_a_cumulant() -> bool:
    s = sp.symbols("s")
    for order in range(1, 5):
        shared = sp.symbols(f"c1:{order + 1}")
        moments = []
        for last in sp.symbols("first second"):
            cumulants = [*shared[: order - 1], last]
            exponent = sum(c * s ** (n + 1) / sp.factorial(n + 1) for n, c in enumerate(cumulants))
            # E exp(s a - s^2/2) generates the Hermite moments.
            series = sp.series(sp.exp(exponent - s**2 / 2), s, 0, order + 1).removeO()
            moments.append(sp.expand(series).coeff(s, order) * sp.factorial(order))
        if sp.expand(moments[0] - moments[1] - (sp.Symbol("first") - sp.Symbol("second"))) != 0:
            return False
    return True


@claim("Summed over Hermite moments of degree k in d dimensions, the squares give ||Delta kappa_k||^2 / k!")
def tensor_norm() -> bool:
    for dimension, order in ((2, 3), (3, 2), (3, 4)):
        tensor: dict[tuple[int, ...], sp.Symbol] = {}
        entries, by_degree = sp.Integer(0), sp.Integer(0)
        for index in product(range(dimension), repeat=order):
            degrees = tuple(index.count(i) for i in range(dimension))
            tensor.setdefault(degrees, sp.Symbol("k" + "_".join(map(str, degrees))))
            entries += tensor[degrees] ** 2
        for degrees, value in tensor.items():
            # The product of the one-dimensional Hermite polynomials has the squared norm prod n_i!.
            by_degree += value**2 / sp.prod([sp.factorial(n) for n in degrees])
        if sp.simplify(by_degree - entries / sp.factorial(order)) != 0:
            return False
    return True


@claim(
    "To leading order the symmetrised divergence of two densities near the Gaussian is the integral of (p1 - p2)^2 / p"
)
def divergence_is_quadratic() -> bool:
    first, second, size = sp.symbols("first second epsilon")
    one, two = 1 + size * first, 1 + size * second  # densities over the Gaussian one
    both = (one - two) * (sp.log(one) - sp.log(two))
    return sp.simplify(sp.series(both, size, 0, 3).removeO() - size**2 * (first - second) ** 2) == 0


def _noised_signal(points: list[list[tuple[mp.mpf, mp.mpf]]], time: mp.mpf) -> mp.mpf:
    """x(t) of two laws of point masses (weight, place) in one dimension, by integration of the definition."""
    decay, width = mp.exp(-time), mp.sqrt(1 - mp.exp(-2 * time))

    def density(law: list[tuple[mp.mpf, mp.mpf]], y: mp.mpf) -> mp.mpf:
        return sum(weight * mp.npdf(y, decay * place, width) for weight, place in law)

    def integrand(y: mp.mpf) -> mp.mpf:
        one, two = density(points[0], y), density(points[1], y)
        return (one - two) * mp.log(one / two)

    return mp.quad(integrand, [-11, -6, -3, 0, 3, 6, 11]) / 4


@claim(
    "Two-point laws of different skewness (k = 3): x(t) / [exp(-6t) (Delta kappa_3)^2 / 24] = 1 + O(exp(-2t))"
)
def third_order() -> bool:
    with mp.workdps(30):
        laws, skewness = [], []
        for p in (mp.mpf(1) / 5, mp.mpf(1) / 2):  # weight of the upper point; mean 0, variance 1
            high, low = mp.sqrt((1 - p) / p), -mp.sqrt(p / (1 - p))
            laws.append([(p, high), (1 - p, low)])
            skewness.append(p * high**3 + (1 - p) * low**3)
        deviations = []
        for time in (mp.mpf("2.5"), mp.mpf(3)):
            law = mp.exp(-6 * time) * (skewness[0] - skewness[1]) ** 2 / 24
            deviations.append(_noised_signal(laws, time) / law - 1)
        decay = deviations[1] / deviations[0]
        return bool(abs(deviations[1]) < 0.02 and abs(decay - mp.exp(-1)) < 0.02)


@claim("Setting x = 1 gives t = log(||Delta kappa_k||^2 / (4 k!)) / (2k), and log|m|^2 / 2 for means at +-m")
def speciation_time_of_order() -> bool:
    square = sp.symbols("K", positive=True)
    for order in range(1, 5):
        time = sp.log(square / (4 * sp.factorial(order))) / (2 * order)
        if sp.simplify(sp.exp(-2 * order * time) * square / (4 * sp.factorial(order))) != 1:
            return False
    norm = sp.symbols("m", positive=True)
    return sp.simplify(sp.log((2 * norm) ** 2 / 4) / 2 - sp.log(norm)) == 0
