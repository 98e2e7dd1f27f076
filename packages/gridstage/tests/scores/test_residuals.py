"""What the card of a model, and the answer, say of how far predictions may be off."""

import math
from typing import Any

import numpy as np

from gridstage.config import Params
from gridstage.results import Results, files
from gridstage.results.evaluation import (
    AbsoluteErrors,
    ErrorsByModel,
    IntervalSteps,
    PredictionErrors,
)
from gridstage.results.writing import as_text
from gridstage.scores.diagnostics import Pooled, pool, prediction_errors
from gridstage.told.evaluation import describe_errors, errors_told
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.texts import Texts

RNG = np.random.default_rng(3)
EVALUATION = {"kept": "joint", "n_rows": 7, "classes": {}}
KNOWN = PredictionErrors(
    errors=AbsoluteErrors(median=2.1449, most=5.4),
    interval=IntervalSteps(level=0.9, edges=[], half_widths=[5.6]),
)


def of_numbers(n: int, n_repeats: int = 1, groups: np.ndarray | None = None) -> Pooled:
    """Return predictions that are off by what is drawn for each row, in each repeat of as many splits as rows."""
    y = np.arange(n, dtype=float)
    splits = [
        (np.array([]), np.array([row])) for _ in range(n_repeats) for row in range(n)
    ]
    pooled = pool(
        y, splits, [y[test] + (test + 1) / 10 for _, test in splits], (), groups
    )
    assert pooled is not None
    return pooled


def test_errors_and_the_interval_of_numbers_count_each_row_once() -> None:
    for n_repeats in (1, 4):
        known = prediction_errors(of_numbers(20, n_repeats))
        assert known.errors == AbsoluteErrors(median=1.0, most=1.8)
        # The rank is the 19th of 20: ⌈21 · 0.9⌉.
        assert known.interval == IntervalSteps(level=0.9, edges=[], half_widths=[1.9])
        assert as_text(ErrorsByModel({"linear": known})).count("\n") < 30


def test_groups_count_once_and_eight_of_them_are_too_few() -> None:
    assert prediction_errors(of_numbers(30)).interval
    known = prediction_errors(of_numbers(32, groups=np.arange(32) % 8))
    assert set(known.content()) == {"errors"}
    known = prediction_errors(of_numbers(36, groups=np.arange(36) % 9))
    assert set(known.content()) == {"errors", "interval"}
    assert set(prediction_errors(of_numbers(8)).content()) == {"errors"}


def test_a_model_that_diverged_is_known_by_the_other_splits() -> None:
    assert prediction_errors(None) == PredictionErrors()
    y = np.arange(40.0)
    splits = [(np.array([]), np.array([row])) for row in range(40)]
    predicted = [
        None if row % 2 else y[test] + 1 for row, (_, test) in enumerate(splits)
    ]
    known = prediction_errors(pool(y, splits, predicted, ()))
    assert known.errors == AbsoluteErrors(median=1, most=1)
    assert known.interval is not None
    assert known.interval.half_widths == [1]


def test_predictions_that_are_not_finite_leave_no_number_that_json_lacks() -> None:
    predicted = np.zeros(40)
    predicted[:20] = np.nan
    assert (
        prediction_errors(Pooled(RNG.normal(size=40), predicted, (), 1.0))
        == PredictionErrors()
    )
    predicted[2:20] = 0
    known = prediction_errors(Pooled(RNG.normal(size=40), predicted, (), 1.0))
    assert set(known.content()) == {"errors", "interval"}
    as_text(ErrorsByModel({"net": known}))


def test_classes_have_sets_by_level_that_shrink() -> None:
    proba = RNG.dirichlet([1, 1, 1], 300)
    observed = np.array([RNG.choice(3, p=each) for each in proba], dtype=float)
    known = prediction_errors(Pooled(observed, proba, ("a", "b", "c"), 1.0))
    assert list(known.content()) == ["sets"]
    least = known.sets
    assert list(least) == [f"0.{percent}" for percent in range(50, 100)]
    assert sorted(least.values(), reverse=True) == list(least.values())
    of_true = proba[np.arange(300), observed.astype(int)]
    for level in ("0.50", "0.90", "0.99"):
        assert (of_true >= least[level]).sum() == math.ceil(301 * float(level))
    # Of one class that is always right, and without probabilities.
    of_one = Pooled(np.zeros(300), np.ones((300, 1)), ("a",), 1.0)
    assert set(prediction_errors(of_one).sets.values()) == {1.0}
    without = Pooled(observed, observed, ("a", "b", "c"), 1.0)
    assert prediction_errors(without) == PredictionErrors()


def told(known: PredictionErrors, **how: Any) -> str:
    settings: dict[str, Any] = {"unit": "", "in_time": False, "in_groups": False} | how
    return describe_errors(known, "joint", **settings)


def test_what_is_told_has_the_unit_and_says_when_it_holds() -> None:
    assert told(KNOWN, unit="years") == (
        "Half of the predictions of joint are off by at most 2.14 years on fresh splits, and nine in ten by at most "
        "5.40 years. The interval of a prediction, ± 5.60 years, holds the true number for nine in ten new rows that "
        "are like these."
    )
    interval = IntervalSteps(level=0.9, edges=[1, 2], half_widths=[2, 1, 12345.678])
    steps = KNOWN.model_copy(update={"interval": interval})
    assert "prediction, from ± 1.00 to ± 12,345.68 by what is predicted, holds" in told(
        steps
    )
    assert told(KNOWN, in_groups=True).endswith(
        "holds the true number for nine in ten rows of new groups."
    )
    in_time = told(KNOWN, in_time=True)
    assert "on the splits of the searches" in in_time
    assert in_time.endswith(
        "Intervals of 5.60 to both sides would have held nine in ten of them; later rows may differ."
    )
    assert "Intervals of 1.00 to 12,345.68 to both sides" in told(steps, in_time=True)
    large = PredictionErrors(errors=AbsoluteErrors(median=21000.0, most=68396.4))
    assert told(large).startswith(
        "Half of the predictions of joint are off by at most 21,000 on fresh splits, and nine in ten by at most 68,396"
    )
    assert told(large).endswith(
        "There is no interval of a prediction, because that takes 9 rows or more."
    )
    assert told(large, in_groups=True).endswith("because that takes 9 groups or more.")
    exact = PredictionErrors(errors=AbsoluteErrors(median=0.0, most=0.0))
    assert "off by at most 0 on" in told(exact)
    assert (
        told(PredictionErrors())
        == "How far the predictions of joint may be off is unknown, because it has none on fresh splits."
    )


def test_errors_are_told_of_numbers_alone() -> None:
    texts, params = Texts(), Params.model_validate(real_params())
    texts.put(files.EVALUATION, EVALUATION | {"classes": {"0": 3, "1": 4}})
    assert errors_told(Results(texts), params, "joint") == ""
    texts.put(files.EVALUATION, EVALUATION)
    with refused(r"metrics/evaluation/errors.json is missing.*dvc repro evaluate"):
        errors_told(Results(texts), params, "joint")
    texts.put(files.ERRORS, ErrorsByModel({"other": KNOWN}))
    with refused(
        r"errors.json is not the errors of the saved models. Run `dvc repro eval"
    ):
        errors_told(Results(texts), params, "joint")
    texts.put(files.ERRORS, ErrorsByModel({"joint": KNOWN}))
    assert "± 5.60" in errors_told(Results(texts), params, "joint")
