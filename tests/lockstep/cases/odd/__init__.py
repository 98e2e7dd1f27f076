"""What looks plain and is not: habits, detours, traps, and callbacks that act late."""
