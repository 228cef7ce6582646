"""The site of the docs: `make docs` writes build/site. Whatever cannot be resolved, a link above all, is an error."""

import json
import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

import clarify_errors

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# It has no address yet. Links to it appear once pyproject.toml has one: [project.urls], Repository.
REPOSITORY = PROJECT.get("urls", {}).get("Repository", "").removeprefix("https://github.com/")
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)#\s]+)\)")  # files of the project that are no pages

project, author, release = "Clarify", "The authors of Clarify", clarify_errors.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc", "sphinxcontrib.mermaid"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
html_theme = "furo"
html_title = f"Clarify {release}"
nitpicky = True
myst_enable_extensions = ["colon_fence"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
autodoc_typehints = "none"  # the docstrings have types, with shapes
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
suppress_warnings = ["myst.header"]  # a notebook may begin below a first-level heading


def setup(app: Sphinx) -> None:
    app.connect("source-read", _as_page)


def _as_page(app: Sphinx, name: str, source: list[str]) -> None:
    text = source[0]
    if app.env.doc2path(name).suffix == ".ipynb":
        text = _notebook(name, text)
    source[0] = OUTSIDE.sub(_outside, text)


def _outside(link: re.Match[str]) -> str:
    """A link to a file that is no page: to the repository where it has an address, else the words alone."""
    words, path = link.groups()
    if not (ROOT / path).exists():
        return link.group()  # a broken link, which is an error
    return f"[{words}](https://github.com/{REPOSITORY}/blob/main/{path})" if REPOSITORY else words


def _notebook(name: str, text: str) -> str:
    """A notebook's cells as a page, with where it can be run."""
    cells = [
        "".join(cell["source"])
        if cell["cell_type"] == "markdown"
        else "```python\n" + "".join(cell["source"]) + "\n```"
        for cell in json.loads(text)["cells"]
    ]
    if REPOSITORY:
        path = f"{REPOSITORY}/blob/main/docs/{name}.ipynb"
        binder = f"https://mybinder.org/v2/gh/{REPOSITORY}/main?labpath=docs/{name}.ipynb"
        cells.insert(
            1, f"[Open in Colab](https://colab.research.google.com/github/{path}) · [Open in Binder]({binder})"
        )
    return "\n\n".join(cells)
