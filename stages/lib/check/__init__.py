"""Looks for mistakes before anything runs: finds all problems at once, and estimates what each stage will take.

The stages make the same checks, each its own part. Imports `baselines`, `experiment`, `model`,
`fetch`, `scores`, `search`, `repository`, `data`, `config`, `engine` and `common`.
"""

from stages.lib.check.everything import check
from stages.lib.check.plan import Plan, in_words, print_plans
