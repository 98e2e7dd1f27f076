"""Fills the templates of the report and of the pull request's comment."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def fill(template: str, **content: Any) -> str:
    """Fill a template of `stages/lib/templates`; HTML is escaped, and a name that is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": lambda text: f"`{text}`", "signed": signed, "dash": dash, "cell": cell}
    return environment.get_template(template).render(**content)


def signed(difference: float | None) -> str:
    """Write a difference with its sign, without the noise of its last bits."""
    return "" if difference is None else f"{difference:+.6g}"


def cell(value: Any) -> str:
    """Write a value so that it stays inside one cell of a Markdown table."""
    return str(value).replace("|", "\\|").replace("`", "'").replace("\n", " ")


def dash(value: Any) -> Any:
    """Put a dash where there is no value."""
    return "–" if value is None else value
