"""What DVC would stop at, in words of its own: conflicts of git, broken files, and keys that params.yaml lacks.

DVC reads the keys that dvc.yaml names even where they have a default.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]
from pydantic import BaseModel

from stages.lib.changes.revisions import stopped, unmerged
from stages.lib.changes.staleness import is_result
from stages.lib.common import UserError, counted
from stages.lib.config import PARAMS_FILE, Params, yaml12
from stages.lib.config.yaml12 import conflict_line, on_conflict
from stages.lib.pipeline import LOCK, PIPELINE

# What people write; runs write the other files with conflicts, which are taken from one side and written again.
_WRITTEN = (PARAMS_FILE, PIPELINE)
CONFIG = Path(".dvc/config")
# What dvc.yaml inserts, as in `${cv.n_splits}`.
_INSERTED = re.compile(r"\$\{([a-z_]+(?:\.[a-z_0-9]+)*)\}")


def find_conflicts() -> dict[str, int]:
    """Return the files with conflict markers, and the line of the first marker in each, counted from 1.

    Results that both sides of a merge have changed have no markers, but the line 0: .gitattributes says so of them.
    """
    tables = sorted(path for path in Path("metrics").rglob("*") if path.suffix in {".json", ".csv"})
    files = [path for path in (*map(Path, (*_WRITTEN, LOCK)), *tables) if path.is_file()]
    lines = {path.as_posix(): conflict_line(path.read_bytes()) for path in files}
    return dict.fromkeys(filter(is_result, unmerged()), 0) | {file: line for file, line in lines.items() if line}


def what_to_do(lines: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each file with conflicts that people edit, and one for all results."""
    for file in _WRITTEN:
        if file in lines:
            yield f"{file}: {on_conflict(lines[file])}."
    results = [file for file in lines if file not in _WRITTEN]
    if results:
        first, *others = results
        more = f" (and {counted(len(others), 'more file')})" if others else ""
        marker = f"line {lines[first]} is a conflict marker of git"
        problem = marker if lines[first] else "both sides of a merge changed it"
        take = f"git restore --source HEAD --staged --worktree --ignore-unmerged {LOCK} metrics models"
        remedy = (
            "Run `make merge`" if _is_stopped() else f"Take one side of all results: `{take}`. Then run `dvc repro`"
        )
        yield f"{first}: {problem}{more}. {remedy}; docs/pull-requests.md says more."


def _is_stopped() -> bool:
    with suppress(UserError):
        return stopped() is not None
    return False


def broken_files(conflicts: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each file that DVC can't read; other sentences are about those with `conflicts` of git."""
    if CONFIG.is_file():
        try:
            ConfigObj(str(CONFIG), encoding="utf-8")
        except (ConfigObjError, UnicodeDecodeError) as error:
            cause = str(error).splitlines()[0].rstrip(".")
            yield f"{CONFIG} can't be read: {cause}. Fix it there, or restore it: `git checkout -- {CONFIG}`."
    for name, remedy in {PIPELINE: "Fix it there, or restore it", LOCK: "Restore it, and run `dvc repro`"}.items():
        if not Path(name).is_file() or name in conflicts:
            continue
        try:
            content = yaml12.load(Path(name).read_text(encoding="utf-8"))
            problem = "" if isinstance(content, dict) else "it is empty or not a mapping"
        except UnicodeDecodeError:
            problem = "it is not UTF-8"
        except yaml12.NotYAMLError as error:
            problem = str(error)
        if problem:
            yield f"{name} is broken: {problem}. {remedy}: `git checkout -- {name}`."


def missing_keys(content: dict[str, Any], params: Params) -> Iterator[tuple[str, str]]:
    """Yield each key that dvc.yaml reads and params.yaml leaves to its default, with a sentence.

    `content` is what stands in params.yaml, and `params` the same with defaults.
    """
    if not Path(PIPELINE).is_file():
        return
    for key in _keys(Path(PIPELINE).read_text(encoding="utf-8")):
        section, value = content, params
        for step in key.split("."):
            if not hasattr(value, step) or not isinstance(section, dict):
                break  # a wrong section has a sentence of its own, and a further key of dvc.yaml is the user's own
            value = getattr(value, step)
            if step not in section:
                if isinstance(value, BaseModel):
                    break  # a missing section has a sentence of its own
                line = yaml.safe_dump({step: value}, default_flow_style=True, width=1000).strip()[1:-1]
                yield key, f"{PARAMS_FILE}: {key} is missing, and dvc.yaml reads it; add `{line}`, which is its default"
                break
            section = section[step]


def _keys(pipeline: str) -> list[str]:
    inserted = _INSERTED.findall(pipeline)
    try:
        stages = yaml12.load(pipeline).get("stages", {}).values()
    except (yaml12.NotYAMLError, AttributeError):  # which has a sentence of its own
        return []
    keys = [key for stage in stages for key in stage.get("do", stage).get("params", [])]
    return sorted({key for key in (*inserted, *keys) if isinstance(key, str) and "$" not in key} - {"key", "item"})
