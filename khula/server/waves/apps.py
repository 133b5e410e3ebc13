"""The app `waves`."""

from django.apps import AppConfig


class WavesConfig(AppConfig):
    name = "khula.server.waves"
