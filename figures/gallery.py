"""The gallery page: every picture that stands in a folder, by system and by paper, with what made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from statphys_gen import __version__
from statphys_gen.errors import InvalidArgument
from statphys_gen.files import read_json

if TYPE_CHECKING:
    from .runner import Figure

_TEXTS = ("title", "paper", "figure", "fidelity", "caption", "preset", "command")
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "img{max-width:100%}figure{margin:2.5em 0;border-top:1px solid #ddd}figcaption{color:#333}"
    ".thumbs{display:flex;flex-wrap:wrap;gap:1em}.thumbs a{width:11em;font-size:12px;text-decoration:none;color:#222}"
    ".thumbs img{width:11em;height:8em;object-fit:contain}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"
    "code{font-size:13px;overflow-wrap:anywhere}"
)


def papers(figures: Iterable[Figure]) -> list[tuple[str, str, str, str]]:
    """Paper, figure there, name of ours, fidelity, in the order of the papers."""
    return sorted((figure.paper[0], figure.paper[1], figure.name, figure.paper[2]) for figure in figures)


@dataclass(frozen=True)
class _Picture:
    """A picture in the folder: its figure, the stem of its files, which carries changed parameters, and its record."""

    figure: Figure
    stem: str
    record: dict[str, Any]

    @property
    def title(self) -> str:
        changed = self.stem.removeprefix(self.figure.name).strip("_")
        return escape(self.record["title"] + (f" ({changed.replace('_', ' ')})" if changed else ""))


def _pictures(figure: Figure, folder: Path) -> Iterator[_Picture]:
    """Of one figure: as it is, and with changed parameters."""
    for path in sorted(folder.glob(f"{figure.name}*.json"), key=lambda path: path.stem):
        record = read_record(path)
        if record.get("name") == figure.name:
            yield _Picture(figure, path.stem, record)


def write_gallery(figures: Sequence[Figure], folder: Path) -> Path:
    """``index.html``: thumbnails by system, a table by paper, and each picture with caption, command and downloads."""
    shown = [picture for figure in figures for picture in _pictures(figure, folder)]
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>statphys_gen: figures</title><style>{_STYLE}</style><h1>statphys_gen {__version__}: figures</h1>",
        *_thumbnails(shown),
        *_table(shown),
        *(_entry(picture) for picture in shown),
    ]
    page = folder / "index.html"
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return page


def read_record(file: Path) -> dict[str, Any]:
    """What was written beside a picture.

    Raises
    ------
    InvalidArgument : one line for every other file.
    """
    record = read_json("output", file)
    if (
        not isinstance(record, dict)
        or not all(isinstance(record.get(name), str) for name in _TEXTS)
        or not isinstance(record.get("seconds"), int | float)
    ):
        allowed = "the record of a figure; take it away, and make the figure again"
        raise InvalidArgument("output", str(file), allowed)
    return record


def _thumbnails(pictures: Sequence[_Picture]) -> Iterator[str]:
    for system, members in groupby(pictures, key=lambda picture: picture.figure.system):
        yield f"<h2>{escape(system.replace('_', ' '))}</h2><div class='thumbs'>"
        for picture in members:
            stem = quote(picture.stem)
            yield f"<a href='#{stem}'><img loading='lazy' src='{stem}.png' alt=''><br>{picture.title}</a>"
        yield "</div>"


def _table(pictures: Sequence[_Picture]) -> Iterator[str]:
    first = {picture.figure.name: picture for picture in reversed(pictures)}
    yield "<h2>By paper</h2><div class='scroll'><table>"
    yield "<tr><th>arXiv</th><th>figure</th><th>ours</th><th>fidelity</th></tr>"
    for paper, panel, name, fidelity in papers(picture.figure for picture in first.values()):
        link = f"<a href='https://arxiv.org/abs/{paper}'>{paper}</a>"
        ours = f"<a href='#{quote(first[name].stem)}'>{name}</a>"
        yield f"<tr><td>{link}</td><td>{escape(panel)}</td><td>{ours}</td><td>{escape(fidelity)}</td></tr>"
    yield "</table></div>"


def _entry(picture: _Picture) -> str:
    stem, title, record = quote(picture.stem), picture.title, picture.record
    source = f"arXiv:{record['paper']}" + (f", figure {record['figure']}" if record["figure"] else "")
    return (
        f"<figure id='{stem}'><h2>{title}</h2><img loading='lazy' src='{stem}.png' alt='{title}'>"
        f"<figcaption>{escape(record['caption'])}<br>{escape(source)} ({escape(record['fidelity'])}). "
        f"{record['preset']} size, {record['seconds']:g} s.<br><code>{escape(record['command'])}</code><br>"
        f"<a href='{stem}.pdf'>PDF</a> · <a href='{picture.figure.name}.py' download>script</a> · "
        f"<a href='{stem}.{record['preset']}.npz' download>data</a></figcaption></figure>"
    )
