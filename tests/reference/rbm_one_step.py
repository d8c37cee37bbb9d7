"""One step of replica-symmetry breaking by brute force; writes rbm_one_step.json.

Only the replicated free entropy with one step is written down, in the overlaps q_0, q_1, their conjugates, the Parisi
parameter x and the overlap with the pattern, with its double average over z_0 and z_1 as a plain product of two
trapezoidal sums (at T = 0 the inner one by the error function). Its gradient is taken by complex steps and its root by
Newton's method; no equation of state is used. The largest load with retrieval is the maximum of load(m) at T = 0.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar, root
from scipy.special import log_ndtr


def grid(count, reach=9.0):
    z = np.linspace(-reach, reach, count)
    return z, np.exp(-0.5 * z * z) * (z[1] - z[0]) / np.sqrt(2 * np.pi)


def log_two_cosh(b):
    sign = np.where(b.real >= 0, 1.0, -1.0)
    return sign * b + np.log1p(np.exp(-2 * sign * b))


def unit(signal, c0, c1, x, counts):
    """(1/x) E log E (2 cosh b)^x - c_1/2, with b = signal + sqrt(c_0) z_0 + sqrt(c_1 - c_0) z_1."""
    (z0, w0), (z1, w1) = grid(counts[0]), grid(counts[1])
    b = signal + np.sqrt(c0) * z0[:, None] + np.sqrt(c1 - c0) * z1
    exponent = x * log_two_cosh(b)
    largest = exponent.real.max(axis=1)
    inner = np.log(np.exp(exponent - largest[:, None]) @ w1) + largest
    return inner @ w0 / x - c1 / 2


def frozen(signal, c0, c1, p, counts):
    """(1/p) E log E exp(p |b|) of T = 0."""
    z0, w0 = grid(counts[0])
    base, width = signal + np.sqrt(c0) * z0, np.sqrt(c1 - c0)
    right = p * base + log_ndtr(base / width + p * width)
    left = -p * base + log_ndtr(-base / width + p * width)
    mean = 0.5 * (right + left)
    inner = mean + log_two_cosh(0.5 * (right - left)) + 0.5 * (p * width) ** 2
    return inner @ w0 / p


def free_entropy(v, case):
    """Per visible unit, at v = (q0, q1, c0, c1, x, m) or, for memories, (q0, ..., c1, r0, ..., d1, x, m, k)."""
    beta, load, counts = 1.0 / case["temperature"], case["load"], case["counts"]
    overlaps = v[9 if case["ratio"] else 5 :]
    m, k = (*overlaps, 0.0, 0.0)[:2]
    q0, q1, c0, c1 = v[:4]
    if not case["ratio"]:
        x = v[4]
        within, between = 1 - beta * (1 - q1), 1 - beta * (1 - q1 + x * (q1 - q0))
        pairs = (1 - 1 / x) * np.log(within) + np.log(between) / x - beta * q0 / between
        conjugates = (x - 1) * c1 * q1 - x * c0 * q0
        return -(load * pairs + conjugates + beta * m * m) / 2 + unit(beta * m, c0, c1, x, counts)
    r0, r1, d0, d1, x = v[4:9]
    alpha = case["ratio"]
    a = alpha * beta**2
    xs, ys = 1 - q1 + x * (q1 - q0), 1 - r1 + x * (r1 - r0)
    within, between = 1 - a * (1 - q1) * (1 - r1), 1 - a * xs * ys
    pairs = (1 - 1 / x) * np.log(within) + np.log(between) / x - a * (xs * r0 + ys * q0) / between
    conjugates = (x - 1) * (c1 * q1 + alpha * d1 * r1) - x * (c0 * q0 + alpha * d0 * r0)
    layers = unit(alpha * beta * k, c0, c1, x, counts) + alpha * unit(beta * m, d0, d1, x, counts)
    return -(load * pairs + conjugates) / 2 - alpha * beta * m * k + layers - alpha * np.log(2.0)


def ground(v, case):
    """Minus the energy at T = 0: q = 1 - T X, x = p T, conjugates over beta^2. v = (X, q0, s0, s1, p, m), for memories
    of equal layers in the symmetric state, in which both layers have these values."""
    load, counts = case["load"], case["counts"]
    X, q0, s0, s1, p, m = v
    X2 = X + p * (1 - q0)
    random = s1 * X + p * (s1 - s0 * q0)
    unit_ = frozen(m, s0, s1, p, counts)
    if not case["ratio"]:
        pairs = q0 / (1 - X2) - np.log((1 - X2) / (1 - X)) / p
        return (load * pairs - random - m * m) / 2 + unit_
    pairs = 2 * X2 * q0 / (1 - X2**2) - np.log((1 - X2**2) / (1 - X**2)) / p
    return load * pairs / 2 - random - m * m + 2 * unit_


def gradient(function, v, case):
    v = np.asarray(v, dtype=complex)
    return np.array([function(v + 1e-30j * unit_, case).imag / 1e-30 for unit_ in np.eye(len(v))])


def stationary(v, case):
    """Newton's method on the gradient, whose Jacobian is taken by differences; the last step is 1e-10 of the state."""
    for _ in range(12):
        slopes = gradient(free_entropy, v, case)
        steps = 1e-6 * np.abs(v)
        rows = [gradient(free_entropy, v + change, case) - slopes for change in np.diag(steps)]
        jacobian = np.array(rows).T / steps
        change = np.linalg.solve(jacobian, -slopes)
        v = v + change
        if np.abs(change / v).max() < 1e-10:
            return v
    raise RuntimeError("no stationary point")


