"""Samples, scores and guesses of the laws under noise."""

import math

import numpy as np
import pytest

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.data.sampling import NoisedMixture


def test_clean_guess_and_score_of_a_mixture_are_those_of_its_law():
    from scipy.integrate import quad

    law = NoisedMixture(GaussianMixture([0.3, 0.7], [[1.0], [-2.0]], [0.5, 0.1]))
    time, signal, noise = 0.4, math.exp(-0.4), 1 - math.exp(-0.8)

    def density(x):
        parts = [
            w * math.exp(-((x - m) ** 2) / (2 * v)) / math.sqrt(v)
            for w, m, v in ((0.3, 1, 0.5), (0.7, -2, 0.1))
        ]
        return sum(parts)

    def joint(x, y, power):
        return x**power * density(x) * math.exp(-((y - signal * x) ** 2) / (2 * noise))

    for y in (-1.1, 0.3, 2.0):
        ends = {"limit": 200, "points": (-2.0, 1.0), "epsabs": 1e-12}
        mass, first = (quad(joint, -8, 8, (y, k), **ends)[0] for k in (0, 1))
        assert law.clean(np.array([[y]]), time)[0, 0] == pytest.approx(first / mass, rel=1e-8)
        step = 1e-4
        beside = [math.log(quad(joint, -8, 8, (y + s, 0), **ends)[0]) for s in (step, -step)]
        slope = (beside[0] - beside[1]) / (2 * step)
        assert law.score(np.array([[y]]), time)[0, 0] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("kind", ["isotropic", "diagonal", "full"])
def test_clean_guess_gives_the_score(kind):
    """score = (exp(-t) clean - x) / D, the identity of Tweedie."""
    rng = np.random.default_rng(2)
    factors = rng.standard_normal((3, 4, 4))
    full = factors @ factors.transpose(0, 2, 1)
    covariances = {"isotropic": full[:, 0, 0], "diagonal": full[:, 0] ** 2, "full": full}[kind]
    law = NoisedMixture(GaussianMixture([0.2, 0.5, 0.3], rng.standard_normal((3, 4)), covariances))
    x, time = rng.standard_normal((6, 4)), 0.35
    guess = (math.exp(-time) * law.clean(x, time) - x) / -math.expm1(-2.0 * time)
    np.testing.assert_allclose(guess, law.score(x, time), rtol=1e-11, atol=1e-11)
