"""The hash of what functions do: what changes it, and what must not."""

import functools
import importlib
import itertools
import math
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from statphys_gen.code import code_hash, is_ours_or_installed
from statphys_gen.errors import InvalidArgument

NUMBER = itertools.count()

TEXT = """
    import math
    from dataclasses import dataclass

    SIZE = 3
    TABLE = {"two": 2}

    def helper(x):
        '''What it does.'''
        return math.exp(x) * SIZE

    def f(x: float) -> float:
        return helper(x) + TABLE["two"]

    @dataclass(frozen=True)
    class Model:
        strength: float = 1.0

        def energy(self, x):
            return self.strength * helper(x)

    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    def apart():
        return 0
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Import a text under a file name that was never used before."""
    monkeypatch.syspath_prepend(tmp_path)

    def loaded(text, name=None):
        name = name or f"loaded_{next(NUMBER)}"
        (tmp_path / f"{name}.py").write_text(dedent(text))
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return loaded


def edited(*changes):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", ["f", "Model", "even"])
@pytest.mark.parametrize(
    "changes",
    [
        (),
        [("'''What it does.'''", "'''Another text.'''")],
        [("'''What it does.'''", "")],
        [("        return math.exp(x)", "\n        # why\n\n        return math.exp(x)")],
        [("x: float) -> float", "x)")],
        [("math.exp(x) * SIZE", "(math.exp(x)\n            * SIZE)")],
        [("return 0", "return 1")],
    ],
    ids=["moved", "docstring", "no docstring", "comment", "annotation", "layout", "another function"],
)
def test_what_does_not_change_what_is_computed_keeps_the_hash(load, name, changes):
    before, after = load(TEXT), load(edited(*changes))
    assert before.__file__ != after.__file__
    assert code_hash(getattr(before, name)) == code_hash(getattr(after, name))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("f", 'helper(x) + TABLE["two"]', 'helper(x) - TABLE["two"]'),
        ("f", "math.exp(x) * SIZE", "math.exp(x) / SIZE"),
        ("f", "SIZE = 3", "SIZE = 4"),
        ("f", '{"two": 2}', '{"two": 3}'),
        ("f", "    def helper", '    TABLE["two"] = 5\n\n    def helper'),
        ("f", "    def helper", "    TABLE.update(two=5)\n\n    def helper"),
        ("f", "import math", "import cmath as math"),
        ("Model", "self.strength * helper", "-self.strength * helper"),
        ("Model", "strength: float = 1.0", "strength: float = 2.0"),
        ("Model", "math.exp(x)", "math.sinh(x)"),
        ("even", "n != 0 and", "n > 0 and"),
        ("odd", "n == 0 or", "n < 1 or"),
    ],
)
def test_an_edit_of_body_helper_or_constant_changes_the_hash(load, name, old, new):
    assert code_hash(getattr(load(TEXT), name)) != code_hash(getattr(load(edited((old, new))), name))


def test_a_definition_may_move_to_another_file(load):
    whole = load(TEXT)
    constant = load("SIZE = 3\n")
    load(
        f"import math\nfrom {constant.__name__} import SIZE\n\n"
        "def helper(x):\n    return math.exp(x) * SIZE\n",
        "room",
    )
    handed_on = load("from room import helper\n", "door")
    doors = [
        "from door import helper\n\nTABLE = {'two': 2}\n\ndef f(x):\n    return helper(x) + TABLE['two']\n",
        "import door\n\nTABLE = {'two': 2}\n\ndef f(x):\n    return door.helper(x) + TABLE['two']\n",
        "from door import *\n\nTABLE = {'two': 2}\n\ndef f(x):\n    return helper(x) + TABLE['two']\n",
    ]
    assert {code_hash(load(text).f) for text in doors} == {code_hash(whole.f)}
    assert code_hash(handed_on.helper) == code_hash(whole.helper)


def test_an_import_in_a_body_leads_on_and_has_no_place(load):
    for name, power in (("here", 2), ("there", 2), ("other", 3)):
        load(f"def g(x):\n    return x**{power}\n", f"inner_{name}")
    hashes = [
        code_hash(load(f"def f(x):\n    from inner_{name} import g\n    return g(x)\n").f)
        for name in ("here", "there", "other")
    ]
    assert hashes[0] == hashes[1] != hashes[2]
    through = [
        code_hash(load(f"def f(x):\n    import inner_{name}\n    return inner_{name}.g(x)\n").f)
        for name in ("here", "other")
    ]
    assert through[0] != through[1]


DOOR = """
def __getattr__(name):
    from importlib import import_module

    if name != "g":
        raise AttributeError(name)
    return import_module(__name__ + ".room").g
"""


