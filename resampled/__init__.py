"""Statistics of cross-validated searches: which candidates may be the best, what that is worth, what differs."""
