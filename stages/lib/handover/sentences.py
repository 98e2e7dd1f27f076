"""What is said of a model file that can't be used."""

AGAIN = "Run `dvc repro evaluate`."
EXPECTED = "not a model that the stage evaluate wrote"
# A broken file may have names of any length.
LONGEST = 600


def ended(problem: str) -> str:
    """Return a problem as a sentence, and what to do about it."""
    return f"{problem} {AGAIN}" if problem.endswith((".", "?")) else f"{problem}. {AGAIN}"
