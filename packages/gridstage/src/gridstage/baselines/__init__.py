"""scikit-learn's models, which nets are compared with. Imports `model`, `scores` and what is below."""
