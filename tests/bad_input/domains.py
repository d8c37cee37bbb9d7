"""The domain of every option of the command line: what is allowed, and values outside of it.

Options with choices and switches need no entry: the parser itself says what they allow. Every other option has one, by
its name or, where commands mean different domains, by command (or system) and name. A limit that is written here is a
claim about the command line, not read from it.
"""

from __future__ import annotations

from dataclasses import dataclass

# No number at all.
WORDS = ("", "many", "nan", "1,2", "1;2", "1:2")
INFINITE = ("inf", "-inf", "1e400", "-1e400")


@dataclass(frozen=True)
class Domain:
    """``allowed`` is the beginning of what stands after "must be"; ``good`` is a value inside."""

    allowed: str
    bad: tuple[str, ...]
    good: str = "1"


def real(allowed: str, *outside: str, good: str = "1") -> Domain:
    """Finite numbers."""
    return Domain(allowed, (*WORDS, *INFINITE, *outside), good)


def interval(lower: str, upper: str, *outside: str, good: str) -> Domain:
    return real(f"a number in {lower}, {upper}", *outside, good=good)


def or_infinite(allowed: str, *outside: str, good: str = "1") -> Domain:
    return Domain(f"{allowed} inf", (*WORDS, "-inf", "-1e400", *outside), good)


def whole(minimum: int, maximum: int | None = None) -> Domain:
    """Integers; 1e5 is one."""
    outside = [
        "2.5",
        "1e-3",
        str(minimum - 1),
        str(minimum - 5),
        *([] if maximum is None else [f"{maximum + 1}"]),
    ]
    bounds = f"an integer, at least {minimum}" + ("" if maximum is None else f", at most {maximum}")
    return Domain(bounds, (*WORDS, *INFINITE, *outside), str(minimum))


POSITIVE = real("a finite number above 0", "0", "-0.0", "-1", "-1e-9")
NON_NEGATIVE = real("a finite number, at least 0", "-1", "-1e-300")
RATIO = interval("[0.0001", "1e+08]", "0", "-1", "1e-9", "1e300", good="2")
LOAD = interval("[0", "10000]", "-1", "-1e-9", "1e9", good="0.1")
TRAINING_TIME = or_infinite("a number, at least 0, or", "-1", "-1e-9")
NOISED_TIME = real("a number above 0, at most 20", "0", "-1", "20.5", "1e9", good="0.1")
STEP_SIZE = interval("(1e-12", "1000)", "0", "-1e-3", "1e4", good="0.1")
READABLE = Domain("a readable file", ("", ".", "absent.npy"), "data/points.npy")
FOLDER = Domain("a folder that can be written", ("/dev/null/x", "file", "file/x"), "x")

