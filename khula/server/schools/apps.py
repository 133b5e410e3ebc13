"""The app `schools`."""

from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    name = "khula.server.schools"
