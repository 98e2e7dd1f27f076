"""That what is not in pairs is compared as two runs, or not at all, and that rows which differ are counted."""

from typing import Any

import pytest

from stages.lib.common import write_text
from tests.diff.commits import Commits, scores


def put(commits: Commits, key: str, value: Any) -> None:
    section, _, name = key.partition(".")
    if section == "cv":
        commits.params["cv"][name] = value
    else:
        commits.params[key] = value


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("data.target", "z", "data.target: y → z"),
        ("cv.scoring", "roc_auc", "cv.scoring: accuracy → roc_auc"),
    ],
)
def test_what_has_no_common_unit_has_no_difference(
    commits: Commits, said: Any, key: str, value: Any, told: str
) -> None:
    put(commits, key, value)
    commits.fresh["lr"] = ("lr=0.1", scores(0.75, 9), "")
    commits.commit("after")
    first, *rest = said("before", "after")
    assert first.startswith(f"Use linear, as before. Not comparable: {told}.")
    assert "- lr, the same pick: 0.7000 ± 0.0200 before, 0.7500 ± 0.0200 now, not compared" in rest


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("seed", 8, "seed: 7 → 8"),
        ("data.sample", 0.5, "data.sample: 1.0 → 0.5"),
        ("cv.groups", "who", "cv.groups: null → who"),
    ],
)
def test_what_is_not_in_pairs_is_compared_as_two_runs(
    commits: Commits, said: Any, key: str, value: Any, told: str
) -> None:
    put(commits, key, value)
    commits.fresh["lr"] = ("lr=0.1", scores(0.75, 9), "")
    commits.commit("after")
    first = said("before", "after")[0]
    assert first == (
        "Use linear, as before; the kept net, width: could be chance, +0.0000 ± 0.0283. "
        f"Not in pairs ({told}), so compared as two independent runs. "
        "Higher by more than chance (p = 0.0022): lr, the same pick: 0.7000 ± 0.0200 before, 0.7500 ± 0.0200 now, "
        "+0.0500 ± 0.0283."
    )


def test_other_data_are_not_in_pairs_though_git_does_not_have_them(commits: Commits, said: Any) -> None:
    write_text(commits.project.folder / ".gitignore", "data/\n")
    commits.git("rm", "--quiet", "--cached", "data/rows.csv")
    commits.commit("ignored")
    commits.hashes |= {"data/rows.csv": "other", "requirements.txt": "3"}
    commits.commit("after")
    first, *rest = said("ignored", "after")
    assert "Not in pairs (data/rows.csv has other bytes), so compared as two" in first
    causes = rest[rest.index("What the runs differ in, by dvc.lock:") + 1 :]
    assert causes == ["- data: data/rows.csv has other bytes", "- package: - torch==2", "- package: + torch==3"]
