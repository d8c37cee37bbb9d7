"""Who may reach whom: one table of rooms, read against the syntax trees, directly and through others."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from statphys_gen.systems import SYSTEMS

ROOT = Path(__file__).parents[1]
FOUNDATION = {
    "approximation",
    "arrays",
    "definitions",
    "code",
    "doors",
    "errors",
    "glossary",
    "meaning",
    "noising",
    "presentation",
}
FOUNDATION |= {"files", "formula", "progress", "solution", "source_files", "systems", "tables", "validation"}
# The shared layer is no room of its own: its laws are definitions, its samplers simulation, its channel theory.
DATA = {
    "binary_channel": "data theory",
    "curie_weiss": "data theory",
    "sampling": "data simulation",
    "kernels": "data simulation",
    "laws": "laws",
    "covariance": "laws",
}
DEFINITIONS = {
    "model": "model",
    "priors": "model",
    "couplings": "model",
    "schedule": "model",
    "loss_checks": "model",
}
BASE = {"foundation", "numerics", "units", "statistics", "laws"}
EMPIRICAL = BASE | {"data", "model", "theory", "data theory", "simulation", "data simulation"}
EVERYTHING = EMPIRICAL | {"analysis", "comparison", "shared comparison", "checks", "plots", "style", "sweep"}
EVERYTHING |= {"conformance", "verification", "citation", "description"}
# These serve all systems; every other room sees the shared rooms and those of its own system.
OF_ALL_SYSTEMS = {"conformance", "verification", "citation", "description", "cli"}
# A room may reach these rooms and itself, by whatever way; what is not listed reaches nothing else.
MAY_REACH = {
    "foundation": set(),
    "style": {"foundation"},
    "numerics": {"foundation"},
    "statistics": {"foundation", "numerics"},
    "laws": {"foundation", "numerics"},
    "units": {"foundation", "numerics"},
    "data": BASE,
    "data theory": BASE,
    "data simulation": BASE,
    "model": BASE - {"statistics"},
    "theory": BASE | {"model", "data", "data theory"},
    "simulation": BASE | {"model", "data", "data simulation"},
    "analysis": EMPIRICAL,
    "comparison": EMPIRICAL | {"analysis", "shared comparison"},
    "checks": EMPIRICAL | {"analysis", "comparison", "shared comparison"},
    "plots": EMPIRICAL | {"analysis", "comparison", "shared comparison", "style"},
    "shared comparison": {"foundation", "numerics", "statistics"},
    "sweep": {"foundation", "numerics", "statistics"},
    # Checks are found by name, at run time.
    "verification": {"foundation", "numerics", "statistics", "sweep"},
    # Draws come from the objects that it examines.
    "conformance": BASE | {"model", "theory", "data", "data theory"},
    # What they speak of is found by name, at run time.
    "citation": {"foundation"},
    "description": {"foundation", "numerics", "statistics", "sweep", "verification"},
    "cli": EVERYTHING,
}


def room(module: str, systems: set[str]) -> tuple[str, str]:
    """(system or "", room) of a module's name."""
    parts = module.split(".")[1:] or ["door"]
    if parts[0] in systems:
        own = parts[1] if len(parts) > 1 else "door"
        return parts[0], "plots" if own.startswith("plots") else DEFINITIONS.get(own, own)
    if parts[0] == "data":
        return "", DATA.get(parts[1], "data") if len(parts) > 1 else "data"
    if parts[0] in FOUNDATION:
        return "", "foundation"
    shared = {"comparison": "shared comparison", "registry": "verification", "predictions": "verification"}
    shared["verification_page"] = "verification"
    return "", shared.get(parts[0], parts[0])


