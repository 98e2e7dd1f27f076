"""What code reads from outside of its net: where, and a hash of it."""
