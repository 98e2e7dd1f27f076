"""What this room refuses, and what it says on the way: no result is made of what these modules return."""
