"""Looks for mistakes before anything runs: finds all problems at once, and estimates what each stage will take.

The stages make the same checks, each its own part. Imports `winners`, `changes`, `adopt`, `experiment`, `model`,
`fetch`, `scores`, `search`, `pipeline`, `data`, `config`, `engine` and `common`.
"""

from stages.lib.doctor.everything import check
from stages.lib.doctor.plan import Plan, in_words, print_plans
