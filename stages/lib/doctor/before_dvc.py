"""What DVC would stop at, in words of its own: no repository, conflicts of git, broken files, keys that are missing.

DVC reads the keys that dvc.yaml names even where they have a default.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from stages.lib.changes.revisions import unmerged
from stages.lib.changes.staleness import is_result
from stages.lib.common import Problem, UserError, in_params
from stages.lib.common.git import git
from stages.lib.config import Params, yaml12
from stages.lib.config.yaml12 import conflict_line, on_conflict
from stages.lib.pipeline import LOCK, PIPELINE

_CONFIG = Path(".dvc/config")
# What dvc.yaml inserts, as in `${cv.n_splits}`.
_INSERTED = re.compile(r"\$\{([a-z_]+(?:\.[a-z_0-9]+)*)\}")


def no_repository() -> Iterator[Problem]:
    """Yield why DVC runs no stage here; it needs a repository, but not the command `git`."""
    if _CONFIG.is_file() and not _has_repository() and "no_scm = true" not in _CONFIG.read_text(encoding="utf-8"):
        finding = "This folder is not a git repository, as after the download of an archive, so DVC runs no stage"
        yield Problem(finding, "Make it one: `git init && git add --all && git commit --message Start`.")


def git_says_nothing() -> Iterator[str]:
    """Yield a note if git compares nothing here."""
    try:
        if _CONFIG.is_file() and _has_repository():
            git("rev-parse")
    except UserError as error:
        yield f"{error} Until then, `make repro` can't compare its results with the committed ones"


def _has_repository() -> bool:
    return any((folder / ".git").exists() for folder in (Path.cwd(), *Path.cwd().parents))


def broken_files() -> Iterator[Problem]:
    """Yield a problem for each file that DVC can't read, and for the results that both sides of a merge have changed.

    Such results have no conflict markers: .gitattributes says so of them.
    """
    for name in (PIPELINE, LOCK):
        if Path(name).is_file():
            text = Path(name).read_text(encoding="utf-8", errors="replace")
            try:
                yaml12.load(text)
            except yaml12.NotYAMLError as error:
                line = conflict_line(text.encode())
                remedy = f"Fix it there, or restore it: `git checkout -- {name}`."
                yield on_conflict(name, line) if line else error.problem(name, remedy)
    if results := list(filter(is_result, unmerged())):
        finding = ": both sides of a merge changed it" + (f", and {len(results) - 1} more" if len(results) > 1 else "")
        yield Problem(finding, "Run `make merge`; docs/pull-requests.md says more.", results[0])


def missing_keys(content: dict[str, Any], params: Params) -> Iterator[Problem]:
    """Yield each key that dvc.yaml reads and params.yaml leaves to its default.

    `content` is what stands in params.yaml, and `params` the same with defaults.
    """
    for key in _keys():
        section, value = content, params
        for step in key.split("."):
            if not hasattr(value, step) or not isinstance(section, dict):
                break  # a wrong section has a problem of its own, and a further key of dvc.yaml is the user's own
            value = getattr(value, step)
            if step not in section:
                if not isinstance(value, BaseModel):  # a missing section has a problem of its own
                    line = yaml.safe_dump({step: value}, default_flow_style=True, width=1000).strip()[1:-1]
                    yield in_params(key, "is missing, and dvc.yaml reads it", f"add `{line}`, which is its default")
                break
            section = section[step]


def _keys() -> list[str]:
    """Return the keys of params.yaml that dvc.yaml reads; none if that is missing or broken."""
    try:
        pipeline = Path(PIPELINE).read_text(encoding="utf-8")
        stages = yaml12.load(pipeline).get("stages", {}).values()
    except (OSError, yaml12.NotYAMLError, AttributeError):
        return []
    keys = [key for stage in stages for key in stage.get("do", stage).get("params", [])]
    inserted = _INSERTED.findall(pipeline)
    return sorted({key for key in (*inserted, *keys) if isinstance(key, str) and "$" not in key} - {"key", "item"})
