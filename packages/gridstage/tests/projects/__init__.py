"""Tests of the room `project` and of `gridstage new`."""
