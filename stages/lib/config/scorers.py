"""What scikit-learn's scorers are for, by name; importing scikit-learn to ask it takes more than a second."""

from collections.abc import Iterator

from stages.lib.common import did_you_mean
from stages.lib.config.cv import CV

# Scorers of predicted numbers.
OF_NUMBERS = frozenset(
    {
        "d2_absolute_error_score",
        "explained_variance",
        "neg_max_error",
        "neg_mean_absolute_error",
        "neg_mean_absolute_percentage_error",
        "neg_mean_gamma_deviance",
        "neg_mean_poisson_deviance",
        "neg_mean_squared_error",
        "neg_mean_squared_log_error",
        "neg_median_absolute_error",
        "neg_root_mean_squared_error",
        "neg_root_mean_squared_log_error",
        "r2",
    }
)

# Scorers of predicted probabilities.
OF_PROBABILITIES = frozenset(
    {
        "average_precision",
        "d2_brier_score",
        "d2_log_loss_score",
        "neg_brier_score",
        "neg_log_loss",
        "roc_auc",
        "roc_auc_ovo",
        "roc_auc_ovo_weighted",
        "roc_auc_ovr",
        "roc_auc_ovr_weighted",
        "top_k_accuracy",
    }
)


def has_unit(scoring: str) -> bool:
    """Whether a scorer has no bounds, as its scores are in the target's unit or can be of any size."""
    return (scoring.startswith("neg_") and scoring != "neg_brier_score") or scoring == "positive_likelihood_ratio"


def misplaced_scorers(cv: CV, classify: bool) -> Iterator[str]:
    """Yield which scorers of `cv` do not suit the target or are listed twice, as sentences."""
    names = {"cv.scoring": cv.scoring} | {f"cv.also_score[{i}]": name for i, name in enumerate(cv.also_score)}
    for place, name in names.items():
        if classify and name in OF_NUMBERS:
            yield (
                f"{place} is {name}, which scores numbers, but model.wrapper predicts a class; "
                "set it to a score of classes, such as accuracy"
            )
        if not classify and name not in OF_NUMBERS:
            trouble = "needs probabilities" if name in OF_PROBABILITIES else "is no score of numbers"
            hint = "" if name in OF_PROBABILITIES else did_you_mean(name, OF_NUMBERS)
            yield (
                f"{place} is {name}, which {trouble}, but model.wrapper predicts a number"
                f"{hint or '; set it to a score of numbers, such as r2'}"
            )
        first = next(other for other, listed in names.items() if listed == name)
        if first != place:
            yield f"{place} is {name}, which is {first} already; remove it"
