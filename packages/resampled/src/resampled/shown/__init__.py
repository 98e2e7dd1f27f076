"""What results look like: numbers as text, and plots. It imports no other room."""
