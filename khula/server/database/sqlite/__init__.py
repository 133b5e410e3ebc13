"""SQLite as `settings.py` names it."""
