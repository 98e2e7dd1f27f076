"""Gets the data file, by a download or by DVC, checks its hash and content, and counts its rows.

Imports `data`, `config` and `common`.
"""

from stages.lib.fetch.dvc_file import differs, dvc_file_of, pull, refuse_missing, refuse_other_version, remote
from stages.lib.fetch.pinned_file import describe, ensure_file, what_is_wrong
