"""Scores the contenders of the evaluation, and chooses among them. Exports nothing, so few need torch."""
