"""Sphinx configuration. Pages that can be made from the package or from the figures are made here, never typed."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import docstrings
import generate
import reference
from sphinx.application import Sphinx

import statphys_gen

project = "statphys_gen"
author = "The statphys_gen developers"
copyright = "2026, the statphys_gen developers"
release = version = statphys_gen.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.viewcode"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
exclude_patterns = ["_build", "Thumbs.db", ".DS_Store"]
html_theme = "furo"
html_title = f"statphys_gen {version}"
html_static_path = ["generated/static"]
html_css_files = ["pages.css"]
# MathJax lies beside the pages: equations show without a network.
mathjax_path = "tex-svg.js"
mathjax3_config = {"svg": {"fontCache": "global"}}

generate.write_pages(Path(__file__).parent)
_MATHJAX = find_spec("sphinx-mathjax-offline")
assert _MATHJAX is not None
assert _MATHJAX.origin is not None
_STATIC = Path(__file__).parent / "generated" / "static"
_STATIC.mkdir(exist_ok=True)
shutil.copy(Path(_MATHJAX.origin).parent / "static" / "mathjax" / "tex-svg.js", _STATIC)
shutil.copy(Path(__file__).parent / "pages.css", _STATIC)


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", docstrings.process)
    app.connect("missing-reference", reference.resolve)
