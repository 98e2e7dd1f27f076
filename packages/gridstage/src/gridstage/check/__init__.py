"""Looks for mistakes before anything runs: finds all problems at once, and asks the engine what a search takes.

The stages make the same checks, each its own part. Imports `experiment`, `model`, `fetch`, `scores`, `search`,
`project`, `repository`, `data`, `config`, `engine` and `common`.
"""

from gridstage.check.everything import check
