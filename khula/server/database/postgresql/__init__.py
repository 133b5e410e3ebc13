"""PostgreSQL as `settings.py` names it."""
