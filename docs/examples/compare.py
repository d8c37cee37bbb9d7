"""Clones saved by the authors of arXiv 2402.18491, against the exact theory."""

from pathlib import Path

from statphys_gen.cli import main

TABLE = str(Path(__file__).with_name("clones.csv"))
PREDICTION = "diffusion clone-agreement --dimension 256 --separation 1 --variance 1"

main(["compare", TABLE, "--prediction", PREDICTION])
