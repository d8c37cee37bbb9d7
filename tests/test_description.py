"""Every model class of every system describes itself: law, parameters with meanings, predictions with their support."""

import inspect
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from statphys_gen import (
    describe,
    diffusion,
    linear_dynamics,
    memorization,
    phase_retrieval,
    principal_graph,
    random_features,
    rbm,
    schedules,
)
from statphys_gen import residual_networks as residual
from statphys_gen import score_matching as scores
from statphys_gen.data import Covariance
from statphys_gen.errors import InvalidArgument
from statphys_gen.systems import SYSTEMS

LOSS = phase_retrieval.Loss.normalised(0.7)
EXAMPLES: list[Any] = [
    diffusion.GaussianMixture.two_classes(dimension=20, separation=0.8, variance=0.6),
    diffusion.CurieWeiss(31, 1.2),
    Covariance([0.4, 2.3], [0.7, 0.3]),
    random_features.Activation.named("tanh"),
    random_features.RandomFeatures("tanh", 6.0, 2.2, 0.2),
    rbm.Model(rbm.Gaussian(1.3), 0.4, 0.05, convention="sqrt-beta"),
    LOSS,
    phase_retrieval.PhaseRetrieval(LOSS, 4.0, 0.35),
    linear_dynamics.LinearNetwork(6, 5, 9, 0.1, 0.2),
    linear_dynamics.Task((1.2, 0.7)),
    scores.NoisedSample((-1.2, 0.3), 0.9, 0.4),
    scores.ScoreNetwork((1.0, -1.0), (0.3, 0.2), (0.0, 0.1)),
    residual.ResidualNetwork(4, "tanh", np.eye(2)),
    residual.RegressionTask(np.eye(2), np.eye(2)),
    schedules.TwoClasses(40, 0.8, 0.36, 0.7),
    schedules.NamedInterpolant("dilated-vp-linear", dilation=0.3),
    schedules.TimeGrid.uniform(schedules.NamedInterpolant("vp-linear"), 4),
    schedules.NoiseGrid((3.0, 0.7, 0.0), "heun"),
    schedules.Autoencoder((3, 5), 0.4, 0.1),
    memorization.KnownGenerator("smoothed", 0.2, 0.3),
    principal_graph.WeightedPoints([[0.0, 1.0], [2.0, 0.5]], [0.3, 0.7]),
    principal_graph.GraphPrior(2.0),
    principal_graph.Background(),
    principal_graph.Cycles(),
    principal_graph.FitOptions(),
]


def model_classes() -> set[type]:
    """Dataclasses that a door shows and a model file defines."""
    found = set()
    for system in SYSTEMS:
        door = import_module(f"statphys_gen.{system.name}")
        shown = [getattr(door, name) for name in dir(door)]
        found |= {
            kind
            for kind in shown
            if inspect.isclass(kind) and is_dataclass(kind) and kind.__module__.endswith(".model")
        }
    return found


def test_every_model_class_has_an_example() -> None:
    assert model_classes() <= {type(example) for example in EXAMPLES}


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: type(model).__name__)
def test_a_model_says_what_it_is(model: Any) -> None:
    found = describe(model)
    assert found.name == type(model).__name__
    assert len(found.law) > 25
    assert len(found.parameters) == sum(field.init for field in fields(model))
    for parameter in found.parameters:
        assert parameter.meaning, parameter.name
        assert parameter.value
        assert f"{parameter.name} = " in found.text()
    for prediction, row in zip(found.predictions, found.records(), strict=True):
        assert row["level"] == prediction.approximation.level
        assert row["source"] == prediction.approximation.source
        assert row["prediction"] in found.text()
    latex = found.latex()
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 1 + bool(found.predictions)
    assert "<table>" in found._repr_html_()


def test_numbers_and_predictions_are_those_of_the_model() -> None:
    found = describe(EXAMPLES[5])
    values = {parameter.name: parameter.value for parameter in found.parameters}
    assert (values["temperature"], values["load"], values["convention"]) == ("0.4", "0.05", "'sqrt-beta'")
    assert "sqrt-beta" in found.law
    rows = {row["prediction"]: row for row in found.records()}
    assert "rbm.solve" in rows
    assert rows["rbm.solve"]["level"] == "replica symmetric"
    assert "checks" in rows["rbm.solve"]["support"]
    assert not any(name.startswith("diffusion") for name in rows)


def test_every_field_is_written_for_latex() -> None:
    latex = describe(linear_dynamics.Task((1.2, 0.7))).latex()
    assert r"signal\_strengths" in latex
    assert r"\sum_i x_i u_i v_i^\top" in latex


@pytest.mark.parametrize("model", [3, "rbm", rbm.Model, diffusion.compare])
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(InvalidArgument, match="model"):
        describe(model)
