"""The list of checks: complete, with theories that can be evaluated, and able to reject a wrong theory."""

from dataclasses import replace

import numpy as np

from statphys_gen.data.laws import CurieWeiss
from statphys_gen.diffusion.checks import checks, speciation
from statphys_gen.diffusion.theory.curie_weiss import curie_weiss_agreement
from statphys_gen.diffusion.theory.drift_potential import critical_points
from statphys_gen.diffusion.theory.speciation_time import order_time
from statphys_gen.statistics.agreement import judge
from statphys_gen.statistics.estimate import Estimate


def test_every_theory_gives_numbers_with_a_positive_scale():
    every = checks()
    assert len({check.name for check in every}) == len(every)
    assert sum(check.judged for check in every) >= 45
    for check in every:
        theory = np.asarray(check.theory())
        assert np.isfinite(theory).all(), check.name
        scale = np.abs(theory) if check.scale is None else check.scale
        scale = scale(theory) if callable(scale) else scale
        assert (np.asarray(scale) > 0).all(), check.name


def test_a_check_agrees_and_rejects_a_theory_that_is_off():
    # The quickest ones; all of them are judged at full size by the verification report.
    quick = [check for check in checks() if check.name in ("two point masses, d = 4", "two variances, d = 3")]
    results = [check.run() for check in quick]
    assert judge(results).passed
    for check, result in zip(quick, results, strict=True):
        wrong = replace(check, theory=lambda result=result: result.theory - 0.02)
        report = judge([type(result)(wrong, wrong.theory(), result.estimate)])
        assert report.agreements[0].verdict == "disagrees"


def test_numbers_that_a_check_states_for_its_simulation_are_those_of_the_theory():
    stated = {check.id: check for check in checks()}
    clones = stated["curie-weiss-clones-extrapolated-in-size"].sizes
    pairs = zip(clones["dimension"], clones["time"], strict=True)
    agreements = [float(curie_weiss_agreement(CurieWeiss(size, 1.5), time)) for size, time in pairs]
    np.testing.assert_allclose(agreements, agreements[0], rtol=1e-12)
    skewed = stated["classes-that-differ-in-skewness-d-1024"].sizes
    np.testing.assert_allclose(skewed["time"], order_time(3, 9.0 * 1024), rtol=1e-14)
    minima = stated["drift-potential-minima"]
    places = critical_points(minima.model, minima.sizes["time"])["projection"][0, [0, 2]]
    around = np.array(minima.sizes["projection"])
    assert (np.abs(places - around[:, 1]) < 0.02).all()


def test_the_zero_of_a_drift_and_its_error():
    """Of the drift sinh(u - 2), known to 1e-4 at three points with a seed each, against the scatter over seeds."""
    u = np.array([1.88, 1.98, 2.08])

    def found(seed):
        noise = np.random.default_rng(seed).normal(0.0, 1e-3, (3, 100))
        return speciation._zero(u, Estimate.from_samples((np.sinh(u - 2.0)[:, None] + noise).T))

    zeros = [found(seed) for seed in range(200)]
    places = Estimate.from_samples([float(zero.mean) for zero in zeros])
    # The cubic term leaves .12 .02 .08/6 of the drift; the mean over seeds is known to 7e-6.
    assert abs(float(places.mean) - 2.0) < 3.2e-5 + 5 * 7e-6
    spread = float(places.standard_error) * np.sqrt(200)
    np.testing.assert_allclose(np.mean([float(zero.standard_error) for zero in zeros]), spread, rtol=0.2)
