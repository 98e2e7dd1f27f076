"""import-linter keeps the floors: `make test` runs it, and these tests show that it fails where it should."""

from pathlib import Path

import pytest

from tests.conftest import MakeProject
from tests.project import ROOT


@pytest.mark.parametrize(
    ("file", "planted", "told"),
    [
        ("data/dataset.py", "stages.lib.report.page", "stages.lib.data.dataset -> stages.lib.report.page (l.1)"),
        ("scores/scorer.py", "stages.lib.search", "stages.lib.scores.scorer -> stages.lib.search (l.1)"),
        ("lockstep/plan.py", "stages.lib.common", "stages.lib.lockstep.plan -> stages.lib.common (l.1)"),
        ("lockstep/plan.py", "stages.lib.network", "stages.lib.lockstep.plan -> stages.lib.network (l.1)"),
        (
            "lockstep/members/rows.py",
            "stages.lib.lockstep.stacks",
            "stages.lib.lockstep.members.rows -> stages.lib.lockstep.stacks (l.1)",
        ),
        ("winners/leaderboard.py", "stages.best_params", "stages.lib.winners.leaderboard -> stages.best_params (l.1)"),
    ],
    ids=["up", "same_floor", "engine_to_room", "engine_to_network", "member_to_stack", "library_to_stage"],
)
def test_a_planted_import_is_named_by_file_and_line(
    make_project: MakeProject, file: str, planted: str, told: str
) -> None:
    project = make_project()
    code = project.folder / "stages/lib" / file
    code.write_text(f"import {planted}\n{code.read_text(encoding='utf-8')}", encoding="utf-8")
    done = project.run("lint-imports", "--no-cache", ok=False)
    assert done.returncode == 1
    assert told in done.stdout


def test_a_room_without_a_floor_is_noticed(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "stages/lib/attic").mkdir()
    (project.folder / "stages/lib/attic/__init__.py").touch()
    done = project.run("lint-imports", "--no-cache", ok=False)
    assert done.returncode == 1
    assert "attic" in done.stdout


def test_folders_are_small() -> None:
    for folder in {file.parent for file in (ROOT / "stages").rglob("*.py")}:
        assert len(list(Path(folder).glob("*.py"))) <= 14, folder
