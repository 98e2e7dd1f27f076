"""What is said to have caused a change, by the settings of both commits, and what is not in pairs then."""

from typing import Any

import pytest

from gridstage.common import write_text
from packages.gridstage.tests.diff.commits import UNCHANGED, Commits, scores

NAMES = [
    f"{name}_{kind}_"
    for name in ("xavier", "kaiming", "trunc")
    for kind in ("normal", "uniform")
]


def test_a_cause_shows_what_differs_in_settings(commits: Commits, said: Any) -> None:
    lists = {
        "grid.betas": ([0.1, 1, [0.9, 1]], [1, [0.8, 1], 2, 3, 4]),
        "grid.init": (NAMES, [*NAMES, "orthogonal_"]),
        "grid.kind": (NAMES, [each for each in NAMES if "kaiming" not in each]),
        "grid.order": ([1, 2], [2, 1]),
        "grid.rate": ({"uniform": [1, 2]}, {"uniform": [1, 3]}),
        "fixed.betas": ([0.9, 0.999], [0.8, 0.999]),
        "fixed.more": (NAMES[:1], NAMES[:2]),
    }
    for i, tag in enumerate(("one", "two")):
        commits.params["experiments.lr"] = {
            key: values[i] for key, values in lists.items()
        }
        commits.commit(tag)
    told = [
        line.removeprefix("- experiments.lr.")
        for line in said("one", "two")
        if "experiments.lr." in line
    ]
    assert told[1:] == [
        "fixed.betas: [0.9, 0.999] → [0.8, 0.999]",
        "fixed.more: [xavier_normal_] → [xavier_normal_, xavier_uniform_]",
        "grid.betas: [0.8, 1], 2, 3 and 1 more added; 0.1, [0.9, 1] removed",
        "grid.init: orthogonal_ added",
        "grid.kind: kaiming_normal_, kaiming_uniform_ removed",
        "grid.order: [1, 2] → [2, 1]",
        "grid.rate.uniform: [1, 2] → [1, 3]",
    ]


def test_an_experiment_is_told_by_its_name_before_settings(
    commits: Commits, said: Any
) -> None:
    settings = {
        "grid": {"lr": [0.1, 0.2]},
        "fixed": {f"module__key_{i}": i for i in range(9)},
    }
    kept = {"lr": {"grid": {"lr": [0.1, 0.2]}}}
    commits.params["experiments"] = kept | {"a": settings, "joint": settings}
    commits.commit("one")
    commits.params["experiments"] = kept | {
        "b": settings,
        "narrow": settings | {"fixed": {}},
    }
    commits.params["cv"]["n_repeats"] = 5
    commits.commit("two")
    assert said("one", "two")[0] == (
        f"{UNCHANGED} Unchanged: all scores are the same. Differs: experiment a removed; experiment joint "
        "removed; experiment b added and 2 more."
    )
    assert said("one", "two")[-1] == "- cv.n_repeats: 10 → 5"


def after(commits: Commits, said: Any, key: str, value: Any) -> list[str]:
    """Return what is said after another value of a setting, with which one search scores otherwise."""
    section, _, name = key.partition(".")
    if section == "cv":
        commits.params["cv"][name] = value
    else:
        commits.params[key] = value
    commits.fresh["lr"] = ("lr=0.1", scores(0.75, 9), "")
    commits.commit("after")
    lines: list[str] = said("before", "after")
    return lines


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
    first, *rest = after(commits, said, key, value)
    assert first.startswith(f"Use linear, as before. Not comparable: {told}.")
    assert (
        "- lr, the same pick: 0.7000 ± 0.0200 before, 0.7500 ± 0.0200 now, not compared"
        in rest
    )


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
    assert after(commits, said, key, value)[0] == (
        "Use linear, as before; the kept net, width: could be chance, +0.0000 ± 0.0283. "
        f"Not in pairs ({told}), so compared as two independent runs. "
        "Higher by more than chance (p = 0.0022): lr, the same pick: 0.7000 ± 0.0200 before, 0.7500 ± 0.0200 now, "
        "+0.0500 ± 0.0283."
    )


def test_other_data_are_not_in_pairs_though_git_does_not_have_them(
    commits: Commits, said: Any
) -> None:
    write_text(commits.project.folder / ".gitignore", "data/\n")
    commits.git("rm", "--quiet", "--cached", "data/rows.csv")
    commits.commit("ignored")
    commits.hashes |= {"data/rows.csv": "other", "requirements.txt": "3"}
    commits.commit("after")
    first, *rest = said("ignored", "after")
    assert "Not in pairs (data/rows.csv has other bytes), so compared as two" in first
    causes = rest[rest.index("What the runs differ in, by dvc.lock:") + 1 :]
    assert causes == [
        "- data: data/rows.csv has other bytes",
        "- package: - torch==2",
        "- package: + torch==3",
    ]
