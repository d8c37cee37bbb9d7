"""Finds the figure scripts, computes their data once, and draws them."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy as np

from statphys_gen import __version__
from statphys_gen.errors import InvalidArgument, MissingExtra, StatphysError
from statphys_gen.files import read_archive
from statphys_gen.systems import SYSTEMS
from statphys_gen.validation import choice

from . import parameters as settings
from .gallery import write_gallery

PRESETS = ("quick", "full")
STAND_IN = "stand-in: "
FIDELITIES = ("same parameters", "same axes, reduced", STAND_IN, "ours")


@dataclass(frozen=True)
class Figure:
    """One entry of the gallery: the script and what it says about itself.

    ``paper``: arXiv identifier, figure or panel there (empty for one of ours), and how faithful ours is, one of
    ``FIDELITIES``. The caption may name parameters and scalars of the computed data in braces.
    """

    name: str
    system: str
    title: str
    caption: str
    paper: tuple[str, str, str]
    script: ModuleType = field(repr=False)

    @property
    def parameters(self) -> dict[str, settings.Value]:
        """The parameters that can be set, with their defaults: the keyword arguments of the script's ``compute``."""
        return settings.defaults(self.script.compute)

    def caption_with(self, words: Mapping[str, Any]) -> str:
        """The caption with these words in the places of braces; that of a stand-in ends with what stands for what."""
        caption = self.caption.format(**words)
        paper, panel, fidelity = self.paper
        if not fidelity.startswith(STAND_IN):
            return caption
        kind = "figures" if "," in panel else "figure"
        place = f"{kind} {panel}" if panel[:1].isdigit() else f"the {panel}"
        return f"{caption} A stand-in for {place} of arXiv {paper}: {fidelity.removeprefix(STAND_IN)}."

    def record(self) -> dict[str, Any]:
        """The figure as ``figures list`` shows it."""
        shown = " ".join(f"{name}={settings.as_setting(value)}" for name, value in self.parameters.items())
        paper, panel, fidelity = self.paper
        words = {"name": self.name, "system": self.system, "title": self.title, "parameters": shown}
        return {**words, "paper": paper, "figure": panel, "fidelity": fidelity}


@dataclass(frozen=True)
class Request:
    """How a figure is to be made: size, width on the page, and the parameters that differ from their defaults."""

    preset: str = "quick"
    width: str | None = None
    changed: tuple[tuple[str, settings.Value], ...] = ()

    def stem(self, name: str) -> str:
        """The name of the files: a changed figure never overwrites the figure with its defaults."""
        parts = [name, *(f"{key}={settings.as_setting(value)}" for key, value in self.changed)]
        stem = "_".join([*parts, *([self.width] if self.width else [])]).replace("/", "-")
        return stem if len(stem) <= 120 else f"{name}_{hashlib.sha256(stem.encode()).hexdigest()[:12]}"

    def command(self, name: str) -> str:
        """What is typed to make the figure."""
        words = ["statphys-gen", "figures", "make", name]
        for key, value in self.changed:
            words += ["--set", f"{key}={settings.as_setting(value)}"]
        words += ["--width", self.width] if self.width else []
        words += ["--preset", self.preset] if self.preset != "quick" else []
        return shlex.join(words)


def manifest(paper: str | None = None) -> list[Figure]:
    """Every figure script in the folders of the systems, by system and name; of one paper where one is given."""
    package = import_module(__package__)
    found = []
    for system in SYSTEMS:
        for module in iter_modules([str(Path(folder) / system.name) for folder in package.__path__]):
            script = import_module(f"{__package__}.{system.name}.{module.name}")
            found.append(Figure(module.name, system.name, script.TITLE, script.CAPTION, script.PAPER, script))
    found.sort(key=lambda figure: (figure.system, figure.name))
    if paper is not None:
        choice("--paper", paper, sorted({figure.paper[0] for figure in found}))
        found = [figure for figure in found if figure.paper[0] == paper]
    return found


def make(
    name: str,
    *,
    preset: str = "quick",
    width: str | None = None,
    output: str | Path = "figures-output",
    **parameters: Any,
) -> Path:
    """Compute (or read the cached data of) one figure, and write its PNG, PDF and record; returns the path of the PNG.

    Parameters
    ----------
    name : as ``manifest()`` lists them.
    preset : ``quick`` (seconds) or ``full`` (the paper's sizes where they are in reach).
    width : ``column`` (panels below one another) or ``page``; None for the width that the script prefers.
    output : the folder, made where it is missing.
    parameters : in place of the figure's defaults (``manifest()[k].parameters``); caption and legend follow. The files
        then carry them in their names.

    Raises
    ------
    InvalidArgument : an unknown figure, preset, width or parameter, or a value outside its domain.
    """
    (path,) = [
        path
        for path in make_all([name], preset, output, width=width, parameters=parameters)
        if path.suffix == ".png"
    ]
    return path


def data_of(name: str, *, preset: str = "quick", **parameters: Any) -> dict[str, Any]:
    """What the ``draw`` of a figure's script takes: the computed data with the parameters; nothing is written.

    Raises
    ------
    InvalidArgument : an unknown figure, preset or parameter, or a value outside its domain.
    """
    figures = {figure.name: figure for figure in manifest()}
    script = figures[choice("NAME", name, tuple(figures))].script
    chosen = settings.chosen(script.compute, parameters)
    computed = script.compute(choice("preset", preset, PRESETS), **chosen)
    return {key: np.asarray(entry) for key, entry in computed.items()} | chosen


