"""What is said of two candidates, and of many pairs."""
