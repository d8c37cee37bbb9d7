"""Who may reach whom: one table of rooms, read against the syntax trees, directly and through others."""

import ast
from pathlib import Path

import pytest

from statphys_gen import systems

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "statphys_gen"
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
FOUNDATION |= {"solution", "systems", "validation"}
SYSTEMS = {system.name for system in systems.SYSTEMS}
# The shared layer is no room of its own: its laws are definitions, its samplers simulation, its channel theory.
DATA = {
    "binary_channel": "data theory",
    "curie_weiss": "data theory",
    "sampling": "data simulation",
    "kernels": "data simulation",
    "laws": "laws",
}
DEFINITIONS = {"model": "model", "priors": "model", "couplings": "model", "schedule": "model"}
BASE = {"foundation", "numerics", "units", "statistics", "laws"}
EMPIRICAL = BASE | {"data", "model", "theory", "data theory", "simulation", "data simulation"}
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
}


def room(module: str) -> tuple[str, str]:
    """(system or "", room) of a module's name."""
    parts = module.split(".")[1:] or [""]
    if parts[0] in SYSTEMS:
        own = parts[1] if len(parts) > 1 else "door"
        return parts[0], "plots" if own.startswith("plots") else DEFINITIONS.get(own, own)
    if parts[0] == "data":
        return "", DATA.get(parts[1], "data") if len(parts) > 1 else "data"
    return "", "foundation" if parts[0] in FOUNDATION else {"comparison": "shared comparison"}.get(
        parts[0], parts[0]
    )


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


ALL = modules()


def imported(name: str) -> set[str]:
    """What a module names in its imports, wherever they stand, with the rooms that are thereby executed (no doors)."""
    path = ALL[name]
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
                found.add(full if full in ALL else start)
    found = {module for module in found if module in ALL and module != "statphys_gen"}
    parents = {".".join(m.split(".")[:k]) for m in found for k in range(3, m.count(".") + 1)}
    return (found | parents) - {name}


DIRECT = {name: imported(name) for name in ALL}


def reached(name: str) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        for other in DIRECT[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def test_every_system_is_seen() -> None:
    assert len(SYSTEMS) >= 4


@pytest.mark.parametrize("name", sorted(name for name in ALL if room(name)[1] in MAY_REACH))
def test_rooms_reach_what_they_may(name: str) -> None:
    system, own = room(name)
    for other in reached(name) - {name}:
        there, kind = room(other)
        assert there in ("", system), f"{name} reaches the system of {other}"
        assert kind in MAY_REACH[own] | {own}, f"{name} reaches {other}"
