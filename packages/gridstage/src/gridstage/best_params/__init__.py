"""The leaderboard of the searches, and what they hand over to the evaluation. Imports `scores`; not torch."""

from gridstage.best_params.choice import judge_choice
from gridstage.best_params.leaderboard import leaderboard, over_all, read_searches

__all__ = ["judge_choice", "leaderboard", "over_all", "read_searches"]
