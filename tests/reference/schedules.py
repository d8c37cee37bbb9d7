"""Schedules by other routes, in 25 to 40 digits; writes schedules.json.

- maps: velocity x' = A' E[z|x] + B' E[a|x] of two classes with derivatives of A and B by mpmath's numerical
  differentiation, the separatrix by bisection; solvers on noise levels step by step from their definitions;
- limits: the same maps at d = 1e24, and the growth of the crossover by iterating until it has left;
- Curie-Weiss: sums over magnetisations with exact binomials; the second half of the dilated schedule by Gauss-Legendre
  rules whose panels are halved until they agree;
- windows: integrals of the sensitivity over log S, and the area of the step density, by adaptive quadrature;
- autoencoder: the ridge regressions solved as dense linear systems over all training points and noises, orthonormal;
  the speciation loss minimised by Newton's method with numerical derivatives at 30 digits.
"""

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 40


def separatrix(end):
    width = mp.mpf(1)
    low, high = -width, width
    while end(high) < 0:
        high, width = high + width, 2 * width
    width = mp.mpf(1)
    while end(low) > 0:
        low, width = low - width, 2 * width
    for _ in range(90):
        middle = (low + high) / 2
        low, high = (middle, high) if end(middle) < 0 else (low, middle)
    return (low + high) / 2


def path(name, norm, kappa):
    """A and B as functions of t, of one half of the time."""
    c = norm if "ve" in name else mp.mpf(1)
    k = mp.mpf(kappa) / norm if kappa else None

    def tau(t, first):
        if k is None:
            return t
        if "vp" in name:
            return 2 * k * t if first else k + (1 - k) * (2 * t - 1)
        if "linear" in name:
            return 2 * (1 - k) * t if first else 1 - k + k * (2 * t - 1)
        return 2 * t * mp.sqrt(1 - k * k) if first else mp.sqrt(1 - (k * (2 - 2 * t)) ** 2)

    def square(t, first):
        b = tau(t, first)
        return (c * (1 - b)) ** 2 if "linear" in name else c * c * (1 - b * b)

    return tau, square


def euler(name, dimension, separation, variance, weight, steps, kappa=None):
    """Separatrix and details by Euler's rule with the velocity of the left end."""
    m2 = mp.mpf(dimension) * mp.mpf(separation) ** 2
    norm, var, p = mp.sqrt(m2), mp.mpf(variance), mp.mpf(weight)
    tau, square = path(name, norm, kappa)
    h = mp.log(p / (1 - p)) / 2
    table = []
    for j in range(steps):
        t = mp.mpf(j) / steps
        first = 2 * j < steps
        a2, b = square(t, first), tau(t, first)
        rate = (
            mp.diff(lambda s, first=first: tau(s, first), t, direction=1)
            if t
            else mp.diff(lambda s: tau(s, True), t, direction=1)
        )
        half = mp.diff(lambda s, first=first: square(s, first), t, direction=1) / 2
        table.append((a2, b, rate, half))

    def run(x, gaussian):
        for a2, b, rate, half in table:
            delta = a2 + var * b * b
            guess = b * var / delta * x
            if not gaussian:
                guess += a2 / delta * mp.tanh(h + b * m2 * x / delta)
            x += (half * (x - b * guess) / a2 + rate * guess) / steps
        return x

    start = mp.sqrt(square(mp.mpf(0), True))
    xi = separatrix(lambda xi: run(start * xi / norm, False))
    return {"separatrix": xi, "weight_generated": mp.ncdf(-xi), "detail_std": abs(run(start, True))}


