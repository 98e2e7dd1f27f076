"""Downloads the data file if it is missing, compares its hash, checks its content, and counts its rows.

Imports `data`, `config` and `common`.
"""

from stages.lib.fetch.pinned_file import describe, ensure_file, is_in_place
