"""Run grids in diffusers, k-diffusion and torchdiffeq with the exact denoiser of two classes; needs none of our code.

    python drive.py CASES.json

Prints for every case the noise levels at which the library really asked the network, and what it generated.
"""

import json
import math
import sys
from importlib.metadata import version

import k_diffusion.sampling as k_diffusion
import torch
from diffusers import EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler
from torchdiffeq import odeint

SCALED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


class Denoiser:
    """E[a | y] for a = +-m + sigma g, y = a + S z, and a record of the levels that it was asked at."""

    def __init__(self, law):
        self.dimension, self.variance, self.weight = law["dimension"], law["variance"], law["weight"]
        self.norm = law["separation"] * math.sqrt(self.dimension)
        self.direction = torch.full((self.dimension,), 1.0 / math.sqrt(self.dimension))
        self.log_odds = 0.5 * math.log(self.weight / (1.0 - self.weight))
        self.mean = (2.0 * self.weight - 1.0) * self.norm * self.direction
        self.asked = []

    def __call__(self, y, level):
        self.asked.append(float(level))
        spread = level**2 + self.variance
        turn = torch.tanh(self.log_odds + self.norm * (y @ self.direction) / spread)
        drive = level**2 / spread * self.norm
        return self.variance / spread * y + drive * turn[:, None] * self.direction


def euler_discrete(denoiser, noise, case):
    scheduler = EulerDiscreteScheduler(**SCALED, prediction_type="epsilon")
    if case["target"] == "ddpm-timesteps":
        scheduler.set_timesteps(timesteps=case["emitted"])
    else:
        scheduler.set_timesteps(sigmas=case["emitted"])
    if case.get("begin_index"):
        scheduler.set_begin_index(0)
    x = denoiser.mean + scheduler.sigmas[0] * noise
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, t)
        level = scheduler.sigmas[scheduler.step_index]
        # The network sees y/sqrt(S^2 + 1) and tells the noise.
        y = scaled * torch.sqrt(level**2 + 1.0)
        x = scheduler.step((y - denoiser(y, level)) / level, t, x).prev_sample
    return x


def flow_match(denoiser, noise, case):
    scheduler = FlowMatchEulerDiscreteScheduler(**case["scheduler"])
    scheduler.set_timesteps(sigmas=case["emitted"], mu=case.get("mu"))
    x = noise
    for t in scheduler.timesteps:
        # Pipelines give the network s = t/1000, and s = 1 is noise alone: the network then knows the mean.
        s = t / scheduler.config.num_train_timesteps
        if s < 1.0:
            guess = denoiser(x / (1.0 - s), s / (1.0 - s))
        else:
            denoiser.asked.append(math.inf)
            guess = denoiser.mean.expand_as(x)
        x = scheduler.step((x - guess) / s, t, x).prev_sample
    return x


def k_samplers(denoiser, noise, case):
    sample = {"ddim": "sample_euler", "heun": "sample_heun", "dpmpp-2m": "sample_dpmpp_2m"}[case["scheme"]]
    levels = torch.tensor(case["emitted"])

    def model(x, sigma):
        return denoiser(x, sigma[0])

    return getattr(k_diffusion, sample)(model, denoiser.mean + levels[0] * noise, levels, disable=True)


def interpolant(denoiser, noise, case):
    """Euler steps of dx/dt = (E[a | x] - x)/(1 - t) on x = (1 - t) z + t a."""
    times = torch.tensor(case["emitted"], dtype=torch.float64)

    def velocity(t, x):
        level = (1.0 - t) / t
        return (denoiser(x / t, level) - x) / (1.0 - t)

    first = times[0]
    start = (1.0 - first) * noise.double() + first * denoiser.mean
    return odeint(velocity, start, times, method="euler")[-1]


def main(path):
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    run = {
        "k-diffusion": k_samplers,
        "diffusers-euler": euler_discrete,
        "ddpm-timesteps": euler_discrete,
        "flow-match": flow_match,
        "interpolant": interpolant,
    }
    results = []
    for k, case in enumerate(plan["cases"]):
        denoiser = Denoiser(plan["law"])
        noise = torch.randn(
            plan["walkers"], denoiser.dimension, generator=torch.Generator().manual_seed(plan["seed"] + k)
        )
        if case["target"] == "interpolant":
            denoiser.direction, denoiser.mean = denoiser.direction.double(), denoiser.mean.double()
        try:
            with torch.no_grad():
                x = run[case["target"]](denoiser, noise, case)
        except (IndexError, ValueError) as error:
            results.append({"name": case["name"], "error": f"{type(error).__name__}: {error}"})
            continue
        along = x @ denoiser.direction
        across = ((x - along[:, None] * denoiser.direction) ** 2).sum(dim=1) / (denoiser.dimension - 1)
        spread = float(across.double().std() / math.sqrt(len(across)))
        deviation = math.sqrt(float(across.double().mean()))
        results.append(
            {
                "name": case["name"],
                "levels": ["inf" if math.isinf(s) else s for s in denoiser.asked],
                "positive": int((along > 0.0).sum()),
                "detail_std": deviation,
                "detail_standard_error": 0.5 * spread / deviation,
            }
        )
    versions = {name: version(name) for name in ("torch", "diffusers", "k-diffusion", "torchdiffeq", "numpy")}
    json.dump({"versions": versions, "results": results}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
