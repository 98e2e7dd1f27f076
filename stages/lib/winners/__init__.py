"""Combines what the searches found: the leaderboard, the evaluation with its answer, the saved model.

Imports every floor below. Exports nothing, so that importing `leaderboard` does not load torch.
"""
