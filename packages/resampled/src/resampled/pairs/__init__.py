"""What two candidates differ by, and how sure that is: in pairs, of two runs apart, of many pairs as one family."""