# Calls that work, for options that no recorded call has where they matter.
CALLS: dict[str, str] = {
    "schedules design DATA": "--steps 4",
    "schedules design --table": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --steps 3 --target ddpm-timesteps",
    "schedules design --shift": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --steps 3 --target flow-match",
    "schedules design --dynamic-shift": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --steps 3 "
    "--target flow-match",
    "schedules design --mixture": "--steps 3",
    "schedules evaluate --mixture": "--schedule vp-linear --steps 3",
    "schedules evaluate --data": "--schedule vp-linear --steps 3",
    "schedules evaluate --labels": "--data data/points.npy --schedule vp-linear --steps 3",
    "schedules design --labels": "data/points.npy --steps 3",
    "schedules windows --mixture": "",
    "schedules windows --data": "",
    "schedules windows --labels": "--data data/points.npy",
    "schedules simulate --mixture": "--schedule vp-linear --steps 3 --walkers 20",
    "schedules simulate --data": "--schedule vp-linear --steps 3 --walkers 20",
    "schedules simulate --labels": "--data data/points.npy --schedule vp-linear --steps 3 --walkers 20",
    "schedules evaluate --grid": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7",
    "schedules simulate --grid": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --walkers 20",
    "schedules evaluate --noise-level": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7",
    "schedules simulate --noise-level": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --walkers 20",
    "schedules evaluate --noise-level-range": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --schedule karras "
    "--steps 3",
    "schedules simulate --noise-level-range": "-d 50 --separation 0.8 --variance 0.36 --weight 0.7 --schedule karras "
    "--steps 3 --walkers 20",
    "schedules simulate --inverse-temperature": "-d 50 --tilt 0.9 --schedule vp-linear --steps 3 --walkers 20",
    "schedules simulate --tilt": "-d 50 -J 1.6 --schedule vp-linear --steps 3 --walkers 20",
    "phase-retrieval dmft --expression": "--samples-per-dimension 4.5 --steps 2 --paths 128 --replicas 2",
    "phase-retrieval simulate --expression": "--samples-per-dimension 4.5 --dimension 24 --instances 4",
    "phase-retrieval success --expression": "--samples-per-dimension 3 --dimension 12 --instances 6 --duration 10",
    "score-matching descent --output": "--points -1 1 --mu 0.9 --sigma 0.4 --neurons 3 --learning-rate 0.1 --steps 2",
    "memorization null --point-density": "--dimension 2 --ratio 0.4 --point-density 70 --smoothing-width 0.06",
    "memorization null --smoothing-width": "--dimension 2 --ratio 0.4 --point-density 70 --smoothing-width 0.06",
    "memorization report --output": "data/made.npy data/seen.npy --no-distances",
    "figures make --set": "linear_errors --output x",
    "principal-graph split-temperature --mixture": "--mixture data/skewed.json",
    "principal-graph simulate --key": "data/bumps.csv --samples 50 --temperature 1.3 --instances 2",
    "principal-graph simulate --label-column": "data/bumps.csv --samples 50 --temperature 1.3 --instances 2",
    "principal-graph simulate DATA": "data/bumps.csv --samples 50 --temperature 1.3 --instances 2",
    "principal-graph state --mixture": "--mixture data/skewed.json --temperature 1.3",
    "principal-graph simulate --mixture": "--mixture data/skewed.json --samples 50 --temperature 1.3 --instances 2",
    "principal-graph transition --nodes": "--graph chain --nodes 6 --stiffness 3 --samples 400 --variance 2.7",
    "principal-graph speciation-time --mixture": "--mixture data/skewed.json",
    "principal-graph fit --output": "data/ring.csv --nodes 12 --stiffness 20 --iterations 5",
    "diffusion simulate --mixture": "clones --mixture data/mixture_full.json --time 0.5 --walkers 100",
    "diffusion simulate --eigenvalues": "collapse -n 50 --eigenvalues data/eigenvalues.npy --time 0.2 --instances 4",
}