def solver(levels, scheme, m2, variance, weight, mean):
    m2, var, p = mp.mpf(m2), mp.mpf(variance), mp.mpf(weight)
    levels = [mp.mpf(level) for level in levels]
    h, norm = mp.log(p / (1 - p)) / 2, mp.sqrt(m2)

    def run(x, gaussian):
        def guess(y, s):
            t = 0 if gaussian else mp.tanh(h + m2 * y / (s * s + var))
            return (var * y + s * s * t) / (s * s + var)

        old = None
        for k in range(len(levels) - 1):
            s, after = levels[k], levels[k + 1]
            d = guess(x, s)
            if scheme == "heun" and after:
                slope = (x - d) / s
                y = x + (after - s) * slope
                x = x + (after - s) * (slope + (y - guess(y, after)) / after) / 2
            elif scheme == "dpmpp-2m" and after and old is not None:
                r = mp.log(levels[k - 1] / s) / mp.log(s / after)
                x = after / s * x + (1 - after / s) * ((1 + 1 / (2 * r)) * d - old / (2 * r))
            else:
                x = after / s * x + (1 - after / s) * d
            old = d
        return x

    shift = (2 * p - 1) if mean else 0
    # Signs on a fine grid, then bisection: the map may fold.
    grid = [mp.mpf(k) / 20 for k in range(-160, 161)]
    signs = [run(shift + levels[0] * xi / norm, False) > 0 for xi in grid]
    total = mp.mpf(1) if signs[-1] else mp.mpf(0)
    for k in range(len(grid) - 1):
        if signs[k] != signs[k + 1]:
            sign = 1 if signs[k + 1] else -1
            root = separatrix_between(
                lambda x, sign=sign: sign * run(shift + levels[0] * x / norm, False), grid[k], grid[k + 1]
            )
            total -= sign * mp.ncdf(root)
    return {"weight": total, "detail_std": abs(run(levels[0], True))}


def separatrix_between(end, low, high):
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if end(middle) < 0 else (low, middle)
    return (low + high) / 2


def crossover(lam, weight):
    lam, p = mp.mpf(lam), mp.mpf(weight)
    h = mp.log(p / (1 - p)) / 2

    def end(mu):
        j = 0
        while j < 40 * lam + 60:
            mu += mp.tanh(h + j / lam * mu) / lam
            j += 1
            if abs(mu) * j > 200 * lam + 100:
                break
        return mu

    return mp.ncdf(-separatrix(end))


def exploding_product(a, steps):
    """Details of ve-linear at finite d with K = a sqrt(d)/sigma, over sigma: the product itself."""
    sigma = mp.mpf("0.5")
    c = sigma * steps / mp.mpf(a)
    total = c
    for j in range(steps):
        t = mp.mpf(j) / steps
        total *= 1 + (-(c**2) * (1 - t) + sigma**2 * t) / (c**2 * (1 - t) ** 2 + sigma**2 * t * t) / steps
    return abs(total) / sigma


def curie_weiss(d, coupling, tilt):
    coupling, tilt = mp.mpf(coupling), mp.mpf(tilt)
    terms = [
        (
            2 * k - d,
            mp.binomial(d, k)
            * mp.exp(coupling * mp.mpf(2 * k - d) ** 2 / (2 * d) + tilt * mp.mpf(2 * k - d) / d),
        )
        for k in range(d + 1)
    ]
    total = sum(w for _, w in terms)
    half = [(m, w / 2 if m == 0 else w) for m, w in terms if m >= 0]
    weight = sum(w for _, w in half)
    mean = sum(m * w for m, w in half) / weight / d
    second = sum(mp.mpf(m) ** 2 * w for m, w in half) / weight / d**2
    star = mp.findroot(lambda m: m - mp.tanh(coupling * m), mp.mpf("0.9"))
    return {
        "weight": weight / total,
        "mode_magnetisation": mean,
        "mode_fluctuation": d * (second - mean**2),
        "spontaneous_magnetisation": star,
        "asymptotic_weight": 1 / (1 + mp.exp(-2 * tilt * star)),
    }


