"""A project with a table of its own takes over a change of code and of keys, as docs/your-project.md says."""

from pathlib import Path

import pytest

from tests.house.test_upgrade import copied, text, write
from tests.project import IDENTITY, Project


def replace(project: Project, name: str, old: str, new: str) -> None:
    assert old in text(project, name)
    write(project, text(project, name).replace(old, new, 1), name)


@pytest.mark.long
def test_a_table_of_ones_own_outlives_a_change_of_code_and_keys(reproduced: Project, tmp_path: Path) -> None:
    upstream = reproduced.clone(tmp_path / "upstream")
    schema, key = "stages/lib/config/statistics.py", "    rope: "
    replace(upstream, schema, key, f"    old: int = 1\n{key}")
    replace(upstream, "params.yaml", "statistics:\n", "statistics:\n  old: 1\n")
    upstream.commit_all("A key")

    own = copied(upstream, tmp_path / "own")
    rows = "".join(f"{n},{n * 7 % 30},{'high' if n % 30 > 14 else 'low'}\n" for n in range(90))
    write(own, f"size,weight,kind\n{rows}", "data/mine.csv")
    own.stage("adopt", "data/mine.csv", "kind")
    replace(own, "params.yaml", "statistics:\n", "statistics:\n  old: 1\n")
    own.run("dvc", "repro")
    own.commit_all("My table")

    replace(upstream, schema, "    old: int = 1\n", "    new: int = 2\n")
    replace(upstream, "params.yaml", "  old: 1\n", "  new: 2\n")
    replace(upstream, "dvc.yaml", "statistics.rope", "statistics.rope, statistics.new")
    write(upstream, "newer\n", "metrics/leaderboard.csv", "metrics/search/theirs.json", "data/theirs.csv")
    upstream.commit_all("Another key, and other results")

    before = own.metrics()
    done = own.make("upgrade", ok=False, variables=IDENTITY)
    assert "upstream has added statistics.new; its value there is 2" in done.stdout
    assert "upstream has removed statistics.old" in done.stdout
    assert "statistics.old is unknown" in done.stderr
    assert "statistics.new is missing, and dvc.yaml reads it; add `new: 2`" in done.stderr
    assert own.metrics() == before

    replace(own, "params.yaml", "  old: 1\n", "  new: 2\n")
    own.make("check")
    assert own.make("status", ok=False).returncode == 2
    own.run("dvc", "repro")
    own.git("add", "--all")
    own.git("commit", "--quiet", "--no-edit")
    own.make("status")
    assert own.git("log", "--format=%s", "-1").startswith("Take over upstream's ")
    assert own.metrics() == before
    assert not (own.folder / "data/theirs.csv").exists()
