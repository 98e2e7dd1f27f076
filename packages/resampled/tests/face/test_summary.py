"""The summary of a search, as it is printed and as numbers. Oracle: the search, and the functions of the package."""

import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets, linear_model
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    TimeSeriesSplit,
)

import resampled
from packages.resampled.tests.examples import random_scores, refused, searched
from resampled import Scores
from resampled.face.printed import Summary

CV = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
GRID = {"var_smoothing": [1e-9, 0.01, 1.0, 100.0, 1e4], "priors": [None, [0.99, 0.01]]}
RNG = np.random.default_rng(2)


def test_the_numbers_are_those_of_the_functions() -> None:
    search = searched(CV, GRID)
    found = resampled.summary(
        search, complexity=lambda settings: -settings["var_smoothing"]
    )
    table = pd.DataFrame(found.candidates)
    assert table["mean"].to_numpy() == pytest.approx(
        search.cv_results_["mean_test_score"]
    )
    assert table[["low", "high"]].to_numpy() == pytest.approx(
        np.transpose(Scores(search).interval())
    )
    assert table["may_be_best"].tolist() == Scores(search).best_set().tolist()
    assert table[["worse", "equal", "better"]].sum(axis=1).to_numpy() == pytest.approx(
        1
    )
    assert (
        table["var_smoothing"].tolist()
        == search.cv_results_["param_var_smoothing"].tolist()
    )
    assert found.best == search.best_index_
    held = table[table["may_be_best"]]
    assert (
        found.simplest
        == held[held["var_smoothing"] == held["var_smoothing"].max()]["mean"].idxmax()
    )
    assert found.corrected == Scores(search).corrected()
    assert ", var_smoothing=1e-09\n" in str(found)
    assert "  priors=None, var_smoothing=100\n" in str(found)


PRINTED = """\
3 candidates on 10 × 3 folds, scored by accuracy

       mean              95 %  stuck  may be best
  2  0.9000  0.8589 to 0.9301         yes
  1  0.8967  0.8551 to 0.9273      3  yes, simplest
  0  0.6000  0.5412 to 0.6561

2 of 3 may be the best: with 95 %, the truly best one is among them; a hint if few rows sway a
learner. The simplest of them is candidate 1. Its mean is lower by 0.0033; that the two differ by
less than 0.01 is 96 % likely.
The best mean is flattered by the choice among 3. On splits that had no say in it, the best is worth
0.9000 (0.8589 to 0.9301), but most of that luck remains in it, because their rows had: give
predictions= and y=.
Out, because a fit has no score: 1 of 4 candidates, [3].
"""


def test_it_is_printed_as_a_table_and_sentences() -> None:
    common = np.tile([-0.02, 0.0, 0.02], 10)
    scores = np.array([[0.6], [0.8967], [0.9], [0.7]]) + common
    scores[1] += np.tile([0.005, -0.005], 15)
    scores[3, 4] = np.nan
    stuck = np.zeros((4, 30), dtype=bool)
    stuck[1, :3] = stuck[3, 0] = True
    found = resampled.summary(
        scores,
        n_folds=3,
        metric="accuracy",
        n_rows=300,
        stuck=stuck,
        complexity=[3, 1, 2, 0],
    )
    assert str(found) + "\n" == PRINTED
    text = str(resampled.summary(random_scores(33), n_folds=3))
    assert text.count("\n  ") == 1 + 20 + 1
    assert "  … and 13 more\n" in text


