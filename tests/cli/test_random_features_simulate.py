"""``statphys-gen random-features simulate``: records, seeds and refusals."""

import math

import numpy as np
import pytest
from agreement import agrees
from command_line import run_json

from statphys_gen.cli import main
from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features import comparison
from statphys_gen.random_features.comparison import compare
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.simulation.gaussian_equivalent import FeatureMoments
from statphys_gen.random_features.simulation.instances import FIELDS, simulate_eigenvalues, simulate_losses
from statphys_gen.random_features.theory.coefficients import model_coefficients
from statphys_gen.random_features.theory.learning_curves import learning_curves, ridge_curves
from statphys_gen.random_features.theory.spectrum import spectrum
from statphys_gen.statistics.estimate import Estimate

SIMULATE = "random-features simulate"
MODEL = "--activation sin --features-per-dimension 2 --samples-per-dimension 1.5 --time 0.2"
SIN = RandomFeatures("sin", 2.0, 1.5, 0.2)
KEYS = ["observable", "value", "standard_error", "theory", "z", "approximation"]


def test_losses_beside_the_theory(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(
        f"{SIMULATE} {MODEL} --dimension 16 --instances 6 --seed 3 --training-time 2 inf", capsys
    )
    parameters = document["parameters"]
    assert (parameters["seed"], parameters["dimension"], parameters["instances"]) == (3, [16], [6])
    records = document["results"]
    assert [list(record) for record in records] == [["training_time", *KEYS]] * 6
    found = simulate_losses(SIN, [2.0, math.inf], 16, instances=6, seed=3)
    theory = learning_curves(SIN, [2.0, math.inf])
    for record, (k, name) in zip(records, ((k, n) for k in (0, 1) for n in FIELDS), strict=True):
        assert record["observable"] == name
        assert record["training_time"] == (2.0, "inf")[k]
        assert record["value"] == getattr(found, name).mean[k]
        assert record["standard_error"] == getattr(found, name).standard_error[k]
        assert record["theory"] == pytest.approx(getattr(theory, name)[k], rel=1e-9)
        z = (record["value"] - record["theory"]) / record["standard_error"]
        assert record["z"] == pytest.approx(z)
    assert any("1/d" in note for note in document["notes"])


def test_another_seed_gives_other_numbers_and_the_same_theory(capsys: pytest.CaptureFixture[str]) -> None:
    one, again, other = (
        run_json(f"{SIMULATE} {MODEL} -d 8 --instances 3 --ridge 0.1 --seed {seed}", capsys)["results"][1]
        for seed in (0, 0, 1)
    )
    assert one == again
    assert one["value"] != other["value"]
    assert one["theory"] == other["theory"] == pytest.approx(float(ridge_curves(SIN, 0.1).test_loss))


def test_extrapolated_losses_agree_with_the_theory(capsys: pytest.CaptureFixture[str]) -> None:
    """Six observables, whose standard errors are below 2 % of them."""
    line = (
        f"{MODEL} --dimension 16 32 64 --instances 60 40 24 --steps 3 20 --learning-rate 0.5 --momentum 0.5"
    )
    records = run_json(f"{SIMULATE} {line}", capsys)["results"]
    assert [record["steps"] for record in records] == [3] * 3 + [20] * 3
    value, error, theory = np.transpose(
        [[r[n] for n in ("value", "standard_error", "theory")] for r in records]
    )
    # At the largest dimension there are 24 instances.
    assert agrees(Estimate(value, error, 23.0), theory)
    assert (error < 0.02 * np.abs(theory)).all()


def test_spectrum_of_the_equivalent(capsys: pytest.CaptureFixture[str]) -> None:
    line = "--activation tanh --psi-p 8 --psi-n 4 --time 0.01 -d 16 --instances 4 --count-modes --gaussian-equivalent"
    document = run_json(f"{SIMULATE} {line}", capsys)
    assert document["parameters"]["matrix"] == "Gaussian equivalent"
    records = {record["observable"]: record for record in document["results"]}
    # p - n - d at the atom, d, n - d, d.
    counts = [records[f"modes of {part}"] for part in ("the atom", "bulk 1", "bulk 2", "bulk 3")]
    assert [record["value"] for record in counts] == [3.0, 1.0, 3.0, 1.0]
    assert [record["theory"] for record in counts] == pytest.approx([3.0, 1.0, 3.0, 1.0], rel=1e-8)
    model = RandomFeatures("tanh", 8.0, 4.0, 0.01)
    c = model_coefficients(model)
    moments = FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))
    means = simulate_eigenvalues(model, 16, instances=4, moments=moments).mean(axis=0)
    # In dimension 16 the atom has 48 of the 128 eigenvalues, and the bulks have 16, 48 and 16.
    for k, (bulk, first, last) in enumerate(
        zip(spectrum(model).bulks, (48, 64, 112), (63, 111, 127), strict=True), start=1
    ):
        for side, rank in (("lower", first), ("upper", last)):
            record = records[f"{side} edge of bulk {k}"]
            assert record["theory"] == pytest.approx(getattr(bulk, side), rel=1e-12)
            assert record["value"] == pytest.approx(means[rank], rel=1e-13)


