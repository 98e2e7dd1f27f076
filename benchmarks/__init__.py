"""What is measured, and is not a test. Imports nothing, so that each side of a comparison chooses what it imports."""
