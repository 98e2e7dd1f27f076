"""What settings differ by, and which keys made the difference. Imports `scores` and `common`; not torch."""
