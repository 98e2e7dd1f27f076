"""Merges: which side each result is taken from and what is to be run again, and upstream's fixes without its results.

Imports `repository`, `config` and `common`.
"""

from stages.lib.merge.uniting import United, in_words, merged_page, unite
