"""Is my learning rate above the stability of the score I want? Points on the line and a two-layer network."""

from statphys_gen.score_matching import (
    NoisedSample,
    compare,
    draw_network,
    irregularity,
    population_descent,
    sharpness,
)

# Your own training points, and the noise level at which the score is learned.
sample = NoisedSample((-1.2, -0.3, 0.5, 1.3), data_scale=0.95, noise_scale=0.35)

wanted = irregularity(sample)
print(f"empirical score: total variation {wanted.total_variation:.2f}, risk {wanted.risk:.3f}")
print(f"no network that equals it is stable above a learning rate of {wanted.largest_learning_rate:.3f}")

start = draw_network(20, seed=3)
for rate in (0.05, 0.4):
    run = population_descent(sample, start, rate, round(100 / rate))
    found = sharpness(sample, run.network(start.inner))
    print(
        f"rate {rate}: excess risk {found.excess_risk:.3f} (error {float(run.solution.error):.1g}), "
        f"critical rate {found.critical_learning_rate:.3f}, gradient {found.gradient_norm:.1g}"
    )

print(compare(sample, [draw_network(20, replica=k) for k in range(5)], 0.05, 200))
