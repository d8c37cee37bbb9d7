"""Is my network lazy or active? Weights of a two-layer linear network before training, and its target."""

import numpy as np

from statphys_gen.linear_dynamics import (
    active,
    best_error,
    flow_of_weights,
    relaxation_rate,
    threshold_of_weights,
)

# Stand-ins for your own files: W1 (w, n), W2 (p, w) and the target (p, n), three signals in noise.
rng = np.random.default_rng(3)
d, w, variance = 40, 2000, 0.004
first, second = (rng.normal(0.0, variance**0.5, shape) for shape in ((w, d), (d, w)))
left, right = (np.linalg.qr(rng.standard_normal((d, 3)))[0] for _ in range(2))
signal = d * (left * np.array([1.2, 0.8, 0.5])) @ right.T
target = signal + rng.standard_normal((d, d))

threshold = threshold_of_weights(first, second)
values = np.linalg.svd(target, compute_uv=False)[:6]
print(f"threshold {threshold:.3f}, lazy ratio {threshold / d:.3f}")
for s, is_active, rate in zip(
    values, active(values, threshold), relaxation_rate(values, threshold), strict=True
):
    print(f"  singular value {s:6.2f}: {'active' if is_active else 'lazy  '}, late rate {rate:6.2f}")

best = best_error([1.2, 0.8, 0.5], threshold / d, variance**2 * w)
stop = float(best.training_time) / d
print(f"stop at t = {stop:.4f}, predicted test error {float(best.test_error):.3f}")
flow = flow_of_weights(first, second, target, [stop / 4, stop, 4 * stop])
print(flow)
measured = ((flow.product - signal) ** 2).mean(axis=(1, 2))
print("test errors of the network at these times:", measured.round(3))

# The threshold is conserved: weights after training tell it too.
for _ in range(400):
    force = 2e-4 * (second @ first - target)
    first, second = first - second.T @ force, second - force @ first.T
print(f"threshold read off the trained weights {threshold_of_weights(first, second):.3f}")
