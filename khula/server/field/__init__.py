"""The field app: its program, what a tablet carries along, and what it hands in sealed."""
