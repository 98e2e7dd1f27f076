"""The text of dvc.lock, stage by stage. DVC itself keeps stages there that dvc.yaml no longer has."""

import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import yaml
import zc.lockfile  # DVC's own

from stages.lib.common import write_text
from stages.lib.config import PARAMS_FILE, yaml12
from stages.lib.pipeline.stages import PIPELINE, pipeline_of

LOCK = "dvc.lock"
# Which DVC holds while it reads or writes files of its own, but not while a stage runs.
_HELD = Path(".dvc/tmp/lock")
# In C, where PyYAML is built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LockText(NamedTuple):
    """The lines of a dvc.lock: those of each stage by its name, and what stands before and behind the stages."""

    head: str
    stages: dict[str, str]
    tail: str

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join((self.head, *self.stages.values(), self.tail))


def split(text: str) -> LockText:
    """Return the lines of a dvc.lock by stage; raises `ValueError` if it is not in the form in which DVC writes it."""
    try:
        content = yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    found = re.search(r"^stages:\n((?:  .*\n)+)", text, re.MULTILINE)
    blocks = re.split(r"^(?=  \S)", found[1], flags=re.MULTILINE)[1:] if found else []
    stages = content.get("stages") if isinstance(content, dict) else None
    if not found or not isinstance(stages, dict) or len(stages) != len(blocks):
        raise ValueError("it has no stages, a block each")
    blocks_by_name = dict(zip(map(str, stages), blocks, strict=True))
    return LockText(text[: found.start(1)], blocks_by_name, text[found.end(1) :])


def drop_strays() -> list[str]:
    """Delete the stages from dvc.lock that dvc.yaml no longer has, and return their names.

    A file that can't be read is left as it is, because other checks name it. While another process of DVC is at work,
    the stages stay for the next time. A running `dvc repro` reads the file again before it writes it.
    """
    try:
        params = yaml12.load(Path(PARAMS_FILE).read_text(encoding="utf-8"))
        pipeline = pipeline_of(Path(PIPELINE).read_text(encoding="utf-8"), params)
        _HELD.parent.mkdir(exist_ok=True)  # DVC makes it at its first call
        held = zc.lockfile.LockFile(str(_HELD))
    except (OSError, ValueError, AttributeError, zc.lockfile.LockError):
        return []
    try:
        with suppress(OSError, ValueError):
            lock = split(Path(LOCK).read_text(encoding="utf-8"))
            strays = [name for name in lock.stages if not pipeline.has(name)]
            kept = {name: block for name, block in lock.stages.items() if name not in strays}
            if strays and kept:
                write_text(LOCK, lock._replace(stages=kept).text)
            elif strays:  # DVC does not read a file without stages
                Path(LOCK).unlink()
            return strays
    finally:
        held.close()
    return []
