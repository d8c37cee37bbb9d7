"""Full breaking of replica symmetry in phase retrieval: stationarity, marginality, and the edge at zero."""

import sympy as sp

from derivations import claim

# s = s0 + s1 q on [0, 1], lambda(q) = chi + int_q^1 s.
Q, U = sp.symbols("q u", positive=True)
_CHI, _S0, _S1 = sp.Rational(1, 3), sp.Rational(1, 5), sp.Rational(1, 2)


def _stiffness(q: sp.Expr) -> sp.Expr:
    return _CHI + _S0 * (1 - q) + _S1 * (1 - q**2) / 2


@claim(
    "With one step the functional is the one-step free energy, log(1 + s/chi)/(2 s) + (alpha/s) E log int Dz e^(-sV)"
)
def one_step() -> bool:
    s, chi, q = sp.symbols("s chi q", positive=True)
    entropy = sp.integrate(1 / (chi + s * (1 - q)), (q, 0, 1)) / 2
    return sp.simplify(sp.expand_log(entropy - sp.log(1 + s / chi) / (2 * s), force=True)) == 0


@claim("Stationarity in chi is alpha <F^2> = int dq/lambda^2: 1/(chi (chi + s)) with one step")
def stationarity_in_chi() -> bool:
    s, chi, q, alpha, squared = sp.symbols("s chi q alpha F2", positive=True)
    # d(-V)/dchi = F^2/2 by the envelope theorem.
    entropy = sp.log(1 + s / chi) / (2 * s)
    solution = sp.solve(sp.diff(entropy, chi) + alpha * squared / 2, squared)[0]
    integral = sp.integrate(1 / (chi + s * (1 - q)) ** 2, (q, 0, 1))
    return (
        sp.simplify(alpha * solution - integral) == 0 and sp.simplify(integral - 1 / (chi * (chi + s))) == 0
    )


@claim("At q = 1, Psi'' = -r/chi, so that the replicon there is 1 - alpha <r^2>")
def replicon_at_the_end() -> bool:
    h, t, chi, a = sp.symbols("h t chi a", positive=True)
    force = 2 * h * (h * h - t * t) / (a + t * t)
    field = h + chi * force
    # V' = F, V'' = dF/dh dh/dz.
    second = sp.diff(force, h) / sp.diff(field, h)
    g = sp.diff(force, h)
    response = chi * g / (1 + chi * g)
    return sp.simplify(second - response / chi) == 0


@claim("-s alpha E Psi''^2 is the rate of alpha E Psi'' along the law of the field")
def rate_of_the_curvature() -> bool:
    q, x, s = sp.symbols("q x s")
    psi = sp.Function("psi")(q, x)
    equation = -(sp.diff(psi, x, 2) + s * sp.diff(psi, x) ** 2) / 2
    curvature = sp.diff(psi, x, 2)
    rate = (
        sp.diff(equation, x, 2) + s * sp.diff(psi, x) * sp.diff(curvature, x) + sp.diff(curvature, x, 2) / 2
    )
    return sp.simplify(rate + s * curvature**2) == 0


@claim("Marginality at every q gives alpha E Psi''(q) = (1 - alpha <r>)/chi - 1/lambda(q)")
def mean_curvature() -> bool:
    lam = _stiffness(U)
    s = -sp.diff(lam, U)
    integral = sp.integrate(sp.cancel(s / lam**2), (U, Q, 1))
    return sp.simplify(integral - (1 / _CHI - 1 / _stiffness(Q))) == 0


@claim("Marginality at every q gives mu = (alpha <r> - 1)/chi: the left edge of the Hessian lies at 0")
def edge_at_zero() -> bool:
    r, chi = sp.symbols("r chi", positive=True)
    # E z Psi' grows at the rate s E Psi'^2 + E Psi'' (Psi' is a martingale along dz = s Psi' dq + dB):
    # -alpha <z F> = int s c + int alpha E Psi'',  c(q) = alpha E Psi'^2 = int_0^q 1/lambda^2.
    lam = sp.Function("lambda", positive=True)
    c = sp.Function("c", positive=True)
    # By parts, with s = -lambda', c' = 1/lambda^2, c(0) = 0, lambda(1) = chi.
    integrand = -sp.diff(lam(Q), Q) * c(Q)
    by_parts = -sp.diff(lam(Q) * c(Q), Q) + lam(Q) * sp.diff(c(Q), Q)
    good = sp.simplify(integrand - by_parts) == 0
    end, inverse = sp.symbols("c_1 I", positive=True)  # c(1) = alpha <F^2>, I = int dq/lambda
    minus_zf = (-chi * end + inverse) + ((1 - r) / chi - inverse)
    mu = -minus_zf - chi * end  # y = z - chi F
    return bool(good and sp.simplify(mu - (r - 1) / chi) == 0)


@claim("z Psi' grows at the rate s Psi'^2 + Psi'' in the mean, along the law of the field")
def rate_of_the_product() -> bool:
    q, z, s = sp.symbols("q z s")
    psi = sp.Function("psi")(q, z)
    slope = sp.diff(psi, z)
    equation = -(sp.diff(psi, z, 2) + s * slope**2) / 2
    f = z * slope
    rate = z * sp.diff(equation, z) + s * slope * sp.diff(f, z) + sp.diff(f, z, 2) / 2
    return sp.simplify(rate - s * slope**2 - sp.diff(psi, z, 2)) == 0
