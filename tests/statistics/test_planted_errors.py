"""Ten classic mistakes of theory against small simulations: the right formula agrees, the wrong one is rejected.

Every simulation samples the definition (spins, random matrices, stochastic differential equations) and none
uses the formula it is compared with.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from statphys_gen.statistics.agreement import Check, judge, run_checks
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.extrapolation import extrapolate
from statphys_gen.statistics.streams import generator

TIME = 0.5
SPINS, TEMPERATURE = 20, 1.25
SIGMA = 0.7


def ornstein_uhlenbeck(seed, start, paths=150_000, steps=20):
    """dx = -x dt + sqrt(2) dW up to TIME by the implicit midpoint rule, whose weak error is (dt^2 / 12) t."""
    random = generator(seed, {"paths": paths, "steps": steps})
    dt = TIME / steps
    x = np.full(paths, float(start))
    for _ in range(steps):
        x = (x * (1 - dt / 2) + math.sqrt(2 * dt) * random.standard_normal(paths)) / (1 + dt / 2)
    return x


def curie_weiss(seed, chains=4000, burn_in=40, sweeps=160):
    """Magnetisation of H = -M^2 / (2N) at TEMPERATURE by heat bath, spin by spin; shape (chains, sweeps)."""
    random = generator(seed, {"spins": SPINS, "chains": chains})
    spins = np.where(random.random((SPINS, chains)) < 0.5, -1.0, 1.0)
    total = spins.sum(axis=0)
    recorded = np.empty((chains, sweeps))
    for sweep in range(-burn_in, sweeps):
        uniform = random.random((SPINS, chains))
        for i in range(SPINS):
            others = total - spins[i]
            up = 1.0 / (1.0 + np.exp(-2.0 * others / (SPINS * TEMPERATURE)))
            spins[i] = np.where(uniform[i] < up, 1.0, -1.0)
            total = others + spins[i]
        if sweep >= 0:
            recorded[:, sweep] = total / SPINS
    return recorded


def curie_weiss_moment(power, exponent):
    """Average of |m|^power over all spin states with weight exp(exponent M^2)."""
    up = np.arange(SPINS + 1)
    total = 2 * up - SPINS
    weight = special.comb(SPINS, up) * np.exp(exponent * total**2)
    return float((weight * np.abs(total / SPINS) ** power).sum() / weight.sum())


def wigner(random, size, count):
    """Symmetric Gaussian matrices whose off-diagonal elements have variance 1/size (diagonal 2/size)."""
    square = random.standard_normal((count, size, size))
    return (square + square.swapaxes(1, 2)) / math.sqrt(2 * size)


def second_moment_of_wigner(seed, size=40, count=600):
    matrices = wigner(generator(seed, {"size": size}), size, count)
    return Estimate.from_samples((matrices**2).sum(axis=(1, 2)) / size)


def second_moment_of_wishart(seed, size=30, samples=60, count=4000):
    random = generator(seed, {"size": size, "samples": samples})
    moments = []
    for _ in range(count):
        data = SIGMA * random.standard_normal((size, samples))
        covariance = data @ data.T / samples
        moments.append((covariance**2).sum() / size)
    return Estimate.from_samples(moments)


def edge_of_wigner(seed, sizes=(25, 50, 100, 200), counts=(400, 200, 100, 50)):
    """Largest eigenvalue with variance SIGMA^2/N, extrapolated with the N^(-2/3) of the soft edge."""
    estimates = []
    for size, count in zip(sizes, counts, strict=True):
        matrices = SIGMA * wigner(generator(seed, {"size": size}), size, count)
        estimates.append(Estimate.from_samples(np.linalg.eigvalsh(matrices)[:, -1]))
    return extrapolate(sizes, Estimate.stack(estimates), exponent=2 / 3).limit


def lyapunov_exponent(seed, dimension=4, steps=50, replicas=3000):
    """Growth rate of a vector under products of independent Gaussian matrices."""
    random = generator(seed, {"dimension": dimension, "replicas": replicas})
    vector = np.full((replicas, dimension), dimension**-0.5)
    growth = np.zeros(replicas)
    for _ in range(steps):
        vector = np.einsum("rij,rj->ri", random.standard_normal((replicas, dimension, dimension)), vector)
        norm = np.linalg.norm(vector, axis=1)
        growth += np.log(norm)
        vector /= norm[:, None]
    return Estimate.from_samples(growth / steps)


def hopfield_crosstalk(seed, units=20, patterns=6, count=30_000):
    """Squared noise in the local fields of the units when the network holds its first pattern."""
    random = generator(seed, {"units": units, "patterns": patterns})
    xi = np.where(random.random((count, patterns, units)) < 0.5, -1.0, 1.0)
    couplings_without_diagonal = xi.swapaxes(1, 2) @ xi / units
    couplings_without_diagonal[:, range(units), range(units)] = 0.0
    state = xi[:, 0]
    field = np.einsum("cij,cj->ci", couplings_without_diagonal, state)
    noise = field - state * (units - 1) / units
    return Estimate.from_samples((noise**2).mean(axis=1))


def check(name, prediction, theory, simulate, resolution=0.02, kind="general"):
    return Check(name, prediction, "exact", theory, simulate, resolution, kind)


VARIANCE = -math.expm1(-2 * TIME)
BETA = 1 / TEMPERATURE

# Each mistake: the sound check and what the mistaken theory predicts.
MISTAKES = {
    "factor 2 in the variance of the noise": (
        check(
            "variance of an Ornstein-Uhlenbeck process",
            "1 - exp(-2t) from a sharp start",
            lambda: VARIANCE,
            lambda seed: Estimate.from_samples(ornstein_uhlenbeck(seed, 0.0) ** 2),
        ),
        lambda: VARIANCE / 2,
    ),
    "exp(-2t) for exp(-t)": (
        check(
            "mean of an Ornstein-Uhlenbeck process",
            "x0 exp(-t)",
            lambda: 2 * math.exp(-TIME),
            lambda seed: Estimate.from_samples(ornstein_uhlenbeck(seed, 2.0)),
        ),
        lambda: 2 * math.exp(-2 * TIME),
    ),
    "variance for standard deviation": (
        check(
            "mean absolute value of an Ornstein-Uhlenbeck process",
            "sqrt(2/pi) times the standard deviation",
            lambda: math.sqrt(2 / math.pi) * math.sqrt(VARIANCE),
            lambda seed: Estimate.from_samples(np.abs(ornstein_uhlenbeck(seed, 0.0))),
        ),
        lambda: math.sqrt(2 / math.pi) * VARIANCE,
    ),
    "missing factor 1/2 in the Hamiltonian": (
        check(
            "squared magnetisation of the Curie-Weiss model",
            "average of m^2 with weight exp(beta M^2 / (2N))",
            lambda: curie_weiss_moment(2, BETA / (2 * SPINS)),
            lambda seed: Estimate.from_samples((curie_weiss(seed) ** 2).mean(axis=1)),
        ),
        lambda: curie_weiss_moment(2, BETA / SPINS),
    ),
    "temperature for inverse temperature": (
        check(
            "absolute magnetisation of the Curie-Weiss model",
            "average of |m| with weight exp(beta M^2 / (2N))",
            lambda: curie_weiss_moment(1, BETA / (2 * SPINS)),
            lambda seed: Estimate.from_samples(np.abs(curie_weiss(seed)).mean(axis=1)),
        ),
        lambda: curie_weiss_moment(1, TEMPERATURE / (2 * SPINS)),
    ),
    "wrong sign of a correction of 2.5 percent": (
        check(
            "second moment of a Wigner matrix",
            "1 + 1/N",
            lambda: 1 + 1 / 40,
            second_moment_of_wigner,
            resolution=0.01,
        ),
        lambda: 1 - 1 / 40,
    ),
    "missing square of a variance": (
        check(
            "second moment of a sample covariance",
            "sigma^4 (1 + c + 1/n), c the ratio of dimension to samples",
            lambda: SIGMA**4 * (1 + 0.5 + 1 / 60),
            second_moment_of_wishart,
        ),
        lambda: SIGMA**2 * (1 + 0.5 + 1 / 60),
    ),
    "missing square root: variance as the scale of an edge": (
        check(
            "edge of the semicircle",
            "2 sigma",
            lambda: 2 * SIGMA,
            edge_of_wigner,
            resolution=0.05,
            kind="eigenvalue",
        ),
        lambda: 2 * SIGMA**2,
    ),
    "logarithm to base 2 for the natural one": (
        check(
            "Lyapunov exponent of Gaussian matrices",
            "(ln 2 + psi(d/2)) / 2 for elements of variance 1",
            lambda: 0.5 * (math.log(2) + special.psi(2.0)),
            lyapunov_exponent,
        ),
        lambda: 0.5 * (math.log2(2) + special.psi(2.0)),
    ),
    "P for P - 1": (
        check(
            "crosstalk of a Hopfield network",
            "(P - 1)(N - 1) / N^2",
            lambda: (6 - 1) * (20 - 1) / 20**2,
            hopfield_crosstalk,
        ),
        lambda: 6 * (20 - 1) / 20**2,
    ),
}


@pytest.fixture(scope="module")
def results():
    return run_checks([sound for sound, _ in MISTAKES.values()])


def test_the_right_theories_agree(results):
    report = judge(results)
    assert report.passed, str(report)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_rejected(results, mistake):
    sound, wrong = MISTAKES[mistake]
    planted = [
        replace(result, theory=np.array(wrong())) if result.check is sound else result for result in results
    ]
    report = judge(planted)
    assert not report.passed
    assert {a.result.check.name for a in report.agreements if a.verdict == "disagrees"} == {sound.name}
