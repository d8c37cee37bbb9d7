"""Learning curves of random features by a route that shares no code with the package; run by hand (two minutes).

Writes random_features_digits.json. The self-consistent equations are written out in (q, gamma_1, gamma_2) with
closed coefficients of the activation; they are followed by Newton's iteration with numerical derivatives from the
far right of an ellipse in log z to its far left. The two-point function is the solution of the full linear system
in (q12, g1, g2, s12, r12), by a general solver at every pair of nodes. Isotropic data of variance 1.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "random_features.json").read_text())["coefficients"]
NODES = 260


def coefficients(name, t):
    """A = exp(-2t) a^2, b^2, v^2, s^2, and a^2."""
    rho, noise = np.exp(-2 * t), -np.expm1(-2 * t)
    if name == "sin":
        c1 = np.exp(-1.0)
        # Sums of exp(-1) rho^k / k! over odd k from 3.
        k = np.arange(3, 30, 2)
        factorial = np.cumprod(np.arange(1, 30.0))[k - 1]
        v2 = np.exp(-1.0) * np.sum(rho**k / factorial)
        s2 = np.exp(-1.0) * np.sum(-np.expm1(-2 * t * k) / factorial)
        return rho * c1, c1 * noise, v2, s2, c1
    a, b2, v2, s2 = (float(x) for x in REFERENCE[name][f"{t:.6f}".rstrip("0")])
    return rho * a * a, b2, v2, s2, a * a


class Model:
    def __init__(self, name, p, n, t, draws=np.inf, lowest=None):
        self.p, self.n, self.t, self.i = p, n, t, 0.0 if np.isinf(draws) else 1.0 / draws
        self.A, self.b2, self.v2, self.s2, self.a2 = coefficients(name, t)
        self.noise = -np.expm1(-2 * t)
        low = 0.9 * self.s2 if lowest is None else lowest
        wide = (1 + np.sqrt(p)) ** 2 * (1 + np.sqrt(1 / n)) ** 2 * (1 + np.sqrt(self.i / n)) ** 2
        high = wide * (self.A + self.b2) + (1 + np.sqrt(p / n)) ** 2 * (self.v2 + self.s2)
        centre, half = 0.5 * np.log(low * high), 0.5 * np.log(high / low)
        radius = 0.5 * np.arcsinh(0.5 * np.pi / half)
        angle = (np.arange(NODES) + 0.5) * np.pi / NODES
        zeta = half * np.cosh(radius + 1j * angle)
        self.z = np.exp(centre + zeta)
        self.w = -1j * half * np.sinh(radius + 1j * angle) * self.z / NODES / 2j
        self.solve()
        self.tables()

    def rest(self, x):
        q, g1, g2 = x
        bar = self.i * g1 + (1 - self.i) * g2
        s = 1 / (1 / q + self.p * (self.b2 * bar + self.A * g1))
        return bar, s

    def equations(self, x, z):
        q, g1, g2 = x
        bar, s = self.rest(x)
        f = self.p / self.n
        fresh = self.i * (self.b2 * s + self.s2 * q)
        trace = self.p * (self.s2 * bar + self.v2 * g1 - z) + (1 - self.p) / q - s / q**2
        return np.array(
            [
                trace * q / (1 + self.p),
                g1 * (1 + f * (self.A * s + self.v2 * q + fresh)) - 1,
                g2 * (1 + f * fresh) - 1,
            ]
        )

    def solve(self):
        path = np.exp(np.linspace(np.log(1e4 * abs(self.z[0])), np.log(abs(self.z[0])), 200)) * (1 + 0.02j)
        x, found = np.array([-1 / path[0], 1.0, 1.0], dtype=complex), []
        for z in [*path, *self.z]:
            for _ in range(60):
                value = self.equations(x, z)
                jacobian = np.empty((3, 3), dtype=complex)
                for j in range(3):
                    y = x.copy()
                    y[j] *= 1 + 1e-7
                    jacobian[:, j] = (self.equations(y, z) - value) / (y[j] - x[j])
                step = np.linalg.solve(jacobian, value)
                x = x - step
                if np.abs(step / x).max() < 1e-14:
                    break
            assert np.abs(self.equations(x, z)).max() < 1e-11
            assert x[0].imag > 0
            found.append(x)
        self.x = np.array(found[200:])

    def tables(self):
        q, g1, g2 = self.x.T
        bar, s = self.rest(self.x.T)
        self.q, self.bar, self.s = q, bar, s
        self.omega = 1 - bar + bar**2 * self.b2 * self.p * s
        self.chi = self.b2 * self.p * bar * s
        self.T = [self.pairs(g1, g2, conjugate) for conjugate in (False, True)]

    def pairs(self, g1, g2, conjugate):
        def other(v):
            return (v.conj() if conjugate else v)[None, :]

        q, s, bar = self.q[:, None], self.s[:, None], self.bar[:, None]
        qq, ss, bb = other(self.q), other(self.s), other(self.bar)
        f, i, p = self.p / self.n, self.i, self.p
        alpha, beta, c = self.A, self.a2 * self.noise, self.v2 + self.s2
        j = s * ss
        zero = np.zeros(j.shape, dtype=complex)
        one = np.ones(j.shape, dtype=complex)
        w1, w2 = f * g1[:, None] * other(g1), f * i * g2[:, None] * other(g2)
        # Columns: q12, g1, g2, s12, r12; with Sigma = 1, J_0 = J_1 = J_2 = j.
        rows = [
            [w1 * (self.v2 + i * self.s2), one, zero, w1 * i * self.b2, w1 * self.A],
            [w2 * self.s2, zero, one, w2 * self.b2, zero],
            [-j / (q * qq), p * j * (self.b2 * i + self.A), p * j * self.b2 * (1 - i), one, zero],
            [-j / (q * qq), p * j * (self.b2 * i + self.A), p * j * self.b2 * (1 - i), zero, one],
            [
                -(1 - p) + s / q + ss / qq,
                p * q * qq * (self.s2 * i + self.v2),
                p * q * qq * self.s2 * (1 - i),
                -one,
                zero,
            ],
        ]
        right = [zero, zero, p * j * (alpha + beta), p * j * (alpha + beta), p * q * qq * c]
        matrix = np.stack([np.stack(np.broadcast_arrays(*row), axis=-1) for row in rows], axis=-2)
        y = np.linalg.solve(matrix, np.stack(np.broadcast_arrays(*right), axis=-1)[..., None])[..., 0]
        g = i * y[..., 1] + (1 - i) * y[..., 2]
        return -g + self.b2 * p * (bar * y[..., 3] * bb + g * ss * bb + bar * s * g)

    def losses(self, tau):
        """Train loss, test loss, score error, and the mass of q in the contour."""
        rate = 2 * self.noise / self.p * tau
        filter_ = 1 / self.z if np.isinf(tau) else -np.expm1(-rate * self.z) / self.z
        fw = filter_ * self.w
        train = 1 + 2 * np.sum(fw * (self.z * filter_ - 2) * self.omega).real
        square = (
            2
            * np.sum(
                fw[:, None] * fw[None, :] * self.T[0] + fw[:, None] * fw.conj()[None, :] * self.T[1]
            ).real
        )
        test = 1 + square - 4 * np.sum(fw * self.chi).real
        return train, test, (test - 1) / self.noise + 1.0, 2 * np.sum(self.w * self.q).real

    def best(self):
        guess = min(np.geomspace(1, 3000, 60), key=lambda tau: self.losses(tau)[2])
        found = minimize_scalar(
            lambda y: self.losses(np.exp(y))[2],
            bounds=np.log([guess / 1.3, guess * 1.3]),
            options={"xatol": 1e-7},
        )
        return float(np.exp(found.x)), float(found.fun)


CURVES = [
    (("sin", 4.0, 2.0, 0.1), [10.0, 100.0, np.inf]),
    (("sin", 1.9, 2.0, 0.2, 1, 2e-5), [np.inf]),
    (("sin", 2.1, 2.0, 0.2, 1, 2e-5), [np.inf]),
    (("sin", 4.0, 2.0, 0.2, 1, 1e-3), [np.inf]),
    (("sin", 1.9, 2.0, 0.2), [np.inf]),
    (("sin", 2.1, 2.0, 0.2), [np.inf]),
    (("sin", 4.0, 2.0, 0.2), [np.inf]),
    (("sin", 16.0, 2.0, 0.2), [np.inf]),
    *((("sin", p, 2.0, 1e-6), [np.inf]) for p in (1.9, 2.1, 3.0, 4.0, 8.0)),
    *((("tanh", 64.0, n, 0.1), [np.inf]) for n in (4.0, 8.0, 16.0, 32.0)),
    (("tanh", 32.0, 8.0, 0.01), [np.inf]),
]
STOPPING = [
    *(("tanh", 64.0, n, 0.1) for n in (4.0, 8.0, 16.0, 32.0)),
    *(("tanh", 32.0, float(n), 0.01) for n in (1, 2, 4, 8, 16, 32, 64, 128)),
    *(("tanh", 1e5, n, 0.01) for n in (64.0, 256.0, 1024.0)),
]


def main():
    document = {"curves": [], "stopping": []}
    for case, times in CURVES:
        model = Model(*case)
        values = [model.losses(tau) for tau in times]
        document["curves"].append(
            {
                "case": case,
                "times": ["inf" if np.isinf(x) else x for x in times],
                "train_loss": [v[0] for v in values],
                "test_loss": [v[1] for v in values],
                "score_error": [v[2] for v in values],
                "mass": values[0][3],
            }
        )
        print(document["curves"][-1], flush=True)
    for case in STOPPING:
        tau, error = Model(*case).best()
        document["stopping"].append({"case": case, "training_time": tau, "score_error": error})
        print(document["stopping"][-1], flush=True)
    (HERE / "random_features_digits.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
