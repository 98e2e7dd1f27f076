"""Which nets are compared in the evaluation, and what the searches have written of them."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridstage.best_params.leaderboard import Picks, read_picks
from gridstage.common import format_changes, write_text
from gridstage.config import Params
from gridstage.data import Dataset
from gridstage.evaluate import nets
from gridstage.evaluate.nets import read_reached, score_nets
from gridstage.results import Results, files
from gridstage.results.writing import as_text
from packages.gridstage.tests.evaluate.conftest import (
    fresh_of,
    params_of,
    write_best,
    write_fresh,
)
from packages.gridstage.tests.project import ROOT, set_at, small_params, text_of
from packages.gridstage.tests.read_sample import load_real_data
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.records import best_params, ranked_search
from packages.gridstage.tests.results.texts import Texts

CORRECTED = [f"best_score_corrected{end}" for end in ("", "_low", "_high")]


def picks_of(params: Params) -> Picks:
    return read_picks(Results(), params)


def test_the_nets_are_the_combination_every_winner_the_simplest_and_the_start(
    here: Path,
) -> None:
    params = params_of()
    write_best(params, here, winner="neurons")
    picks = picks_of(params)
    settings = picks.settings
    assert picks.named is None
    assert picks.whole.winner == "neurons"
    assert list(settings) == [
        "combined",
        *params.experiments,
        "simplest",
        "starting_point",
    ]
    model = params.model.model_dump()
    assert settings["starting_point"] == model
    assert format_changes(settings["combined"], model) == "optimizer=Adamax"
    # A winner keeps what its own search held fixed.
    assert (
        format_changes(settings["weight_init"], model)
        == "optimizer=Adamax, module__weight_init=zeros_"
    )
    simplest = params.experiments["neurons"].fixed | {"module__n_neurons": 5}
    assert settings["simplest"] == model | simplest

    params = params_of(
        statistics={"rope": 0.01, "pick": "simplest"}, evaluate={"keep": "combined"}
    )
    picks = picks_of(params)
    settings = picks.settings
    assert picks.named == "combined"
    assert settings["simplest"] == settings["neurons"] == model | simplest
    assert (
        format_changes(settings["weight_init"], model)
        == "optimizer=Adamax, module__weight_init=kaiming_uniform_"
    )


def test_a_net_is_named_by_evaluate_keep_and_has_its_own_number_of_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_best(params_of(), tmp_path, winner="neurons")
    for keep, named in {
        "best": None,
        "winner": "neurons",
        "simplest": "simplest",
        "dropout": "dropout",
    }.items():
        assert picks_of(params_of(evaluate={"keep": keep})).named == named
    picks = picks_of(params_of(evaluate={}))
    own = picks.searches["dropout"].n_candidates
    numbers = list(map(picks.n_candidates, ("neurons", "simplest", "dropout")))
    assert numbers == [picks.whole.n_candidates, picks.whole.n_candidates, own]


def test_what_the_picks_are_worth_without_luck() -> None:
    """The winner's is corrected for the choice among all; `simplest` is here the same net as the winner."""
    raw = of_two()

    def read(pick: str = "best") -> dict[str, tuple[float, float, float]]:
        params = Params.model_validate(
            raw | {"statistics": {"rope": 0.01, "pick": pick}}
        )
        bests = {
            name: ranked_search(each.candidates(params.seed)[0])
            for name, each in params.experiments.items()
        }
        own = dict(zip(CORRECTED, (0.7, 0.65, 0.75), strict=True))
        bests["optimizer"] = bests["optimizer"].model_copy(update=own)
        whole = dict(zip(CORRECTED, (0.69, 0.64, 0.74), strict=True))
        texts = Texts()
        combined = params.model.model_dump()
        summary = best_params(bests, "optimizer", combined=combined)
        texts.put(files.BEST_PARAMS, summary.content() | whole)
        return read_picks(Results(texts), params).corrected

    whole = (0.69, 0.64, 0.74)
    assert read() == {"optimizer": whole, "simplest": whole}
    assert read("simplest") == {}


