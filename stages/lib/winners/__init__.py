"""Combines what the searches found: the leaderboard, the combined setting, its contenders, the saved model.

Imports every floor below. Exports nothing, so that importing `leaderboard` does not load torch.
"""
