"""Finds what keeps DVC itself from running: a broken setting, a broken lock file, a trace of a killed run."""

import json
from collections.abc import Iterator
from pathlib import Path

from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

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
    if _LOCK.is_file() and str(_LOCK) not in conflicts:
        try:
            whole = isinstance(yaml12.load(_LOCK.read_text(encoding="utf-8")), dict)
            problem = "" if whole else "it is empty or not a mapping"
        except yaml12.NotYAMLError as error:
            problem = str(error)
        except UnicodeDecodeError:
            problem = "it is not UTF-8"
        if problem:
            yield f"{_LOCK} is broken: {problem}. Restore it: `git checkout -- {_LOCK}`. Then run `dvc repro`."
