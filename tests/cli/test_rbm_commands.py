"""The commands on Boltzmann machines: keys, values against closed forms, and bad input."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import run_json

from statphys_gen.cli import main

SOLVE = "rbm solve"
LINE = "rbm line"
CAPACITY = "rbm capacity"
DIAGRAM = "rbm phase-diagram"
PLACE = "rbm place"
HOPFIELD = "--hidden gaussian --convention sqrt-beta"
SINGLE = "--hidden binary --ensemble patterns --convention sqrt-beta"
STATE_KEYS = {
    "overlap",
    "hidden_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
    "hidden_self_overlap",
    "free_entropy",
    "free_energy",
    "replicon",
    "dominant",
}


def test_a_state_has_every_key_and_solves_its_equation(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{SOLVE} {HOPFIELD} --load 0 --temperature 0.5 --start retrieval", capsys)
    (record,) = document["results"]
    assert set(record) >= STATE_KEYS | {"status", "residual", "error", "approximation"}
    m = record["overlap"]
    assert m == pytest.approx(math.tanh(2.0 * m), abs=1e-12)
    assert m > 0.9
    # Curie-Weiss: log 2cosh(beta m) - beta m^2 / 2.
    assert record["free_entropy"] == pytest.approx(math.log(2.0 * math.cosh(2.0 * m)) - m * m, abs=1e-12)
    assert record["dominant"] == "retrieval"
    assert document["parameters"]["ensemble"] == "patterns"


def test_the_paramagnet_is_the_annealed_one(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{SOLVE} {HOPFIELD} --alpha 0.1 0.2 -T 2 4 --start paramagnet"
    records = run_json(line, capsys)["results"]
    assert [(r["temperature"], r["load"]) for r in records] == [(2, 0.1), (2, 0.2), (4, 0.1), (4, 0.2)]
    for record in records:
        beta, load = 1.0 / record["temperature"], record["load"]
        exact = math.log(2.0) - 0.5 * load * math.log1p(-beta)
        assert record["free_entropy"] == pytest.approx(exact, abs=1e-12)
        assert record["replicon"] == pytest.approx(1.0 - load * (beta / (1.0 - beta)) ** 2, abs=1e-12)
        assert record["dominant"] == "paramagnet"


def test_beta_is_the_inverse_temperature(capsys: pytest.CaptureFixture[str]) -> None:
    rest = f"{HOPFIELD} --load 0.1 --start paramagnet"
    cold = run_json(f"{SOLVE} {rest} --beta 0.5", capsys)
    assert cold == run_json(f"{SOLVE} {rest} --temperature 2", capsys)


def test_a_broken_glass_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{SOLVE} {SINGLE} --load 0.5 --temperature 0.5 --start glass", capsys)
    (record,) = document["results"]
    assert record["replicon"] < 0.0
    assert record["dominant"] == "glass"
    assert any(note.startswith("RS unstable") for note in document["notes"])


def test_a_bounded_unit_cannot_carry_a_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{SOLVE} {SINGLE} --load 0.5 --temperature 0.8 --start retrieval", capsys, status=3)
    (record,) = document["results"]
    assert record["overlap"] is None
    assert record["status"] == "no solution in the domain"
    assert record["dominant"] == "paramagnet"
    assert any("bounded hidden units" in note for note in document["notes"])


def test_both_layers_binary_is_bidirectional(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{SOLVE} --hidden binary --convention beta --load 0 --layer-ratio 2 -T 1 --start retrieval"
    document = run_json(line, capsys)
    (record,) = document["results"]
    assert document["parameters"]["ensemble"] == "bidirectional"
    m, hidden = record["overlap"], record["hidden_overlap"]
    assert (m, hidden) == pytest.approx((math.tanh(2.0 * hidden), math.tanh(m)), abs=1e-12)
    assert m > 0.1


def test_a_size_is_labelled_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{SOLVE} {SINGLE} --load 0.5 -T 1.2 --pattern-field 0.4 --size 2000 --start retrieval"
    (record,) = run_json(line, capsys)["results"]
    assert "leading order" in record["approximation"]


@pytest.mark.parametrize(
    ("options", "exact"),
    [
        (HOPFIELD, lambda load: 1.0 + math.sqrt(load)),
        (SINGLE, math.sqrt),
        (SINGLE.replace("sqrt-beta", "beta"), lambda load: load**0.25),
    ],
)
def test_glass_lines(options: str, exact, capsys: pytest.CaptureFixture[str]) -> None:
    loads = [0.1, 0.5, 2.0]
    records = run_json(f"{LINE} glass {options} --load 0.1 0.5 2", capsys)["results"]
    assert [r["temperature"] for r in records] == pytest.approx([exact(load) for load in loads], rel=1e-11)
    assert [r["load"] for r in records] == loads
    assert all(r["overlap"] == 0.0 and abs(r["replicon"]) < 1e-10 for r in records)


def test_a_glass_line_in_the_load(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = run_json(f"{LINE} glass {HOPFIELD} --temperature 1.5", capsys)["results"]
    assert record["load"] == pytest.approx(0.25, rel=1e-10)


def test_spinodal_of_hopfield(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = run_json(f"{LINE} spinodal {HOPFIELD} --temperature 0.2 --between 0.05 0.3", capsys)[
        "results"
    ]
    assert record["load"] == pytest.approx(0.1225588606, abs=1e-10)
    assert 0.9 < record["overlap"] < 1.0
    assert record["status"] == "converged"


def test_first_order_line_of_hopfield(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{LINE} first-order {HOPFIELD} --temperature 0.2 --between 0.02 0.2"
    (record,) = run_json(line, capsys)["results"]
    for start in ("retrieval", "glass"):
        point = f"{SOLVE} {HOPFIELD} --temperature 0.2 --load {record['load']!r} --start {start}"
        (state,) = run_json(point, capsys)["results"]
        assert state["free_entropy"] == pytest.approx(record["free_entropy"], abs=1e-10)


def test_low_load_temperatures(capsys: pytest.CaptureFixture[str]) -> None:
    mixture = "--hidden mixture --hidden-parameter gaussian-weight=0.4 --convention sqrt-beta"
    both = "--hidden binary --ensemble repeated --convention beta --layer-ratio 4"
    spiked = "--hidden binary --ensemble low-rank --convention beta --load 1 --spike 2"
    for options, exact in ((mixture, 0.4), (both, 2.0), (spiked, 2.0)):
        (record,) = run_json(f"{LINE} low-load {options}", capsys)["results"]
        assert record["temperature"] == pytest.approx(exact, rel=1e-10)
        assert record["overlap"] == 0.0


def test_a_line_in_a_parameter_of_the_prior(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{LINE} low-load --hidden mixture --convention sqrt-beta -T 0.3 0.7 --solve-for gaussian-weight"
    records = run_json(line, capsys)["results"]
    assert [r["gaussian_weight"] for r in records] == pytest.approx([0.3, 0.7], rel=1e-10)


def test_an_absent_line_is_null_and_exits_3(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{LINE} glass {HOPFIELD} --load 0.25 --between 0.2 0.6", capsys, status=3)
    (record,) = document["results"]
    assert (record["temperature"], record["load"], record["overlap"]) == (None, 0.25, None)
    assert any("--between" in note for note in document["notes"])


def test_at_line_of_a_glass_in_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{LINE} at {SINGLE} --visible-field 0.3 --start glass --load 0.5 --between 0.3 1.2"
    (record,) = run_json(line, capsys)["results"]
    assert abs(record["replicon"]) < 1e-9
    assert 0.0 < record["temperature"] < math.sqrt(0.5)
    assert record["edwards_anderson_overlap"] > 0.0


def test_capacities(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{CAPACITY} --hidden gaussian", capsys)
    (record,) = document["results"]
    assert record["load"] == pytest.approx(0.137905566494931737843636, abs=1e-15)
    assert record["overlap"] == pytest.approx(0.967417115685291592, abs=1e-12)
    assert record["first_order_load"] == pytest.approx(0.05185433091891706, abs=1e-13)
    assert document["parameters"]["convention"] == "beta"
    assert any("RS unstable" in note for note in document["notes"])
    (rectified,) = run_json(f"{CAPACITY} --hidden relu --hidden-parameter threshold=0", capsys)["results"]
    assert rectified["load"] == pytest.approx(2.0 * record["load"], rel=1e-12)
    (both,) = run_json(f"{CAPACITY} --hidden binary", capsys)["results"]
    assert both["load"] == pytest.approx(0.1998015441404102, abs=1e-13)
    none = run_json(f"{CAPACITY} --hidden binary --ensemble patterns", capsys)
    assert none["results"][0]["load"] == 0.0
    assert any("bounded hidden units" in note for note in none["notes"])


def test_phase_diagram_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import xarray

    folder = tmp_path / "diagram"
    command = f"{DIAGRAM} {SINGLE} --output {folder} --temperature 0.5 0.9 --load 0.1 0.9 --points 2 3"
    document = run_json(command, capsys)
    for record in document["results"]:
        assert record["glass_load"] == pytest.approx(record["temperature"] ** 2, rel=1e-9)
        assert record["spinodal_load"] is None
    assert [Path(file).stat().st_size > 1000 for file in document["summary"]["files"]] == [True] * 3
    with xarray.open_dataset(folder / "phase_diagram.nc", engine="h5netcdf") as dataset:
        load, temperature = dataset["load"].values, dataset["temperature"].values[:, None]
        expected = np.where(load > temperature**2, 2, 1)
        assert (dataset["phase"].values == expected).all()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    rng = np.random.default_rng(0)
    u, v = np.sign(rng.standard_normal(400)), np.sign(rng.standard_normal(100))
    couplings = 0.5 * rng.standard_normal((400, 100)) / 20.0 + 3.0 * np.outer(u, v) / 400
    np.savez(folder / "good.npz", W=couplings)
    np.savez(folder / "rank.npz", W=3.0 * np.outer(u, v) / 400)
    np.savez(folder / "bias.npz", W=couplings, hidden_bias=np.ones(7))
    np.savez(folder / "named.npz", weights=couplings)
    np.savez(folder / "row.npz", W=np.ones(5))
    np.savez(folder / "thin.npz", W=np.ones((5, 1)))
    np.savez(folder / "nan.npz", W=np.full((3, 3), np.nan))
    np.savez(folder / "huge.npz", W=np.full((3, 3), 1e200))
    np.savez(folder / "words.npz", W=np.array([["a", "b"], ["c", "d"]]))
    np.save(folder / "array.npy", couplings)
    (folder / "text.npz").write_text("hello")
    return folder


def test_a_planted_spike_is_placed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = run_json(f"{PLACE} {files / 'good.npz'}", capsys)["results"]
    assert record["layer_ratio"] == 0.25
    assert record["noise"] == pytest.approx(0.5, rel=0.03)
    assert len(record["spikes"]) == record["number_of_spikes"] == 1
    assert record["spikes"][0]["strength"] == pytest.approx(3.0, rel=0.03)
    assert record["dominant"] == "retrieval"
    (exact,) = run_json(f"{PLACE} {files / 'rank.npz'}", capsys)["results"]
    assert exact["noise"] == pytest.approx(0.0, abs=1e-12)
    assert exact["number_of_spikes"] == 1
    assert exact["largest_spike"] == pytest.approx(3.0, rel=1e-10)
    assert record["bulk_is_noise"] is exact["bulk_is_noise"] is True


def test_a_bulk_that_is_no_noise_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    u, v = (np.linalg.qr(rng.standard_normal((60, 60)))[0] for _ in range(2))
    np.savez(tmp_path / "trained.npz", W=(u / np.arange(1.0, 61.0)) @ v)
    document = run_json(f"{PLACE} {tmp_path / 'trained.npz'}", capsys)
    (record,) = document["results"]
    assert record["bulk_is_noise"] is False
    assert record["bulk_distance"] > record["bulk_limit"] > 0
    assert main([*PLACE.split(), str(tmp_path / "trained.npz")]) == 0
    assert "the bulk is not noise" in capsys.readouterr().out


def test_tables_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(f"{LINE} glass {HOPFIELD} --load 0.25".split()) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[:3] == ["temperature", "load", "overlap"]
    assert out[1].split()[:3] == ["1.5", "0.25", "0"]
    assert main(f"{SOLVE} {HOPFIELD} --load 0.1 -T 2 --start paramagnet".split()) == 0
    assert capsys.readouterr().out.splitlines()[0].split()[-1] == "status"


def test_theory_loads_nothing_heavy_and_bad_input_not_even_numpy() -> None:
    code = (
        "import sys\n"
        "from statphys_gen.cli import main\n"
        "assert main('rbm line glass --hidden binary --convention beta --load nan'.split()) == 2\n"
        "assert main('rbm capacity --hidden mixture'.split()) == 2\n"
        "assert 'numpy' not in sys.modules\n"
        f"assert main('{SOLVE} {HOPFIELD} --load 0.1 -T 2 --start paramagnet --json'.split()) == 0\n"
        f"assert main('{CAPACITY} --hidden gaussian --json'.split()) == 0\n"
        "heavy = {'numba', 'scipy.stats', 'matplotlib', 'pandas', 'xarray'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


POINT = f"{HOPFIELD} --load 0.1 --temperature 0.5"
STATE = f"{SOLVE} {POINT} --start glass"
DOMAINS: dict[str, tuple[list[str], list[str]]] = {
    "--load": (
        [f"{SOLVE} {HOPFIELD} -T 1 --start glass", f"{LINE} glass {HOPFIELD}"],
        ["-1", "nan", "inf", "1e9", "much"],
    ),
    "--temperature": (
        [f"{SOLVE} {HOPFIELD} --load 1 --start glass", f"{LINE} spinodal {HOPFIELD}"],
        ["0", "-1", "1e-9", "nan", "inf", "cold"],
    ),
    "--beta": ([f"{SOLVE} {HOPFIELD} --load 1 --start glass"], ["0", "-1", "inf", "hot"]),
    "--layer-ratio": ([STATE], ["-1", "nan", "wide"]),
    "--noise": ([STATE], ["-1", "inf", "loud"]),
    "--spike": ([STATE], ["0", "-1", "nan"]),
    "--density": ([f"{STATE} --patterns sparse"], ["0", "1.5", "-1", "nan"]),
    "--condensed": ([STATE], ["-1", "nan", "2000", "few"]),
    "--pattern-field": ([STATE], ["nan", "inf", "strong"]),
    "--visible-field": ([STATE], ["nan", "inf", "strong"]),
    "--size": ([STATE], ["0", "-5", "2.5", "nan", "big"]),
    "--between": ([f"{LINE} glass {HOPFIELD} --load 1 --between 0.1 1"], ["nan 1", "low 1"]),
    "--points": ([f"{DIAGRAM} {HOPFIELD} --output x"], ["1 9", "1.5 9", "many 9"]),
    "--margin": ([f"{PLACE} good.npz"], ["0", "-1", "nan"]),
}
BAD = [
    (f"{command} {option} {value}", f"{option} = {value.split()[0]}: must be")
    for option, (commands, values) in DOMAINS.items()
    for command in commands
    for value in values
] + [
    ("rbm", "QUANTITY"),
    (SOLVE, "--hidden"),
    (LINE, "LINE"),
    (
        f"{CAPACITY} --hidden gaussian --temperature 0.01",
        "--temperature = 0.01: must be left out without --one-step",
    ),
    (f"{CAPACITY} --hidden gaussian --one-step --temperature -1", "--temperature = -1: must be a number in"),
    (f"{LINE} ferro {HOPFIELD}", "= 'ferro': must be one of"),
    (f"{SOLVE} --hidden gaussian --load 1 -T 1 --start glass", "--convention"),
    (f"{SOLVE} {POINT}", "--start"),
    (f"{SOLVE} {POINT} --start ferro", "= 'ferro': must be one of"),
    (f"{SOLVE} {HOPFIELD} -T 1 --start glass", "--load"),
    (f"{SOLVE} {HOPFIELD} --load 1 --start glass", "--temperature"),
    (f"{STATE} --beta 2", ": must be left out with --"),
    (f"{STATE} --temp 2", "unrecognized arguments: --temp 2"),
    (f"{STATE} --convention kelvin", "= 'kelvin': must be one of"),
    (f"{STATE} --visible ternary", "= 'ternary': must be one of"),
    (f"{STATE} --ensemble dense", "= 'dense': must be one of"),
    (f"{STATE} --patterns grey", "= 'grey': must be one of"),
    (f"{STATE} --hidden exponential", "= 'exponential': must be one of"),
    (f"{STATE} --hidden-parameter threshold=1", "--hidden-parameter = threshold=1: must be variance=NUMBER"),
    (f"{STATE} --hidden-parameter variance", "--hidden-parameter = variance: must be variance=NUMBER"),
    (f"{STATE} --hidden-parameter variance=0", "variance must be a finite number above 0"),
    (f"{STATE} --hidden-parameter variance=-2", "variance must be a finite number above 0"),
    (f"{STATE} --hidden-parameter variance=nan", "variance must be a finite number above 0"),
    (f"{STATE} --hidden-parameter variance=wide", "variance must be a finite number above 0"),
    (f"{STATE} --hidden-parameter variance=1 variance=2", "each once"),
    (f"{STATE} --hidden binary --hidden-parameter variance=1", "must be left out: there is no parameter"),
    (f"{STATE} --hidden relu --hidden-parameter threshold=inf", "threshold must be a finite number"),
    (f"{STATE} --hidden q-state --hidden-parameter states=1", "states must be an integer, at least 2"),
    (f"{STATE} --hidden q-state --hidden-parameter states=2.5", "states must be an integer, at least 2"),
    (f"{STATE} --hidden q-state --hidden-parameter states=1,x", "states must be a finite number"),
    (f"{STATE} --hidden q-state --hidden-parameter states=1,1", "at least two different values"),
    (f"{STATE} --hidden q-state --hidden-parameter weights=0.5,0.2,0.2", "positive weights that sum to 1"),
    (f"{STATE} --hidden q-state --hidden-parameter states=2 weights=0.5,0.3,0.2", "2 positive weights"),
    (f"{STATE} --hidden mixture --hidden-parameter gaussian-weight=2", "gaussian-weight must be a number in"),
    (f"{STATE} --hidden mixture --convention beta", "--convention = beta: must be sqrt-beta"),
    (f"{CAPACITY} --hidden mixture", "--convention = beta: must be sqrt-beta"),
    (f"{STATE} --density 0.5", "--density = 0.5: must be left out unless the patterns are sparse"),
    (f"{STATE} --noise 1", "--noise = 1: must be left out unless the ensemble is low-rank"),
    (f"{STATE} --spike 1 2", "--spike = 1 2: must be left out unless the ensemble is low-rank"),
    (f"{STATE} --layer-ratio 2", "--layer-ratio = 2: must be left out unless the ensemble is bidirectional"),
    (
        f"{STATE} --ensemble bidirectional --size 9",
        "--size = 9: must be left out unless the ensemble is patterns",
    ),
    (f"{STATE} --hidden spherical --size 9", "--size = 9: must be left out for the prior spherical"),
    (f"{STATE} --ensemble repeated", "--load = 0.1: must be 0 for repeated couplings"),
    (f"{STATE} --condensed 1.5", "--condensed = 1.5: must be an integer"),
    (f"{STATE} --patterns diluted --condensed 0", "--condensed = 0: must be a number in (0, 1000)"),
    (
        f"{STATE} --patterns diluted --ensemble low-rank",
        "--patterns = diluted: must be another law unless each",
    ),
    (
        f"{STATE} --condensed 2 --pattern-field 1",
        "--pattern-field = 1: must be 0 unless one pattern is condensed",
    ),
    (f"{STATE} --load 0.1 0.1", "--load: must be different values"),
    (f"{SOLVE} {POINT} --start retrieval --condensed 0", "'retrieval': must be paramagnet or glass"),
    (f"{SOLVE} {POINT} --start paramagnet --visible-field 1", "'paramagnet': must be glass or retrieval"),
    (f"{LINE} glass {HOPFIELD}", "--load is missing: it or --temperature is needed"),
    (f"{LINE} glass {POINT}", "--solve-for is missing: load and temperature"),
    (f"{LINE} glass {POINT} --solve-for load", "--load = 0.1: must be left out with --solve-for load"),
    (f"{LINE} glass {POINT} --solve-for weight", "--solve-for = weight: must be one of temperature"),
    (f"{LINE} glass {HOPFIELD} -T 1 --solve-for variance", "--load is missing: it is needed with"),
    (f"{LINE} glass {POINT} --solve-for density", "--solve-for = density: must be another parameter"),
    (f"{LINE} glass {POINT} --solve-for spike", "--solve-for = spike: must be another parameter"),
    (f"{LINE} glass {POINT} --solve-for layer-ratio", "--solve-for = layer-ratio: must be another parameter"),
    (f"{LINE} glass {SINGLE} --load 1 --start glass", "--start = glass: must be paramagnet"),
    (f"{LINE} at {HOPFIELD} --load 1 --start paramagnet", "--start = paramagnet: must be retrieval or glass"),
    (f"{LINE} glass {HOPFIELD} --load 1 --between 2 1", "--between = 2 1: must be an increasing pair"),
    (f"{LINE} glass {HOPFIELD} --load 1 --lower-end", "--lower-end: must be left out"),
    (f"{LINE} low-load {HOPFIELD} --load 0.1", "--load = 0.1: must be 0 on the line low-load"),
    (f"{LINE} glass --hidden relu --convention beta --load 1", "start = 'paramagnet': must be"),
    (f"{CAPACITY} --hidden gaussian --visible gaussian", "visible = 'gaussian': must be binary"),
    (f"{CAPACITY} --hidden gaussian --visible-field 1", "must be without these at zero temperature"),
    (f"{CAPACITY} --hidden gaussian --load 1", "unrecognized arguments: --load 1"),
    (f"{DIAGRAM} {HOPFIELD}", "--output"),
    (f"{DIAGRAM} {HOPFIELD} --output x --load 0.2 0.1", "--load = 0.2 0.1: must be an increasing pair"),
    (f"{DIAGRAM} {HOPFIELD} --output x --temperature 0 1", "--temperature = 0: must be a number in"),
    (
        f"{DIAGRAM} {HOPFIELD} --output x --ensemble repeated",
        "--ensemble = repeated: must be one with a load",
    ),
    (f"{DIAGRAM} {HOPFIELD} --output array.npy", "--output = 'array.npy': must be a folder"),
    (PLACE, "WEIGHTS"),
    (f"{PLACE} absent.npz", "'absent.npz': must be a readable file"),
    (f"{PLACE} .", "'.': must be a readable file"),
    (f"{PLACE} good.npz --hidden cat", "= 'cat': must be one of"),
    (f"{PLACE} good.npz --hidden-parameter a=1", "must be left out: there is no parameter"),
    (f"{PLACE} bias.npz", "hidden_bias = array of shape (7,): must be finite numbers of shape (100,)"),
    (f"{PLACE} named.npz", "must be the arrays W, visible_bias and hidden_bias"),
    (f"{PLACE} row.npz", "W = array of shape (5,): must be finite numbers in an array with 2 axes"),
    (f"{PLACE} thin.npz", "a matrix of at least two rows and columns"),
    (f"{PLACE} nan.npz", "W[0, 0] = nan: must be finite numbers"),
    (f"{PLACE} huge.npz", "W = 1e+200: must be couplings of at most"),
    (f"{PLACE} words.npz", "W = array of shape (2, 2): must be finite numbers"),
    (f"{PLACE} array.npy", "must be a .npz file of numbers"),
    (f"{PLACE} text.npz", "must be a .npz file of numbers"),
]


@pytest.mark.parametrize(("line", "fragment"), BAD, ids=[line for line, _ in BAD])
def test_bad_input(
    line: str,
    fragment: str,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert fragment in captured.err


def test_the_table_is_as_long_as_promised() -> None:
    assert len(BAD) >= 100


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        (f"{LINE} spinodal {HOPFIELD} --temperature 0.5 0.9", ("load", "temperature")),
        (
            f"{LINE} glass {HOPFIELD} --load 0.1 0.2 --temperature 1.5 --solve-for variance",
            ("load", "variance"),
        ),
        (
            f"{LINE} at {SINGLE} --start glass --load 0.5 1 --temperature 0.3 0.4 --solve-for pattern-field "
            "--between 0.01 3",
            ("load", "pattern field", "temperature 0.3", "temperature 0.4"),
        ),
        (
            f"{SOLVE} {HOPFIELD} --start retrieval --load 0.01 0.03 --temperature 0.3 0.5 0.6",
            ("temperature", "load 0.01", "replicon"),
        ),
    ],
)
def test_plots_name_their_axes_and_series(
    command: str, texts: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plot.svg"
    run_json(f"{command} --plot {path}", capsys)
    drawn = path.read_text(encoding="utf-8")
    for text in texts:
        assert f">{text}</text>" in drawn
