"""Entropy, participation and top-1 of noised digits, by a loop over samples straight from the definition.

The 1797 handwritten digits of scikit-learn, X/8 - 1. For every image and noise: squared distances by subtraction, then
scipy's logsumexp. Standard errors over images, of means over ten noises each: they are conditional on the data.

    python tests/reference/diffusion_digits_collapse.py    (two CPU minutes; writes diffusion_digits_collapse.json)
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import logsumexp
from sklearn.datasets import load_digits

TIMES = (0.1, 0.2, 0.3, 0.5, 0.8)
NOISES = 10


def main() -> None:
    points = load_digits().data / 8.0 - 1.0
    rng = np.random.default_rng(20240918)
    rows = []
    for time in TIMES:
        values = np.empty((len(points), NOISES, 3))
        width = 1.0 - np.exp(-2.0 * time)
        for i, point in enumerate(points):
            for k in range(NOISES):
                x = np.exp(-time) * point + np.sqrt(width) * rng.standard_normal(64)
                logs = -((x - np.exp(-time) * points) ** 2).sum(axis=1) / (2.0 * width)
                logs -= logsumexp(logs)
                values[i, k] = -logs[i], np.exp(2.0 * logs).sum(), logs.argmax() == i
        # Every image occurs: only the noise is random, so that the error is that within images.
        error = np.sqrt(values.var(axis=1, ddof=1).mean(axis=0) / (len(points) * NOISES))
        mean = values.mean(axis=(0, 1))
        rows.append({"time": time})
        for name, one, other in zip(("entropy", "participation", "top_one"), mean, error, strict=True):
            rows[-1] |= {name: round(float(one), 6), f"{name}_error": round(float(other), 6)}
    text = json.dumps({"script": Path(__file__).name, "noises": NOISES, "rows": rows}, indent=1)
    Path(__file__).with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
