"""The second scores that a commit has kept by split. Oracle: the table, written by hand."""

from pathlib import Path

import numpy as np
import pytest

from stages.lib.common import UserError, write_text
from stages.lib.diff.side import Side
from stages.lib.repository.snapshot import Snapshot

FIRST = "setting,params,ci95,stuck_splits,mean_test_score,mean_test_roc_auc,split0_test_score,split1_test_score"
EVALUATION = "metrics/evaluation/contenders.csv"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    monkeypatch.chdir(tmp_path)
    return Side(Snapshot.of(None))


def test_they_are_those_of_the_fresh_splits_and_none_where_there_are_none(results: Side) -> None:
    write_text(
        EVALUATION,
        f"{FIRST},split0_test_neg_brier_score,split1_test_neg_brier_score\n"
        "net,lr=0.1,nan,,0.75,0.8,0.7,0.8,-0.2,-0.1\n"
        "wild,lr=9,nan,,nan,nan,0.5,nan,-0.25,nan\n"
        "margins,,nan,,0.65,0.7,0.6,0.7,nan,nan\n",
    )
    write_text(
        "metrics/search/lr/candidates.csv",
        "params,mean_test_score,ci95,stuck_splits,split0_test_score\nlr=0.1,0.5,nan,,0.5\n",
    )
    found = {name: (each.second_name, each.second) for name, each in results.fresh.items()}
    assert results.fresh["net"].scores.tolist() == [0.7, 0.8]
    assert {name: second_name for name, (second_name, _) in found.items()} == {
        "net": "neg_brier_score",
        "wild": "neg_brier_score",
        "margins": None,
    }
    assert np.array_equal(np.array(found["net"][1]), [-0.2, -0.1])
    assert np.array_equal(np.array(found["wild"][1]), [-0.25, np.nan], equal_nan=True)
    assert found["margins"][1] is None
    (candidate,) = results.searches["lr"].values()
    assert (candidate.second, candidate.second_name) == (None, None)


def test_a_split_without_one_is_refused(results: Side) -> None:
    write_text(EVALUATION, f"{FIRST},split0_test_neg_mean_absolute_error\nnet,,nan,,0.75,0.8,0.7,0.8,-3.5\n")
    with pytest.raises(UserError, match=r"contenders.csv of the working tree is not the contenders"):
        assert results.fresh
