"""What a threshold gives and costs. Oracles: scikit-learn's metrics, and plain counts of each split's rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from gridstage.config import Costs
from gridstage.data import Columns, Dataset
from gridstage.evaluate.nets import known_of
from gridstage.results import Results, files
from gridstage.results.evaluation import Evaluation, Threshold
from gridstage.results.writing import as_csv
from gridstage.scores.counts import Counts
from gridstage.scores.diagnostics import Seen, diagnostics
from gridstage.scores.splits import Folds
from gridstage.scores.thresholds import (
    THRESHOLDS,
    applied,
    cheapest_threshold,
    check_costs,
    counts_table,
    threshold_counts,
    thresholds_table,
)
from gridstage.told.evaluation import read_threshold, threshold_told
from packages.gridstage.tests.evaluate.conftest import fresh_of, params_of
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.texts import Texts
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

COSTS = Costs(false_positive=1, false_negative=5)
N_ROWS = 240


def table_of(n_classes: int = 2, n_rows: int = N_ROWS) -> Folds:
    """Return rows, without a feature that matters, on the splits of an evaluation: 2 repeats of 3 folds."""
    rng = np.random.default_rng(n_classes)
    X, y = (
        pd.DataFrame({"a": rng.normal(size=n_rows)}),
        rng.permutation(np.arange(n_rows) % max(n_classes, 1) * 1.0),
    )
    labels = tuple("abcd"[:n_classes])
    return fresh_of(Dataset(X, y, Columns({"a": "number"}), labels), params_of())


def seen_of(table: Folds, sharpness: float = 1.0, spread: float = 1.0) -> Seen:
    """Return what a model predicts whose log-odds are right on average, with some noise."""
    rng, y = np.random.default_rng(0), table.data.y
    each = []
    for _, test in table.splits:
        log_odds = sharpness * (2 * y[test] - 1) + spread * rng.normal(size=len(test))
        proba = (1 / (1 + np.exp(-log_odds))).astype(np.float32)
        each.append(np.stack([1 - proba, proba], axis=1))
    return Seen(list(each), np.zeros((len(each), 1)))


def counts_of(seen: Seen, table: Folds) -> Counts:
    counts = threshold_counts(seen.predictions, table.data, table.splits)
    assert counts is not None
    return counts


TABLE = table_of()
SEEN = seen_of(TABLE)
COUNTS = counts_of(SEEN, TABLE)


def test_a_table_has_what_each_threshold_gives() -> None:
    pooled = SEEN.pooled(TABLE)
    assert pooled is not None
    counts = {"tree": COUNTS, "net": None}
    shown = thresholds_table(counts, {"tree": "answer", "net": "net"}, COSTS, {})
    assert tuple(shown) == files.THRESHOLDS.needed
    assert (set(shown["model"]), set(shown["role"])) == ({"tree"}, {"answer"})
    assert shown["threshold"].tolist() == THRESHOLDS.tolist()
    y, proba = pooled.observed, pooled.predicted[:, 1]
    for row in shown.iloc[[1, 20, 53, 80]].itertuples():
        predicted = proba >= row.threshold if row.threshold != 0.5 else proba > 0.5
        (_, false), (missed, _) = confusion_matrix(y, predicted)
        assert row.predicted == pytest.approx(predicted.mean())
        assert row.precision == pytest.approx(precision_score(y, predicted))
        assert row.recall == pytest.approx(recall_score(y, predicted))
        assert row.false_alarms == pytest.approx(recall_score(1 - y, predicted))
        assert row.cost == pytest.approx((false + 5 * missed) / len(y))
    ends = shown.iloc[[0, -1]][["predicted", "recall", "false_alarms", "cost"]]
    assert ends.to_numpy().tolist() == [[1, 1, 1, 0.5], [0, 0, 0, 2.5]]
    assert np.isnan(shown["precision"].iloc[-1])
    without = thresholds_table(counts, {"tree": "answer"}, None, {})
    assert without["cost"].isna().all()
    assert not without["chosen"].any()


def test_the_more_probable_class_is_the_first_where_both_are() -> None:
    even = Seen(
        [np.full((len(test), 2), 0.5, dtype=np.float32) for _, test in TABLE.splits],
        np.zeros((6, 1)),
    )
    shown = thresholds_table(
        {"even": counts_of(even, TABLE)}, {"even": "answer"}, None, {}
    ).set_index("threshold")
    assert shown["predicted"].loc[[0.49, 0.5]].tolist() == [1, 0]
    # A forest of ten trees, three of which vote for the class.
    votes = np.array([0.7, sum([0.1] * 3)])
    few = Seen(
        [np.tile(votes, (len(test), 1)) for _, test in TABLE.splits], np.zeros((6, 1))
    )
    shown = thresholds_table(
        {"few": counts_of(few, TABLE)}, {"few": "answer"}, None, {}
    ).set_index("threshold")
    assert shown["predicted"].loc[[0.3, 0.31]].tolist() == [1, 0]


def test_baselines_hand_their_counts_on_in_a_file() -> None:
    texts = Texts()
    parts = [
        counts_table(COUNTS).assign(model="tree"),
        counts_table(None).assign(model="odd"),
    ]
    texts.put(files.BASELINE_THRESHOLDS, pd.concat(parts, ignore_index=True))
    texts.put(files.BASELINE_DIAGNOSTICS, diagnostics(None).assign(model=""))
    texts.put(files.BASELINE_ERRORS, {})
    found = known_of(Results(texts), "tree", {}, TABLE).counts
    assert found is not None
    assert np.array_equal(found.own, COUNTS.own)
    assert np.array_equal(found.others, COUNTS.others)
    assert known_of(Results(texts), "odd", {}, TABLE).counts is None
    for old, new in ((" ", " 0 "), (",", ",x ")):
        texts[files.BASELINE_THRESHOLDS.path] = as_csv(parts[0]).replace(old, new)
        with refused(
            r"what the baselines predict by threshold. Run `dvc repro baselines`"
        ):
            known_of(Results(texts), "tree", {}, TABLE)


def test_only_probabilities_of_two_classes_have_thresholds() -> None:
    one_diverged = [None, *SEEN.predictions[1:]]
    assert counts_of(replace(SEEN, predictions=one_diverged), TABLE).own.shape == (
        5,
        len(THRESHOLDS),
        2,
    )
    assert threshold_counts([None] * 6, TABLE.data, TABLE.splits) is None
    numbers = [
        each if i else each.argmax(axis=1)
        for i, each in enumerate(map(np.asarray, SEEN.predictions))
    ]
    assert threshold_counts(list(numbers), TABLE.data, TABLE.splits) is None
    assert threshold_counts(SEEN.predictions, table_of(3).data, TABLE.splits) is None
    empty = thresholds_table({"net": None}, {"net": "net"}, COSTS, {})
    assert tuple(empty) == files.THRESHOLDS.needed


def test_costs_are_refused_where_there_are_not_two_classes() -> None:
    params = params_of(evaluate={"costs": COSTS.model_dump()})
    check_costs(params, TABLE.data)
    with refused(r"evaluate.costs has costs of mistakes, but the target is 3 classes"):
        check_costs(params, table_of(3).data)
    check_costs(params_of(), table_of(3).data)


def test_what_is_paid_is_paid_on_other_rows() -> None:
    """Each split's threshold is the cheapest of the other splits' rows that it does not test, by plain loops."""
    table = table_of(n_rows=60)
    seen, unit = seen_of(table), Resampling.of_folds(3, 60, (0, 5))
    scores = [np.asarray(each)[:, 1].astype(float) for each in seen.predictions]
    y, paid, default, within, n_changed = table.data.y, [], [], [], 0
    inside = THRESHOLDS[1:-1]

    def by_row(rows: np.ndarray, proba: np.ndarray, threshold: float) -> np.ndarray:
        predicted = proba > 0.5 if threshold == 0.5 else proba >= threshold
        return np.asarray(
            1 * (predicted & (y[rows] == 0)) + 5 * (~predicted & (y[rows] == 1))
        )

    def cost(rows: np.ndarray, proba: np.ndarray, threshold: float) -> float:
        return float(np.mean(by_row(rows, proba, threshold)))

    for (_, test), own in zip(table.splits, scores, strict=True):
        outside = [
            (rows[keep], each[keep])
            for (_, rows), each in zip(table.splits, scores, strict=True)
            if (keep := ~np.isin(rows, test)).any()
        ]
        rows, proba = (np.concatenate(parts) for parts in zip(*outside, strict=True))
        costs = np.array([cost(rows, proba, each) for each in inside])
        cheapest = inside[np.isclose(costs, costs.min())]
        taken = cheapest[np.abs(cheapest - 1 / 6).argmin()]
        paid.append(cost(test, own, taken))
        default.append(cost(test, own, 0.5))
        saved = by_row(test, own, 0.5) - by_row(test, own, taken)
        within.append(np.var(saved))
        n_changed += int(np.count_nonzero(saved))
    chosen = cheapest_threshold(COSTS, counts_of(seen, table), table.resampling)
    assert chosen.cost == pytest.approx(np.mean(paid))
    assert chosen.default_cost == pytest.approx(np.mean(default))
    assert chosen.saved == pytest.approx(np.mean(default) - np.mean(paid))
    # Two repeats: half of what is called differently counts in each, and a quarter is added for the fits.
    half = stats.t.ppf(0.975, n_changed / 2 - 1) * np.sqrt(1.25 * np.mean(within) / 60)
    assert chosen.saved_ci95 == pytest.approx(half)
    of_splits = half_width(np.array(default) - np.array(paid), unit)
    in_groups = cheapest_threshold(
        COSTS, counts_of(seen, table), table.resampling, in_groups=True
    )
    assert in_groups.saved_ci95 == pytest.approx(max(half, of_splits))
    assert chosen.calibrated == 0.17


def test_only_the_ratio_of_costs_chooses() -> None:
    small, large = (
        cheapest_threshold(
            Costs(false_positive=unit, false_negative=5 * unit),
            COUNTS,
            TABLE.resampling,
        )
        for unit in (1e-6, 1e11)
    )
    assert small.threshold == large.threshold
    assert small.saved_ci95 is not None
    assert large.saved_ci95 == pytest.approx(1e17 * small.saved_ci95)


def test_in_the_order_of_time_there_is_no_interval() -> None:
    chosen = cheapest_threshold(COSTS, COUNTS, Resampling(float("nan")))
    assert chosen.saved_ci95 is None
    assert "saved_ci95" not in chosen.content()
    assert " ± " not in threshold_told("tree", ("no", "yes"), COSTS, chosen)


def test_without_costs_nothing_is_said() -> None:
    texts = Texts()
    evaluation = Evaluation(kept="joint", n_rows=9, classes={})
    texts.put(files.EVALUATION, evaluation)
    assert read_threshold(Results(texts), params_of(), "joint") == ""
    costs = {"false_positive": 1.0}
    texts.put(files.EVALUATION, evaluation.model_copy(update={"costs": costs}))
    with refused(r"evaluation.json is not what the stage evaluate writes"):
        read_threshold(Results(texts), params_of(), "joint")


CHOSEN = Threshold(
    threshold=0.21,
    cost=0.4125,
    default_cost=0.625,
    saved=0.2125,
    calibrated=0.17,
    calibrated_cost=0.42,
    saved_ci95=0.05,
)
MISTAKES = "which costs least with costs of 1 for a false positive and 5 for a false negative: "
LEAST = f"{MISTAKES}0.4125 per row, where the rows that pay have no say in the choice."
DEFAULT = "From 0.5 on, a row would cost 0.6250, 0.2125 ± 0.0500 more."
RIGHT = "The threshold for probabilities that are right, 0.17, needs no choice; with it, a row would cost 0.4200."


@pytest.mark.parametrize(
    ("chosen", "threshold", "sentence"),
    [
        (
            CHOSEN,
            0.21,
            f"Predict yes from a probability of 0.21 on, {LEAST} {DEFAULT} {RIGHT}",
        ),
        (
            CHOSEN.model_copy(update=dict(threshold=0.0)),
            0.001,
            f"Predict yes for every row, {LEAST} tree is of no use there; it predicts yes from a probability of 0.001 "
            f"on. {DEFAULT} {RIGHT}",
        ),
        (
            CHOSEN.model_copy(update=dict(threshold=1.0, saved=-0.1)),
            0.999,
            f"Predict no for every row, {LEAST} tree is of no use there; it predicts yes from a probability of 0.999 "
            f"on. From 0.5 on, a row would cost 0.6250, 0.1000 ± 0.0500 less. {RIGHT}",
        ),
        (
            CHOSEN.model_copy(update=dict(threshold=0.5)),
            None,
            f"Predict the more probable class, {MISTAKES}0.6250 per row. {RIGHT}",
        ),
        (
            CHOSEN.model_copy(update=dict(calibrated=0.5)),
            0.21,
            f"Predict yes from a probability of 0.21 on, {LEAST} {DEFAULT}",
        ),
    ],
)
def test_what_is_chosen_is_told(
    chosen: Threshold, threshold: float | None, sentence: str
) -> None:
    assert applied(chosen) == threshold
    assert threshold_told("tree", ("no", "yes"), COSTS, chosen) == sentence


def test_where_no_model_helps_an_end_is_chosen() -> None:
    """Probabilities near 0.5 that say nothing: each threshold away from there calls all rows alike."""
    counts = counts_of(seen_of(TABLE, sharpness=0.0, spread=0.001), TABLE)
    for costs, end, inside in (
        (COSTS, 0.0, 0.001),
        (Costs(false_positive=5, false_negative=1), 1.0, 0.999),
    ):
        chosen = cheapest_threshold(costs, counts, TABLE.resampling)
        assert (chosen.threshold, applied(chosen)) == (end, inside)
        assert chosen.cost == pytest.approx(0.5)
