"""What a scorer, and the code after a search, find."""
