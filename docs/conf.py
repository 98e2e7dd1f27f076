"""Settings of Sphinx for the site of the documentation: `make site`.

The sources are pages of the whole repository, so that each link leads on the site where it leads on GitHub: to a page,
or to a file, which is then copied as a download.
"""

import atexit
import gc
import re
from typing import ClassVar

import mermaidx
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

project = html_title = "Grid search for PyTorch"
root_doc = "docs/README"
include_patterns = [
    "*.md",
    "*/README.md",
    "docs/*.md",
    "docs/reference/*.md",
    "packages/*/README.md",
    "packages/*/CHANGELOG.md",
]
# Folders in which no page is looked for.
exclude_patterns = [".*", "dist", "site"]

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
# Quotes stay as they are typed, in docstrings around text of Python.
smartquotes = False

# Single backticks are code, which leads to what it names if that is public.
default_role = "py:obj"
# The sections of a docstring have the types.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

html_theme = "furo"
pygments_dark_style = "github-dark"
html_static_path = ["static"]
html_css_files = ["site.css"]
# The first page of the site's folder leads to that of docs/.
html_additional_pages = {"index": "index.html"}
templates_path = ["templates"]
html_copy_source = html_show_sourcelink = html_show_copyright = html_use_index = False
html_domain_indices = False
# A browser reads no other page of a site that lies on a disk, so the search shows titles alone.
html_show_search_summary = False


class Mermaid(SphinxDirective):
    """Draws a block of Mermaid, as GitHub does, without a script in the page."""

    has_content: ClassVar = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing as a part of the page."""
        drawn = mermaidx.render("\n".join(self.content)).svg()
        return [nodes.raw("", f'<div class="mermaid">{drawn}</div>', format="html")]


def add_contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Make the contents, at the side of every page, of the list at the end of the first page."""
    if name != app.config.root_doc:
        return
    _, _, list_of_pages = source[0].partition("\n## All pages\n")
    for part in list_of_pages.split("\n### ")[1:]:
        heading, _, items = part.partition("\n")
        pages = re.findall(r"^- \[(.+)\]\((.+)\.md\)", items, re.MULTILINE)
        entries = "\n".join(f"{title} <{page}>" for title, page in pages)
        source[0] += (
            f"\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{entries}\n```\n"
        )


def setup(app: Sphinx) -> None:
    """Tell Sphinx of what is above."""
    app.add_directive("mermaid", Mermaid)
    app.connect("source-read", add_contents)
    # Importing gridstage asks for this, and mermaidx would say then that its objects leak.
    app.connect("build-finished", lambda *_: atexit.unregister(gc.freeze))
