"""Couplings of one's own: a bidirectional memory whose synapses are noisy. How many pairs of patterns does it hold?"""

from dataclasses import dataclass, replace

import numpy as np

from statphys_gen.conformance import conformance
from statphys_gen.rbm import Bidirectional, Binary, Model, compare, spinodal


@dataclass(frozen=True)
class NoisyMemory(Bidirectional):
    """W_ia = (g/N) sum_k xi_i^k eta_a^k + g noise x_ia / sqrt(N) with x normal: both kinds of noise add."""

    noise: float = 0.0
    name = "noisy memory"
    of_pairs = False

    # What a simulation draws.
    def draw(self, rng, units, load, condensed):
        drawn = super().draw(rng, units, load, condensed)
        x = rng.standard_normal(drawn.weights.shape, dtype=np.float32)
        return drawn._replace(weights=drawn.weights + np.float32(self.noise / np.sqrt(units)) * x)

    # What the theory averages over: x = Q - q and y = R - r of the state, g^2 noise^2 = s.
    def visible_noise(self, v, state):
        s = (v.g * self.noise) ** 2
        tilt, variance = super().visible_noise(v, state)
        return tilt + v.alpha * s * state.y, variance + v.alpha * s * state.r

    def hidden_noise(self, v, state):
        s = (v.g * self.noise) ** 2
        tilt, variance = super().hidden_noise(v, state)
        return tilt + s * state.x, variance + s * state.q

    def noise_entropy(self, v, state):
        own = v.alpha * (v.g * self.noise) ** 2 * (state.Q * state.R - state.q * state.r)
        return super().noise_entropy(v, state) - 0.5 * own

    def noise_interaction(self, v, state):
        own = v.alpha * (v.g * self.noise) ** 2 * (state.Q * state.R - state.q * state.r)
        return super().noise_interaction(v, state) + own

    def transfer(self, v, visible, hidden):
        s = (v.g * self.noise) ** 2
        (ss, sh), (hs, hh) = super().transfer(v, visible, hidden)
        return (ss, sh + v.alpha * s * visible.spread_squared), (hs + s * hidden.spread_squared, hh)


memory = Model(Binary(), 0.6, 0.02, convention="beta", couplings=NoisyMemory(noise=0.1))
print(conformance(replace(memory.couplings, layer_ratio=0.5)).require())
for noise in (0.0, 0.1, 0.2):
    end = spinodal(memory.replace(noise=noise), temperature=[0.2, 0.4])
    print(f"noise {noise}: largest loads at T = 0.2 and 0.4 are {end['load'].round(4)}")
print(compare(memory, 400, state="retrieval", instances=8, chains=4, sweeps=50))
