"""Classes of unequal weight through the shell: what is printed is what the functions say of that weight."""

import json

import numpy as np
import pytest

from statphys_gen.cli import main
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.clones import clone_agreement
from statphys_gen.diffusion.theory.speciation_time import speciation_times

CLASSES = ["--dimension", "6", "--separation", "0.8", "--variance", "0.4", "--weight", "0.3", "--json"]
MIXTURE = GaussianMixture.two_classes(6, 0.8, 0.4, 0.3)


def test_clone_agreement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diffusion", "clone-agreement", *CLASSES, "--time", "0.6", "0.9"]) == 0
    printed = [record["clone_agreement"] for record in json.loads(capsys.readouterr().out)["results"]]
    np.testing.assert_allclose(printed, clone_agreement(MIXTURE, [0.6, 0.9]).value, rtol=1e-12)
    # The weight matters here.
    even = clone_agreement(GaussianMixture.two_classes(6, 0.8, 0.4), [0.6, 0.9]).value
    assert (np.abs(np.array(printed) / even - 1.0) > 0.01).all()


def test_speciation_times(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diffusion", "speciation-time", *CLASSES]) == 0
    printed = {
        record["criterion"]: record["time"] for record in json.loads(capsys.readouterr().out)["results"]
    }
    expected = dict(speciation_times(MIXTURE).items())
    assert set(printed) == set(expected) == {"spectral", "asymptotic", "bayes", "drift"}
    for criterion, time in printed.items():
        assert time == pytest.approx(float(expected[criterion]["time"]), rel=1e-12)
    even = speciation_times(GaussianMixture.two_classes(6, 0.8, 0.4))
    assert abs(printed["spectral"] - float(even.spectral["time"])) > 0.01
    assert abs(printed["drift"] - float(dict(even.items())["drift"]["time"])) > 0.01
