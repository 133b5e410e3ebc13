"""Alerts to named people, acknowledged and escalated; the duty to report (Form 22), sealed."""
