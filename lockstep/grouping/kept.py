"""Keeps what is found out about a net for the nets that share it, refusals included."""

import warnings
from collections.abc import Callable
from io import StringIO
from typing import Any

from lockstep.members.refusals import Refusal, RefusalError
from lockstep.turns import caught


def quiet(find: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that neither warns nor prints, because users never see the nets that it makes."""

    def find_quietly() -> Any:
        with warnings.catch_warnings(action="ignore"), caught(StringIO()):
            return find()

    return find_quietly


def once(cache: dict[Any, Any], key: Any, find: Callable[[], Any]) -> Any:
    """Return the cached result, or raise the cached refusal."""
    if key not in cache:
        try:
            cache[key] = find()
        except RefusalError as error:
            cache[key] = error.refusal
    if isinstance(cache[key], Refusal):
        raise RefusalError(*cache[key])
    return cache[key]
