"""Makes the input files of the recorded commands: ``python tests/recorded/data/make_data.py``.

The files are committed, so that the recorded outputs do not depend on a random generator of numpy.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent


def mixtures() -> None:
    """Unequal weights, means off the axes, and the four kinds of covariance."""
    rng = np.random.default_rng(1)
    two = {"weights": [0.3, 0.7], "means": [[1.1, -0.4, 0.6, 0.2], [-0.7, 0.5, -0.2, 0.9]]}
    three = {"weights": [0.5, 0.3, 0.2], "means": np.round(1.2 * rng.standard_normal((3, 5)), 3).tolist()}
    root = np.round(0.5 * rng.standard_normal((4, 4)), 2)
    common = np.round(root @ root.T + 0.3 * np.eye(4), 4).tolist()
    other = np.round(0.6 * np.eye(4) + 0.2 * np.ones((4, 4)), 4).tolist()
    files = {
        "mixture_variance": two | {"covariances": [0.6]},
        "mixture_variances": two | {"covariances": [0.6, 1.4]},
        "mixture_diagonal": three | {"covariances": [[0.4, 0.7, 1.3, 0.9, 0.5]]},
        "mixture_common": two | {"covariances": [common]},
        "mixture_full": two | {"covariances": [common, other]},
        "mixture_three": three | {"covariances": [0.8]},
    }
    for name, content in files.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content) + "\n", encoding="utf-8")


def arrays() -> None:
    rng = np.random.default_rng(2)
    np.save(FOLDER / "eigenvalues.npy", np.round(rng.gamma(2.0, 0.6, 24), 3))
    couplings = 0.6 * rng.standard_normal((60, 24)) / np.sqrt(60)
    u, v = np.sign(rng.standard_normal(60)), np.sign(rng.standard_normal(24))
    couplings += 2.5 * np.outer(u, v) / np.sqrt(60 * 24)
    fields = {"visible_bias": np.full(60, 0.15), "hidden_bias": np.full(24, -0.1)}
    np.savez(FOLDER / "weights.npz", W=couplings, **fields)
    np.savez(FOLDER / "weights_without_spike.npz", W=0.8 * rng.standard_normal((48, 20)) / np.sqrt(48))
    y, t = rng.standard_normal((2, 240))
    np.save(FOLDER / "pairs.npy", np.column_stack([0.4 * t + np.sqrt(1.0 - 0.16) * y, t]))
    labels = np.repeat([0, 1], [25, 35])
    points = rng.standard_normal((60, 6)) * np.array([0.5, 0.7, 0.9, 1.1, 0.6, 0.8])
    points += np.where(labels == 0, 1.3, -0.9)[:, None] * np.array([1.0, -0.6, 0.3, 0.8, -0.2, 0.5])
    np.save(FOLDER / "points.npy", points)
    np.save(FOLDER / "labels.npy", labels)


def linear_network() -> None:
    rng = np.random.default_rng(3)
    np.save(FOLDER / "first_layer.npy", np.round(0.5 * rng.standard_normal((9, 4)), 3))
    np.savetxt(FOLDER / "second_layer.csv", np.round(0.4 * rng.standard_normal((3, 9)), 3), "%.3f", ",")
    np.save(FOLDER / "target.npy", np.round(1.5 * rng.standard_normal((3, 4)), 3))


def generator_reports() -> None:
    """A generator that copies 14 of 60 training points, looks at one, and a denoiser between two scores."""
    rng = np.random.default_rng(4)
    encoder = rng.standard_normal((3, 2))
    mix = np.array([[1.1, 0.2, 0.0], [-0.3, 0.8, 0.4], [0.2, 0.1, 0.6]])
    seen, fresh, made = (rng.standard_normal((n, 3)) @ mix + 0.3 for n in (60, 40, 90))
    made[:14] = seen[:14] + 0.004 * rng.standard_normal((14, 3))
    made[14:30] = made[:16]
    for name, points in (("seen", seen), ("fresh", fresh), ("made", made)):
        np.save(FOLDER / f"{name}.npy", np.round(points, 5))
        np.save(FOLDER / f"{name}_features.npy", np.round(np.tanh(points @ encoder), 6))
    np.save(FOLDER / "seen_groups.npy", np.arange(60) // 2)
    np.save(FOLDER / "fresh_groups.npy", 100 + np.arange(40) // 2)
    np.save(FOLDER / "seen_classes.npy", np.arange(60) // 2 % 3)
    np.save(FOLDER / "fresh_classes.npy", np.arange(40) // 2 % 3)
    np.save(FOLDER / "noised.npy", np.round(0.8 * seen[:30] + 0.5 * rng.standard_normal((30, 3)), 5))
    for name, scale in (("denoised", 1.3), ("denoised_otherwise", 1.7)):
        guess = 0.3 + (np.load(FOLDER / "noised.npy") - 0.24) / scale + 0.05 * rng.standard_normal((30, 3))
        np.save(FOLDER / f"{name}.npy", np.round(guess, 5))
    rows = ["step,copies,generated,null_copies,null_generated,train_loss,test_loss"]
    rows[0] += ",train_loss_standard_error,test_loss_standard_error"
    rows += ["10,3,400,7,350,1.1,1.12,0.03,0.02", "60,9,400,7,350,0.8,0.83,0.03,0.02"]
    rows += ["300,30,400,7,350,0.6,0.75,0.03,0.02", "2000,160,400,7,350,0.4,0.9,0.03,0.02"]
    rows += ["9000,350,400,7,350,0.2,1.4,0.03,0.02"]
    (FOLDER / "looks.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def cooled_points() -> None:
    """Three clusters with a repeated point, a ring with outliers, nodes near it, and the edges of a star."""
    rng = np.random.default_rng(5)
    centres = np.repeat([[0.0, 0.0], [2.9, 0.7], [0.6, 3.4]], [40, 30, 20], axis=0)
    bumps = np.round(centres + rng.standard_normal((90, 2)) * np.array([0.7, 0.5]), 3)
    bumps[1] = bumps[0]
    np.savetxt(FOLDER / "bumps.csv", bumps, "%.3f", ",", header="length,width", comments="")
    angle = 2.0 * np.pi * np.sort(rng.random(240))
    ring = np.stack([2.0 * np.cos(angle), 1.5 * np.sin(angle)], axis=1) + 0.08 * rng.standard_normal((240, 2))
    ring = np.vstack([ring, rng.uniform([-2.8, -2.3], [2.8, 2.3], (40, 2))])
    np.savetxt(FOLDER / "ring.csv", np.round(ring, 3), "%.3f", ",")
    turn = 2.0 * np.pi * np.arange(8) / 8.0
    nodes = np.stack([1.8 * np.cos(turn), 1.4 * np.sin(turn) + 0.2], axis=1)
    np.savetxt(FOLDER / "nodes.csv", np.round(nodes, 3), "%.3f", ",")
    np.savetxt(FOLDER / "star_edges.csv", [[0, k] for k in range(1, 8)], "%d", ",")
    law = {"weights": [0.85, 0.15], "means": [[0.0], [3.0]], "covariances": [0.9]}
    (FOLDER / "skewed.json").write_text(json.dumps(law) + "\n", encoding="utf-8")


if __name__ == "__main__":
    mixtures()
    arrays()
    linear_network()
    generator_reports()
    cooled_points()