def modules(root: Path) -> dict[str, Path]:
    """Every module of ``root/statphys_gen`` and its file."""
    found = {}
    for path in sorted((root / "statphys_gen").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, all_modules: Mapping[str, Path]) -> set[str]:
    """What a module names in its imports, wherever they stand, with the rooms that are thereby executed (no doors)."""
    path = all_modules[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{start}.{alias.name}"
                found.add(full if full in all_modules else start)
    found = {module for module in found if module in all_modules and module != "statphys_gen"}
    parents = {".".join(m.split(".")[:k]) for m in found for k in range(3, m.count(".") + 1)}
    return (found | parents) - {name}


def reached(name: str, direct: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        for other in direct[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found - {name}


def violations(root: Path, systems: set[str]) -> Iterator[str]:
    """One sentence for each module that stands in no room, and for each that reaches what its room may not."""
    all_modules = modules(root)
    direct = {name: imported(name, all_modules) for name in all_modules}
    for name in all_modules:
        system, own = room(name, systems)
        if own == "door":
            continue
        if own not in MAY_REACH:
            yield f"{name} stands in no room"
            continue
        for other in sorted(reached(name, direct)):
            there, kind = room(other, systems)
            if there not in ("", system) and own not in OF_ALL_SYSTEMS:
                yield f"{name} reaches the system of {other}"
            elif kind not in MAY_REACH[own] | {own, *(["door"] if own == "cli" else [])}:
                yield f"{name} reaches {other}"


def test_rooms_reach_what_they_may() -> None:
    names = {system.name for system in SYSTEMS}
    assert len(names) >= 4
    assert {room(name, names)[0] for name in modules(ROOT)} == {"", *names}
    assert list(violations(ROOT, names)) == []


# A small house in which everything is in its place.
LEGAL = {
    "errors": "",
    "style": "from .errors import InvalidArgument",
    "numerics/roots": "from ..errors import InvalidArgument",
    "units/base": "from ..numerics.roots import newton",
    "statistics/estimate": "from ..numerics import roots",
    "data/laws": "from ..numerics.roots import newton",
    "data/sampling": "from ..statistics.estimate import Estimate\nfrom .laws import GaussianMixture",
    "comparison": "from .statistics.estimate import Estimate",
    "sweep/runner": "from ..statistics.estimate import Estimate",
    "verification": "from .sweep.runner import run",
    "conformance": "def f():\n    from .magnet.theory.states import solve",
    "magnet/__init__": "",
    "magnet/model": "from ..units.base import Prior",
    "magnet/theory/states": "from ..model import Model",
    "magnet/simulation/chains": "from ..model import Model\nfrom ...data.sampling import draw",
    "magnet/analysis": "from .theory.states import solve\nfrom .simulation.chains import simulate",
    "magnet/comparison": "from ..comparison import Observables\nfrom .analysis import place",
    "magnet/checks/of_states": "from ..comparison import compare",
    "magnet/plots": "from ..style import panels\nfrom .theory.states import solve",
    "glass/__init__": "",
    "glass/model": "",
    "cli/magnet": "from ..magnet.plots import plot_states\nfrom ..magnet.checks import of_states",
}


def house(root: Path, changes: Mapping[str, str]) -> list[str]:
    for name, text in (LEGAL | changes).items():
        path = root / "statphys_gen" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for folder in path.relative_to(root).parents:
            (root / folder / "__init__.py").touch()
    return list(violations(root, {"magnet", "glass"}))


def test_a_house_in_order_passes(tmp_path: Path) -> None:
    assert house(tmp_path, {}) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "magnet/theory/states": "from ..checks.of_states import CHECKS",
                "magnet/checks/of_states": "from ..simulation.chains import simulate",
            },
            "magnet.theory.states reaches statphys_gen.magnet.simulation.chains",
        ),
        (
            {
                "magnet/theory/states": "from ..analysis import place",
                "magnet/analysis": "from .simulation import chains",
            },
            "magnet.theory.states reaches statphys_gen.magnet.simulation.chains",
        ),
        (
            {"numerics/roots": "def f():\n    from ..comparison import compare"},
            "numerics.roots reaches statphys_gen.comparison",
        ),
        (
            {"magnet/theory/states": "from .. import plots"},
            "magnet.theory.states reaches statphys_gen.magnet.plots",
        ),
        (
            {"magnet/model": "import statphys_gen.glass.model"},
            "magnet.model reaches the system of statphys_gen.glass.model",
        ),
        (
            {"magnet/simulation/chains": "from ..theory import states"},
            "magnet.simulation.chains reaches statphys_gen.magnet.theory.states",
        ),
        (
            {"magnet/theory/states": "from ...data.sampling import draw"},
            "magnet.theory.states reaches statphys_gen.data.sampling",
        ),
        ({"magnet/model": "from ..magnet import solve"}, "magnet.model reaches statphys_gen.magnet"),
        (
            {"conformance": "from .magnet.simulation.chains import simulate"},
            "conformance reaches statphys_gen.magnet.simulation.chains",
        ),
        (
            {"verification": "from .magnet.theory.states import solve"},
            "verification reaches statphys_gen.magnet.theory.states",
        ),
        ({"helpers": ""}, "helpers stands in no room"),
        ({"magnet/cellar": ""}, "magnet.cellar stands in no room"),
    ],
)
def test_what_is_out_of_place_is_found(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    assert f"statphys_gen.{expected}" in house(tmp_path, changes)