def saturated(coupling, half, linear):
    """Mean sign and mean of a coordinate after the second half, T = 1, by nested maps and panels around their bends."""
    mp.mp.dps = 18
    coupling = mp.mpf(coupling)
    star = mp.findroot(lambda m: m - mp.tanh(coupling * m), mp.mpf("0.9"))
    fields = []

    def after(xi, count):
        x = xi
        for j in range(count):
            t = mp.mpf(j) / half
            if j == 0:
                bent = star
            else:
                gain = t / (1 - t) ** 2 if linear else t / (1 - t * t)
                bent = mp.tanh(coupling * fields[j] + gain * x)
            x += ((bent - x) / (1 - t) if linear else (bent - t * x) / (1 - t * t)) / half
        return x

    bends = []

    def average(function):
        edges = sorted(
            {mp.mpf(k) for k in range(-8, 9)}
            | {b + s * mp.mpf(4) ** -k for b in bends for s in (-1, 1) for k in range(1, 7)}
            | set(bends)
        )
        edges = [e for e in edges if -9 <= e <= 9]
        return mp.quad(lambda x: mp.npdf(x) * function(x), edges, maxdegree=3)

    fields.append(star)
    for j in range(1, half):
        t = mp.mpf(j) / half
        gain = t / (1 - t) ** 2 if linear else t / (1 - t * t)
        m = mp.mpf("0.8")
        # The place of the bend follows m, and m the bend.
        for _ in range(40):
            place = separatrix_between(
                lambda x, m=m, gain=gain, j=j: coupling * m + gain * after(x, j), mp.mpf(-9), mp.mpf(9)
            )
            bends.append(place)
            found = average(lambda x, m=m, gain=gain, j=j: mp.tanh(coupling * m + gain * after(x, j)))
            bends.pop()
            if abs(found - m) < mp.mpf("1e-13"):
                break
            m = found
        fields.append(m)
        bends.append(place)
    edge = separatrix_between(lambda x: after(x, half), mp.mpf(-9), mp.mpf(9))
    bends.append(edge)
    found = {
        "saturated_magnetisation": 1 - 2 * mp.ncdf(edge),
        "saturated_mean": average(lambda x: after(x, half)),
    }
    mp.mp.dps = 40
    return found


def quantile(q, p):
    s = mp.sqrt(q)
    return s * separatrix(lambda w: p * mp.ncdf(w - s) - (1 - p) * mp.ncdf(-w - s))


def densities(q, p, u):
    """e_w and chi from the definition of the quantile, per unit of q: signal sums with one eigenvalue."""
    h = mp.log(p / (1 - p)) / 2
    v = quantile(q, p)
    s = mp.sqrt(q)
    rho = (p * mp.npdf((v - q) / s) + (1 - p) * mp.npdf((v + q) / s)) / s
    t = mp.tanh(h + v)
    chi = rho * (1 - t * t) * q * (1 - u)
    e = rho * (-(v / q - t) * q * u * (1 - u) - (1 - t * t) * (v / q + t) * (q * (1 - u)) ** 2)
    return e, chi


def area(p):
    mp.mp.dps = 20
    p = mp.mpf(p)
    found = mp.quad(
        lambda x: mp.sqrt(abs(densities(mp.exp(-2 * x), p, mp.mpf(0))[0])),
        [-3, -2, -1, 0, 1, 2.5, 4.5, 7],
        maxdegree=3,
    )
    mp.mp.dps = 40
    return found


def sensitivity_below(level, m2, variance, p):
    """int chi dlog S up to a level over that of all levels."""
    mp.mp.dps = 18
    level, m2, var, p = (mp.mpf(x) for x in (level, m2, variance, p))

    def chi(x):
        square = mp.exp(2 * x)
        return densities(m2 / (square + var), p, var / (square + var))[1]

    middle = mp.log(mp.sqrt(m2))
    edges = [middle + k for k in (-3, -2, -1, 0, 1, 2, 4, 8, 16, 34)]
    cut = mp.log(level)
    below = mp.quad(chi, [e for e in edges if e < cut] + [cut], maxdegree=3)
    above = mp.quad(chi, [cut] + [e for e in edges if e > cut], maxdegree=3)
    mp.mp.dps = 40
    return {"share": below / (below + above), "total": below + above}