def test_a_notebook_shows_the_same_table_and_a_frame_has_its_numbers() -> None:
    search = searched(CV, {"priors": [None, [0.5, 0.5]], "var_smoothing": [0.1]})
    found = resampled.summary(search, complexity=[1, 2])
    page = ElementTree.fromstring(f"<div>{found._repr_html_()}</div>")
    rows = [[cell.text or "" for cell in row] for row in page.iter("tr")]
    assert [{cell.tag for cell in row} for row in page.iter("tr")] == [
        {"th"},
        {"td"},
        {"td"},
    ]
    assert ["".join("".join(row).split()) for row in rows] == [
        "".join(line.split()) for line in str(found).splitlines()[2:5]
    ]
    assert "<p>The best mean is flattered by the choice among 2." in found._repr_html_()
    frame = found.to_frame()
    assert frame["mean"].to_numpy() == pytest.approx(
        search.cv_results_["mean_test_score"]
    )
    assert [*frame] == [*found.candidates]


def test_it_says_a_hint_where_few_rows_sway_learners() -> None:
    """As the rows show, or the number of inputs; scores alone and one repeat do not tell."""
    X, y = datasets.make_regression(120, 30, noise=30, random_state=0)
    grid = {"alpha": [0.1, 1e4]}
    many, few = (
        GridSearchCV(
            linear_model.Ridge(),
            grid,
            cv=RepeatedKFold(n_splits=3, n_repeats=4, random_state=0),
        ).fit(own, y)
        for own in (np.hstack([X, X]), X)
    )
    assert "a hint, because there are 60 inputs for 80 training rows" in spaced(
        resampled.summary(many, n_rows=120)
    )
    assert "a hint if few rows sway a learner." in spaced(
        resampled.summary(few, n_rows=120)
    )
    hits = (RNG.random((2, 120)) < 0.7)[:, None].repeat(12, axis=1) ^ (
        RNG.random((2, 12, 120)) < 0.1
    )
    folds = np.stack([RNG.permutation(120) % 3 for _ in range(4)])
    is_test = (folds[:, None] == np.arange(3)[:, None]).reshape(12, 120)
    swayed = hits.copy()
    swayed[0] |= ~is_test[
        :, [0]
    ]  # of the first learner, the first row makes all others right if it trains it
    for right, n_splits, said in (
        (hits, 12, "among them."),
        (hits, 3, "a hint if few"),
        (swayed, 12, "a hint, because"),
    ):
        rows = np.where(is_test, right, np.nan)[:, :n_splits]
        found = resampled.summary(
            np.nanmean(rows, axis=2), n_folds=3, metric="accuracy", row_scores=rows
        )
        assert said in spaced(found)


def spaced(found: Summary) -> str:
    return " ".join(str(found).split())


def test_of_one_candidate_nothing_was_chosen() -> None:
    text = str(resampled.summary(random_scores(1), n_folds=3, metric="accuracy"))
    assert text.startswith("1 candidate on 10 × 3 folds, scored by accuracy\n")
    assert "There is one candidate, so nothing was chosen" in text
    assert "flattered" not in text


def test_a_plot_shows_the_means_the_set_and_the_corrected_score() -> None:
    pytest.importorskip("matplotlib").use("agg")
    scores = random_scores(22)
    scores[3] -= 0.3
    found = resampled.summary(scores, n_folds=3, metric="accuracy")
    ax = found.plot()
    drawn = {line.get_label(): line.get_xdata().tolist() for line in ax.get_lines()}
    best_first = np.argsort(-scores.mean(axis=1), kind="stable")[:20]
    assert drawn["may be the best"] == scores.mean(axis=1)[best_first].tolist()
    assert found.corrected is not None
    assert drawn["without the luck of the choice"] == [found.corrected.score]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        *map(str, best_first),
        "the best, corrected",
    ]
    ends = np.concatenate(
        [path.vertices[:, 0] for lines in ax.collections for path in lines.get_paths()]
    )
    expected = [
        *np.transpose(
            [found.candidates[end][best_first] for end in ("low", "high")]
        ).ravel()
    ]
    assert ends == pytest.approx([*expected, found.corrected.low, found.corrected.high])
    assert found.plot(ax) is ax


def test_without_matplotlib_a_plot_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        ImportError,
        match=r"^plot\(\) needs matplotlib, which is not installed: pip install matplotlib",
    ):
        resampled.summary(random_scores(), n_folds=3).plot()