@pytest.mark.parametrize("stub", [False, True])
def test_packages_with_lazy_doors_are_followed(tmp_path, monkeypatch, stub):
    """Also where a door's name is that of a file beside it, if the door has a stub."""
    monkeypatch.syspath_prepend(tmp_path)
    hashes = []
    for power in (2, 2, 3):
        package = tmp_path / f"lazy_{next(NUMBER)}"
        package.mkdir()
        (package / "__init__.py").write_text(DOOR)
        (package / "room.py").write_text(f"def g(x):\n    return x**{power}\n")
        if stub:
            (package / "__init__.pyi").write_text("from .room import g\n")
            (package / "g.py").write_text("")
        user = tmp_path / f"uses_{package.name}.py"
        user.write_text(f"from {package.name} import g\n\ndef f(x):\n    return g(x)\n")
        hashes.append(code_hash(importlib.import_module(user.stem).f))
    assert hashes[0] == hashes[1] != hashes[2]


def test_functions_of_one_name_and_cycles_are_told_apart(load):
    first, second = load("def f(x):\n    return x\n"), load("def f(x):\n    return -x\n")
    assert code_hash(first.f) != code_hash(second.f)
    assert code_hash(first.f, second.f) != code_hash(second.f, first.f)
    text = "from {0} import f as g\nfrom {1} import f as h\n\ndef k(x):\n    return g(x) / h(x)\n"
    pair = (first.__name__, second.__name__)
    assert code_hash(load(text.format(*pair)).k) != code_hash(load(text.format(*pair[::-1])).k)
    cycle = load(TEXT)
    assert code_hash(cycle.even) != code_hash(cycle.odd)


def test_a_local_name_is_not_the_module_s(load):
    """Else the hash would depend on what lies beside a function."""
    alone = load("def f(x):\n    size = x\n    return [size for size in range(size)]\n")
    beside = load("size = 3\n\ndef f(x):\n    size = x\n    return [size for size in range(size)]\n")
    assert code_hash(alone.f) == code_hash(beside.f)


def power(exponent):
    def inner(x, offset=None):
        return x**exponent + (offset or 0)

    return inner


def test_values_that_a_function_carries_enter():
    assert code_hash(power(2)) == code_hash(power(2)) != code_hash(power(3))
    array = np.arange(5.0)
    assert code_hash(power(array)) == code_hash(power(array.copy())) != code_hash(power(array + 1))
    assert code_hash(power(power(2))) != code_hash(power(power(3)))
    partials = [
        functools.partial(math.pow, 2),
        functools.partial(math.pow, 3),
        functools.partial(math.fmod, 2),
    ]
    assert len(set(map(code_hash, partials))) == 3
    assert code_hash(functools.partial(math.pow, 2)) == code_hash(partials[0])
    squares, cubes = lambda x: x**2, lambda x: x**3  # two on one line
    assert code_hash(squares) != code_hash(cubes)
    defaults = [lambda x, k=k: x**k for k in (2, 3)]
    assert code_hash(defaults[0]) != code_hash(defaults[1])


