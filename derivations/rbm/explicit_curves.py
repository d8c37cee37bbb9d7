"""States of +-1 visible units as curves on which the load is explicit, and the spinodal as the maximum of the load."""

import sympy as sp

from derivations import claim

b, t = sp.symbols("b t", real=True)


def _of_field(expression: sp.Expr) -> sp.Expr:
    """Derivative by the field of a polynomial in t = tanh(field): dt/db = 1 - t^2."""
    return sp.expand(sp.diff(expression, t) * (1 - t**2))


@claim(
    "dm/dH = E(1-t^2), dq/dH = 2E t(1-t^2), dm/dS = -E t(1-t^2), dq/dS = E(1 - 4t^2 + 3t^4) for t = tanh(H + sqrt(S) z)"
)
def derivatives_of_the_visible_averages() -> bool:
    # Integration by parts over z: d/dS E f(H + sqrt(S) z) = E f'' / 2.
    by_variance = [sp.expand(_of_field(_of_field(f)) / 2) for f in (t, t**2)]
    return (
        sp.expand(_of_field(t) - (1 - t**2)) == 0
        and sp.expand(_of_field(t**2) - 2 * t * (1 - t**2)) == 0
        and sp.expand(by_variance[0] + t * (1 - t**2)) == 0
        and sp.expand(by_variance[1] - (1 - 4 * t**2 + 3 * t**4)) == 0
    )


@claim(
    "For every prior dr/dq = g^2 E(V^2 - 2 M^2 V), with mean M and variance V of a hidden unit at the tilt g^2 (1-q)"
)
def derivative_of_the_hidden_noise() -> bool:
    # log Z(a, b) of any prior obeys dK/da = (K'' + K'^2)/2, primes by b: the second moment over two.
    K = sp.Function("K")(b)
    by_tilt = (sp.diff(K, b, 2) + sp.diff(K, b) ** 2) / 2
    M, V = sp.diff(K, b), sp.diff(K, b, 2)
    # r = E M^2 at the variance g^2 q: half the second derivative by b, times g^2; the tilt falls as g^2.
    through_variance = sp.diff(M**2, b, 2) / 2
    through_tilt = 2 * M * sp.diff(by_tilt, b)
    return sp.simplify(through_variance - through_tilt - (V**2 - 2 * M**2 * V)) == 0


@claim(
    "Where the load is largest along the curve, the Jacobian of the equations in (m, q) is singular: the fold"
)
def spinodal_is_the_largest_load() -> bool:
    S, H, gain, square = sp.symbols("S H G g2", positive=True)
    m, glass, noise = (sp.Function(name) for name in ("m", "Q", "r"))
    load = S / (square * noise(glass(H, S)))
    # Along the curve H = G m(H, S).
    slope = gain * sp.diff(m(H, S), S) / (1 - gain * sp.diff(m(H, S), H))
    along = sp.diff(load, S) + sp.diff(load, H) * slope
    # The equations x - image(x) in (m, q): H = G m, S = load g^2 r(q).
    rate = load * square * sp.diff(noise(b), b).subs(b, glass(H, S))
    rate = rate.doit()
    jacobian = sp.Matrix(
        [
            [1 - gain * sp.diff(m(H, S), H), -rate * sp.diff(m(H, S), S)],
            [-gain * sp.diff(glass(H, S), H), 1 - rate * sp.diff(glass(H, S), S)],
        ]
    )
    ratio = sp.simplify(along * (1 - gain * sp.diff(m(H, S), H)) * S / load - jacobian.det())
    return bool(ratio == 0)
