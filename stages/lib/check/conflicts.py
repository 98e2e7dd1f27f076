"""Finds the conflict markers that a merge of git leaves in the files that stages and DVC read."""

from collections.abc import Iterator
from pathlib import Path

from stages.lib.check.dvc_keys import PIPELINE
from stages.lib.config import PARAMS_FILE
from stages.lib.config.yaml12 import conflict_line, on_conflict

# What people write, and what runs write, which is taken from one side and written again.
_WRITTEN = (PARAMS_FILE, PIPELINE)
_RESULTS = "dvc.lock metrics models"


def find_conflicts() -> dict[str, int]:
    """Return the files with conflict markers, and the line of the first marker in each, counted from 1."""
    tables = sorted(path for path in Path("metrics").rglob("*") if path.suffix in {".json", ".csv"})
    lines = {}
    for path in [Path(name) for name in (*_WRITTEN, "dvc.lock")] + tables:
        content = path.read_bytes() if path.is_file() else b""
        if line := conflict_line(content):
            lines[path.as_posix()] = line
    return lines


def what_to_do(lines: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each file with conflicts that people edit, and one for all results."""
    for file in _WRITTEN:
        if file in lines:
            yield f"{file}: {on_conflict(lines[file])}."
    results = [file for file in lines if file not in _WRITTEN]
    if results:
        first, *others = results
        more = f" ({len(others)} more file{'s have' if len(others) > 1 else ' has'} some)" if others else ""
        yield (
            f"{first}: line {lines[first]} is a conflict marker of git{more}. Take one side of all results: "
            f"`git restore --source HEAD --staged --worktree --ignore-unmerged {_RESULTS}`. Then run `dvc repro`; "
            "docs/pull-requests.md says more."
        )
