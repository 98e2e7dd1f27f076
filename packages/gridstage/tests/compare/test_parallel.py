"""Where the candidates of a search of many keys stand on parallel axes."""

import pandas as pd
import pytest

from gridstage.compare.parallel import parallel_table, places

NAN = float("nan")


def test_values_have_bands_in_their_order_with_none_below() -> None:
    values = "robust none robust 2 10 standard".split()
    found = places(values)
    middles = dict(zip(values, found, strict=True)) | {"robust": found[[0, 2]].mean()}
    assert middles == pytest.approx(
        {"none": 0.1, "2": 0.3, "10": 0.5, "standard": 0.7, "robust": 0.9}
    )
    # Two candidates with the same value do not hide each other, the better one is on top, and both stay in its band.
    assert 0.8 < found[2] < found[0] < 1
    many = places(["1"] * 200 + ["2"] * 200)
    assert (0 < many[199], many[0] < 0.5 < many[399], many[200] < 1) == (True,) * 3
    assert places(["-0.5", "1e-05", "1,234.0"]).tolist() == pytest.approx(
        [1 / 6, 0.5, 5 / 6]
    )


def table_of(scores: list[float], keys: str = "ba-c") -> pd.DataFrame:
    """Return where candidates stand that differ in all keys but `-`."""
    rows = pd.Series(range(len(scores)))
    means = pd.Series(scores)
    ranks = means.rank(ascending=False, method="first", na_option="bottom")
    candidates = pd.DataFrame(dict.fromkeys("abc", rows.astype(str)))
    candidates = candidates.assign(
        mean_test_score=means,
        in_best_set=rows == 1,
        rank_test_score=ranks.astype(int),
        **{"-": "null"},
    )
    return parallel_table(candidates, list(keys))


def test_the_score_comes_first_and_candidates_are_numbered_from_the_best() -> None:
    found = table_of([0.5, 0.7, 0.75, NAN])
    assert found["key"].unique().tolist() == ["score", "b", "a", "c"]
    of_score, of_key = found[found["key"] == "score"], found[found["key"] == "b"]
    assert of_score["candidate"].tolist() == [1, 2, 3]
    assert of_score["value"].tolist() == ["0.7500", "0.7000", "0.5000"]
    assert of_score["place"].tolist() == pytest.approx([5 / 6, 0.5, 1 / 6])
    assert of_key["value"].tolist() == ["2", "1", "0"]
    assert of_key["in_best_set"].tolist() == [False, True, False]
    assert found.groupby("candidate")["score"].nunique().eq(1).all()


def test_few_keys_or_scores_have_no_rows_and_many_candidates_are_cut() -> None:
    columns = "candidate key value place score in_best_set".split()
    for few in (table_of([0.1, 0.2], "ab-"), table_of([0.1, NAN]), table_of([NAN])):
        assert (len(few), list(few)) == (0, columns)
    many = table_of([i / 1000 for i in range(400)])
    assert len(many) == 4 * 300
    assert many["score"].min() == 0.1
