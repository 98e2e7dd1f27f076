"""A problem as an object: where it is, what was found and what to do; its text is the only sentence made of it."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

PARAMS_FILE = "params.yaml"


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and what to do.

    `finding` follows the place in a sentence, as `is 1` follows `params.yaml: cv.n_splits`; it begins with a colon or a
    comma where it does not go on with the sentence. A `remedy` that begins with a capital letter is a sentence. The
    place is a key of a YAML file, such as `experiments.mine.grid.lr[0]`, or a line, counted from 1, and a column; line
    0 stands for the one where the YAML file has the key. `row`, also from 1, is for files without lines.
    """

    finding: str
    remedy: str = ""
    file: str = ""
    key: str = ""
    line: int = 0
    column: str = ""
    row: int = 0

    def __str__(self) -> str:
        """Return the problem as a sentence."""
        parts = {"line": self.line, "row": self.row, "column": self.column}
        place = ", ".join(f"{part} {where}" for part, where in parts.items() if where)
        start = ": ".join(filter(None, (self.file, self.key or place)))
        blank = "" if not start or self.finding.startswith((":", ",")) else " "
        text = f"{start}{blank}{self.finding}"
        if self.remedy:
            text = f"{text.rstrip('.')}{self._way_out}"
        if self.key and (line := self.line or line_of(self.file, self.key)):
            return f"{text} (line {line})"
        return text

    @property
    def _way_out(self) -> str:
        """The remedy, with what is between the finding and it."""
        if not self.remedy[0].isupper():
            return f"; {self.remedy}"
        end = "" if self.remedy.endswith((".", "?")) else "."
        return f". {self.remedy}{end}"


def in_params(key: str, finding: str, remedy: str = "") -> Problem:
    """Return a problem of a key of params.yaml."""
    return Problem(finding, remedy, PARAMS_FILE, key)


def line_of(file: str, key: str) -> int:
    """Return the line of a key in a YAML file, or of what it belongs to if it is missing; 0 if neither is there."""
    try:
        node = _root(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    line = 0
    while node and (step := _step(node, key)):
        at, node, key = step
        line, key = at.start_mark.line + 1, key.removeprefix(".")
    return line


@lru_cache(maxsize=1)
def _root(text: str) -> Any:
    """Return the root node of a text in YAML; None if it is not YAML."""
    import yaml  # not at the top: without the environment, the sentence that says so is made in this room

    try:
        return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None


def _step(node: Any, key: str) -> tuple[Any, Any, str] | None:
    """Return the node where the next step of a key stands, its value, and the steps behind it."""
    if node.id == "mapping":
        # A name may contain dots, as columns do, so the longest one that fits is meant.
        for name, value in sorted(
            node.value, key=lambda item: -len(str(item[0].value))
        ):
            if name.value and re.match(rf"{re.escape(str(name.value))}(?![\w-])", key):
                return name, value, key[len(name.value) :]
    index = re.match(r"\[(\d+)\]", key)
    if index and node.id == "sequence" and int(index[1]) < len(node.value):
        item = node.value[int(index[1])]
        return item, item, key[index.end() :]
    return None