def test_the_atom_of_the_nonlinear_matrix_is_counted_with_the_bulk_beside_it() -> None:
    model = RandomFeatures("sin", 16.0, 4.0, 0.01)
    found = compare(model, 48, spectrum=True, instances=3)
    merged = [entry for entry in found if entry.name.endswith("the atom and bulk 1")]
    assert [entry.name.split(" of ")[0] for entry in merged] == ["modes", "lower edge", "upper edge"]
    assert merged[0].theory == pytest.approx(12.0, rel=1e-8)
    # Counted in units of 1/48; one eigenvalue in each instance may lie on the other side (in dimension 24, 1.2 do).
    assert merged[0].estimate.mean == pytest.approx(12.0, abs=0.03)
    assert merged[1].theory is None
    assert "norms of the rows" in merged[1].reason
    assert merged[1].z is None


def test_counts_of_modes_approach_their_limit_as_straight_lines_in_one_over_dimension() -> None:
    """Against weighted least squares in 1/d through the counts of the same instances, a size at a time."""
    model, sizes = RandomFeatures("sin", 16.0, 4.0, 0.01), [6, 8, 12]
    found = compare(model, sizes, spectrum=True, instances=10, seed=1)
    single = [compare(model, d, spectrum=True, instances=10, seed=1) for d in sizes]
    for name in ("modes of the atom and bulk 1", "modes of bulk 2", "modes of bulk 3"):
        value, error = np.array(
            [(float(rows[name].estimate.mean), float(rows[name].estimate.standard_error)) for rows in single]
        ).T
        limit = np.polyfit(1.0 / np.array(sizes), value, 1, w=1.0 / error)[1]
        assert float(found[name].estimate.mean) == pytest.approx(limit, rel=1e-9)


def test_what_has_no_theory_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    records = run_json(f"{SIMULATE} {MODEL} -d 8 --instances 3 --steps 5 --adam 0.01", capsys)["results"]
    assert {(record["theory"], record["z"]) for record in records} == {(None, None)}
    assert all("not linear in A" in record["reason"] for record in records)
    # Interpolation by one draw at p = n m: at infinite training time the test loss has no limit.
    line = "--activation tanh --psi-p 2 --psi-n 2 -t 0.3 -m 1 -d 8 --instances 3 --tau 1 inf"
    records = run_json(f"{SIMULATE} {line}", capsys)["results"]
    known = learning_curves(RandomFeatures("tanh", 2.0, 2.0, 0.3, noise_draws=1), 1.0)
    for record in records[:3]:
        assert record["theory"] == pytest.approx(float(getattr(known, record["observable"])), rel=1e-9)
    assert all(record["theory"] is None and record["reason"].startswith("refused:") for record in records[3:])


def test_a_spectrum_without_theory_gives_its_extremes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: RandomFeatures) -> None:
        raise InvalidArgument("time", model.time, "another")

    monkeypatch.setattr(comparison, "predicted_spectrum", refuse)
    lowest, highest = compare(SIN, 8, spectrum=True, instances=3)
    assert (lowest.name, highest.name) == ("lowest eigenvalue", "highest eigenvalue")
    assert lowest.theory is None
    assert lowest.reason == "refused: time = 0.2: must be another"
    assert lowest.estimate.mean < highest.estimate.mean


def test_eigenvalues_outside_of_the_bulks_hide_the_highest_edge() -> None:
    model = RandomFeatures("relu", 2.0, 2.0, 0.3, noise_draws=2)
    *_, last = compare(model, 12, spectrum=True, instances=4)
    assert last.name.startswith("upper edge")
    assert last.theory is None
    assert "not odd" in last.reason


def test_the_table_names_seed_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{SIMULATE} {MODEL} -d 8 --instances 3 --steps 5 --adam 0.01 --seed 7"
    assert main(words.split()) == 0
    out = capsys.readouterr().out
    assert "seed: 7" in out
    assert "no theory for train_loss: Adam" in out
