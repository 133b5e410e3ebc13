"""The app `cases`."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "khula.server.cases"
