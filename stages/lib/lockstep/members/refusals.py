"""What is said of nets that are fitted alone."""


class LockstepWarning(UserWarning):
    """Says which candidates are fitted one by one, and why."""


class RefusalError(Exception):
    """Says in a phrase why a net is fitted alone."""


def told(error: Exception) -> str:
    """Return an error's type and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
