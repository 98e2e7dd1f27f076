"""User errors, atomic file writes, settings as text, and the numeric environment.

Knows nothing about the project's subject, and imports no other room.
"""

from stages.lib.common.artifacts import (
    DECIMALS,
    read_json,
    read_text,
    reading,
    temporary,
    write_bytes,
    write_json,
    write_text,
)
from stages.lib.common.errors import UserError, did_you_mean, explained, run
from stages.lib.common.formatting import format_changes, format_params, format_value, short_params

__all__ = [
    "DECIMALS",
    "UserError",
    "did_you_mean",
    "explained",
    "format_changes",
    "format_params",
    "format_value",
    "read_json",
    "read_text",
    "reading",
    "run",
    "short_params",
    "temporary",
    "write_bytes",
    "write_json",
    "write_text",
]
