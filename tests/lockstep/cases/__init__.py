"""What people train: nets, optimizers, criteria, callbacks and kinds of data, each to be compared with skorch."""
