"""The leaderboard of the searches, and what they hand over to the evaluation. Imports `scores`; not torch."""
