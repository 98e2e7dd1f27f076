"""Fills the templates of the report and of the pull request's comment."""

import re
import shlex
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from stages.lib.changes.markdown import cell, code
from stages.lib.common import format_value


def fill(template: str, **content: Any) -> str:
    """Fill a template from the folder `templates` beside this file; HTML is escaped, and a missing name is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    own = (setting, breakable, cell, code)
    environment.filters |= {"quote": shlex.quote} | {function.__name__: function for function in own}
    return environment.get_template(template).render(**content)


def setting(value: Any) -> str:
    """Write a value as params.yaml does, and a dash if there is none."""
    return "–" if value is None else format_value(value) or "''"


def breakable(text: str) -> Markup:
    """Write a text as HTML in which long names can wrap after `_`, `.` or `=`."""
    return Markup(re.sub(r"(_+|[.=])(?=[A-Za-z])", r"\1<wbr>", str(escape(text))))
