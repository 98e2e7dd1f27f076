"""All private parts of scikit-learn that the package needs; tried with 1.3.0, 1.5.0 and 1.9.1."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

# How older versions name the scorers that take these answers of an estimator.
_BY_CLASS = {
    "_PredictScorer": ("predict",),
    "_ProbaScorer": ("predict_proba",),
    "_ThresholdScorer": ("decision_function", "predict_proba"),
}


class Metric(NamedTuple):
    """A function of (y, predictions), greater is better, and the methods of which the first gives the predictions."""

    function: Callable[[Any, Any], float]
    responses: tuple[str, ...]


def metric_of(scorer: Any) -> Metric | None:
    """Return the metric in what scikit-learn's `make_scorer` and `get_scorer` return; None for any other function.

    Of two classes, scikit-learn's metrics take what is answered of the second one.
    """
    if not hasattr(scorer, "_score_func"):
        return None
    given = getattr(scorer, "_response_method", None)
    responses = given or _BY_CLASS[type(scorer).__name__]
    if isinstance(responses, str):
        responses = (responses,)

    def function(y: Any, predictions: Any) -> float:
        if np.ndim(predictions) == 2 and np.shape(predictions)[1] == 2:
            predictions = predictions[:, 1]
        score = scorer._score_func(y, predictions, **scorer._kwargs)
        return float(scorer._sign * score)

    return Metric(function, tuple(responses))


@cache
def _more() -> dict[str, Any]:
    """Return the parameters of scikit-learn's function that have no default, in some of its versions."""
    # Takes a second to import.
    from sklearn.model_selection._validation import _fit_and_score

    known = {"verbose": 0, "fit_params": None, "score_params": None}
    own = known.keys() & inspect.signature(_fit_and_score).parameters
    return {name: known[name] for name in own}


def fit_and_score(estimator: Any, X: Any, y: Any, **how: Any) -> Any:
    """Return a call for joblib's `Parallel`: a fit and its score, as the searches of scikit-learn ask for it.

    The function is scikit-learn's own, so whatever takes the fits of a search, such as a backend, takes these.
    """
    from sklearn.model_selection._validation import _fit_and_score
    from sklearn.utils.parallel import delayed

    return delayed(_fit_and_score)(estimator, X, y, **_more(), **how)