DOMAINS: dict[str, Domain] = {
    "--paper": Domain(
        "one of 2010.07955, 2106.09035, 2309.01213,", ("", "2402", "2402.18491v1", "1"), "2402.18491"
    ),
    "--set": Domain("NAME=VALUE or NAME=VALUE,VALUE,...", ("", "rank", "rank=", "=3"), "rank=3"),
    # schedules
    "schedules --dimension": whole(1, 10**15),
    "schedules curie-weiss --dimension": whole(2, 10_000_000),
    "schedules --variance": NON_NEGATIVE,
    "schedules --steps": whole(1, 100_000),
    "schedules limit --steps": Domain("an integer, at least 1", (*WORDS, "-inf", "0", "-4", "2.5"), "2"),
    "schedules curie-weiss-limit --steps": Domain(
        "an integer, at least 1", (*WORDS, "-inf", "0", "-4", "2.5"), "2"
    ),
    "schedules autoencoder-weight --steps": whole(1, 2000),
    "schedules design --steps": whole(1, 200),
    "--dilation": POSITIVE,
    "--noise-level-range": Domain("a finite number, at least 0", (*WORDS, "-inf", "-1"), "2"),
    "schedules --noise-level": Domain("a finite number, at least 0", (*WORDS, "-inf", "-1"), "0"),
    "--grid": READABLE,
    "--steps-ratio": POSITIVE,
    "--inverse-temperature": POSITIVE,
    "schedules curie-weiss --inverse-temperature": real("", "0", "1", "-2", "1e7", good="1.6"),
    "schedules curie-weiss-limit --inverse-temperature": real("", "0", "1", "-2", "1e7", good="1.6"),
    "--tilt": real("a finite number"),
    "schedules --samples": whole(1, 10**9),
    "schedules --noise-draws": Domain(
        "an integer, at least 1", ("", "many", "nan", "-inf", "0", "0.5", "-1"), "2"
    ),
    "schedules --ridge": POSITIVE,
    "schedules --noise-scale": POSITIVE,
    "schedules --data-scale": NON_NEGATIVE,
    "--positive-samples": whole(1, 10**9),
    "--negative-samples": whole(1, 10**9),
    "--output-ridge": POSITIVE,
    "--input-ridge": POSITIVE,
    "--dilated-time": POSITIVE,
    "--weight-tolerance": POSITIVE,
    "--detail-tolerance": POSITIVE,
    "--detail-floor": interval("[0", "1]", "-0.1", "1.1", good="0.02"),
    "--shift": POSITIVE,
    "--dynamic-shift": POSITIVE,
    "--table": Domain("scaled-linear, linear, or a .npy file", ("", "many", "cosine"), "linear"),
    "schedules design --walkers": whole(10, 1_000_000),
    "schedules simulate --walkers": whole(10, 10_000_000),
    # sizes and repetitions
    "--dimension": whole(1),
    "diffusion --dimension": whole(1, 10_000_000),
    "phase-retrieval simulate --dimension": whole(8, 100_000),
    "phase-retrieval success --dimension": whole(2, 100_000),
    "linear-dynamics --dimension": whole(2, 10**9),
    "linear-dynamics phase-diagram --dimension": whole(2, 10_000),
    "linear-dynamics simulate --dimension": whole(2, 10_000),
    "--width": whole(1, 2**62),
    "--width-ratio": POSITIVE,
    "--rank": whole(1, 10_000),
    "--samples": whole(2),
    "rbm simulate --instances": whole(2, 100_000),
    "phase-retrieval spectrum --points": READABLE,
    "--instances": whole(2),
    "phase-retrieval --instances": whole(2, 1_000_000),
    "linear-dynamics --instances": whole(2, 1_000_000),
    "--walkers": whole(2),
    "--chains": whole(4, 4096),
    "--sweeps": whole(1, 10_000_000),
    "--visible-units": whole(2, 100_000),
    "--starts": whole(1, 10_000),
    "score-matching simulate --starts": whole(2, 100_000),
    "--neurons": whole(1, 2000),
    "--batch": whole(1, 1_000_000),
    "residual-networks --dimension": whole(1, 10_000),
    "residual-networks --width": whole(1, 10_000),
    "residual-networks --samples": whole(1, 10_000),
    "--half-depth": whole(1, 2**53),
    "residual-networks train --depth": whole(2, 4096),
    "residual-networks tied-linear --depth": whole(1, 2**53),
    "--replicas": whole(2, 1000),
    "--paths": whole(100, 2**20),
    "--size": whole(1),
    "--features-per-dimension": RATIO,
    "--samples-per-dimension": RATIO,
    "phase-retrieval --samples-per-dimension": interval(
        "[0.001", "1e+06]", "0", "-3", "1e-4", "1e9", good="4"
    ),
    # laws
    "--signal": NON_NEGATIVE,
    "--separation": interval("(0", "1e+50)", "0", "-1", "1e60", good="1"),
    "--variance": POSITIVE,
    "diffusion clone-agreement --variance": NON_NEGATIVE,
    "diffusion speciation-time --variance": NON_NEGATIVE,
    "diffusion simulate --variance": NON_NEGATIVE,
    "--second-variance": POSITIVE,
    "--variance-exponent": real("a finite number"),
    "--width-exponent": real("a finite number"),
    "--data-variance": interval("[1e-08", "1e+06]", "0", "-1", "1e300", good="1"),
    "--weight": interval("(0", "1)", "0", "1", "-0.1", "1.1", good="0.5"),
    "--noise-draws": or_infinite("an integer, at least 1, or", "0", "0.5", "1.5", "-1"),
    "--polynomial": interval("[-1e+50", "1e+50]", "1e51", good="1"),
    "--covariance": Domain(
        "value:weight,value:weight,...",
        (
            *("", "x", ":", ",", "0", "0:1", "nan", "inf", "1:0.5", "1:nan", "1:0,2:1", "1:0.5:2", "gamma:1"),
            *("1:0.5,2:", "1:0.5,2:0.6", "1:0.5,,2:0.5", "1:1.5,2:-0.5", "1:0.5,-2:0.5"),
            *(f"marchenko-pastur{rest}" for rest in ("", ":", ":0", ":-1", ":nan", ":inf")),
            *(f"power-law{rest}" for rest in ("", ":", ":0", ":-1", ":nan", ":inf", ":steep")),
        ),
    ),
    "--expression": Domain(
        "",
        ("", "y**", "z**2", "y**3", "y**2*t", "log(y**2-9)", "y, t", "__import__('os')", "y**2; t**2"),
        "y**2",
    ),
    "--offset": or_infinite("a number, at least 0 and at most 1e+06, or", "-1", "-1e-9", "1e7"),
    "--prefactor": interval("[1e-06", "1e+06]", "0", "-1", "1e7", good="2"),
    "--largest-label": interval("[0.001", "1000]", "0", "-2", "1e4", good="2"),
    "--overlap": interval("(-1", "1)", "1", "-1", "1.5", good="0.5"),
    "--hidden-parameter": Domain("", ("", "=", "=1", "variance", "nonsense=1"), "variance=1"),
    "--density": real("a number above 0, at most 1", "0", "-1", "1.5", good="0.5"),
    "random-features --density-points": whole(2, 100_000),
    "phase-retrieval --density-points": whole(2, 100_000),
    "--load": LOAD,
    "rbm phase-diagram --load": interval("[0.0001", "10000]", "0", "-1", "1e9", good="0.1"),
    "--layer-ratio": POSITIVE,
    "--noise": NON_NEGATIVE,
    "--spike": POSITIVE,
    "linear-dynamics --noise": POSITIVE,
    "--initial-noise": NON_NEGATIVE,
    "--signal-strength": POSITIVE,
    "--singular-value": real("a finite number"),
    "--initial": real("a finite number"),
    "--lazy-ratio": POSITIVE,
    "linear-dynamics --threshold": POSITIVE,
    "--thresholds": POSITIVE,
    "--test-error": POSITIVE,
    "--condensed": interval("[0", "1000]", "-1", "2000", good="1"),
    "--pattern-field": real("a finite number"),
    "--visible-field": real("a finite number"),
    "--data-scale": POSITIVE,
    "--noise-scale": POSITIVE,
    "--position": real("a finite number"),
    "score-matching --points": real("a finite number"),
    "--population-mean": real("a finite number"),
    "--population-variance": NON_NEGATIVE,
    "residual-networks tied-linear --target": interval("[1e-06", "1e+06]", "0", "-1", "1e7", good="2"),
    "residual-networks alternating --target": POSITIVE,
    "--input": interval("[1e-50", "1e+50]", "0", "-1", "1e51", good="2"),
    # times and temperatures
    "--time": POSITIVE,
    "random-features --time": NOISED_TIME,
    "--training-time": TRAINING_TIME,
    "linear-dynamics --training-time": NON_NEGATIVE,
    "residual-networks --training-time": NON_NEGATIVE,
    "--scaled-time": NON_NEGATIVE,
    "--temperature": interval("[0.0001", "10000]", "0", "-1", "1e-9", "1e9", good="1"),
    "rbm capacity --temperature": interval("[0", "10000]", "-1", "1e9", good="1"),
    "phase-retrieval --temperature": NON_NEGATIVE,
    "--beta": interval("[0.0001", "10000]", "0", "-1", "1e-9", "1e9", good="1"),
    "--duration": POSITIVE,
    # training and descent
    "--ridge": NON_NEGATIVE,
    "random-features simulate --ridge": POSITIVE,
    "--learning-rate": POSITIVE,
    "--rates": POSITIVE,
    "--adam": POSITIVE,
    "--momentum": real("a number in [0, 1)", "1", "-0.5", good="0.5"),
    "--window": POSITIVE,
    "--step-size": STEP_SIZE,
    "--step-max": STEP_SIZE,
    "--step-growth": interval("[1", "10]", "0.5", "11", good="2"),
    "random-features simulate --steps": whole(0, 10_000_000),
    "score-matching --steps": whole(0, 10_000_000),
    "residual-networks --steps": whole(0, 10_000_000),
    "phase-retrieval threshold --steps": whole(2, 32),
    "phase-retrieval threshold-state --steps": whole(2, 32),
    "phase-retrieval dmft --steps": whole(1, 2000),
    "phase-retrieval simulate --steps": whole(0, 2000),
    "--every": whole(1),
    "--threshold": interval("(0", "1)", "0", "1", good="0.5"),
    "--largest-jump-fraction": interval("[0", "1]", "-0.1", "1.1", good="0.5"),
    # lines, grids and what is printed
    "--solve-for": Domain("one of", ("", "nonsense", "Load"), "load"),
    "random-features --between": POSITIVE,
    "rbm --between": real("a finite number"),
    "--from": POSITIVE,
    "--to": POSITIVE,
    "--gap-near": POSITIVE,
    "--step": interval("[0.0001", "2]", "0", "-1", "3", good="0.1"),
    "--max-points": whole(2, 10_000),
    "--points": whole(2, 200),
    "rbm phase-diagram --points": whole(2, 2000),
    "--upper": real("a finite number"),
    "--blocks": whole(5, 1000),
    "--margin": POSITIVE,
    # files
    "--mixture": READABLE,
    "--points-file": READABLE,
    "--network": READABLE,
    "--data": READABLE,
    "--eigenvalues": READABLE,
    "--labels": READABLE,
    "--first-layer": READABLE,
    "--second-layer": READABLE,
    "--target": READABLE,
    "DATA": READABLE,
    "--label-column": Domain("left out here: only tables and archives have named columns", ("", "many", "1")),
    "--key": Domain("left out here: only an .npz file has named arrays", ("", "many", "1")),
    "WEIGHTS": READABLE,
    "rbm place --update": Domain("an integer, at least 0", ("", "many", "-1", "2.5", "nan"), "0"),
    "rbm place --key": Domain("the name of an array in weights.npz", ("", "many", "1")),
    "TABLE.csv": READABLE,
    # reports on copying
    "GENERATED": READABLE,
    "TRAINING": READABLE,
    "FIRST": READABLE,
    "SECOND": READABLE,
    "INPUTS": READABLE,
    "OUTPUTS": READABLE,
    "TABLE": READABLE,
    "--held-out": READABLE,
    "--features": READABLE,
    "--groups": READABLE,
    "--strata": READABLE,
    "--training": READABLE,
    "--population": READABLE,
    "--other": READABLE,
    "--other-training": READABLE,
    "--ratio": interval("(0", "1)", "0", "1", "-0.1", good="0.5"),
    "--level": interval("(0", "1)", "0", "1", "-0.1", good="0.5"),
    "--false-discovery-rate": interval("(0", "1)", "0", "1", "-0.1", good="0.5"),
    "--smallest-fraction": interval("(0", "1)", "0", "1", "-0.1", good="0.5"),
    "--directions": whole(1, 100_000),
    "--bandwidth": POSITIVE,
    "--z": POSITIVE,
    "--point-density": POSITIVE,
    "--smoothing-width": NON_NEGATIVE,
    "memorization null --dimension": interval("(0", "1000)", "0", "1000", "-1", good="2"),
    "--output": FOLDER,
    "--save": Domain("", ("", "a.xls", "a", "absent/a.nc", "folder.csv"), "a.csv"),
    "--plot": Domain("", ("", "a.gif", "a", "absent/a.png", "folder.png"), "a.png"),
    "--store": Domain("", ("", ".", "absent/a.sqlite"), "a.sqlite"),
    # principal graphs
    "principal-graph --dimension": whole(1, 10**9),
    "principal-graph --variance": NON_NEGATIVE,
    "principal-graph transition --variance": POSITIVE,
    "principal-graph --temperature": POSITIVE,
    "principal-graph --samples": whole(1),
    "principal-graph simulate --samples": whole(10, 1_000_000),
    "principal-graph --instances": whole(2, 10_000),
    "--components": whole(1, 64),
    "principal-graph transition --components": whole(2, 64),
    "--graph": READABLE,
    "principal-graph transition --nodes": whole(2, 3000),
    "principal-graph fit --nodes": whole(3, 5000),
    "principal-graph fit --bootstrap": whole(2, 100_000),
    "--stiffness": NON_NEGATIVE,
    "--lower": POSITIVE,
    "principal-graph --upper": POSITIVE,
    "--lowest": POSITIVE,
    "--events": whole(1, 200),
    "--minimum-weight": interval("[0", "1]", "-0.1", "1.1", good="0.5"),
    "POINTS": READABLE,
    "--width-stiffness": POSITIVE,
    "--background": POSITIVE,
    "--background-fraction": interval("(0", "1)", "0", "1", "-0.1", good="0.2"),
    "--resamplings": whole(1, 100_000),
    "principal-graph --fraction": interval("(0", "1)", "0", "1", "-0.1", good="0.5"),
    "--frequency": interval("(0", "1)", "0", "1", "-0.1", good="0.5"),
    "--shortest-cycle": whole(2, 5000),
    "--edges": READABLE,
    "--start": READABLE,
    "--initial-variance": POSITIVE,
    "--iterations": whole(1, 1_000_000),
    "--tolerance": POSITIVE,
    "principal-graph --key": Domain("left out here: only an .npz file has named arrays", ("", "many", "1")),
    "principal-graph --label-column": Domain("", ("", "many", "9")),
    # the machine, and what is run
    "--seed": whole(0, 2**63 - 1),
    "--threads": whole(1, 1024),
    "--workers": whole(1),
    "--fraction": interval("[0", "1]", "-0.1", "1.1", good="0.5"),
    "--only": Domain("part of the name or id of a check", ("nonsense",)),
    "SYSTEM": Domain("one of", ("", "nonsense", "Diffusion", "random_features"), "diffusion"),
    "NAME": Domain("one of", ("", "nonsense"), "speciation"),
    "WORD": Domain("a command", ("", "nonsense", "diffusion", "Diffusion", "rbm.nothing"), "clone_agreement"),
    "--prediction": Domain(
        "", ("", "nothing at all", "diffusion", "diffusion clones", "rbm 'solve", "verify")
    ),
    "--value": Domain("a column of the table", ("", "absent")),
    "--fitted": whole(0),
    "--resolution": POSITIVE,
}
