"""Gets the data file, by a download or by DVC, checks its hash and content, and counts its rows.

Imports `data`, `repository`, `config` and `common`.
"""

from gridstage.fetch.pinned_file import describe, ensure_file, read_as, what_is_wrong

__all__ = ["describe", "ensure_file", "read_as"]
