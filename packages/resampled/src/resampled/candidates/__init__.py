"""What is asked of all candidates of a search: which may be the best, which settings mattered, which fits are stuck."""
