"""A kernel of the engine's own, which trains 16 nets at once; knows graphs of torch, but not nets."""
