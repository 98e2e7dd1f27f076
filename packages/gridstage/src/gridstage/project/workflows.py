"""The two workflows of a project: in its own repository, or in that of several projects, under names of its own."""

import json
import re
from collections.abc import Callable
from pathlib import Path

_PLACE = ".github/workflows"
_NAMES = "ci", "comment"
_MARKER = "<!-- grid search"
_JOBS = "permissions: {}\n"
# What means more than itself in a filter of paths.
_WILD = re.compile(r"[*?+\[\]!\\]")


def workflows(
    text_of: Callable[[str], str], folder: Path, root: Path | None
) -> dict[str, str]:
    """Return the workflows of a project in `folder`, by path relative to that; `root` is the top of its repository."""
    texts = {name: text_of(f"workflows/{name}.yml") for name in _NAMES}
    if root is None or root == folder:
        return {f"{_PLACE}/{name}.yml": text for name, text in texts.items()}
    inside = folder.relative_to(root)
    up = "../" * len(inside.parts)
    slug = re.sub(r"\W+", "-", inside.as_posix()).strip("-")
    return {
        f"{up}{_PLACE}/{name}-{slug}.yml": _of_folder(text, inside.as_posix(), slug)
        for name, text in texts.items()
    }


def _of_folder(text: str, inside: str, slug: str) -> str:
    """Return a workflow that runs in a folder of its repository, when something in there changes."""
    paths = json.dumps([f"{_WILD.sub(_escaped, inside)}/**"], ensure_ascii=False)
    place = json.dumps(inside, ensure_ascii=False)
    changes = {
        "name: ci\n": f"name: ci-{slug}\n",
        "name: comment\n": f"name: comment-{slug}\n",
        "workflows: [ci]\n": f"workflows: [ci-{slug}]\n",
        _MARKER: f"{_MARKER} {slug}",
        "branches: [main, master]\n": f"branches: [main, master]\n    paths: {paths}\n",
        "  pull_request:\n": f"  pull_request:\n    paths: {paths}\n",
    }
    if "  pull_request:\n" in text:  # what checks out the repository
        folder = f"defaults:\n  run:\n    working-directory: {place}\n"
        changes[_JOBS] = f"{_JOBS}\n{folder}"
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign.group()}"
