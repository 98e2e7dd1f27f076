"""`make status` says whether dvc.lock fits the files, and ends so that CI notices."""

from tests.project import Project


def test_results_of_other_files_fail(project: Project) -> None:
    fits = "dvc.lock fits the files."
    assert project.make("status").stdout == f"{fits}\n"

    # As after a merge on GitHub, which takes lines from both sides.
    leaderboard = project.folder / "metrics/leaderboard.csv"
    leaderboard.write_bytes(leaderboard.read_bytes() + b"\n")
    done = project.make("status", ok=False)
    assert done.returncode == 2
    assert "dvc.lock does not fit the files. Run `dvc repro`, and commit" in done.stderr
    assert "metrics/leaderboard.csv" in done.stdout
    assert fits not in done.stdout

    (project.folder / "dvc.lock").write_text("stages: [", encoding="utf-8")
    done = project.make("status", ok=False)
    assert done.returncode == 2
    assert "dvc.lock' is invalid" in done.stderr  # DVC's own words
    assert fits not in done.stdout
