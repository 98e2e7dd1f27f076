"""Results with a known truth, and what the pipeline says of them; tables.py has the cases of the statistics alone."""
