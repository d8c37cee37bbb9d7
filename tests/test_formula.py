"""Formulas from text: those that people write are what they say, and no text runs, hangs or ends in a traceback."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sympy

from statphys_gen import formula
from statphys_gen.errors import InvalidArgument
from statphys_gen.phase_retrieval import Loss

VARIABLES = ("y", "t")
Y, T = (sympy.Symbol(name, real=True) for name in VARIABLES)

MEANT = {
    "(y**2 - t**2)**2 / (2*(1 + t**2))": (Y**2 - T**2) ** 2 / (2 * (1 + T**2)),
    "y^2 - t^2": Y**2 - T**2,
    "-y^2": -(Y**2),
    "2^-1*y": Y / 2,
    "+y - -t": Y + T,
    "1/3*y": Y / 3,
    "0.1*y": sympy.Float("0.1") * Y,
    "1e-3*y": sympy.Float("0.001") * Y,
    "sqrt(1 + (y**2 - t**2)**2) - 1": sympy.sqrt(1 + (Y**2 - T**2) ** 2) - 1,
    "exp(-t**2/2)*y**2/2": sympy.exp(-(T**2) / 2) * Y**2 / 2,
    "e**y + E": sympy.exp(Y) + sympy.E,
    "log(1 + y**2) + ln(2)": sympy.log(1 + Y**2) + sympy.log(2),
    "tanh(pi*y) + arctan(t)": sympy.tanh(sympy.pi * Y) + sympy.atan(T),
    "abs(y) - Abs(t)": sympy.Abs(Y) - sympy.Abs(T),
    "max(y, 0) + Min(t, 1)": sympy.Max(Y, 0) + sympy.Min(T, 1),
    "sign(y)*Heaviside(t)": sympy.sign(Y) * sympy.Heaviside(T),
    " + ".join(f"{k}*y**{k}" for k in range(2, 40)): sum(k * Y**k for k in range(2, 40)),
}


@pytest.mark.parametrize("text", MEANT)
def test_what_people_write(text: str) -> None:
    assert formula.parse("expression", text, VARIABLES) == MEANT[text]


RUNS = [
    "__import__('os').system('echo EXECUTED') + y**2",
    "exec('import os')",
    "eval('1')",
    "open('x')",
    "print(y)",
    "getattr(y, 'x')",
    "y.__class__.__base__.__subclasses__()",
    "y.subs(y, 1)",
    "().__class__",
    "[y for y in (1, 2)]",
    "(lambda: y)()",
    "lambda y: y",
    "f'{y}'",
    "'y'",
    "b'y'",
    "sympy.sin(y)",
    "Symbol('y')",
    "sympify('y')",
    "Function('f')(y)",
    "(y := 1)",
    "y if t else 1",
    "{y: t}",
    "exp(*[y])",
    "exp(**{'x': y})",
    "exp(x=y)",
    "import os",
    "y; t",
    "await y",
    "yield y",
    "y, t",
    "y[0]",
    "...",
    "None",
    "True",
    "__builtins__",
    "y_",
    "y < t",
    "y and t",
    "not y",
    "~y",
    "y % t",
    "y // t",
    "y @ t",
]
COSTS = [
    "9**9**9",
    "9^9^9",
    "(9**99)**99",
    "2**-9**9",
    "2**(2**(2**(2**(2**2))))",
    "(2/3)**1000**1000",
    "1.5**1000*y**(10**9)",
    "y**1e9",
    "9" * 1900,
    "9" * 100_000,
    "1e999",
    "(" * 90 + "y" + ")" * 90 + "**9**9**9",
    "(" * 500 + "y" + ")" * 500,
    "(" * 100_000,
    "-" * 1000 + "y",
    "-" * 100_000 + "y",
    "sin(" * 60 + "y" + ")" * 60,
    "tanh(" * 35 + "y" + ")" * 35,
    "+".join("y" for _ in range(900)),
    "*".join(f"sin({k}+y)" for k in range(40)),
    "y" * 1_000_000,
    "max(y,max(2*y,max(3*y,max(t,2*t))))",
]
MEANINGLESS = [
    "",
    "  ",
    "y**",
    "2y",
    "z**2",
    "gamma(y)",
    "exp",
    "exp()",
    "exp(y, t)",
    "max(y)",
    "1j",
    "sqrt(-1)",
    "log(-1)*y",
    "asin(2)",
    "1/0",
    "0/0",
    "log(0)",
    "0**-1",
    "(-8)**(1/3)",
    "y\n+t",
    "\0",
    "y²",
    "y − t",
    "１＋y",
    "ｙ",
    "1_0*y",
]


@pytest.mark.parametrize("text", [*RUNS, *COSTS, *MEANINGLESS], ids=range(len(RUNS + COSTS + MEANINGLESS)))
def test_what_is_refused(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    sympy.Symbol("y").is_real  # noqa: B018 (sympy is loaded before the clock starts)
    begun = time.process_time()
    with pytest.raises(InvalidArgument) as caught:
        formula.parse("expression", text, VARIABLES)
    assert time.process_time() - begun < 2.0
    message = str(caught.value)
    assert message.startswith("expression = ")
    assert "must be a formula in y and t (" in message
    assert "\n" not in message
    assert len(message) < 600
    assert capfd.readouterr() == ("", "")


def test_expressions_and_numbers() -> None:
    x = sympy.Symbol("y")
    assert formula.formula("loss", x**2, VARIABLES) == Y**2
    assert formula.formula("loss", 3, VARIABLES) == 3
    for wrong in (
        sympy.Symbol("z"),
        None,
        True,
        [Y],
        float("nan"),
        type("Text", (), {"__str__": lambda _: "y"})(),
    ):
        with pytest.raises(InvalidArgument, match=r"^loss = .* a formula in y and t"):
            formula.formula("loss", wrong, VARIABLES)


def test_losses_are_parsed() -> None:
    with pytest.raises(InvalidArgument, match="no function that is known"):
        Loss.from_expression("exec('print(1)') + y**2")
    loss = Loss.from_expression("2*(y^2 - t^2)^2/(2*(0.7 + t^2))")
    y, t = np.array([0.3, -1.2]), np.array([0.9, 0.4])
    np.testing.assert_allclose(loss.value(y, t), (y**2 - t**2) ** 2 / (0.7 + t**2), rtol=1e-14)
    assert "\\frac" in str(loss._repr_latex_())


@pytest.mark.parametrize("text", ["__import__('os').system('echo EXECUTED') + y**2", "9**9**9", "(" * 3000])
def test_in_the_shell(text: str) -> None:
    words = ["phase-retrieval", "spectrum", "--samples-per-dimension", "4", f"--expression={text}"]
    command = [sys.executable, "-m", "statphys_gen.cli", *words]
    root = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(root)}
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.count("\n") == 1
    assert found.stderr.startswith("statphys-gen: --expression = ")
