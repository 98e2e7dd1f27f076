"""Checks that a net can be built and trained with each value of an experiment, and names the values that are wrong."""

from collections.abc import Iterator
from typing import Any

from stages.lib.common import UserError, described, format_params, in_params, own_place
from stages.lib.config import PREFIX
from stages.lib.experiment.fault import FIX_THE_CODE, certain_meaning
from stages.lib.experiment.opened import Opened
from stages.lib.experiment.probe import Probe, misstep, refusal
from stages.lib.model.prepared import check_missing

# Their errors are sentences.
_NETWORKS = ("nets/network.py", "nets/table_net.py")
# A setting that varies over more numbers than this is tried with the smallest and the largest one.
_MANY = 12


def check_candidates(experiment: Opened) -> None:
    """Build nets so that at least one of them uses each value of the candidates, and let each take its first step.

    Of many numbers, those are the smallest and the largest one. Raises `UserError` with the place of a value and the
    reason if a module or an optimizer rejects the value, a net can't be trained with it, or it leaves cells missing.
    """
    settings, candidates, data, key = experiment.settings, experiment.candidates, experiment.data, f"{PREFIX}impute"
    # The evaluation fits `model` as it stands, whatever an experiment prepares.
    check_missing(data, experiment.params.prepare.impute)
    for value in {each[key]: None for each in (settings, *candidates) if key in each}:
        check_missing(data, value, experiment.place(key, value))
    covering = list(_covering(candidates))
    _check(experiment, covering, refusal, "built")
    # The trial says more about what the experiment starts from.
    if not misstep(experiment, settings):
        _check(experiment, covering, misstep, "trained")


def _check(experiment: Opened, covering: list[dict[str, Any]], probe: Probe, what: str) -> None:
    settings, candidates, params, name = experiment.settings, experiment.candidates, experiment.params, experiment.name

    def error_with(changes: dict[str, Any]) -> BaseException | None:
        return probe(experiment, settings | changes)

    errors = [(candidate, error_with(candidate)) for candidate in covering]
    refused = [(candidate, error) for candidate, error in errors if error]
    if not refused:
        return
    if error := error_with({}):
        remedy = _advice(error, what, otherwise=FIX_THE_CODE if own_place(error) else "")
        raise UserError(in_params(f"model, with experiments.{name}.fixed", f": {_said(error)}", remedy)) from error

    passing = [{}, *(candidate for candidate, error in errors if not error)][:2]
    guilty: dict[str, BaseException] = {}
    for key in candidates[0]:
        for value in dict.fromkeys(candidate[key] for candidate, _ in refused):
            reasons = [error_with(base | {key: value}) for base in passing]
            if all(reasons):
                guilty[candidates.place(key, value)] = reasons[0]  # type: ignore[assignment]
                if candidates.is_drawn(key):  # one number says what is wrong with the bounds
                    break
    if guilty:
        problems = [
            in_params(place, f": {_said(error)}", _advice(error, what)) for place, error in sorted(guilty.items())
        ]
        raise UserError(*problems) from next(iter(guilty.values()))
    candidate, error = refused[0]
    together = format_params(params.experiment(name).candidates(params.seed)[candidates.index(candidate)])
    finding = f"has a combination that can't be {what}: {_said(error)}, as with {together}"
    raise UserError(in_params(f"experiments.{name}.grid", finding)) from error


def _covering(candidates: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield some candidates so that each value, or the smallest and the largest of many numbers, is in one of them."""
    missing: set[tuple[str, type, Any]] = set()
    for key in candidates[0]:
        values = {(type(candidate[key]), candidate[key]) for candidate in candidates}
        numbers = sorted(value for kind, value in values if kind in (int, float))
        left_out = set(numbers[1:-1]) if len(numbers) > _MANY else set()
        missing |= {(key, kind, value) for kind, value in values if kind not in (int, float) or value not in left_out}
    for candidate in candidates:
        covered = {(key, type(value), value) for key, value in candidate.items()} & missing
        if covered:
            missing -= covered
            yield candidate


def _said(error: BaseException) -> str:
    """Return an error in words; those of the project's own networks, and of optimizers, are sentences already."""
    if "empty parameter list" in str(error):
        return "the module has no weights to train; make its layers attributes of it, in __init__"
    place = own_place(error)
    if place is None or (type(error) is ValueError and place.startswith(_NETWORKS)):
        return str(error).rstrip(".") or type(error).__name__
    return described(error)


def _advice(error: BaseException, what: str, otherwise: str = "") -> str:
    """Return what to do about a value, unless the error, as that of a network of the project, says so itself.

    Where no value is at fault, the advice is `otherwise`.
    """
    if meaning := certain_meaning(error) or otherwise:
        return meaning
    if what == "built" and ";" in _said(error):
        return ""
    return f"A net can't be {what} with it; choose another value{', or fix the code there' * bool(own_place(error))}."
