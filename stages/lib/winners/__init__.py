"""Combines what the searches found: leaderboard, evaluation, answer. Exports nothing, so few need torch."""
