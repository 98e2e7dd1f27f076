"""The arguments of a command, read by argparse; a mistake is a sentence."""

import argparse
from typing import NoReturn

from stages.lib.common.errors import UserError, did_you_mean


class UsageError(UserError):
    """A wrong argument, after which a command ends with status 2."""


class Arguments(argparse.ArgumentParser):
    """Reads the arguments of a module such as `stages.search`; `--help` prints its docstring, and how to call it."""

    def __init__(self, module: str, doc: str | None) -> None:
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(f"python -m {module}", description=doc, formatter_class=form, allow_abbrev=False)
        self.add_argument("--traceback", action="store_true", help="print the traceback of an error, too")

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`, with how the command is called."""
        _, is_unknown, word = message.partition("unrecognized arguments: ")
        if is_unknown:
            hint = did_you_mean(word.split()[0], self._option_string_actions) if word.startswith("-") else ""
            message = f"{word} is not expected here{hint}"
        usage = " ".join(self.format_usage().split()).replace("usage", "Usage", 1)
        raise UsageError(f"{message}{'' if message.endswith('?') else '.'} {usage}")
