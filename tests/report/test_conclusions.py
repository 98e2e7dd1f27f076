"""What two commits conclude, from the metrics that DVC compares."""

from stages.lib.report.conclusions import answers, conclusions
from stages.lib.report.revisions import Change


def test_what_is_concluded_before_and_after() -> None:
    best, search, compared = "metrics/best_params.json", "metrics/search/a.json", "metrics/compared/a.json"
    metrics = [
        Change(best, "best_score_corrected", 0.5, 0.75, 0.25),
        Change(best, "best_score_corrected_high", 0.625, 0.875, 0.25),
        Change(best, "best_score_corrected_low", None, 0.625, None),
        Change(best, "winner", "a", "a", None),
        Change(compared, "n_in_best_set", 3, 2, -1),
        Change("metrics/compared/gone.json", "n_in_best_set", 1, None, None),
        Change("metrics/evaluation.json", "answer", "Use a.", "Use b.", None),
        Change(search, "n_candidates", 4, 5, 1),
    ]
    assert answers(metrics) == ("Use a.", "Use b.")
    assert conclusions(metrics) == {
        "winner": ("a", "a"),
        "its corrected score": (None, "0.7500 (0.6250 to 0.8750)"),
        "a: candidates that may be the best": ("3 of 4", "2 of 5"),
        "gone: candidates that may be the best": ("1 of ?", None),
    }
    # A commit from before there were any, or one in time order.
    assert answers([]) == (None, None)
    assert conclusions([]) == {}
