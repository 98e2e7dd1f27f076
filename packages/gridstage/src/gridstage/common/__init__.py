"""Tells errors, writes files whole, formats settings and scores, pins the environment. Imports no other room."""

from gridstage.common import environment
from gridstage.common.artifacts import reading, significant, write_bytes, write_text
from gridstage.common.aside.command import Arguments, run
from gridstage.common.aside.errors import (
    RAISED,
    UserError,
    as_user_error,
    described,
    did_you_mean,
    is_installed,
    own_place,
    relative_to_here,
)
from gridstage.common.aside.problem import PARAMS_FILE, Problem, in_params
from gridstage.common.formatting import (
    counted,
    first_of,
    format_changes,
    format_interval,
    format_p,
    format_params,
    format_score,
    format_value,
    join_words,
    kept_in_words,
    net_in_words,
    score_decimals,
    shares_in_words,
    short_key,
    short_params,
)

__all__ = ["Arguments", "counted", "run", "write_text"]

environment.pin()
