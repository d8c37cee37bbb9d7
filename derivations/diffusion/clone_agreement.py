"""Clone agreement: why three experiments have one probability, and the forms in which the package evaluates it."""

from fractions import Fraction
from itertools import product

import mpmath as mp
import sympy as sp

from derivations import claim

x, u, h = sp.symbols("x u h", real=True)
s, w, v = sp.symbols("s w v", positive=True)


def _normal(argument: sp.Expr, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
    return sp.exp(-((argument - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


@claim(
    "Clones, U-turn and squared posterior agree with the same probability, for any noising chain run backward"
)
def three_experiments() -> bool:
    # A law of five data points in three classes and two noising steps; everything is a fraction.
    data = [Fraction(n, 20) for n in (3, 7, 1, 4, 5)]
    label = [0, 0, 1, 1, 2]
    steps = [
        [[Fraction(1 + (i * 3 + j * j) % 5, 1) for j in range(4)] for i in range(5)],
        [[Fraction(1 + (2 * i + j) % 3, 1) for j in range(3)] for i in range(4)],
    ]
    first, second = ([[p / sum(row) for p in row] for row in step] for step in steps)
    middle = [sum(data[a] * first[a][y] for a in range(5)) for y in range(4)]
    last = [sum(middle[y] * second[y][z] for y in range(4)) for z in range(3)]
    # The exact backward kernel, one step at a time.
    back_second = [[middle[y] * second[y][z] / last[z] for y in range(4)] for z in range(3)]
    back_first = [[data[a] * first[a][y] / middle[y] for a in range(5)] for y in range(4)]
    redraw = [
        [sum(back_second[z][y] * back_first[y][a] for y in range(4)) for a in range(5)] for z in range(3)
    ]
    clones = sum(
        last[z] * redraw[z][a] * redraw[z][b]
        for z, a, b in product(range(3), range(5), range(5))
        if label[a] == label[b]
    )
    u_turn = sum(
        data[a] * first[a][y] * second[y][z] * redraw[z][b]
        for a, y, z, b in product(range(5), range(4), range(3), range(5))
        if label[a] == label[b]
    )
    posterior = [
        [
            sum(data[a] * first[a][y] * second[y][z] for a in range(5) for y in range(4) if label[a] == k)
            / last[z]
            for k in range(3)
        ]
        for z in range(3)
    ]
    squared = sum(last[z] * posterior[z][k] ** 2 for z in range(3) for k in range(3))
    return clones == u_turn == squared


@claim("1 - phi is the Gaussian average of sqrt(w w') exp(-x/2) / cosh(s u + h), term by term in u")
def disagreement_form() -> bool:
    # In units of the standard deviation, with w = 1 / (1 + exp(-2h)): the common factors cancel by hand, the
    # rest by algebra.
    share = 1 / (1 + sp.exp(-2 * h))
    up, down = share * _normal(u, s, sp.Integer(1)), (1 - share) * _normal(u, -s, sp.Integer(1))
    root = 1 / (2 * sp.cosh(h))  # sqrt(w w')
    same_root = sp.simplify((share * (1 - share) - root**2).rewrite(sp.exp)) == 0
    form = root * sp.exp(-(s**2) / 2) / sp.cosh(s * u + h) * _normal(u, sp.Integer(0), sp.Integer(1))
    quotient = sp.simplify(
        sp.powsimp(sp.expand((up + down) * form), force=True) / sp.powsimp(2 * up * down, force=True)
    )
    return bool(same_root and sp.simplify(quotient.rewrite(sp.exp)) == 1)


@claim(
    "phi - w^2 - w'^2 is twice the variance of the posterior, and 4 (w w')^(3/2) exp(-x/2) E sinh^2 / cosh"
)
def excess_form() -> bool:
    p = sp.symbols("p")
    # E p = w removes the linear term, whatever the law of x_t.
    remainder = sp.expand(p**2 + (1 - p) ** 2 - w**2 - (1 - w) ** 2 - 2 * (p - w) ** 2)
    linear = sp.simplify(remainder - (4 * w - 2) * (p - w)) == 0
    up, down = _normal(u, s, sp.Integer(1)), _normal(u, -s, sp.Integer(1))
    density = w * up + (1 - w) * down
    deviation = 2 * (w * up / density - w) ** 2 * density
    odds = sp.log(w / (1 - w)) / 2
    form = 4 * (w * (1 - w)) ** sp.Rational(3, 2) * sp.exp(-(s**2) / 2) * sp.sinh(s * u) ** 2
    form = form / sp.cosh(s * u + odds) * _normal(u, 0, 1)
    places = [{u: a, s: b, w: c} for a, b, c in ((0.3, 1.2, 0.2), (-2.1, 0.4, 0.7), (1.7, 2.5, 0.05))]
    same = all(abs(sp.N((deviation / form).subs(place), 30) - 1) < 1e-25 for place in _rational(places))
    return bool(linear and same)


def _rational(places: list[dict[sp.Symbol, float]]) -> list[dict[sp.Symbol, sp.Rational]]:
    return [{k: sp.nsimplify(value) for k, value in place.items()} for place in places]


@claim("Small signal, two balanced classes: phi = 1/2 + (x - x^2 + 5 x^3/3 - 13 x^4/3 + 227 x^5/15 - ...)/2")
def small_signal_series() -> bool:
    # E tanh(x + sqrt(x) z) term by term; the Gaussian moment of even order p is (p - 1)!!.
    z = sp.symbols("z")
    root = sp.symbols("r", positive=True)
    tanh = sp.series(sp.tanh(z), z, 0, 12).removeO()
    expanded = sp.Poly(sp.expand(tanh.subs(z, root**2 + root * z)), z)
    average = sum(
        coefficient * (sp.factorial2(power - 1) if power else 1)
        for (power,), coefficient in expanded.terms()
        if power % 2 == 0
    )
    coefficients = [sp.expand(average).coeff(root, 2 * k) for k in range(1, 6)]
    return coefficients == [1, -1, sp.Rational(5, 3), -sp.Rational(13, 3), sp.Rational(227, 15)]


@claim("Large signal, two balanced classes: 1 - phi = sqrt(pi/(8x)) exp(-x/2) (1 - pi^2/(8x) + O(x^-2))")
def large_signal_tail() -> bool:
    # E 1/cosh(s u) = int exp(-v^2/(2x)) / (s sqrt(2 pi) cosh v) dv: moments of 1/cosh, in powers of 1/x.
    with mp.workdps(30):
        zeroth = mp.quad(mp.sech, [-mp.inf, 0, mp.inf])
        second = mp.quad(lambda y: y**2 * mp.sech(y), [-60, 0, 60])
        leading = zeroth / (2 * mp.sqrt(2 * mp.pi))
        moments = (
            abs(leading - mp.sqrt(mp.pi / 8)) < 1e-25 and abs(second / (2 * zeroth) - mp.pi**2 / 8) < 1e-20
        )
        remainders = []
        for signal in (200, 400):
            exact = mp.quad(
                lambda y, a=signal: mp.npdf(y / mp.sqrt(a)) * mp.sech(y) / mp.sqrt(a), [-60, -9, 0, 9, 60]
            )
            series = mp.sqrt(mp.pi / (8 * signal)) * (1 - mp.pi**2 / (8 * signal))
            remainders.append((exact / 2 / series - 1) * signal**2)
        # The remainder over x^-2 tends to a constant: the next coefficient.
        return bool(moments and abs(remainders[1] / remainders[0] - 1) < 0.02)


@claim(
    "The published integral (int (G+^2 + G-^2)/(G+ + G-))/2 depends on |m| exp(-t) and Gamma through x only"
)
def one_parameter() -> bool:
    with mp.workdps(25):

        def published(separation: mp.mpf, variance: mp.mpf) -> mp.mpf:
            def integrand(y: mp.mpf) -> mp.mpf:
                up, down = (mp.npdf(y, k * separation, mp.sqrt(variance)) for k in (1, -1))
                return (up**2 + down**2) / (up + down) / 2

            width = mp.sqrt(variance)
            return mp.quad(integrand, [width * k for k in (-14, -6, -3, -1, 0, 1, 3, 6, 14)])

        signal = mp.mpf(2)
        values = [published(mp.sqrt(signal * g), g) for g in (mp.mpf(1), mp.mpf(3), mp.mpf("0.04"))]
        tanh = [
            mp.quad(
                lambda z, power=power: mp.npdf(z) * mp.tanh(signal + mp.sqrt(signal) * z) ** power,
                [-13, -6, -3, -1.5, 0, 2, 5, 13],
            )
            for power in (1, 2)
        ]
        # Nishimori: the posterior mean of the class sign, times the true sign, has the mean of its own
        # square.
        forms = [*values, *((1 + average) / 2 for average in tanh)]
        return bool(max(forms) - min(forms) < 1e-15)


def _divergence(d: sp.Matrix, first: sp.Matrix, second: sp.Matrix) -> sp.Expr:
    inverse = second.inv()
    trace = (inverse * first).trace() - d.rows + (d.T * inverse * d)[0]
    return (trace + sp.log(second.det() / first.det())) / 2


@claim(
    "A quarter of the symmetrised divergence is the cancellation-free sum of the code; covariances that do not commute"
)
def signal_form() -> bool:
    d = sp.Matrix([1, sp.Rational(-2, 3), sp.Rational(1, 2)])
    first = sp.Matrix([[2, 1, 0], [1, 3, sp.Rational(1, 2)], [0, sp.Rational(1, 2), 1]])
    second = sp.Matrix([[1, 0, sp.Rational(1, 3)], [0, 2, -1], [sp.Rational(1, 3), -1, 4]])
    excess = sp.Rational(3, 4)  # E = exp(2t) - 1; then S_k = exp(-2t) (E + C_k)
    decay = 1 / (1 + excess)
    noised = [decay * (excess * sp.eye(3) + c) for c in (first, second)]
    shift = sp.sqrt(decay) * d
    both = _divergence(shift, noised[0], noised[1]) + _divergence(shift, noised[1], noised[0])
    inverses = [(excess * sp.eye(3) + c).inv() for c in (first, second)]
    gap = first - second
    form = ((d.T * (inverses[0] + inverses[1]) * d)[0] + (gap * inverses[1] * gap * inverses[0]).trace()) / 8
    return sp.simplify(both / 4 - form) == 0


@claim(
    "Common covariance: the log-likelihood ratio has mean 2x and variance 4x in its own class, so x = 1 is mean = std"
)
def ratio_moments() -> bool:
    separation, variance = sp.symbols("a g", positive=True)
    ratio = sp.expand(-((u - separation) ** 2) / (2 * variance) + (u + separation) ** 2 / (2 * variance))
    signal = separation**2 / variance
    slope = sp.diff(ratio, u)
    mean, spread = ratio.subs(u, separation), slope**2 * variance
    at_one = mean.subs(separation, sp.sqrt(variance)) ** 2 - spread.subs(separation, sp.sqrt(variance))
    return all(sp.simplify(e) == 0 for e in (mean - 2 * signal, spread - 4 * signal, at_one))


@claim(
    "Equal means, two variances: 2 w w' f1 f2 / P is the overlap times chi-square of the harmonic mean over cosh"
)
def two_variance_form() -> bool:
    r, s1, s2 = sp.symbols("r s1 s2", positive=True)
    for dimension in (1, 5):
        half = sp.Rational(dimension, 2)

        def density(scale: sp.Expr, half: sp.Rational = half) -> sp.Expr:
            return r ** (half - 1) * sp.exp(-r / (2 * scale)) / ((2 * scale) ** half * sp.gamma(half))

        up, down = w * density(s1), (1 - w) * density(s2)
        harmonic = 2 / (1 / s1 + 1 / s2)
        ratio = -half * sp.log(s1 / s2) - r * (1 / s1 - 1 / s2) / 2
        form = sp.sqrt(w * (1 - w)) * (harmonic / sp.sqrt(s1 * s2)) ** half * density(harmonic)
        form = form / sp.cosh(ratio / 2 + sp.log(w / (1 - w)) / 2)
        exact = 2 * up * down / (up + down)
        for place in ((2, 1, 3, 0.2), (0.7, 2.5, 0.4, 0.9)):
            numbers = dict(zip((r, s1, s2, w), map(sp.nsimplify, place), strict=True))
            if abs(sp.N((exact / form).subs(numbers), 30) - 1) > 1e-25:
                return False
    return True


@claim(
    "x_0 given x_t and the class is Gaussian with mean (m D + s2 exp(-t) x_t)/Gamma and variance s2 D/Gamma"
)
def posterior_of_the_data() -> bool:
    a, m = sp.symbols("a m", real=True)
    variance, decay = sp.symbols("sigma2 q", positive=True)
    noise = 1 - decay**2
    gamma = noise + variance * decay**2
    joint = -((a - m) ** 2) / (2 * variance) - (u - decay * a) ** 2 / (2 * noise)
    mean, spread = (m * noise + variance * decay * u) / gamma, variance * noise / gamma
    curvature = sp.simplify(sp.diff(joint, a, 2) + 1 / spread)
    peak = sp.simplify(sp.diff(joint, a).subs(a, mean))
    return curvature == 0 and peak == 0
