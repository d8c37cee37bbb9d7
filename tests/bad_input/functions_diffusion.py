"""."""

import numpy as np
from refusals import Given, Row, row

from statphys_gen import diffusion
from statphys_gen.data import modality
from statphys_gen.diffusion.simulation.backward_kernel import posterior_agreement
from statphys_gen.diffusion.simulation.langevin import step_bias
from statphys_gen.diffusion.theory.spectral_average import class_spectrum

NAN, INF = (float("nan"), float("inf"))
LAW = diffusion.Spectrum.isotropic(10, 1.0)
UNEQUAL = diffusion.GaussianMixture([0.5, 0.5], [[1.0, 0.0], [-1.0, 0.0]], [0.5, 2.0])
PRODUCT = diffusion.DiscreteProduct.binary(10, 0.2)
POINTS = diffusion.GaussianMixture.two_classes(3, 1.0, 0.0)
BINARY = diffusion.DiscreteProduct.binary(4)


def gaussian(dimension: int, variance: float = 1.0) -> diffusion.Spectrum:
    return diffusion.Spectrum.isotropic(dimension, variance)


TWO = diffusion.GaussianMixture.two_classes(3, 1.0)
MEANS = np.array([[1.0, -0.5, 2.0], [-1.5, 0.2, 0.3]])
MASSES = diffusion.GaussianMixture([0.3, 0.7], MEANS, 0.0)
GAUSS = diffusion.GaussianMixture([1.0], [[0.0]], 1.0)
TWO = diffusion.GaussianMixture.two_classes(2, 1.0)
POINTS = diffusion.GaussianMixture.two_classes(2, 1.0, 0.0)
BALANCED = diffusion.GaussianMixture.two_classes(2, 1.0)

FOUR = diffusion.GaussianMixture(np.full(4, 0.25), np.eye(4), 1.0)

