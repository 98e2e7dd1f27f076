"""Checks everything before anything runs: finds all problems at once, and estimates what each search will take.

The stages make the same checks, each its own part. Imports `changes`, `adopt`, `experiment`, `model`,
`fetch`, `scores`, `search`, `pipeline`, `data`, `config`, `engine` and `common`.
"""

from stages.lib.check.everything import check
from stages.lib.check.grouping import grouped
from stages.lib.check.plan import Plan, in_words, print_plans