def test_lambdas_of_one_line_are_told_apart_without_columns(tmp_path):
    script = tmp_path / "lambdas.py"
    script.write_text(
        "from statphys_gen.code import code_hash\n"
        "print(*(code_hash(f) for f in (lambda x: 2 * x, lambda x: 5 * x, lambda x: 2 * x)))\n"
    )
    for options in ([], ["-X", "no_debug_ranges"]):
        command = [sys.executable, *options, str(script)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        double, five, again = printed.split()
        assert double == again != five


def test_digits_leave_out_the_last_bits():
    for one, other in ((0.1, np.nextafter(0.1, 1)), (np.full(3, 0.1), np.full(3, np.nextafter(0.1, 1)))):
        assert code_hash(power(one)) != code_hash(power(other))
        assert code_hash(power(one), digits=9) == code_hash(power(other), digits=9)
        assert code_hash(power(one), digits=9) != code_hash(power(1.0001 * one), digits=9)


def test_methods_and_instances_enter_by_class_and_fields(load):
    module, other = load(TEXT), load(edited(("self.strength * helper", "-self.strength * helper")))
    same = load(TEXT)
    assert code_hash(module.Model(2.0).energy) == code_hash(same.Model(2.0).energy)
    assert code_hash(module.Model(2.0).energy) != code_hash(module.Model(3.0).energy)
    assert code_hash(module.Model(2.0).energy) != code_hash(other.Model(2.0).energy)
    assert code_hash(power(module.Model(2.0))) != code_hash(power(other.Model(2.0)))


def test_code_without_a_file():
    def made(body, **names):
        exec(body, names)
        return names["f"]

    first = made("def f(x):\n    'A text.'\n    return g(x) * k", g=math.exp, k=2)
    again = made("\ndef f(x):\n    'Another.'\n    return g(x) * k", g=math.exp, k=2)
    assert code_hash(first) == code_hash(again)
    for changed in (
        made("def f(x):\n    return g(x) + k", g=math.exp, k=2),
        made("def f(x):\n    return g(x) * k", g=math.exp, k=3),
        made("def f(x):\n    return g(x) * k", g=math.sin, k=2),
        made("def f(x):\n    return g(x) * k", g=power(2), k=2),
    ):
        assert code_hash(changed) != code_hash(first)


def test_a_value_without_contents_is_refused(tmp_path):
    with (
        (tmp_path / "file").open("w") as file,
        pytest.raises(InvalidArgument, match="its contents can be hashed"),
    ):
        code_hash(power(file))


def test_a_computed_setting_of_a_script_enters(load, monkeypatch):
    text = "import os\nSIZE = int(os.environ['SIZE_OF_TEST'])\n\ndef f():\n    return SIZE\n"
    hashes = []
    for size in ("3", "4", "3"):
        monkeypatch.setenv("SIZE_OF_TEST", size)
        hashes.append(code_hash(load(text).f))
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_setting_that_is_changed_from_outside_enters(load):
    module = load("SIZE = 3\n\ndef f():\n    return SIZE\n")
    before = code_hash(module.f)
    module.SIZE = 4
    assert code_hash(module.f) != before
    module.SIZE = 3
    assert code_hash(module.f) == before
    counter = load("CALLS = 0\n\ndef f():\n    global CALLS\n    CALLS += 1\n    return CALLS\n")
    before = code_hash(counter.f)
    counter.f()
    assert code_hash(counter.f) == before


def test_this_package_is_read_and_installed_ones_are_named(load):
    from statphys_gen.statistics.estimate import Estimate
    from statphys_gen.statistics.streams import generator

    assert code_hash(generator) != code_hash(Estimate)
    assert is_ours_or_installed(generator)
    assert is_ours_or_installed(np.exp)
    assert is_ours_or_installed(np.linalg.eigvalsh)
    assert is_ours_or_installed(math.exp)
    assert is_ours_or_installed(len)
    assert not is_ours_or_installed(load(TEXT).f)
    assert not is_ours_or_installed(power(2))
    assert not is_ours_or_installed(functools.partial(math.pow, 2))


def test_the_words_that_describe_results_do_not_enter():
    from statphys_gen.definitions import Node, graph
    from statphys_gen.source_files import Target

    assert graph().resolve(Target("statphys_gen.glossary", "attributes")) == [Node(None, "attributes")]
    assert graph().resolve(Target("statphys_gen.presentation", "short_table")) == [Node(None, "short_table")]
    (node,) = graph().resolve(Target("statphys_gen.statistics.streams", "generator"))
    assert node.file is not None


SCRIPT = """
from statphys_gen import statistics
from statphys_gen.code import code_hash

class Model:
    def energy(self):
        return statistics.streams.generator(0, {}).random()

def f(x):
    return Model().energy() + (lambda y: y)(x)

if __name__ == "__main__":
    print(code_hash(f, Model, lambda y: f(y)))
"""


def test_a_script_may_be_renamed_and_names_are_in_one_order(tmp_path):
    (tmp_path / "below").mkdir()
    seen = set()
    for k, script in enumerate(("first.py", "below/second.py", "third.py")):
        (tmp_path / script).write_text(SCRIPT.replace("print(", "print(" if k else "print( "))
        environment = {**os.environ, "PYTHONHASHSEED": str(k)}
        run = [sys.executable, str(tmp_path / script)]
        done = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
        seen.add(done.stdout)
    assert len(seen) == 1
    assert len(seen.pop().strip()) == 64
    changed = tmp_path / "first.py"
    changed.write_text(SCRIPT.replace("(x)\n", "(2 * x)\n"))
    done = subprocess.run([sys.executable, str(changed)], check=True, capture_output=True, text=True)
    assert done.stdout not in seen


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("f", "math.exp(x) * SIZE", "math.exp(x) / SIZE"),
        ("Model", "return self.strength", "return -self.strength"),
        ("f", "return helper(x)", "return 0 + helper(x)"),
        ("f", "math.exp", "math.cosh"),
    ],
)
def test_a_file_that_was_edited_is_refused_until_it_is_reloaded(load, name, old, new):
    """The code that would run is not the one that would be read."""
    module = load(TEXT)
    before = code_hash(getattr(module, name))
    Path(module.__file__).write_text("# A line.\n" + dedent(edited((old, new))))
    with pytest.raises(InvalidArgument, match="edited after it was loaded: reload it, or restart"):
        code_hash(getattr(module, name))
    assert code_hash(getattr(importlib.reload(module), name)) != before


def test_a_file_in_which_lines_moved_need_not_be_reloaded(load):
    module = load(TEXT)
    before = code_hash(module.f)
    Path(module.__file__).write_text("# A line.\n" + dedent(edited(("What it does.", "Another text."))))
    assert code_hash(module.f) == before
