"""What a user may hand to a sweep: objects of every kind of law and model, and numbers of each."""

from typing import Any

import numpy as np

from statphys_gen import (
    data,
    diffusion,
    linear_dynamics,
    phase_retrieval,
    random_features,
    rbm,
    score_matching,
    units,
)
from statphys_gen.meaning import fingerprint

VARIANCES = data.Covariance.marchenko_pastur(0.7, 1.3)
POLYNOMIAL = random_features.Activation.from_polynomial([0.1, 1.0, 0.3])
FORMULA = phase_retrieval.Loss.from_expression("(y**2 - t**2)**2 / (2*(0.7 + t**2))")


def two_wells(h: np.ndarray) -> np.ndarray:
    return h**2 - 0.25 * h**4


def model(couplings: rbm.Couplings, load: float = 0.1) -> rbm.Model:
    return rbm.Model(units.Binary(), 0.9, load, convention="sqrt-beta", couplings=couplings)


OBJECTS: dict[str, Any] = {
    "Marchenko-Pastur law": VARIANCES,
    "power law": data.Covariance.power_law(1.3, 0.01),
    "eigenvalues": data.Covariance([0.5, 1.5], [0.3, 0.7]),
    "isotropic": data.Covariance.isotropic(1.3, 4),
    "mixture": data.GaussianMixture.two_classes(4, 0.7, 1.2, 0.3),
    "Curie-Weiss": data.CurieWeiss(20, 1.2),
    "discrete product": data.DiscreteProduct.binary(5, 0.3),
    "data set": diffusion.DataSet.from_arrays(np.arange(12.0).reshape(6, 2), np.array([0, 0, 1, 1, 1, 0])),
    **{f"activation {name}": random_features.Activation.named(name) for name in ("tanh", "erf", "sign")},
    "polynomial": POLYNOMIAL,
    "own activation": random_features.Activation(np.arctan, "arctan"),
    "features": random_features.RandomFeatures(POLYNOMIAL, 2.0, 3.0, 0.2, VARIANCES, 2),
    "gradient flow": random_features.GradientFlow([1.0, 2.0]),
    "architecture": random_features.Architecture(8, 2, "tanh"),
    "normalised loss": phase_retrieval.Loss.normalised(0.3),
    "amplitude loss": phase_retrieval.Loss.amplitude(0.5),
    "truncated loss": phase_retrieval.Loss.intensity().truncated(2.0),
    "formula": FORMULA,
    "truncated formula": FORMULA.truncated(1.5),
    "phase retrieval": phase_retrieval.PhaseRetrieval(FORMULA, 2.0, 0.1),
    "curvatures at the start": phase_retrieval.initial_curvature_law(FORMULA, overlap=0.2),
    "curvatures of a normalised loss": phase_retrieval.initial_curvature_law(
        phase_retrieval.Loss.normalised(0.3), overlap=0.2
    ),
    "curvatures of points": phase_retrieval.sampled_curvature_law(
        FORMULA, np.linspace(-1.9, 2.3, 240).reshape(120, 2)
    ),
    "noised sample": score_matching.NoisedSample([-1.0, 0.3, 1.1], 0.9, 0.2),
    "linear network": linear_dynamics.LinearNetwork(6, 5, 12, 0.3, 0.2),
    "task": linear_dynamics.Task((1.1, 0.7)),
    **{
        f"{name} units": units.prior(name)
        for name in (
            "gaussian",
            "binary",
            "zero-one",
            "ternary",
            "q-state",
            "relu",
            "soft-threshold",
            "mixture",
        )
    },
    "spherical units": units.Spherical(),
    "own density": units.FromLogDensity(two_wells),
    "patterns": model(rbm.Patterns("sparse", 0.3)),
    "low rank": model(rbm.LowRank(0.3, (2.0,))),
    "bidirectional": model(rbm.Bidirectional(0.5)),
    "repeated": model(rbm.Repeated(2.0), 0.0),
    "machine": rbm.Machine(np.arange(6.0).reshape(3, 2) / 7.0),
}


def numbers(subject: Any) -> list[np.ndarray]:
    """What the object computes at a few places; of one that computes nothing, what it holds."""
    x = np.linspace(-1.7, 2.3, 9)
    if isinstance(subject, data.Covariance):
        return list(subject.fine_nodes(40))
    if isinstance(subject, random_features.Activation):
        return [subject(x)]
    if isinstance(subject, phase_retrieval.Loss):
        return [function(x, 0.8 * x[::-1]) for function in (subject.value, subject.slope, subject.curvature)]
    if isinstance(subject, phase_retrieval.CurvatureLaw):
        return list(subject.moments(0.02 + 0.001 * x))
    if isinstance(subject, units.Prior):
        return list(subject.log_partition_and_moments(0.3 * np.ones(9), x))
    if isinstance(subject, rbm.Model):
        return [rbm.solve(subject, "paramagnet")["free_entropy"]]
    return [
        np.asarray(entry) for entry in vars(subject).values() if isinstance(entry, float | int | np.ndarray)
    ]


def identify(name: str, subject: Any) -> dict[str, Any]:
    """The meaning of the object where this runs, and its numbers to the last bit."""
    bits = b"".join(np.ascontiguousarray(entry).tobytes() for entry in numbers(subject))
    return {"meaning": fingerprint(subject, code=True), "bits": bits.hex()}
