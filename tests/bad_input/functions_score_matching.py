"""Wrong arguments of score matching."""

import math

from refusals import Given, Row, row

from statphys_gen import score_matching

SAMPLE = score_matching.NoisedSample((-1.0, 0.6, 0.9), 0.9, 0.6)
NETWORK = score_matching.ScoreNetwork((1.0, -1.0), (-4.8, 1.3), (-0.6, 0.7))
LOOSE = NETWORK.replace(inner=(1.0, -0.5))
ONE = NETWORK.replace(inner=(1.0,), outer=(1.0,), bias=(1.0,))
START = dict(sample=SAMPLE, network=NETWORK)
RUN = dict(sample=SAMPLE, networks=[NETWORK, NETWORK], learning_rate=0.1, steps=2)

# fmt: off
TABLE: list[Row] = [
    row(score_matching.NoisedSample, dict(points=(-1.0, 2.0), data_scale=0.9, noise_scale=0.3),
        points=[3.0, "12", (1.0,), (1.0, 1.0)], data_scale=[0.0, -1.0, 1e-30, math.inf, "1"],
        noise_scale=[0.0, 1e21, math.nan], **{"points[0]": [("a", 1.0), (1e21, 0.0)], "points[1]": [(0.0, math.nan)]}),
    row(score_matching.NoisedSample.at_time, dict(points=(-1.0, 2.0), time=0.3), time=[0.0, -1.0, math.inf]),
    row(score_matching.ScoreNetwork, dict(inner=(1.0, -1.0), outer=(0.3, 0.4), bias=(0.1, 0.2)),
        inner=[1.0, ()], outer=[(0.3,), "ab"], bias=[(0.1, 0.2, 0.3)],
        **{"inner[1]": [(1.0, 0.0), (1.0, math.nan)], "outer[0]": [(math.inf, 1.0)]}),
    row(score_matching.empirical_score, dict(sample=SAMPLE, position=[0.1]), position=["a", 1e23],
        **{"position[0]": [[math.nan]]}),
    row(score_matching.variation_weights, dict(sample=SAMPLE, position=[0.1]), **{"position[0]": [[math.inf]]}),
    *(row(function, START, **{"inner[1]": [Given(network=LOOSE)]}) for function in (
        score_matching.network_risk, score_matching.risk_gradient, score_matching.risk_hessian,
        score_matching.sharpness, score_matching.network_bounds, score_matching.critical_learning_rate,
        score_matching.gradient_covariance, score_matching.stationary_point)),
    row(score_matching.population_descent, START | dict(learning_rate=0.1, steps=3),
        learning_rate=[0.0, -1.0, math.inf], steps=[-1, 2.5, 10**8], kept=[[4], [-1]],
        **{"inner[1]": [Given(network=LOOSE)]}),
    row(score_matching.stationary_point, START, tolerance=[0.0, 1.0], iterations=[0, 2.5]),
    row(score_matching.stationary_excess_risk, START | dict(learning_rate=0.1), network=[NETWORK],
        learning_rate=[0.0, -1.0], batch=[0, 1.5]),
    row(score_matching.score_distances, dict(sample=SAMPLE), population_mean=[math.nan],
        population_variance=[-1.0, math.inf]),
    row(score_matching.draw_network, dict(neurons=3), neurons=[0, 2.5, 10**9], replica=[-1]),
    row(score_matching.simulate_descent, RUN, learning_rate=[0.0], steps=[-1, 0.5], nodes=[5, 10**9], kept=[[3]]),
    row(score_matching.simulate_stochastic_descent, RUN, learning_rate=[0.0], steps=[-1], batch=[0, 1.5],
        nodes=[5], networks=[[], [NETWORK, ONE]], kept=[[3]]),
    row(score_matching.simulate_growth, START | dict(learning_rate=0.1, steps=2, nodes=20), learning_rate=[0.0],
        steps=[0], displacement=[0.0], instances=[1], nodes=[5]),
    row(score_matching.compare, RUN, networks=[[NETWORK]], steps=[-1], learning_rate=[0.0]),
]
# fmt: on
