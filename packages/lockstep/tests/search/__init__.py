"""Whole searches: a score depends on its candidate alone, in any stack, thread or second run."""
