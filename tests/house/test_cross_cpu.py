"""What `make cross-cpu` says of files that differ, and of those that only one machine writes."""

from pathlib import Path

import pytest

from benchmarks.cross_cpu.__main__ import hashes, same


def written(folder: Path, files: dict[str, str]) -> dict[str, str]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return hashes(folder)


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    return written(tmp_path / "here", {"metrics/a/b.csv": "1", "models/c": "2", "log": "3"})


@pytest.mark.parametrize(
    ("files", "n_same", "differing"),
    [
        ({"metrics/a/b.csv": "1", "models/c": "2", "log": "4"}, "2 of 2", []),
        ({"metrics/a/b.csv": "1"}, "1 of 2", ["models/c"]),
        ({"metrics/a/b.csv": "9", "metrics/e": "5", "models/c": "2"}, "1 of 3", ["metrics/a/b.csv", "metrics/e"]),
    ],
)
def test_files_that_differ_are_named(
    files: dict[str, str],
    n_same: str,
    differing: list[str],
    here: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert same("emulated x", here, written(tmp_path / "there", files)) == (not differing)
    lines = [f"emulated x: {n_same} files are the same as here", *(f"  differs: {name}" for name in differing)]
    assert capsys.readouterr().out.splitlines() == lines
