"""The conformance suite: every object of ours passes, and broken ones are found."""

from typing import Any

import numpy as np
import pytest

from statphys_gen.conformance import conformance
from statphys_gen.errors import InvalidArgument
from statphys_gen.numerics.mean_field import MeanFieldModel
from statphys_gen.phase_retrieval.model import Loss
from statphys_gen.random_features.model import ACTIVATIONS, Activation
from statphys_gen.units import Binary, Gaussian, Prior, prior
from statphys_gen.units.custom import FromLogDensity

PRIORS = {
    "gaussian": {"variance": 1.7},
    "binary": {},
    "zero-one": {"threshold": 0.6},
    "ternary": {"inactive_cost": 0.4},
    "q-state": {"states": 5},
    "relu": {"threshold": 0.5},
    "soft-threshold": {"threshold": 0.7},
    "mixture": {"gaussian_weight": 0.6},
}


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior(name: str) -> None:
    report = conformance(prior(name, **PRIORS[name]))
    assert report.passed, str(report)
    assert report.require() is report


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name: str) -> None:
    report = conformance(Activation.named(name))
    assert report.passed, str(report)


@pytest.mark.parametrize(
    "loss",
    [
        Loss.normalised(1.0),
        Loss.normalised(0.1),
        Loss.intensity(),
        Loss.amplitude(0.5),
        Loss.normalised(1.0).truncated(2.0),
    ],
)
def test_every_loss(loss: Loss) -> None:
    report = conformance(loss)
    assert report.passed, str(report)


def curie_weiss(**changes: Any) -> MeanFieldModel:
    names: dict[str, Any] = {
        "parameters": ("temperature", "field"),
        "unknowns": ("magnetisation",),
        "residual": lambda x, t, h: x - np.tanh((x + h[:, None]) / t[:, None]),
        "free_energy": lambda x, t, h: x[:, 0] ** 2 / 2 - t * np.log(2 * np.cosh((x[:, 0] + h) / t)),
        "starts": {"up": [0.9], "down": [-0.9]},
    }
    return MeanFieldModel(**(names | changes))


POINTS = {"temperature": [0.3, 0.6, 0.9], "field": [0.0, 0.01, 0.0]}


def test_a_mean_field_model() -> None:
    report = conformance(curie_weiss(), points=POINTS)
    assert report.passed, str(report)
    solution, start = curie_weiss().dominant(temperature=[0.5, 0.5], field=[0.05, -0.05])
    assert start.tolist() == [0, 1]
    m = solution["magnetisation"]
    assert m == pytest.approx(np.tanh((m + np.array([0.05, -0.05])) / 0.5), rel=1e-14)
    assert m[1] == pytest.approx(-m[0], rel=1e-14)


class WrongVariance(Binary):
    def mean_and_variance(self, a: Any, b: Any, beta: Any = 1.0) -> Any:
        mean, variance = super().mean_and_variance(a, b, beta)
        return mean, 1.01 * variance


class WrongSample(Gaussian):
    def sample(self, rng: np.random.Generator, field: Any, beta: float = 1.0) -> Any:
        return super().sample(rng, field, beta) + 0.02


class WrongEnergy(Gaussian):
    def energy(self, h: Any) -> Any:
        return 1.01 * super().energy(h)


@pytest.mark.parametrize(
    ("broken", "options", "statement"),
    [
        (WrongVariance(), {}, "the variance is the derivative of the mean"),
        (WrongSample(), {}, "draws have the mean of the law"),
        (WrongEnergy(), {}, "ratios of the partition function follow the energy"),
        (Activation(lambda x: x - x.mean()), {}, "the function acts element by element"),
        (
            Loss(
                lambda y, t: (y**2 - t**2 - 1) ** 2 / 2,
                lambda y, t: 2 * y * (y**2 - t**2 - 1),
                lambda y, t: 6 * y**2 - 2 * t**2 - 2,
            ),
            {},
            "the signal is a stationary point",
        ),
        (
            curie_weiss(free_energy=lambda x, t, h: x[:, 0] ** 2 / 2 - t * np.log(np.cosh(x[:, 0] / t))),
            {"points": {"temperature": [0.5], "field": [0.1]}},
            "the free energy is stationary",
        ),
        (
            curie_weiss(residual=lambda x, t, h: x - np.tanh((x + h.mean()) / t[:, None])),
            {"points": POINTS},
            "points of a batch do not see each other",
        ),
    ],
)
def test_a_broken_object_is_found(broken: Any, options: dict[str, Any], statement: str) -> None:
    report = conformance(broken, **options)
    assert any(statement in claim.statement and not claim.holds for claim in report.claims), str(report)
    with pytest.raises(InvalidArgument, match="must be such that"):
        report.require()


def test_a_density_of_a_user_and_other_objects() -> None:
    quartic = FromLogDensity(lambda h: -0.25 * h**4)
    report = conformance(quartic)
    assert report.passed, str(report)
    assert isinstance(quartic, Prior)
    with pytest.raises(InvalidArgument, match=r"^subject = 'int': must be a Prior"):
        conformance(3)
    with pytest.raises(InvalidArgument, match=r"^subject = 'Spherical': must be a law of single units"):
        conformance(prior("spherical"))
