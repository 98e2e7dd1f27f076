"""Nets, data and trainings as people have them."""