def test_after_halving_the_last_iteration_is_shown() -> None:
    scores = RNG.normal(0.8, 0.1, size=(9, 5))
    scores[8, 0] = np.nan
    results = {f"split{i}_test_score": column for i, column in enumerate(scores.T)} | {
        "iter": [0] * 6 + [1] * 3
    }
    text = str(resampled.summary(results, n_folds=5))
    assert text.startswith("2 candidates on 1 × 5 folds\n\n       mean  ")
    assert f"\n  7  {scores[7].mean():.4f}  " in text
    assert (
        "\n2 of 2 may be the best: with 95 %, the truly best one is among them" in text
    )


def test_huge_and_tiny_scores_are_written_in_powers_of_ten() -> None:
    for unit in (1e100, 1e-100):
        text = str(resampled.summary(random_scores() * unit, n_folds=3))
        assert max(map(len, text.splitlines())) <= 100
        mean = random_scores().mean(axis=1).max() * unit
        assert f"  {mean:.3e}  " in text


def test_a_summary_equals_another_one_that_says_the_same() -> None:
    first, again = (resampled.summary(random_scores(), n_folds=3) for _ in range(2))
    assert first == again
    assert first != resampled.summary(random_scores(seed=1), n_folds=3)
    assert first != str(first)


def test_the_best_may_be_certain_or_the_simplest() -> None:
    scores = 0.7 + np.array([[0.0], [-0.1]]) + RNG.normal(0, 0.01, size=(2, 30))
    found = resampled.summary(scores, n_folds=3, complexity=[2, 1])
    assert found.simplest == found.best == 0
    assert "\nWith 95 %, candidate " in str(found)
    scores[1] += 0.1
    best = int(scores.mean(axis=1).argmax())
    found = resampled.summary(
        scores, n_folds=3, complexity=[1 + (i != best) for i in range(2)]
    )
    assert found.simplest == found.best == best
    assert "The simplest of them" not in str(found)


def test_what_has_no_interval_says_so() -> None:
    """Such as the order of time, and scores that never differ where rows are not known."""
    found = resampled.summary(searched(TimeSeriesSplit(4)), complexity=[1, 2, 3, 4])
    assert (
        "\nNo interval and no test: in the order of time, splits train on more and more rows."
        in str(found)
    )
    assert "95 %" not in str(found)
    assert (found.corrected, found.simplest) == (None, None)
    assert np.isnan(found.candidates["low"]).all()
    text = str(resampled.summary(np.tile([[0.5], [0.6]], 30), n_folds=3)).replace(
        "\n", " "
    )
    assert "the best is worth 0.6000, but most of that luck remains in it" in text
    assert "No interval where scores are the same on every split" in text
    assert "95 %  may be best" not in text
    text = str(resampled.summary(random_scores(), n_folds=3, metric="f1"))
    assert (
        text.count("No interval")
        == text.count("No interval, and nothing is level: f1 may weigh classes")
        == 1
    )


def test_what_does_not_fit_is_refused() -> None:
    with refused(r"^complexity has 2 values, but there are 4 candidates"):
        resampled.summary(random_scores(), n_folds=3, complexity=[1, 2])
    with refused(
        r"^The settings are not known, so complexity can't be a function of them"
    ):
        resampled.summary(random_scores(), n_folds=3, complexity=len)
    for wrong in (np.nan, "few", None):
        with refused(rf"^complexity is {wrong!r} for candidate 1; give numbers"):
            resampled.summary(random_scores(), n_folds=3, complexity=[1, wrong, 2, 3])
    with refused(r"^complexity has 1 values, but there are 4"):
        resampled.summary(random_scores(), n_folds=3, complexity=5)
    with refused(r"^stuck has the shape \(4, 3\), but the scores have \(4, 30\)"):
        resampled.summary(random_scores(), n_folds=3, stuck=np.zeros((4, 3)))
