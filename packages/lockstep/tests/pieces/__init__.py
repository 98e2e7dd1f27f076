"""Parts of the engine by themselves."""
