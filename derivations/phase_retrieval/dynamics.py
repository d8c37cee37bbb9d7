"""Dynamical mean-field theory of spherical descent, against exact solutions and exact averages at finite size.

For forces linear in the pre-activation, F = g(tau) y, the descent is w <- (1 - eta H) w + noise with the random matrix
H = (1/N) sum_i g_i x_i x_i^T, whose moments are known; the equations of the theory must reproduce every step. For other
losses the first step is an average over the sensing vectors that can be done exactly at every N.
"""

from collections.abc import Callable

import mpmath as mp
import sympy as sp

from derivations import claim

# Two kinds of measurements: weight g, squared label and probability, with E tau^2 = 1.
_LAW = ((mp.mpf(3) / 2, mp.mpf(1) / 4, mp.mpf(2) / 3), (mp.mpf(-1) / 3, mp.mpf(5) / 2, mp.mpf(1) / 3))
_ALPHA = mp.mpf(7) / 5
_ETA = tuple(mp.mpf(k) / 20 for k in (3, 4, 2, 5))
_DIGITS = 30


def _mean(function: Callable[[mp.mpf, mp.mpf], mp.mpf]) -> mp.mpf:
    return mp.fsum(p * function(g, square) for g, square, p in _LAW)


def _power_mean(power: int, squares: int) -> mp.mpf:
    """Mean of g^power tau^(2 squares)."""
    return _mean(lambda g, square: g**power * square**squares)


def _moments(count: int) -> list[mp.mpf]:
    """lim (1/N) Tr H^n: the free cumulants are alpha E g^n."""
    moments = [mp.mpf(1)]
    for n in range(1, count + 1):
        total = mp.mpf(0)
        power = [mp.mpf(1)] + [mp.mpf(0)] * n
        for s in range(1, n + 1):
            # Coefficients of (sum_k m_k u^k)^s; those that enter are known already.
            power = [
                mp.fsum(power[j] * (moments[i - j] if i - j < len(moments) else 0) for j in range(i + 1))
                for i in range(n + 1)
            ]
            total += _ALPHA * _power_mean(s, 0) * power[n - s]
        moments.append(total)
    return moments


def _signal_moments(count: int) -> list[mp.mpf]:
    """lim w*.H^n w*/N, from 1/(self-energy - z), self-energy alpha E tau^2 g/(1 + g S), in powers of u = -1/z."""
    size = count + 2
    trace = [mp.mpf(0)] + [(-1) ** n * m for n, m in enumerate(_moments(count))]  # S(u)

    def product(a: list[mp.mpf], b: list[mp.mpf]) -> list[mp.mpf]:
        return [mp.fsum(a[j] * b[i - j] for j in range(i + 1)) for i in range(size)]

    power = [mp.mpf(1)] + [mp.mpf(0)] * (size - 1)
    energy = [mp.mpf(0)] * size
    for n in range(size):
        factor = _ALPHA * (-1) ** n * _power_mean(n + 1, 1)
        energy = [e + factor * c for e, c in zip(energy, power, strict=True)]
        power = product(power, trace)
    # 1/(energy + 1/u) = u/(1 + u energy) = sum_n (-1)^n u^(n+1) w*.H^n w*/N.
    denominator = [mp.mpf(1), *energy[:-1]]
    series: list[mp.mpf] = []
    for i in range(size):
        known = mp.fsum(denominator[j] * series[i - j] for j in range(1, i + 1))
        series.append((mp.mpf(1) if i == 0 else mp.mpf(0)) - known)
    return [(-1) ** n * series[n] for n in range(count + 1)]


def _polynomial(steps: tuple[mp.mpf, ...]) -> list[mp.mpf]:
    """Coefficients of prod (1 - eta H) in powers of H."""
    result = [mp.mpf(1)]
    for eta in steps:
        longer = [*result, mp.mpf(0)]
        result = [longer[i] - (eta * longer[i - 1] if i else 0) for i in range(len(longer))]
    return result


def _average(a: list[mp.mpf], b: list[mp.mpf], moments: list[mp.mpf]) -> mp.mpf:
    return mp.fsum(x * y * moments[i + j] for i, x in enumerate(a) for j, y in enumerate(b))


