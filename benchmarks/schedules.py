"""Exact errors of schedules against numpy samplers in full dimension, and the time of the designer. One thread.

Weight: 200 Euler steps at d = 3000; the sampler takes the 1600 samples that give the weight to about 1 %, the exact map
gives it to rounding. Spectrum: 20 steps at d = 400; the sampler is timed on some samples, and its time scaled to as
many as its standard error needs to be that of the exact reduction. Curie-Weiss: the kernel of the posterior over the
auxiliary field against numpy. Autoencoder: one point of the speciation phase against descent with derivatives by
differences, from the same starts, and a polish without derivatives.

    python -m benchmarks.schedules
"""

import json

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from statphys_gen.data.kernels import log_cosh_sums
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.schedules.model import Autoencoder, TimeGrid, TwoClasses, interpolant, noise_grid
from statphys_gen.schedules.simulation.samplers import simulate_mixture
from statphys_gen.schedules.theory.autoencoder_speciation import autoencoder_speciation
from statphys_gen.schedules.theory.common_covariance import generated_weights
from statphys_gen.schedules.theory.design import design_schedule
from statphys_gen.schedules.theory.isotropic_map import generated_weight

from .measure import cpu_seconds, machine

_SAMPLES, _TIMED = 1600, 3000


def euler(classes: TwoClasses, steps: int) -> float:
    """Weight of vp-linear by a sampler as one would write it in numpy."""
    rng = np.random.default_rng(1)
    d = classes.dimension
    m = np.full(d, classes.separation)
    x = rng.standard_normal((_SAMPLES, d))
    for k in range(steps):
        t = k / steps
        spread = (1.0 - t) ** 2 + classes.variance * t * t
        bent = np.tanh(classes.log_odds + t * (x @ m) / spread)
        linear, drive = (-(1.0 - t) + classes.variance * t) / spread, (1.0 - t) / spread
        x += (linear * x + drive * bent[:, None] * m) / steps
    return float((x @ m > 0.0).mean())


def weight() -> dict[str, float]:
    classes = TwoClasses(3000, 0.8, 0.36, 0.72)
    grid = TimeGrid.uniform(interpolant("vp-linear"), 200)
    exact = cpu_seconds({"exact": lambda: generated_weight(classes, grid)})
    sampled = cpu_seconds({"sampler": lambda: euler(classes, 200)}, repeats=1)
    return exact | sampled | {"ratio": sampled["sampler"] / exact["exact"]}


def spectrum() -> dict[str, float]:
    k = np.arange(1, 401)
    m = 0.9 * np.sin(0.9 * k)
    mixture = GaussianMixture([0.72, 0.28], [m, -m], (2.0 * k**-0.8)[None])
    grid = noise_grid("log-uniform", 20, (0.02, 60.0), start="mean")
    found = generated_weights(mixture, grid)
    error, p = float(found.standard_error[0]), float(found.mean[0])
    exact = cpu_seconds({"exact": lambda: generated_weights(mixture, grid)})
    sampled = cpu_seconds({"sampler": lambda: simulate_mixture(mixture, grid, _TIMED)}, repeats=1)["sampler"]
    needed = p * (1.0 - p) / error**2
    return exact | {
        "standard_error": error,
        "sampler": sampled * needed / _TIMED,
        "ratio": sampled * needed / _TIMED / exact["exact"],
    }


def curie_weiss() -> dict[str, float]:
    rng = np.random.default_rng(2)
    fields, nodes = rng.normal(size=(200, 400)), np.linspace(-1.5, 1.5, 81)
    sums = np.empty((len(fields), len(nodes)))
    log_cosh_sums(fields, nodes, sums)

    def direct() -> NDArray[np.float64]:
        total = np.logaddexp(fields[:, :, None] + nodes, -fields[:, :, None] - nodes).sum(axis=1)
        return total - np.abs(fields).sum(axis=1)[:, None]

    assert np.allclose(direct(), sums, rtol=1e-10)
    found = cpu_seconds({"kernel": lambda: log_cosh_sums(fields, nodes, sums), "numpy": direct})
    return found | {"ratio": found["numpy"] / found["kernel"]}


def speciation() -> dict[str, float]:
    model, time = Autoencoder((4, 2), 0.64, 0.2, 0.05), 1.3
    z = np.linspace(-9.0, 9.0, 461)
    bell = np.exp(-0.5 * z * z) / np.exp(-0.5 * z * z).sum()

    def loss(x: NDArray[np.float64]) -> float:
        om, plus, minus, b = x
        r = np.sqrt(om * om + plus * plus + minus * minus)
        fields = (b + time * (om + 0.8 * plus / 2.0), b + time * (-om + 0.8 * minus / np.sqrt(2.0)))
        (f, f2), (g, g2) = ((bell @ t, bell @ (t * t)) for t in (np.tanh(y + r * z) for y in fields))
        top = (4.0 * f - 2.0 * g) ** 2 + 0.64 * (4.0 * f * f + 2.0 * g * g)
        return float(6.0 * 1.64 - top / (0.2 + 4.0 * f2 + 2.0 * g2) + 0.05 * r * r)

    def direct() -> float:
        h = 0.5 * np.log(2.0)
        starts = ([1.3, 0.1, -0.1, h], [0.4, 0.3, -0.3, 2.0 * h], [1.0, 0.5, -0.7, 0.0])
        ends = [minimize(loss, start, method="BFGS") for start in starts]
        best = min(ends, key=lambda end: end.fun)
        tight = {"xatol": 1e-9, "fatol": 1e-13}
        return float(minimize(loss, best.x, method="Nelder-Mead", options=tight).fun)

    assert abs(direct() - autoencoder_speciation(model, time).loss) < 1e-8
    found = cpu_seconds({"point": lambda: autoencoder_speciation(model, time), "differences": direct}, 5)
    return found | {"ratio": found["differences"] / found["point"]}


def main() -> None:
    with threadpool_limits(1):
        found = {"weight, 200 steps at d = 3000": weight(), "spectrum, 20 steps at d = 400": spectrum()}
        found["Curie-Weiss, 200 walkers of 400 spins"] = curie_weiss()
        found["speciation of an autoencoder, one point"] = speciation()
        law = TwoClasses(100_000, 1.0, 0.25, 0.8)
        found["design, 20 steps at d = 1e5"] = cpu_seconds(
            {"design": lambda: design_schedule(law, 20)}, repeats=1
        )
    print(json.dumps({"machine": machine(), **found}))


if __name__ == "__main__":
    main()
