"""One module per command of `gridstage`."""
