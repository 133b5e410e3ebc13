"""A planned round of assessment at some schools."""
