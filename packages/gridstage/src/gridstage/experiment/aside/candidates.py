"""Checks that a net can be built and trained with each value of an experiment, and names the values that are wrong."""

from collections.abc import Iterator
from typing import Any

from gridstage.common import (
    Problem,
    UserError,
    described,
    format_params,
    in_params,
    own_place,
)
from gridstage.config import PREFIX, Distribution
from gridstage.experiment.aside.probe import advice, misstep
from gridstage.experiment.opened import Opened
from gridstage.model.prepared import check_missing

# A setting that varies over more numbers than this is tried with the smallest and the largest one.
_MANY = 12


def check_candidates(experiment: Opened) -> None:
    """Let nets take their first step, so that at least one of them uses each value of the candidates.

    Of many numbers, those are the smallest and the largest one. Raises `UserError` with the place of a value and the
    reason if a module or an optimizer rejects the value, a net can't be trained with it, or it leaves cells missing.
    """
    _check_missing(experiment)
    refused = {}
    for candidate in _covering(experiment.candidates):
        if error := misstep(experiment, experiment.settings | candidate):
            refused[experiment.candidates.index(candidate)] = error
    if not refused:
        return
    name = experiment.name
    if error := misstep(experiment, experiment.settings):
        raise _refusal(f"model, with experiments.{name}.fixed", error) from error

    guilty = _guilty(experiment, [*refused])
    if guilty:
        problems: list[Problem] = []
        for place, error in sorted(guilty.items()):
            problems += _refusal(place, error).problems
        raise UserError(*problems) from next(iter(guilty.values()))
    number, error = next(iter(refused.items()))
    params = experiment.params
    named = params.experiment(name).candidates(params.seed)[number]
    finding = (
        f"has a combination that can't be trained: {_said(error)}, as with "
        f"{format_params(named)}"
    )
    raise UserError(in_params(f"experiments.{name}.grid", finding)) from error


def _check_missing(experiment: Opened) -> None:
    """Refuse what leaves cells missing, in `model` too: the evaluation fits it as it stands."""
    key = f"{PREFIX}impute"
    check_missing(experiment.data, experiment.params.prepare.impute)
    settings = experiment.settings, *experiment.candidates
    for value in dict.fromkeys(each[key] for each in settings if key in each):
        check_missing(experiment.data, value, experiment.place(key, value))


def _guilty(experiment: Opened, refused: list[int]) -> dict[str, BaseException]:
    """Return the errors of values that fail by themselves, by their places; `refused` are candidates that fail."""
    candidates = experiment.candidates
    guilty: dict[str, BaseException] = {}
    for key in candidates[0]:
        for value in dict.fromkeys(candidates[number][key] for number in refused):
            error = misstep(experiment, experiment.settings | {key: value})
            if error is None:
                continue
            guilty[candidates.place(key, value)] = error
            if isinstance(candidates.grid[key], Distribution):
                break  # one number says what is wrong with the bounds
    return guilty


def _covering(candidates: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield some candidates so that each value, or the smallest and the largest of many numbers, is in one of them."""
    missing: set[tuple[str, type, Any]] = set()
    for key in candidates[0]:
        values = {(key, type(each[key]), each[key]) for each in candidates}
        numbers = [each for each in values if each[1] in (int, float)]
        numbers.sort(key=lambda number: number[2])
        if len(numbers) > _MANY:
            values -= {*numbers[1:-1]}
        missing |= values
    for candidate in candidates:
        values = {(key, type(value), value) for key, value in candidate.items()}
        if covered := values & missing:
            missing -= covered
            yield candidate


def _refusal(place: str, error: BaseException) -> UserError:
    remedy = ""
    if not _is_sentence(error):
        otherwise = "A net can't be trained with it; choose another value."
        remedy = advice(error, otherwise)
    return UserError(in_params(place, f": {_said(error)}", remedy))


def _said(error: BaseException) -> str:
    """Return an error in words; those of the networks in nets/, and of optimizers, are sentences already."""
    if own_place(error) and not _is_sentence(error):
        return described(error)
    return str(error).rstrip(".") or type(error).__name__


def _is_sentence(error: BaseException) -> bool:
    return type(error) is ValueError and "; " in str(error)
