"""``statphys-gen random-features simulate``: records, seeds, refusals, and bad input in one line."""

import math

import pytest
from command_line import run_json

from statphys_gen.cli import main
from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features import comparison
from statphys_gen.random_features.comparison import compare
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.simulation.gaussian_equivalent import FeatureMoments
from statphys_gen.random_features.simulation.instances import FIELDS, simulate_eigenvalues, simulate_losses
from statphys_gen.random_features.simulation.training import Adam, GradientDescent, Ridge
from statphys_gen.random_features.theory.coefficients import model_coefficients
from statphys_gen.random_features.theory.learning_curves import learning_curves, ridge_curves
from statphys_gen.random_features.theory.spectrum import spectrum

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
    """Six observables, each within 4 standard errors that are below 2 % of it."""
    line = (
        f"{MODEL} --dimension 16 32 64 --instances 60 40 24 --steps 3 20 --learning-rate 0.5 --momentum 0.5"
    )
    records = run_json(f"{SIMULATE} {line}", capsys)["results"]
    assert [record["steps"] for record in records] == [3] * 3 + [20] * 3
    for record in records:
        assert abs(record["z"]) < 4.0
        assert record["standard_error"] < 0.02 * abs(record["theory"])


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
            assert record["theory"] == getattr(bulk, side)
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


BAD = [
    (f"{MODEL} --tau 1", "--dimension is missing"),
    (f"{MODEL} -d 8", "--training-time, --ridge, --steps or --count-modes is missing"),
    (f"{MODEL} -d 0 --tau 1", "--dimension = 0: must be an integer, at least 1"),
    (f"{MODEL} -d 8.5 --tau 1", "--dimension = 8.5"),
    (f"{MODEL} -d 8 16 --tau 1", "--dimension = 8 16: must be one, or at least 3 that differ"),
    (f"{MODEL} -d 8 16 16 --tau 1", "--dimension = 8 16 16: must be one, or at least 3 that differ"),
    (f"{MODEL} -d 7 --tau 1", "dimension = 7: must be such that samples_per_dimension * dimension"),
    (f"{MODEL} -d 100000 --tau 1", "--dimension = 100000: must have at most"),
    (f"{MODEL} -d 2000 -m 1000 --tau 1", "--dimension = 2000: must be smaller"),
    (f"{MODEL} -d 8 --instances 1 --tau 1", "--instances = 1: must be an integer, at least 2"),
    (f"{MODEL} -d 8 --instances 3 4 --tau 1", "--instances = 3 4: must be one number"),
    (f"{MODEL} -d 8 16 32 --instances 4 --tau 1", "--instances = 4: must be at least 8"),
    (f"{MODEL} -d 8 --tau -1", "--training-time = -1"),
    (f"{MODEL} -d 8 --tau nan", "--training-time = nan"),
    (f"{MODEL} -d 8 --ridge 0", "--ridge = 0: must be a finite number above 0"),
    (f"{MODEL} -d 8 --tau 1 --ridge 1", ": must be left out with --"),
    (f"{MODEL} -d 8 --steps 5", "--steps needs --learning-rate (descent) or --adam"),
    (f"{MODEL} -d 8 --steps 5 --learning-rate 0.1 --adam 0.1", "and not both"),
    (f"{MODEL} -d 8 --steps 5 5 --learning-rate 0.1", "--steps = 5 5: must be increasing"),
    (f"{MODEL} -d 8 --steps -2 --learning-rate 0.1", "--steps = -2: must be an integer, at least 0"),
    (f"{MODEL} -d 8 --steps 5 --learning-rate 0", "--learning-rate = 0: must be a finite number above 0"),
    (
        f"{MODEL} -d 8 --steps 5 --learning-rate 0.1 --momentum 1",
        "--momentum = 1: must be a number in [0, 1)",
    ),
    (f"{MODEL} -d 8 --steps 5 --adam 0.1 --momentum 0.5", "--momentum = 0.5: must be left out with --adam"),
    (f"{MODEL} -d 8 --steps 5 --learning-rate 0.1 --nesterov", "--nesterov needs --momentum"),
    (f"{MODEL} -d 8 --tau 1 --learning-rate 0.1", "--learning-rate = 0.1: must be left out without --steps"),
    (f"{MODEL} -d 8 --tau 1 --adam 0.1", "--adam = 0.1: must be left out without --steps"),
    (f"{MODEL} -d 8 --steps 5 --adam -1", "--adam = -1: must be a finite number above 0"),
    (f"{MODEL} -d 8 --tau 1 --seed -1", "--seed = -1: must be an integer, at least 0"),
    (f"{MODEL} -d 8 --tau 1 --plot x.png", "unrecognized arguments: --plot"),
    (f"{MODEL} -d 8 --tau 1 --samples 3", "unrecognized arguments: --samples"),
    (f"{MODEL} -d 8 --tau 1 --threads 0", "--threads = 0: must be an integer"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=range(len(BAD)))
def test_bad_input_is_one_line(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["random-features", "simulate", *words.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert said in captured.err


BAD_CALLS = {
    "dimension": lambda: compare(SIN, [8, 16], training_time=[1.0], instances=8),
    "dimension twice": lambda: compare(SIN, [8, 8, 16], spectrum=True, instances=8),
    "instances": lambda: compare(SIN, 8, training_time=Ridge([0.1]), instances=[3, 3]),
    "instances of one": lambda: compare(SIN, [8, 16, 32], spectrum=True, instances=[4, 8, 8]),
    "training_time": lambda: compare(SIN, 8, training_time="long", instances=3),
    "training_time missing": lambda: compare(SIN, 8, instances=3),
    "model": lambda: compare("sin", 8, training_time=GradientDescent([1], 0.1), instances=3),
    "seed": lambda: compare(SIN, 8, training_time=Adam([1]), instances=3, seed=-1),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_arguments_are_named(name: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        BAD_CALLS[name]()
    assert str(refused.value).startswith(name.split(" ")[0])
