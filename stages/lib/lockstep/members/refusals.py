"""What is said of nets that are fitted alone."""

from textwrap import shorten


class LockstepWarning(UserWarning):
    """Says which candidates are fitted one by one, and why."""


class RefusalError(Exception):
    """Says in a phrase why a net is fitted alone."""


def told(error: Exception) -> str:
    """Return an error's type and the beginning of its message; torch has much to say of what vmap can't do."""
    return f"{type(error).__name__}: {shorten((str(error).splitlines() or [''])[0], 180, placeholder=' …')}"
