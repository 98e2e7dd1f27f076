"""Imports what a dotted name in params.yaml stands for."""

import inspect
import pkgutil
from typing import Any


def imported(name: str, base: type | None = None) -> Any:
    """Return the object with a dotted name.

    Raises
    ------
    ValueError
        If it can't be imported, or is not a class derived from `base`.
    """
    try:
        thing = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{name!r} can't be imported: {error}") from None
    except Exception as error:  # raised by the user's own code
        raise ValueError(f"{name!r} can't be imported: {type(error).__name__}: {error}") from None
    if base and not (inspect.isclass(thing) and issubclass(thing, base)):
        raise ValueError(f"{name!r} is not a class derived from {base.__module__.partition('.')[0]}'s {base.__name__}")
    return thing