class _LinearTheory:
    """The equations of the theory where F_s = g h_s: every average over paths is a Gaussian one and closes."""

    def __init__(self, temperature: mp.mpf) -> None:
        K = len(_ETA)
        self.A, self.G = [mp.mpf(1)], [mp.mpf(1)]
        self.R: list[list[mp.mpf]] = [[mp.mpf(0)] * (K + 1)]
        self.multiplier: list[mp.mpf] = []
        self.stein: list[mp.mpf] = []
        gamma: list[list[mp.mpf]] = []
        signal: list[list[mp.mpf]] = []
        noise = mp.zeros(K, K)  # K(s, s')
        # For each kind of measurement: response of h_t to xi and phi_s, and D_t(s).
        to_start: list[list[mp.mpf]] = [[] for _ in _LAW]
        to_force: list[list[list[mp.mpf]]] = [[] for _ in _LAW]
        slope: list[list[list[mp.mpf]]] = [[] for _ in _LAW]
        for t in range(K + 1):
            R = self.R[t]
            for k, (g, _, _) in enumerate(_LAW):
                old_start, old_force, D = to_start[k], to_force[k], slope[k]
                old_start.append(self.A[t] + mp.fsum(R[s] * g * old_start[s] for s in range(t)))
                row = [R[u] + mp.fsum(R[s] * g * old_force[s][u] for s in range(u + 1, t)) for u in range(t)]
                old_force.append([*row, *([mp.mpf(0)] * (K - t))])
                D.append([g * mp.fsum(R[u] * D[u][s] for u in range(s, t)) for s in range(t)] + [g])

            def product_of_fields(k: int, t: int, s: int) -> mp.mpf:
                first, second = to_force[k][t], to_force[k][s]
                total = to_start[k][t] * to_start[k][s]
                return total + mp.fsum(first[u] * noise[u, v] * second[v] for u in range(t) for v in range(s))

            gamma.append([self._mean_of([slope[k][t][s] for k in (0, 1)]) for s in range(t + 1)])
            signal.append([self._mean_of([slope[k][t][s] for k in (0, 1)], True) for s in range(t + 1)])
            forces = [
                self._mean_of([_LAW[k][0] ** 2 * product_of_fields(k, t, s) for k in (0, 1)])
                for s in range(t + 1)
            ]
            self.multiplier.append(self._mean_of([_LAW[k][0] * product_of_fields(k, t, t) for k in (0, 1)]))
            across = [
                self.A[t] * self.A[s]
                + mp.fsum(R[u] * noise[u, v] * self.R[s][v] for u in range(t) for v in range(s))
                for s in range(t + 1)
            ]
            self.stein.append(
                mp.fsum(gamma[t][s] * across[s] for s in range(t + 1))
                + mp.fsum(R[s] * forces[s] for s in range(t))
            )
            if t == K:
                break
            for s in range(t + 1):
                noise[t, s] = noise[s, t] = forces[s]
            eta = _ETA[t]
            noise[t, t] += 2 * temperature / eta
            new = [
                R[s] - eta * (mp.fsum(gamma[t][u] * self.R[u][s] for u in range(s + 1, t + 1)) + (s == t))
                for s in range(t + 1)
            ] + [mp.mpf(0)] * (K - t)
            start = self.A[t] - eta * mp.fsum(gamma[t][u] * self.A[u] for u in range(t + 1))
            growth = self.G[t] - eta * mp.fsum(signal[t][u] * self.G[u] for u in range(t + 1))
            norm = start**2 + mp.fsum(
                new[u] * noise[u, v] * new[v] for u in range(t + 1) for v in range(t + 1)
            )
            nu = mp.sqrt(norm)
            self.R.append([r / nu for r in new])
            self.A.append(start / nu)
            self.G.append(growth / nu)

    @staticmethod
    def _mean_of(values: list[mp.mpf], signal: bool = False) -> mp.mpf:
        return _ALPHA * mp.fsum(
            p * (square if signal else 1) * value for (_, square, p), value in zip(_LAW, values, strict=True)
        )


def _close(first: list[mp.mpf], second: list[mp.mpf]) -> bool:
    return all(abs(a - b) < mp.mpf(10) ** (5 - _DIGITS) for a, b in zip(first, second, strict=True))


@claim(
    "F = g y at T = 0: the correlation with the start is Tr P/sqrt(Tr P^2), P = prod (1 - eta H), at each step"
)
def linear_correlation() -> bool:
    with mp.workdps(_DIGITS):
        theory, moments = _LinearTheory(mp.mpf(0)), _moments(2 * len(_ETA))
        exact = []
        for t in range(len(_ETA) + 1):
            P = _polynomial(_ETA[:t])
            exact.append(_average(P, [mp.mpf(1)], moments) / mp.sqrt(_average(P, P, moments)))
        return _close(theory.A, exact)


@claim("F = g y at T = 0: mu_t = Tr H P^2/Tr P^2, and force and response obey Stein's lemma at each step")
def linear_multiplier() -> bool:
    with mp.workdps(_DIGITS):
        theory, moments = _LinearTheory(mp.mpf(0)), _moments(2 * len(_ETA) + 1)
        exact = []
        for t in range(len(_ETA) + 1):
            P = _polynomial(_ETA[:t])
            exact.append(_average([mp.mpf(0), *P], P, moments) / _average(P, P, moments))
        return _close(theory.multiplier, exact) and _close(theory.stein, exact)


@claim("F = g y: an infinitesimal overlap grows as w*.P w*/(N sqrt((1/N) Tr P^2)), g depending on the label")
def linear_growth() -> bool:
    with mp.workdps(_DIGITS):
        theory, moments = _LinearTheory(mp.mpf(0)), _moments(2 * len(_ETA))
        signal = _signal_moments(len(_ETA))
        exact = []
        for t in range(len(_ETA) + 1):
            P = _polynomial(_ETA[:t])
            exact.append(_average(P, [mp.mpf(1)], signal) / mp.sqrt(_average(P, P, moments)))
        return _close(theory.G, exact)


