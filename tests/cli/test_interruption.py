"""Long commands: they show how far they have come, and Ctrl-C ends them with what is finished."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "recorded" / "data"

LONG = {
    "Gibbs sampling": (
        "rbm simulate --hidden gaussian --load 0.05 --temperature 0.4 --convention beta --start retrieval "
        "--visible-units 100 --sweeps 50 --instances 9000",
        "instances",
    ),
    "dynamical mean-field theory": (
        "phase-retrieval dmft --samples-per-dimension 3 --offset 1 --steps 40 --paths 4096 --replicas 1000",
        "replicas",
    ),
    "descents": (
        "phase-retrieval simulate --samples-per-dimension 3 --offset 1 --dimension 400 --steps 30 --paths 100 "
        "--instances 9000",
        "instances",
    ),
    "Hessians": (
        "phase-retrieval simulate --samples-per-dimension 3 --offset 1 --dimension 60 --instances 9000",
        "instances",
    ),
    "training": (
        "random-features simulate --activation tanh --features-per-dimension 4 --samples-per-dimension 2 --time 0.2 "
        "--training-time 10 --dimension 12 --instances 9000",
        "instances",
    ),
    "collapse": (
        "diffusion simulate collapse --dimension 12 --separation 1 --variance 0.6 --samples 200 --time 0.3 "
        "--walkers 200 --instances 9000",
        "instances",
    ),
    "linear networks": (
        "linear-dynamics simulate --dimension 12 --width 40 --variance 0.2 --signal-strength 2 1.3 --training-time 1 3 "
        "--instances 9000",
        "instances",
    ),
    "score networks": (
        "score-matching simulate --points -1.1 0.4 0.7 --time 0.3 --neurons 6 --learning-rate 0.05 --steps 400 "
        "--starts 1000",
        "networks",
    ),
    "cooled mixtures": (
        f"principal-graph simulate {DATA / 'bumps.csv'} --samples 400 --temperature 0.3 --instances 9000",
        "instances",
    ),
    "samples of schedules": (
        "schedules simulate --dimension 12000 --separation 0.05 --variance 0.6 --weight 0.3 --schedule vp-linear "
        "--steps 40 --walkers 8900",
        "walkers",
    ),
    "depths": (
        f"residual-networks train --depth {' '.join(str(100 + k) for k in range(500))} --learning-rate 0.01 "
        "--steps 40 --dimension 2 --width 3 --samples 4",
        "depths",
    ),
}


def interrupted(line: str, pattern: str, *, at: int = 3) -> tuple[int, str, str]:
    """Exit status, standard output and the rest of standard error of a command that gets Ctrl-C when its bar shows
    ``at`` or more for the group of the pattern."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, "-m", "statphys_gen.cli", *line.split(), "--json"]
    # A pipe that nobody reads yet would hold up a long answer.
    with tempfile.TemporaryFile("w+") as answer:
        process = subprocess.Popen(command, stdout=answer, stderr=slave)
        os.close(slave)
        seen, sent, give_up = "", False, time.monotonic() + 120.0
        while time.monotonic() < give_up:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    seen += os.read(master, 65536).decode(errors="replace")
                except OSError:  # the other end is closed
                    break
            if not sent and any(int(count) >= at for count in re.findall(pattern, seen)):
                process.send_signal(signal.SIGINT)
                sent = True
        if not sent:
            process.kill()
        process.wait(timeout=60)
        os.close(master)
        assert sent, seen
        answer.seek(0)
        return process.returncode, answer.read(), seen


@pytest.mark.parametrize("kind", LONG)
def test_ctrl_c_prints_the_results_of_what_is_finished(kind: str) -> None:
    line, counted = LONG[kind]
    status, out, errors = interrupted(line, rf"(\d+) of \d+ {counted}")
    assert status == 130, errors
    assert "Traceback" not in errors
    document = json.loads(out)
    (note,) = (text for text in document["notes"] if "stopped after" in text)
    assert errors.rstrip().endswith(f"statphys-gen: interrupted: {note}")
    kept = int(re.search(rf"stopped after (\d+) of \d+ {counted}", note).group(1))
    assert 3 <= kept < 9000
    assert document["results"]


def test_a_sweep_keeps_its_points_and_says_which_are_missing(tmp_path: Path) -> None:
    ratios = " ".join(f"{2 + 0.01 * k:.2f}" for k in range(300))
    line = (
        f"phase-retrieval success --samples-per-dimension {ratios} --offset 1 --dimension 60 --instances 4 "
        f"--duration 4 --store {tmp_path / 'kept.sqlite'}"
    )
    status, out, errors = interrupted(line, r"(\d+) of 300 points")
    assert status == 130, errors
    records = json.loads(out)["results"]
    done = [record for record in records if record["status"] == "converged"]
    assert 3 <= len(done) < 300
    assert {record["reason"] for record in records if record["status"] != "converged"} == {
        "not computed: the run was stopped"
    }
    status, _, errors = interrupted(line, r"(\d+) of 300 points", at=len(done) + 1)
    assert status == 130, errors


def test_ctrl_c_before_anything_is_finished_is_one_line() -> None:
    line = (
        LONG["Gibbs sampling"][0]
        .replace("--instances 9000", "--instances 2")
        .replace("--sweeps 50", "--sweeps 5000000")
    )
    command = [sys.executable, "-m", "statphys_gen.cli", *line.split()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(6.0)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in errors
    assert errors.rstrip().splitlines()[-1].startswith("statphys-gen: interrupted")
