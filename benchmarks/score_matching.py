"""Exact step and Hessian of score networks against the dense gradient on 2000 nodes. One thread.

Step: one gradient of the population risk, n = 20 points. Sharpness: the exact Hessian and its largest eigenvalue
against second differences of the dense risk, 20 neurons.

    python -m benchmarks.score_matching
"""

import json

import numpy as np
from threadpoolctl import threadpool_limits

from statphys_gen.score_matching.model import NoisedSample, ScoreNetwork
from statphys_gen.score_matching.theory.network_risk import gradient_of, risk_hessian
from statphys_gen.score_matching.theory.segments import Law, segments

from .baselines.score_matching_dense import Dense
from .measure import cpu_seconds, machine

SAMPLE = NoisedSample(tuple(np.linspace(-2.0, 2.0, 20) + 0.07 * np.sin(np.arange(20.0))), 0.9, 0.3)
NEURONS, STEPS = (200, 1000), 40  # steps in a row, as a descent takes them


def network(neurons: int) -> ScoreNetwork:
    rng = np.random.default_rng(neurons)
    outer, bias = rng.standard_normal((2, neurons)).tolist()
    return ScoreNetwork(tuple(1.0 - 2.0 * (k % 2) for k in range(neurons)), tuple(outer), tuple(bias))


def step(neurons: int) -> dict[str, float]:
    law, dense = Law(SAMPLE), Dense(np.array(SAMPLE.points), 0.9, 0.3)
    net = network(neurons)
    inner, outer, bias = (np.array(entry) for entry in (net.inner, net.outer, net.bias))
    seconds = cpu_seconds(
        {
            "exact": lambda: [
                gradient_of(inner, outer, segments(law, inner, outer, bias)) for _ in range(STEPS)
            ],
            "dense": lambda: [dense.gradient(inner, outer, bias) for _ in range(STEPS)],
        }
    )
    found = {name: value / STEPS for name, value in seconds.items()}
    return found | {"ratio": found["dense"] / found["exact"]}


def largest_eigenvalue(neurons: int = 20, change: float = 1e-3) -> dict[str, float]:
    dense, net = Dense(np.array(SAMPLE.points), 0.9, 0.3), network(neurons)
    theta = np.array([*net.outer, *net.bias])
    inner = np.array(net.inner)

    def risk(point: np.ndarray) -> float:
        return dense.risk(inner, point[:neurons], point[neurons:])

    def differences() -> float:
        size = 2 * neurons
        steps = change * np.eye(size)
        hessian = np.empty((size, size))
        for i in range(size):
            for j in range(i, size):
                corners = [risk(theta + a * steps[i] + b * steps[j]) for a in (1, -1) for b in (1, -1)]
                hessian[i, j] = hessian[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (
                    4 * change**2
                )
        return float(np.linalg.eigvalsh(hessian)[-1])

    seconds = cpu_seconds(
        {"exact": lambda: np.linalg.eigvalsh(risk_hessian(SAMPLE, net))[-1], "differences": differences}
    )
    return seconds | {"ratio": seconds["differences"] / seconds["exact"]}


def main() -> None:
    with threadpool_limits(1):
        found = {f"step of {m} neurons": step(m) for m in NEURONS}
        found["largest eigenvalue, 20 neurons"] = largest_eigenvalue()
    print(json.dumps({"machine": machine(), **found}))


if __name__ == "__main__":
    main()
