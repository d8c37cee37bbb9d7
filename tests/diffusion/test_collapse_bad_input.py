"""Wrong arguments of the collapse functions: one line that names the argument."""

from collections.abc import Callable

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.theory.class_information import class_information, two_class_information
from statphys_gen.diffusion.theory.collapse_time import (
    basin_radius,
    class_collapse,
    collapse_time,
    collapse_time_bound,
    isotropic_collapse_time,
    leading_collapse_time,
    sparse_collapse_time,
    trap_onset_time,
)
from statphys_gen.diffusion.theory.condensed_phase import condensed_phase, parisi_parameter_slope
from statphys_gen.diffusion.theory.excess_entropy import (
    excess_entropy,
    excess_entropy_bound,
    gaussian_window,
    leading_excess_entropy,
    mutual_information,
)
from statphys_gen.diffusion.theory.finite_size_collapse import isotropic_collapse
from statphys_gen.diffusion.theory.phase_diagram import phase_diagram
from statphys_gen.diffusion.theory.spectral_average import class_spectrum
from statphys_gen.diffusion.theory.trajectory_collapse import own_nearest_probability, trajectory_collapse
from statphys_gen.errors import AccuracyNotReached, InvalidArgument

LAW = Covariance.isotropic(1.0, 10)
PRODUCT = DiscreteProduct.binary(10, 0.2)
UNEQUAL = GaussianMixture([0.5, 0.5], [[1.0, 0.0], [-1.0, 0.0]], [0.5, 2.0])
POINTS = GaussianMixture.two_classes(3, 1.0, 0.0)
NAN, INF = float("nan"), float("inf")

CASES: list[tuple[str, Callable[[], object]]] = [
    ("values", lambda: DiscreteProduct(3, [1.0], [1.0])),
    ("values", lambda: DiscreteProduct(3, [1.0, 1.0], [0.5, 0.5])),
    ("values", lambda: DiscreteProduct(3, [1.0, INF], [0.5, 0.5])),
    ("probabilities", lambda: DiscreteProduct(3, [1.0, -1.0], [0.5, 0.6])),
    ("probabilities", lambda: DiscreteProduct(3, [1.0, -1.0], [1.0])),
    ("probabilities", lambda: DiscreteProduct(3, [1.0, -1.0], [1.0, 0.0])),
    ("dimension", lambda: DiscreteProduct(-1, [1.0, -1.0], [0.5, 0.5])),
    ("mean", lambda: DiscreteProduct.binary(3, 1.0)),
    ("time", lambda: excess_entropy(LAW, 0.0, 2.0)),
    ("time", lambda: excess_entropy(LAW, [0.3, -1.0], 2.0)),
    ("time", lambda: mutual_information(LAW, NAN)),
    ("time", lambda: class_information(UNEQUAL, 0.0)),
    ("time", lambda: gaussian_window(LAW, INF, 2.0)),
    ("log_samples", lambda: excess_entropy(LAW, 1.0, 0.0)),
    ("log_samples", lambda: leading_excess_entropy(LAW, 1.0, -1.0)),
    ("log_samples", lambda: excess_entropy(LAW, [1.0, 2.0], [1.0, 2.0, 3.0])),
    ("log_samples", lambda: collapse_time(LAW, "many")),
    ("log_samples", lambda: collapse_time(PRODUCT, [1.0, NAN])),
    ("log_samples", lambda: leading_collapse_time(LAW, INF)),
    ("log_samples", lambda: isotropic_collapse_time(3, 1.0, 0.0)),
    ("dimension", lambda: isotropic_collapse_time(0, 1.0, 1.0)),
    ("variance", lambda: isotropic_collapse_time(3, -1.0, 1.0)),
    ("law", lambda: trap_onset_time(UNEQUAL, 3.0)),
    ("law", lambda: trap_onset_time(PRODUCT, 3.0)),
    ("law", lambda: condensed_phase("gaussian", 0.1, 3.0)),
    ("law", lambda: collapse_time("gaussian", 3.0)),
    ("law", lambda: mutual_information(None, 1.0)),
    ("law", lambda: phase_diagram(UNEQUAL, [1.0], [0.3])),
    ("covariances", lambda: trap_onset_time(POINTS, 1.0)),
    ("k", lambda: class_spectrum(UNEQUAL, 2)),
    ("covariance", lambda: excess_entropy_bound(UNEQUAL, 1.0, 3.0)),
    ("covariance", lambda: collapse_time_bound(PRODUCT, 3.0)),
    ("mixture", lambda: class_collapse(LAW, 3.0)),
    ("log_samples", lambda: class_collapse(UNEQUAL, 0.5)),
    ("log_samples", lambda: class_collapse(UNEQUAL, [3.0, 4.0])),
    ("log_samples", lambda: sparse_collapse_time(LAW, 6.0)),
    ("log_samples", lambda: basin_radius(LAW, 1.0, -2.0)),
    ("time", lambda: basin_radius(LAW, 0.0, 2.0)),
    ("time", lambda: condensed_phase(LAW, -0.1, 2.0)),
    ("log_samples", lambda: condensed_phase(LAW, [0.1, 0.2], [2.0, 3.0, 4.0])),
    ("collapse_time", lambda: parisi_parameter_slope(LAW, 0.0)),
    ("time", lambda: phase_diagram(LAW, 1.0, [0.3])),
    ("log_samples_per_dimension", lambda: phase_diagram(LAW, [1.0], [0.0])),
    ("samples", lambda: isotropic_collapse(3, 1.0, 0.5, 1.0)),
    ("samples", lambda: isotropic_collapse(3, 1.0, INF, 1.0)),
    ("time", lambda: isotropic_collapse(3, 1.0, 10, 0.0)),
    ("signal", lambda: two_class_information(-1.0)),
    ("weight", lambda: two_class_information(1.0, 1.0)),
    ("tolerance", lambda: class_information(UNEQUAL, 1.0, tolerance=0.0)),
    ("log_samples", lambda: trajectory_collapse(GaussianMixture.two_classes(9, 1.0), 0.5)),
    ("log_samples", lambda: trajectory_collapse(Covariance.isotropic(1.0, 2), 2.0)),
    ("log_samples", lambda: trajectory_collapse(LAW, [3.0, 0.1])),
    ("law", lambda: trajectory_collapse(PRODUCT, 3.0)),
    ("log_samples", lambda: own_nearest_probability(LAW, 1.0, [3.0, 4.0])),
]


@pytest.mark.parametrize(("argument", "call"), CASES)
def test_bad_argument(argument: str, call: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument.split("[")[0] == argument
    assert "\n" not in str(caught.value)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(AccuracyNotReached, match="nodes would be needed"):
        isotropic_collapse(10, 1.0, 100, 1e-4)
    rng = np.random.default_rng(0)
    mixture = GaussianMixture(np.full(6, 1 / 6), rng.standard_normal((6, 8)), [1.0])
    with pytest.raises(AccuracyNotReached, match="class information"):
        class_information(mixture, 0.5, tolerance=1e-9)