def bias_variance(q, p):
    q, p = mp.mpf(q), mp.mpf(p)
    h, s = mp.log(p / (1 - p)) / 2, mp.sqrt(q)

    def moment(power):
        def one(v):
            bell = p * mp.npdf((v - q) / s) / s + (1 - p) * mp.npdf((v + q) / s) / s
            return bell * mp.sech(h + v) ** (2 * power)

        edges = sorted([-q - 12 * s, -q, -h - 3, -h, -h + 3, q, q + 12 * s])
        return mp.quad(one, edges)

    return moment(3) / moment(2) ** 2


def agreement(q, p):
    """Flow: P(class again) by integrating the position of the noised sample."""
    q, p = mp.mpf(q), mp.mpf(p)
    v, s = quantile(q, p), mp.sqrt(q)
    up = mp.quad(lambda x: mp.npdf((x - q) / s) / s, [v, max(v, q) + 12 * s])
    down = mp.quad(lambda x: mp.npdf((x + q) / s) / s, [min(v, -q) - 12 * s, v])
    return p * up + (1 - p) * down


def details(n, k, ridge, variance, a, b):
    """The ridge regression itself: data s g and noises s z as orthonormal directions, by normal equations."""
    ridge, var, a, b = (mp.mpf(x) for x in (ridge, variance, a, b))
    sigma = mp.sqrt(var)
    size = 1 + n + n * k  # coordinates along m, g^mu and z^{mu j}, with s = 1 by symmetry
    rows = []
    for mu in range(n):
        for j in range(k):
            target = mp.zeros(size, 1)
            target[0], target[1 + mu] = 1, sigma
            x = b * target
            x[1 + n + mu * k + j] += a
            rows.append((target, x))
    # u at given c is the mean residual; the loss is quadratic in c.
    weight = mp.mpf(n) / (n + ridge)

    def parts(c):
        mean = mp.zeros(size, 1)
        for target, x in rows:
            mean += (target - c * x) / (n * k)
        u = weight * mean
        loss = ridge * (u.T * u)[0]
        for target, x in rows:
            r = target - c * x - u
            loss += (r.T * r)[0] / k
        return loss, u

    zero, one, minus = parts(mp.mpf(0))[0], parts(mp.mpf(1))[0], parts(mp.mpf(-1))[0]
    c = (minus - one) / (2 * (one + minus - 2 * zero))
    loss, u = parts(c)
    return {
        "skip": c,
        "output_overlap": u[0],
        "output_data_overlap": u[1],
        "output_noise_overlap": u[1 + n],
        "output_norm_squared": (u.T * u)[0],
        "loss": loss,
    }


def speciation(plus, minus, variance, time, output, inner):
    """The loss written with averages of tanh by quadrature, minimised with numerical derivatives."""
    mp.mp.dps = 25
    var, time, output, inner = (mp.mpf(x) for x in (variance, time, output, inner))
    sigma = mp.sqrt(var)
    nodes = [mp.mpf(k) / 10 for k in range(-100, 101)]
    bell = [mp.exp(-(x**2) / 2) for x in nodes]
    norm = sum(bell)

    def average(y, root, power):
        return sum(w * mp.tanh(y + root * x) ** power for w, x in zip(bell, nodes, strict=True)) / norm

    def loss(om, vp, vm, b):
        root = mp.sqrt(om**2 + vp**2 + vm**2)
        yp = b + time * (om + sigma * vp / mp.sqrt(plus))
        ym = b + time * (-om + sigma * vm / mp.sqrt(minus))
        f, g = average(yp, root, 1), average(ym, root, 1)
        bottom = output + plus * average(yp, root, 2) + minus * average(ym, root, 2)
        top = (plus * f - minus * g) ** 2 + var * (plus * f**2 + minus * g**2)
        return (plus + minus) * (1 + var) - top / bottom + inner * root**2

    def gradient(*x):
        found, step = [], mp.mpf("1e-9")
        for k in range(4):
            up, down = list(x), list(x)
            up[k] += step
            down[k] -= step
            found.append((loss(*up) - loss(*down)) / (2 * step))
        return found

    x = mp.findroot(
        gradient,
        (mp.mpf("0.95"), mp.mpf("0.2"), mp.mpf("-0.35"), mp.mpf("0.65")),
        tol=1e-24,
        maxsteps=40,
        verify=False,
    )
    names = ("input_overlap", "input_data_overlap_positive", "input_data_overlap_negative", "bias")
    result = dict(zip(names, x, strict=True)) | {"loss": loss(*x)}
    mp.mp.dps = 40
    return result