def test_results_of_other_experiments_are_refused() -> None:
    texts, best = Texts(), ranked_search({})
    texts.put(files.BEST_PARAMS, best_params({"x": best}, "x"))
    other = "is from other experiments than those in params.yaml"
    with refused(f"{other}. Run `dvc repro best_params`"):
        read_picks(Results(texts), params_of())


def of_two() -> dict[str, Any]:
    raw = small_params()
    raw["experiments"] = {
        name: raw["experiments"][name] for name in ("optimizer", "dropout")
    }
    raw["cv"] |= {"n_repeats": 1, "also_score": ["roc_auc"]}
    return raw


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the searches of two experiments, the first without `fixed`, have written their files."""
    folder, params = (
        tmp_path_factory.mktemp("searched"),
        Params.model_validate(of_two()),
    )
    write_best(params, folder, combined=params.model.model_dump() | {"lr": 0.07})
    write_fresh(params, folder, load_real_data(params))
    return folder


@pytest.fixture
def searched(
    searches: Path,
    here: Path,
) -> Params:
    shutil.copytree(searches, here, dirs_exist_ok=True)
    (here / "stages").symlink_to(ROOT / "stages")
    return Params.model_validate(of_two())


def test_what_the_searches_have_scored_is_not_trained_again(
    searched: Params, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = fresh_of(data, searched)
    settings = picks_of(searched).settings
    known = read_reached(Results(), picks_of(searched), fresh)
    assert set(known) == {*searched.experiments, "simplest", "starting_point"}
    trained: list[str] = []
    search = nets._search

    def counting(label: str, name: str, *rest: Any) -> Any:
        trained.append(name)
        return search(label, name, *rest)

    monkeypatch.setattr(nets, "_search", counting)
    found = score_nets(settings, known, fresh)
    assert (list(found), trained) == (list(settings), ["combined"])
    for name, each in score_nets(settings, {}, fresh).items():
        assert {scorer: scores.tolist() for scorer, scores in each.scores.items()} == {
            scorer: scores.tolist() for scorer, scores in found[name].scores.items()
        }
        assert found[name].stuck is not None
        assert found[name].ci95 == pytest.approx(each.ci95, rel=1e-11)
        assert np.array_equal(np.array(found[name].stuck), np.array(each.stuck))


@pytest.mark.parametrize(
    ("place", "value", "experiment"),
    [
        (None, None, "dropout"),  # edited by hand
        ("seed", 8, "optimizer"),
        ("cv.n_repeats", 2, "optimizer"),
        ("experiments.dropout.fixed.lr", 0.5, "dropout"),
    ],
)
def test_scores_that_are_not_those_of_the_params_are_refused(
    searched: Params, data: Dataset, place: str | None, value: Any, experiment: str
) -> None:
    raw = of_two()
    if place:
        set_at(raw, place, value)
    else:
        file = Path(files.FRESH.at(experiment))
        write_text(file, re.sub(r"0\.\d+", "0.99", text_of(file), count=3))
    params = Params.model_validate(raw)
    problem = "was changed, or is of other splits or settings than those in params.yaml"
    with refused(
        f"{experiment}/fresh.csv {problem}. Run `dvc repro search@{experiment}`."
    ):
        read_reached(Results(), picks_of(params), fresh_of(data, params))


def test_scores_of_another_pick_are_refused(
    searched: Params, data: Dataset, tmp_path: Path
) -> None:
    """As of a search that was killed between its files, and of an evaluation that is run by itself then."""
    listed = searched.experiments["optimizer"].candidates(searched.seed)
    other = ranked_search(listed[-1], listed[0])
    bests = dict.fromkeys(searched.experiments, other)
    text = as_text(best_params(bests, next(iter(bests))))
    write_text(tmp_path / files.BEST_PARAMS.path, text)
    with refused(
        r"has the scores of optimizer=\w+, but the best is optimizer=\w+\. Run `dvc"
    ):
        read_reached(Results(), picks_of(searched), fresh_of(data, searched))
