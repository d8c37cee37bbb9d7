"""Theory beside simulation for laws of the user's."""

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import CurieWeiss, DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.comparison import (
    compare,
    compare_clones,
    compare_collapse,
    compare_first_passage,
)
from statphys_gen.diffusion.simulation.first_passage import simulate_first_passage
from statphys_gen.diffusion.theory.clones import clone_agreement
from statphys_gen.diffusion.theory.excess_entropy import gaussian_window
from statphys_gen.errors import InvalidArgument

MIXTURE = GaussianMixture.two_classes(12, 0.8, 0.6, 0.35)
TIMES = [0.4, 1.2]


def test_clones_stand_beside_the_agreement_of_the_mixture() -> None:
    found = compare_clones(MIXTURE, TIMES, walkers=4000)
    assert [row.name for row in found] == ["clone_agreement", "u_turn"] * 2
    assert [row.parameters["time"] for row in found] == [0.4, 0.4, 1.2, 1.2]
    expected = np.repeat(clone_agreement(MIXTURE, TIMES).value, 2)
    np.testing.assert_array_equal([row.theory for row in found], expected)
    assert all(row.theory is not None and agrees(row.estimate, row.theory) for row in found)


def test_collapse_of_isotropic_data_has_the_exact_theory_and_of_other_data_the_window() -> None:
    isotropic = Covariance.isotropic(0.7, 9)
    for law in (isotropic, GaussianMixture([1.0], np.ones((1, 9)), 0.7)):
        found = compare_collapse(law, 0.4, 60, walkers=400, instances=24)
        assert {row.name for row in found} == {"entropy", "participation", "own_nearest", "excess_entropy"}
        for name in ("entropy", "participation", "own_nearest"):
            theory = found[name].theory
            assert theory is not None
            assert agrees(found[name].estimate, theory)
        assert found["entropy"].approximation.startswith("exact")
        assert found["excess_entropy"].approximation.startswith("leading order")
    found = compare_collapse(MIXTURE, 0.4, 60, walkers=50, instances=4)
    assert found["entropy"].theory == float(gaussian_window(MIXTURE, 0.4, np.log(60)).entropy)
    excess = found["excess_entropy"].estimate
    assert float(excess.mean) == pytest.approx(float(found["entropy"].estimate.mean) / 12, rel=1e-14)


def test_passages_show_their_mean_and_their_spread() -> None:
    law = GaussianMixture([1.0], np.zeros((1, 30)), 0.7)
    found = compare_first_passage(law, 60, walkers=40, instances=4, seed=2)
    passages = simulate_first_passage(law, 60, walkers=40, instances=4, seed=2)
    assert found["passage_time"].estimate.mean == passages.mean.mean
    assert found["passage_width"].estimate.mean == passages.deviation.mean
    times = passages.times
    assert float(passages.mean.mean) == pytest.approx(float(times.mean()))
    assert float(found["passage_width"].estimate.mean) == pytest.approx(float(times.std()), rel=0.1)


def test_what_has_no_theory_says_why() -> None:
    for row in compare_first_passage(DiscreteProduct.binary(16, 0.3), 20, walkers=20, instances=3):
        assert row.theory is None
        assert row.z is None
        assert "law = 'DiscreteProduct'" in row.reason


def test_everything_that_applies_in_one_call_and_the_same_for_any_threads() -> None:
    found = compare(MIXTURE, TIMES, 40, walkers=60, instances=3, seed=5)
    again = compare(MIXTURE, TIMES, 40, walkers=60, instances=3, seed=5, threads=2)
    assert found.records() == again.records()
    names = {row.name for row in found}
    assert names == {
        *("clone_agreement", "u_turn", "entropy", "participation", "excess_entropy"),
        *("passage_time", "passage_width"),
    }
    assert found.to_dataset().sizes == {"row": 4 + 6 + 2}
    curie_weiss = compare(CurieWeiss(60, 1.5), TIMES, walkers=100, instances=4)
    assert {row.name for row in curie_weiss} == {"clone_agreement", "u_turn"}
    warm = compare(CurieWeiss(60, 0.8), TIMES, walkers=100, instances=4)
    assert "lower bound" in warm["u_turn"].approximation


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: compare(Covariance.isotropic(0.7, 4), 0.5), "samples"),
        (lambda: compare(GaussianMixture([1.0], [[0.0, 1.0]], 0.7), 0.5), "samples"),
        (lambda: compare_clones(Covariance.isotropic(0.7, 4), 0.5), "law"),
        (lambda: compare_clones(CurieWeiss(20, 1.4, 0.3), 0.5), "tilt"),
        (lambda: compare_collapse(Covariance.isotropic(0.7), 0.5, 20), "law"),
        (lambda: compare(MIXTURE, [0.5, 0.0]), "time[1]"),
        (lambda: compare(MIXTURE, [[0.5]]), "time"),
        (lambda: compare(MIXTURE, 0.5, 1), "samples"),
        (lambda: compare(MIXTURE, 0.5, 20, instances=1), "instances"),
        (lambda: compare_first_passage(MIXTURE, 20, walkers=0), "walkers"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, argument) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)
