"""What a user installs, sets and declares."""
