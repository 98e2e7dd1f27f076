"""What is said of single means, and of the best of them."""
