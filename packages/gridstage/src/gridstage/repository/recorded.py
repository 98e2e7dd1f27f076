"""The params, code and data that the results of a commit are from, by its dvc.lock."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from gridstage.common.artifacts import BROKEN
from gridstage.config import PARAMS_FILE, yaml12
from gridstage.repository.pipeline import LOCK, PIPELINE, Pipeline, flat, pipeline_of
from gridstage.repository.snapshot import Snapshot
from gridstage.results import Results

_FIX = "Fix it; `gridstage check` says where."

Read = TypeVar("Read")


class LockedResults(Results):
    """The results of a commit, or of the working tree, and what dvc.lock says they are from."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.snapshot = snapshot

    @cached_property
    def settings(self) -> dict[str, Any] | None:
        """The content of params.yaml; None if there is none."""
        return self._written(
            PARAMS_FILE, "a mapping in YAML", lambda text: dict(yaml12.load(text)), _FIX
        )

    @cached_property
    def pipeline(self) -> Pipeline | None:
        """The stages that dvc.yaml has; None if there is none."""
        return self._written(
            PIPELINE,
            "a pipeline of DVC",
            lambda text: pipeline_of(text, self.settings),
            _FIX,
        )

    @cached_property
    def stages(self) -> dict[str, dict[str, Any]]:
        """What dvc.lock says of each stage that dvc.yaml has."""
        recorded = self._written(LOCK, "what DVC writes", _stages, "Run `dvc repro`.")
        found, pipeline = recorded or {}, self.pipeline
        if pipeline is None:
            return found
        return {name: each for name, each in found.items() if pipeline.has(name)}

    def params(self, stage: str) -> dict[str, Any]:
        """Return the params that a stage was run with, by keys such as `cv.n_splits`."""
        return flat(self.recorded(stage))

    def recorded(self, stage: str) -> dict[str, Any]:
        """Return the params that a stage was run with, by the keys of dvc.yaml, such as `experiments`."""
        return dict(self.stages.get(stage, {}).get("params", {}).get(PARAMS_FILE, {}))

    def hashes(self, stage: str) -> dict[str, str]:
        """Return the hashes of the code and data that a stage was run with, by path."""
        return self._hashes(stage, "deps")

    def outputs(self, stage: str) -> dict[str, str]:
        """Return the hashes of what a stage wrote, by path."""
        return self._hashes(stage, "outs")

    def _hashes(self, stage: str, kind: str) -> dict[str, str]:
        files = self.stages.get(stage, {}).get(kind, [])
        return {each["path"]: str(each.get("md5")) for each in files}

    @cached_property
    def tables(self) -> dict[str, str]:
        """The hashes of the CSV files that stages were run with, by path."""
        tables: dict[str, str] = {}
        for stage in self.stages:
            path = str(self.params(stage).get("data.path"))
            files = self.outputs(stage) | self.hashes(stage)
            if path in files:
                tables[path] = files[path]
        return tables

    def _written(
        self, path: str, what: str, read: Callable[[str], Read], again: str
    ) -> Read | None:
        """Return the content of a file that is no result; None if it is missing."""
        if (text := self.snapshot.text(path)) is None:
            return None
        try:
            return read(text)
        except BROKEN:
            problem = f"is not {what}, so nothing can be compared with it"
            raise self.snapshot.refused(path, problem, again) from None


def _stages(text: str) -> dict[str, dict[str, Any]]:
    """Return what a dvc.lock says of each stage; raises an error of Python's own if it is broken."""
    stages = yaml12.load(text)["stages"] or {}
    return {str(name): dict(each) for name, each in stages.items()}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the keys, sorted, whose values differ or exist on one side only, without the sections of such keys."""
    names = sorted({*before, *after})
    keys = [key for key in names if before.get(key) != after.get(key)]
    sections: set[str] = set()
    for key in keys:
        sections |= _sections(key)
    return [key for key in keys if key not in sections]


def _sections(key: str) -> set[str]:
    """Return what a key is in: `cv` and `cv.time` for `cv.time.gap`."""
    parts = key.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}
