"""Outside oracles: skorch, scikit-learn's own tests, generated nets."""
