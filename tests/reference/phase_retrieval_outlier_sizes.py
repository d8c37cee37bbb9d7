"""How fast a signal outlier close to a soft edge approaches its limit: Hessians at the start, N from 75 to 1200.

Offset 1, 4 samples per dimension: the outlier is 0.28 below the edge, which is its standard deviation at N = 270. The
Hessian is drawn from its definition in coordinates that begin with the signal: labels t, pre-activations y and the
other components of the sensing vectors are independent Gaussians, and the direction of the student is projected out.
The eigenvector is that of the six lowest which points most to the signal.

The means of r, r^2, u^2 r and u^2 r^2 over the measurements (r = g S/(1 + g S), with S of the limit) fluctuate with the
outlier and have known expectations: regressed on them, eigenvalue and overlap scatter less. The deviation from the
limit is fitted by powers of 1/N, weighted by the standard errors. About three minutes on one quiet core.

    python tests/reference/phase_retrieval_outlier_sizes.py
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.theory.spectrum import hessian_spectrum

OFFSET, ALPHA = 1.0, 4.0
RUNS = {75: 4000, 150: 1800, 300: 1500, 600: 400, 1200: 36}


def curvature(y, t):
    return (6.0 * y * y - 2.0 * t * t) / (OFFSET + t * t)


def controls(y, t, s):
    response = curvature(y, t) * s
    response = response / (1.0 + response)
    return [response, response**2, t * t * response, t * t * response**2]


def expected(s):
    """Of the controls, by a product of Gauss-Hermite rules on panels of a Gauss-Legendre rule."""
    x, w = np.polynomial.legendre.leggauss(60)
    nodes = np.concatenate([(k + 0.5) + 0.5 * x for k in range(10)])
    weight = np.tile(w, 10) * np.exp(-(nodes**2) / 2.0) / math.sqrt(2.0 * math.pi)
    y, t = np.meshgrid(nodes, nodes, indexing="ij")
    return np.array([float(weight @ part @ weight) for part in controls(y, t, s)])


def sample(size, generator, s):
    """Eigenvalue, squared overlap and the controls of one Hessian."""
    measurements = round(ALPHA * size)
    x = generator.standard_normal((measurements, size - 1))
    t, y = x[:, 0], generator.standard_normal(measurements)
    hessian = (x.T * (curvature(y, t) / size)) @ x
    values, vectors = eigh(hessian, subset_by_index=[0, 5], overwrite_a=True, check_finite=False)
    best = int(np.argmax(vectors[0] ** 2))
    return [values[best], vectors[0, best] ** 2, *(part.mean() for part in controls(y, t, s))]


def regressed(values, known):
    """Mean and standard error of the values at the expectation of the controls, (n, k), which is subtracted."""
    design = np.column_stack([np.ones(len(values)), known])
    solution, *_ = np.linalg.lstsq(design, values, rcond=None)
    rest = values - design @ solution
    variance = float(rest @ rest) / (len(values) - design.shape[1])
    return float(solution[0]), math.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0])


def fits(sizes, name):
    """Deviations as sums of powers of 1/N: coefficients, standard errors, chi squared and degrees of freedom."""
    size = np.array([float(n) for n in sizes])
    deviation = np.array([row[name]["deviation"] for row in sizes.values()])
    error = np.array([row[name]["standard_error"] for row in sizes.values()])
    found = {}
    for label, keep, powers in (
        ("1/N and 1/N^2, all sizes", size > 0, (1, 2)),
        ("constant, 1/N and 1/N^2, all sizes", size > 0, (0, 1, 2)),
        ("1/N, from 300 on", size >= 300, (1,)),
        ("constant and 1/N, up to 300", size <= 300, (0, 1)),
    ):
        design = np.stack([size[keep] ** -p for p in powers], axis=1) / error[keep, None]
        covariance = np.linalg.inv(design.T @ design)
        value = covariance @ design.T @ (deviation / error)[keep]
        found[label] = {
            "coefficients": value.tolist(),
            "standard_errors": np.sqrt(np.diag(covariance)).tolist(),
            "chi_squared": float(((design @ value - (deviation / error)[keep]) ** 2).sum()),
            "degrees_of_freedom": int(keep.sum()) - len(powers),
        }
    return found


def main():
    found = hessian_spectrum(PhaseRetrieval(Loss.normalised(OFFSET), ALPHA))
    s = float(found.outlier["stieltjes"])
    limits = [
        float(found.outlier["position"] + found.lagrange_multiplier),
        float(found.outlier["overlap_squared"]),
    ]
    mean = expected(s)
    report = {
        "limits": limits,
        "edge": float(found.bulk_edge["position"] + found.lagrange_multiplier),
        "sizes": {},
    }
    for size, count in RUNS.items():
        generator = np.random.default_rng([20, size])
        rows = np.array([sample(size, generator, s) for _ in range(count)])
        entry = {"instances": count, "standard_deviation_of_the_eigenvalue": float(rows[:, 0].std(ddof=1))}
        for k, name in enumerate(("eigenvalue", "overlap_squared")):
            value, error = regressed(rows[:, k], rows[:, 2:] - mean)
            entry[name] = {"mean": value, "standard_error": error, "deviation": value - limits[k]}
            entry[name]["plain_standard_error"] = float(rows[:, k].std(ddof=1) / math.sqrt(count))
        report["sizes"][size] = entry
        print(size, json.dumps(entry), flush=True)
    report["fits"] = {name: fits(report["sizes"], name) for name in ("eigenvalue", "overlap_squared")}
    Path(__file__).with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["fits"], indent=1))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
