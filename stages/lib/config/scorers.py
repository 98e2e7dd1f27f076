"""What scikit-learn's scorers are for, by name; importing scikit-learn to ask it takes more than a second."""

from collections.abc import Iterable, Iterator

from stages.lib.common import Problem, did_you_mean, in_params
from stages.lib.config.cv import CV

# Scorers of predicted numbers.
OF_NUMBERS = {
    *("r2", "explained_variance", "d2_absolute_error_score"),
    *("neg_max_error", "neg_mean_absolute_error", "neg_median_absolute_error", "neg_mean_absolute_percentage_error"),
    *("neg_mean_squared_error", "neg_root_mean_squared_error"),
    *("neg_mean_squared_log_error", "neg_root_mean_squared_log_error"),
    *("neg_mean_gamma_deviance", "neg_mean_poisson_deviance"),
}

# Common names of scorers that are too unlike scikit-learn's to be found as misspelt.
_EVERYDAY = {
    **{"auc": "roc_auc", "mae": "neg_mean_absolute_error"},
    **{"mse": "neg_mean_squared_error", "rmse": "neg_root_mean_squared_error"},
}


def meant_scorer(name: str, scorers: Iterable[str]) -> str:
    """Return which scorer may be meant by a name that scikit-learn does not have, as `did_you_mean` does."""
    usual = _EVERYDAY.get(name.lower())
    return f"; scikit-learn calls it {usual}" if usual else did_you_mean(name, scorers)


def has_unit(scoring: str) -> bool:
    """Whether a scorer has no bounds, because its scores are in the target's unit or can be of any size."""
    return (scoring.startswith("neg_") and scoring != "neg_brier_score") or scoring == "positive_likelihood_ratio"


def misplaced_scorers(cv: CV, classify: bool) -> Iterator[Problem]:
    """Yield which scorers of `cv` do not suit the target or are listed twice."""
    names = {"cv.scoring": cv.scoring} | {f"cv.also_score[{i}]": name for i, name in enumerate(cv.also_score)}
    for place, name in names.items():
        if classify and name in OF_NUMBERS:
            finding = f"is {name}, which scores numbers, but model.wrapper predicts a class"
            yield in_params(place, finding, "set it to a score of classes, such as accuracy")
        if not classify and name not in OF_NUMBERS and name.lower() not in _EVERYDAY:
            hint = did_you_mean(name, OF_NUMBERS) or "; set it to a score of numbers, such as r2"
            finding = f"is {name}, which is not a score of numbers, but model.wrapper predicts a number"
            yield in_params(place, f"{finding}{hint}")
        first = next(other for other, named in names.items() if named == name)
        if first != place:
            yield in_params(place, f"is {name}, which is {first} already", "remove it")
