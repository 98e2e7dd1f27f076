"""Tells errors, writes files whole, formats settings and scores, pins the environment. Imports no other room."""

from stages.lib.common import environment
from stages.lib.common.artifacts import reading, significant, write_bytes, write_text
from stages.lib.common.aside.command import Arguments, run
from stages.lib.common.aside.errors import (
    RAISED,
    UserError,
    as_user_error,
    described,
    did_you_mean,
    is_installed,
    own_place,
    relative_to_here,
)
from stages.lib.common.aside.problem import PARAMS_FILE, Problem, in_params
from stages.lib.common.formatting import (
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

environment.pin()
