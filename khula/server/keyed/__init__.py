"""Answers written on paper: printed sheets with codes, keyed in twice or once, compared, handed to the door."""
