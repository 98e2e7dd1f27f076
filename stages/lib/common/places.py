"""Finds the key of a YAML file that a sentence is about, and its line."""

import re
from pathlib import Path
from typing import Any

# A sentence on a file begins with `FILE.yaml: KEY.KEY[0]`, or has `KEY.KEY in FILE.yaml` in it.
_BEGINS = re.compile(r"(?P<file>\S+\.yaml): (?P<place>.+)", re.DOTALL)
_MENTIONS = re.compile(r"(?P<place>[a-z_]+\.\S+) in (?P<file>\S+\.yaml)")
_KEY = re.compile(r"(?:\S+\.yaml: )?([\w.-]*\w)")
_PLACE = re.compile(r"[a-z_]+\.[\w.-]*\w")


def place_of(sentence: str) -> str:
    """Return the key, such as `experiments.mine.grid.lr`, that a sentence on a YAML file begins with; "" if none."""
    key = _KEY.match(sentence)
    return key[1] if key else ""


def with_line(sentence: str) -> str:
    """Add the line of the file that a sentence, such as `params.yaml: cv.n_splits is 1: …`, is about: `(line 57)`.

    A place that is missing has the line of what it belongs to. Further lines, which show what to add, stay behind.
    """
    begins, mentions = _BEGINS.fullmatch(sentence), _MENTIONS.search(sentence)
    place = begins or mentions
    root = _read(place["file"]) if place else None
    if not place or not root:
        return sentence
    line = _line(root, place["place"])
    if not line and begins:  # the place stands further back
        line = next(filter(None, (_line(root, place, steps=2) for place in _PLACE.findall(sentence))), 0)
    if not line:
        return sentence
    first, newline, rest = sentence.partition("\n")
    # A line of another file, such as that of one's own net, is to be told from this one.
    has_file = (begins and ", line " not in first) or first.rstrip(".").endswith(place["file"])
    return f"{first} ({'' if has_file else place['file'] + ', '}line {line}){newline}{rest}"


def _read(file: str) -> Any:
    """Return the root node of a YAML file; None if it can't be read."""
    import yaml  # not at the top: without the environment, the sentence that says so is made in this room

    # In C, where PyYAML is built with it, because a file is read for each sentence.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=loader)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _line(node: Any, text: str, steps: int = 1) -> int:
    """Return the line of the place that a text begins with, counted from 1; 0 if it has fewer steps than `steps`."""
    line = done = 0
    while step := _step(node, text):
        at, node, text = step
        line, done, text = at.start_mark.line + 1, done + 1, text.removeprefix(".")
    return line if done >= steps else 0


def _step(node: Any, text: str) -> tuple[Any, Any, str] | None:
    """Return the node where the next step of a place stands, its value, and the text behind the step."""
    if node.id == "mapping":
        # A key may contain dots, as columns do, so the longest one that fits is meant.
        for key, value in sorted(node.value, key=lambda item: -len(str(item[0].value))):
            name = str(key.value)
            if name and text.startswith(name) and not re.match(r"[\w-]", text[len(name) :]):
                return key, value, text[len(name) :]
    index = re.match(r"\[(\d+)\]", text)
    if index and node.id == "sequence" and int(index[1]) < len(node.value):
        item = node.value[int(index[1])]
        return item, item, text[index.end() :]
    return None
