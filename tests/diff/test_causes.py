"""What is said to have caused a change: by the settings that dvc.lock has of both commits."""

from typing import Any

from tests.diff.commits import UNCHANGED, Commits

NAMES = [f"{name}_{kind}_" for name in ("xavier", "kaiming", "trunc") for kind in ("normal", "uniform")]


def test_a_cause_shows_where_two_settings_differ(commits: Commits, said: Any) -> None:
    lists = {
        "grid.betas": ([0.1, 1, [0.9, 1]], [1, [0.8, 1], 2, 3, 4]),
        "grid.init": (NAMES, [*NAMES, "orthogonal_"]),
        "grid.kind": (NAMES, [each for each in NAMES if "kaiming" not in each]),
        "grid.order": ([1, 2], [2, 1]),
        "grid.rate": ({"uniform": [1, 2]}, {"uniform": [1, 3]}),
        "fixed.betas": ([0.9, 0.999], [0.8, 0.999]),
        "fixed.more": (NAMES[:2], NAMES),
        "fixed.stops": ([*NAMES, 10, *NAMES], [*NAMES, 12, *NAMES]),
        "fixed.text": ("a" * 90, "b" + "a" * 89),
    }
    for i, tag in enumerate(("one", "two")):
        commits.params["experiments.lr"] = {key: values[i] for key, values in lists.items()}
        commits.commit(tag)
    told = [line.removeprefix("- experiments.lr.") for line in said("one", "two") if "experiments.lr." in line]
    assert told[1:] == [
        "fixed.betas: [0.9, 0.999] → [0.8, 0.999]",
        "fixed.more: …uniform_] → …uniform_, kaiming_normal_, kaiming_uniform_, tr…",
        "fixed.stops: …form_, 10, xavier… → …form_, 12, xavier…",
        "fixed.text: aaaaaaaaa… → baaaaaaaa…",
        "grid.betas: [0.8, 1], 2, 3 and 1 more added; 0.1, [0.9, 1] removed",
        "grid.init: orthogonal_ added",
        "grid.kind: kaiming_normal_, kaiming_uniform_ removed",
        "grid.order: [1, 2] → [2, 1]",
        "grid.rate.uniform: [1, 2] → [1, 3]",
    ]


def test_an_experiment_is_told_by_its_name_before_settings(commits: Commits, said: Any) -> None:
    settings = {"grid": {"lr": [0.1, 0.2]}, "fixed": {f"module__key_{i}": i for i in range(9)}}
    kept = {"lr": {"grid": {"lr": [0.1, 0.2]}}}
    commits.params["experiments"] = kept | {"a": settings, "joint": settings}
    commits.commit("one")
    commits.params["experiments"] = kept | {"b": settings, "narrow": settings | {"fixed": {}}}
    commits.params["cv"]["n_repeats"] = 5
    commits.commit("two")
    assert said("one", "two")[0] == (
        f"{UNCHANGED} Unchanged: all scores are the same. Differs: experiment a renamed to b; experiment joint "
        "removed; experiment narrow added and 1 more."
    )
    assert said("one", "two")[-1] == "- cv.n_repeats: 10 → 5"
