"""What a mean score is worth: its error and interval, and the score of the best of many without its luck."""
