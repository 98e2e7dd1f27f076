"""What is said of a search in sentences."""

from typing import Any

import pandas as pd

from gridstage.config import Params
from gridstage.results import Results, files
from gridstage.told.findings import findings, what_mattered
from packages.gridstage.tests.project import NUMBERS, small_params
from packages.gridstage.tests.results.texts import Texts

PARAMS = Params.model_validate(small_params())
SEARCH = {
    "best_params": "module__n_neurons=20",
    "best_score": 0.75,
    "best_ci95": 0.03,
    "best_score_corrected": 0.74,
    "best_score_corrected_low": 0.7,
    "best_score_corrected_high": 0.78,
    "corrected_over": "rows and repeats",
    "n_candidates": 3,
}
MATTERED = pd.DataFrame(
    {
        "key": ["module__n_neurons"],
        "importance": 1.0,
        "importance_std": 0.0,
        "p_value": 0.001,
    }
)


def said(
    rows: list[dict[str, Any]], search: dict[str, Any] = SEARCH, n_rows: int = 3000
) -> list[str]:
    """Return what is said of candidates on so many rows, without what mattered."""
    texts = Texts()
    texts.put(files.SUMMARY, NUMBERS | search | {"n_rows": n_rows}, "mine")
    table = pd.DataFrame(rows).assign(ci95=0.03, std_test_score=0.1, p_value_holm=1.0)
    texts.put(files.COMPARED, table, "mine")
    texts.put(files.IMPORTANCE, MATTERED, "mine")
    *sentences, mattered = findings(Results(texts), PARAMS, "mine")
    assert mattered == "What mattered: n_neurons."
    return sentences


def row(n: int, rank: int, mean: float, **cells: Any) -> dict[str, Any]:
    """Return a candidate of a grid of neurons."""
    plain = {
        "params": f"module__n_neurons={n}",
        "mean_test_score": mean,
        "rank_test_score": rank,
        "n_weights": 10 * n,
    }
    compared = {
        "in_best_set": True,
        "simplest": False,
        "n_epochs": 5.0,
        "worse": 0.1,
        "equal": 0.8,
        "better": 0.1,
    }
    return plain | compared | cells


BEST = row(20, 1, 0.75, worse=0.0, equal=1.0, better=0.0)
NOTHING = dict.fromkeys(("worse", "equal", "better"), float("nan"))


def test_the_best_its_worth_and_what_is_as_good() -> None:
    runner_up = row(30, 2, 0.748, worse=0.03, equal=0.96, better=0.01)
    simplest = row(
        5, 3, 0.745, simplest=True, worse=0.3, equal=0.699, better=0.001, n_epochs=2.5
    )
    assert said([simplest, BEST, runner_up]) == [
        "The best is n_neurons=20, with 0.7500 ± 0.0300. It was chosen among 3, which flatters it; on rows and fits "
        "that had no say in the choice, it is worth 0.7400 (0.7000 to 0.7800).",
        "Any of the 3 may be the best: none can be ruled out with 95 % certainty. The simplest of them is n_neurons=5, "
        "with 50 weights (the best: 200) and 2.5 epochs (the best: 5). It gives up 0.0050; a 70 % "
        "chance that the two differ by less than 0.01 and a 30 % chance that it is worse by more.",
        "The runner-up, n_neurons=30, is as good: a 96 % chance that the two differ by less than 0.01.",
    ]
    assert said([simplest, BEST, runner_up], n_rows=300)[-1].startswith(
        "The runner-up, n_neurons=30, could be as"
    )


def test_a_winner_alone_and_a_best_that_is_the_simplest() -> None:
    out = {"in_best_set": False, "worse": 0.999, "equal": 0.001, "better": 0.0}
    _, alone, second = said([BEST | {"simplest": True}, row(30, 2, 0.6, **out)])
    assert alone == "With 95 % certainty, it is the best of the 2."
    assert (
        second
        == "The runner-up, n_neurons=30, is worse: a chance of over 99 % that it is worse by more than 0.01."
    )
    _, both, _ = said([BEST | {"simplest": True}, row(30, 2, 0.74)])
    assert both.endswith("The best is also the simplest of them.")
    out = {"in_best_set": False, "n_epochs": 1.0}
    _, some, _ = said([BEST, row(5, 2, 0.74, simplest=True), row(1, 3, 0.1, **out)])
    assert some.startswith(
        "2 of 3 may be the best: with 95 % certainty, it is among them. The simplest of them is n_"
    )
    assert "with 50 weights (the best: 200) and as many epochs." in some


def test_without_intervals_nothing_is_corrected_or_compared() -> None:
    """As for splits in the order of time."""
    search = {"best_params": "lr=1", "best_score": -1234567.0, "n_candidates": 2}
    rows = [
        row(1, 1, -1234567.0, in_best_set=None, **NOTHING),
        row(2, 2, -2e6, in_best_set=None, **NOTHING),
    ]
    assert said(rows, search) == ["The best is lr=1, with -1,234,570."]


def test_one_candidate_was_not_chosen_and_what_diverged_is_left_out() -> None:
    (best, _) = said([BEST | {"simplest": True}])
    assert best == "The best is n_neurons=20, with 0.7500 ± 0.0300."
    diverged = row(9, 3, float("nan"), in_best_set=False, **NOTHING)
    _, alone = said([diverged, BEST | {"simplest": True}])
    assert alone == "With 95 % certainty, it is the best of the 2."


def test_halving_says_what_it_spared() -> None:
    dropped = row(9, 3, 0.7, in_best_set=False, stage=1, **NOTHING)
    rows = [BEST | {"stage": 3}, dropped, row(30, 2, 0.74, in_best_set=False, stage=3)]
    spared, best, alone, runner_up = said(rows, SEARCH | {"net_epochs_spared": 12345.0})
    assert spared.startswith(
        "Halving trained 2 of 3 candidates to the end, and spared 12,345 epochs of single nets."
    )
    assert "It was chosen among 2, which flatters it" in best
    assert "best of the 2" in alone
    assert "n_neurons=30" in runner_up


def test_a_runner_up_that_may_be_the_best_could_be_as_good() -> None:
    """Whatever the chance that it is worse, because the best was chosen for its scores."""
    second = row(30, 2, 0.74, worse=0.97, equal=0.02, better=0.01)
    in_set, out = (second | {"in_best_set": each} for each in (True, False))
    third = row(5, 3, 0.7, simplest=True)
    chance = "a 97 % chance that it is worse by more than 0.01."
    assert (
        said([BEST, in_set, third])[-1]
        == f"The runner-up, n_neurons=30, could be as good: {chance}"
    )
    assert (
        said([BEST, out, third])[-1]
        == f"The runner-up, n_neurons=30, is worse: {chance}"
    )


def test_what_mattered() -> None:
    def sentence(*p_values: tuple[str, float]) -> str:
        return what_mattered(*zip(*p_values, strict=True))

    lr, neurons, scale, nan = (
        ("lr", 0.001),
        ("module__n_neurons", 0.049),
        ("prepare__scale", 0.05),
        float("nan"),
    )
    in_order = (
        "What mattered: lr and n_neurons, in this order. Not shown to matter: scale."
    )
    assert sentence(lr, neurons, scale) == in_order
    assert sentence(lr) == "What mattered: lr."
    assert (
        sentence(scale, ("optimizer", nan))
        == "No setting of this search was shown to matter."
    )
    assert (
        sentence(("lr", nan), ("optimizer", nan))
        == "Which settings mattered can't be tested."
    )
