"""The first two steps of spherical descent for N -> infinity; writes phase_retrieval_dynamics.json.

Another route than the package's: no response functions. Row by row over the sensing vectors, with u the part of the
label orthogonal to y = x.w_0/sqrt(N), tau = m y + sqrt(1 - m^2) u, and f_y = alpha E F_0 y, f_u = alpha E F_0 u,

    grad_0 = f_y w_0 + f_u w_u + isotropic part,   |grad_0|^2/N = alpha E F_0^2 + f_y^2 + f_u^2
    nu_1^2 = |w_0 - eta grad_0 + noise|^2/N = 1 - 2 eta f_y + eta^2 |grad_0|^2/N + 2 T eta
    nu_1 h_1 = y - eta (f_y y + f_u u) - eta F_0 + N(0, eta^2 alpha E F_0^2 + 2 T eta)

and from w_2.v = (w_1.v - eta grad_1.v)/nu_2 with v = w_0, w_1, w*, where grad_1.v/N = alpha E F_1 (v's pre-activation),
the ratios of C(2,0), C(2,1) and m_2. Averages over (y, u, noise) by the trapezoidal rule, whose error for functions
analytic in a strip falls exponentially.
"""

import json
from pathlib import Path

import numpy as np

# offset, samples per dimension, two step sizes, temperature, overlap of the start.
CASES = [
    (1.0, 3.0, 0.02, 0.03, 0.0, 0.0),
    (1.0, 2.0, 0.02, 0.04, 0.3, 0.0),
    (1.0, 4.0, 0.02, 0.03, 0.0, 0.4),
    (1.0, 2.0, 0.03, 0.02, 0.2, -0.3),
    (0.1, 3.0, 0.003, 0.003, 0.0, 0.0),
]


def trapezoid(step, largest=8.5):
    x = np.arange(-np.ceil(largest / step), np.ceil(largest / step) + 1) * step
    return x, np.exp(-0.5 * x * x) * step / np.sqrt(2.0 * np.pi)


def two_steps(a, alpha, eta0, eta1, T, m, fine):
    y, py = trapezoid(0.2 * fine)
    u, pu = trapezoid(0.2 * fine * np.sqrt(a))
    z, pz = trapezoid(0.3 * fine)
    y, u = y[:, None], u[None, :]
    p = py[:, None] * pu[None, :]
    tau = m * y + np.sqrt(1.0 - m * m) * u

    def slope(h):
        return 2.0 * h * (h * h - tau * tau) / (a + tau * tau)

    F0 = slope(y)
    f_y, f_u = alpha * (p * F0 * y).sum(), alpha * (p * F0 * u).sum()
    force2 = alpha * (p * F0 * F0).sum()
    nu = np.sqrt(1.0 - 2.0 * eta0 * f_y + eta0**2 * (force2 + f_y**2 + f_u**2) + 2.0 * T * eta0)
    centre = (y - eta0 * (f_y * y + f_u * u) - eta0 * F0) / nu
    width = np.sqrt(eta0**2 * force2 + 2.0 * T * eta0) / nu
    energy = forces_start = forces_self = forces_signal = 0.0
    for node, weight in zip(z, pz, strict=True):
        h = centre + width * node
        F1 = slope(h)
        energy += weight * alpha * (p * (h * h - tau * tau) ** 2 / (2.0 * (a + tau * tau))).sum()
        forces_start += weight * alpha * (p * F1 * y).sum()
        forces_self += weight * alpha * (p * F1 * h).sum()
        forces_signal += weight * alpha * (p * F1 * tau).sum()
    correlation = (1.0 - eta0 * f_y) / nu
    signal = alpha * (p * F0 * tau).sum()
    overlap = (m - eta0 * signal) / nu
    to_self = 1.0 - eta1 * forces_self
    return np.array(
        [
            correlation,
            overlap,
            energy,
            forces_self,
            (correlation - eta1 * forces_start) / to_self,
            (overlap - eta1 * forces_signal) / to_self,
        ]
    )


NAMES = (
    "correlation_1",
    "overlap_1",
    "energy_1",
    "multiplier_1",
    "correlation_2_over_21",
    "overlap_2_over_21",
)

if __name__ == "__main__":
    rows = []
    for case in CASES:
        *problem, m = case
        # An infinitesimal overlap by its derivative at 0: the overlap is odd in m.
        tiny = 1e-4
        value, coarse = (
            two_steps(*problem, m, fine)
            if m
            else two_steps(*problem, tiny, fine) / np.array([1, tiny, 1, 1, 1, tiny])
            for fine in (0.75, 1.0)
        )
        error = np.abs(value - coarse).max()
        assert error < 1e-7, error
        names = ("offset", "samples_per_dimension", "step_sizes", "temperature", "overlap")
        setting = dict(zip(names, (case[0], case[1], case[2:4], case[4], m), strict=True))
        rows.append(setting | {name: float(f"{x:.9g}") for name, x in zip(NAMES, value, strict=True)})
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