def make_all(
    names: Sequence[str],
    preset: str,
    output: str | Path,
    *,
    paper: str | None = None,
    width: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    workers: int = 1,
) -> Iterator[Path]:
    """Make the named figures (all when empty, or all of one paper) and the gallery page; yields each picture's path.

    With several workers each figure is made in a process; the data do not depend on it. A figure that needs an extra
    which is not installed is left out, with one line on standard error, unless it was named. Parameters are those of
    one figure, which is named.
    """
    from statphys_gen.style import WIDTHS

    figures = {figure.name: figure for figure in manifest()}
    for name in names:
        if name not in figures:
            raise InvalidArgument("NAME", name, "one of " + ", ".join(figures))
    choice("preset", preset, PRESETS)
    if width is not None:
        choice("width", width, tuple(WIDTHS))
    candidates = [figure.name for figure in manifest(paper)]
    selected = [name for name in candidates if not names or name in names]
    request = Request(preset, width)
    if parameters:
        if len(selected) != 1:
            raise InvalidArgument("--set", parameters, "given with one NAME, whose parameters it sets")
        figure = figures[selected[0]]
        changed = settings.chosen(figure.script.compute, parameters).items()
        request = Request(preset, width, tuple((k, v) for k, v in changed if v != figure.parameters[k]))
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    work = partial(_make_named, request=request, folder=folder)
    with ExitStack() as stack:
        run: Callable[..., Iterable[Path | MissingExtra]] = map
        if workers > 1:
            # No process may be forked that has threads; a fork server there is not everywhere.
            methods = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
            run = stack.enter_context(ProcessPoolExecutor(workers, mp_context=context)).map
        for made in run(work, selected):
            if isinstance(made, Path):
                yield made
            elif names:
                raise made
            else:
                print(f"left out: {made}", file=sys.stderr)
    yield write_gallery(list(figures.values()), folder)


def _make_named(name: str, request: Request, folder: Path) -> Path | MissingExtra:
    figure = next(figure for figure in manifest() if figure.name == name)
    try:
        return draw(figure, request, folder)
    except MissingExtra as error:
        return error


def draw(figure: Figure, request: Request, folder: Path) -> Path:
    """Compute (or read the cached data of) one figure and write its PNG and PDF, its record and its script."""
    from matplotlib import pyplot

    from statphys_gen import style

    chosen = figure.parameters | dict(request.changed)
    stem = request.stem(figure.name)
    data, seconds = _data(figure, request, chosen, folder / f"{stem}.{request.preset}.npz")
    path = folder / f"{stem}.png"
    with style.picture_width(request.width), style.made_by(request.command(figure.name)):
        style.apply()
        picture = figure.script.draw({**data, **chosen})
        for file in (path, path.with_suffix(".pdf")):
            style.save(picture, file)
    pyplot.close(picture)
    words = {name: entry.item() for name, entry in data.items() if entry.ndim == 0}
    words |= {name: settings.in_words(value) for name, value in chosen.items()}
    entry = figure.record() | {
        "parameters": chosen,
        "preset": request.preset,
        "version": __version__,
        "command": request.command(figure.name),
        "seconds": round(seconds, 1),
        "caption": figure.caption_with(words),
    }
    path.with_suffix(".json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(str(figure.script.__file__), folder / f"{figure.name}.py")
    return path


def _data(
    figure: Figure, request: Request, chosen: Mapping[str, settings.Value], cache: Path
) -> tuple[dict[str, Any], float]:
    """The data of a figure, computed once for each version of the script and of the package, and the time it took."""
    source = Path(str(figure.script.__file__)).read_bytes()
    stamp = {
        "preset": request.preset,
        "parameters": {name: settings.as_setting(value) for name, value in chosen.items()},
        "version": __version__,
        "sources": _package_hash() + hashlib.sha256(source).hexdigest()[:16],
    }
    known = cached(cache, stamp)
    if known is not None:
        return known
    start = time.perf_counter()
    computed = figure.script.compute(request.preset, **chosen)
    seconds = time.perf_counter() - start
    data = {name: np.asarray(entry) for name, entry in computed.items()}
    temporary = cache.with_suffix(".partial.npz")
    np.savez(temporary, _stamp=np.asarray(json.dumps(stamp)), _seconds=np.asarray(seconds), **data)  # type: ignore[arg-type] # no array is called allow_pickle
    temporary.replace(cache)
    return data, seconds


def cached(file: Path, stamp: Mapping[str, Any]) -> tuple[dict[str, Any], float] | None:
    """The data of a file, and the time that they took; None if it is absent, damaged or of another stamp."""
    if not file.is_file():
        return None
    try:
        stored = read_archive("cache", file)
        if json.loads(str(stored["_stamp"])) != stamp:
            return None
        return {name: entry for name, entry in stored.items() if name[:1] != "_"}, float(stored["_seconds"])
    except (StatphysError, KeyError, ValueError, TypeError, RecursionError):
        return None


def _package_hash() -> str:
    """Hash of the package's sources: a change anywhere makes cached data stale."""
    digest = hashlib.sha256()
    package = import_module("statphys_gen")
    for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
        if "cli" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
