"""Prints the statistics of scores that the sample has.

A test runs it in processes of their own, because a process can't change the library that multiplies its matrices.
"""

import numpy as np

from gridstage.compare import compared_table, mattered
from gridstage.experiment import Folds, open_experiment, output_of
from gridstage.results import Results, WorkingTree, files, written
from gridstage.results.writing import as_csv
from gridstage.scores.reached import scorers_of
from gridstage.scores.score_table import split_scores
from gridstage.scores.scorer import Record
from gridstage.scores.search_result import SearchResult
from packages.gridstage.tests.read_sample import (
    SAMPLE,
    load_real_data,
    load_sample,
)

# Those of which the sample has the candidates.
EXPERIMENTS = ("dropout", "optimizer")


def result_of(folds: Folds, scores: np.ndarray) -> SearchResult:
    """Return a search with these accuracies, of shape (n_candidates, n_splits); most miss the rows that are hard."""
    rng = np.random.default_rng(7)
    ease = rng.normal(size=len(folds.data.y))
    records = []
    for of_candidate in scores:
        of_splits = []
        for score, (_, test) in zip(of_candidate, folds.splits, strict=True):
            n_hits = round(score * len(test))
            easiest = np.argsort(-ease[test] - rng.normal(size=len(test)))
            rows = np.ones((len(test), 2), dtype=np.float32)
            rows[easiest[n_hits:], 1] = 0
            of_splits.append(Record(n_weights=1, n_epochs=1, rows=rows))
        records.append(of_splits)
    by_scorer = dict.fromkeys(scorers_of(folds.params.cv), scores)
    return SearchResult(by_scorer, records, scores.size, [""] * len(scores))


def main() -> None:
    """Print what the stages search and compare would write."""
    params = load_sample()
    folds = Folds(params, load_real_data(params))
    results = Results(WorkingTree(SAMPLE))
    for name in EXPERIMENTS:
        experiment = open_experiment(params, name, folds)
        scores = split_scores(results.table(files.CANDIDATES, name))
        result = result_of(folds, scores)
        output = output_of(experiment, result)
        reached = {
            pick.names[0]: folds.reached(result, number)
            for number, pick in enumerate(output.picks)
        }
        candidates = written(output.table)
        tables = [
            candidates,
            output.draws,
            folds.sealed(reached, name),
            compared_table(candidates, folds.resampling, params.rope),
            mattered(candidates, folds.resampling, params.seed),
        ]
        print(*map(as_csv, tables), output.summary.model_dump_json(), sep="\n")


if __name__ == "__main__":
    main()
