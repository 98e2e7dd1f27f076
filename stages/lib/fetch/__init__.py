"""Downloads the data file, checks its hash and content, and counts its rows. Imports `data`, `config` and `common`."""

from stages.lib.fetch.pinned_file import describe, ensure_file, what_is_wrong
