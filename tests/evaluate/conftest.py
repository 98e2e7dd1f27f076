"""A folder in which the stage evaluate has run."""

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages import evaluate
from stages.lib.common import write_text
from stages.lib.config import Params, load_params
from stages.lib.results import Results
from stages.lib.results.reading import WorkingTree
from tests.evaluate.settings import write_baselines, write_best, write_fresh
from tests.project import small_params
from tests.read_sample import SAMPLE, load_real_data


@dataclass(frozen=True)
class Evaluated:
    """A folder in which the stage has run, and what it printed."""

    folder: Path
    shown: str

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @property
    def results(self) -> Results:
        return Results(WorkingTree(self.folder))

    def params(self) -> Params:
        return load_params(self.folder / "params.yaml")


def write_params(folder: Path, raw: dict[str, Any]) -> None:
    """Write params.yaml, for the data of the project."""
    raw["data"]["path"] = str(SAMPLE / raw["data"]["path"])
    write_text(folder / "params.yaml", yaml.safe_dump(raw, sort_keys=False, allow_unicode=True))


@pytest.fixture(scope="package")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Run the stage on results written by hand."""
    folder = tmp_path_factory.mktemp("evaluated")
    raw = small_params()
    raw["experiments"] = {name: raw["experiments"][name] for name in ("dropout", "neurons")}
    raw["cv"] |= {"n_repeats": 2, "also_score": ["roc_auc"]}
    raw["evaluate"]["keep"] = "combined"
    write_params(folder, raw)
    params = Params.model_validate(raw)
    write_best(params, folder)
    write_baselines(params, folder, 6)
    write_fresh(params, folder, load_real_data(params))
    shown = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(shown):
        patch.chdir(folder)
        evaluate.main()
    return Evaluated(folder, shown.getvalue())


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
