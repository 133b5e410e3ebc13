"""Where the team acts: Django, one app per step of the way of an answer; read `flow.py` first."""
