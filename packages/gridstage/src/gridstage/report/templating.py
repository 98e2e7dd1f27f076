"""Fills the templates of the report and of the Markdown on changes."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from gridstage.told.tables import TextTable, cell, code

_TEMPLATES = Path(__file__).parent / "templates"


def fill(template: str, **content: Any) -> str:
    """Fill a template from the folder `templates` beside this file; HTML is escaped, and a missing name is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (breakable, cell, code)
    environment.filters |= {each.__name__: each for each in filters}
    environment.globals["TextTable"] = TextTable
    return environment.get_template(template).render(**content)


def breakable(text: str, least: int = 0) -> Markup:
    """Write a text as HTML in which words of at least `least` characters can wrap after `_` and `__`."""

    def joints(word: re.Match[str]) -> str:
        if len(word[0]) < least:
            return word[0]
        return re.sub(r"(_+)(?=[A-Za-z0-9])", r"\1<wbr>", word[0])

    return Markup(re.sub(r"\S+", joints, str(escape(text))))
