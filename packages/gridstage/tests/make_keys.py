"""What the keys of params.yaml mean, where people read it: `python -m packages.gridstage.tests.make_keys` renews it.

The texts are the docstrings below the keys in the room config; they stand in docs/params.md and as comments in
params.yaml.
"""

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gridstage.config import Column, Experiment, Params
from gridstage.config.meanings import comments, meanings
from packages.gridstage.tests.project import ROOT, text_of
from packages.gridstage.tests.read_sample import SAMPLE

_BEGIN = "<!-- keys: python -m packages.gridstage.tests.make_keys -->\n\n"
_END = "\n<!-- end of the keys -->"


def commented(text: str) -> str:
    """Return a params.yaml, in which what its keys mean stands above them."""
    sections = {"": [*meanings()]}
    for section, key in re.findall(r"^(\w+):|^  (\w+):", text, re.MULTILINE):
        sections.setdefault(section or [*sections][-1], []).extend([key] if key else [])
    above = {name: comments(name, keys) for name, keys in sections.items()}
    section, pending, lines = "", "", []
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("#"):
            pending += line
            continue
        if match := re.match(r"(  )?(\w+):", line):
            home = section if match[1] else ""
            section = section if match[1] else match[2]
            if match[2] in meanings(home):
                pending = above[home][match[2]]
        lines += [pending, line]
        pending = ""
    return "".join([*lines, pending])


def listed() -> str:
    """Return a list of all keys, with their defaults and what they mean."""
    items: list[str] = []
    for section, field in Params.model_fields.items():
        keys = getattr(field.annotation, "model_fields", {})
        if section == "experiments":
            items += _items("experiments.NAME.", Experiment.model_fields)
        elif not keys:
            items += _items("", {section: field})
        for key, each in keys.items():
            items += _items(f"{section}.", {key: each})
            if (section, key) == ("data", "columns"):
                items += _items("data.columns.NAME.", Column.model_fields)
    return "".join(items)


def _items(place: str, fields: dict[str, Any]) -> list[str]:
    items = []
    for key, field in fields.items():
        default = "" if field.is_required() else json.dumps(field.default).strip('"')
        told = f" (`{default}`)" if default else ""
        meaning = " ".join(field.description.split())
        item = textwrap.fill(
            f"- `{place}{key}`{told}: {meaning}",
            120,
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        items.append(f"{item}\n")
    return items


def with_list(page: str) -> str:
    """Return docs/params.md with the list of all keys."""
    before, _, rest = page.partition(_BEGIN)
    return before + _BEGIN + listed() + _END + rest.partition(_END)[2]


def main() -> None:
    _renew(ROOT / "docs/params.md", with_list)
    for folder in (ROOT, SAMPLE):
        _renew(folder / "params.yaml", commented)


def _renew(path: Path, renewed: Callable[[str], str]) -> None:
    text = renewed(text_of(path))
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
