"""The app `safeguarding`."""

from django.apps import AppConfig


class SafeguardingConfig(AppConfig):
    name = "khula.server.safeguarding"
