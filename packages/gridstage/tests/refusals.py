"""What a user's mistake must end in."""

import re
from contextlib import AbstractContextManager
from typing import Any

import pytest

from gridstage.common import UserError


def refused(sentence: str) -> AbstractContextManager[pytest.ExceptionInfo[Any]]:
    """Expect a `UserError` in whose text a regular expression is found."""
    return pytest.raises(UserError, match=sentence)


def refused_with(words: str) -> AbstractContextManager[pytest.ExceptionInfo[Any]]:
    """Expect a `UserError` whose text has these words."""
    return refused(re.escape(words))
