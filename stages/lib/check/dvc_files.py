"""Finds what keeps DVC itself from running: a broken setting, a broken lock file, a trace of a killed run."""

import json
from collections.abc import Iterator
from pathlib import Path

from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

from stages.lib.check.dvc_keys import PIPELINE
from stages.lib.config import yaml12

_CONFIG, _RUNNING, _LOCK = Path(".dvc/config"), Path(".dvc/tmp/rwlock"), Path("dvc.lock")


def broken_files(conflicts: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each file that DVC can't read; other sentences are about those with `conflicts` of git."""
    if _CONFIG.is_file():
        try:
            ConfigObj(str(_CONFIG), encoding="utf-8")
        except (ConfigObjError, UnicodeDecodeError) as error:
            cause = str(error).splitlines()[0].rstrip(".")
            yield f"{_CONFIG} can't be read: {cause}. Fix it there, or restore it: `git checkout -- {_CONFIG}`."
    if _RUNNING.is_file():
        try:
            json.loads(_RUNNING.read_bytes())
        except ValueError:
            cause = "as after a kill while DVC wrote it, so no `dvc repro` runs"
            yield f"{_RUNNING} is broken, {cause}. Delete it: `rm {_RUNNING}`."
    for path, remedy in ((Path(PIPELINE), "Fix it there, or restore it"), (_LOCK, "Restore it, and run `dvc repro`")):
        if path.is_file() and str(path) not in conflicts:
            try:
                is_whole = isinstance(yaml12.load(path.read_text(encoding="utf-8")), dict)
                problem = "" if is_whole else "it is empty or not a mapping"
            except yaml12.NotYAMLError as error:
                problem = str(error)
            except UnicodeDecodeError:
                problem = "it is not UTF-8"
            if problem:
                yield f"{path} is broken: {problem}. {remedy}: `git checkout -- {path}`."
