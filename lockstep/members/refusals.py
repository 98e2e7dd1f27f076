"""What is said of nets that are fitted alone."""

import re
from textwrap import shorten


class LockstepWarning(UserWarning):
    """Says which candidates are fitted one by one, and why."""


class RefusalError(Exception):
    """Says in a phrase why a net is fitted alone."""


class ListenerError(RefusalError):
    """Says the same where a net's callbacks are the reason."""


def told(error: Exception) -> str:
    """Return a refusal's words; else an error's type and the beginning of its message, as torch has much to say."""
    if isinstance(error, RefusalError):
        return str(error)
    first = re.sub("0x[0-9a-f]{6,}", "0x…", (str(error).splitlines() or [""])[0])  # of one object
    return f"{type(error).__name__}: {shorten(first, 180, placeholder=' …')}"