# fmt: off
TABLE: list[Row] = [
    row(diffusion.Spectrum, dict(eigenvalues=[1.0]),
        eigenvalues=[[-1.0, 2.0], [0.0, 0.0], [], [[1.0]], [1.0, NAN], ["1"]],
        multiplicities=[Given(eigenvalues=[1.0, 2.0], multiplicities=[1]), [0], [1.5]]),
    row(diffusion.Spectrum.isotropic, dict(dimension=3), dimension=[0, 2.5], variance=[0.0]),
    row(diffusion.DiscreteProduct, dict(dimension=3, values=[1.0, -1.0], probabilities=[0.5, 0.5]),
        values=[Given(values=[1.0], probabilities=[1.0]), [1.0, 1.0], [1.0, INF]],
        probabilities=[[0.5, 0.6], [1.0], [1.0, 0.0]], dimension=[-1]),
    row(diffusion.DiscreteProduct.binary, dict(dimension=3), mean=[1.0]),
    row(diffusion.excess_entropy, dict(law=LAW, log_samples=2.0, time=1.0), time=[0.0, [0.3, -1.0]],
        log_samples=[0.0, Given(log_samples=[1.0, 2.0, 3.0], time=[1.0, 2.0])]),
    row(diffusion.mutual_information, dict(law=LAW, time=1.0), time=[NAN], law=[None]),
    row(diffusion.class_information, dict(law=UNEQUAL, time=1.0), time=[0.0], tolerance=[0.0]),
    row(diffusion.gaussian_window, dict(law=LAW, log_samples=2.0), time=[INF]),
    row(diffusion.leading_excess_entropy, dict(law=LAW, time=1.0), log_samples=[-1.0]),
    row(diffusion.collapse_time, dict(law=LAW, log_samples=3.0),
        log_samples=["many", Given(law=PRODUCT, log_samples=[1.0, NAN])], law=["gaussian"]),
    row(diffusion.leading_collapse_time, dict(law=LAW), log_samples=[INF]),
    row(diffusion.isotropic_collapse_time, dict(dimension=3, variance=1.0, log_samples=1.0),
        log_samples=[0.0], dimension=[0], variance=[-1.0]),
    row(diffusion.trap_onset_time, dict(law=POINTS, log_samples=3.0), law=[UNEQUAL, PRODUCT],
        covariances=[Given(log_samples=1.0)]),
    row(diffusion.condensed_phase, dict(law=LAW, log_samples=3.0, time=0.1), law=["gaussian"],
        time=[Given(log_samples=2.0, time=-0.1)],
        log_samples=[Given(log_samples=[2.0, 3.0, 4.0], time=[0.1, 0.2])]),
    row(diffusion.phase_diagram, dict(law=LAW, time=[1.0], log_samples_per_dimension=[0.3]), law=[UNEQUAL],
        time=[1.0], log_samples_per_dimension=[[0.0]]),
    row(class_spectrum, dict(mixture=UNEQUAL), k=[2]),
    row(diffusion.excess_entropy_bound, dict(log_samples=3.0, time=1.0), covariance=[UNEQUAL]),
    row(diffusion.collapse_time_bound, dict(log_samples=3.0), covariance=[PRODUCT]),
    row(diffusion.class_collapse, dict(mixture=UNEQUAL, log_samples=3.0), mixture=[LAW],
        log_samples=[0.5, [3.0, 4.0]]),
    row(diffusion.sparse_collapse_time, dict(law=LAW), log_samples=[6.0]),
    row(diffusion.basin_radius, dict(law=LAW, log_samples=2.0, time=1.0), log_samples=[-2.0], time=[0.0]),
    row(diffusion.parisi_parameter_slope, dict(law=LAW), collapse_time=[0.0]),
    row(diffusion.isotropic_collapse, dict(dimension=3, variance=1.0, samples=10, time=1.0),
        samples=[0.5, INF], time=[0.0]),
    row(diffusion.two_class_information, dict(signal=1.0), signal=[-1.0], weight=[1.0]),
    row(diffusion.trajectory_collapse,
        dict(law=diffusion.GaussianMixture.two_classes(9, 1.0), log_samples=3.0),
        log_samples=[0.5, Given(law=diffusion.Spectrum.isotropic(2, 1.0), log_samples=2.0), Given(law=LAW,
            log_samples=[3.0, 0.1])], law=[PRODUCT]),
    row(diffusion.own_nearest_probability, dict(law=LAW, time=1.0), log_samples=[[3.0, 4.0]]),
    row(diffusion.simulate_collapse, dict(law=BINARY, samples=10, time=0.5, seed=0), samples=[1, 2.5],
        time=[0.0, [0.5, np.nan], []], noised=[0], data_sets=[1], radius=[-1.0], seed=[-1], threads=[0],
        law=["gaussian"], by_class=[True]),
    row(diffusion.simulate_condensation, dict(law=BINARY, samples=10, time=0.5, seed=0), samples=[0],
        time=[-0.5], law=[None]),
    row(diffusion.simulate_posterior_variance, dict(law=gaussian(2), samples=10, time=0.5, seed=0), time=[0.0]),
    row(diffusion.simulate_first_passage, dict(law=BINARY, samples=10, seed=0), step=[0.0],
        horizon=[Given(step=0.5, horizon=0.5)], paths=[0], times=[[0.2, 0.1], [[0.2]]]),
    row(diffusion.simulate_empirical_clones, dict(law=BINARY, samples=10, time=0.5, seed=0, end=0.1),
        end=[-0.1], time=[0.1]),
    row(diffusion.simulate_empirical_clones_langevin, dict(law=BINARY, samples=10, time=0.5, seed=0),
        end=[0.0], steps=[0]),
    row(diffusion.simulate_last_change, dict(law=BINARY, samples=10, seed=0), end=[5.0], horizon=[0.0],
        steps=[-3], runs=[0]),
    row(diffusion.simulate_information_time, dict(law=BINARY, samples=10, log_samples=1.0, seed=0),
        log_samples=[0.0, 2.5]),
    row(diffusion.simulate_basin_radius, dict(law=BINARY, samples=10, log_samples=1.0, time=0.5, seed=0),
        samples=[1], time=[0.0]),
    row(diffusion.simulate_information_slope, dict(law=BINARY, samples=10, time=0.5, seed=0), step=[0.5],
        data_sets=[1]),
    row(diffusion.simulate_clones, dict(mixture=TWO, time=1.0, walkers=10, seed=0),
        time=[-1.0, [1.0, np.nan], Given(mixture=MASSES, time=0.0)], walkers=[1], seed=[-1],
        label=["bayes", Given(mixture=diffusion.GaussianMixture([1.0], [[1.0]], 1.0), label="sign")],
        groups=[Given(label="sign", groups=[0, 0]), [0, 0, 1], [0.0, 1.0]], threads=[0]),
    row(diffusion.simulate_u_turn,
        dict(mixture=diffusion.GaussianMixture([0.5, 0.5], np.zeros((2, 2)), [1.0, 2.0]), time=1.0,
            walkers=10, seed=0), label=["sign"],
        time=[Given(mixture=MASSES, time=[0.0, 1.0])]),
    row(posterior_agreement, dict(time=1.0, walkers=10, mixture=TWO, seed=0), mixture=["mixture.json"]),
    row(diffusion.simulate_curie_weiss_clones, dict(model=diffusion.CurieWeiss(5, 1.0), walkers=10, time=1.0, seed=0),
        time=[0.0]),
    row(diffusion.simulate_curie_weiss_u_turn, dict(model=diffusion.CurieWeiss(5, 1.0), time=1.0, walkers=10, seed=0),
        walkers=[1]),
    row(diffusion.simulate_product_clones,
        dict(marginals=[GAUSS, GAUSS], dimension=5, time=1.0, walkers=10, seed=0),
        marginals=[[], [diffusion.GaussianMixture.two_classes(2, 1.0)]], weights=[[1.0]], dimension=[0],
        time=[Given(marginals=[diffusion.GaussianMixture([1.0], [[0.0]], 0.0)], time=0.0)]),
    row(diffusion.simulate_clones_langevin, dict(mixture=TWO, time=1.0, walkers=10, seed=0),
        time=[11.0, Given(time=0.1, end=0.5)], walkers=[1], steps=[0], grid=["geometric"], horizon=[0.0],
        end=[10.0, Given(mixture=POINTS, grid="adapted"), Given(mixture=POINTS, label="component")]),
    row(diffusion.reduced_clones_langevin, dict(half_distance=1.0, time=1.0, walkers=10, variance=1.0, seed=0),
        variance=[0.0]),
    row(step_bias, dict(mixture=TWO, time=1.0, walkers=10, steps=[4], seed=0), steps=[[0]]),
    row(diffusion.simulate_drift,
        dict(mixture=BALANCED, points=[[0.0, 0.0]], time=1.0, direction=[1.0, 0.0], walkers=10, seed=0),
        points=[[[0.0]]], time=[0.0], direction=[[0.0, 0.0]], walkers=[1]),
    row(diffusion.simulate_drift_time, dict(mixture=BALANCED, samples=500, seed=0), samples=[10],
        mixture=[diffusion.GaussianMixture.two_classes(2, 1.0, 1.0, 0.3)]),
    row(diffusion.simulate_bimodality_time, dict(mixture=BALANCED, samples=500, seed=0), blocks=[1],
        mixture=[diffusion.GaussianMixture([0.5, 0.5], [[1.0], [-1.0]], [1.0, 2.0])]),
    row(diffusion.analyse, dict(dataset=diffusion.DataSet.from_arrays(np.eye(4))), sources=[1, 2.5, "all"], seed=[None],
        directions=[0], time=[0.0, [0.1, 0.0], [-1.0], "early", [INF], [NAN], [], [[0.1]]]),
    row(diffusion.clone_agreement, dict(mixture=TWO, time=1.0), groups=[[0, 0, 1]],
        time=[-1.0, NAN, Given(mixture=MASSES, time=[0.0, 1.0])]),
    row(diffusion.common_covariance_agreement, dict(mixture=TWO, time=1.0), time=[-1.0, NAN]),
    row(diffusion.gaussian_ratio_agreement, dict(mixture=TWO, time=1.0), time=[-1.0, NAN]),
    row(diffusion.hierarchical_agreement, dict(mixture=FOUR, time=1.0, levels=[[0, 0, 1, 1], [0, 1, 2, 3]]),
        levels=[[[0, 0, 1], [0, 1, 1]]], time=[-1.0]),
    row(diffusion.hierarchical_speciation_times, dict(mixture=FOUR, levels=[[0, 0, 1, 1], [0, 1, 2, 3]]),
        levels=[[[0, 0, 1], [0, 1, 1]]]),
    row(diffusion.simulate_information, dict(law=BINARY, samples=10, time=0.5, seed=0), samples=[1], time=[0.0],
        noised=[0]),
    row(diffusion.two_class_agreement, dict(signal=1.0), signal=[-0.1, NAN, INF, "1"], weight=[0.0, 1.0, -1.0]),
    row(diffusion.signal_at_agreement, dict(agreement=[0.7]), agreement=[[0.7, 0.49], [0.7, 1.0], [0.7, 1.2]]),
    row(diffusion.two_variance_agreement, dict(dimension=3, variances=(0.0, 1.0), weight=0.5, time=1.0), time=[0.0]),
    row(diffusion.sign_agreement, dict(time=0.5),
        mixture=[diffusion.GaussianMixture([0.5, 0.5], [[1.0, 1.0], [-1.0, -1.0]], [[1.0, 2.0]])]),
    row(diffusion.two_sample_collapse, {}, law=[diffusion.Spectrum([1.0, 2.0], [3, 3])]),
    row(diffusion.curie_weiss_signal, dict(time=0.5), inverse_temperature=[Given(model=diffusion.CurieWeiss(10, 1.0))]),
    row(diffusion.log_density, dict(model=diffusion.CurieWeiss(10, 1.2), x=np.zeros(10), time=0.5), x=[np.zeros(9)]),
    row(diffusion.score, dict(model=diffusion.CurieWeiss(10, 1.2), x=np.zeros(10), time=0.5), time=[0.0]),
    row(diffusion.potential, dict(mixture=TWO, projection=0.0, time=1.0), kind=["force"]),
    row(diffusion.landau_coefficients, dict(time=1.0),
        weights=[Given(mixture=diffusion.GaussianMixture.two_classes(4, 1.0, 1.0, 0.3))]),
    row(diffusion.critical_points, dict(mixture=POINTS, time=1.0), time=[0.0],
        mixture=[diffusion.GaussianMixture([0.5, 0.5], np.zeros((2, 3)), [1.0, 2.0])]),
    row(diffusion.order_time, dict(order=2, squared_difference=1.0), squared_difference=[0.0], order=[0]),
    row(diffusion.pair_bayes_time, dict(mixture=FOUR, first=1, second=2), second=[1]),
    row(diffusion.speciation_times, {}, mixture=[diffusion.GaussianMixture([1.0], np.zeros((1, 3)), 1.0)]),
    row(modality, dict(values=[1.0, 2.0, 4.0]), values=[[1.0, 1.0]]),
]
