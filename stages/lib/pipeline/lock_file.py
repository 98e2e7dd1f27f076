"""The text of dvc.lock, stage by stage. DVC itself keeps stages there that dvc.yaml no longer has."""

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
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    lines = text.splitlines(keepends=True)
    keys = {key.value: (key, value) for key, value in root.value} if isinstance(root, yaml.MappingNode) else {}
    place, stages = keys.get("stages", (None, None))
    if place is None or not isinstance(stages, yaml.MappingNode) or not stages.value or stages.flow_style:
        raise ValueError("it has no stages, a block each")
    starts = [key.start_mark.line for key, _ in stages.value]
    later = [key.start_mark.line for key, _ in keys.values() if key.start_mark.line > place.start_mark.line]
    ends = [*starts[1:], min(later, default=len(lines))]
    names = [str(key.value) for key, _ in stages.value]
    blocks = ["".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    return LockText("".join(lines[: starts[0]]), dict(zip(names, blocks, strict=True)), "".join(lines[ends[-1] :]))


def drop_strays() -> list[str]:
    """Delete the stages from dvc.lock that dvc.yaml no longer has, and return their names.

    A file that can't be read is left as it is, because other checks name it; and while another process of DVC is at
    work, the stages stay for the next time, because that process may be writing the file. A running `dvc repro` reads
    the file again before it writes it.
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
