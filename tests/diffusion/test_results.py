"""Results show themselves as tables and give labelled data sets; laws can be pasted back."""

from typing import Any

import numpy as np
import pytest

from statphys_gen import diffusion
from statphys_gen.data import DataSet, class_moments, modality, principal_directions
from statphys_gen.diffusion import Covariance, CurieWeiss, DiscreteProduct, GaussianMixture
from statphys_gen.glossary import QUANTITIES
from statphys_gen.statistics import bootstrap_fraction

MIXTURE = GaussianMixture.two_classes(10, 0.8, 0.6, 0.35)
THREE = GaussianMixture([0.2, 0.3, 0.5], np.eye(3) * 2.0, [0.4, 0.7, 1.3])
LAW = Covariance.from_eigenvalues([2.0, 0.5], [3, 9])
TIMES = [0.3, 0.9, 1.4]


def report() -> diffusion.DataSetReport:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    points = rng.standard_normal((120, 4)) + np.where(labels, 1.5, -1.5)[:, None]
    return diffusion.analyse(DataSet.from_arrays(points, labels), time=TIMES, directions=1, sources=60)


RESULTS: dict[str, tuple[Any, dict[str, int]]] = {
    "CloneAgreement": (lambda: diffusion.clone_agreement(MIXTURE, TIMES), {"time": 3}),
    "ClassAgreement": (lambda: diffusion.common_covariance_agreement(MIXTURE, TIMES), {"time": 3}),
    "levels": (
        lambda: diffusion.hierarchical_agreement(MIXTURE, TIMES, [[0, 0], [0, 1]]),
        {"level": 2, "time": 3},
    ),
    "SpeciationTimes": (lambda: diffusion.speciation_times(MIXTURE), {"criterion": 4}),
    "ClassCollapse": (lambda: diffusion.class_collapse(THREE, 9.0), {"class": 3}),
    "GaussianWindow": (lambda: diffusion.gaussian_window(MIXTURE, TIMES, 5.0), {"time": 3, "class": 2}),
    "FiniteSizeCollapse": (lambda: diffusion.isotropic_collapse(6, 0.7, 40, TIMES), {"time": 3}),
    "TrajectoryCollapse": (lambda: diffusion.trajectory_collapse(LAW, [6.0, 8.0]), {"log_samples": 2}),
    "Regimes": (
        lambda: diffusion.phase_diagram(MIXTURE, TIMES, [0.1, 0.4]),
        {"time": 3, "log_samples_per_dimension": 2},
    ),
    "SimulatedCollapse": (
        lambda: diffusion.simulate_collapse(LAW, TIMES, 20, walkers=20, instances=3),
        {"time": 3},
    ),
    "SimulatedCollapse by class": (
        lambda: diffusion.simulate_collapse(MIXTURE, TIMES, 20, walkers=20, instances=3, by_class=True),
        {"class": 2, "time": 3},
    ),
    "SimulatedCondensation": (
        lambda: diffusion.simulate_condensation(LAW, TIMES, 20, walkers=20, instances=3),
        {"time": 3},
    ),
    "FirstPassage": (
        lambda: diffusion.simulate_first_passage(LAW, 20, walkers=5, instances=3),
        {"instance": 3, "walker": 5},
    ),
    "DataSetReport": (report, {"time": 3, "group": 20}),
    "DataSetCollapse": (lambda: report().collapse, {}),
    "LabelAgreement": (lambda: report().agreement, {"time": 3, "group": 20}),
    "ClassMoments": (lambda: class_moments(CurieWeiss(50, 1.6, 0.9)), {}),
    "Modality": (lambda: modality(np.linspace(0.0, 1.0, 50) ** 2), {}),
    "Fraction": (lambda: bootstrap_fraction([True, False, True]), {}),
    "PrincipalDirections": (
        lambda: principal_directions(DataSet.from_arrays(np.eye(5) + np.arange(5.0)), 2),
        {"rank": 5, "direction": 2, "coordinate": 5, "point": 5},
    ),
    "DataSet": (
        lambda: DataSet.from_arrays([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]], ["a", "b", "a"]),
        {"point": 2, "coordinate": 2},
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_itself_and_gives_a_labelled_data_set(name: str) -> None:
    make, sizes = RESULTS[name]
    result = make()
    text = repr(result)
    assert text.startswith(type(result).__name__)
    assert "\n" in text
    assert "array(" not in text
    assert "<table>" in result._repr_html_()
    found = result.to_dataset()
    assert {axis: found.sizes[axis] for axis in sizes} == sizes
    for variable in found.variables.values():
        assert variable.attrs["long_name"]
        assert "units" in variable.attrs


def test_variables_hold_the_numbers_of_the_result() -> None:
    curves = diffusion.simulate_collapse(MIXTURE, TIMES, 20, walkers=20, instances=3, by_class=True)
    found = curves.to_dataset()
    np.testing.assert_array_equal(found["entropy"].sel({"class": 1}), curves.entropy.mean[1])
    np.testing.assert_array_equal(
        found["entropy_standard_error"].sel({"class": 1}), curves.entropy.standard_error[1]
    )
    window = diffusion.gaussian_window(MIXTURE, TIMES, 5.0)
    np.testing.assert_array_equal(window.to_dataset()["class_entropy"], window.class_entropy)
    rows = window.records()
    assert len(rows) == 6
    assert rows[3] == {
        "class": 1,
        "time": 0.9,
        "log_samples": 5.0,
        "entropy": float(window.entropy[1]),
        "participation": float(window.participation[1]),
        "class_entropy": float(window.class_entropy[1, 1]),
        "class_participation": float(window.class_participation[1, 1]),
    }
    scalar = diffusion.gaussian_window(MIXTURE, 0.3, 5.0)
    assert scalar.to_dataset()["entropy"].dims == ()


def test_the_glossary_is_in_order() -> None:
    assert list(QUANTITIES) == sorted(QUANTITIES)


@pytest.mark.parametrize(
    "law",
    [
        GaussianMixture([0.3, 0.7], [[0.1, 1.0], [2.0, -1.0]], [0.5, 1.25]),
        CurieWeiss(12, 1.3, 0.4),
        DiscreteProduct(5, [1.0, -2.0, 0.25], [0.2, 0.3, 0.5]),
        LAW,
    ],
    ids=lambda law: type(law).__name__,
)
def test_a_law_can_be_pasted_back_and_has_one_line_of_latex(law: Any) -> None:
    again = eval(repr(law), vars(diffusion) | {n: getattr(diffusion, n) for n in dir(diffusion)})
    assert repr(again) == repr(law)
    latex = law._repr_latex_()
    assert latex.startswith("$")
    assert latex.endswith("$")
    assert "\n" not in latex
