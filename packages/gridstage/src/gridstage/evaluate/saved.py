"""Fits the answer and the kept net on all rows, and saves them."""

from collections.abc import Mapping

from gridstage.evaluate.judged import Judged, SeenModels
from gridstage.evaluate.nets import Fitted, fit
from gridstage.handover import ANSWER_FILE, MODEL_FILE, large_file, save_model
from gridstage.repository.dvc_file import track
from gridstage.scores.thresholds import applied


def fit_saved(judged: Judged, seen: SeenModels) -> dict[str, Fitted]:
    """Fit the answer and the kept net on all rows.

    Parameters
    ----------
    judged : Judged
        As `judge` returns it.
    seen : SeenModels
        As `see` returns it.

    Returns
    -------
    dict of str to Fitted
        By the name of the contender; one alone if the kept net is the answer.

    Raises
    ------
    UserError
        If a fit fails or diverges.

    Examples
    --------
    >>> fitted = fit_saved(judged, seen)
    >>> fitted[judged.answer.kept].fitted_on
    'fitted on all 768 rows'
    """
    settings, table = judged.picks.settings, judged.table
    fitted = {}
    for name, known in seen.known.items():
        fitted[name] = fit(name, settings, table, known.errors)
    return fitted


def save(judged: Judged, seen: SeenModels, fitted: Mapping[str, Fitted]) -> list[str]:
    """Write the kept net and the answer, as models/best.onnx and models/answer.onnx.

    Parameters
    ----------
    judged : Judged
        As `judge` returns it.
    seen : SeenModels
        As `see` returns it.
    fitted : mapping of str to Fitted
        As `fit_saved` returns it.

    Returns
    -------
    list of str
        What is to be said of each file.

    Raises
    ------
    UserError
        If a model can't be written, or its file does not predict what the model does.

    Examples
    --------
    >>> save(judged, seen, fit_saved(judged, seen))
    ['models/best.onnx: ..., fitted on all 768 rows', 'models/answer.onnx: ..., fitted on all 768 rows']
    """
    told, handed_over = [], judged.answer.handed_over
    for path, name, own in (
        (MODEL_FILE, judged.answer.kept, {}),
        (ANSWER_FILE, handed_over, {"name": handed_over}),
    ):
        model, card, fitted_on = fitted[name]
        chosen = seen.thresholds.get(name)
        threshold = applied(chosen) if chosen else None
        card = card.model_copy(update={"threshold": threshold} | own)
        unusual = save_model(path, model, card, judged.table.whole.data.X)
        told += [f"{path}: {name}, {fitted_on}", *filter(None, [unusual])]
        if (large := large_file(path)).exists():
            track(large)
    return told
