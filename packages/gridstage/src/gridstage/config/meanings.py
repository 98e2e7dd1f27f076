"""What each key of params.yaml means, as comments in the file: the descriptions of the sections' fields."""

import textwrap
from collections.abc import Iterable

from gridstage.config.schema import Params

# Keys whose value may end with a list or a folded text, right behind which DVC loses a comment.
_LOSING = {"url", "na_values", "columns", "also_score", "class_weight"}
_WIDTH = 120


def meanings(section: str = "") -> dict[str, str]:
    """Return what each key of a section means or, by default, what each section is."""
    model = Params.model_fields[section].annotation if section else Params
    fields = getattr(model, "model_fields", {})
    return {
        key: " ".join(str(field.description).split()) for key, field in fields.items()
    }


def comments(section: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the comment above each of these keys of a section, lines that end with a newline; "" where none may be."""
    known, before, found = meanings(section), "", {}
    indent = "  # " if section else "# "
    for key in keys:
        text = "" if before in _LOSING else known.get(key, "")
        lines = textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        found[key] = "".join(f"{line}\n" for line in lines)
        before = key
    return found
