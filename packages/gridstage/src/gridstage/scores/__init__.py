"""Tables of scores, and the rows of a table with their splits. `scorer` and `splits` need torch, the others not."""
