"""What candidates differ by, and which keys made the difference. Imports `scores`, `results`, `common`; not torch."""