def with_conjugates(overlaps, x, retrieved, case):
    """A starting point: the conjugates at which the gradient by the overlaps vanishes, in which it is linear."""
    layers = [overlaps[k : k + 2] for k in range(0, len(overlaps), 2)]
    bare = np.concatenate([*((*q, 0.0, 0.0) for q in layers), [x], retrieved])
    slopes = gradient(free_entropy, bare, case)
    parts = []
    for k, q in enumerate(layers):
        g0, g1 = slopes[4 * k : 4 * k + 2] / (case["ratio"] if k else 1.0)
        parts.append([*q, -2 * g0 / x, 2 * g1 / (x - 1)])
    return np.concatenate([*parts, [x], retrieved])


def largest_of_frozen():
    yield "hopfield", largest_load({"ratio": 0.0, "counts": (4001,)}, HOPFIELD_END, 0.9665, 0.967)
    yield "memory", largest_load({"ratio": 1.0, "counts": (4001,)}, MEMORY_END, 0.930, 0.9312)


# Of z_0 there are enough points for the poles of tanh(x beta sqrt(s_0) z_0), of z_1 for those of tanh(beta b).
# Starting points: overlaps of the layers, Parisi parameter, overlaps with the pattern.
STATES = {
    "hopfield glass": (
        {"ratio": 0.0, "load": 0.1, "temperature": 0.3, "counts": (301, 301)},
        ((0.35, 0.80), 0.065, ()),
    ),
    "memory glass": (
        {"ratio": 0.5, "load": 0.2, "temperature": 0.2, "counts": (301, 301)},
        ((0.35, 0.78, 0.39, 0.87), 0.074, ()),
    ),
    "hopfield retrieval": (
        {"ratio": 0.0, "load": 0.138, "temperature": 0.01, "counts": (901, 241)},
        ((0.99667, 0.99897), 0.275, (0.97078,)),
    ),
    "memory retrieval": (
        {"ratio": 1.0, "load": 0.2, "temperature": 0.02, "counts": (601, 241)},
        ((0.98959, 0.996735, 0.98959, 0.996735), 0.2825, (0.94269, 0.94269)),
    ),
}
# (X, q_0, s_0, s_1, p, load) near the ends.
HOPFIELD_END = (0.0529, 0.9965, 0.2066, 0.2094, 36.8, 0.1382)
MEMORY_END = (0.0843, 0.9881, 0.2600, 0.2661, 18.0, 0.2012)


def largest_load(case, guess, low, high):
    """Maximum of load(m) along the branch at T = 0."""
    state = {"y": np.array(guess)}

    def load_at(m):
        def system(y):
            return gradient(ground, np.append(y[:-1], m), {**case, "load": y[-1]})

        found = root(system, state["y"], tol=1e-13)
        assert np.abs(found.fun).max() < 1e-10, (found.message, found.fun)
        state["y"] = found.x
        return found.x[-1]

    best = minimize_scalar(
        lambda m: -load_at(m), bounds=(low, high), method="bounded", options={"xatol": 1e-7}
    )
    load = load_at(best.x)
    return {"load": float(load), "overlap": float(best.x), "p": float(state["y"][4])}


def main():
    document = {"states": [], "ends": []}
    for name, (case, start) in STATES.items():
        found = stationary(with_conjugates(*start, case), case)
        value = -case["temperature"] * free_entropy(found, case).real
        q0, q1 = found[:2]
        row = {"name": name, **{k: case[k] for k in ("ratio", "load", "temperature")}}
        row |= {"q_0": q0, "q_1": q1, "x": found[8 if case["ratio"] else 4], "free_energy": value}
        row["overlap"] = found[-1] if start[-1] else 0.0
        document["states"].append(row)
        print(row, flush=True)
    document["ends"] = [{"name": name, **end} for name, end in largest_of_frozen()]
    print(document["ends"], flush=True)
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
