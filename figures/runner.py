"""Finds the figure scripts, computes their data once, draws them, and writes the gallery page."""

from __future__ import annotations

import hashlib
import html
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy as np

from statphys_gen import __version__
from statphys_gen.errors import InvalidArgument, MissingExtra
from statphys_gen.systems import SYSTEMS


@dataclass(frozen=True)
class Figure:
    """One entry of the gallery: the script and what it says about itself.

    The caption may name scalars of the computed data in braces, such as a number of samples.
    """

    name: str
    system: str
    title: str
    caption: str
    script: ModuleType


def manifest() -> list[Figure]:
    """Every figure script in the folders of the systems, by system and name."""
    package = import_module(__package__)
    found = []
    for system in SYSTEMS:
        for module in iter_modules([str(Path(folder) / system.name) for folder in package.__path__]):
            script = import_module(f"{__package__}.{system.name}.{module.name}")
            found.append(Figure(module.name, system.name, script.TITLE, script.CAPTION, script))
    return sorted(found, key=lambda figure: (figure.system, figure.name))


def make_all(names: Sequence[str], preset: str, output: str | Path, *, workers: int = 1) -> Iterator[Path]:
    """Make the named figures (all when empty) and the gallery page; yields the path of each picture.

    With several workers each figure is made in a process; the data do not depend on it. A figure that needs an extra
    which is not installed is left out, with one line on standard error, unless it was named.
    """
    figures = manifest()
    known = [figure.name for figure in figures]
    for name in names:
        if name not in known:
            raise InvalidArgument("NAME", name, "one of " + ", ".join(known))
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [name for name in known if not names or name in names]
    work = partial(_make_named, preset=preset, folder=folder)
    with ExitStack() as stack:
        run: Callable[..., Iterable[Path | MissingExtra]] = map
        if workers > 1:
            # No process may be forked that has threads; a fork server there is not everywhere.
            methods = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
            run = stack.enter_context(ProcessPoolExecutor(workers, mp_context=context)).map
        for made in run(work, chosen):
            if isinstance(made, Path):
                yield made
            elif names:
                raise made
            else:
                print(f"left out: {made}", file=sys.stderr)
    yield write_gallery(figures, folder)


def _make_named(name: str, preset: str, folder: Path) -> Path | MissingExtra:
    figure = next(figure for figure in manifest() if figure.name == name)
    try:
        return make(figure, preset, folder)
    except MissingExtra as error:
        return error


def make(figure: Figure, preset: str, folder: Path) -> Path:
    """Compute (or read the cached data of) one figure and write its PNG and PDF."""
    from matplotlib import pyplot

    from statphys_gen import style

    style.apply()
    data = _data(figure, preset, folder)
    picture = figure.script.draw(data)
    path = folder / f"{figure.name}.png"
    picture.savefig(path)
    picture.savefig(path.with_suffix(".pdf"), metadata={"CreationDate": None})
    pyplot.close(picture)
    scalars = {name: entry.item() for name, entry in data.items() if entry.ndim == 0}
    entry = {"title": figure.title, "system": figure.system, "preset": preset, "version": __version__}
    entry["caption"] = figure.caption.format(**scalars)
    path.with_suffix(".json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")
    return path


def _data(figure: Figure, preset: str, folder: Path) -> dict[str, Any]:
    """The data of a figure, computed once for each version of the script and of the package."""
    source = Path(str(figure.script.__file__)).read_bytes()
    stamp = {
        "preset": preset,
        "version": __version__,
        "sources": _package_hash() + hashlib.sha256(source).hexdigest()[:16],
    }
    cache = folder / f"{figure.name}.{preset}.npz"
    if cache.is_file():
        with np.load(cache, allow_pickle=False) as stored:
            if json.loads(str(stored["_stamp"])) == stamp:
                return {name: stored[name] for name in stored.files if name != "_stamp"}
    data = {name: np.asarray(entry) for name, entry in figure.script.compute(preset).items()}
    temporary = cache.with_suffix(".partial.npz")
    # numpy types the option allow_pickle, which no array is called.
    np.savez(temporary, _stamp=np.asarray(json.dumps(stamp)), **data)  # type: ignore[arg-type]
    temporary.replace(cache)
    return data


def _package_hash() -> str:
    """Hash of the package's sources: a change anywhere makes cached data stale."""
    digest = hashlib.sha256()
    package = import_module("statphys_gen")
    for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
        if "cli" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def write_gallery(figures: Sequence[Figure], folder: Path) -> Path:
    """``index.html`` with every picture that stands in the folder, its caption and its PDF."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>statphys_gen: figures</title>",
        "<style>body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "img{max-width:100%}figure{margin:2em 0}figcaption{color:#333}</style>",
        f"<h1>statphys_gen {__version__}: figures</h1>",
    ]
    for figure in figures:
        record = folder / f"{figure.name}.json"
        if record.is_file():
            entry = json.loads(record.read_text(encoding="utf-8"))
            parts.append(
                f"<figure id='{figure.name}'><h2>{html.escape(entry['title'])}</h2>"
                f"<img src='{figure.name}.png' alt='{html.escape(entry['title'])}'>"
                f"<figcaption>{html.escape(entry['caption'])} ({entry['preset']} size; "
                f"<a href='{figure.name}.pdf'>PDF</a>)</figcaption></figure>"
            )
    page = folder / "index.html"
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return page