MAPS = [
    ("vp-linear", 300, "0.8", "0.36", "0.72", 9, None),
    ("vp-trigonometric", 300, "0.8", "0.36", "0.28", 8, None),
    ("ve-linear", 300, "1.3", "0.36", "0.28", 9, None),
    ("ve-trigonometric", 300, "0.8", "1.44", "0.72", 7, None),
    ("dilated-vp-linear", 300, "0.8", "0.36", "0.72", 12, "2.2"),
    ("dilated-vp-trigonometric", 300, "0.8", "0.36", "0.72", 13, "2.2"),
    ("dilated-ve-linear", 300, "1.3", "0.36", "0.28", 12, "2.2"),
    ("dilated-ve-trigonometric", 300, "0.8", "0.36", "0.72", 12, "2.2"),
    ("dilated-vp-linear", 10**24, "1", "0.36", "0.72", 12, "2.2"),
    ("dilated-vp-linear", 10**24, "1", "0.36", "0.72", 13, "2.2"),
    ("dilated-ve-linear", 10**24, "1", "0.36", "0.72", 12, "2.2"),
    ("ve-linear", 10**24, "1", "0.36", "0.72", 11, None),
    ("ve-trigonometric", 10**24, "1", "0.36", "0.72", 11, None),
]
LEVELS = [60, 25, 9, 4, "1.5", "0.6", "0.2", 0]


def numbers(entry):
    return {name: mp.nstr(value, 17) for name, value in entry.items()}


def main():
    document = {}
    parts = {
        "maps": lambda: [
            dict(
                zip(
                    ("name", "dimension", "separation", "variance", "weight", "steps", "dilation"),
                    case,
                    strict=True,
                ),
                **numbers(euler(*case)),
            )
            for case in MAPS
        ],
        "solvers": lambda: [
            {
                "scheme": scheme,
                "start": "mean" if mean else "zero",
                **numbers(solver(LEVELS, scheme, "256", "0.36", "0.72", mean)),
            }
            for scheme in ("ddim", "heun", "dpmpp-2m")
            for mean in (False, True)
        ],
        "crossover": lambda: {lam: mp.nstr(crossover(lam, "0.72"), 17) for lam in ("0.5", "1.3", "4")},
        "exploding": lambda: {a: mp.nstr(exploding_product(a, 4000), 12) for a in ("0.3", "1", "5")},
        "curie_weiss": lambda: [{"dimension": d, **numbers(curie_weiss(d, "1.6", "0.9"))} for d in (50, 101)],
        "saturated": lambda: [
            {"linear": linear, "half": half, **numbers(saturated("1.6", half, linear))}
            for linear in (True, False)
            for half in (4,)
        ],
        "area": lambda: {p: mp.nstr(area(p), 13) for p in ("0.6", "0.2")},
        "sensitivity": lambda: [
            {"level": level, **numbers(sensitivity_below(level, "256", "0.36", "0.72"))}
            for level in (8, 22, 200)
        ],
        "bias_variance": lambda: {q: mp.nstr(bias_variance(q, "0.72"), 16) for q in ("0.05", "1.7", "9")},
        "flow_agreement": lambda: {q: mp.nstr(agreement(q, "0.72"), 16) for q in ("0.05", "1.7", "9")},
        "details": lambda: [
            {"noise_draws": k, **numbers(details(4, k, "0.3", "0.64", "0.7", "0.6"))} for k in (1, 3)
        ],
        "speciation": lambda: numbers(speciation(3, 1, "0.64", 1, "0.2", "0.05")),
    }
    for name, part in parts.items():
        document[name] = part()
        print(name, flush=True)
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
