"""Checks that a net can be built and trained with each value of an experiment, and names the values that are wrong."""

from collections.abc import Iterator
from typing import Any

from stages.lib.common import UserError, described, format_params, in_params, own_place
from stages.lib.config import PREFIX, Distribution
from stages.lib.experiment.opened import Opened
from stages.lib.experiment.probe import advice, misstep
from stages.lib.model.prepared import check_missing

# A setting that varies over more numbers than this is tried with the smallest and the largest one.
_MANY = 12


def check_candidates(experiment: Opened) -> None:
    """Let nets take their first step, so that at least one of them uses each value of the candidates.

    Of many numbers, those are the smallest and the largest one. Raises `UserError` with the place of a value and the
    reason if a module or an optimizer rejects the value, a net can't be trained with it, or it leaves cells missing.
    """
    settings, candidates, data, key = (
        experiment.settings,
        experiment.candidates,
        experiment.data,
        f"{PREFIX}impute",
    )
    # The evaluation fits `model` as it stands, whatever an experiment prepares.
    check_missing(data, experiment.params.prepare.impute)
    for value in {each[key]: None for each in (settings, *candidates) if key in each}:
        check_missing(data, value, experiment.place(key, value))

    def error_with(changes: dict[str, Any]) -> BaseException | None:
        return misstep(experiment, settings | changes)

    refused = [
        (candidate, error)
        for candidate in _covering(candidates)
        if (error := error_with(candidate))
    ]
    if not refused:
        return
    params, name = experiment.params, experiment.name
    if error := error_with({}):
        raise _refusal(f"model, with experiments.{name}.fixed", error) from error

    guilty: dict[str, BaseException] = {}
    for key in candidates[0]:
        for value in dict.fromkeys(candidate[key] for candidate, _ in refused):
            if error := error_with({key: value}):
                guilty[candidates.place(key, value)] = error
                if isinstance(
                    candidates.grid[key], Distribution
                ):  # one number says what is wrong with the bounds
                    break
    if guilty:
        refusals = (_refusal(place, error) for place, error in sorted(guilty.items()))
        problems = (problem for refusal in refusals for problem in refusal.problems)
        raise UserError(*problems) from next(iter(guilty.values()))
    candidate, error = refused[0]
    together = format_params(
        params.experiment(name).candidates(params.seed)[candidates.index(candidate)]
    )
    finding = (
        f"has a combination that can't be trained: {_said(error)}, as with {together}"
    )
    raise UserError(in_params(f"experiments.{name}.grid", finding)) from error


def _covering(candidates: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield some candidates so that each value, or the smallest and the largest of many numbers, is in one of them."""
    missing: set[tuple[str, type, Any]] = set()
    for key in candidates[0]:
        values = {(type(candidate[key]), candidate[key]) for candidate in candidates}
        numbers = sorted(value for kind, value in values if kind in (int, float))
        left_out = set(numbers[1:-1]) if len(numbers) > _MANY else set()
        missing |= {
            (key, kind, value)
            for kind, value in values
            if kind not in (int, float) or value not in left_out
        }
    for candidate in candidates:
        covered = {
            (key, type(value), value) for key, value in candidate.items()
        } & missing
        if covered:
            missing -= covered
            yield candidate


def _refusal(place: str, error: BaseException) -> UserError:
    remedy = (
        ""
        if _is_sentence(error)
        else advice(error, "A net can't be trained with it; choose another value.")
    )
    return UserError(in_params(place, f": {_said(error)}", remedy))


def _said(error: BaseException) -> str:
    """Return an error in words; those of the networks in nets/, and of optimizers, are sentences already."""
    if own_place(error) and not _is_sentence(error):
        return described(error)
    return str(error).rstrip(".") or type(error).__name__


def _is_sentence(error: BaseException) -> bool:
    return type(error) is ValueError and "; " in str(error)
