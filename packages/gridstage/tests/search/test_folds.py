"""Oracle: scikit-learn's splitters, called by hand. What can't be split is told."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from gridstage.config import CV
from gridstage.data import Columns, Dataset
from gridstage.engine import fit_seed
from gridstage.scores.splits import checked_splits, make_splits
from packages.gridstage.tests.refusals import refused_with
from resampled.resampling import Resampling

N, SEED = 60, 7
RNG = np.random.default_rng(0)
LABELS = np.repeat([0.0, 1.0, 2.0], [30, 18, 12])
GROUPS = RNG.permutation(np.repeat(np.arange(20), 3))


def table(
    y: np.ndarray = LABELS, groups: np.ndarray | None = None, classify: bool = True
) -> Dataset:
    X = pd.DataFrame({"a": np.arange(float(len(y)))})
    classes = tuple(f"c{i}" for i in range(int(y.max()) + 1)) if classify else ()
    return Dataset(X, y, Columns({"a": "number"}), classes, groups)


def same(ours: list[Any], theirs: Any) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(
        np.array_equal(a, c) and np.array_equal(b, d) for (a, b), (c, d) in pairs
    )


@pytest.mark.parametrize(
    ("splitter", "kind"),
    [
        (None, StratifiedKFold),
        ("stratified", StratifiedKFold),
        ("kfold", KFold),
        ("group", GroupKFold),
        ("stratified_group", StratifiedGroupKFold),
    ],
)
def test_the_folds_are_scikit_learns(splitter: Any, kind: Any) -> None:
    data = table(groups=GROUPS)
    groups = GROUPS if "Group" in kind.__name__ else None
    found = make_splits(data, CV(n_splits=3, n_repeats=3, splitter=splitter), SEED)
    assert len(found) == 9
    assert same(found[:3], kind(3).split(data.X, data.y, groups))
    for repeat in (1, 2):
        again = kind(3, shuffle=True, random_state=fit_seed(SEED, repeat)).split(
            data.X, data.y, groups
        )
        assert same(found[3 * repeat : 3 * repeat + 3], again)
    shuffled = make_splits(
        data, CV(n_splits=3, n_repeats=1, shuffle=True, splitter=splitter), SEED
    )
    assert same(
        shuffled,
        kind(3, shuffle=True, random_state=fit_seed(SEED, 0)).split(
            data.X, data.y, groups
        ),
    )


def test_time_goes_forward() -> None:
    data = table(np.arange(float(N)), classify=False)
    found = make_splits(data, CV(n_splits=4, n_repeats=1, splitter="time"), SEED)
    assert same(found, TimeSeriesSplit(4).split(data.X))
    assert all(train.max() < test.min() for train, test in found)


@pytest.mark.parametrize("n_splits", [2, 3, 4, 7])
@pytest.mark.parametrize(
    "groups", [None, np.repeat(np.arange(20), [*[1] * 10, *[2] * 5, *[8] * 5])]
)
def test_the_share_of_k_folds_is_that_of_their_rows(
    n_splits: int, groups: np.ndarray | None
) -> None:
    """Also where whole groups make folds of different sizes: the mean share of rows that two splits both test on."""
    by_group = CV(n_splits=n_splits, splitter="group", groups="g")
    cv = CV(n_splits=n_splits, splitter="kfold") if groups is None else by_group
    splits = make_splits(table(groups=groups), cv, SEED)
    share = sum(len(test) for _, test in splits) / sum(
        len(train) for train, _ in splits
    )
    assert cv.resampling(N) == Resampling(pytest.approx(share), n_splits, N, (0.0, 1.0))  # type: ignore[arg-type]
    assert cv.resampling(N).n_repeats(len(splits)) == cv.n_repeats


# In the order of time, the last fold is without class c1.
LATE = table(np.array([*[0.0, 1.0, 2.0] * 13, *[0.0, 2.0] * 10]))
IN_TIME = CV(n_splits=2, n_repeats=1, splitter="time", scoring="balanced_accuracy")
FEW = table(np.repeat([0.0, 1.0], [10, 2]))
TOO_FEW = "The rows can't be split: ValueError: Cannot have number of "


@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.parametrize(
    ("data", "cv", "sentence"),
    [
        (
            FEW,
            CV(n_splits=3),
            "The test rows of fold 1 in repeat 1 have no row of class c1. Lower cv.n_splits in par",
        ),
        (
            table(np.arange(3.0), classify=False),
            CV(n_splits=4, splitter="kfold"),
            f"{TOO_FEW}splits n_splits=4",
        ),
        (
            table(),
            CV(n_splits=3, n_repeats=1, splitter="kfold"),
            "The test rows of fold 1 in repeat 1 have no row of class c1, c2. Set cv.splitter in params.yaml to strati",
        ),
        (
            table(),
            CV(n_splits=3, n_repeats=1, splitter="time"),
            "The training rows of fold 1 in repeat 1 have no row of class c1, c2. Lower cv.n_splits in params.yaml, or",
        ),
        *(
            (
                LATE,
                IN_TIME.model_copy(update={"scoring": scoring}),
                f"Fold 2 has no row of class c1, which {scoring} needs. Set cv.scoring to balanced_accuracy.",
            )
            for scoring in ("roc_auc_ovr", "neg_log_loss", "f1_macro", "recall_macro")
        ),
        (
            LATE,
            IN_TIME.model_copy(update={"also_score": ["accuracy", "f1_macro"]}),
            "no row of class c1, which f1_macro needs. Leave it out of cv.also_score.",
        ),
    ],
)
def test_what_cannot_be_split_is_told(data: Dataset, cv: CV, sentence: str) -> None:
    with refused_with(sentence):
        checked_splits(data, cv, SEED)


@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "f1_weighted"])
def test_in_time_a_fold_may_lack_a_class_that_the_scorer_does_not_ask_for(
    scoring: str,
) -> None:
    cv = IN_TIME.model_copy(update={"scoring": scoring})
    assert same(checked_splits(LATE, cv, SEED), make_splits(LATE, cv, SEED))