@claim(
    "F = g y at T > 0: noise of variance 2 T eta a step adds its own polynomials to |w|^2, as in the theory"
)
def linear_langevin() -> bool:
    with mp.workdps(_DIGITS):
        T = mp.mpf(2) / 5
        theory, moments = _LinearTheory(T), _moments(2 * len(_ETA))
        correlation, scale = [mp.mpf(1)], [mp.mpf(1)]
        for t in range(1, len(_ETA) + 1):
            P = _polynomial(_ETA[:t])
            square = _average(P, P, moments)
            for s in range(t):
                # The noise of step s enters after the division by nu_1 ... nu_s.
                Q = _polynomial(_ETA[s + 1 : t])
                square += 2 * T * _ETA[s] * scale[s] ** 2 * _average(Q, Q, moments)
            scale.append(mp.sqrt(square))
            correlation.append(_average(P, [mp.mpf(1)], moments) / scale[t])
        return _close(theory.A, correlation)


@claim("One step of any loss: the exact mean of |w~|^2/N at size N is the theory's nu^2 + O(1/N)")
def first_norm() -> bool:
    # w~ = w - eta X^T F/sqrt(N), M = alpha N independent rows x, y = x.w/sqrt(N): row by row,
    # E x F = m1 w/sqrt(N) and E F^2 |x|^2 = (N - 1) E F^2 + E F^2 y^2.
    N, alpha, eta, m1, m2, m22 = sp.symbols("N alpha eta m1 m2 m22", positive=True)
    M = alpha * N
    square = M * ((N - 1) * m2 + m22) + M * (M - 1) * m1**2
    exact = 1 - 2 * eta * (M / N) * m1 + eta**2 * square / N**2
    # nu^2 = A~^2 + R~ K R~^T with A~ = 1 - eta Gamma(0,0), Gamma(0,0) = alpha E g, R~ = -eta, K = alpha E F^2.
    theory = (1 - eta * alpha * m1) ** 2 + eta**2 * alpha * m2
    return sp.simplify(sp.limit(exact, N, sp.oo) - theory) == 0


@claim(
    "E F y = E dF/dy for y ~ N(0, 1): the first force is Gamma(0,0) w and a Gaussian part of variance alpha E F^2"
)
def first_force() -> bool:
    y, t, a = sp.symbols("y t a", positive=True)
    F = 2 * y * (y**2 - t**2) / (a + t**2)

    def mean(f: sp.Expr) -> sp.Expr:
        return sum(
            coefficient * (sp.factorial2(power - 1) if power % 2 == 0 else 0)
            for (power,), coefficient in sp.Poly(sp.expand(f), y).terms()
        )

    return sp.simplify(mean(F * y) - mean(sp.diff(F, y))) == 0


@claim(
    "One step of any loss: y at the second step has mean -eta F on top of a Gaussian, the Onsager term R(1,0) F_0"
)
def onsager() -> bool:
    # x_i.w~/sqrt(N) = y_i - eta F_i |x_i|^2/N - eta sum_(j != i) F_j x_i.x_j/N, |x_i|^2/N -> 1; the sum has mean
    # alpha E[F y] y_i from the parts of x_j along w, and variance alpha E F^2 from the rest.
    N, M, eta, F, y, m1, m2 = sp.symbols("N M eta F y m1 m2", positive=True)
    alpha = sp.symbols("alpha", positive=True)
    mean = y - eta * F * (N - 1 + y**2) / N - eta * (M - 1) * m1 * y / N
    variance = eta**2 * (M - 1) * (m2 * (N - 1) / N**2)
    expected_mean = (1 - eta * alpha * m1) * y - eta * F
    gap = sp.limit(mean.subs(M, alpha * N) - expected_mean, N, sp.oo)
    spread = sp.limit(variance.subs(M, alpha * N) - eta**2 * alpha * m2, N, sp.oo)
    return sp.simplify(gap) == 0 and sp.simplify(spread) == 0


@claim(
    "Halving the steps of F = g y approaches gradient flow, Tr exp(-t H)/sqrt(Tr exp(-2 t H)), as the step size"
)
def flow_limit() -> bool:
    with mp.workdps(_DIGITS):
        time, order = mp.mpf(1) / 4, 24
        moments = _moments(order)

        def trace(t: mp.mpf) -> mp.mpf:
            return mp.fsum((-t) ** n / mp.factorial(n) * moments[n] for n in range(order + 1))

        exact = trace(time) / mp.sqrt(trace(2 * time))
        errors = []
        for steps in (3, 6, 12):
            P = _polynomial((time / steps,) * steps)
            errors.append(_average(P, [mp.mpf(1)], moments) / mp.sqrt(_average(P, P, moments)) - exact)
        first, second = errors[0] / errors[1], errors[1] / errors[2]
        # Ratios of 2 with corrections that halve; three step sizes remove the first two orders.
        richardson = (8 * errors[2] - 6 * errors[1] + errors[0]) / 3
        return abs(second - 2) < abs(first - 2) < 0.5 and abs(richardson) < abs(errors[2]) / 30
