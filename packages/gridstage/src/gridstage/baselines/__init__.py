"""scikit-learn's models, which nets are compared with. Imports `model`, `scores` and what is below."""

from gridstage.baselines.scored import open_baselines

__all__ = ["open_baselines"]
