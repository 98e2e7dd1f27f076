"""Merges: which side each result is taken from and what is to be run again, and upstream's fixes without its results.

Imports `changes`, `pipeline`, `config` and `common`.
"""

from stages.lib.merging.uniting import United, in_words, merged_page, unite
