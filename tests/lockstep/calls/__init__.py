"""Tests of calls that fit nets, but are not fits of a search."""
