"""Sphinx configuration. Pages that can be made from the package or from the figures are made here, never typed."""

import sys
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
html_theme = "alabaster"
html_theme_options = {"description": "Statistical physics of generative models", "page_width": "1060px"}
html_static_path: list[str] = []

generate.write_pages(Path(__file__).parent)


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", docstrings.process)
    app.connect("missing-reference", reference.resolve)
